"""Checks of what reaches a network: numbers, shapes and names, each with a message that says how to mend it."""

import reprlib
from numbers import Integral, Real

import numpy as np

from course.errors import CourseError
from course.functions import ACTIVATIONS, LOSSES, PARTNERS

_KINDS = {1: "una lista de números", 2: "una tabla de números, con filas y columnas"}


def numeric(name, value, dimensions):
    """Return `value` as a new float64 array of so many dimensions.

    Parameters
    ----------
    name : str
        What the student calls it, for the message.
    value : array-like
        Booleans, integers or floats.
    dimensions : int
        1 or 2.

    Raises
    ------
    CourseError
        If it is ragged, not numeric, empty, of other dimensions, or holds NaN or infinity.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise CourseError(f"{name} tiene filas de distinto largo. Se esperaba {_KINDS[dimensions]}.") from error
    if array.dtype.kind not in "buif":
        raise CourseError(
            f"{name} tiene valores que no son números (tipo {array.dtype}). Se esperaba {_KINDS[dimensions]}: "
            "convierte antes los textos y los valores que faltan."
        )
    if array.ndim != dimensions:
        hint = f" Si es una sola fila usa np.reshape({name}, (1, -1)); si es una sola columna, (-1, 1)."
        raise CourseError(
            f"{name} tiene forma {array.shape}. Se esperaba {_KINDS[dimensions]}.{hint if array.ndim == 1 else ''}"
        )
    if array.size == 0:
        raise CourseError(f"{name} está vacío: su forma es {array.shape}. Pasa al menos un valor.")
    array = np.array(array, dtype=np.float64, order="C")
    if not np.isfinite(array).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        where = f"{name}[{', '.join(map(str, place))}]"
        raise CourseError(f"{where} vale {array[place]}: solo se admiten números finitos. Corrígelo antes de seguir.")
    return array


def rows(name, value, columns):
    """Return `value` as a float64 table of so many columns: `numeric`, and CourseError if the width is another."""
    array = numeric(name, value, 2)
    if array.shape[1] != columns:
        raise CourseError(
            f"{name} tiene forma {array.shape} y la red espera (n, {columns}): {columns} "
            f"{'columna' if columns == 1 else 'columnas'} por observación."
        )
    return array


def targets(y, shape, loss):
    """Return `y` as a float64 table of that shape whose values the loss understands.

    Raises
    ------
    CourseError
        If the shape is another, the binary cross-entropy gets values outside [0, 1], or the categorical one rows that
        are not probabilities (one-hot rows are).
    """
    if loss == "categorical_crossentropy" and np.ndim(y) == 1:
        raise CourseError(
            f"y tiene forma {np.shape(y)} y {loss} espera {shape}: una columna por clase. "
            f"Si y trae el número de la clase, usa np.eye({shape[1]})[y]."
        )
    y = rows("y", y, shape[1])
    if len(y) != shape[0]:
        raise CourseError(f"y tiene {len(y)} filas y x tiene {shape[0]}. Debe haber un objetivo por observación.")
    if loss != "mean_squared_error" and (y.min() < 0 or y.max() > 1):
        wrong = y[(y < 0) | (y > 1)][0]
        raise CourseError(f"y contiene {wrong:g} y {loss} espera probabilidades: valores entre 0 y 1.")
    if loss == "categorical_crossentropy" and (off := np.abs(y.sum(axis=1) - 1)).max() > 1e-6:
        row = int(off.argmax())
        raise CourseError(
            f"La fila {row} de y suma {y[row].sum():g} y {loss} espera que cada fila sume 1: "
            "un 1 en la clase correcta y 0 en las demás."
        )
    return y


def known(name, value, options):
    """Return `value` if it is one of `options`; CourseError that lists them if not."""
    if not isinstance(value, str) or value not in options:
        raise CourseError(f"{name}={value!r} no existe. Usa uno de estos nombres: {', '.join(options)}.")
    return value


def count(name, value, least=1, most=np.inf):
    """Return `value` as an int from `least` to `most`; CourseError if it is anything else."""
    if isinstance(value, bool) or not isinstance(value, Integral) or not least <= value <= most:
        bounds = f"mayor o igual que {least}" if most == np.inf else f"entre {least} y {most}"
        raise CourseError(f"{name}={value!r} no es válido: usa un entero {bounds}.")
    return int(value)


def positive(name, value):
    """Return `value` as a finite float above 0; CourseError if it is anything else."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < value < np.inf:
        raise CourseError(f"{name}={value!r} no es válido: usa un número mayor que 0.")
    return float(value)


