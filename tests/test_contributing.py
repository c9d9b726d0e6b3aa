"""The five steps of CONTRIBUTING.md, done as they stand in a copy of the project."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from processes import made_once

from course import notebooks

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
STEPS = re.findall(r"^### \d\. [^\n]+\n(.*?)(?=^##|\Z)", re.sub(r"^### (?!\d\. )", "¶", TEXT, flags=re.M), re.M | re.S)
LEFT_OUT = shutil.ignore_patterns(".*", "build", "dist", "benchmarks", "docs", "browser", "__pycache__", "*.npz")
TRAINING = ("Tu primera red", "De vuelta")  # from the one heading to the other, notebook 00 trains and loads MNIST


def blocks(step):
    """Return the step's blocks of code, with the headings that they show."""
    return [body.replace("¶", "### ") for body in re.findall(r"```\w+\n(.*?)```", STEPS[step - 1], re.S)]


def run(project, *order):
    environment = {**os.environ, "PYTHONPATH": str(project), "PYTHONUTF8": "1", "COURSE_OFFLINE": "1"}
    done = subprocess.run(
        order, cwd=project, env=environment, capture_output=True, encoding="utf-8", timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def append(project, step):
    path = project / re.search(r"`([\w/]+\.py)`", STEPS[step - 1])[1]
    path.write_text(f"{path.read_text(encoding='utf-8')}\n\n{blocks(step)[0]}", encoding="utf-8", newline="\n")


def add_cells(project):
    """Put the cells of step 3 before the last two; to save time, the part that trains is cut out of the copy."""
    path = project / re.search(r"`([\w/]+\.ipynb)`", STEPS[2])[1]
    notebook = notebooks.read(path)
    first, last = (
        next(number for number, cell in enumerate(notebook.cells) if cell.source.startswith(f"## {title}"))
        for title in TRAINING
    )
    text, code = blocks(3)
    new = [new_markdown_cell(text.rstrip()), new_code_cell(code.rstrip())]
    notebook.cells = [*notebook.cells[:first], *notebook.cells[last:-2], *new, *notebook.cells[-2:]]
    path.write_bytes(notebooks.to_bytes(notebook))


def count_it(project):
    for name in ("README.md", "README.en.md"):
        path = project / name
        text, changed = re.subn(
            r"(00_antes_de_empezar\.ipynb\).*\| )(\d+)( \|)",
            lambda row: f"{row[1]}{int(row[2]) + 1}{row[3]}",
            path.read_text(encoding="utf-8"),
        )
        assert changed == 1
        path.write_text(text, encoding="utf-8", newline="\n")


def do_the_steps(folder):
    """Do the five steps in a copy of the project, in a folder with a space and an accent; each command succeeds."""
    copy = folder / "la clase de redes ñ"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    append(copy, 1)
    append(copy, 2)
    add_cells(copy)
    count_it(copy)
    for line in "".join(blocks(4) + blocks(5)).splitlines():
        first, *words = shlex.split(line)
        if first == "make":
            assert re.search(rf"^{words[0]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
        else:
            assert first == "python"
            run(copy, sys.executable, *words)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return the copy of the project after the five steps."""
    (copy,) = made_once(tmp_path_factory, "contributing", do_the_steps).iterdir()
    return copy


def test_there_are_five_steps_and_no_more():
    assert len(STEPS) == 5


def test_the_student_gets_the_exercise_and_not_its_answer(project):
    student = notebooks.read(project / "notebooks" / "00_antes_de_empezar.ipynb")
    solution = notebooks.read(project / "notebooks" / "soluciones" / "00_antes_de_empezar.ipynb")
    position, _ = notebooks.exercises(student)["downhill"]
    assert "...  # Tu código aquí" in student.cells[position].source
    assert "rate * slope" not in student.cells[position].source
    assert "✅ Correcto: Un paso cuesta abajo." in notebooks.printed(solution.cells[position])


ANSWERS = {
    "...": "⏳ Sin intentar: Un paso cuesta abajo.",
    "return w + rate * slope": "❌ Todavía no: downhill(3, 6, 0.1) devolvió 3.6; se esperaba 2.4. Pista: Eso va cuesta",
    "return w - rate * slope": "✅ Correcto: Un paso cuesta abajo.",
}


@pytest.mark.parametrize(("answer", "told"), ANSWERS.items())
def test_the_new_exercise_gives_the_three_outcomes(project, tmp_path, answer, told):
    student = notebooks.read(project / "notebooks" / "00_antes_de_empezar.ipynb")
    cell = student.cells[notebooks.exercises(student)["downhill"][0]].source
    program = "from course.checks import nb00\n\n" + cell.replace("...  # Tu código aquí", answer)
    (tmp_path / "celda.py").write_text(program, encoding="utf-8")
    assert " ".join(run(project, sys.executable, tmp_path / "celda.py").split()).startswith(told)


def test_its_hints_and_its_solution_are_found(project, tmp_path):
    program = "from course.checks import nb00\nnb00.downhill.hint()\nnb00.downhill.solution()"
    (tmp_path / "celda.py").write_text(program, encoding="utf-8")
    printed = run(project, sys.executable, tmp_path / "celda.py")
    assert "💡 Pista 1 de 2" in printed
    assert "return w - rate * slope" in printed
