"""The rules that every notebook of the class keeps, checked without running anything.

Each guard takes a solution notebook and its file name and returns a line for each breach. They see what nbval does
not: stripped outputs, a figure without a fact beside it, a magic that does not exist.
"""

import itertools
import re

from course import notebooks
from course.runner import CORRECT

MAX_CELLS = 30
MAX_BYTES = 1_000_000
SMALLEST = 11  # points, of the letters in a figure
KNOWN_MAGICS = {"matplotlib", "time", "timeit", "capture"}

_ABSOLUTE = re.compile(
    r"(?<![\w.:/~-])/(?:home|Users|root|tmp|work|mnt|opt|usr|var|private)/|\b[A-Za-z]:\\+(?:Users|Windows)\b"
)
_SEED = re.compile(r"\b(?:prepare|set_seed|default_rng|set_random_seed)\((?:seed=)?\d|\bseed=\d")
_FRAGILE = {  # what makes nbval cry wolf, or hangs it
    r"\bclear_output\(": "clear_output confunde a nbval",
    r"\bipywidgets\b|\binteract\(": "los widgets confunden a nbval",
    r"(?<!plt)\.style\b": "los estilos de pandas llevan identificadores al azar",
    r"\bwarnings\.warn\(": "un aviso escribe en stderr la ruta de un archivo temporal",
    r"\bos\.(?:write|system)\(|\bsubprocess\b": "lo que se escribe por debajo de Python llega desordenado",
    r"(?<![\w.])(?:input|exit|quit)\(": "no hay nadie que responda, y exit() no detiene el cuaderno",
}


def problems(path):
    """Return every breach of the rules in a solution notebook, as lines that begin with its name."""
    notebook = notebooks.read(path)
    if not any(cell.execution_count for cell in notebooks.code_cells(notebook.cells)):
        return [f"{path.name}: no está ejecutado. Hazlo con: python -m course notebooks execute {path.stem}"]
    found = [line for guard in GUARDS for line in guard(notebook, path.name)]
    if path.stat().st_size >= MAX_BYTES:
        found.append(f"pesa {path.stat().st_size / 1e6:.1f} MB; el límite es {MAX_BYTES / 1e6:g} MB")
    return [f"{path.name}: {line}" for line in found]


def report(folder=None):
    """Print what is wrong with the notebooks and their student copies; return the exit status."""
    paths, stale = notebooks.solutions(folder=folder), notebooks.stale(folder)
    found = stale + [line for path in paths for line in problems(path)]
    for line in found:
        print(f"✘ {line}")
    if stale:
        print("  Las copias se escriben con: python -m course notebooks build")
    if not found:
        print(f"✔ Reglas cumplidas y copias al día (cuadernos revisados: {len(paths)}).")
    return int(bool(found))


def execution_counts(notebook, name):
    """Counts are exactly 1..n: everything ran, once, from top to bottom."""
    counts = [cell.execution_count for cell in notebooks.code_cells(notebook.cells)]
    expected = list(range(1, len(counts) + 1))
    return [] if counts == expected else [f"los números de ejecución son {counts}, no 1..{len(counts)}"]


def clean_outputs(notebook, name):
    """No errors, nothing on stderr, no object's address, no SVG (whose identifiers change)."""
    found = []
    for number, _, output in _outputs(notebook):
        if output.output_type == "error":
            found.append(f"celda {number}: termina en error ({output.ename})")
        if output.get("name") == "stderr":
            found.append(f"celda {number}: escribe en stderr: {output.text.strip()[:80]!r}")
        if re.search(r" at 0x[0-9a-fA-F]+", _text(output)):
            found.append(f"celda {number}: muestra una dirección de memoria, que cambia en cada ejecución")
        if "image/svg+xml" in output.get("data", {}):
            found.append(f"celda {number}: figura SVG, cuyos identificadores cambian en cada ejecución")
    return found


def outputs_kept(notebook, name):
    """A cell that prints has its output: nbval lets a cell without any pass."""
    return [
        f"celda {number}: imprime y no tiene salida guardada"
        for number, cell in _code(notebook)
        if re.search(r"^(?:print|display)\(|^\w+\.\w+\.check\(", cell.source, re.MULTILINE) and not cell.outputs
    ]


