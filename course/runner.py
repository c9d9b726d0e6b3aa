"""Run notebooks headless, each in a kernel of its own: a hung or dead kernel costs a line in a table, not the class.

The kernel always is this very Python, whatever kernels the machine knows, and is killed with its children at the end.
"""

import asyncio
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from course import notebooks
from course.paths import atomic_write, editable, installed, resource, told_unwritable

CORRECT = "✅ Correcto"  # what `course.checks` prints for a right answer
_ELSEWHERE = "Libera espacio, o repite la orden desde otra carpeta, en la que puedas escribir."
STARTUP_TIMEOUT = 60  # seconds a kernel may take to answer for the first time


@dataclass
class Run:
    """How one notebook fares: its code cells, the one it is at (from 1), and why it stopped there, if it did."""

    name: str
    cells: list
    progress: Callable
    position: int = 0
    error: str = ""
    start: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    @property
    def executed(self):
        """How many cells ran."""
        return sum(cell.execution_count is not None for cell in self.cells)


def run_class(names=(), cell_timeout=300, notebook_timeout=900, output="build"):
    """Run the solution notebooks; leave copies and HTML in `output`; print what each reproduced.

    Parameters
    ----------
    names : sequence of str
        As in `course.notebooks.solutions`.
    cell_timeout, notebook_timeout : float
        Seconds after which a cell, or a notebook as a whole, is given up.
    output : path-like
        A folder, made when needed.

    Returns
    -------
    int
        Exit status: 1 when a notebook did not run to its end.

    Raises
    ------
    CourseError
        If `output` cannot be written: told before the first notebook runs, if it can be known by then.
    """
    rows, failures, paths = [], 0, notebooks.solutions(names)
    _expect_writable(output, _ELSEWHERE)
    for path in paths:
        stored, notebook = notebooks.read(path), notebooks.read(path)
        run = run_notebook(notebook, path.stem, path.parent, cell_timeout, notebook_timeout, tell)
        write_copies(notebook, path.stem, Path(output))
        rows.append(_row(stored, notebook, run))
        failures += bool(run.error)
    print(f"\n{_table(rows)}\n\nCopias ejecutadas y páginas HTML: {Path(output)}")
    if failures:
        print(f"✘ {failures} de {len(rows)} cuadernos no llegaron al final.")
    print(f"Para abrir la clase: {_how_to_open()}")
    return int(failures > 0)


def execute_in_place(names=(), cell_timeout=300, notebook_timeout=900, folder=None):
    """Run the solution notebooks and keep their outputs; one that fails stays as it was. Returns the exit status.

    Raises
    ------
    CourseError
        If they cannot be written: told before the first one runs, if it can be known by then.
    """
    failures, paths = 0, notebooks.solutions(names, folder or editable("notebooks"))
    _expect_writable(paths[0].parent)
    for path in paths:
        notebook = notebooks.read(path)
        run = run_notebook(notebook, path.stem, path.parent, cell_timeout, notebook_timeout, tell)
        failures += bool(run.error)
        if not run.error:
            with told_unwritable(path.parent), atomic_write(path) as stream:
                stream.write(notebooks.to_bytes(notebooks.normalise(notebook)))
    return int(failures > 0)


def run_notebook(notebook, name, folder, cell_timeout=300, notebook_timeout=900, progress=lambda run, done=False: None):
    """Run a notebook, filling in its outputs, and return a `Run`.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Changed in place.
    name : str
        What messages call it.
    folder : path-like
        The kernel's working folder.
    cell_timeout, notebook_timeout : float
        Seconds.
    progress : callable
        Called as ``progress(run)`` before each cell, and as ``progress(run, done=True)`` at the end.
    """
    run = Run(name, notebooks.code_cells(notebook.cells), progress)
    for cell in run.cells:
        cell.outputs, cell.execution_count = [], None
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as loop:  # Windows' own loop does not speak ZeroMQ
        try:
            loop.run(_run_cells(notebook, folder, cell_timeout, notebook_timeout, run))
        except CellTimeoutError:
            run.error = f"más de {cell_timeout:g} s en una celda"
        except TimeoutError:
            run.error = f"más de {notebook_timeout:g} s en un cuaderno"
        except CellExecutionError as failed:
            run.error = f"{failed.ename}: {_first_line(failed.evalue)}"
        except RuntimeError as failed:  # DeadKernelError, or a kernel that never answered
            run.error = f"el kernel murió o no responde ({_first_line(str(failed))})"
    run.seconds = time.monotonic() - run.start
    progress(run, done=True)
    return run


