"""Both READMEs give the same commands, and what they name exists."""

import re
from pathlib import Path

import pytest

from course import notebooks
from course.checks import nb01

ROOT = Path(__file__).parent.parent
README, MIRROR = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.en.md"))


def blocks(text):
    """Return the language and the commands of each fenced block, without their comments."""
    fences = re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL)
    return [
        (language, [line.split("  #")[0].split(" # ")[0].strip() for line in body.splitlines()])
        for language, body in fences
    ]


def test_the_english_readme_gives_the_same_commands():
    assert blocks(README) == blocks(MIRROR)
    assert len(blocks(README)) >= 5


def test_it_starts_with_the_two_commands():
    assert blocks(README)[0] == ("bash", ["make run", "make test"])


def test_it_has_a_room_for_each_reader_and_says_it_all_in_one_screen_first():
    assert re.findall(r"^## (.*)$", README, re.MULTILINE) == [
        "Para quien estudia",
        "Para quien enseña",
        "Para quien mantiene",
        "Datos y licencias",
    ]
    first_screen = README[: README.index("<details>")]
    assert len(first_screen.split()) < 200
    for wanted in ("cuaderno.png", "simulador.png", "make run", "make test", "sin conexión"):
        assert wanted in first_screen


def test_each_make_target_exists():
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = re.findall(r"\bmake ([a-z-]+)", README)
    assert named
    assert set(named) <= set(targets)


@pytest.mark.parametrize("text", [README, MIRROR], ids=["es", "en"])
def test_each_link_to_a_file_leads_somewhere(text):
    links = re.findall(r"\]\(([^)]+)\)|src=\"([^\"]+)\"", text)
    links = [link or picture for link, picture in links if not link.startswith("http")]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_table_names_every_notebook_with_its_exercises():
    rows = dict(re.findall(r"\]\(notebooks/(\w+\.ipynb)\) \|.*\| (\d+) \|$", README, re.MULTILINE))
    paths = notebooks.solutions()
    assert rows == {path.name: str(len(notebooks.exercises(notebooks.read(path)))) for path in paths}


@pytest.mark.parametrize("answer", [..., abs, lambda u: u * (u > 0)])
def test_the_outcomes_shown_are_what_the_checks_say(answer):
    assert str(nb01.relu.grade(answer)).replace("abs(", "relu(") in README
