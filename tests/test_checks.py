import functools
import importlib
import inspect
import linecache
import math
import pkgutil
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from checks_cases import Cases
from hypothesis import given
from hypothesis import strategies as st

import course.checks
from course import notebooks
from course.checks import (
    Exercise,
    Wrong,
    call,
    exercise,
    exercises,
    expect,
    expect_close,
    expect_function,
    expect_text,
    progress,
)
from course.checks.values import call_text

# --- every exercise of the class ---------------------------------------------------------------------------------

MODULES = [
    importlib.import_module(f"course.checks.{module.name}")
    for module in pkgutil.iter_modules(course.checks.__path__)
    if module.name.startswith("nb")
]
EVERY = {f"{item.notebook}.{name}": item for module in MODULES for name, item in exercises(module).items()}
every_exercise = pytest.mark.parametrize("item", EVERY.values(), ids=EVERY.keys())


def cases_of(item):
    return getattr(importlib.import_module(f"checks_cases.{item.notebook}"), item.name)


def graded(item, answer):
    several = len(inspect.signature(item.look).parameters) > 1
    return item.grade(*answer) if several else item.grade(answer)


@every_exercise
def test_each_exercise_has_cases_and_hints(item):
    cases = cases_of(item)
    assert isinstance(cases, Cases)
    assert len(cases.right) >= 2
    assert len(cases.wrong) >= 4
    assert item.hints
    assert item.title


@every_exercise
def test_other_right_answers_pass(item):
    outcomes = [graded(item, answer) for answer in cases_of(item).right]
    assert [str(outcome) for outcome in outcomes if outcome.status != "correct"] == []


@every_exercise
def test_typical_wrong_answers_draw_their_hint(item):
    for answer, words in cases_of(item).wrong:
        outcome = graded(item, answer)
        assert outcome.status == "wrong", f"{answer!r}: {outcome}"
        assert words, "an empty hint proves nothing"
        assert words in outcome.hint, f"{answer!r}: {outcome}"


@every_exercise
def test_each_exercise_is_in_its_notebook(item):
    (path,) = notebooks.solutions([item.notebook.removeprefix("nb")])
    assert item.name in notebooks.exercises(notebooks.read(path))


# --- the engine --------------------------------------------------------------------------------------------------


@exercise("La activación ReLU", hints=["Mira los negativos.", "np.maximum"], learned="Es la más usada.")
def relu(answer):
    mistakes = [(np.abs, "Eso es |u|."), (lambda u: u, "Eso es la identidad.")]
    expect_function(answer, lambda u: np.maximum(0, u), [-2.0, 3.0], "¿Y los negativos?", mistakes=mistakes)


@exercise("Cuántos parámetros")
def parameters(answer):
    expect_close(answer, 17, "parametros", typical=[(12, "¿Y los sesgos?")])


@exercise("Dos respuestas")
def two(first, second):
    expect(first == "a", "la primera no es.", "Prueba otra letra.")
    expect_text(second, {"sigmoide", "logística"}, "la segunda")


def from_cell(source, name):
    """Define a function as a notebook's cell does: known to linecache, not on disk."""
    file = f"/tmp/ipykernel_1/{abs(hash(source))}.py"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    namespace = {"np": np}
    exec(compile(source, file, "exec"), namespace)
    return namespace[name]


class Hostile:
    """Raises whatever one does with it."""

    def _refuse(self, *args, **kwargs):
        raise ValueError("no me toques")

    __eq__ = __bool__ = __repr__ = __str__ = __len__ = __iter__ = __array__ = __float__ = __getitem__ = _refuse
    __hash__ = None


class Quits:
    def __float__(self):
        raise SystemExit


def test_a_right_answer_is_told_in_words(capsys):
    relu.check(lambda u: np.maximum(0, u))
    expected = "✅ Correcto: La activación ReLU. Comprobaciones locales superadas. Es la más usada.\n"
    assert capsys.readouterr().out == expected


