"""The network as a diagram, with the values of the forward pass and the gradients of the backward pass on it."""

import numpy as np
from matplotlib.lines import Line2D

from course import byhand, validation
from course.errors import CourseError
from course.network import expect_network
from course.palette import BLUE, INK, PAPER, SHADE, VERMILLION
from course.plots import layout
from course.plots.output import describe
from course.plots.style import SMALL, box, canvas, counted, number, styled, write


@styled()
def network(network, forward=None, gradients=None, row=0):
    """Draw a feed-forward network, left to right, with the values that the two passes give.

    A weight is a line: dashed and vermillion if negative, solid and blue if not, the wider the larger. The square
    holding a 1 is the neuron of the biases. Up to five neurons per layer every value is written; beyond that only h,
    and beyond ten the neurons in the middle are left out. Weights are written where there is room for them.

    Parameters
    ----------
    network : course.byhand.Network
    forward : course.byhand.Forward, optional
        Writes u and h on each neuron.
    gradients : course.byhand.Gradients, optional
        Writes the loss's derivatives on neurons and weights; it needs `forward`. Those of weights and biases are of
        the whole batch.
    row : int
        Which row of the batch the neurons show.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CourseError
        If an argument is of another kind, the values belong to another network, or the batch has no such row.

    Notes
    -----
    Slides: "Red Neuronal Multicapa" (architecture) and "Ejemplo FFNN" (values).
    """
    _check(network, forward, gradients, row)
    diagram = _Diagram(network, forward, gradients, row)
    for layer in range(len(network.weights)):
        diagram.draw_links(layer)
    for layer in range(len(network.units)):
        diagram.draw_neurons(layer)
    diagram.draw_titles()
    diagram.draw_legend()
    return describe(diagram.figure, _description(network, forward, gradients, row))


class _Diagram:
    """A network on its canvas: what there is to write, and where everything is."""

    def __init__(self, network, forward, gradients, row):
        self.network, self.forward, self.gradients, self.row = network, forward, gradients, row
        self.place = layout.Network(network.units, (forward is not None) + (gradients is not None))
        self.figure, self.ax = canvas(self.place.width, self.place.height)

    def draw_titles(self):
        """Write the network's name, and each layer's name, size and activation."""
        units = self.network.units
        direction = " · propagación hacia adelante →" if self.forward is not None else ""
        direction = " · propagación hacia atrás ←" if self.gradients is not None else direction
        title = f"Red {_name(units)} · {counted(byhand.parameter_count(units), 'parámetro')}{direction}"
        top = self.place.height
        self.ax.text(self.place.width / 2, top - 0.2, title, fontsize=14, weight="bold", ha="center", va="center")
        for k, x in enumerate(self.place.x):
            detail = f"{counted(units[k], 'neurona')} · {self.network.activations[k - 1]}" if k else ""
            detail = detail or counted(units[0], "entrada")
            write(self.ax, x, top - 0.75, [(layer_names(len(units))[k], BLUE), (detail, INK)])

    def draw_links(self, layer):
        """Draw the weights and biases from a layer to the next, and write them where there is room."""
        values = np.vstack([self.network.weights[layer], self.network.biases[layer]])
        links, ends = self.place.links(layer)
        for (i, j), (start, end) in zip(links, ends, strict=True):
            self.draw_link(values[i, j], np.abs(values).max(), start, end)
        labels = [[(number(values[link]), INK)] for link in links]
        if self.gradients is not None:
            slopes = np.vstack([self.gradients.weights[layer], self.gradients.biases[layer]])
            for lines, link in zip(labels, links, strict=True):
                lines.append((f"∂ {number(slopes[link])}", VERMILLION))
        for lines, centre in zip(labels, self.place.labels(labels, ends), strict=True):
            if centre is not None:
                write(self.ax, *centre, lines, background=PAPER)

    def draw_link(self, weight, largest, start, end):
        """Draw one weight: the style of its line tells the sign, the width the size."""
        style, color = ("--", VERMILLION) if weight < 0 else ("-", BLUE)
        thickest = 3 if self.place.detailed else 1.5
        width = 0.5 + (thickest - 0.5) * abs(weight) / (largest or 1)
        self.ax.plot(*zip(start, end, strict=True), style, color=color, linewidth=width, zorder=1)

    def draw_neurons(self, layer):
        """Draw a layer's neurons and, but for the last layer, the neuron of the next one's biases."""
        place, x = self.place, self.place.x[layer]
        for i, y in zip(place.shown[layer], place.y[layer], strict=True):
            if i is None:
                self.ax.text(x, y, "⋮", fontsize=20, weight="bold", ha="center", va="center")
            elif place.half(layer) == place.circle:
                self.draw_circle(layer, i, x, y)
            else:
                self.draw_capsule(layer, i, x, y)
        if layer < len(place.x) - 1:
            x = x + place.half(layer) - place.bias / 2
            box(self.ax, x, place.bias_y, place.bias, place.bias, facecolor=SHADE, rounding=0.02)
            write(self.ax, x, place.bias_y, [("1", INK)])

    def draw_circle(self, layer, i, x, y):
        """Draw a neuron that shows one quantity: an input, or any neuron when there is no room for more."""
        tall = self.place.tall
        box(self.ax, x, y, 2 * self.place.circle, tall, rounding=tall / 2)
        if self.place.detailed:
            write(self.ax, x, y, self.quantity("h", layer, i))
        elif self.forward is not None:
            write(self.ax, x, y, [(number(self.forward.h[layer][self.row, i].round(2)), INK)])

    def draw_capsule(self, layer, i, x, y):
        """Draw a neuron in two halves: the weighted sum u enters on the left, the activation h leaves on the right."""
        half, tall = self.place.half(layer), self.place.tall
        box(self.ax, x, y, 2 * half, tall, rounding=0.25)
        self.ax.plot([x, x], [y - tall / 2, y + tall / 2], color=INK, linewidth=1, zorder=4)
        write(self.ax, x - half / 2, y, self.quantity("u", layer, i))
        write(self.ax, x + half / 2, y, self.quantity("h", layer, i))

    def quantity(self, which, layer, i):
        """Return the lines that tell u or h of a neuron: its symbol, its value, the loss's derivative."""
        lines = [(_symbol(which, layer, i, self.network.units), BLUE)]
        index = layer if which == "h" else layer - 1
        if self.forward is not None:
            lines.append((number(getattr(self.forward, which)[index][self.row, i]), INK))
        if self.gradients is not None:
            lines.append((f"∂ {number(getattr(self.gradients, which)[index][self.row, i])}", VERMILLION))
        return lines

    def draw_legend(self):
        """Explain marks under the diagram: those that are in it."""
        handles = [Line2D([], [], color=BLUE, label="peso o sesgo ≥ 0")]
        if any((w < 0).any() for w in (*self.network.weights, *self.network.biases)):
            handles.append(Line2D([], [], color=VERMILLION, linestyle="--", label="peso o sesgo < 0"))
        square = {"marker": "s", "markersize": 11, "color": SHADE, "markeredgecolor": INK, "linestyle": ""}
        handles.append(Line2D([], [], **square, label="neurona del sesgo"))
        note = "∂: derivada de la pérdida respecto de esa cantidad" if self.gradients is not None else None
        if not self.place.detailed and self.forward is not None:
            note = "Red grande: solo se escribe la activación h"
        place = {"loc": "lower center", "ncols": len(handles), "frameon": False, "borderaxespad": 0}
        self.ax.legend(handles=handles, title=note, title_fontsize=SMALL, fontsize=SMALL, **place)


