"""A real browser against a real JupyterLab, both on this machine only: `make test-browser`.

What the tests see is kept in ``build/browser``: a screenshot of each state, and the figures that they measured.
"""

import ast
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest
from jupyter_client import BlockingKernelClient
from playwright.sync_api import TimeoutError, expect, sync_playwright

KEPT = Path(__file__).parents[2] / "build" / "browser"
SPIRAL = (
    "#activation=relu&batchSize=10&dataset=spiral&learningRate=0.1&noise=25&networkShape=8,8&seed=0.42&percTrainData=60"
)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
CELL = f"from course.simulator import Simulator\n\nsimulator = Simulator({SPIRAL!r})\nsimulator"
THEMES = "@jupyterlab/apputils-extension:themes"
_figures = []


def pytest_terminal_summary(terminalreporter):
    for line in _figures:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def figures():
    """What was measured, to be printed at the end; times are told, not asserted: a busy machine is no bug."""
    yield _figures
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / "figures.txt").write_text("\n".join(_figures) + "\n", encoding="utf-8")


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


def watch(page, errors):
    page.set_default_timeout(10_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    return page


def run_first_cell(page, widget=".simulator .node"):
    """Run the first cell of the open notebook, and wait for (a part of) its widget."""
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for(timeout=60_000)
    page.locator(".jp-CodeCell .cm-content").first.click()
    for seconds in (10, 20, 40):
        page.keyboard.press("Control+Enter")
        with suppress(TimeoutError):  # JupyterLab loses what is run while it is still connecting to the kernel
            return page.locator(widget).first.wait_for(timeout=1000 * seconds)
    raise AssertionError(f"La celda no mostró {widget}.")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process):
    """Wait until something listens; return the seconds that took."""
    began = time.monotonic()
    while time.monotonic() < began + 60:
        assert process.poll() is None
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return time.monotonic() - began
        except OSError:
            time.sleep(0.05)
    raise TimeoutError


class Lab:
    """A JupyterLab with a folder, settings and kernels of its own."""

    def __init__(self, folder):
        self.folder, self.port, self.token = folder, free_port(), secrets.token_hex()
        (folder / "files").mkdir()
        homes = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
        options = {
            "IdentityProvider.token": self.token,
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": self.port,
            "ServerApp.root_dir": folder / "files",
            "ServerApp.open_browser": False,
            "ServerApp.allow_root": True,
            "LabApp.news_url": None,
            "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        }
        words = [f"--{name}={value}" for name, value in options.items()]
        with (folder / "lab.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *words], stdout=log, stderr=log, env={**os.environ, **homes}
            )
        wait_for(self.port, self.process)

    def notebook(self, name, *cells):
        """Write a notebook and return its name."""
        document = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        document.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(document, self.folder / "files" / name)
        return name

    def url(self, place):
        return f"http://127.0.0.1:{self.port}/{place}?token={self.token}"

    def api(self, place, method="GET", body=None):
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{place}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or "null")

    def theme(self, name):
        self.api(f"lab/api/settings/{THEMES}", "PUT", {"raw": json.dumps({"theme": name})})

    def ask(self, expression, notebook):
        """Return what an expression is worth in a notebook's kernel, as JSON has it."""
        session = next(session for session in self.api("api/sessions") if session["path"] == notebook)
        client = BlockingKernelClient(
            connection_file=str(self.folder / "runtime" / f"kernel-{session['kernel']['id']}.json")
        )
        client.load_connection_file()
        client.start_channels()
        try:
            code = {"value": f"__import__('json').dumps({expression})"}
            answer = client.execute("", user_expressions=code, reply=True, timeout=20)["content"]["user_expressions"]
            assert answer["value"]["status"] == "ok", answer
            return json.loads(ast.literal_eval(answer["value"]["data"]["text/plain"]))
        finally:
            client.stop_channels()

    def expect(self, expression, value, notebook):
        """Wait until an expression is worth `value` in the kernel, which hears of a click a moment later."""
        until = time.monotonic() + 5
        while (found := self.ask(expression, notebook)) != value and time.monotonic() < until:
            time.sleep(0.05)
        assert found == value

    def close(self):
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"))
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
    page.goto(lab.url(f"lab/tree/{notebook}"))
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


class Simulator:
    """What a user does with the widget."""

    def __init__(self, page):
        self.page, self.root = page, page.locator(".simulator").first
        self.epoch = self.root.locator(".epoch")

    def button(self, name):
        return self.root.get_by_role("button", name=name, exact=True)

    def choose(self, label, value):
        self.root.get_by_role("combobox", name=label, exact=True).select_option(value)

    def write(self, label, value):
        field = self.root.get_by_label(label, exact=True)
        field.fill(value)
        field.press("Enter")

    def train_until(self, epoch):
        """Train for at least so many epochs, and pause."""
        self.button("▶ Entrenar").click()
        enough = "([root, least]) => Number(root.querySelector('.epoch').textContent) >= least"
        self.page.wait_for_function(enough, arg=[self.root.element_handle(), epoch])
        self.pause()

    def pause(self):
        self.button("❚❚ Pausar").click()
        expect(self.button("▶ Entrenar")).to_be_visible()

    def clear(self):
        """Close and switch off whatever an earlier test has left."""
        for opened in self.root.locator(".row [aria-expanded=true]").all():
            opened.click()
        for label in ("Comparar", "Gradiente"):
            self.root.get_by_role("checkbox", name=label).uncheck()
        expect(self.root.locator(".panel")).to_have_count(1)

    def loss(self, which=".stat output"):
        return float(self.root.locator(which).first.inner_text().replace("−", "-"))

    def screenshot(self, name):
        KEPT.mkdir(parents=True, exist_ok=True)
        self.page.mouse.move(0, 0)
        self.page.screenshot(path=KEPT / f"{name}.png")
