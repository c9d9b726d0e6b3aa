import ast
import re
import signal
import subprocess
import sys
import textwrap
import time

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from processes import running

from course import guards, notebooks, regions, runner
from course.errors import CourseError
from course.paths import resource

PATHS = sorted((resource("notebooks") / "soluciones").glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)

# --- the notebooks of the class ----------------------------------------------------------------------------------


@every_notebook
def test_the_rules_are_kept(path):
    assert guards.problems(path) == []


def test_student_copies_are_up_to_date():
    assert notebooks.stale() == []


@pytest.mark.parametrize("folder", ["", "soluciones"])
def test_links_between_files_lead_somewhere(folder):
    broken = []
    for path in (resource("notebooks") / folder).glob("*.ipynb"):
        text = "\n".join(cell.source for cell in notebooks.read(path).cells if cell.cell_type == "markdown")
        links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if ":" not in link]
        broken += [(path.name, link) for link in links if not (path.parent / link).exists()]
    assert broken == []


@pytest.mark.parametrize("path", [p for p in PATHS if b"bookings" in p.read_bytes()], ids=lambda path: path.stem)
def test_solutions_run_and_pass_their_own_checks_on_the_made_up_table_too(path, monkeypatch, tmp_path):
    """Where the real bookings are, nbval compares the outputs with them: here they are compared without them."""
    monkeypatch.delenv("COURSE_DATA_DIR", raising=False)
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    monkeypatch.setenv("COURSE_CACHE_DIR", str(tmp_path))
    notebook = notebooks.read(path)
    assert runner.run_notebook(notebook, path.stem, path.parent).error == ""
    assert guards.solved(notebook, path.name) == []
    assert False not in runner.compare_outputs(notebooks.read(path), notebook)


# --- deriving the student copy -----------------------------------------------------------------------------------


def solved(source, later=""):
    """Derive a notebook of one cell (and perhaps a later one) and return the cell's code."""
    notebook = new_notebook(cells=[new_code_cell(textwrap.dedent(text)) for text in (source, later) if text])
    return notebooks.derive(notebook, "x.ipynb").cells[0].source


def test_a_region_becomes_a_placeholder_at_its_indentation():
    assert solved("""\
        def relu(u):
            # given
            ### BEGIN SOLUTION
            return np.maximum(0, u)
            ### END SOLUTION
        nb01.relu.check(relu)""") == ("def relu(u):\n    # given\n    ...  # Tu código aquí\nnb01.relu.check(relu)")


def test_names_that_the_same_cell_reads_stay_bound():
    assert solved("""\
        ### BEGIN SOLUTION
        half = [n for n in range(3)]
        first, second = half[:2]
        unread = 1
        ### END SOLUTION
        print(second, first)""") == (
        "first = ...  # Tu código aquí\nsecond = ...  # Tu código aquí\nprint(second, first)"
    )


def test_names_that_a_later_cell_takes_stay_bound_but_not_those_it_makes_itself():
    region = "### BEGIN SOLUTION\nw = 1\ni = 2\n### END SOLUTION"
    assert solved(region, "for i in range(w):\n    print(i)") == "w = ...  # Tu código aquí"
    assert solved(region, "def f():\n    return i") == "i = ...  # Tu código aquí"


def test_inside_a_function_only_the_function_counts():
    assert (
        solved(
            """\
        def f(x):
            ### BEGIN SOLUTION
            h = x
            u = h
            ### END SOLUTION
            return h""",
            "print(u)",
        )
        == "def f(x):\n    h = ...  # Tu código aquí\n    return h"
    )


def test_dots_in_the_given_code_need_no_placeholder_below():
    region = "### BEGIN SOLUTION\nanswers.update(a=1)\n### END SOLUTION"
    assert solved(f"answers = {{'a': ...}}\n{region}\ncheck(answers)") == "answers = {'a': ...}\ncheck(answers)"
    assert "Tu código" in solved(f"answers = {{}}\n{region}\ncheck(answers)")


def test_magics_are_no_obstacle():
    source = "%matplotlib inline\nif True:\n    !ls\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION\nx"
    assert solved(source).endswith("x = ...  # Tu código aquí\nx")
    assert solved("%%time\nx = (") == "%%time\nx = ("


