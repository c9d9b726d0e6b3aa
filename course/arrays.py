"""Arrays that a network can be trained on: x and y that fit it and its loss, and the part kept for validation."""

import reprlib
from numbers import Real

import numpy as np

from course.errors import CourseError


def checked(model, x, y):
    """Return x and y as arrays that fit the model.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    x : array-like, shape (n, inputs)
    y : array-like, shape (n,) or (n, outputs)

    Raises
    ------
    CourseError
        If they are no finite numbers, their shapes do not match, or y is no target of the model's loss.
    """
    x, y = numbers("x", x), numbers("y", y)
    if len(x) == 0 or len(x) != len(y):
        raise CourseError(f"x tiene {len(x)} filas e y tiene {len(y)}: deben ser las mismas, y al menos una.")
    if getattr(model, "input_shape", None) is None:  # Keras finds it out only when it trains
        raise CourseError(
            f"La red no dice cuántas entradas tiene. Ponle delante de sus capas keras.Input({x.shape[1:]})."
        )
    if x.shape[1:] != model.input_shape[1:]:
        raise CourseError(f"Cada fila de x tiene forma {x.shape[1:]}, pero la red espera {model.input_shape[1:]}.")
    _check_targets(model, y)
    return x, y


def numbers(name, value):
    """Return a value, which the user calls `name`, as an array; CourseError unless it is of finite numbers."""
    try:
        array = np.atleast_1d(value)
    except ValueError as error:
        raise CourseError(f"{name} tiene filas de distinto largo. Complétalas, o quita las que no sirvan.") from error
    if array.dtype.kind not in "biuf":
        raise CourseError(f"{name} tiene valores que no son números (tipo {array.dtype}). Conviértelos antes.")
    if not np.isfinite(array).all():
        raise CourseError(f"{name} tiene valores que faltan o infinitos (NaN, inf). Límpialos antes de entrenar.")
    return array


def are_classes(y, classes=np.inf):
    """Tell whether an array has one class number for each row, from 0 to ``classes - 1``."""
    return 0 < y.size == len(y) and y.min() >= 0 and y.max() < classes and not (y % 1).any()


def is_pair(value):
    """Tell whether a value is x and y together."""
    return isinstance(value, tuple | list) and len(value) == 2


def split(model, x, y, validation, seed):
    """Return training x and y, and the validation set as Keras wants it; arguments as in `course.training.fit`."""
    x, y = checked(model, x, y)
    if validation is None:
        return x, y, None
    if is_pair(validation):
        return x, y, checked(model, *validation)
    ways = "Usa una parte entre 0 y 1, un par (x, y), o None."
    if not isinstance(validation, Real) or not np.isfinite(validation):
        raise CourseError(f"validation no puede ser {reprlib.repr(validation)}. {ways}")
    rows = round(len(x) * validation)
    if not 0 < rows < len(x):
        raise CourseError(f"validation={validation!r} dejaría {rows} de {len(x)} filas para validar. {ways}")
    order = np.random.default_rng(seed).permutation(len(x))
    kept, held_out = order[rows:], order[:rows]
    return x[kept], y[kept], (x[held_out], y[held_out])


def _check_targets(model, y):
    """Refuse targets that the loss does not understand: Keras would train on them without a word."""
    outputs, values = model.output_shape[-1], f"valores de {float(y.min()):g} a {float(y.max()):g}"
    loss = getattr(model.loss, "name", None) or getattr(model.loss, "__name__", model.loss)  # an object, a function
    if loss == "sparse_categorical_crossentropy":
        if not are_classes(y, outputs):
            raise CourseError(
                f"y debe tener una clase por fila, un entero de 0 a {outputs - 1}; tiene forma {y.shape} y {values}."
            )
    elif y.size != len(y) * outputs:
        advice = " Usa keras.utils.to_categorical(y) o mlp(…, integer_labels=True)." if outputs > 2 else ""
        raise CourseError(f"y tiene forma {y.shape}, pero la red da {outputs} salida(s) por fila.{advice}")
    elif loss in ("binary_crossentropy", "categorical_crossentropy") and (y.min() < 0 or y.max() > 1):
        raise CourseError(
            f"y tiene {values}, y {loss} espera probabilidades: de 0 a 1. Si son etiquetas, escríbelas con 0 y 1."
        )
