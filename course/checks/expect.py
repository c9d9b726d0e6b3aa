"""What an exercise's check is built from: call the student's code, compare, and say what is off.

Every helper returns quietly when the answer is right, and otherwise raises `Wrong` (with the hint that the mistake
deserves) or `Unattempted`. `course.checks.Exercise` turns those into words; they never reach the student as errors.
"""

import unicodedata

import numpy as np

from course.checks.calls import Unattempted, Wrong, call
from course.checks.values import as_numbers, call_text, has_placeholder, show, show_apart


def expect(condition, message, hint=""):
    """Raise `Wrong` with `message` unless `condition` holds."""
    if not condition:
        raise Wrong(message, hint)


def expect_close(got, expected, what, hint="", *, typical=(), exact_shape=False, tolerance=1e-5, reveal=None):
    """Hold a numeric answer against the expected one.

    Numbers, NumPy scalars, lists, tuples, arrays, pandas objects and tensors are all the same here. A scalar may come
    in an array of one element; a vector as ``(n,)``, ``(1, n)`` or ``(n, 1)``; a matrix keeps its shape.

    Parameters
    ----------
    got, expected : array_like
        An `expected` tuple or dict is compared part by part, so its parts may have different shapes.
    what : str
        What the student calls it: ``"relu(-2)"`` (a call: "devolvió …; se esperaba …") or ``"parametros"`` (a value:
        "vale …", without giving the answer away).
    hint : str
        For mistakes that `typical` does not know.
    typical : sequence of (array_like, str)
        Typical wrong values, each with the hint that it draws.
    exact_shape : bool
        Ask for `expected`'s very shape.
    tolerance : float
        Relative, and a tenth of it absolute: float32 passes, a result rounded to four decimals does not.
    reveal : bool, optional
        Say the expected value. By default only for calls.

    Raises
    ------
    Wrong, Unattempted
    """
    if has_placeholder(got):
        raise Unattempted(what)
    if isinstance(expected, tuple | dict):
        _expect_parts(got, expected, what, hint, typical, exact_shape, tolerance, reveal)
        return
    expected, numbers = as_numbers(expected), as_numbers(got)
    is_call = what.endswith(")")
    verb = "devolvió" if is_call else "vale"
    if numbers is None:
        raise Wrong(f"{what} {verb} {show(got)}; se esperaba {_kind(expected)}.", _hint_for_type(got) or hint)
    shaped = _fit(numbers, expected, exact_shape)
    if shaped is not None and _close(shaped, expected, tolerance):
        return
    got_text, expected_text = show_apart(numbers, expected)
    reveal = is_call if reveal is None else reveal
    if shaped is None:
        message = f"{what} {verb} {got_text}, de forma {numbers.shape}; se esperaba {_kind(expected)}."
    elif reveal:
        message = f"{what} {verb} {got_text}; se esperaba {expected_text}."
    else:
        message = f"{what} {verb} {got_text}, y no es lo que se esperaba."
    raise Wrong(message, _hint_for_value(numbers, expected, typical, tolerance) or hint)


def expect_text(got, expected, what, hint="", *, typical=()):
    """Hold an answer in words against the expected one, whatever its capitals, accents and spaces.

    Parameters
    ----------
    got : object
        The student's answer; anything that is not a string is wrong, with a hint about the quotes.
    expected : str or collection of str
        The right answer, or all that are right.
    what, hint, typical
        As in `expect_close`.
    """
    if has_placeholder(got):
        raise Unattempted(what)
    right = {expected} if isinstance(expected, str) else set(expected)
    if not isinstance(got, str):
        raise Wrong(f"{what} vale {show(got)}; se esperaba un texto.", "Escribe tu respuesta entre comillas.")
    if _plain(got) in map(_plain, right):
        return
    special = next((text for wrong, text in typical if _plain(wrong) == _plain(got)), None)
    raise Wrong(f"{what} vale {show(got)}, y no es lo que se esperaba.", special or hint)