def test_a_wrong_answer_is_told_with_what_was_expected_and_its_hint(capsys):
    def relu_(u):
        return u

    relu.check(relu_)
    assert capsys.readouterr().out == (
        "❌ Todavía no: relu_(-2) devolvió -2; se esperaba 0. Pista: Eso es la identidad.\n"
    )


def test_a_value_is_not_given_away():
    outcome = parameters.grade(12)
    assert str(outcome) == "❌ Todavía no: parametros vale 12, y no es lo que se esperaba. Pista: ¿Y los sesgos?"
    assert "17" not in str(parameters.grade(99))


STUBS = {
    "dots": "def f(u):\n    ...  # Tu código aquí",
    "after a docstring": 'def f(u):\n    """Return."""\n    ...  # Tu código aquí',
    "after given code": "def f(u):\n    n = 3\n    ...  # Tu código aquí",
    "pass": "def f(u):\n    pass",
    "bound": "def f(u):\n    h = ...  # Tu código aquí\n    return h",
    "used": "def f(u):\n    h = ...  # Tu código aquí\n    return h + 1",
    "in a tuple": "def f(u):\n    h = ...  # Tu código aquí\n    return u, h",
    "in an array": "def f(u):\n    h = ...  # Tu código aquí\n    return np.array(h)",
    "lambda": "f = lambda u: ...",
    "raises elsewhere": "def f(u):\n    w = ...  # Tu código aquí\n    return np.ones(3) @ w",
    "in a helper": "def g():\n    return ...\n\ndef f(u):\n    return len(g())",
}


@pytest.mark.parametrize("source", STUBS.values(), ids=STUBS.keys())
def test_a_stub_is_not_attempted(source):
    outcome = relu.grade(from_cell(source, "f"))
    assert str(outcome).startswith("⏳ Sin intentar: La activación ReLU.")


@pytest.mark.parametrize("answer", [..., None, [1, ...], (..., 2), {"a": ...}], ids=repr)
def test_a_placeholder_is_not_attempted(answer):
    assert parameters.grade(answer).status == "unattempted"


def test_no_answer_is_not_attempted_and_too_many_are_wrong():
    assert parameters.grade().status == "unattempted"
    assert two.grade("a", ...).status == "unattempted"
    assert "espera 2 y recibió 1" in str(two.grade("a"))
    assert "espera 1 y recibió 2" in str(parameters.grade(17, 17))


def test_a_forgotten_return_is_wrong_and_says_so():
    assert "¿Falta un return" in relu.grade(from_cell("def f(u):\n    h = max(0, u)", "f")).hint


def test_a_placeholder_left_above_the_students_code_hides_no_error():
    outcome = relu.grade(from_cell("def f(u):\n    ...  # Tu código aquí\n    return u / 0", "f"))
    assert "tu función falló con ZeroDivisionError" in str(outcome)


def test_a_function_that_works_in_place_may_return_none():
    weights = [1.0, 2.0]
    assert call(lambda w: w.clear(), weights, none_ok=True) is None
    assert weights == [1.0, 2.0], "the student's function gets a copy"


@pytest.mark.parametrize("table", [pd.Series([1.0, 2.0]), pd.DataFrame({"loss": [1.0, 2.0]})], ids=["series", "table"])
def test_a_function_that_changes_its_table_changes_a_copy(table):
    def halved(losses):
        losses *= 0.5
        return losses

    before = table.copy()
    assert call(halved, table).equals(before / 2)
    assert table.equals(before), "the expected answer is computed from it afterwards"


def test_an_exception_is_told_with_the_students_line():
    source = "def relu(u):\n    half = helper(u)\n    return half\n\ndef helper(u):\n    return u / 0\n"
    assert str(relu.grade(from_cell(source, "relu"))).startswith(
        "❌ Todavía no: en relu(-2) tu función falló con "
        "ZeroDivisionError: float division by zero (línea 6 de tu celda: return u / 0)."
    )


