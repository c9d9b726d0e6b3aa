"""What a dense layer can be told about images without sharing weights: which pixels touch, and which are far apart.

Shuffle the pixels of all images, always in the same way, and a plain dense layer learns just as well: it does not know
that there is an image. A penalty and a constraint on its weights, in Keras's own terms, tell it.
"""

from numbers import Integral

import numpy as np

from course.environment import check_seed, import_keras
from course.errors import CourseError
from course.validation import count, positive

keras = import_keras()


@keras.saving.register_keras_serializable(package="course")
class Smoothness(keras.regularizers.Regularizer):
    """Penalty on weights that differ between neighbouring pixels: ``factor·Σ(w_here - w_next)²``, right and down.

    It is the kind of belief that `keras.regularizers.L2` is, about the differences of the weights instead of the
    weights themselves.

    Parameters
    ----------
    factor : float
        Above 0.
    side : int
        Pixels on each side of the square image that enters the layer, row after row.

    Raises
    ------
    CourseError
        If a value is none of these; and when the layer is built, if that is not what enters it.
    """

    def __init__(self, factor, side=28):
        self.factor = positive("factor", factor)
        self.side = count("side", side)

    def __call__(self, kernel):
        """Return the penalty of a kernel of shape ``(side², units)``, a scalar."""
        _check_inputs(kernel, self.side)
        image = keras.ops.reshape(kernel, (self.side, self.side, -1))
        down, right = image[1:] - image[:-1], image[:, 1:] - image[:, :-1]
        return self.factor * (keras.ops.sum(down**2) + keras.ops.sum(right**2))

    def get_config(self):
        """Return the arguments, for saving the model."""
        return {"factor": self.factor, "side": self.side}


@keras.saving.register_keras_serializable(package="course")
class ReceptiveField(keras.constraints.Constraint):
    """Let each unit see one square window of the image: its weights elsewhere are put back to 0 after each step.

    The windows are drawn at random, and nothing is shared between units, so this is no convolution (LeCun, 1989,
    *Generalization and network design strategies*, compares both).

    Parameters
    ----------
    window : int
        Pixels on each side of the window.
    max_norm : float, optional
        Largest norm of the weights inside it.
    side : int
        Pixels on each side of the image that enters the layer, row after row.
    margin : int
        Width of the border that no window covers; MNIST's is blank in nearly every image.
    seed : int
        Decides the windows.

    Raises
    ------
    CourseError
        If a value is none of these, or the window does not fit; and when the layer is trained, if such an image is not
        what enters it.
    """

    def __init__(self, window, max_norm=None, side=28, margin=2, seed=0):
        side, margin = count("side", side), count("margin", margin, least=0)
        check_seed(seed)
        if max_norm is not None:
            positive("max_norm", max_norm)
        if not isinstance(window, Integral) or not 0 < window <= side - 2 * margin:
            raise CourseError(
                f"window={window!r} no cabe: se esperaba un entero de 1 a {side - 2 * margin}, porque la imagen tiene "
                f"{side} píxeles de lado y a cada lado se dejan {margin}."
            )
        self.window, self.max_norm, self.side, self.margin, self.seed = window, max_norm, side, margin, seed

    def mask(self, units):
        """Return 1 where a unit sees and 0 where it does not, shape ``(side², units)``."""
        last = self.side - self.margin - self.window
        corners = np.random.default_rng(self.seed).integers(self.margin, last, (2, units), endpoint=True)
        offsets = np.arange(self.side)[:, None] - corners[:, None]
        rows, columns = (offsets >= 0) & (offsets < self.window)
        return (rows[:, None] & columns[None]).reshape(-1, units).astype("float32")

    def __call__(self, kernel):
        """Return a kernel of shape ``(side², units)`` with what the units do not see at 0, and its norms bounded."""
        _check_inputs(kernel, self.side)
        kernel = kernel * keras.ops.convert_to_tensor(self.mask(kernel.shape[1]), kernel.dtype)
        return kernel if self.max_norm is None else keras.constraints.MaxNorm(self.max_norm, axis=0)(kernel)

    def get_config(self):
        """Return the arguments, for saving the model."""
        return {name: getattr(self, name) for name in ("window", "max_norm", "side", "margin", "seed")}


def _check_inputs(kernel, side):
    """Refuse a layer of other images: with some sides the penalty would be that of pixels which do not touch."""
    if kernel.shape[0] != side**2:
        raise CourseError(
            f"A la capa entran {kernel.shape[0]} valores, que no son los {side**2} píxeles de una imagen con "
            f"side={side}. Di cuántos tiene de lado la tuya."
        )
