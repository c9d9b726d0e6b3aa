"""What a user does with a page and with the class's widgets."""

from contextlib import suppress
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import TimeoutError, expect

KEPT = Path(__file__).parents[2] / "build" / "browser"
RECONNECTED = "Canceled future for"
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def watch(page, errors):
    """Note in `errors` what the browser's console complains of.

    Left out is what JupyterLab says of its own requests when it gives up a connection to a kernel for another one: it
    may do so while a notebook opens on a busy machine. What a widget makes of that is for its test to see.
    """

    def note(text):
        if RECONNECTED not in text:
            errors.append(text)

    page.set_default_timeout(30_000)
    page.on("pageerror", lambda error: note(str(error)))
    page.on("console", lambda message: note(message.text) if message.type == "error" else None)
    return page


def barriers(page, scope=None):
    """Return a line for each violation that axe-core finds in the page, or in what a selector has."""
    found = Axe().run(page, scope).response["violations"]
    return sorted({f"{one['id']} ({one['impact']}): {node['html'][:120]}" for one in found for node in one["nodes"]})


def run_first_cell(page, widget=".simulator .node"):
    """Run the first cell of the open notebook, and wait for (a part of) its widget."""
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for(timeout=60_000)
    page.locator(".jp-CodeCell .cm-content").first.click()
    for seconds in (10, 20, 40):
        page.keyboard.press("Control+Enter")
        with suppress(TimeoutError):  # JupyterLab loses what is run while it is still connecting to the kernel
            return page.locator(widget).first.wait_for(timeout=1000 * seconds)
    raise AssertionError(f"La celda no mostró {widget}.")


def draw(page, strokes):
    """Draw strokes, points in [0, 1], on the first canvas."""
    square = page.locator(".lienzo canvas").first
    square.scroll_into_view_if_needed()
    box = square.bounding_box()
    for stroke in strokes:
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()


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

    def states(self):
        """Show all that there is to see, one thing after another, and yield the name of each."""
        yield "al empezar"
        for opener in self.root.locator(".row [aria-expanded]").all():
            opener.click()
            yield opener.inner_text()
            opener.click()
        self.root.locator(".node").last.click()
        yield "los pesos de una neurona"
        self.page.keyboard.press("Escape")
        self.root.get_by_role("checkbox", name="Gradiente").check()
        self.root.get_by_label("Comparar").check()
        expect(self.root.locator(".panel")).to_have_count(2)
        yield "dos experimentos"
        self.clear()

    def loss(self, which=".stat output"):
        return float(self.root.locator(which).first.inner_text().replace("−", "-"))

    def screenshot(self, name):
        self.page.mouse.move(0, 0)
        self.page.screenshot(path=KEPT / f"{name}.png")
