"""The figures of a notebook in JupyterLab: each with the alt text that its output carries."""

import nbformat
import pytest
from playwright.sync_api import expect
from widgets import run_first_cell, watch

CELL = "from course import environment, plots\nenvironment.prepare()\nplots.loss_curve([0.9, 0.25])"
TEXT = "Pérdida por época: entrenamiento, de 0.9 en la época 1 a 0.25 en la 2."
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="


def alt_texts(page):
    images = page.locator(".jp-OutputArea-output img")
    images.first.wait_for(timeout=60_000)
    return [image.get_attribute("alt") for image in images.all()]


@pytest.mark.parametrize("place", ["lab/tree", "notebooks"])
def test_a_figure_has_its_alt_text(browser, lab, errors, place):
    page = browser.new_page(viewport={"width": 1024, "height": 700})
    page.goto(lab.url(f"{place}/{lab.notebook('figura.ipynb', CELL)}"))
    page.locator(".jp-CodeCell").first.wait_for(timeout=60_000)
    watch(page, errors)
    run_first_cell(page, ".jp-OutputArea-output img")
    assert alt_texts(page) == [TEXT]
    page.close()


def test_a_stored_figure_has_its_alt_text_before_anything_runs(browser, lab):
    """A notebook just cloned is not trusted; its pictures show all the same."""
    name = lab.notebook("guardada.ipynb", "1", "2")
    path = lab.folder / "files" / name
    notebook = nbformat.read(path, as_version=4)
    for cell, metadata in zip(notebook.cells, ({"image/png": {"alt": 'Una "recta" <b>.'}}, {}), strict=True):
        cell.outputs = [nbformat.v4.new_output("display_data", {"image/png": PIXEL}, metadata=metadata)]
    nbformat.write(notebook, path)
    page = browser.new_page()
    page.goto(lab.url(f"lab/tree/{name}"))
    expect(page.locator(".jp-OutputArea-output img")).to_have_count(2, timeout=60_000)
    assert alt_texts(page) == ['Una "recta" <b>.', None]
    page.close()
