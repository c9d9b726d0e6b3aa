"""What a notebook keeps of a figure: a small PNG, and an alt text that says in words, with numbers, what it shows.

A figure carries its text in ``figure.alt_text``. Once `install` has run, Jupyter stores it in the output's metadata,
``{"image/png": {"alt": …}}``: from there `course.pages` takes it, and in JupyterLab `course/labextension`.
"""

import re
import sys
from binascii import b2a_base64
from io import BytesIO

import matplotlib
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from course.errors import CourseError

COLORS = 64  # of a PNG: enough for smooth letters, a third of the size


class Drawing(Figure):
    """A figure of the class; a type of its own, so that Jupyter can be told how to store just these."""


def describe(figure, alt):
    """Give a figure its alt text, in place of the one that it had.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        What the figure shows, in one to three sentences, with its main numbers.

    Returns
    -------
    matplotlib.figure.Figure
        The same figure.

    Raises
    ------
    CourseError
        If `figure` is no figure, or `alt` is empty or no text.
    """
    if not isinstance(figure, Figure):
        raise CourseError(
            f"figure={figure!r} no es una figura de matplotlib. Pasa la figura que quieres describir, por ejemplo "
            "plots.describe(plt.gcf(), …)."
        )
    if not isinstance(alt, str) or not alt.strip():
        raise CourseError(f"alt={alt!r} no describe nada. Escribe una frase que cuente qué muestra la figura.")
    figure.alt_text = re.sub(r"[ \t\r\n]+", " ", alt).strip()
    return figure


def add_description(figure, alt):
    """Add a sentence to a figure's alt text: a figure made of several axes tells them one after another."""
    return describe(figure, f"{getattr(figure, 'alt_text', '')} {alt}")


def alt_text(figure):
    """Return a figure's alt text: its own one, or one derived from titles, axis labels and series.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    str
    """
    own = getattr(figure, "alt_text", None)
    if own:
        return own
    parts = [figure.get_suptitle(), *(_axes_text(axes) for axes in figure.axes)]
    text = ". ".join(part for part in parts if part) or "sin título ni rótulos en los ejes"
    return f"Figura: {text}.".replace("$", "")


def _axes_text(axes):
    labels = (("eje horizontal", axes.get_xlabel()), ("eje vertical", axes.get_ylabel()))
    series = [label for label in axes.get_legend_handles_labels()[1] if not label.startswith("_")]
    parts = [axes.get_title(), *(f"{name}: {label}" for name, label in labels if label)]
    if series:
        parts.append(f"series: {', '.join(series)}")
    return "; ".join(part for part in parts if part)


def install():
    """Make Jupyter store the alt text of every figure, and draw the notebook's own in the class's style.

    Outside IPython, do nothing.

    The inline backend replaces what is registered for `Figure` as PNG when the first figure is drawn. It leaves alone
    the mime bundle formatter, which may return metadata without data, and subclasses of `Figure`; so the order of the
    calls is free.

    Returns
    -------
    bool
        Whether there is an IPython to install it in.
    """
    if "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    if shell is None:
        return False
    from course.plots import style  # which draws on a Drawing, so that it cannot be imported above

    style.apply()
    shell.display_formatter.mimebundle_formatter.for_type(Figure, _metadata)
    shell.display_formatter.formatters["image/png"].for_type(Drawing, png)
    return True


def _metadata(figure):
    """Return no data and the alt text as metadata, in the form of an IPython mime bundle."""
    return {}, {"image/png": {"alt": alt_text(figure)}}


def png(figure):
    """Return a figure as a PNG of few colours, in base64, with its alt text as metadata.

    pyplot forgets the figure at this point: the inline backend would show a figure that a cell returns once more.
    """
    if "inline" in matplotlib.get_backend():
        plt.close(figure)
    full, small = BytesIO(), BytesIO()
    own = {"dpi": figure.dpi, "facecolor": figure.get_facecolor()}  # whatever the user's style saves with
    figure.savefig(full, format="png", bbox_inches="tight", **own)
    Image.open(full).convert("RGB").quantize(COLORS, kmeans=1).save(small, format="png", optimize=True)
    return b2a_base64(small.getvalue(), newline=False).decode("ascii"), {"alt": alt_text(figure)}
