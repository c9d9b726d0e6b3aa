"""The site is built as `make docs` builds it, from nothing, and then read as a browser without a network would."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from bs4 import BeautifulSoup
from processes import made_once

from course import notebooks

pytest.importorskip("myst_nb", reason="sin el extra [docs]")
ROOT = Path(__file__).parents[1]
FETCHED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "object": "data"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the folder of the built site: a warning, as of a link that leads nowhere, is an error."""
    return made_once(tmp_path_factory, "site", build) / "html"


def build(out):
    order = [sys.executable, "-m", "sphinx", "--quiet", "-c", "docs", "-d", out / "cache", "-W", "-b", "html", "."]
    done = subprocess.run([*order, out / "html"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture(scope="module")
def pages(site):
    found = {path: BeautifulSoup(path.read_bytes(), "html.parser") for path in site.rglob("*.html")}
    return {path: html for path, html in found.items() if "_static" not in path.parts}


def name(path, site):
    return path.relative_to(site).with_suffix("").as_posix()


def test_each_notebook_and_each_guide_has_its_page(site, pages):
    guides = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "data/README.md", ROOT / "benchmarks/README.md"]
    expected = {path.relative_to(ROOT).with_suffix("").as_posix() for path in [*guides, *notebooks.solutions()]}
    assert {name(path, site) for path in pages} == {*expected, "index", "search"}
    assert (site / "index.html").read_bytes() == (site / "README.html").read_bytes()


def test_nothing_is_fetched_from_the_web(site, pages):
    for path, html in pages.items():
        fetched = [tag[FETCHED[tag.name]] for tag in html.find_all([*FETCHED]) if tag.get(FETCHED[tag.name])]
        assert [address for address in fetched if re.match(r"(https?:)?//", address)] == [], path
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)]*", text) == [], style


def test_each_link_leads_to_a_page_and_to_a_place_in_it(pages):
    broken = []
    for path, html in pages.items():
        for link in html.find_all("a", href=True):
            address, place = urldefrag(link["href"])
            if re.match(r"\w+:", address):
                continue
            target = (path.parent / unquote(address)).resolve() if address else path
            if target.suffix == ".html" and target in pages:
                broken += [link["href"]] if place and not pages[target].find(id=unquote(place)) else []
            elif not target.is_file():
                broken.append(link["href"])
    assert broken == []


def test_each_page_says_its_language_and_has_one_title(site, pages):
    for path, html in pages.items():
        english = name(path, site) in {"README.en", "benchmarks/README"}
        assert html.html["lang"] == ("en" if english else "es"), path
        assert len(html.find_all("h1")) == 1, path


def test_each_figure_says_what_it_shows(pages):
    figures = [image for html in pages.values() for image in html.find_all("img")]
    assert len(figures) > 40
    described = [image["alt"] for image in figures if "_images" not in image["alt"]]  # Sphinx falls back on the path
    assert len(described) == len(figures)
    assert all(map(str.strip, described))


@pytest.mark.parametrize("path", notebooks.solutions(), ids=lambda path: path.stem)
def test_a_notebooks_page_is_the_notebook_with_its_solutions_folded_and_its_exercises_to_take(site, pages, path):
    html = pages[site / "notebooks/soluciones" / f"{path.stem}.html"]
    notebook = notebooks.read(path)
    outputs = [output for cell in notebooks.code_cells(notebook.cells) for output in cell.outputs]
    alts = [output.metadata["image/png"]["alt"] for output in outputs if "image/png" in output.get("data", {})]
    assert [image["alt"] for image in html.article.find_all("img")] == alts
    solved = [cell for cell in notebook.cells if notebooks.BEGIN in cell.source]
    folded = [details for details in html.find_all("details") if "Ver una solución" in details.summary.text]
    assert len(folded) == len(solved)
    text = html.find("article").text
    assert "SOLUTION" not in text
    assert "[Solución]" not in text
    prose = "".join(
        text for text in html.article.find_all(string=True) if not text.find_parent(["pre", "code", "annotation"])
    )
    assert not re.search(r"\\[a-z]+\{|\$[^$]+\$", prose)
    offered = html.find("a", class_="download", href=re.compile(rf"/{path.name}$"))
    copy = (site / "notebooks/soluciones" / offered["href"]).resolve()
    assert copy.read_bytes() == (path.parents[1] / path.name).read_bytes()


def test_the_search_compares_spanish_stems(site):
    assert "SpanishStemmer" in (site / "_static/language_data.js").read_text(encoding="utf-8")
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert '"deriv":' in index or "deriv:" in index, "«derivada» and «derivadas» are one word"
