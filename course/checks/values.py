"""Any value a student may hand in, as numbers or as a short text: nothing here raises, whatever the object."""

import inspect
import linecache
import sys
from pathlib import Path

import numpy as np

_LONGEST = 160  # characters of a student's value or error that a message repeats
_LONGEST_ARGUMENT = 40  # characters of an argument; a longer one is told by its name


def has_placeholder(value, depth=4):
    """Whether ``...`` stands in `value` or among its elements."""
    if value is ...:
        return True
    if depth and isinstance(value, list | tuple | dict):
        parts = value.values() if isinstance(value, dict) else value
        return any(has_placeholder(part, depth - 1) for part in parts)
    return isinstance(value, np.ndarray) and value.dtype == object and any(part is ... for part in value.flat)


def as_numbers(value):
    """Return `value` as a float64 array, or None when it is not made of numbers."""
    try:
        array = np.asarray(value)
        if array.dtype == object and not any(part is None or isinstance(part, str) for part in array.flat):
            array = array.astype(float)  # Decimal, Fraction, and anything else with a __float__; None would be a nan
        return array.astype(float) if array.dtype.kind in "biuf" else None
    except Exception:
        return None


def show(value):
    """Return a short text for any value: the same in every run, and never an exception."""
    pandas = sys.modules.get("pandas")
    if pandas and isinstance(value, pandas.DataFrame):
        return f"una tabla de {len(value)} filas con las columnas {', '.join(map(str, value.columns))}"
    if pandas and isinstance(value, pandas.Series | pandas.Index):  # pandas writes their index and their type too
        value = value.tolist()
    numbers = as_numbers(value)
    if numbers is not None:
        return _show_numbers(numbers, 4)
    text = safe_text(value, lambda any_object: " ".join(repr(any_object).split()))
    if " at 0x" in text or not text:  # an address changes in every run
        return f"un objeto de tipo {type(value).__name__}"
    return text


def safe_text(value, how=str):
    """Return the first line of ``how(value)``, cut short; empty when the object cannot even do that."""
    try:
        lines = how(value).strip().splitlines() or [""]
    except Exception:
        return ""
    return lines[0] if len(lines[0]) <= _LONGEST else lines[0][: _LONGEST - 1] + "…"


def call_text(function, args, kwargs=None):
    """Return the call as the student would write it: ``relu(-2)``."""
    parts = [show(arg) for arg in args] + [f"{key}={show(value)}" for key, value in (kwargs or {}).items()]
    names = [*_parameters(function, len(args)), *(kwargs or {})]
    short = [part if len(part) <= _LONGEST_ARGUMENT else name for part, name in zip(parts, names, strict=True)]
    return f"{function_name(function)}({', '.join(short)})"


def _parameters(function, count):
    """Return what the student called the first arguments; an ellipsis where that cannot be known."""
    try:
        names = list(inspect.signature(function).parameters)[:count]
    except (TypeError, ValueError):  # NumPy's ufuncs and some builtins have no signature
        names = []
    return names + ["…"] * (count - len(names))


def function_name(function):
    """Return what to call a function; a lambda, or an object that is called, has no name of its own."""
    name = getattr(function, "__name__", "")
    return name if isinstance(name, str) and name.isidentifier() else "tu_función"


def tell_error(error):
    """Return an exception's name and message, with the line of the student's own code that raised it."""
    text = safe_text(error).rstrip(".:")  # the sentence that repeats it has a stop of its own
    text = type(error).__name__ + (f": {text}" if text else "")
    trace, where = error.__traceback__, ""
    while trace is not None:
        file, number = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        line = linecache.getline(file, number).strip()
        if line and not Path(file).exists():  # a notebook's cell is known to linecache and not on disk
            where = f" (línea {number} de tu celda: {line})"
        trace = trace.tb_next
    return text + where


def show_apart(got, expected):
    """Show two arrays with as few digits as tell them apart."""
    for digits in (4, 6, 9, 17):
        texts = _show_numbers(got, digits), _show_numbers(expected, digits)
        if texts[0] != texts[1]:
            break
    return texts


def _show_numbers(array, digits):
    def one(number):
        return str(int(number)) if number == np.round(number) and abs(number) < 1e15 else f"{number:.{digits}g}"

    if array.ndim == 0:
        return one(float(array))
    text = np.array2string(array, separator=", ", threshold=20, edgeitems=2, formatter={"float_kind": one})
    return " ".join(text.split())
