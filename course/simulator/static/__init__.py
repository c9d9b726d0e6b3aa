"""The simulator's page: its style, and its script as one module.

The script is written as several ES modules, which name what they take from each other; but anywidget loads a single
one. They need no tool to become one: their lines ``import … from "./…"`` go, ``export`` goes, and what is left is put
together in the order of `PARTS`. No two of them give the same name to different things.
"""

import re
from functools import cache
from pathlib import Path

PARTS = ("dom", "palette", "store", "heatmap", "chart", "editor", "diagram", "controls", "drawers", "panel", "widget")
_HERE = Path(__file__).parent


@cache
def script():
    """Return the one ES module, whose default export has anywidget's ``render({model, el})``."""
    return "\n".join(_bare((_HERE / f"{part}.js").read_text(encoding="utf-8")) for part in PARTS)


@cache
def style():
    """Return the style sheet; all its rules are below ``.simulator``."""
    return (_HERE / "widget.css").read_text(encoding="utf-8")


@cache
def page():
    """Return the script of the page that is shown without Jupyter."""
    return (_HERE / "page.js").read_text(encoding="utf-8")


def _bare(module):
    module = re.sub(r'^import \{[^}]*\} from "\./\w+\.js";\n', "", module, flags=re.MULTILINE)
    return re.sub(r"^export (?!default)", "", module, flags=re.MULTILINE)
