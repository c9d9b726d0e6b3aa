"""The site: READMEs, guides and the executed notebooks as pages that fetch nothing from the web (`make docs`).

The project's own folder is Sphinx's source, so that a link that works in the repository works in the site too.
"""

import json
import re
import shutil
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert

from course import notebooks
from course.regions import BEGIN, END

project = "Redes Neuronales, Parte II"
language = "es"  # of the pages, and of the stems that the search compares
root_doc = "README"
extensions = ["myst_nb"]
include_patterns = ["*.md", "docs/*.md", "data/*.md", "benchmarks/*.md", "notebooks/soluciones/*.ipynb"]

nb_execution_mode = "off"  # the outputs are those that the tests compare
nb_ipywidgets_js = {}
nb_code_prompt_show, nb_code_prompt_hide = "Ver una solución", "Ocultar la solución"
myst_enable_extensions = ["dollarmath", "html_image"]
myst_dmath_allow_digits = False  # "$5 y $6" are prices
myst_heading_anchors = 3

html_theme = "pydata_sphinx_theme"
html_title = project
html_math_renderer = "mathml"
templates_path = ["sitio"]
html_static_path = ["sitio/sitio.css"]
html_css_files = ["sitio.css"]
# A page opened as a file may not fetch the others, which is where the search takes its excerpts from.
html_js_files = [(None, {"body": "DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = location.protocol !== 'file:'"})]
html_sidebars = {"**": ["contenido.html"]}
html_context = {"default_mode": "auto"}
html_theme_options = {
    "navbar_center": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
    "footer_start": [],
    "footer_end": [],
}
html_copy_source = html_show_sourcelink = html_use_index = False

ENGLISH = {"README.en", "benchmarks/README"}

CONTENTS = """
```{toctree}
:hidden:
:caption: La clase
:glob:
notebooks/soluciones/*
```

```{toctree}
:hidden:
:caption: Para quien enseña
docs/guia-docente
Los datos <data/README>
docs/busqueda
```

```{toctree}
:hidden:
:caption: Para quien mantiene
CONTRIBUTING
docs/paquete
Lo que se midió (en inglés) <benchmarks/README>
README in English <README.en>
```
"""

INVITATION = """

> Aquí está resuelto y ejecutado. Para hacerlo tú, {{download}}`descarga el cuaderno con los ejercicios <../{0}.ipynb>`.
"""


def setup(app):
    """Add what Sphinx and myst-nb lack: formulas without MathJax, alt texts, hidden solutions, an index.html."""
    app.add_html_math_renderer("mathml", (_inline_formula, None), (_block_formula, None))
    app.connect("source-read", _adapt)
    app.connect("doctree-read", _describe_figures)
    app.connect("html-page-context", _say_language)
    app.connect("build-finished", _name_front_page)


def _inline_formula(writer, node):
    writer.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _block_formula(writer, node):
    writer.body.append(convert(node.astext(), display="block"))
    raise nodes.SkipNode


def _adapt(app, name, source):
    """Change a page's source before Sphinx reads it; the files stay as they are."""
    if app.env.doc2path(name).suffix == ".ipynb":
        notebook = json.loads(source[0])
        _adapt_notebook(notebook, Path(name).name)
        source[0] = json.dumps(notebook)
    else:  # the site shows the solved notebooks, and each of them offers the student copy
        source[0] = re.sub(r"\]\(((?:\.\./)?notebooks)/(?=\d\d_)", r"](\1/soluciones/", source[0])
    if name == root_doc:
        source[0] += CONTENTS


def _adapt_notebook(notebook, name):
    """Fold the solutions and offer the student copy."""
    for number, cell in enumerate(notebook["cells"]):
        text = "".join(cell["source"])
        if BEGIN in text:
            lines = [line for line in text.splitlines() if line.strip() not in (BEGIN, END)]
            cell["source"] = "\n".join(lines)
            cell["metadata"]["tags"] = [*cell["metadata"].get("tags", []), "hide-input"]
        elif cell["cell_type"] == "markdown":
            cell["source"] = re.sub(r" · \[Solución\]\([^)]*\)", "", text) + (INVITATION.format(name) * (number == 0))


def _describe_figures(app, doctree):
    """Give each figure the alt text that its output carries; myst-nb keeps none."""
    path = app.env.doc2path(app.env.docname)
    if path.suffix != ".ipynb":
        return
    cells = notebooks.code_cells(notebooks.read(path).cells)
    outputs = [output for cell in cells for output in cell.outputs if "image/png" in output.get("data", {})]
    shown = doctree.findall(lambda node: isinstance(node, nodes.Element) and node.get("nb_element") == "mime_bundle")
    images = [image for bundle in shown for image in bundle.findall(nodes.image)]
    for image, output in zip(images, outputs, strict=True):
        image["alt"] = output.metadata["image/png"]["alt"]


def _say_language(app, name, template, context, doctree):
    if name in ENGLISH:
        context["language"] = "en"


def _name_front_page(app, error):
    if error is None and app.builder.format == "html":
        shutil.copy(app.outdir / f"{root_doc}.html", app.outdir / "index.html")
