"""Figures of many runs: one dot per seed, because the best of them proves nothing."""

import numpy as np

from course.errors import CourseError
from course.palette import BLUE, INK, VERMILLION
from course.plots.output import add_description
from course.plots.style import axes_for, number, styled

_SPANISH = {
    "test_loss": "pérdida de prueba",
    "train_loss": "pérdida de entrenamiento",
    "layers": "capas ocultas",
    "activation": "activación",
    "learning_rate": "tasa de aprendizaje",
    "batch_size": "tamaño del lote",
    "noise": "ruido",
    "dropout": "tasa de Dropout",
}
_SPREAD = 0.28  # how far to each side of its place a dot may lie


@styled()
def distributions(runs, by, value="test_loss", threshold=None, ax=None):
    """Draw each run as a dot, in a column per group, with the group's median.

    Parameters
    ----------
    runs : pandas.DataFrame
        One row per run, as `course.simulator.sweep` or `course.training.repeat` return them.
    by : str
        The column that makes the groups; drawn in order of appearance.
    value : str
        The column to draw.
    threshold : float, optional
        A value to reach, drawn as a dashed line; the alt text tells how many runs are below it.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if there is none.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CourseError
        If a column is missing or has no numbers to draw, or there are no runs.
    """
    columns = list(getattr(runs, "columns", ()))
    missing = [str(name) for name in (by, value) if name not in columns]
    if missing or not len(runs):
        raise CourseError(
            f"runs no tiene corridas o le falta la columna {', '.join(missing)}. Tiene: {', '.join(map(str, columns))}."
        )
    if runs[value].dtype.kind not in "biuf":
        raise CourseError(f"La columna {value!r} no tiene números. Elige otra con value=.")
    groups = {_label(key): group[value].to_numpy() for key, group in runs.groupby(by, sort=False)}
    ax = axes_for(ax)
    text = [_draw_group(ax, place, *group, threshold) for place, group in enumerate(groups.items())]
    if threshold is not None:
        ax.axhline(threshold, color=VERMILLION, linestyle="--", label=f"umbral {number(threshold)}")
    ax.set_xticks(range(len(groups)), groups)
    what, groups_of = _SPANISH.get(value, value), _SPANISH.get(by, by)
    ax.set(xlabel=groups_of, ylabel=what, ylim=(0, None))
    ax.legend()
    return add_description(
        ax.figure, f"{what.capitalize()} de {len(runs)} corridas, por {groups_of}: {'; '.join(text)}."
    )


def _draw_group(ax, place, name, values, threshold):
    """Draw one group's runs and their median, and return the words that tell them."""
    finite = np.sort(values[np.isfinite(values)])
    if not len(finite):
        return f"{name}, ninguna corrida con un número"
    sides = np.resize([0, 1, -1, 0.5, -0.5], len(finite)) * _SPREAD  # fixed, so that a figure is the same each time
    median = float(np.median(finite))
    first = {"label": "una corrida"} if place == 0 else {}
    ax.plot(place + sides, finite, "o", color=BLUE, alpha=0.45, markersize=6, **first)
    first = {"label": "mediana"} if place == 0 else {}
    ax.plot([place - 0.4, place + 0.4], [median, median], "-", color=INK, linewidth=3, **first)
    below = "" if threshold is None else f", {(finite < threshold).sum()} de {len(values)} bajo {number(threshold)}"
    return f"{name}, mediana {number(median, 3)}{below}"


def _label(key):
    """Write a layout as ``8-8``, anything else as it is."""
    return ("-".join(map(str, key)) or "ninguna") if isinstance(key, tuple) else str(key)
