"""Every student notebook in JupyterLab: as it is handed out, with wrong answers, and solved."""

import pytest
from playwright.sync_api import expect
from student import Student
from widgets import KEPT, Simulator, draw

from course import datasets
from course.notebooks import code_cells, read
from course.paths import resource

PATHS = sorted(resource("notebooks").glob("*.ipynb"))


def notebooks_with(text):
    """Parametrise over the notebooks that have a text in their code."""
    found = [path for path in PATHS if any(text in cell.source for cell in code_cells(read(path).cells))]
    assert found
    return pytest.mark.parametrize("opened", found, ids=lambda path: path.stem, indirect=True)


every_notebook = notebooks_with("")


@pytest.fixture(scope="module")
def opened(request, browser, lab):
    """The notebook, opened once for all its tests."""
    student = Student(browser, lab, request.param)
    yield student
    student.close()


@pytest.fixture
def student(opened):
    """The notebook, run unsolved; a complaint of the browser or a red output fails the test."""
    opened.problems.clear()
    opened.run_all()
    yield opened
    assert opened.red() == []
    assert opened.problems == []


@every_notebook
def test_unsolved_it_runs_to_its_end_and_every_exercise_waits(student):
    student.screenshot("sin-resolver")
    told = {exercise.name: student.told(exercise.check) for exercise in student.exercises}
    assert [name for name, text in told.items() if "⏳ Sin intentar" not in text or "✅" in text or "❌" in text] == []


@every_notebook
def test_a_wrong_answer_draws_its_hint(student):
    for exercise in student.exercises:
        told, hint = student.answer_wrongly(exercise)
        assert "❌ Todavía no: " in told, exercise.name
        assert hint in told, exercise.name
    student.screenshot("con-errores")


@every_notebook
def test_each_solution_turns_its_check_green(student):
    for exercise in student.exercises:
        assert "✅ Correcto: " in student.solve(exercise), exercise.name
    count = len(student.exercises)
    assert f"{count} de {count} correctos." in student.run(student.last)
    student.screenshot("resuelto")


@notebooks_with("Simulator(")
def test_its_simulator_trains(student):
    widget = Simulator(student.page)
    widget.root.scroll_into_view_if_needed()
    before = int(widget.epoch.inner_text())
    widget.train_until(before + 100)
    widget.screenshot(f"{student.stem}-simulador")


@notebooks_with("canvas.Canvas(")
def test_its_canvas_reads_what_is_drawn(student):
    told = student.page.locator(".lienzo p")
    student.page.get_by_role("button", name="Borrar").click()
    expect(told).to_have_text("Dibuja aquí un dígito.")
    strokes, digits = datasets.drawings()
    draw(student.page, strokes[28])
    expect(told).to_contain_text(f"La red dice {digits[28]} (")
    student.page.screenshot(path=KEPT / f"{student.stem}-lienzo.png")
