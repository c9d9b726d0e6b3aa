"""The page of `course simulator`."""

import re
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest
from conftest import SPIRAL
from playwright.sync_api import expect
from servers import free_port, wait_for
from widgets import DRAWN, Simulator, barriers, watch

OVERLAP = """() => {
  const boxes = [...document.querySelectorAll(".head button")].map(e => e.getBoundingClientRect());
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  return boxes.some((a, i) => boxes.some((b, j) => i < j && meet(a, b)));
}"""

CHOSEN = """() => {
  const control = name => [...document.querySelectorAll("label")].find(e => e.textContent.startsWith(name)).control;
  const values = ["Activación", "Ruido", "Por imagen"].map(name => control(name).value);
  const ticks = ["Mostrar prueba", "Comparar"].map(name => control(name).checked);
  return [...values, document.querySelector(".sets input:checked").value, ...ticks];
}"""


@pytest.fixture(scope="module")
def address(figure):
    port = free_port()
    words = ["-m", "course", "simulator", SPIRAL, "--no-browser", "--port", str(port)]
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE)
    figure(f"course simulator, de la orden a que contesta: {wait_for(port, process):.1f} s")
    assert f"http://127.0.0.1:{port}/" in process.stdout.readline().decode()
    yield f"http://127.0.0.1:{port}/"
    process.terminate()
    process.wait(10)


@pytest.fixture
def window(browser, errors):
    """Return a function that makes an empty window: its errors fail the test, and it is closed in the end."""
    with ExitStack() as windows:
        yield lambda **options: watch(windows.enter_context(browser.new_page(**options)), errors)


