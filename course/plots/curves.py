"""Figures with curves: activation functions, the loss by epoch, operation counts."""

from collections.abc import Iterable

import numpy as np
from matplotlib import pyplot as plt

from course import validation
from course.errors import CourseError
from course.functions import ACTIVATION_RULES, ACTIVATIONS
from course.palette import BLUE, INK, PAPER, SERIES, VERMILLION
from course.plots.output import Drawing, add_description
from course.plots.style import LINE_STYLES, axes_for, integer, number, styled

_LOSSES = {"loss": "entrenamiento", "val_loss": "validación"}
_FEW_EPOCHS = 30  # up to which each epoch has its own mark


@styled()
def activations(names=("relu", "sigmoid", "tanh", "linear")):
    """Draw activation functions (solid) with their derivatives (dashed), each in axes of its own.

    Parameters
    ----------
    names : sequence of str, or str
        Of relu, sigmoid, tanh and linear. (A softmax has no curve: each output depends on all of its layer's sums.)

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CourseError
        If a name is none of these, or there is none.
    """
    names = tuple(names) if isinstance(names, Iterable) and not isinstance(names, str) else (names,)
    drawable = [name for name in ACTIVATIONS if name != "softmax"]
    if not names:
        raise CourseError(f"names está vacío. Pasa al menos uno de estos nombres: {', '.join(drawable)}.")
    for name in names:
        validation.known("names", name, drawable)
    columns = min(len(names), 2)
    rows = -(-len(names) // columns)
    shape = {"figsize": (1 + 4.5 * columns, 0.4 + 3.1 * rows), "layout": "constrained", "squeeze": False}
    fig, axes = plt.subplots(rows, columns, FigureClass=Drawing, **shape)
    for name, ax in zip(names, axes.flat, strict=False):
        _draw_activation(ax, name)
    for ax in axes.flat[len(names) :]:
        ax.remove()
    return fig


def _draw_activation(ax, name):
    """Draw one activation and its derivative, and describe them."""
    u = np.linspace(-4, 4, 321)
    h = ACTIVATIONS[name](u)
    slope = ACTIVATION_RULES[name](np.ones_like(u), u, h)
    line = np.where((name == "relu") & (u == 0), np.nan, slope)  # it jumps there: no line joins both sides
    ax.plot(u, h, LINE_STYLES[0], color=BLUE, label="$f(u)$")
    ax.plot(u, line, LINE_STYLES[1], color=VERMILLION, label="$f'(u)$")
    ax.axhline(0, color=INK, linewidth=0.8, zorder=1.8)  # over the grid, under the curves
    ax.axvline(0, color=INK, linewidth=0.8, zorder=1.8)
    low, high = min(h.min(), 0), max(h.max(), 1)
    ax.set(title=name, xlabel="suma ponderada $u$", ylim=(low - 0.1 * (high - low), high + 0.1 * (high - low)))
    ax.legend(loc="upper left")
    values = [f"f({number(at)}) = {number(np.interp(at, u, h))}" for at in (-4.0, 0.0, 4.0)]
    slopes = f"entre {number(slope.min())} y {number(slope.max())}" if np.ptp(slope) else number(slope[0])
    add_description(ax.figure, f"Activación {name}: {', '.join(values)}; su derivada, {slopes}.")


@styled()
def loss_curve(history, ax=None):
    """Draw the loss, epoch by epoch.

    Parameters
    ----------
    history : sequence of float, dict or pandas.DataFrame
        The losses of the epochs, counted from 1; or a table with column ``loss`` and, optionally, ``val_loss``, whose
        best epoch is then marked.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if there is none.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CourseError
        If there is no column ``loss``, or the losses are no numbers.
    """
    table = history if hasattr(history, "keys") else {"loss": history}
    if "loss" not in table:
        raise CourseError(
            f"history no tiene la columna 'loss': tiene {', '.join(map(str, table)) or 'ninguna'}. "
            "Pasa lo que devuelve training.fit, o la lista de pérdidas que devuelve byhand.train."
        )
    columns = {name: _losses(name, table[name]) for name in _LOSSES if name in table}
    ax = axes_for(ax)
    text = [_draw_losses(ax, name, values) for name, values in columns.items()]
    ax.set(title="Pérdida por época", xlabel="época", ylabel="pérdida")
    ax.xaxis.get_major_locator().set_params(integer=True)
    if len(columns) > 1:
        ax.legend()
    return add_description(ax.figure, f"Pérdida por época: {'; '.join(text)}.")


def _losses(name, values):
    """Return a column of losses as an array; NaN and infinity may be in it, where a training went wrong."""
    try:
        values = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise CourseError(f"history: {name} tiene valores que no son números. Pasa una pérdida por época.") from error
    if values.ndim != 1 or not values.size:
        raise CourseError(f"history: {name} tiene forma {values.shape}. Pasa una lista con una pérdida por época.")
    return values


def _draw_losses(ax, name, values):
    """Draw one column, mark the best epoch of a validation, and return the words that tell it."""
    series = list(_LOSSES).index(name)
    epochs = np.arange(1, len(values) + 1)
    style = {"color": SERIES[series], "marker": "o" if len(values) <= _FEW_EPOCHS else None, "markersize": 5}
    ax.plot(epochs, values, LINE_STYLES[series], label=_LOSSES[name], **style)
    first, last = number(values[0], 3), number(values[-1], 3)
    text = f"{_LOSSES[name]}, de {first} en la época 1 a {last} en la {epochs[-1]}"
    if name == "loss" or not np.isfinite(values).any():
        return text
    best = int(np.nanargmin(values))
    label = f"mínimo: {number(values[best], 3)} (época {best + 1})"
    ring = {"markerfacecolor": PAPER, "markeredgecolor": INK, "markeredgewidth": 2, "markersize": 10, "linestyle": ""}
    ax.plot(best + 1, values[best], "D", zorder=3, label=label, **ring)
    return f"{text}, {label}"


@styled()
def operation_counts(table, ax=None):
    """Draw, on a logarithmic scale, what a derivative costs path by path and memoized, as networks grow deeper.

    Parameters
    ----------
    table : list of dict or pandas.DataFrame
        What `course.graph.operation_counts` returns: ``depth``, ``by_paths`` and ``memoized``.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if there is none.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CourseError
        If there are no rows, or a column is missing.
    """
    rows = table.to_dict("records") if hasattr(table, "columns") else table
    try:
        depth, by_paths, memoized = zip(*((r["depth"], r["by_paths"], r["memoized"]) for r in rows), strict=True)
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise CourseError(
            "table no es una tabla con filas y columnas depth, by_paths y memoized. "
            "Pasa lo que devuelve graph.operation_counts()."
        ) from error
    ax = axes_for(ax)
    ax.plot(depth, by_paths, LINE_STYLES[0], color=VERMILLION, marker="o", label="camino por camino")
    ax.plot(depth, memoized, LINE_STYLES[1], color=BLUE, marker="s", label="con memoria")
    ax.set(title="Operaciones para calcular una derivada", xlabel="capas ocultas", ylabel="operaciones", yscale="log")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(loc="upper left")
    return add_description(
        ax.figure,
        f"Operaciones para calcular una derivada con {depth[0]} a {depth[-1]} capas ocultas, en escala logarítmica: "
        f"camino por camino, de {integer(by_paths[0])} a {integer(by_paths[-1])}; "
        f"con memoria, de {integer(memoized[0])} a {integer(memoized[-1])}.",
    )
