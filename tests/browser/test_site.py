"""The site opened from the disk, as a teacher would hand it out: no server, and no network."""

import subprocess
import sys
from pathlib import Path

import pytest
from widgets import KEPT, barriers, watch

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the address of the built site's folder."""
    out = tmp_path_factory.mktemp("site")
    order = [sys.executable, "-m", "sphinx", "--quiet", "-c", "docs", "-d", out / "cache", "-b", "html", "."]
    subprocess.run([*order, out / "html"], cwd=ROOT, check=True)
    return (out / "html").as_uri()


@pytest.fixture
def page(browser, errors):
    page = watch(browser.new_page(viewport={"width": 1280, "height": 900}), errors)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    yield page
    page.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def keep(page, name):
    KEPT.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=KEPT / f"sitio-{name}.png")


def test_the_front_page_leads_to_a_notebook_and_a_solution_opens_on_request(site, page):
    page.goto(f"{site}/index.html")
    keep(page, "portada")
    page.get_by_role("navigation", name="Contenido").get_by_role(
        "link", name="01 · La propagación hacia adelante"
    ).click()
    answer = page.get_by_text("return np.maximum(0, u)")
    assert not answer.is_visible()
    page.get_by_text("Ver una solución").nth(1).click()
    assert answer.is_visible()
    assert page.locator("math").count() > 10
    answer.scroll_into_view_if_needed()
    keep(page, "cuaderno")


@pytest.mark.parametrize("word", ["derivada", "derivadas", "DERIVADAS"])
def test_the_search_finds_a_word_in_any_of_its_forms(site, page, word):
    page.goto(f"{site}/index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type(word)
    page.keyboard.press("Enter")
    page.locator("#search-results li", has_text="02 · El camino de vuelta").wait_for()
    keep(page, "buscador")


def test_what_is_not_there_is_not_found(site, page):
    page.goto(f"{site}/search.html?q=ornitorrinco")
    page.get_by_text("Su búsqueda no coincide con ningún documento").wait_for()
    assert page.locator("#search-results li").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_its_kinds_of_page_have_no_barrier(site, browser, theme):
    page = browser.new_page(color_scheme=theme)  # not watched: axe reads the styles, which a page on the disk may not
    for kind in ("index", "notebooks/soluciones/01_forward_a_mano", "docs/guia-docente", "search"):
        page.goto(f"{site}/{kind}.html")
        assert barriers(page) == [], kind
    page.close()
