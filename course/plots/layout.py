"""Where things go in the network's diagram, in inches: columns of neurons, and labels that do not overlap."""

import numpy as np

from course.plots.style import LINE, text_width

MAX_DETAILED = 5  # neurons per layer up to which every value is written
MAX_SHOWN = 10  # neurons per layer up to which all are drawn
_MARGIN, _TOP, _BOTTOM, _NARROWEST = 0.35, 1.1, 0.65, 8.0


class Network:
    """The places of a diagram's neurons.

    Parameters
    ----------
    units : tuple of int
        Neurons per layer.
    values : int
        How many lines of values each quantity has under its symbol: 0 to 2.

    Attributes
    ----------
    detailed : bool
        Whether every value is written.
    shown : list of list of int or None
        The neurons drawn in each layer; None stands for those left out.
    x, y : list
        Each layer's x; the y of each of its neurons, as in `shown`.
    """

    bias = 0.4

    def __init__(self, units, values):
        """Place everything, from the bottom up and from left to right."""
        self.detailed = max(units) <= MAX_DETAILED
        self.values = values
        self.shown = [list(range(n)) if n <= MAX_SHOWN else [*range(3), None, *range(n - 3, n)] for n in units]
        self.circle = (0.4, 0.48, 0.54)[values] if self.detailed else 0.33
        self.tall = (1 + values) * LINE + 0.2 if self.detailed else 0.46
        pitch = self.tall + ((0.3, 0.4, 0.7)[values] if self.detailed else 0.12)
        body = max(map(len, self.shown)) * pitch
        self.bias_y = _BOTTOM + self.bias / 2
        middle = _BOTTOM + self.bias + 0.2 + body / 2
        self.height = middle + body / 2 + _TOP
        self.y = [self._spread(len(shown), middle, body, pitch) for shown in self.shown]
        x = self._columns(len(units))
        self.width = max(x[0] + x[-1] + self.half(len(units) - 1) - self.half(0), _NARROWEST)
        self.x = x + (self.width - x[0] - x[-1]) / 2  # the title needs that width; the columns stay in the middle

    @staticmethod
    def _spread(count, middle, body, pitch):
        """Return the y of so many neurons, top to bottom; few of them stand further apart, so that lines do too."""
        step = min((body - pitch) / max(count - 1, 1), 2 * pitch)
        return middle + step * ((count - 1) / 2 - np.arange(count))

    def half(self, layer):
        """Return half the width of a layer's neurons: capsules hold two quantities, circles one."""
        if not (self.detailed and self.values and layer):
            return self.circle
        return 0.74 if self.values == 1 else 0.92

    def _columns(self, count):
        x = [_MARGIN + max(self.half(0), 0.65)]
        for layer in range(1, count):
            links = (len(self.shown[layer - 1]) + 1) * len(self.shown[layer])
            # The more labels, the more room they need.
            gap = min(1.4 + (0.05 + 0.04 * self.values) * links, 2.5) if self.detailed else 1.6
            x.append(x[-1] + max(self.half(layer - 1) + gap + self.half(layer), 2.0))  # 2: the layers' names
        return np.array(x)

    def links(self, layer):
        """Return the links from a layer to the next: pairs (i, j), and for each the ends of its line.

        The bias comes last: i is then the layer's number of units, its row once weights and biases are stacked.
        """
        start, end = self.x[layer] + self.half(layer), self.x[layer + 1] - self.half(layer + 1)
        bias = 1 + max(i for i in self.shown[layer] if i is not None)
        sources = [*zip(self.shown[layer], self.y[layer], strict=True), (bias, self.bias_y)]
        targets = list(zip(self.shown[layer + 1], self.y[layer + 1], strict=True))
        drawn = [
            ((i, j), ((start, y_i), (end, y_j)))
            for i, y_i in sources
            for j, y_j in targets
            if i is not None and j is not None
        ]
        return zip(*drawn, strict=True)

    def labels(self, labels, ends):
        """Return the centre of each link's label; of none, if between these two layers they do not all fit.

        Each takes the place on its own line that covers fewest other lines, and among those the one nearest to the
        source; in a few rounds they get out of each other's way.

        Parameters
        ----------
        labels : list of list of (str, str)
            The lines of text of each label.
        ends : sequence of ((float, float), (float, float))
            The ends of each link's line.
        """
        none = [None] * len(labels)
        if not self.detailed:
            return none
        height = len(labels[0]) * LINE
        width = max(text_width(text) for lines in labels for text, _ in lines)
        (start, _), (end, _) = ends[0]
        x = np.linspace(start + width / 2 + 0.05, end - width / 2 - 0.05, 40)
        y = np.array([np.interp(x, [start, end], [y_start, y_end]) for (_, y_start), (_, y_end) in ends])
        places, fits = _separate(x, y, width + 0.04, height + 0.04)
        return [(x[place], y[k, place]) for k, place in enumerate(places)] if fits else none


def _separate(x, y, width, height):
    """Choose a place along each line, ``x[place]`` and ``y[line, place]``, for a label of that size.

    Each label in turn takes its best place, given where the others are, until none moves. Where that ends depends on
    where it began: the best of several beginnings is kept.

    Returns
    -------
    places : ndarray of int
    fits : bool
        Whether no two labels overlap, and they cover at most one line and a half each, on average.
    """
    wishes = np.abs(np.linspace(0, 1, len(x)) - 0.25)  # near the source, but clear of the neuron
    rise = np.abs(y[:, 1] - y[:, 0]) / (x[1] - x[0]) * width / 2  # how far a line climbs in half a label's width
    lines = range(len(y))

    def costs(k, places):
        others = np.delete(lines, k)
        covered = (np.abs(y[others] - y[k]) < height / 2 + rise[others, None]).sum(axis=0)
        centres = x[places[others], None], y[others, places[others], None]
        overlaps = (np.abs(centres[0] - x) < width) & (np.abs(centres[1] - y[k]) < height)
        return 100 * overlaps.sum(axis=0) + covered + wishes

    def settle(start, order):
        places, before = np.full(len(y), start), None
        for _ in range(20):
            before = places.copy()
            for k in order:
                places[k] = costs(k, places).argmin()
            if (places == before).all():
                break
        return sum(costs(k, places)[places[k]] for k in lines), places

    starts = np.linspace(0, len(x) - 1, 5, dtype=int)
    cost, places = min((settle(s, order) for s in starts for order in (lines, lines[::-1])), key=lambda found: found[0])
    return places, cost < 1.5 * len(y)
