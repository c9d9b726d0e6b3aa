"""Figures of predicted probabilities: whether they are what happens, and what deciding by them costs."""

import numpy as np

from course.bookings import metrics
from course.errors import CourseError
from course.palette import INK, SERIES
from course.plots.output import add_description
from course.plots.style import LINE_STYLES, axes_for, number, styled

_MARKERS = ("o", "s", "D", "^")


@styled()
def calibration(y, probabilities, ax=None):
    """Draw predicted probabilities against observed frequencies, in ten groups of equal width.

    Parameters
    ----------
    y : array-like, shape (n,)
        Whether each booking was canceled, 0 or 1.
    probabilities : dict of str to array-like, shape (n,) or (n, 1)
        Each model's name and its probabilities; at most four.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if there is none.

    Returns
    -------
    matplotlib.figure.Figure
        The area of each mark is in proportion to the bookings of its group.

    Raises
    ------
    CourseError
        If there are no models or too many, or what is given are no labels and probabilities.
    """
    _check(probabilities)
    ax = axes_for(ax, width=6.2)
    ax.plot([0, 1], [0, 1], "-", color=INK, linewidth=1, label="perfecta")
    text = [_draw_groups(ax, i, name, y, values) for i, (name, values) in enumerate(probabilities.items())]
    ax.set(title="Calibración", xlabel="probabilidad predicha", ylabel="frecuencia de cancelación")
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.legend(loc="upper left")
    return add_description(ax.figure, f"Frecuencia de cancelación por probabilidad predicha. {' '.join(text)}")


def _draw_groups(ax, series, name, y, values):
    means, rates, counts = np.array(metrics.calibration(y, values)).T
    color = SERIES[series]
    ax.plot(means, rates, LINE_STYLES[series], color=color, marker=_MARKERS[series], markersize=5, label=name)
    ax.scatter(means, rates, s=12 + 300 * counts / counts.sum(), marker=_MARKERS[series], color=color)
    gap = float(np.abs(means - rates) @ counts / counts.sum())
    last = f"predice {number(means[-1], 2)} y ocurre {number(rates[-1], 2)}"
    return f"{name}: error medio (ECE) {number(gap, 3)}; el último grupo {last}."


@styled()
def thresholds(y, probabilities, costs=metrics.COSTS, ax=None):
    """Draw the mean cost of a booking by the threshold from which its room is sold again.

    Parameters
    ----------
    y, probabilities
        As in `calibration`.
    costs : course.bookings.Costs
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.figure.Figure
        Each model's best threshold, that of `course.bookings.best_threshold`, is marked; where it is best never to
        sell a room twice there is no mark. The dotted line is what that costs.

    Raises
    ------
    CourseError
        As `calibration`.
    """
    _check(probabilities)
    ax = axes_for(ax)
    never = metrics.expected_cost(y, next(iter(probabilities.values())), np.inf, costs)
    text = [_draw_costs(ax, i, name, y, values, costs) for i, (name, values) in enumerate(probabilities.items())]
    ax.axhline(never, color=INK, linestyle=":", linewidth=1.6, label="no revender nunca")
    ax.set(title="Costo según el umbral", xlabel="umbral: se revende desde esta probabilidad", ylabel="€ por reserva")
    ax.set(xlim=(0, 1), ylim=(0, 2 * never))
    ax.legend(loc="upper right")
    return add_description(
        ax.figure,
        f"Costo medio de una reserva según el umbral; no revender nunca cuesta {number(never, 1)} €. {' '.join(text)}",
    )


def _draw_costs(ax, series, name, y, values, costs):
    best = metrics.best_threshold(y, values, costs)
    grid = np.union1d(np.linspace(0, 1, 101), best if np.isfinite(best) else [])
    curve = [metrics.expected_cost(y, values, threshold, costs) for threshold in grid]
    ax.plot(grid, curve, LINE_STYLES[series], color=SERIES[series], label=name)
    if not np.isfinite(best):
        return f"{name}: lo mejor es no revender nunca."
    least = metrics.expected_cost(y, values, best, costs)
    ax.plot(best, least, _MARKERS[series], color=SERIES[series], markersize=9)
    return f"{name}: el umbral {number(best, 2)} es el mejor, con {number(least, 1)} €."


def _check(probabilities):
    if not isinstance(probabilities, dict) or not 1 <= len(probabilities) <= len(_MARKERS):
        raise CourseError(
            f"probabilities debe tener de 1 a {len(_MARKERS)} modelos, por ejemplo {{'mi red': probabilidades}}."
        )
