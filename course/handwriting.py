"""From strokes on a square to a picture like MNIST's: drawn, cropped, scaled and centred as its authors did.

A drawing is a list of strokes, and a stroke a list of points ``(x, y)`` in [0, 1], with y downwards.
"""

from collections.abc import Iterable
from numbers import Real

import numpy as np
from PIL import Image, ImageDraw

from course import validation
from course.errors import CourseError

SIDE = 28  # of MNIST's pictures
BOX = 20  # that the digit itself fits in
_CANVAS = 560  # pixels of the square on which strokes are drawn: twenty for each of MNIST's
_THINNEST = 0.002  # pen that leaves any ink
_PEN = 0.08  # the pen's width, as a share of the square; MNIST's strokes are some two pixels and a half wide


def draw(strokes, pen=_PEN):
    """Draw strokes with a round pen.

    Parameters
    ----------
    strokes : sequence of sequence of (float, float)
    pen : float
        Width of the pen, as a share of the square's side: 0.002 (a pixel) to 1.

    Returns
    -------
    numpy.ndarray, shape (560, 560)
        Ink from 0 (paper) to 1.

    Raises
    ------
    CourseError
        If `strokes` is no such list, or `pen` no such share.
    """
    validation.between("pen", pen, _THINNEST, 1)
    image = Image.new("L", (_CANVAS, _CANVAS))
    canvas, radius = ImageDraw.Draw(image), pen * _CANVAS / 2
    for stroke in _sequence("strokes", strokes, "trazos"):
        points = [_point(point) for point in _sequence("Un trazo", stroke, "puntos (x, y)")]
        canvas.line(points, fill=255, width=round(2 * radius))
        for x, y in points:  # round ends and corners
            canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(image, dtype="float32") / 255


def like_mnist(image):
    """Turn a picture of one digit into one like MNIST's.

    The ink is cropped, scaled so that its longer side takes 20 pixels (which leaves greys, as in MNIST), and laid on
    28 × 28 with its centre of mass in the middle (LeCun et al., 1998). MNIST's own pictures come out as they went in.

    Parameters
    ----------
    image : array-like, shape (height, width)
        Ink from 0 (paper) to 1, or to 255.

    Returns
    -------
    numpy.ndarray, shape (28, 28), float32
        Ink from 0 to 1; all 0 where there is none.

    Raises
    ------
    CourseError
        If `image` is no such picture.
    """
    ink = _ink(image)
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((SIDE, SIDE), dtype="float32")
    small = _scaled(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    centre = (np.indices(small.shape) * small).sum(axis=(1, 2)) / small.sum()
    # MNIST's centres of mass lie around pixel 14, counted from 0. What is centred so may still not stick out.
    corner = np.clip(np.round(SIDE / 2 - centre).astype(int), 0, SIDE - np.array(small.shape))
    whole = np.zeros((SIDE, SIDE), dtype="float32")
    whole[corner[0] : corner[0] + small.shape[0], corner[1] : corner[1] + small.shape[1]] = small
    return whole


def _scaled(ink):
    """Scale a picture so that its longer side takes `BOX` pixels."""
    factor = BOX / max(ink.shape)
    height, width = (max(1, round(side * factor)) for side in ink.shape)
    picture = Image.fromarray(np.round(ink * 255).astype("uint8"))
    return np.asarray(picture.resize((width, height), Image.Resampling.BOX), dtype="float32") / 255


def _ink(image):
    try:
        ink = np.asarray(image, dtype="float32")
    except (TypeError, ValueError, OverflowError) as error:
        raise CourseError(f"image debe ser una tabla de números, y falló con: {error}.") from error
    if ink.ndim != 2 or not ink.size or not np.isfinite(ink).all() or ink.min() < 0 or ink.max() > 255:
        raise CourseError(
            f"image tiene forma {ink.shape}. Se esperaba una imagen en gris, (alto, ancho), con la tinta de 0 a 1 "
            "o de 0 a 255. Si el fondo es blanco, dale la vuelta: 255 - imagen."
        )
    return ink / 255 if ink.max() > 1 else ink


def _sequence(what, value, parts):
    if not isinstance(value, Iterable):
        raise CourseError(f"{what} no puede ser {value!r}: se esperaba una lista de {parts}.")
    return value


def _point(point):
    try:
        x, y = point
    except (TypeError, ValueError):
        x = y = None
    if not all(isinstance(value, Real) and 0 <= value <= 1 for value in (x, y)):
        raise CourseError(f"Un trazo tiene el punto {point!r}. Cada punto es un par (x, y) de números entre 0 y 1.")
    return x * _CANVAS, y * _CANVAS