def test_solution_only_cells_outputs_counts_and_metadata_go_but_ids_stay():
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# Título", id="title"),
            new_code_cell("x = 1", id="gone", metadata={"tags": ["solo-solucion"]}),
            new_code_cell(
                "1 + 1",
                id="kept",
                execution_count=2,
                metadata={"execution": {"when": "now"}, "tags": ["nbval-ignore-output"], "collapsed": True},
                outputs=[new_output("execute_result", {"text/plain": "2"}, execution_count=2)],
            ),
        ],
        metadata={
            "kernelspec": {"name": "mine", "display_name": "Mine"},
            "widgets": {},
            "language_info": {"name": "python", "version": "3.99"},
        },
    )
    copy = notebooks.derive(notebook, "x.ipynb")
    assert [cell.id for cell in copy.cells] == ["title", "kept"]
    assert copy.cells[1].metadata == {"tags": ["nbval-ignore-output"]}
    assert (copy.cells[1].outputs, copy.cells[1].execution_count) == ([], None)
    assert copy.metadata.kernelspec.name == "python3"
    assert "widgets" not in copy.metadata
    assert "3.99" not in str(copy.metadata)
    assert notebook.cells[2].execution_count == 2, "the source is left alone"


def test_a_link_to_itself_becomes_a_link_to_the_solution():
    notebook = new_notebook(cells=[new_markdown_cell("[Solución](x.ipynb#Ejercicio-1), [sigue](y.ipynb)")])
    text = notebooks.derive(notebook, "x.ipynb").cells[0].source
    assert text == "[Solución](soluciones/x.ipynb#Ejercicio-1), [sigue](y.ipynb)"


BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
BROKEN = {
    "no end": f"{BEGIN}\nx = 1",
    "no begin": f"x = 1\n{END}",
    "nested": f"{BEGIN}\n{BEGIN}\nx = 1\n{END}\n{END}",
    "misspelt": f"## begin solution\nx = 1\n{END}",
    "with more": f"{BEGIN} aquí\nx = 1\n{END}",
    "half a statement": f"{BEGIN}\nif True:\n{END}\n    x = 1",
    "not Python": "x = = 1",
    "Python that makes no sense": "nonlocal x",
}


@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN.keys())
def test_broken_regions_are_named_with_notebook_and_cell(source):
    with pytest.raises(CourseError, match=r"x\.ipynb, celda 1"):
        solved(source)


def test_a_region_in_prose_is_refused():
    with pytest.raises(CourseError, match="fuera del código"):
        notebooks.derive(new_notebook(cells=[new_markdown_cell(f"{BEGIN}\nx\n{END}")]), "x.ipynb")


def test_names_needed_sees_through_functions_and_skips_what_is_bound():
    source = "import a\nb = 1\ndef f(c):\n    return b + c + d\nclass E:\n    g = h\nprint(f(i))\n!ls"
    assert regions.names_needed(source) - {"print"} == {"d", "h", "i"}


# --- files -------------------------------------------------------------------------------------------------------


def good_notebook():
    """A solution notebook that keeps every rule."""
    figure = new_output("display_data", {"image/png": "aGk=", "text/plain": "<Figure>"})
    figure.metadata = {"image/png": {"alt": "Una recta."}}
    cells = [
        new_markdown_cell("# Título\n\n## Parte"),
        new_code_cell("from course import environment\nfrom course.checks import nb98\nenvironment.prepare(seed=7)"),
        new_markdown_cell("### Ejercicio 1\n[Solución](98_x.ipynb)"),
        new_code_cell(
            f"{BEGIN}\nx = 2\n{END}\nnb98.two.check(x)", outputs=[new_output("stream", text="✅ Correcto: dos.\n")]
        ),
        new_code_cell("print(x)\nplt.show()", outputs=[new_output("stream", text="2\n"), figure]),
    ]
    for count, cell in enumerate(notebooks.code_cells(cells), 1):
        cell.execution_count = count
    return new_notebook(cells=cells)


@pytest.fixture
def folder(tmp_path):
    """A project's notebooks: one solution, its student copy not yet built."""
    (tmp_path / "soluciones").mkdir()
    (tmp_path / "soluciones" / "98_x.ipynb").write_bytes(notebooks.to_bytes(good_notebook()))
    return tmp_path


def test_build_then_check_then_nothing_to_do(folder):
    assert "falta" in notebooks.stale(folder)[0]
    assert [path.name for path in notebooks.build(folder)] == ["98_x.ipynb"]
    assert notebooks.stale(folder) == []
    assert notebooks.build(folder) == []


