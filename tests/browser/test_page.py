"""The page of `course simulator`."""

import subprocess
import sys
import time

import pytest
from conftest import SPIRAL, Simulator, free_port, wait_for, watch
from playwright.sync_api import expect

OVERLAP = """() => {
  const boxes = [...document.querySelectorAll(".head button")].map(e => e.getBoundingClientRect());
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  return boxes.some((a, i) => boxes.some((b, j) => i < j && meet(a, b)));
}"""


@pytest.fixture(scope="module")
def address(figures):
    port = free_port()
    words = ["-m", "course", "simulator", SPIRAL, "--no-browser", "--port", str(port)]
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE)
    figures.append(f"course simulator, de la orden a que contesta: {wait_for(port, process):.1f} s")
    assert f"http://127.0.0.1:{port}/" in process.stdout.readline().decode()
    yield f"http://127.0.0.1:{port}/"
    process.terminate()
    process.wait(10)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_trains_and_fits_a_small_screen(browser, address, errors, figures, scheme):
    page = watch(browser.new_page(viewport={"width": 1024, "height": 600}, color_scheme=scheme), errors)
    began = time.monotonic()
    page.goto(address)
    page.locator(".simulator .node").first.wait_for()
    figures.append(f"course simulator, del navegador a la red en pantalla: {time.monotonic() - began:.1f} s")
    assert page.locator(".simulator").get_attribute("data-theme") == scheme
    simulator = Simulator(page)
    before = simulator.loss()
    simulator.train_until(200)
    assert simulator.loss() < before
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    simulator.screenshot(f"pagina-{scheme}")
    page.close()


def test_six_layers_and_two_experiments_fit(browser, address, errors):
    page = watch(browser.new_page(viewport={"width": 1024, "height": 600}), errors)
    page.goto(address)
    simulator = Simulator(page)
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
    page.close()


def test_nothing_is_fetched_from_elsewhere(browser, address, errors):
    page = watch(browser.new_page(), errors)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.locator(".simulator .node").first.wait_for()
    assert asked
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    page.close()
