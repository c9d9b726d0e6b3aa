"""The student's own points: from an array, a DataFrame or a CSV file to labels that the simulator understands."""

from io import StringIO
from pathlib import Path

import numpy as np

from course.errors import CourseError

_MAX_CLASSES = 10
_MISSING = ("nan", "None", "<NA>", "NaT")  # what a label that is not there is called, as a text


def read_csv(path):
    """Return the table of a CSV file: two columns of numbers and one of labels, with a header or without.

    Spreadsheets in Spanish write semicolons and decimal commas; those are understood too.

    Raises
    ------
    CourseError
        Where the file is not there or is no such table.
    """
    import pandas as pd

    if not Path(path).is_file():
        raise CourseError(f"No encuentro el archivo «{path}». Revisa la ruta.")
    try:
        text = Path(path).read_text(encoding="utf-8-sig").lstrip("\r\n")
        first = text.partition("\n")[0].replace('"', "")
        separator = next((mark for mark in ";\t" if mark in first), ",")
        decimal = "," if separator != "," and "," in text else "."
        header = None if all(_is_number(cell.replace(decimal, ".")) for cell in first.split(separator)[:2]) else 0
        table = pd.read_csv(StringIO(text), sep=separator, decimal=decimal, header=header)
    except ValueError as error:  # not UTF-8, or no table
        raise CourseError(f"No pude leer «{path}» como CSV ({error}). Guárdalo como CSV en UTF-8.") from error
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes a column too many as the rows' names
        raise CourseError(f"Las filas de «{path}» tienen más campos que su primera línea. Corrígelo.")
    return table


def check(points, problem):
    """Return the student's points as the simulator uses them.

    Parameters
    ----------
    points : array of shape (n, 3) or pandas.DataFrame
        x, y, label. Labels may be texts.
    problem : str
        classification: two different labels become -1 and +1 in their order, more become 0, 1, 2…
        regression: the labels are the numbers to predict.

    Returns
    -------
    numpy.ndarray, int
        Shape (n, 3), and the number of classes (2 in a regression, where it means nothing).

    Raises
    ------
    CourseError
        Where the shape, a number or the labels are wrong.
    """
    table = np.asarray(points, dtype=object)
    if table.ndim != 2 or table.shape[1] != 3 or len(table) < 4:
        raise CourseError(
            "Tus puntos deben ser una tabla de tres columnas (x, y, etiqueta) y al menos cuatro filas; "
            f"esta es de forma {table.shape}."
        )
    xy = _numbers(table[:, :2], "las coordenadas")
    if problem == "regression":
        return np.column_stack([xy, _numbers(table[:, 2:], "los valores por predecir")]), 2
    texts = table[:, 2].astype(str)
    if (missing := np.isin(texts, _MISSING)).any():
        raise CourseError(f"Falta la etiqueta de la fila {missing.argmax() + 1}. Complétala o borra la fila.")
    names, labels = np.unique(texts, return_inverse=True)
    if all(_is_number(name) for name in names):
        names, labels = np.unique(table[:, 2].astype(float), return_inverse=True)
    if not 2 <= len(names) <= _MAX_CLASSES:
        raise CourseError(
            f"Tus puntos tienen {len(names)} etiquetas distintas; el simulador admite de 2 a {_MAX_CLASSES} clases. "
            "Si quieres predecir un número, usa dataset='reg-own'."
        )
    return np.column_stack([xy, labels * 2 - 1 if len(names) == 2 else labels]), len(names)


def _numbers(cells, what):
    try:
        numbers = cells.astype(float)
    except (TypeError, ValueError) as error:  # TypeError: a date, or pandas's <NA>
        raise CourseError(f"Entre {what} hay algo que no es un número ({error}). Corrígelo.") from error
    if not np.isfinite(numbers).all():
        row = int(np.flatnonzero(~np.isfinite(numbers).all(axis=1))[0])
        raise CourseError(f"Entre {what} falta un número o no es finito, en la fila {row + 1}. Complétala o bórrala.")
    return numbers


def _is_number(text):
    try:
        return np.isfinite(float(text))
    except ValueError:
        return False
