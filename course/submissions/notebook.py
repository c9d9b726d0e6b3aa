"""The notebook of a submission: looked at as JSON, within limits, for its bare facts. It is never run nor rendered."""

import json
import re

import numpy as np

from course.submissions.files import megabytes

MAX_BYTES = 20_000_000
MAX_DEPTH = 50
MAX_PARTS = 300_000

# The closing quote is optional, so that an open string matches to the end at once instead of from every quote in it.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)


def scan(content, problems):
    """Return the facts of a notebook, or None with the reason added to `problems`.

    Parameters
    ----------
    content : bytes
        Anything. Its nesting and its number of parts are bounded before it is parsed: a small file may otherwise take
        gigabytes.
    problems : course.submissions.problems.Problems

    Returns
    -------
    dict
        ``cells``, ``code_cells`` and ``run_cells`` (code cells with an execution count): int.
    """
    wrong = _too_much(content)
    if wrong is None:
        try:
            return _facts(json.loads(content.decode("utf-8-sig")))
        except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
            wrong = "no es un cuaderno de Jupyter: guárdalo otra vez con Jupyter y entrega el archivo .ipynb"
    problems.add(f"El cuaderno {wrong}")
    return None


def _too_much(content):
    if len(content) > MAX_BYTES:
        return f"pesa demasiado: el máximo son {megabytes(MAX_BYTES)}. Borra las salidas grandes"
    letters = np.frombuffer(_STRING.sub(b"", content), np.uint8)
    opened = np.isin(letters, np.frombuffer(b"[{", np.uint8))
    closed = np.isin(letters, np.frombuffer(b"]}", np.uint8))
    if opened.sum() + (letters == ord(",")).sum() > MAX_PARTS:
        return "tiene demasiadas partes: no es un cuaderno normal"
    brackets = opened[opened | closed]
    if np.cumsum(np.where(brackets, 1, -1)).max(initial=0) > MAX_DEPTH:
        return f"tiene más de {MAX_DEPTH} niveles anidados: no es un cuaderno normal"
    return None


def _facts(notebook):
    kinds = [cell["cell_type"] for cell in notebook["cells"]]
    if not isinstance(notebook["nbformat"], int) or not set(kinds) <= {"code", "markdown", "raw"}:
        raise ValueError("not a notebook")
    run = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and cell.get("execution_count")]
    return {"cells": len(kinds), "code_cells": kinds.count("code"), "run_cells": len(run)}
