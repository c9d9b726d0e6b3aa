"""The simulator's experiment as one figure, where no widget can show: network, output over the plane, losses."""

import reprlib

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.colors import LinearSegmentedColormap, ListedColormap

from course.errors import CourseError
from course.palette import BLUE, CLASSES, INK, MARKS, PAPER, SERIES, VERMILLION
from course.plots.output import Drawing, add_description
from course.plots.style import LINE_STYLES, counted, number, styled

_SCALE = LinearSegmentedColormap.from_list("output", [VERMILLION, PAPER, BLUE])
_CLASSES = ListedColormap(CLASSES)
_MOST = 12  # neurons drawn of a layer
_NAMES = {"xSquared": "x²", "ySquared": "y²", "xTimesY": "x·y", "sinX": "sen x", "sinY": "sen y"}


@styled()
def experiment(first, *others):
    """Draw experiments of the simulator as they are now, one below another.

    Parameters
    ----------
    first, *others : course.simulator.Experiment

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CourseError
        If one is no experiment.
    """
    experiments = (first, *others)
    for one in experiments:
        if not hasattr(one, "heat_maps"):
            raise CourseError(f"{reprlib.repr(one)} no es un experimento. Pasa los que da simulator.Experiment(…).")
    shape = {"figsize": (11, 3.7 * len(experiments)), "layout": "constrained", "squeeze": False}
    fig, rows = plt.subplots(len(experiments), 3, FigureClass=Drawing, width_ratios=(1.25, 1, 1), **shape)
    for one, (network, plane, losses) in zip(experiments, rows, strict=True):
        _draw_network(network, one)
        _draw_plane(plane, one)
        _draw_losses(losses, one)
        add_description(fig, _description(one))
    return fig


def _draw_network(ax, one):
    """Draw neurons as rings and weights as lines: solid and blue if positive, dashed and vermillion if negative."""
    shown = [min(units, _MOST) for units in one.settings.units]
    height = max(shown)
    at = [[(k, (height - 1) / 2 + (units - 1) / 2 - i) for i in range(units)] for k, units in enumerate(shown)]
    for k, weights in enumerate(one.weights):
        for (i, j), weight in np.ndenumerate(weights[: shown[k], : shown[k + 1]]):
            style = (LINE_STYLES[0], BLUE) if weight >= 0 else (LINE_STYLES[1], VERMILLION)
            ends = np.transpose([at[k][i], at[k + 1][j]])
            width = np.clip(1.2 * abs(weight), 0.2, 5)
            ax.plot(*ends, style[0], color=style[1], linewidth=width, zorder=1)
    for x, y in (place for layer in at for place in layer):
        ax.plot(x, y, "o", markersize=11, markerfacecolor=PAPER, markeredgecolor=INK, zorder=2)
    for name, (x, y) in zip(one.settings.inputs, at[0], strict=True):
        ax.annotate(_NAMES.get(name, name), (x, y), (-9, 0), textcoords="offset points", ha="right", va="center")
    ax.set(title=f"Red {'–'.join(map(str, one.settings.units))}", xlim=(-0.6, len(at) - 0.7), ylim=(-0.8, height - 0.2))
    ax.set_axis_off()


def _draw_plane(ax, one):
    """Draw the output over the square, the line where it is 0, and the training points, each class with its mark."""
    maps = one.heat_maps(100)[-1]
    image = {"extent": (-6, 6, -6, 6), "interpolation": "nearest"}
    x, y, label = one.train_points.T
    if len(maps) > 1:
        style = {"cmap": _CLASSES, "vmin": -0.5, "vmax": len(CLASSES) - 0.5}
        ax.imshow(maps.argmax(axis=0), alpha=0.45, **style, **image)
        shapes = [(MARKS[k % len(MARKS)], label == k) for k in range(len(maps))]
    else:
        style = {"cmap": _SCALE, "vmin": -1, "vmax": 1}
        ax.imshow(maps[0], **style, **image)
        ax.contour(maps[0], levels=[0], colors=INK, linewidths=0.8, extent=image["extent"], origin="upper")
        shapes = [("o", label >= 0), ("s", label < 0)]
    style |= {"edgecolors": INK if len(maps) > 1 else PAPER, "linewidths": 0.6, "s": 16}
    for marker, chosen in shapes:
        ax.scatter(x[chosen], y[chosen], c=label[chosen], marker=marker, **style)
    ax.set(title="Salida y puntos de entrenamiento", xlim=(-6, 6), ylim=(-6, 6), xticks=(-6, 0, 6), yticks=(-6, 0, 6))
    ax.grid(visible=False)


def _draw_losses(ax, one):
    history = one.history
    style = "o" if len(history) == 1 else ""
    for series, (column, name) in enumerate((("train_loss", "entrenamiento"), ("test_loss", "prueba"))):
        line = LINE_STYLES[series] + style
        ax.plot(history["epoch"], history[column], line, color=SERIES[series], label=name)
    finite = history[["train_loss", "test_loss"]].to_numpy()
    top = finite[np.isfinite(finite)].max(initial=0.5)
    ax.set(
        title=f"Pérdida hasta la época {one.epoch}",
        xlabel="época",
        ylim=(0, min(top, 2) * 1.05),
        xlim=(0, max(1, one.epoch)),
    )
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend()


def _description(one):
    settings = one.settings
    hidden = " y ".join(dict.fromkeys(settings.activations[:-1]))
    train, test = (number(loss, 3) for loss in one.losses)
    return (
        f"Experimento del simulador: datos {settings.dataset} con ruido {number(settings.noise)} y "
        f"{counted(len(one.train_points), 'punto')} de entrenamiento; red de {'–'.join(map(str, settings.units))} "
        f"unidades{f' con {hidden}' if hidden else ''}; época {one.epoch}, pérdida de entrenamiento {train} "
        f"y de prueba {test}."
    )