def figures(notebook, name):
    """Each figure has alt text and large letters, and beside it a printed number: nbval does not compare pictures."""
    found = [
        f"celda {number}: letra de {size} puntos; en un proyector se leen desde {SMALLEST}"
        for number, cell in _code(notebook)
        for size in re.findall(r"\b(?:font|label)_?size=(\d+)", cell.source)
        if int(size) < SMALLEST
    ]
    for number, cell, output in _outputs(notebook):
        if "image/png" not in output.get("data", {}):
            continue
        if not output.metadata.get("image/png", {}).get("alt", "").strip():
            found.append(f"celda {number}: figura sin texto alternativo")
        texts = [_text(other) for other in cell.outputs if "image/png" not in other.get("data", {})]
        if not re.search(r"\d", " ".join(texts)):
            found.append(f"celda {number}: figura sin un dato numérico impreso en la misma celda")
    return found


def seed(notebook, name):
    """Random numbers are seeded."""
    code = "\n".join(cell.source for _, cell in _code(notebook))
    return [] if _SEED.search(code) else ["no fija ninguna semilla: empieza con environment.prepare(seed=0)"]


def solved(notebook, name):
    """Each exercise has a solution (in its cell or the one before), a link to it, and passes its own check."""
    found = []
    for exercise, (position, solution) in notebooks.exercises(notebook).items():
        between = notebook.cells[solution + 1 : position] if solution is not None else []
        if solution is None or notebooks.code_cells(between):
            found.append(f"{exercise}: no hay una región de solución en su celda ni en la anterior")
        texts = [cell.source for cell in notebook.cells[:position] if cell.cell_type == "markdown"]
        if f"]({name}" not in "".join(texts[-1:]):
            found.append(f"{exercise}: el texto que lo presenta no enlaza a su solución: [Solución]({name})")
        printed = notebooks.printed(notebook.cells[position])
        if CORRECT not in printed or re.search("❌|⏳", printed):
            found.append(f"{exercise}: la solución no pasa su propia comprobación")
    return found


def paths_relative(notebook, name):
    """No path of anybody's machine, in sources or outputs."""
    texts = [(number, cell.source) for number, cell in enumerate(notebook.cells, 1)]
    texts += [(number, _text(output)) for number, _, output in _outputs(notebook)]
    hits = [(number, _ABSOLUTE.search(text)) for number, text in texts]
    return [f"celda {number}: ruta absoluta ({hit[0]}…)" for number, hit in hits if hit]


def short(notebook, name):
    """At most 30 cells: longer notebooks are not read to their end, and get cut by viewers."""
    return [f"tiene {len(notebook.cells)} celdas; el máximo es {MAX_CELLS}"] if len(notebook.cells) > MAX_CELLS else []


def steady_code(notebook, name):
    """Only magics that exist and repeat themselves, and nothing that confuses nbval."""
    found = []
    for number, cell in _code(notebook):
        magics = re.findall(r"^\s*(?:%%?(\w*)|!(.*))", cell.source, re.MULTILINE)
        found += [
            f"celda {number}: magia no permitida (%{name or shell})"
            for name, shell in magics
            if name not in KNOWN_MAGICS
        ]
        found += [
            f"celda {number}: {reason}" for pattern, reason in _FRAGILE.items() if re.search(pattern, cell.source)
        ]
    return found


def headings(notebook, name):
    """One title, in the first cell; no level skipped."""
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    prose = re.sub(r"```.*?```", "", prose, flags=re.DOTALL)
    levels = [len(marks) for marks in re.findall(r"^(#{1,6}) ", prose, re.MULTILINE)]
    found = []
    if levels.count(1) != 1 or not notebook.cells[0].source.startswith("# "):
        found.append("debe tener un solo título de nivel 1, en la primera celda")
    skipped = any(after > before + 1 for before, after in itertools.pairwise(levels))
    return found + (["los títulos se saltan un nivel"] if skipped else [])


GUARDS = (
    execution_counts,
    clean_outputs,
    outputs_kept,
    figures,
    seed,
    solved,
    paths_relative,
    short,
    steady_code,
    headings,
)


def _code(notebook):
    """Return the code cells with their position, counted from 1 as a reader would."""
    return [(number, cell) for number, cell in enumerate(notebook.cells, 1) if cell.cell_type == "code"]


def _outputs(notebook):
    return [(number, cell, output) for number, cell in _code(notebook) for output in cell.outputs]


def _text(output):
    return output.get("text", "") + str(output.get("data", {}).get("text/plain", ""))
