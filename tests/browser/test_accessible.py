"""The pages that people read have no barrier that axe-core knows of; the widgets are judged where they are used."""

import numpy as np
import pytest
from widgets import barriers, watch

from course import grading, labels, notebooks, pages

ROWS = 400
CONFIG = {
    "baseline": {"auc": 0.5, "log_loss": 0.69},
    "reference": {"auc": 0.83, "log_loss": 0.5},
    "implausible_auc": 0.88,
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The pages of a class: a good submission, one too good to be true, a broken one, a stray file, a missing one."""
    folder = tmp_path_factory.mktemp("notas")
    rng = np.random.default_rng(7)
    names = [f"r{number:04d}" for number in range(ROWS)]
    canceled, public = rng.random(ROWS) < 0.4, rng.random(ROWS) < 0.3
    labels.save(folder / "labels", names, canceled, public, CONFIG)
    inbox = folder / "inbox"
    inbox.mkdir()
    honest = 1 / (1 + np.exp(0.5 - canceled - rng.normal(size=ROWS)))
    for student, probabilities in {"ana": honest, "luis": canceled * 0.98 + 0.01}.items():
        rows = [f"{name},{value}\n" for name, value in zip(names, probabilities, strict=True)]
        (inbox / f"{student}.csv").write_text("id,prob_cancelacion\n" + "".join(rows), encoding="utf-8")
    (inbox / "eva.csv").write_text("id\nr0001\n", encoding="utf-8")
    (inbox / "de nadie.txt").write_text("", encoding="utf-8")
    roster = folder / "lista.csv"
    people = [f"{name},{name.title()},Prueba,{name}@example.org\n" for name in ("ana", "luis", "eva", "marta")]
    roster.write_text("id,nombre,apellidos,correo\n" + "".join(people), encoding="utf-8")
    grading.grade(inbox, folder / "labels", folder / "out", roster=roster)
    return sorted((folder / "out").rglob("*.html"))


@pytest.fixture
def page(browser, errors):
    page = watch(browser.new_page(viewport={"width": 1280, "height": 900}), errors)
    yield page
    page.close()


def test_the_grades_have_no_barrier(page, graded):
    assert len(graded) == 5
    for path in graded:
        page.goto(path.as_uri())
        assert barriers(page) == [], path.name


@pytest.mark.parametrize("path", notebooks.solutions(), ids=lambda path: path.stem)
def test_a_notebooks_page_has_no_barrier(page, path, tmp_path):
    """As `course run` writes them: the outputs are those in the solution notebook."""
    target = tmp_path / "cuaderno.html"
    target.write_text(pages.render(notebooks.read(path), path.stem), encoding="utf-8")
    page.goto(target.as_uri())
    assert barriers(page) == []
