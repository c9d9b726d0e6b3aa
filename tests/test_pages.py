import re

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course import notebooks, pages

SOLUTIONS = notebooks.solutions()


def page(*cells):
    return BeautifulSoup(pages.render(new_notebook(cells=[*cells]), "x"), "html.parser")


def test_formulas_are_mathml_and_prices_are_not_formulas():
    html = page(new_markdown_cell("Sea $\\hat y$:\n\n$$u = h W + b$$\n\nCuesta `$5` y $5."))
    assert [formula["display"] for formula in html.find_all("math")] == ["inline", "block"]
    assert "$5 y $5." in html.find("main").text


def test_figures_carry_their_alt_text():
    figure = new_output("display_data", {"image/png": "aW1n"}, metadata={"image/png": {"alt": 'Una "recta" <b>'}})
    assert page(new_code_cell("plt.show()", outputs=[figure])).img["alt"] == 'Una "recta" <b>'


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_nothing_is_fetched_and_every_formula_is_drawn(path):
    notebook = notebooks.read(path)
    html = BeautifulSoup(pages.render(notebook, path.stem), "html.parser")
    fetched = [
        tag
        for tag in html.find_all(["script", "link", "img"])
        if re.match("http", tag.get("src") or tag.get("href") or "")
    ]
    assert fetched == []
    assert html.find("html")["lang"] == "es"
    prose = "".join(
        text for text in html.find("main").find_all(string=True) if not text.find_parent(["pre", "code", "annotation"])
    )
    assert not re.search(r"\\[a-z]+\{", prose)
