"""The teacher's guide names what exists: notebooks, exercises, modules, and a session that fills its three hours."""

import re
from pathlib import Path

import pytest

from course import notebooks

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "guia-docente.md").read_text(encoding="utf-8")


def rows(title):
    """Return the cells of the table under a heading, without its head."""
    section = GUIDE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def numbers(text):
    """Return the exercises that ``1 a 4`` or ``8`` says."""
    found = [int(number) for number in re.findall(r"\d+", text)]
    return list(range(found[0], found[-1] + 1)) if found else []


def exercises(number):
    """Return the numbers of the exercises in the headings of a notebook."""
    (path,) = notebooks.solutions([number])
    text = "\n".join(cell.source for cell in notebooks.read(path).cells if cell.cell_type == "markdown")
    return [int(found) for found in re.findall(r"^### Ejercicio (\d+)", text, re.M)]


def test_the_session_goes_forward_and_asks_at_each_stop():
    session = rows("La sesión, minuto a minuto")
    minutes = [int(row[0]) for row in session]
    assert minutes == sorted({*minutes})
    assert (minutes[0], minutes[-1] < 180) == (0, True)
    for minute, _, slide, question, answer, _ in (row for row in session if row[1] != "pausa"):
        assert slide, minute
        assert question.rstrip(")").endswith(("?", ".")), minute
        assert answer.endswith("."), minute


@pytest.mark.parametrize("notebook", ["01", "02", "03", "04", "05"])
def test_the_session_covers_each_exercise_of_its_notebooks_once(notebook):
    named = [row for row in rows("La sesión, minuto a minuto") if re.search(rf"\b{notebook}\b", row[1][:4])]
    assert [number for row in named for number in numbers(row[-1])] == exercises(notebook)


def test_each_mistake_of_the_slides_is_found_where_the_guide_says():
    mistakes = rows("Donde las láminas se equivocan")
    assert len(mistakes) == 6
    for row in mistakes:
        place = re.fullmatch(r"(\d\d), (?:ejercicio (\d)|la primera celda)", row[-1])
        assert place, row
        assert not place[2] or int(place[2]) in exercises(place[1]), row


def test_each_notebook_and_each_module_of_the_map_exists():
    places = rows("Qué lámina, qué cuaderno, qué módulo")
    named = {number for row in places for number in re.findall(r"\b\d\d\b", row[1])}
    assert named == {path.name[:2] for path in notebooks.solutions()}
    modules = [module for row in places for module in re.findall(r"`([^`]+)`", row[2])]
    assert [module for module in modules if not (ROOT / module).exists()] == []


def test_each_module_of_the_package_is_told():
    table = (ROOT / "docs" / "paquete.md").read_text(encoding="utf-8")
    told = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", table, re.M)))
    there = {
        path.stem for path in (ROOT / "course").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert sorted(told) == sorted(there - {"__init__", "__main__"})
