"""Figures of a hyperparameter search: who finds it sooner, what was pruned, and where the good values are.

They take tables, as `course.tuning.table` and `course.tuning.curves` make them; the value is minimised unless said.
"""

import numpy as np
from matplotlib import pyplot as plt

from course.errors import CourseError
from course.palette import BLUE, GREY, INK, SERIES, SHADE, VERMILLION
from course.plots.output import Drawing, add_description
from course.plots.style import LINE_STYLES, axes_for, counted, number, styled

_GOOD = {"color": BLUE, "linestyle": "-", "linewidth": 2.4}
_OTHER = {"color": GREY, "linestyle": ":", "linewidth": 1.2}
_BEST = 5  # trials that are drawn as the best


@styled()
def race(runs, ax=None, maximize=False):
    """Draw the best value so far against the trials spent, for several ways to search: mean and a band of one sd.

    Parameters
    ----------
    runs : pandas.DataFrame
        Columns ``método``, ``repetición``, ``intento`` (from 1) and ``valor``.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if there is none.
    maximize : bool
        Whether larger values are better.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CourseError
        If a column is missing, there is no method or more than four, or a trial is there twice.
    """
    _expect_columns(runs, ("método", "repetición", "intento", "valor"))
    methods = list(dict.fromkeys(runs["método"]))
    if not 1 <= len(methods) <= len(SERIES):
        raise CourseError(f"runs compara {len(methods)} métodos; se dibujan de uno a {len(SERIES)}.")
    if runs.duplicated(["método", "repetición", "intento"]).any():
        raise CourseError("runs tiene dos veces el mismo intento de una repetición. Numera otra vez las repeticiones.")
    ax, told = axes_for(ax), []
    for k, method in enumerate(methods):
        values = runs[runs["método"] == method].pivot(index="intento", columns="repetición", values="valor")
        best = values.cummax() if maximize else values.cummin()
        mean, deviation = best.mean(axis=1), best.std(axis=1).fillna(0)
        ax.plot(mean.index, mean, LINE_STYLES[k], color=SERIES[k], label=method)
        low = np.maximum(mean - deviation, best.min(axis=1))  # no further than what was seen: a loss is not negative
        high = np.minimum(mean + deviation, best.max(axis=1))
        ax.fill_between(mean.index, low, high, color=SERIES[k], alpha=0.12, linewidth=0)
        told.append(f"{method}, {number(mean.iloc[-1], 3)} ± {number(deviation.iloc[-1], 3)}")
    ax.set(title="El mejor valor hasta cada intento", xlabel="intentos gastados")
    ax.set_ylabel("mejor valor, media ± desviación")
    ax.legend()
    return add_description(
        ax.figure,
        f"El mejor valor hasta cada intento, por método: media y desviación de {values.shape[1]} búsquedas. Después de "
        f"{counted(len(mean), 'intento')}: {'; '.join(told)}.",
    )


@styled()
def trial_curves(curves, ax=None):
    """Draw what each trial reported as it learned; the pruned ones end where they were cut.

    Parameters
    ----------
    curves : pandas.DataFrame
        Columns ``intento``, ``época``, ``valor`` and ``estado``.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if there is none.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CourseError
        If a column is missing.
    """
    _expect_columns(curves, ("intento", "época", "valor", "estado"))
    ax, counts = axes_for(ax), {"completo": 0, "podado": 0}
    look = {"completo": ("-", BLUE, "completos"), "podado": ("--", VERMILLION, "podados")}
    for _, rows in curves.groupby("intento"):
        state = rows["estado"].iloc[0]
        if state not in look:
            continue
        line, color, label = look[state]
        label = None if counts[state] else label
        ax.plot(rows["época"], rows["valor"], line, color=color, linewidth=1.4, alpha=0.8, label=label)
        if state == "podado":
            ax.plot(rows["época"].iloc[-1], rows["valor"].iloc[-1], "x", color=color, markersize=8)
        counts[state] += 1
    ax.set(title="Intentos completos y podados", xlabel="época", ylabel="valor informado")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend()
    spent = curves.groupby("estado").size()
    return add_description(
        ax.figure,
        f"Lo que informó cada intento: {counted(counts['completo'], 'completo')} y "
        f"{counted(counts['podado'], 'podado')}, que se cortan antes. Los podados gastaron "
        f"{int(spent.get('podado', 0))} informes; los completos, {int(spent.get('completo', 0))}.",
    )