def test_the_bytes_are_the_same_from_any_line_ends(folder):
    notebooks.build(folder)
    first = (folder / "98_x.ipynb").read_bytes()
    notebook = good_notebook()
    for cell, original in zip(notebook.cells, notebooks.read(folder / "soluciones" / "98_x.ipynb").cells, strict=True):
        cell.id, cell.source = original.id, cell.source.replace("\n", "\r\n")
    (folder / "soluciones" / "98_x.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8", newline="\r\n")
    assert notebooks.build(folder) == []
    assert first.endswith(b"}\n")
    assert b"\r" not in first
    assert "Título".encode() in first, "readable in a diff"


def test_one_changed_byte_is_stale_and_an_orphan_is_noticed(folder):
    notebooks.build(folder)
    copy = folder / "98_x.ipynb"
    copy.write_bytes(copy.read_bytes() + b"\n")
    (folder / "97_orphan.ipynb").write_bytes(copy.read_bytes())
    assert [line.partition(":")[0] for line in notebooks.stale(folder)] == ["97_orphan.ipynb", "98_x.ipynb"]


def test_a_copy_to_work_in_keeps_what_is_already_there(folder, tmp_path, monkeypatch):
    notebooks.build(folder)
    monkeypatch.setattr(notebooks, "resource", lambda name: folder)
    mine = tmp_path / "mi clase"
    assert notebooks.copy(mine) == [mine / "98_x.ipynb", mine / "soluciones" / "98_x.ipynb"]
    (mine / "98_x.ipynb").write_text("mis respuestas", encoding="utf-8")
    assert notebooks.copy(mine) == []
    assert (mine / "98_x.ipynb").read_text(encoding="utf-8") == "mis respuestas"


def test_the_files_of_an_installed_class_are_not_edited(monkeypatch):
    monkeypatch.setattr("course.paths.installed", lambda: True)
    for order in (notebooks.build, runner.execute_in_place):
        with pytest.raises(CourseError, match="notebooks copy clase"):
            order()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[1]",
        b"\xff\xfe",
        b'{"cells": [{}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
        b'{"cells": 3}',
    ],
)
def test_a_file_that_is_no_notebook_is_refused(tmp_path, content):
    path = tmp_path / "x.ipynb"
    path.write_bytes(content)
    with pytest.raises(CourseError, match=r"x\.ipynb"):
        notebooks.read(path)


def test_a_repeated_cell_id_is_refused(tmp_path):
    path = tmp_path / "x.ipynb"
    cell = new_markdown_cell("a")
    text = nbformat.writes(new_notebook(cells=[cell])).replace(
        '"cells": [', '"cells": [' + str(dict(cell)).replace("'", '"') + ","
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match="sin id, o con el mismo"):
        notebooks.read(path)


def test_names_choose_notebooks_and_unknown_ones_are_refused(folder):
    for name in ("98", "98_x", "98_x.ipynb"):
        assert [path.name for path in notebooks.solutions([name], folder)] == ["98_x.ipynb"]
    with pytest.raises(CourseError, match=r"'12'.*98_x"):
        notebooks.solutions(["12"], folder)
    with pytest.raises(CourseError, match="No hay cuadernos"):
        notebooks.solutions(folder=folder / "soluciones")


def test_a_solution_is_read_from_its_notebook(folder, monkeypatch):
    monkeypatch.setattr(notebooks, "resource", lambda name: folder)
    path, code = notebooks.solution_of("nb98", "two")
    assert (path.name, code) == ("98_x.ipynb", "x = 2")
    with pytest.raises(CourseError, match=r"nb98\.three"):
        notebooks.solution_of("nb98", "three")


# --- guards ------------------------------------------------------------------------------------------------------


def change(position, **fields):
    def apply(notebook):
        for name, value in fields.items():
            setattr(notebook.cells[position], name, value)

    return apply


def output(kind="stream", **fields):
    return [new_output(kind, **fields)]


def picture(alt="Una recta.", fact="2\n"):
    figure = new_output("display_data", {"image/png": "aGk=", "text/plain": "<Figure size 640x480 with 1 Axes>"})
    figure.metadata = {"image/png": {"alt": alt}}
    return [new_output("stream", text=fact), figure]