def layer_names(count):
    """Return the Spanish names of `count` layers, from the input to the output."""
    hidden = ["Capa oculta"] if count == 3 else [f"{k}.ª capa oculta" for k in range(1, count - 1)]
    return ["Capa de entrada", *hidden, "Capa de salida"]


def _symbol(which, layer, i, units):
    """Return a quantity's symbol as in the slides: x, u and h with the layer above, ŷ at the output."""
    subscript = f"_{{{i + 1}}}" if units[layer] > 1 else ""
    if which == "h" and layer in (0, len(units) - 1):
        return f"$x{subscript}$" if layer == 0 else rf"$\hat{{y}}{subscript}$"
    return f"${which}_{{{i + 1}}}^{{({layer})}}$"


def _name(units):
    return "-".join(map(str, units))


def _check(network, forward, gradients, row):
    """Raise CourseError unless the arguments are of their kind and of one network."""
    expect_network(network)
    kinds = (
        ("forward", forward, byhand.Forward, "lo que devuelve byhand.forward(red, x)"),
        ("gradients", gradients, byhand.Gradients, "lo que devuelve byhand.backward(red, forward, y)"),
    )
    for name, value, kind, expected in kinds:
        if value is not None and not isinstance(value, kind):
            raise CourseError(f"{name} es de tipo {type(value).__name__}. Pasa {expected}.")
    if gradients is not None and forward is None:
        raise CourseError(
            "gradients se dibuja sobre los valores de forward. Pasa también forward=byhand.forward(red, x)."
        )
    for name, value in (("forward", forward), ("gradients", gradients)):
        units = None if value is None else tuple(h.shape[1] for h in value.h)
        if units not in (None, network.units):
            raise CourseError(
                f"{name} es de una red {_name(units)} y network, una {_name(network.units)}. Calcúlalo con esta red."
            )
    rows = 1 if forward is None else min(len(values.h[0]) for values in (forward, gradients) if values is not None)
    if validation.count("row", row, least=0) >= rows:
        raise CourseError(
            f"row={row} no existe: el lote tiene {counted(rows, 'fila')}. Usa un número de 0 a {rows - 1}."
        )


def _description(network, forward, gradients, row):
    """Tell the diagram in words: architecture, each layer's values if they are few, output, gradients."""
    units = network.units
    text = f"Red {_name(units)} con {counted(byhand.parameter_count(units), 'parámetro')}"
    text += f"; activaciones: {', '.join(network.activations)}."
    if forward is not None and max(units) <= layout.MAX_DETAILED:
        text += f" Entrada {_list(forward.h[0][row])}."
        for k, name in enumerate(layer_names(len(units))[1:-1]):
            text += f" {name}: u {_list(forward.u[k][row])}; h {_list(forward.h[k + 1][row])}."
    if forward is not None:
        text += f" Salida {_list(forward.output[row])}."
    if gradients is not None:
        largest = max(np.abs(part).max() for part in (*gradients.weights, *gradients.biases))
        text += f" Derivada de la pérdida respecto de la salida {_list(gradients.h[-1][row])}"
        text += f"; la mayor respecto de un peso o sesgo, en valor absoluto, {number(largest)}."
    return text


def _list(values):
    """Write the first numbers."""
    return "; ".join(map(number, values[: layout.MAX_SHOWN])) + ("; …" if len(values) > layout.MAX_SHOWN else "")
