"""What the figures share: palette, fonts, Spanish numbers, and canvases measured in inches."""

import re
from contextlib import contextmanager

import numpy as np
from matplotlib import cycler
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from course.errors import CourseError
from course.palette import INK, PAPER, SERIES, SHADE, SOFT
from course.plots.output import Drawing

LINE_STYLES = ("-", "--", "-.", ":")
FONT_SIZE = 12
SMALL = 11  # the smallest size that is read on a projector
LINE = 0.22  # height of a line of text, in inches

_RC = {
    "figure.dpi": 100,  # a figure of 10 × 6 inches stays under 80 kB
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "axes.edgecolor": INK,
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 13,
    "font.size": FONT_SIZE,
    "grid.color": SHADE,
    "legend.fontsize": SMALL,
    "legend.framealpha": 1.0,
    "lines.linewidth": 2.2,
    "text.color": INK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
}


# For figures that a notebook draws itself: lines differ without their colour too.
_CYCLE = cycler(color=SERIES * 2, linestyle=LINE_STYLES + LINE_STYLES[1:] + LINE_STYLES[:1])


def apply():
    """Make the class's style that of all figures; what the user has already set stays."""
    plt.draw_if_interactive()  # loads the backend, whose settings must be there first
    own = {**_RC, "axes.prop_cycle": _CYCLE, "axes.grid": False}  # a grid would cross out pictures
    for name, value in own.items():
        if plt.rcParams[name] == plt.rcParamsDefault[name]:
            plt.rcParams[name] = value


@contextmanager
def styled():
    """Draw inside with the class's style, whatever the user's; afterwards theirs is back."""
    plt.draw_if_interactive()  # loads the backend: Jupyter's changes settings as it loads, and those must stay
    with plt.style.context(["default", _RC]):
        yield


def number(value, decimals=4):
    """Write a number with the decimal point of the slides and of Python, a true minus sign and powers of ten.

    Parameters
    ----------
    value : float
    decimals : int
        Most digits after the point; trailing zeros go.
    """
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else "∞" if value > 0 else "−∞"
    if abs(value) < 1e-12:  # what rounding leaves of a zero
        return "0"
    if 10.0**-decimals <= abs(value) < 1e5:
        text = f"{value:.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        mantissa, exponent = f"{value:.1e}".split("e")
        text = f"{mantissa.removesuffix('.0')}·10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    return text.replace("-", "−")


_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def integer(value):
    """Write a count as Spanish does: a space between thousands, from five digits on."""
    return f"{value:,}".replace(",", "\u00a0") if abs(value) >= 10_000 else str(value)


def counted(value, noun):
    """Return a count with its noun, which takes an s unless there is one: ``1 peso``, ``17 parámetros``."""
    return f"{integer(value)} {noun}{'s' * (value != 1)}"


def symbol(label):
    """Return a node's name as the slides write it: ``w1_23`` with its layer above; any other name as it is."""
    found = re.fullmatch(r"([a-z])(?:(\d+)_)?(\d[\d,]*)", label)
    if found is None:
        return (label if len(label) <= 9 else f"{label[:8]}…").replace("$", r"\$")
    letter, layer, index = found.groups()
    return f"${letter}_{{{index}}}{f'^{{({layer})}}' if layer else ''}$"


def axes_for(ax, width=8.0):
    """Return the axes to draw in: those given, or the ones of a new figure.

    Raises
    ------
    CourseError
        If `ax` are no axes.
    """
    if ax is None:
        return plt.subplots(figsize=(width, 4.6), layout="constrained", FigureClass=Drawing)[1]
    if not isinstance(ax, Axes):
        raise CourseError(f"ax={ax!r} no son unos ejes de matplotlib. Crea unos con fig, ax = plt.subplots().")
    return ax


def canvas(width, height):
    """Return a figure of that many inches and axes without frame whose data units are inches."""
    fig = plt.figure(figsize=(width, height), FigureClass=Drawing)
    ax = fig.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height))
    ax.set_axis_off()
    return fig, ax


def box(ax, x, y, width, height, **style):
    """Draw a rounded box of that many inches centred at (x, y)."""
    style = {"facecolor": SOFT, "edgecolor": INK, "linewidth": 1.4, "rounding": 0.12, "zorder": 3, **style}
    shape = f"round,pad=0,rounding_size={style.pop('rounding')}"
    ax.add_patch(FancyBboxPatch((x - width / 2, y - height / 2), width, height, boxstyle=shape, **style))


def text_width(text):
    """Return about how wide a number or word is at the `SMALL` size, in inches."""
    return 0.09 * len(text)


def write(ax, x, y, lines, background=None):
    """Write lines of text, one under the other, centred at (x, y).

    Parameters
    ----------
    lines : sequence of (str, str)
        Text and colour of each line.
    background : str, optional
        Colour to lay under the text, over what is drawn already.
    """
    if background:
        width = max(text_width(text) for text, _ in lines)
        box(ax, x, y, width, len(lines) * LINE, facecolor=background, edgecolor="none", rounding=0, zorder=2)
    top = y + (len(lines) - 1) * LINE / 2
    for i, (text, color) in enumerate(lines):
        raised = 0.03 if text.startswith("$") else 0  # a symbol's indices hang below its line
        ax.text(x, top - i * LINE + raised, text, color=color, fontsize=SMALL, ha="center", va="center", zorder=4)