def test_the_last_line_in_the_cell_is_told_when_a_library_raises():
    source = "def f(u):\n    return np.linalg.inv(np.zeros((2, 2)))"
    assert "LinAlgError: Singular matrix (línea 2 de tu celda: return np.linalg.inv" in str(
        relu.grade(from_cell(source, "f"))
    )


def test_too_few_or_too_many_parameters():
    assert "debe aceptar 1 argumento." in str(relu.grade(lambda: 1))
    assert "Ahora es f(u, v)." in str(relu.grade(from_cell("def f(u, v):\n    return u", "f")))


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("sqrt(u)", "Python no conoce el nombre sqrt. ¿Falta «np.», como en np.sqrt?"),
        ("medianas(u)", "Python no conoce el nombre medianas. ¿Está mal escrito, o no lo definiste?"),
        ("u * None", "Algo vale None"),
        ("__import__('math').exp(u)", "Las funciones de math toman un solo número"),
        ("max(0, u)", "Con un arreglo, if, and, max y min no sirven"),
        ("u @ np.ones((3, 2))", "En A @ B, A tiene tantas columnas como filas tiene B"),
        ("u + np.ones(3)", "Elemento a elemento se multiplica con *"),
        ("np.array([u, [1]])", "Un arreglo necesita filas del mismo largo"),
        ("u ^ 2", "la potencia se escribe con **"),
        ("u[0] ^ 2", "la potencia se escribe con **"),
        ("1 + np.exp * u", "se calcula con paréntesis"),
        ("u.size()", "¿falta un *, sobran, o eran corchetes?"),
        ("range(u.size / 2)", "Ahí va un entero"),
        ("[i for i in len(u)]", "¿Falta range?"),
        ("[v for v in float(u[0])]", "un solo número y no un arreglo"),
        ("float(u[0])[0]", "un solo número y no un arreglo"),
        ("float(u[0]).__setitem__(0, 1)", "un solo número y no un arreglo"),
        ("len(float(u[0]))", "un solo número y no un arreglo"),
        ("[v for v in u[0]]", "un solo número y no un arreglo"),
        ("[1, 2] * [3, 4]", "Con listas no se calcula elemento a elemento"),
        ("[1, 2] - [3, 4]", "Con listas no se calcula elemento a elemento"),
        ("[1, 2].shape", "Con listas no se calcula elemento a elemento"),
        ("[1, 2][2]", "van de 0 a n - 1"),
        ("u[2]", "van de 0 a n - 1"),
        ("[a + b for a, b in (u, [1, 2, 3])]", "¿Falta zip"),
        ("f(u)", "se llama a sí misma sin fin"),
        ("{'w': 1}['b']", "Esa clave o columna no existe"),
    ],
)
def test_errors_that_every_beginner_meets_have_a_hint(line, hint):
    with pytest.raises(Wrong) as wrong:
        call(from_cell(f"def f(u):\n    return {line}", "f"), np.ones(2))
    assert hint in wrong.value.hint


def test_a_long_argument_is_told_by_the_students_name_for_it():
    function = from_cell("def gap(runs, column, start=0):\n    return None", "gap")
    table = pd.DataFrame({"loss": np.zeros(30), "val_loss": np.ones(30)})
    with pytest.raises(Wrong, match=r"gap\(runs, 'loss', start=1\) devolvió None"):
        call(function, table, "loss", start=1)
    assert call_text(max, [table, 1]) == "max(…, 1)"
    layers = [np.ones((2, 3)), np.ones((3, 1))]
    assert call_text(from_cell("def forward(x, weights):\n    return x", "forward"), [[0.7, 0.3], layers]) == (
        "forward([0.7, 0.3], weights)"
    )


def test_a_table_is_told_by_its_columns():
    with pytest.raises(Wrong, match="vale una tabla de 2 filas con las columnas a, b; se esperaba un número"):
        expect_close(pd.DataFrame({"a": ["x", "y"], "b": 1}), 3, "n")