SVG = new_output("display_data", {"image/svg+xml": "<svg/>"})
BREACHES = [
    ("execution_counts", change(3, execution_count=None), "números de ejecución"),
    ("execution_counts", change(3, execution_count=7), r"\[1, 7, 3\]"),
    ("clean_outputs", change(4, outputs=output("error", ename="KeyError", evalue="", traceback=[])), "KeyError"),
    ("clean_outputs", change(4, outputs=output(name="stderr", text="Warning")), "stderr"),
    ("clean_outputs", change(4, outputs=output(text="<Line2D at 0x7f12>")), "dirección de memoria"),
    ("clean_outputs", change(4, outputs=[SVG]), "SVG"),
    ("outputs_kept", change(4, outputs=[]), "no tiene salida"),
    ("outputs_kept", change(3, outputs=[]), "no tiene salida"),
    ("figures", change(4, outputs=picture(alt="  ")), "texto alternativo"),
    ("figures", change(4, outputs=picture(fact="la recta sube")), "dato numérico"),
    ("figures", change(4, source='plt.title("x", fontsize=9)\nprint(2)'), "letra de 9 puntos"),
    ("seed", change(1, source="import numpy as np"), "semilla"),
    ("solved", change(3, source="x = 2\nnb98.two.check(x)"), "región de solución"),
    ("solved", change(2, source="### Ejercicio 1"), "no enlaza"),
    ("solved", change(3, outputs=output(text="❌ Todavía no: x vale 3.")), "no pasa"),
    ("solved", change(3, outputs=output(text="⏳ Sin intentar: x")), "no pasa"),
    ("paths_relative", change(4, source="open('/Users/ana/x.csv')"), "ruta absoluta"),
    ("paths_relative", change(0, source="# Título\nAbre C:\\Users\\ana"), "ruta absoluta"),
    ("paths_relative", change(4, outputs=output(text="guardado en /tmp/x 2")), "ruta absoluta"),
    ("short", lambda notebook: notebook.cells.extend(notebook.cells * 6), "el máximo es 30"),
    ("steady_code", change(4, source="%load_ext nada\nprint(1)"), "magia no permitida"),
    ("steady_code", change(4, source="!pip install x"), "magia no permitida"),
    ("steady_code", change(4, source="from IPython.display import clear_output\nclear_output()"), "clear_output"),
    ("steady_code", change(4, source="from ipywidgets import interact"), "widgets"),
    ("steady_code", change(4, source="table.style.format('{:.2f}')"), "pandas"),
    ("steady_code", change(4, source="warnings.warn('ay')"), "stderr"),
    ("steady_code", change(4, source="os.write(1, b'x')"), "desordenado"),
    ("steady_code", change(4, source="n = input('¿n? ')"), "nadie que responda"),
    ("headings", change(0, source="## Título"), "un solo título"),
    ("headings", change(2, source="# Otro\n[Solución](98_x.ipynb)"), "un solo título"),
    ("headings", change(2, source="#### Ejercicio 1\n[Solución](98_x.ipynb)"), "se saltan un nivel"),
]


def test_a_good_notebook_breaks_no_rule(folder):
    assert guards.problems(folder / "soluciones" / "98_x.ipynb") == []


@pytest.mark.parametrize(("guard", "spoil", "words"), BREACHES, ids=[f"{name}-{words}" for name, _, words in BREACHES])
def test_each_guard_catches_its_breach(guard, spoil, words):
    notebook = good_notebook()
    spoil(notebook)
    found = getattr(guards, guard)(notebook, "98_x.ipynb")
    assert len(found) == 1
    assert re.search(words, found[0])


FINE = [
    "# Título\n\nSea $f:\\mathbb{R} \\to \\mathbb{R}$; ver https://example.org/home/x y ../data/\n\n## Parte",
    "# Título\n\n```\n# un comentario\n```\n\n## Parte",
]


@pytest.mark.parametrize("text", FINE)
def test_prose_that_only_looks_like_a_breach_is_fine(text):
    notebook = good_notebook()
    notebook.cells[0].source = text
    assert guards.paths_relative(notebook, "98_x.ipynb") == []
    assert guards.headings(notebook, "98_x.ipynb") == []


def test_every_guard_has_a_breach_that_it_catches():
    assert {guard.__name__ for guard in guards.GUARDS} == {name for name, _, _ in BREACHES}


def test_a_notebook_that_was_not_executed_gets_one_line(folder):
    path = folder / "soluciones" / "98_x.ipynb"
    path.write_bytes((folder / notebooks.build(folder)[0]).read_bytes())
    (line,) = guards.problems(path)
    assert "course notebooks execute 98_x" in line


