"""The audit of leaks as a figure: what each column tells alone, and what it adds to an honest model."""

import numpy as np
from matplotlib import pyplot as plt

from course.errors import CourseError
from course.palette import BLUE, INK, MAUVE, VERMILLION
from course.plots.output import Drawing, add_description
from course.plots.style import number, styled

_LOOKS = {"al reservar": ("o", BLUE), "después": ("s", VERMILLION), "al final": ("D", MAUVE)}
_COLUMNS = ("known", "auc_alone", "auc_with")


@styled()
def leakage(audit, most=10):
    """Draw the audit of leaks.

    Parameters
    ----------
    audit : pandas.DataFrame
        What `course.bookings.leakage_audit` returns.
    most : int
        How many of the columns known when booking are drawn, the most telling ones; the others are drawn always.

    Returns
    -------
    matplotlib.figure.Figure
        On the left the AUC of each column alone; on the right that of a model on the columns known when booking and
        that one, against the same model without it.

    Raises
    ------
    CourseError
        If `audit` is no such table.
    """
    if not hasattr(audit, "attrs") or "auc_without" not in audit.attrs or not set(_COLUMNS) <= set(audit):
        raise CourseError("audit no es lo que devuelve bookings.leakage_audit(tabla): pásale esa tabla entera.")
    known = audit["known"] == "al reservar"
    shown = audit[~known | (known.cumsum() <= most)].sort_values("auc_alone")
    height = 1.3 + 0.27 * len(shown)
    fig, axes = plt.subplots(1, 2, figsize=(11, height), layout="constrained", sharey=True, FigureClass=Drawing)
    _draw(axes[0], shown, "auc_alone", "Una columna sola", 0.5)
    _draw(axes[1], shown, "auc_with", "Un modelo que además la usa", audit.attrs["auc_without"])
    axes[0].set_yticks(range(len(shown)), shown.index)
    axes[0].legend(loc="lower right", title="se conoce")
    return add_description(fig, _description(audit))


def _draw(ax, shown, column, title, base):
    """Draw a mark for each column, and a line from what there would be without it."""
    values = shown[column].to_numpy()
    places = np.arange(len(values))
    for when, (marker, color) in _LOOKS.items():
        rows = (shown["known"] == when) & np.isfinite(values)
        ax.hlines(places[rows], base, values[rows], color=color, linewidth=1.4)
        ax.plot(values[rows], places[rows], marker, color=color, label=when, markersize=7)
    ax.axvline(base, color=INK, linestyle="--", linewidth=1.2)
    ax.set(title=f"{title} (sin ella, {number(base, 2)})", xlabel="AUC")
    ax.set(xlim=(0.48, 1.02), xticks=np.linspace(0.5, 1, 6))


def _description(audit):
    suspects = audit["auc_with"].dropna().sort_values(ascending=False)
    told = ", ".join(f"{name} {number(value, 3)}" for name, value in suspects.items())
    best = audit[audit["known"] == "al reservar"]["auc_alone"].head(3)
    alone = ", ".join(f"{name} {number(value, 2)}" for name, value in best.items())
    return (
        f"AUC de cada columna. Solas, las que más dicen de las que se conocen al reservar: {alone}. Un modelo con lo "
        f"que se conoce al reservar llega a {number(audit.attrs['auc_without'], 3)}; si además usa otra: {told}."
    )
