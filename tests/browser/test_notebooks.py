"""Every student notebook in JupyterLab: as it is handed out, with wrong answers, and solved."""

import pytest
from playwright.sync_api import expect
from student import Student
from widgets import KEPT, Simulator, draw

from course import datasets
from course.notebooks import code_cells, read
from course.paths import resource

PATHS = sorted(resource("notebooks").glob("*.ipynb"))


@pytest.fixture
def student(request, browser, lab):
    """The notebook, run unsolved; a complaint of the browser or a red output fails the test."""
    student = Student(browser, lab, request.param)
    student.run_all()
    yield student
    problems, red = student.problems, student.red()
    student.close()
    assert (problems, red) == ([], [])


# One test and not three: to open a notebook and run it takes much longer than all that is typed into it.
@pytest.mark.parametrize("student", PATHS, ids=lambda path: path.stem, indirect=True)
def test_exercises_wait_give_hints_and_turn_green(student):
    student.screenshot("sin-resolver")
    told = {exercise.name: student.told(exercise.check) for exercise in student.exercises}
    assert [name for name, text in told.items() if "⏳ Sin intentar" not in text or "✅" in text or "❌" in text] == []

    for exercise in student.exercises:
        told, hint = student.answer_wrongly(exercise)
        assert "❌ Todavía no: " in told, exercise.name
        assert hint in told, exercise.name
    student.screenshot("con-errores")

    for exercise in student.exercises:
        assert "✅ Correcto: " in student.solve(exercise), exercise.name
    count = len(student.exercises)
    assert f"{count} de {count} correctos." in student.run(student.last)
    student.screenshot("resuelto")

    for text, use in WIDGETS.items():
        if has(student.cells, text):
            use(student)


def train_its_simulator(student):
    widget = Simulator(student.page)
    widget.root.scroll_into_view_if_needed()
    before = int(widget.epoch.inner_text())
    widget.train_until(before + 100)
    widget.screenshot(f"{student.stem}-simulador")


def draw_on_its_canvas(student):
    told = student.page.locator(".lienzo p")
    student.page.get_by_role("button", name="Borrar").click()
    expect(told).to_have_text("Dibuja aquí un dígito.")
    strokes, digits = datasets.drawings()
    draw(student.page, strokes[28])
    expect(told).to_contain_text(f"La red dice {digits[28]} (")
    student.page.screenshot(path=KEPT / f"{student.stem}-lienzo.png")


WIDGETS = {"Simulator(": train_its_simulator, "canvas.Canvas(": draw_on_its_canvas}


def has(cells, text):
    return any(text in cell.source for cell in code_cells(cells))


@pytest.mark.parametrize("text", WIDGETS)
def test_each_widget_is_in_a_notebook(text):
    assert any(has(read(path).cells, text) for path in PATHS)