@styled()
def slices(table, names, log=(), maximize=False):
    """Draw the value of every trial against each hyperparameter, the best ones marked.

    Parameters
    ----------
    table : pandas.DataFrame
        A row per trial: ``valor`` and the hyperparameters. Rows without a value are left out.
    names : sequence of str
        The hyperparameters to draw, at most four.
    log : collection of str
        Those on a logarithmic scale.
    maximize : bool
        Whether larger values are better.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CourseError
        If a column is missing, or nothing is left to draw.
    """
    rows, best = _ranked(table, names, maximize)
    if not 1 <= len(names) <= 4:
        raise CourseError(f"names nombra {len(names)} hiperparámetros; se dibujan de uno a cuatro.")
    shape = {"figsize": (3 * len(names) + 0.6, 3.9), "layout": "constrained", "squeeze": False}
    fig, (axes,) = plt.subplots(1, len(names), FigureClass=Drawing, sharey=True, **shape)
    for ax, name in zip(axes, names, strict=True):
        values, ticks = _places(rows[name])
        ax.plot(values, rows["valor"], "o", color=GREY, markersize=5, label="intentos")
        style = {"markersize": 9, "markerfacecolor": "none", "markeredgewidth": 2}
        ax.plot(values[: len(best)], best["valor"], "D", color=VERMILLION, label="los mejores", **style)
        ax.set(xlabel=name, xscale="log" if name in log else "linear")
        if ticks:
            ax.set_xticks(range(len(ticks)), ticks)
    axes[0].set_ylabel("valor")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)  # on no dot
    return add_description(
        fig, f"Valor de {counted(len(rows), 'intento')} según {_listed(names)}. {_where(best, names)}"
    )


@styled()
def parallel(table, names, log=(), maximize=False):
    """Draw each trial as a line through its hyperparameters, the best ones on top (parallel coordinates).

    Parameters
    ----------
    table, names, log, maximize
        As in `slices`, for two hyperparameters or more.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CourseError
        If a column is missing, or nothing is left to draw.
    """
    rows, best = _ranked(table, names, maximize)
    if len(names) < 2:
        raise CourseError("Unas coordenadas paralelas necesitan al menos dos hiperparámetros en names.")
    fig, ax = plt.subplots(figsize=(1.9 * len(names) + 1.5, 4.4), layout="constrained", FigureClass=Drawing)
    heights = np.empty((len(rows), len(names)))
    for k, name in enumerate(names):
        heights[:, k], ends = _scaled(rows[name], name in log)
        for height, end in zip((0, 1), ends, strict=True):
            ax.annotate(end, (k, height), (0, 10 - 24 * (height == 0)), textcoords="offset points", ha="center")
    for order in reversed(range(len(rows))):  # the best one last, on top
        good = order < len(best)
        ax.plot(range(len(names)), heights[order], **(_GOOD if good else _OTHER))
    ax.vlines(range(len(names)), 0, 1, color=INK, linewidth=0.8)
    ax.plot([], [], **_GOOD, label=f"los {len(best)} mejores")
    ax.plot([], [], **_OTHER, label="los demás")
    ax.set(ylim=(-0.16, 1.3), yticks=[], title="Cada línea es un intento")
    ax.set_xticks(range(len(names)), names)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.grid(visible=False)
    ax.legend(loc="upper center", ncols=2, facecolor="white", edgecolor=SHADE)
    return add_description(
        fig, f"{counted(len(rows), 'intento')} como líneas a través de {_listed(names)}. {_where(best, names)}"
    )


def _ranked(table, names, maximize):
    """Return the rows with a value, the best first, and how far the best ones go."""
    _expect_columns(table, ("valor", *names))
    rows = table.dropna(subset=["valor", *names]).sort_values("valor", ascending=not maximize, kind="stable")
    if rows.empty:
        raise CourseError("table no tiene ningún intento con valor: no hay nada que dibujar.")
    return rows, rows.head(_BEST)


def _places(column):
    """Return where to draw a column's values, and the names at 0, 1, 2… if they are no numbers."""
    if column.dtype.kind in "iuf":
        return column.to_numpy(float), []
    names = sorted({str(value) for value in column})
    return np.array([names.index(str(value)) for value in column], float), names


def _scaled(column, log):
    """Return a column from 0 to 1, and what its ends are called."""
    values, names = _places(column)
    low, high = values.min(), values.max()
    ends = (names[0], names[-1]) if names else (number(low), number(high))
    values = np.log(values) if log else values
    spread = np.ptp(values)
    return (values - values.min()) / spread if spread else np.full(len(values), 0.5), ends


def _where(best, names):
    """Say where the best trials are."""
    parts = []
    for name in names:
        values, labels = _places(best[name])
        if labels:
            parts.append(f"{name} {' o '.join(labels)}")
        elif values.min() == values.max():
            parts.append(f"{name} {number(values.min())}")
        else:
            parts.append(f"{name} de {number(values.min())} a {number(values.max())}")
    first = best["valor"].iloc[0]
    return f"El mejor vale {number(first)}; los {len(best)} mejores tienen {', '.join(parts)}."


def _listed(names):
    return " y ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _expect_columns(table, names):
    missing = [name for name in names if name not in getattr(table, "columns", ())]
    if missing:
        raise CourseError(f"A la tabla le faltan columnas: {', '.join(missing)}. Usa la que da tuning.table(study).")
