"""The notebooks: solutions are the source, student copies are derived from them.

A region between `BEGIN` and `END` (nbgrader's own markers) becomes a placeholder, cells tagged `SOLUTION_ONLY` and all
outputs go, cell ids stay. The bytes are the same on every platform, so a stale copy is one that differs at all.
"""

import json
import re
from pathlib import Path

import nbformat

from course.errors import CourseError
from course.paths import atomic_write, editable, resource, told_unwritable
from course.regions import BEGIN, END, names_needed, parse, regions, without_regions

SOLUTION_ONLY = "solo-solucion"
COLAB = """\
if "google.colab" in str(get_ipython()):  # solo en Google Colab: sube antes el archivo .whl de la clase
    %pip install --quiet --no-deps redes_feedforward-*.whl
    %pip install --quiet "keras>=3.15" anywidget optuna wasmtime

"""
"""What the student copies begin with: the class is the wheel that the teacher hands out, never a name that others could
register. Colab keeps the TensorFlow that it has; what it lacks of the rest is named."""

WIDGET = "application/vnd.jupyter.widget-view+json"

_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_CHECK = re.compile(r"^[ \t]*nb(\d\d)\.(\w+)\.check\(", re.MULTILINE)


def solutions(names=(), folder=None):
    """Return the paths of the solution notebooks, all or those whose name starts with one of `names`.

    Parameters
    ----------
    names : sequence of str
        ``"01"``, ``"01_forward_a_mano"`` or ``"01_forward_a_mano.ipynb"``.
    folder : path-like, optional
        The folder of the notebooks; the project's own by default.

    Raises
    ------
    CourseError
        A name fits no notebook, or there is none at all.
    """
    folder = Path(folder or resource("notebooks"))
    paths = sorted((folder / "soluciones").glob("*.ipynb"))
    if not paths:
        raise CourseError(f"No hay cuadernos en {folder / 'soluciones'}. ¿Se clonó el proyecto entero?")
    for name in names:
        if not any(path.name.startswith(name) for path in paths):
            known = ", ".join(path.stem for path in paths)
            raise CourseError(f"No hay ningún cuaderno que empiece por {name!r}. Los que hay: {known}.")
    return [path for path in paths if not names or path.name.startswith(tuple(names))]


def read(path):
    """Read a notebook.

    Raises
    ------
    CourseError
        It is not a notebook, or a cell has no id of its own (nbformat would invent a new one at each reading).
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        ids = [cell.get("id") for cell in raw["cells"]]
        if None in ids or len({*ids}) < len(ids):
            raise CourseError(f"{path.name}: hay celdas sin id, o con el mismo. Guárdalo de nuevo con JupyterLab.")
        return nbformat.from_dict(nbformat.reads(json.dumps(raw), as_version=4))
    except OSError as error:
        raise CourseError(f"No se puede leer {path}: {error}.") from error
    except (ValueError, KeyError, TypeError, AttributeError, nbformat.ValidationError) as error:
        raise CourseError(f"{path.name} no es un cuaderno de Jupyter válido: {error}") from error


def to_bytes(notebook):
    """Return the notebook's file: sorted keys, ``\\n``, UTF-8, whatever the platform."""
    return (nbformat.writes(notebook, version=4).rstrip("\n") + "\n").encode()


def normalise(notebook):
    """Return a copy without what changes from one machine or run to the next: metadata, counts, line ends."""
    cells = []
    for cell in notebook.cells:
        cell = nbformat.from_dict(dict(cell))
        cell.source = "\n".join(cell.source.splitlines())
        cell.metadata = {"tags": list(cell.metadata.tags)} if cell.metadata.get("tags") else {}
        cells.append(cell)
    count = 0
    for cell in code_cells(cells):
        count += cell.execution_count is not None
        cell.execution_count = count if cell.execution_count is not None else None
        for output in cell.outputs:
            output.get("data", {}).pop(WIDGET, None)  # a random name, of no use without its kernel
            if "execution_count" in output:
                output.execution_count = cell.execution_count
    return nbformat.from_dict({"cells": cells, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5})