def test_a_heavy_notebook_is_noticed(folder):
    path = folder / "soluciones" / "98_x.ipynb"
    path.write_bytes(path.read_bytes().replace(b"aGk=", b"aGk=" * 300_000))
    assert "pesa 1.2 MB" in " ".join(guards.problems(path))


def test_the_report_says_what_to_do(folder, capsys):
    assert guards.report(folder) == 1
    assert "course notebooks build" in capsys.readouterr().out
    notebooks.build(folder)
    assert guards.report(folder) == 0
    assert capsys.readouterr().out == "✔ Reglas cumplidas y copias al día (cuadernos revisados: 1).\n"


# --- running -----------------------------------------------------------------------------------------------------


def run(*sources, **timeouts):
    """Run a notebook of these cells; return how it fared and the processes that it left behind."""
    notebook = new_notebook(cells=[new_markdown_cell("# Título"), *map(new_code_cell, sources)])
    this = psutil.Process()
    before = this.children()  # other tests' servers
    result = runner.run_notebook(notebook, "x", ".", **timeouts)
    left = [child for child in this.children() if child not in before and child.status() != psutil.STATUS_ZOMBIE]
    assert left == []
    return result


def test_a_notebook_runs_and_keeps_its_outputs():
    result = run("print('año'); print('ñ')", "6 * 7")
    assert (result.error, result.executed) == ("", 2)
    assert [cell.execution_count for cell in result.cells] == [1, 2]
    assert result.cells[0].outputs[0].text == "año\nñ\n"
    assert result.cells[1].outputs[0].data["text/plain"] == "42"


def test_an_error_stops_the_notebook_at_its_cell():
    result = run("x = 1", "1 / 0", "print(3)")
    assert (result.position, result.error) == (2, "ZeroDivisionError: division by zero")
    assert result.cells[2].outputs == []


def test_an_unknown_magic_is_an_error():
    assert run("%no_such_magic").error.startswith("UsageError")


def test_a_dead_kernel_is_noticed_at_once():
    result = run("import os\nos._exit(1)", cell_timeout=60)
    assert "el kernel murió" in result.error
    assert result.seconds < 30, "long before the time-out"


def test_a_hung_cell_is_killed_even_when_it_ignores_interrupts():
    hang = "import signal, re\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nre.match('(a+)+$', 'a' * 60 + 'b')"
    assert run(hang, cell_timeout=2).error == "más de 2 s en una celda"


def test_a_notebook_has_a_time_out_of_its_own():
    assert run("import time", *["time.sleep(1)"] * 9, notebook_timeout=3).error == "más de 3 s en un cuaderno"


def write_project(folder, **sources):
    (folder / "soluciones").mkdir(exist_ok=True)
    for name, source in sources.items():
        notebook = new_notebook(cells=[new_markdown_cell("# Título"), new_code_cell(source)])
        (folder / "soluciones" / f"{name}.ipynb").write_bytes(notebooks.to_bytes(notebook))


def test_the_class_runs_with_a_line_each_a_table_and_pages(tmp_path, monkeypatch, capsys):
    write_project(tmp_path, a="print(1)", b="1 / 0")
    monkeypatch.setattr(notebooks, "resource", lambda name: tmp_path)
    assert runner.run_class(output=tmp_path / "build") == 1
    printed = capsys.readouterr().out
    assert "✔ a  celda 1/1" in printed
    assert "✘ b  celda 1/1" in printed
    assert "    ZeroDivisionError: division by zero\n    1 / 0\n" in printed
    rows = [line.split("|") for line in printed.splitlines() if line.startswith("|")]
    assert [row[1].strip() for row in rows[2:]] == ["a", "b"]
    assert [row[-2].strip() for row in rows[2:]] == ["✔ (salida distinta en 1)", "✘ celda 1"]
    assert "jupyter lab" in printed
    assert sorted(path.name for path in (tmp_path / "build").iterdir()) == ["a.html", "a.ipynb", "b.html", "b.ipynb"]
    assert runner.run_class(["a"], output=tmp_path / "build") == 0


def test_a_folder_where_nothing_can_be_written_is_told_before_any_notebook_runs(tmp_path, monkeypatch, capsys):
    write_project(tmp_path, a="print(1)")
    monkeypatch.setattr(notebooks, "resource", lambda name: tmp_path)
    (tmp_path / "build").write_text("no es una carpeta")
    with pytest.raises(CourseError, match=r"No se pudo escribir en .*build.*otra carpeta"):
        runner.run_class(output=tmp_path / "build")
    assert capsys.readouterr().out == ""