async def _run_cells(notebook, folder, cell_timeout, notebook_timeout, run):
    """Start a kernel, run every cell, and leave no process behind, whatever happens."""
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    client = NotebookClient(
        notebook, manager, timeout=max(1, round(cell_timeout)), startup_timeout=STARTUP_TIMEOUT, coalesce_streams=True
    )
    client.extra_arguments = ["--IPKernelApp.log_level=ERROR"]
    with tempfile.TemporaryFile() as log:
        try:
            async with asyncio.timeout(notebook_timeout):
                await client.async_start_new_kernel(cwd=str(folder), stderr=log)
                await client.async_start_new_kernel_client()
                for index, cell in enumerate(notebook.cells):
                    if cell.cell_type == "code":
                        run.position += 1
                        run.progress(run)
                        await _run_cell(client, cell, index)
        except RuntimeError as error:
            log.seek(0)
            last = log.read().decode(errors="replace").strip().splitlines()[-1:]
            raise DeadKernelError(last[0] if last else str(error)) from error
        finally:
            if client.kc is not None:
                client.kc.stop_channels()
            if manager.has_kernel:
                await manager.shutdown_kernel(now=True)


async def _run_cell(client, cell, index):
    try:
        await client.async_execute_cell(cell, index)
    except DeadKernelError:
        if asyncio.current_task().cancelling():  # nbclient takes a time-out, or Ctrl-C, for a dead kernel
            raise asyncio.CancelledError from None
        raise


def compare_outputs(stored, executed):
    """Return for each code cell whether it printed again what the stored notebook shows; None where that is no matter.

    Figures, and cells tagged ``nbval-ignore-output``, are not compared.
    """
    pairs = zip(notebooks.code_cells(stored.cells), notebooks.code_cells(executed.cells), strict=True)
    return [None if ignored(old) else bool(new.execution_count) and _texts(old) == _texts(new) for old, new in pairs]


def ignored(cell):
    """Tell whether a cell's output is no matter: it shows times."""
    return "nbval-ignore-output" in cell.metadata.get("tags", [])


def _texts(cell):
    """Return what a cell printed and displayed, without pictures and widgets."""
    shown = [output.data.items() for output in cell.outputs if "data" in output]
    kept = [{kind: text for kind, text in data if "image/" not in kind and kind != notebooks.WIDGET} for data in shown]
    return notebooks.printed(cell), kept


def _row(stored, executed, run):
    outputs = [output for cell in run.cells for output in cell.outputs]
    exercises = [executed.cells[position] for position, _ in notebooks.exercises(executed).values()]
    correct = sum(CORRECT in notebooks.printed(cell) for cell in exercises)
    same = compare_outputs(stored, executed)
    return {
        "cuaderno": run.name,
        "celdas": f"{run.executed}/{len(run.cells)}",
        "ejercicios ✅": f"{correct}/{len(exercises)}",
        "salidas iguales": f"{same.count(True)}/{len(same) - same.count(None)}",
        "figuras": str(sum("image/png" in output.get("data", {}) for output in outputs)),
        "segundos": f"{run.seconds:.1f}",
        "resultado": f"✘ celda {run.position}" if run.error else _verdict(same),
    }


def _verdict(same):
    """Say which cells of a notebook that ran to its end do not show what is stored."""
    different = [str(number) for number, equal in enumerate(same, 1) if equal is False]
    return f"✔ (salida distinta en {', '.join(different)})" if different else "✔"


def _table(rows):
    """Return a Markdown table, which also reads well in a terminal."""
    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    padded = [[text.ljust(width) for text, width in zip(line, widths, strict=True)] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)


def tell(run, done=False):
    """Print one line per notebook; in a terminal, rewrite it at each cell."""
    terminal = sys.stdout.isatty()
    if not done and not terminal:
        return
    mark = "✘" if run.error else "✔" if done else "…"
    line = f"{mark} {run.name}  celda {run.position}/{len(run.cells)}  {time.monotonic() - run.start:.1f} s"
    print(f"\r{line:<78}" if terminal else line, end="\n" if done else "", flush=True)
    if run.error:
        source = run.cells[run.position - 1].source if run.position else "(al arrancar el kernel)"
        print(textwrap.indent(f"{run.error}\n{source}", "    "), flush=True)


def _first_line(text):
    return (text.strip().splitlines() or [""])[0][:200]


def write_copies(notebook, name, folder):
    """Write an executed notebook to `folder`, as a notebook and as a page of HTML."""
    from course import pages  # nbconvert takes a second to import, and is wanted only here

    for suffix, content in ((".ipynb", notebooks.to_bytes(notebook)), (".html", pages.render(notebook, name).encode())):
        with told_unwritable(folder, _ELSEWHERE), atomic_write(folder / (name + suffix)) as stream:
            stream.write(content)


def _expect_writable(folder, *advice):
    """Make a folder if there is none, and try to write in it; told as by `told_unwritable`."""
    with told_unwritable(folder, *advice):
        Path(folder).mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()


def _how_to_open():
    folder = resource("notebooks")
    if installed():  # nobody works among the installed files
        return "python -m course notebooks copy clase, y después python -m jupyter lab clase"
    if folder.is_relative_to(Path.cwd()):
        folder = folder.relative_to(Path.cwd())
    make = "make lab, o " if (folder.parent / "Makefile").exists() else ""
    return f"{make}python -m jupyter lab {folder}"