@pytest.mark.parametrize("kind", [pd.Series, pd.Index])
def test_a_column_is_told_by_its_values_alone(kind):
    assert call_text(max, [kind(["r0a", "r1b"]), kind([1, 2])]) == "max(['r0a', 'r1b'], [1, 2])"


@pytest.mark.parametrize("error", ["exit()", "raise GeneratorExit", "raise BaseException('x')", "f(u)"])
def test_what_is_not_an_exception_is_told_too(error):
    outcome = relu.grade(from_cell(f"def f(u):\n    {error}\n    return u", "f"))
    assert "tu función falló con" in str(outcome)


def test_ctrl_c_passes_through():
    with pytest.raises(KeyboardInterrupt):
        relu.check(from_cell("def f(u):\n    raise KeyboardInterrupt", "f"))


def generator():
    yield 1


ODD = [
    Hostile(),
    Quits(),
    math.nan,
    math.inf,
    1j,
    "diecisiete",
    b"17",
    [],
    {},
    {17},
    [[1], [2, 3]],
    [None, 17],
    np.array([]),
    np.array(["17"]),
    np.array([17, None]),
    np.datetime64("2020-01-01"),
    pd.DataFrame({"a": ["x"]}),
    pd.NA,
    generator(),
    generator,
    len,
    int,
    object(),
    Exercise,
    functools.partial(max),
    10**400,
]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: type(odd).__name__)
def test_odd_answers_are_wrong_and_never_raise(odd, capsys):
    for item, answers in ((parameters, [odd]), (relu, [odd]), (relu, [lambda u: odd]), (two, [odd, odd])):
        item.check(*answers)
        printed = capsys.readouterr().out
        assert printed.startswith("❌ Todavía no: ")
        assert " at 0x" not in printed, "an address changes in every run"
        assert len(printed) < 700


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text() | st.integers(), st.lists, max_leaves=5))
def test_whatever_a_function_returns_gets_one_of_three_outcomes(value):
    assert relu.grade(lambda u: value).status in {"wrong", "unattempted"}
    assert two.grade(value, value).status in {"wrong", "unattempted", "correct"}


RIGHT = [
    17,
    17.0,
    np.int64(17),
    np.float32(17),
    np.array([17]),
    [[17]],
    (17,),
    Decimal(17),
    Fraction(17),
    pd.Series([17]),
]


@pytest.mark.parametrize("answer", RIGHT, ids=repr)
def test_the_same_number_in_any_dress_is_right(answer):
    assert parameters.grade(answer).status == "correct"


@pytest.mark.parametrize("shape", [(3,), (1, 3), (3, 1)])
def test_a_vector_may_lie_or_stand_unless_its_shape_is_the_point(shape):
    vector = np.arange(3.0)
    expect_close(vector.reshape(shape), vector, "h")
    if shape != (3,):
        with pytest.raises(Wrong, match="forma"):
            expect_close(vector.reshape(shape), vector, "h", exact_shape=True)


def test_a_matrix_keeps_its_shape_and_a_transpose_is_noticed():
    matrix = np.arange(6.0).reshape(2, 3)
    with pytest.raises(Wrong) as wrong:
        expect_close(matrix.T, matrix, "W")
    assert "traspuesta" in wrong.value.hint
    with pytest.raises(Wrong, match="forma"):
        expect_close(matrix.ravel(), matrix, "W")


def test_a_keras_tensor_is_a_number_like_any_other():
    keras = pytest.importorskip("keras")
    assert parameters.grade(keras.ops.convert_to_tensor(17.0)).status == "correct"
    expect_close(keras.ops.zeros((2, 2)), np.zeros((2, 2)), "W")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("17", "sin comillas"),
        (len, "¿falta llamarla"),
        (generator(), "generador"),
        (math.nan, "nan"),
        (17.001, "redondeaste"),
    ],
)
def test_common_slips_have_a_hint_of_their_own(answer, words):
    assert words in parameters.grade(answer).hint