def full(*_, **options):
    raise OSError(28, "No space left on device")


def test_a_disk_that_fills_up_while_the_class_runs_is_told(tmp_path, monkeypatch):
    write_project(tmp_path, a="print(1)")
    monkeypatch.setattr(notebooks, "resource", lambda name: tmp_path)
    monkeypatch.setattr("course.runner.atomic_write", full)
    with pytest.raises(CourseError, match=r"No se pudo escribir en .*build.*otra carpeta"):
        runner.run_class(output=tmp_path / "build")


def test_notebooks_that_cannot_be_written_are_told_before_any_runs_if_it_can_be_known(tmp_path, monkeypatch, capsys):
    write_project(tmp_path, a="print(1)")
    told = r"No se pudo escribir en .*soluciones.*revisa los permisos"
    with monkeypatch.context() as patched:
        patched.setattr("course.runner.tempfile.TemporaryFile", full)
        with pytest.raises(CourseError, match=told):
            runner.execute_in_place(folder=tmp_path)
    assert capsys.readouterr().out == ""
    monkeypatch.setattr("course.runner.atomic_write", full)
    with pytest.raises(CourseError, match=told):
        runner.execute_in_place(folder=tmp_path)
    monkeypatch.setattr("course.notebooks.atomic_write", full)
    with pytest.raises(CourseError, match=r"No se pudo escribir en .*revisa los permisos"):
        notebooks.build(tmp_path)


def test_execute_keeps_outputs_in_the_source_but_not_of_a_failure(tmp_path):
    write_project(tmp_path, a="print('sí')", b="1 / 0")
    before = (tmp_path / "soluciones" / "b.ipynb").read_bytes()
    assert runner.execute_in_place(folder=tmp_path) == 1
    first = (tmp_path / "soluciones" / "a.ipynb").read_bytes()
    assert notebooks.read(tmp_path / "soluciones" / "a.ipynb").cells[1].outputs[0].text == "sí\n"
    assert (tmp_path / "soluciones" / "b.ipynb").read_bytes() == before
    assert runner.execute_in_place(["a"], folder=tmp_path) == 0
    assert (tmp_path / "soluciones" / "a.ipynb").read_bytes() == first, "the same bytes each time"


def test_outputs_are_compared_without_figures_widgets_and_ignored_cells():
    stored, new = good_notebook(), good_notebook()
    new.cells[4].outputs[1].data["image/png"] = "b3Rybw=="
    new.cells[4].outputs[1].data[notebooks.WIDGET] = {"model_id": "random"}
    assert notebooks.WIDGET not in notebooks.normalise(new).cells[4].outputs[1].data
    assert runner.compare_outputs(stored, new) == [True, True, True]
    new.cells[4].outputs[0].text = "3\n"
    assert runner.compare_outputs(stored, new) == [True, True, False]
    stored.cells[4].metadata = {"tags": ["nbval-ignore-output"]}
    assert runner.compare_outputs(stored, new) == [True, True, None]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to one process")
def test_ctrl_c_stops_at_once_and_leaves_no_kernel(tmp_path):
    started = tmp_path / "started"
    write_project(tmp_path, a=f"import pathlib, time\npathlib.Path({str(started)!r}).touch()\ntime.sleep(60)")
    program = f"""
import pathlib, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from course import cli, notebooks
notebooks.resource = lambda name: pathlib.Path({str(tmp_path)!r})
raise SystemExit(cli.main(["run"]))
"""
    with running([sys.executable, "-c", program], cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not started.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        kernels = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, "\nInterrumpido con Ctrl-C.\n")
    assert kernels
    assert not any(kernel.is_running() and kernel.status() != psutil.STATUS_ZOMBIE for kernel in kernels)


def test_the_modules_agree_on_what_right_means():
    from course import checks

    assert str(checks.Outcome("correct", "x")).startswith(runner.CORRECT)
    assert ast.literal_eval(regions.PLACEHOLDER.partition("#")[0]) is ...


def test_a_notebook_that_is_all_text_has_its_copy_too(tmp_path):
    text = new_notebook(cells=[new_markdown_cell("# Solo texto")])
    (tmp_path / "soluciones").mkdir()
    (tmp_path / "soluciones" / "09_texto.ipynb").write_bytes(notebooks.to_bytes(text))
    assert notebooks.build(str(tmp_path)) == [tmp_path / "09_texto.ipynb"]
    assert notebooks.stale(str(tmp_path)) == []