def derive(notebook, name):
    """Return the student copy of a solution notebook.

    Where later code reads names that a region binds, the placeholder binds them (``parametros = ...``): the student
    copy then runs to its end unsolved, and the check can say "sin intentar".

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The solution notebook.
    name : str
        Its file name: for messages, and because links to itself become links to the solution.

    Raises
    ------
    CourseError
        A marker is unbalanced, nested, misspelt or outside code, or a cell of the copy is not Python.
    """
    copy = normalise(notebook)
    kept = [
        (number, cell) for number, cell in enumerate(copy.cells) if SOLUTION_ONLY not in cell.metadata.get("tags", [])
    ]
    later = set()
    for number, cell in reversed(kept):
        where = f"{name}, celda {number + 1}"
        if cell.cell_type == "code":
            solved, cell.source = cell.source, without_regions(cell.source, later, where)
            parse(cell.source, where)
            cell.outputs, cell.execution_count = [], None
            later |= names_needed(solved, where)
        elif regions(cell.source, where):
            raise CourseError(f"{where}: hay una región de solución fuera del código.")
        else:
            # the copy is one folder up
            cell.source = cell.source.replace("](../", "](").replace(f"]({name}", f"](soluciones/{name}")
    copy.cells = [cell for _, cell in kept]
    return copy


def with_colab(notebook):
    """Return the notebook with `COLAB` before the code of its first cell of code: a cell of its own would be the 31st.

    The solutions do without: they are executed, and their outputs compared.
    """
    notebook = nbformat.from_dict(notebook)
    for first in code_cells(notebook.cells)[:1]:  # of one that is all text, none
        first.source = COLAB + first.source
    return notebook


def build(folder=None):
    """Write the student copies; return the paths of those that changed.

    Raises
    ------
    CourseError
        If they cannot be written.
    """
    changed = []
    for path, wanted in _copies(folder or editable("notebooks")).items():
        if not path.exists() or path.read_bytes() != wanted:
            with told_unwritable(path.parent), atomic_write(path) as stream:
                stream.write(wanted)
            changed.append(path)
    return changed


def copy(target):
    """Copy the student notebooks and their solutions to a folder, to work there; what it already has stays as it is.

    Returns
    -------
    list of pathlib.Path
        The files that were written.

    Raises
    ------
    CourseError
        If the folder has no name or cannot be written.
    """
    if not str(target):  # an empty variable of the shell, which would be this very folder
        raise CourseError("Falta el nombre de la carpeta. Para copiarlos a esta misma, escribe un punto.")
    written, folder = [], resource("notebooks")
    for source in (*sorted(folder.glob("*.ipynb")), *solutions()):
        path = Path(target) / source.relative_to(folder)
        if not path.exists():
            with told_unwritable(target, "Elige otra carpeta."), atomic_write(path) as stream:
                stream.write(source.read_bytes())
            written.append(path)
    return written


def stale(folder=None):
    """Return a line for each student copy that is stale, missing or without a source."""
    folder = Path(folder or resource("notebooks"))
    wanted = _copies(folder)
    problems = [
        f"{path.name}: no tiene cuaderno en soluciones/"
        for path in sorted(folder.glob("*.ipynb"))
        if path not in wanted
    ]
    for path, content in wanted.items():
        if not path.exists():
            problems.append(f"{path.name}: falta la copia del estudiante")
        elif path.read_bytes() != content:
            problems.append(f"{path.name}: la copia del estudiante no es la que sale de soluciones/")
    return problems


def code_cells(cells):
    """Return the code cells among `cells`."""
    return [cell for cell in cells if cell.cell_type == "code"]


def printed(cell):
    """Return what a cell printed."""
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def exercises(notebook):
    """Return ``{name: (position of the cell with its check, position of the cell with its solution or None)}``.

    The solution is in the check's own cell or in the nearest code cell before it that has a region.
    """
    found, solved = {}, None
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        if BEGIN in cell.source:
            solved = position
        for match in _CHECK.finditer(cell.source):
            found[match[2]] = (position, solved)
    return found


def solution_of(module, name):
    """Return the solution notebook's path and the code that solves the exercise.

    Parameters
    ----------
    module, name : str
        As in ``nb01.relu``.
    """
    path = solutions([module.removeprefix("nb")])[0]
    notebook = read(path)
    position = exercises(notebook).get(name, (None, None))[1]
    if position is None:
        raise CourseError(f"{path.name} no tiene ninguna celda que resuelva {module}.{name}.")
    lines = notebook.cells[position].source.splitlines()
    lines = [line for line in lines if line.strip() not in (BEGIN, END) and not re.match(rf"#?\s*{module}\.", line)]
    return path, "\n".join(lines).strip()


def _copies(folder):
    folder = Path(folder or resource("notebooks"))
    paths = solutions(folder=folder)
    return {folder / path.name: to_bytes(with_colab(derive(read(path), path.name))) for path in paths}