def between(name, value, low, high):
    """Return `value` as a float from `low` to `high`; CourseError if it is anything else."""
    if isinstance(value, bool) or not isinstance(value, Real) or not low <= value <= high:
        raise CourseError(f"{name}={value!r} no es válido: usa un número entre {low} y {high}.")
    return float(value)


def table(name, value, source):
    """Return `value` if it is a DataFrame, as the function `source` returns it; CourseError if it is anything else."""
    import pandas as pd

    if not isinstance(value, pd.DataFrame):
        raise CourseError(f"{name} debe ser la tabla que devuelve {source}, no {reprlib.repr(value)}.")
    return value


def units(value):
    """Return the units of each layer as a tuple; CourseError if they are not at least two positive integers."""
    try:
        value = tuple(value)
    except TypeError:
        value = (value,)
    if len(value) < 2:
        raise CourseError(
            f"units={value!r} no describe una red: di cuántas neuronas tiene cada capa, desde la de entrada hasta la "
            "de salida, por ejemplo (3, 2, 2, 1)."
        )
    return tuple(count(f"units[{k}]", n) for k, n in enumerate(value))


def network(weights, biases, activations, loss):
    """Return a network's weights, biases (read-only copies) and activations as tuples that fit each other.

    Raises
    ------
    CourseError
        If shapes do not fit each other, a value is not finite, a name is unknown, or output and loss do not match.
    """
    weights = tuple(numeric(f"weights[{k}]", w, 2) for k, w in enumerate(weights))
    biases = tuple(numeric(f"biases[{k}]", b, 1) for k, b in enumerate(biases))
    activations = (activations,) if isinstance(activations, str) else tuple(activations)
    _check_shapes(weights, biases, activations)
    _check_functions([len(b) for b in biases], activations, loss)
    for array in (*weights, *biases):
        array.flags.writeable = False
    return weights, biases, activations


def _check_shapes(weights, biases, activations):
    if not len(weights) == len(biases) == len(activations) > 0:
        raise CourseError(
            f"La red tiene {len(weights)} weights, {len(biases)} biases y {len(activations)} activations. "
            "Cada capa, sin contar la de entrada, necesita uno de cada."
        )
    for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
        if k and len(w) != weights[k - 1].shape[1]:
            raise CourseError(
                f"weights[{k}] tiene forma {w.shape} y la capa anterior tiene {weights[k - 1].shape[1]} neuronas: "
                f"necesita {weights[k - 1].shape[1]} filas, una por neurona de la capa anterior."
            )
        if b.shape != (w.shape[1],):
            raise CourseError(
                f"biases[{k}] tiene forma {b.shape} y weights[{k}] tiene forma {w.shape}: "
                f"debe haber un sesgo por columna, {w.shape[1]} en total."
            )


def _check_functions(layer_units, activations, loss):
    known("loss", loss, LOSSES)
    for k, (n, name) in enumerate(zip(layer_units, activations, strict=True)):
        known(f"activations[{k}]", name, ACTIVATIONS)
        if name == "softmax" and n == 1:
            raise CourseError(
                f"activations[{k}]='softmax' con una sola neurona vale siempre 1 y no aprende. "
                "Usa sigmoid, o tantas neuronas como clases."
            )
    partner = PARTNERS.get(loss, activations[-1])
    if activations[-1] != partner:
        raise CourseError(
            f"loss={loss!r} necesita una salida {partner}, y la última activación es {activations[-1]!r}. "
            f"Cambia activations[{len(activations) - 1}] por {partner!r}, o usa loss='mean_squared_error'."
        )
