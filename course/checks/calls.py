"""Call the student's code: on copies, with every way in which that can end badly turned into words."""

import ast
import copy
import inspect
import re
import sys
import textwrap
from contextlib import contextmanager

import numpy as np

from course.checks.values import call_text, function_name, has_placeholder, safe_text, show, tell_error
from course.errors import CourseError


class Wrong(CourseError):
    """The answer is not right yet: `message` says what was seen, `hint` what to think about next."""

    def __init__(self, message, hint=""):
        """Keep both apart: the engine puts them into one line."""
        super().__init__(message)
        self.message, self.hint = message, hint


class Unattempted(CourseError):
    """The answer still holds the placeholder ``...``."""


def call(function, *args, none_ok=False, **kwargs):
    """Call the student's function on copies of the arguments and return what it returns.

    Parameters
    ----------
    function : callable
        The student's.
    none_ok : bool
        For functions that work in place. Otherwise ``None`` means a missing ``return``, or an untouched exercise.

    Raises
    ------
    Wrong
        It is not callable, does not take these arguments, raises (told with the student's line) or returns ``None``.
    Unattempted
        The placeholder is still there.
    """
    if not callable(function):
        raise Wrong(f"se esperaba una función y llegó {show(function)}.", "Pasa la función sin llamarla: f, no f(2).")
    what = call_text(function, args, kwargs)
    _expect_arguments(function, args, kwargs)
    try:
        result = function(*map(_fresh, args), **{name: _fresh(value) for name, value in kwargs.items()})
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # exit() in a cell is a mistake like any other
        if _still_a_stub(function, ast.Assign | ast.Return) or "ellipsis" in safe_text(error):
            raise Unattempted(what) from error
        raise Wrong(f"en {what} tu función falló con {tell_error(error)}.", _hint_for_error(error)) from error
    if has_placeholder(result) or (result is None and _still_a_stub(function)):
        raise Unattempted(what)
    if result is None and not none_ok:
        raise Wrong(f"{what} devolvió None.", "¿Falta un return al final de tu función?")
    return result


@contextmanager
def explaining(pattern, hint):
    """Give `hint` to an error of Python's whose message has this pattern."""
    try:
        yield
    except Wrong as wrong:
        raise Wrong(wrong.message, hint if re.search(pattern, wrong.message) else wrong.hint) from wrong


def _expect_arguments(function, args, kwargs):
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return  # NumPy's ufuncs and some builtins have none
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        name, plural = function_name(function), "" if len(args) == 1 else "s"
        raise Wrong(f"{name} debe aceptar {len(args)} argumento{plural}.", f"Ahora es {name}{signature}.") from None


def _fresh(value):
    pandas = sys.modules.get("pandas")
    tables = (pandas.Series, pandas.DataFrame) if pandas else ()
    return copy.deepcopy(value) if isinstance(value, (np.ndarray, list, dict, set, *tables)) else value


def _still_a_stub(function, lines=ast.Expr | ast.Assign | ast.Return):
    """Whether a line of these kinds in the function's source is still a placeholder, or all it has is ``pass``."""
    try:
        definition = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError):
        return False
    if not isinstance(definition, ast.FunctionDef):
        return False
    values = [node.value for node in ast.walk(definition) if isinstance(node, lines)]
    rest = definition.body[ast.get_docstring(definition) is not None :]
    placeholder = any(isinstance(value, ast.Constant) and value.value is ... for value in values)
    return placeholder or all(isinstance(node, ast.Pass) for node in rest)


_HINTS_FOR_ERRORS = [
    (("NoneType",), "Algo vale None: ¿una función que usas aún no devuelve nada?"),
    (
        ("truth value of a",),  # an array, a Series, a DataFrame
        "Con un arreglo, if, and, max y min no sirven: trabaja elemento a elemento, con np.where o np.maximum.",
    ),
    (
        ("length-1 arrays", "0-dimensional arrays"),
        "Las funciones de math toman un solo número. Con arreglos usa las de NumPy, como np.exp.",
    ),
    (
        ("matmul", "not aligned"),
        "Las formas no calzan: imprime .shape de cada parte. En A @ B, A tiene tantas columnas como filas tiene B.",
    ),
    (
        ("broadcast",),
        "Las formas no calzan: imprime .shape de cada parte. Elemento a elemento se multiplica con *; con @, matrices.",
    ),
    (("inhomogeneous",), "Un arreglo necesita filas del mismo largo: imprime lo que le das a np.array."),
    (("for ^", "bitwise_xor"), "En Python la potencia se escribe con **; el signo ^ es otra operación."),
    (("'numpy.ufunc'",), "Una función de NumPy se calcula con paréntesis, como en np.exp(u)."),
    (("callable",), "Eso no se llama con paréntesis: ¿falta un *, sobran, o eran corchetes?"),
    (("interpreted",), "Ahí va un entero: de una lista, su len(…); en una división, // en vez de /."),
    (("'int' object is not iterable",), "¿Falta range? De 0 a n - 1 se cuenta con for i in range(n)."),
    (
        ("float' object", "float64' object", "float' has"),
        "Ahí hay un solo número y no un arreglo: no tiene elementos, índices ni forma.",
    ),
    (
        ("non-int", "'list' and", "and 'list'", "'list' object has"),
        "Con listas no se calcula elemento a elemento: usa un for, o conviértelas con np.array.",
    ),
    (
        ("index out", "bounds for axis"),
        "Los índices de n elementos van de 0 a n - 1: ¿hasta dónde llega tu for?",
    ),
    (
        ("values to unpack",),
        "A la izquierda no hay un nombre por cada valor. ¿Falta zip, para recorrer dos listas a la vez?",
    ),
    (("recursion",), "Tu función se llama a sí misma sin fin: cada llamada debe acercarse al caso final."),
]


def _hint_for_error(error):
    """Explain the errors that every beginner meets, in words of the class."""
    if isinstance(error, NameError) and error.name:
        why = (
            f"Falta «np.», como en np.{error.name}"
            if hasattr(np, error.name)
            else "Está mal escrito, o no lo definiste"
        )
        return f"Python no conoce el nombre {error.name}. ¿{why}?"
    if isinstance(error, KeyError):  # its text is the key and nothing else
        return "Esa clave o columna no existe: ¿está mal escrita, o la lees antes de guardarla?"
    text = safe_text(error)
    return next((hint for words, hint in _HINTS_FOR_ERRORS if any(word in text for word in words)), "")