@pytest.fixture
def opened(window, address):
    """Return a function that opens the page in a window, which `prepare` may change before, and returns both."""

    def open_page(prepare=lambda page: None, at=address, **options):
        page = window(**options)
        prepare(page)
        page.goto(at)
        widget = Simulator(page)
        expect(widget.root.locator(".node").first).to_be_visible()
        return page, widget

    return open_page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_trains_and_fits_a_small_screen(window, address, figure, scheme):
    page = window(viewport={"width": 1024, "height": 600}, color_scheme=scheme)
    began = time.monotonic()
    page.goto(address)
    page.locator(".simulator .node").first.wait_for()
    figure(f"course simulator, del navegador a la red en pantalla: {time.monotonic() - began:.1f} s")
    assert page.locator(".simulator").get_attribute("data-theme") == scheme
    simulator = Simulator(page)
    before = simulator.loss()
    simulator.train_until(200)
    assert simulator.loss() < before
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    simulator.screenshot(f"pagina-{scheme}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_of_it_has_a_barrier(opened, scheme):
    page, widget = opened(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    for state in widget.states():
        assert barriers(page) == [], state


def test_six_layers_and_two_experiments_fit(opened):
    page, simulator = opened(viewport={"width": 1024, "height": 600})
    for _ in range(4):
        simulator.button("Añadir una capa oculta").click()
    expect(simulator.root.get_by_role("group", name="Capa 6: 2 neuronas")).to_be_visible()
    assert not page.evaluate(OVERLAP)
    simulator.screenshot("pagina-seis-capas")
    simulator.root.get_by_label("Comparar").check()
    page.locator(".panel").nth(1).wait_for()
    assert not page.evaluate(OVERLAP)
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    simulator.screenshot("pagina-dos")


class Slow:
    """The page's way to the engine, whose answers can be held back as a busy machine does."""

    def __init__(self):
        self.holding, self.held = False, []

    def stand_between(self, page):
        """Hear what a page that is not open yet will be answered."""
        page.route_web_socket("**/socket", self.connect)

    def connect(self, socket):
        self.socket = socket
        socket.connect_to_server().on_message(self.take)

    def take(self, message):
        if self.holding:
            self.held.append(message)
        else:
            self.socket.send(message)

    def wait_for(self, count, page):
        """Wait until so many messages are held back."""
        until = time.monotonic() + 10
        while len(self.held) < count and time.monotonic() < until:
            page.wait_for_timeout(20)  # Playwright hears of messages only while it is asked for something
        assert len(self.held) == count

    def release(self):
        """Let the oldest message through."""
        self.socket.send(self.held.pop(0))


def test_an_earlier_answer_takes_back_no_later_choice(opened):
    slow = Slow()
    page, widget = opened(slow.stand_between, viewport={"width": 1024, "height": 600})
    page.evaluate(DRAWN)
    slow.holding = True
    widget.choose("Activación", "tanh")
    widget.root.get_by_label("Ruido").fill("40")
    widget.root.get_by_label("XOR").check(force=True)
    widget.choose("Por imagen", "1")
    for name in ("Mostrar prueba", "Comparar"):
        widget.root.get_by_label(name).check()
    slow.wait_for(2 * 6, page)  # each of the six is answered with a state and a picture
    while slow.held:
        slow.release()
        page.evaluate(DRAWN)
        assert page.evaluate(CHOSEN) == ["tanh", "40", "1", "xor", True, True], f"with {len(slow.held)} still to come"


def test_a_state_counts_once_its_picture_is_here(opened):
    slow = Slow()
    page, widget = opened(slow.stand_between, viewport={"width": 1024, "height": 600})
    for change in (
        widget.button("↺ Reiniciar").click,
        widget.button("Quitar la última capa oculta").click,
        widget.root.get_by_label("Comparar").check,
        widget.root.get_by_label("Comparar").uncheck,
    ):
        slow.holding = True
        change()
        slow.wait_for(2, page)
        slow.release()  # the state, whose picture has still to come
        page.evaluate(DRAWN)
        for part in (".node", ".hit"):
            widget.root.locator(part).last.hover(force=True)
        widget.root.locator(".node").last.click()
        page.keyboard.press("Escape")
        slow.release()
        slow.holding = False
        page.evaluate(DRAWN)


def test_quick_clicks_stop_at_the_limit(opened):
    slow = Slow()
    page, widget = opened(slow.stand_between)
    slow.holding = True
    widget.button("Añadir una capa oculta").evaluate("button => { for (let i = 0; i < 10; i++) button.click(); }")
    slow.wait_for(2 * 10, page)
    while slow.held:
        slow.release()
    page.evaluate(DRAWN)
    expect(widget.root.locator(".layer-count")).to_have_text("8")


def test_the_focus_stays_when_the_network_is_drawn_anew(opened):
    page, widget = opened(viewport={"width": 1024, "height": 600})
    less, more = (widget.button(f"{verb} la capa 1") for verb in ("Quitar una neurona de", "Añadir una neurona a"))
    for units in range(9, 17):
        more.press("Enter")
        expect(widget.root.get_by_role("group", name=f"Capa 1: {units} neuronas")).to_be_visible()
        expect(more if units < 16 else less).to_be_focused()  # at the limit, what is left of the two
    widget.choose("Activación", "per-layer")
    kind = widget.root.get_by_label("Activación de la capa 2")
    kind.focus()
    old = kind.element_handle()
    kind.select_option("tanh")
    page.wait_for_function("old => !old.isConnected", arg=old)  # the network with tanh is here, and drawn
    expect(kind).to_be_focused()
    neuron = widget.button("Neurona 1 de la capa 1")
    neuron.press("Enter")
    expect(widget.root.get_by_label("Sesgo", exact=True)).to_be_focused()
    page.set_viewport_size({"width": 900, "height": 600})
    expect(neuron).to_be_focused()
    neuron.press("Enter")
    less.press("Enter")
    expect(widget.root.get_by_role("group", name="Capa 1: 15 neuronas")).to_be_visible()
    expect(less).to_be_focused()


def test_what_the_mouse_shows_is_of_now(opened):
    page, widget = opened(viewport={"width": 1024, "height": 600})
    bright = "links => links.filter(link => getComputedStyle(link).filter != 'none').length"
    links, tip, title = (widget.root.locator(part) for part in (".link", ".tip", "figcaption"))
    widget.root.locator(".hit").first.hover(force=True)
    assert links.evaluate_all(bright) == 1
    before = tip.inner_text()
    widget.button("▶ Entrenar").press("Enter")
    expect(tip).not_to_have_text(before)
    widget.button("❚❚ Pausar").press("Enter")
    page.mouse.move(0, 0)
    assert links.evaluate_all(bright) == 0
    widget.button("Neurona 8 de la capa 2").hover()
    expect(title).to_have_text("Neurona 8 de la capa 2")
    widget.button("Quitar la última capa oculta").press("Enter")
    expect(title).to_have_text("Salida de la red")


def test_a_field_shows_what_the_network_has(opened):
    _, widget = opened()
    widget.button("Opciones").click()
    for label, wrong, right in (
        ("Dropout", "2", "0"),
        ("Momento", "", "0.9"),
        ("Clases", "", "2"),
        ("Tasa variable", "", "constant"),
        ("Parar con pérdida ≤", "-1", ""),
    ):
        widget.write(label, wrong)
        field = widget.root.get_by_label(label, exact=True)
        expect(field).to_have_value(wrong)
        field.blur()
        expect(field).to_have_value(right)
    seed = widget.root.get_by_label("Semilla", exact=True)
    widget.write("Semilla", "")
    seed.blur()
    expect(seed).to_have_value(re.compile(r"0\.\d+"))
    expect(seed).not_to_have_value("0.42")


def test_no_label_is_cut_and_no_button_sticks_out_on_a_phone(opened):
    _, widget = opened(viewport={"width": 390, "height": 844})
    cut = "spans => spans.filter(span => span.scrollWidth > span.clientWidth).map(span => span.textContent)"
    for panels in (1, 2):
        widget.root.get_by_label("Comparar").set_checked(panels == 2)
        expect(widget.root.locator(".panel")).to_have_count(panels)
        assert widget.root.locator(".range > span:first-child, .field > span").evaluate_all(cut) == []
        left = widget.root.locator(".row").bounding_box()["x"]
        assert min(button.bounding_box()["x"] for button in widget.root.locator(".row button").all()) >= left


def test_the_history_names_the_data_as_the_controls_do(opened):
    _, widget = opened()
    widget.button("Paso").click()
    widget.button("↺ Reiniciar").click()
    widget.button("Historial").click()
    expect(widget.root.get_by_role("cell", name="Espiral", exact=True)).to_be_visible()


def test_a_server_that_is_gone_is_told(opened):
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "course", "simulator", "--no-browser", "--port", str(port)])
    wait_for(port, process)
    page, widget = opened(at=f"http://127.0.0.1:{port}/", viewport={"width": 390, "height": 844})
    process.terminate()
    process.wait(10)
    expect(page.get_by_role("alert").filter(has_text="python -m course simulator")).to_be_in_viewport()
    widget.root.get_by_label("Comparar").scroll_into_view_if_needed()
    widget.button("Paso").dispatch_event("click")  # the browser complains of nothing
    expect(page.get_by_role("alert").filter(has_text="python -m course simulator")).to_be_in_viewport()


def test_nothing_is_fetched_from_elsewhere(opened, address):
    asked = []
    opened(lambda page: page.on("request", lambda request: asked.append(request.url)))
    assert asked
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