def test_none_is_told_as_none_and_not_as_a_nan():
    with pytest.raises(Wrong, match="el elemento 1 de f\\(x\\) devolvió None; se esperaba un número") as wrong:
        expect_close((1, None), (1, 2), "f(x)")
    assert "Vale None" in wrong.value.hint
    with pytest.raises(Wrong, match="vale None; se esperaba un texto"):
        expect_text(None, "sigmoide", "la segunda")


def test_close_numbers_are_shown_with_the_digits_that_tell_them_apart():
    with pytest.raises(Wrong, match=r"vale 0\.376401; se esperaba 0\.3764\."):
        expect_close(0.3764012, 0.3764, "y", reveal=True, tolerance=1e-9)


def test_parts_of_a_tuple_or_dict_are_compared_one_by_one():
    expected = (np.ones((2, 3)), 0.5)
    expect_close([np.ones((2, 3)), [0.5]], expected, "forward(x)")
    expect_close({"u": 1, "h": 2}, {"h": 2.0, "u": 1.0}, "capas")
    with pytest.raises(Wrong, match=r"el elemento 1 de forward\(x\)"):
        expect_close((np.ones((2, 3)), 0.6), expected, "forward(x)")
    with pytest.raises(Wrong, match="se esperaban 2 valores, como en «return a, b»"):
        expect_close(np.ones((2, 3)).sum(), expected, "forward(x)")
    with pytest.raises(Wrong, match="se esperaba un diccionario con 'u', 'h'"):
        expect_close({"u": 1}, {"u": 1.0, "h": 2.0}, "capas(x)")


def test_a_half_filled_dictionary_is_told_what_it_lacks():
    assert two.grade({"a": 1, "b": ..., "c": ...}, "sigmoide").message.endswith("Falta: b, c.")
    assert "Falta:" not in two.grade({"a": ..., "b": ...}, "sigmoide").message


@pytest.mark.parametrize("text", ["Logística", "  LOGISTICA ", "sigmoide"])
def test_words_are_compared_without_capitals_accents_or_spaces(text):
    assert two.grade("a", text).status == "correct"


def test_words_want_quotes_and_know_typical_mistakes():
    with pytest.raises(Wrong) as wrong:
        expect_text("relu", "softmax", "activacion", "Piensa en probabilidades.", typical=[("ReLU", "No suma 1.")])
    assert wrong.value.hint == "No suma 1."
    assert "comillas" in two.grade("a", 3).hint


def test_hints_come_one_at_a_time(capsys):
    item = Exercise("Título", relu.look, ["uno", "dos"])
    for _ in range(3):
        item.hint()
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["💡 Pista 1 de 2: uno", "💡 Pista 2 de 2: dos"]
    assert lines[2].startswith("No quedan más pistas. La solución: test_checks.relu.solution()")


def test_warnings_inside_a_check_are_not_shown(capsys):
    relu.check(lambda u: np.maximum(0, u) + 0 * np.log(np.float64(0) * 0 + 1e-300) * np.exp(np.float64(1e4)) ** -1)
    assert capsys.readouterr().err == ""


def test_a_console_without_emoji_still_gets_the_message(monkeypatch):
    import io
    import sys

    console = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", console)
    parameters.check(17)
    console.flush()
    assert b"Correcto" in console.buffer.getvalue()


def test_progress_counts_the_right_answers(capsys, monkeypatch):
    import sys
    import types

    module = types.ModuleType("course.checks.nb99")
    module.relu, module.parameters = Exercise("Uno", relu.look), Exercise("Dos", parameters.look)
    module.parameters.check(17)
    monkeypatch.setitem(sys.modules, "course.checks.nb99", module)
    capsys.readouterr()
    progress()
    assert (
        "Ejercicios de nb99: 1 de 2 correctos.\n  ⏳ Sin intentar: Uno\n  ✅ Correcto: Dos" in capsys.readouterr().out
    )


def test_a_solution_that_is_not_found_is_told(capsys):
    relu.solution()
    assert "No encuentro la solución de test_checks.relu" in capsys.readouterr().out
