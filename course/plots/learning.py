"""Figures of learning by gradients: the steps of gradient descent, and the same gradients computed in several ways."""

import numpy as np

from course import validation
from course.errors import CourseError
from course.palette import BLUE, INK, SERIES, VERMILLION
from course.plots.output import add_description
from course.plots.style import axes_for, counted, number, styled, symbol

_MARKERS = ("o", "s", "x", "+")


@styled()
def descent(loss, path, ax=None):
    """Draw the steps of gradient descent on the loss, as a function of one weight or of two.

    Parameters
    ----------
    loss : callable
        Takes one number, ``loss(w)``, or two, ``loss(w1, w2)``, and returns the loss.
    path : array-like, shape (steps + 1,) or (steps + 1, 2)
        The weights before the first step and after each.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if there is none.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CourseError
        If `loss` cannot be called like that, or `path` has another shape or non-finite values.
    """
    path = validation.numeric("path", path, 1 if np.ndim(path) == 1 else 2)
    path = path[:, None] if path.ndim == 1 else path
    if path.shape[1] > 2:
        raise CourseError(f"path tiene {path.shape[1]} columnas. Se dibujan uno o dos pesos: pasa una o dos columnas.")
    heights = _evaluate(loss, path)
    margin = 0.25 * np.maximum(np.ptp(path, axis=0), 0.5)
    low, high = path.min(axis=0) - margin, path.max(axis=0) + margin
    ax = axes_for(ax)
    if path.shape[1] == 1:
        _draw_valley(ax, loss, low, high)
        steps = (path[:, 0], heights)
    else:
        _draw_map(ax, loss, low, high)
        steps = path.T
    _draw_steps(ax, *steps)
    ends = [" y ".join(number(v, 2) for v in point) for point in (path[0], path[-1])]
    return add_description(
        ax.figure,
        f"Descenso del gradiente en {counted(len(path) - 1, 'paso')}: de peso {ends[0]} a {ends[1]}, "
        f"y de pérdida {number(heights[0], 3)} a {number(heights[-1], 3)}.",
    )


def _evaluate(loss, points):
    """Return the loss at each row of `points`; raise CourseError if it cannot be called so."""
    try:
        return np.array([float(loss(*point)) for point in points.tolist()])
    except (ArithmeticError, TypeError, ValueError) as error:
        count = "un número" if points.shape[1] == 1 else "dos números"
        raise CourseError(f"loss debe ser una función de {count} que devuelve otro; falló con: {error}.") from error


def _draw_valley(ax, loss, low, high):
    """Draw the loss as a curve over one weight."""
    w = np.linspace(low, high, 200)
    ax.plot(w[:, 0], _evaluate(loss, w), "-", color=BLUE, label="pérdida")
    ax.set(xlabel="peso $w$", ylabel="pérdida")


def _draw_map(ax, loss, low, high):
    """Draw the loss over two weights as a map, the darker the higher; its bands are narrower near the lowest point."""
    w1, w2 = np.meshgrid(*np.linspace(low, high, 60).T)
    height = _evaluate(loss, np.column_stack([w1.ravel(), w2.ravel()])).reshape(w1.shape)
    levels = height.min() + max(np.ptp(height), 1e-9) * np.linspace(0, 1, 11) ** 2
    bands = ax.contourf(w1, w2, height, levels=levels, cmap="Blues", vmax=levels[-1] + np.ptp(levels) / 2)
    ax.contour(w1, w2, height, levels=levels, colors=BLUE, linewidths=0.6)
    bar = ax.figure.colorbar(
        bands, ax=ax, label="pérdida", spacing="proportional", ticks=levels[[0, 3, 5, 7, 8, 9, 10]]
    )
    bar.ax.yaxis.set_major_formatter(lambda value, _: number(round(value, 2)))
    ax.set(xlabel="peso $w_1$", ylabel="peso $w_2$")


def _draw_steps(ax, x, y):
    """Draw the way from one step to the next, with its beginning and its end."""
    ax.plot(x, y, "--", color=VERMILLION, marker="o", markersize=6, zorder=3, label="pasos")
    ax.plot(x[0], y[0], "s", color=INK, markersize=9, zorder=4, label="comienzo")
    ax.plot(x[-1], y[-1], "D", color=INK, markersize=9, zorder=4, label="final")
    ax.set_title("Descenso del gradiente")
    ax.legend()


@styled()
def gradients(table, ax=None):
    """Draw the same gradients computed in several ways, one mark around the other where they agree.

    Parameters
    ----------
    table : pandas.DataFrame or dict
        One column per way, at most four; one row per parameter, whose names are the table's index.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if there is none.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CourseError
        If `table` is no such table.
    """
    ways = list(table) if isinstance(table, dict) or hasattr(table, "columns") else []
    if not 0 < len(ways) <= len(_MARKERS):
        raise CourseError("table debe tener de una a cuatro columnas, una por forma de calcular. Pasa un DataFrame.")
    values = validation.numeric("table", [list(table[way]) for way in ways], 2)
    places = np.arange(values.shape[1])
    ax = axes_for(ax, width=np.clip(0.55 * len(places) + 2, 7, 13))
    for k, (way, row) in enumerate(zip(ways, values, strict=True)):
        style = {"markersize": 16 - 3 * k, "markerfacecolor": "none", "markeredgewidth": 2}
        ax.plot(places, row, _MARKERS[k], color=SERIES[k], label=str(way), **style)
    ax.axhline(0, color=INK, linewidth=0.8, zorder=1.8)
    ax.set_xticks(places, [symbol(str(name)) for name in getattr(table, "index", places + 1)])
    ax.set(title="Derivadas de la pérdida, calculadas de varias formas", xlabel="parámetro", ylabel="derivada")
    ax.legend()
    return add_description(
        ax.figure,
        f"{counted(len(places), 'derivada')}, de {counted(len(ways), 'forma')} ({', '.join(map(str, ways))}): de "
        f"{number(values.min())} a {number(values.max())}; la mayor diferencia entre formas es "
        f"{number(np.ptp(values, axis=0).max())}.",
    )
