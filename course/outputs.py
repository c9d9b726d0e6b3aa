"""What a notebook shows when it is executed again with other versions: `course notebooks update`.

A text may be worded differently and a figure drawn differently, and both are told. A number that moved stops the
update, as does a fact that no longer holds, because somebody has to say whether it was right before or is right now.
"""

import base64
import difflib
import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from course import notebooks, runner
from course.paths import atomic_write, editable, told_unwritable

MAX_LINES = 12  # of each cell's differences

_NUMBER = re.compile(r"[-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_FACT = re.compile(rf"True|False|[✔✘✅❌⏳]|{_NUMBER.pattern}")


@dataclass(frozen=True)
class Change:
    """What a cell shows differently: `kind` is ``número``, ``texto`` or ``figura``; cells with code count from 1."""

    cell: int
    kind: str
    lines: tuple

    def __str__(self):
        """Return the lines that tell it."""
        cut = [f"… y {len(self.lines) - MAX_LINES} líneas más"] if len(self.lines) > MAX_LINES else []
        return "\n    ".join([f"  celda {self.cell}, {self.kind}:", *self.lines[:MAX_LINES], *cut])


def update(names=(), accept=False, cell_timeout=300, notebook_timeout=900, folder=None, output="build/update"):
    """Execute the solution notebooks and keep their new outputs, all of them or none.

    None is kept where a notebook does not run to its end, or a number moved and `accept` is false. What was executed is
    left in `output` either way, as notebooks and pages.

    Parameters
    ----------
    names : sequence of str
        As in `course.notebooks.solutions`.
    accept : bool
        Take numbers that moved.
    cell_timeout, notebook_timeout : float
        Seconds.
    folder : path-like, optional
        The folder of the notebooks; the project's own by default.
    output : path-like
        A folder, made when needed.

    Returns
    -------
    int
        Exit status: 0 when the outputs were kept.
    """
    fresh, moved, failed = {}, [], []
    for path in notebooks.solutions(names, folder or editable("notebooks")):
        stored, notebook = notebooks.read(path), notebooks.read(path)
        run = runner.run_notebook(notebook, path.stem, path.parent, cell_timeout, notebook_timeout, runner.tell)
        if run.error:
            failed.append(path.stem)
            continue
        notebook = notebooks.normalise(notebook)
        runner.write_copies(notebook, path.stem, Path(output))
        found = changes(stored, notebook)
        print("\n".join(map(str, found)) or "  sin cambios", flush=True)
        if found:  # else it stays as it is: other times are no news
            fresh[path] = notebook
        if any(change.kind == "número" for change in found):
            moved.append(path.stem)
    if failed or (moved and not accept):
        return _stop(failed, moved, output)
    for path, notebook in fresh.items():
        with told_unwritable(path.parent), atomic_write(path) as stream:
            stream.write(notebooks.to_bytes(notebook))
    print(f"✔ Ningún problema; cuadernos con salidas nuevas: {len(fresh)}. Ahora comprueba todo: make test")
    return 0


def changes(stored, executed):
    """Return a `Change` for each thing that an executed notebook shows differently from the stored one.

    The text of cells tagged ``nbval-ignore-output``, which shows times, is not compared.
    """
    pairs = zip(notebooks.code_cells(stored.cells), notebooks.code_cells(executed.cells), strict=True)
    found = []
    for number, (old, new) in enumerate(pairs, 1):
        if not runner.ignored(old):
            found += _text_change(number, _shown(old), _shown(new))
        found += _figure_changes(number, _figures(old), _figures(new))
    return found


def facts(text):
    """Return the numbers, truths and marks of a text in their order: ``0.50`` is ``0.5``, and ``−1`` is ``-1``."""
    found = (fact.replace("−", "-") for fact in _FACT.findall(text))
    return [float(fact) if _NUMBER.fullmatch(fact) else fact for fact in found]


def _stop(failed, moved, output):
    if failed:
        print(f"✘ No llegaron al final: {', '.join(failed)}.")
    if moved:
        print(f"✘ Se movió un número en: {', '.join(moved)}.")
    print(f"  No se cambió ningún cuaderno; lo ejecutado está en {output}.")
    if moved and not failed:
        print("  Si los nuevos son los correctos, agrega --accept (con make: make update ACCEPT=1).")
    return 1


def _shown(cell):
    """Return what a cell says in words: what it printed and displayed, and its figures' alt texts."""
    parts = [notebooks.printed(cell)]
    for output in cell.outputs:
        data = output.get("data", {})
        alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
        parts.append(alt if "image/png" in data else data.get("text/plain", ""))
    return "\n".join(part.rstrip("\n") for part in parts if part)


def _text_change(number, old, new):
    if old == new:
        return []
    lines = [line for line in difflib.ndiff(old.splitlines(), new.splitlines()) if line[0] in "-+"]
    return [Change(number, "texto" if facts(old) == facts(new) else "número", tuple(lines))]


def _figures(cell):
    return [output.data["image/png"] for output in cell.outputs if "image/png" in output.get("data", {})]


def _figure_changes(number, old, new):
    if len(old) != len(new):
        return [Change(number, "número", (f"figuras: antes {len(old)}, ahora {len(new)}",))]
    lines = [_difference(before, after) for before, after in zip(old, new, strict=True) if before != after]
    return [Change(number, "figura", tuple(lines))] if lines else []


def _difference(before, after):
    """Say by how much two PNGs differ."""
    old, new = (np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGBA")) for png in (before, after))
    if old.shape != new.shape:
        return f"antes {old.shape[1]}×{old.shape[0]} píxeles, ahora {new.shape[1]}×{new.shape[0]}"
    return f"cambia el {100 * (old != new).any(axis=2).mean():.1f} % de los píxeles"