def expect_function(function, reference, inputs, hint="", *, mistakes=(), **options):
    """Hold a student's function against a reference, input by input.

    Parameters
    ----------
    function : callable
        The student's.
    reference : callable
        The right one.
    inputs : iterable
        A tuple is a call's arguments, anything else its one argument. Put first what tells mistakes apart.
    hint : str
        For mistakes that `mistakes` does not know.
    mistakes : sequence of (callable, str)
        Typically mistaken versions of the function, each with the hint that it draws.
    **options
        `exact_shape`, `tolerance`, `reveal` of `expect_close`.
    """
    for args in inputs:
        args = args if isinstance(args, tuple) else (args,)
        typical = [(mistaken(*args), text) for mistaken, text in mistakes]
        what = call_text(function, args)
        expect_close(call(function, *args), reference(*args), what, hint, typical=typical, **options)


def _expect_parts(got, expected, what, hint, typical, *options):
    exact_shape, tolerance, reveal = options
    keys = list(expected) if isinstance(expected, dict) else list(range(len(expected)))
    if isinstance(expected, dict):
        wanted = f"se esperaba un diccionario con {', '.join(map(repr, keys))}"
    else:
        wanted = f"se esperaban {len(keys)} valores, como en «return {', '.join('abcdefgh'[: len(keys)])}»"
    missing = Wrong(f"{what} devolvió {show(got)}; {wanted}.", hint)
    for key in keys:
        try:
            part = got[key]
            complete = len(got) == len(keys)
        except Exception:
            raise missing from None
        if not complete:
            raise missing
        parts = [(wrong[key], text) for wrong, text in typical]
        name = f"el elemento {key} de {what}" if reveal is not False else f"{what}[{key!r}]"
        style = {"exact_shape": exact_shape, "tolerance": tolerance, "reveal": reveal}
        expect_close(part, expected[key], name, hint, typical=parts, **style)


def _fit(numbers, expected, exact_shape):
    """Return `numbers` in the shape of `expected`, or None when that would change its meaning."""
    vectors = all(sum(size != 1 for size in array.shape) <= 1 for array in (numbers, expected))
    if numbers.shape == expected.shape:
        return numbers
    return numbers.reshape(expected.shape) if vectors and not exact_shape and numbers.size == expected.size else None


def _close(numbers, expected, tolerance):
    return bool(np.allclose(numbers, expected, rtol=tolerance, atol=tolerance / 10))


def _kind(expected):
    return "un número" if expected.ndim == 0 else f"un arreglo de números de forma {expected.shape}"


def _hint_for_type(got):
    if got is None:
        return "Vale None: ¿quedó sin calcular, o falta un return en la función que lo calcula?"
    if isinstance(got, str):
        return "Escríbelo como número, sin comillas."
    if callable(got):
        return "Eso es una función: ¿falta llamarla, con paréntesis?"
    if hasattr(got, "__next__"):
        return "Eso es un generador: conviértelo en una lista con list(…)."
    return ""


def _hint_for_value(numbers, expected, typical, tolerance):
    for wrong, hint in typical:
        wrong = as_numbers(wrong)
        shaped = None if wrong is None else _fit(numbers, wrong, False)
        if shaped is not None and _close(shaped, wrong, tolerance):
            return hint
    if numbers.ndim == 2 and numbers.T.shape == expected.shape and _close(numbers.T, expected, tolerance):
        return "Parece la matriz traspuesta de la que se pide."
    if np.isnan(numbers).any():
        return "Hay un nan: ¿divides 0 entre 0, o sacas el logaritmo de un negativo?"
    near = np.minimum(5e-3, np.abs(expected) / 2 + 1e-9)  # next to 0.001, neither 0 nor 1e-6 is close
    if numbers.shape == expected.shape and (np.abs(numbers - expected) <= near).all():
        return "Estás muy cerca: ¿redondeaste antes de tiempo?"
    return ""


def _plain(text):
    letters = unicodedata.normalize("NFD", " ".join(str(text).split()).casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
