"""A real browser against a real JupyterLab, both on this machine only: `make test-browser`.

What the tests see is kept in ``build/browser``: a screenshot of each state, and the figures that they measured.
"""

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright
from servers import Lab
from widgets import KEPT, Simulator, run_first_cell, watch

from course.paths import resource

expect.set_options(timeout=20_000)  # a machine with two notebooks at work may take its time
SPIRAL = (
    "#activation=relu&batchSize=10&dataset=spiral&learningRate=0.1&noise=25&networkShape=8,8&seed=0.42&percTrainData=60"
)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
CELL = f"from course.simulator import Simulator\n\nsimulator = Simulator({SPIRAL!r})\nsimulator"
FIGURES = KEPT / "figures.txt"


def pytest_configure(config):
    KEPT.mkdir(parents=True, exist_ok=True)
    if not hasattr(config, "workerinput"):  # once, and not in each of the processes of pytest-xdist
        FIGURES.write_text("", encoding="utf-8")


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write(FIGURES.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def figure():
    """Return a function that notes what was measured, to be told at the end: a busy machine is no bug."""

    def note(line):
        with FIGURES.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")

    return note


@pytest.fixture(scope="session")
def browser():
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "Falta Chromium: make test-browser lo instala con apt-get."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def errors():
    """The errors of the browser's console so far; a test in whose end there is one has failed."""
    found = []
    yield found
    assert found == []


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"))
    shutil.copytree(resource("notebooks"), lab.folder / "files" / "clase")
    yield lab
    lab.close()


@pytest.fixture(scope="session")
def notebook(lab):
    return lab.notebook("cuaderno.ipynb", CELL, "1 + 1")


@pytest.fixture(scope="session")
def shared_page(browser, lab, notebook):
    """A notebook with the widget, opened once for all tests."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.problems = []
    watch(page, page.problems)
    lab.open(page, notebook)
    run_first_cell(page)
    yield page
    page.close()


@pytest.fixture
def simulator(shared_page):
    """The widget, paused at epoch 0 of the spiral; whatever the browser complains of fails the test."""
    shared_page.problems.clear()
    shared_page.set_viewport_size({"width": 1280, "height": 900})
    widget = Simulator(shared_page)
    widget.clear()
    widget.button("Copiar enlace").click()
    widget.root.get_by_label("Enlace que quieres abrir").fill(SPIRAL)
    widget.button("Abrir enlace").click()
    widget.button("Copiar enlace").click()
    expect(widget.epoch).to_have_text("0")
    expect(widget.root.get_by_role("group", name="Capa 2: 8 neuronas")).to_be_visible()
    yield widget
    assert shared_page.problems == []
