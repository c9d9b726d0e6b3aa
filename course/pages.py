"""An executed notebook as one page of HTML that needs no network.

nbconvert's own pages fetch MathJax, require.js and Mermaid from the web and leave out the figures' alt text. Here the
formulas become MathML, which browsers draw by themselves, and nothing is fetched. Prompts, comments, numbers and
operators are darker than JupyterLab's, Keras's tables black and links underlined, so that axe-core finds no barrier.
"""

from jinja2 import DictLoader, pass_context
from latex2mathml.converter import convert
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

_TEMPLATE = """
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_css -%}
<style>
:root {
  --jp-cell-prompt-not-active-font-color: #595959;
  --jp-cell-prompt-not-active-opacity: 1;
  --jp-mirror-editor-comment-color: #306f6f;
  --jp-mirror-editor-number-color: #070;
  --jp-mirror-editor-operator-color: #9a10f0;
}
.jp-RenderedHTMLCommon a:link, .jp-RenderedHTMLCommon a:visited { text-decoration: underline; }
.jp-OutputArea-output pre span[style*="color"] { color: inherit !important; }
</style>
{%- endblock -%}
{%- block data_png scoped -%}
{%- set alt = (output | get_metadata('alt', 'image/png') or '') | escape_html -%}
{{ super() | replace('<img ', '<img alt="' ~ alt ~ '" ') }}
{%- endblock -%}
"""


def render(notebook, name):
    """Return a notebook as a page of HTML.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    name : str
        The title of the page.

    Returns
    -------
    str
    """
    exporter = _Exporter(
        extra_loaders=[DictLoader({"page.html.j2": _TEMPLATE})], template_file="page.html.j2", language_code="es"
    )
    return exporter.from_notebook_node(notebook, {"metadata": {"name": name}})[0]


class _Exporter(HTMLExporter):
    @pass_context
    def markdown2html(self, context, source):
        return MarkdownWithMath(renderer=_Renderer(escape=False)).render(source)


class _Renderer(IPythonRenderer):
    def block_math(self, body):
        return convert(body, display="block")

    def inline_math(self, body):
        return convert(body)
