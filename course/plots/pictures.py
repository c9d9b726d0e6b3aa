"""Figures made of small pictures: digits, one's own drawings, and the weights of a first layer."""

import math

import numpy as np
from matplotlib import pyplot as plt

from course import validation
from course.errors import CourseError
from course.plots.output import Drawing, describe
from course.plots.style import SMALL, styled

_CELL = 1.15  # inches
_TITLE_LINE = 0.2


@styled()
def images(pictures, titles=None, columns=8, signed=False, alt=None):
    """Draw small pictures in rows, each with a title above.

    Parameters
    ----------
    pictures : array-like, shape (n, height, width)
        The higher, the more ink. All share one scale.
    titles : sequence of str, optional
        One per picture; several lines are fine.
    columns : int
        Pictures in a row.
    signed : bool
        The values have a sign, as weights do: 0 is white, negative orange, positive purple; which the colour-blind tell
        apart too.
    alt : str, optional
        What the figure shows; by default how many pictures, and their titles.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CourseError
        If there are no pictures, they are no pictures, there are not as many titles, or `columns` is no such number.
    """
    pictures = _checked(pictures)
    titles = [""] * len(pictures) if titles is None else [str(title) for title in titles]
    if len(titles) != len(pictures):
        raise CourseError(f"Hay {len(pictures)} imágenes y {len(titles)} títulos. Da un título por imagen, o ninguno.")
    columns = min(validation.count("columns", columns), len(pictures))
    rows = math.ceil(len(pictures) / columns)
    lines = max(title.count("\n") + 1 if title else 0 for title in titles)
    size = (columns * _CELL, rows * (_CELL + lines * _TITLE_LINE))
    fig = plt.figure(figsize=size, layout="constrained", FigureClass=Drawing)
    high = np.abs(pictures).max() or 1.0
    style = {"cmap": "PuOr", "vmin": -high, "vmax": high} if signed else {"cmap": "gray_r", "vmin": 0, "vmax": high}
    for place, (picture, title) in enumerate(zip(pictures, titles, strict=True), 1):
        ax = fig.add_subplot(rows, columns, place)
        ax.imshow(picture, **style)
        ax.set_title(title, fontsize=SMALL)
        ax.set_axis_off()
    told = "; ".join(title.replace("\n", ", ") for title in titles if title)
    return describe(fig, alt or f"Imágenes: {len(pictures)}{f' ({told})' if told else ''}.")


def _checked(pictures):
    try:
        pictures = np.asarray(pictures, dtype=float)
    except (TypeError, ValueError):
        pictures = np.empty(0)
    if pictures.ndim != 3 or not pictures.size or not np.isfinite(pictures).all():
        raise CourseError(
            f"pictures tiene forma {pictures.shape}. Se esperaban imágenes de números, (cuántas, alto, ancho): si son "
            "filas de 784, usa pictures.reshape(-1, 28, 28)."
        )
    return pictures
