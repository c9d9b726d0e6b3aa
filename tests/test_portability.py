"""The class on other systems, as far as one can tell from here: line ends, file names, encodings and poor consoles."""

import ast
import io
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path, PureWindowsPath

import pytest
import yaml
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from course import challenge, cli, datasets, doctor, loopback, notebooks, paths, runner, submissions
from course.errors import CourseError

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "course").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def git(*words, where=ROOT):
    return subprocess.run(["git", "-C", where, *words], capture_output=True, text=True, encoding="utf-8", check=True)


@pytest.fixture(scope="module")
def tracked():
    """Return the names of the project's files; skip where it is no clone, as in the sdist."""
    if not (ROOT / ".git").exists():
        pytest.skip("esto no es un clon de git")
    return git("ls-files", "-z").stdout.rstrip("\0").split("\0")


# --- files ---------------------------------------------------------------------------------------------------------


def test_a_checkout_on_windows_has_the_same_bytes(tmp_path, tracked):
    """Git for Windows changes line ends unless .gitattributes forbids it: digests and stale copies would complain."""
    git("clone", "--quiet", "--config", "core.autocrlf=true", "--config", "core.eol=crlf", ROOT, tmp_path / "clase")
    lines = git("ls-files", "--eol", where=tmp_path / "clase").stdout.splitlines()
    ends = {line.split("\t")[1]: line.split()[:2] for line in lines}
    assert len(ends) > 100
    changed = [name for name, (stored, written) in ends.items() if stored[2:] != written[2:]]
    assert changed == []


def test_every_file_can_have_its_name_on_every_system(tracked):
    reserved = [name for name in tracked if any(map(_reserved, name.split("/")))]
    assert reserved == []
    assert [name for name in tracked if set(name) & set('<>:"\\|?*') or not name.isascii()] == []
    assert len({name.casefold() for name in tracked}) == len(tracked), "two names that differ only in their case"
    assert max(map(len, tracked)) < 120, "the whole path must fit in 260 characters"


def _reserved(name):
    stem = name.partition(".")[0].casefold()
    devices = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
    return stem in devices or name[-1] in " ."


@pytest.mark.parametrize("name", ["con", "AUX", "nul.perez", "com1", "lpt9.x", "com¹"])
def test_an_id_that_windows_keeps_for_itself_is_refused(name):
    with pytest.raises(CourseError, match="Windows"):
        submissions.student_id(name)


@pytest.mark.parametrize("name", ["consuelo", "ana.con", "com", "com10", "nulo", "auxi.liar"])
def test_an_id_that_only_resembles_one_is_fine(name):
    assert submissions.student_id(name) == name
    assert PureWindowsPath(f"{name}.zip").name == f"{name}.zip"


# --- encodings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_process_is_read_in_a_named_encoding(path):
    """Ruff sees `open` and its like; what another process says is decoded too, on Windows as cp1252."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    named = [{keyword.arg for keyword in call.keywords} for call in calls]
    assert [names for names in named if names & {"text", "universal_newlines"} and "encoding" not in names] == []


@pytest.fixture
def clase(tmp_path, monkeypatch):
    """Return a folder with spaces and accents where every order has something to do, in little time."""
    folder = tmp_path / "Año 2026 - José's ñandú"
    (folder / "soluciones").mkdir(parents=True)
    cells = [new_markdown_cell("# Título"), new_code_cell("print('✅ Correcto: ─│█ ŷ = σ(u)')")]
    (folder / "soluciones" / "97_x.ipynb").write_bytes(notebooks.to_bytes(new_notebook(cells=cells)))
    table = datasets.bookings("synthetic").groupby("arrival_date_year").head(60)
    table.attrs["origin"] = "synthetic"
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COURSE_CHALLENGE_SECRET", "un texto largo que solo tú conoces")
    monkeypatch.setattr(datasets, "bookings", lambda source=None: table)
    monkeypatch.setitem(doctor.CHECKS, "Keras", lambda: [(False, "⏳", "❌")])
    monkeypatch.setattr(challenge, "resource", paths.resource)  # its own: labels may not go where the others are
    for module in (notebooks, runner, paths):
        monkeypatch.setattr(module, "resource", lambda name: folder)
    monkeypatch.setattr(loopback, "_serve", _announce)
    return folder


async def _announce(*options):
    print("✅ En http://127.0.0.1")
    raise KeyboardInterrupt


def _predict(folder):
    ids = list(submissions.test_ids(folder / "reto" / "test.csv"))
    rows = "".join(f"{name.decode()},0.{number % 90 + 10}\n" for number, name in enumerate(ids))
    (folder / "mis predicciones.csv").write_text(f"id,prob_cancelacion\n{rows}", encoding="utf-8")


ORDERS = [
    (["challenge", "build", "--out", "reto"], 0),
    (["submit", "mis predicciones.csv", "--id", "josé.ñ", "--out", "entregas"], 0),
    (["submit", "reto/test.csv", "--id", "josé.ñ"], 1),
    (["grade", "entregas", "--labels", "reto-profesor", "--out", "notas de Ñuñoa"], 0),
    (["notebooks", "build"], 0),
    (["notebooks", "copy", "mi clase"], 0),
    (["notebooks", "check"], 1),
    (["notebooks", "execute"], 0),
    (["run"], 0),
    (["doctor"], 1),
    (["simulator", "--no-browser"], 130),
    (["tune", "spiral", "--trials", "2", "--storage", "búsquedas.sqlite"], 0),
    (["tune", "nada"], 1),
    (["tune", "--dashboard", "--storage", "búsquedas.sqlite"], 130),
]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_every_order_speaks_to_a_poor_console_from_a_folder_with_accents(encoding, clase, monkeypatch):
    """Python's own answer to ✅ on such a console is a UnicodeEncodeError in the middle of the class."""
    assert {order[0] for order, _ in ORDERS} >= _names(cli._parser())
    for order, status in ORDERS:
        streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2)]
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", streams[0])
            patched.setattr(sys, "stderr", streams[1])
            assert cli.main(order) == status, (order, streams[0].buffer.getvalue(), streams[1].buffer.getvalue())
            for stream in streams:
                stream.flush()
        said = b"".join(stream.buffer.getvalue() for stream in streams).decode(encoding)
        assert said.strip()
        assert "Traceback" not in said
        if order[0] == "challenge":
            _predict(clase)
    assert (clase / "notas de Ñuñoa" / "notas.csv").is_file()
    assert (clase / "build" / "97_x.html").is_file()


def _names(parser):
    (commands,) = (action for action in parser._subparsers._group_actions)
    return set(commands.choices)


# --- one list of dependencies --------------------------------------------------------------------------------------


def test_conda_and_binder_install_the_project_with_the_tested_set():
    """Binder copies the whole repository before it installs only where a line of pip's names a local file."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["name"] == PROJECT["name"]
    python, pip, lines = environment["dependencies"]
    version = python.removeprefix("python=")
    assert SpecifierSet(PROJECT["requires-python"]).contains(version)
    assert f"Programming Language :: Python :: {version}" in PROJECT["classifiers"]
    assert pip == "pip"
    assert lines == {"pip": ["--constraint constraints.txt", "--editable .[test]"]}
    assert "test" in PROJECT["optional-dependencies"]


def test_the_tested_set_has_each_dependency_in_the_range_that_the_project_accepts():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {_normal(pin.name): pin.specifier for pin in map(Requirement, lines)}
    extras = {name: listed for name, listed in PROJECT["optional-dependencies"].items() if name != "bench"}
    wanted = [Requirement(line) for listed in (PROJECT["dependencies"], *extras.values()) for line in listed]
    for requirement in wanted:
        if requirement.name != PROJECT["name"] and (requirement.marker is None or requirement.marker.evaluate()):
            (pin,) = pins[_normal(requirement.name)]
            assert requirement.specifier.contains(pin.version), f"{requirement} / {pin}"


def _normal(name):
    return re.sub("[-_.]+", "-", name).lower()


# --- Google Colab --------------------------------------------------------------------------------------------------


class _Colab:
    """What `get_ipython()` returns there: a shell of another name."""

    def __init__(self, shell):
        self.shell = shell

    def __str__(self):
        return "<google.colab._shell.Shell object at 0x7f00>"

    def __getattr__(self, name):
        return getattr(self.shell, name)


@pytest.mark.parametrize("there", [True, False], ids=["in Colab", "elsewhere"])
def test_the_class_is_installed_only_in_colab(there):
    shell, asked = InteractiveShell(), []
    shell.register_magic_function(asked.append, magic_name="pip")
    if there:
        own = shell.user_ns["get_ipython"]
        shell.user_ns["get_ipython"] = lambda: _Colab(own())
    assert shell.run_cell(notebooks.COLAB).success
    if not there:
        assert not asked
        return
    wheel, rest = ([word for word in shlex.split(line)[1:] if not word.startswith("-")] for line in asked)
    assert wheel == [PROJECT["name"].replace("-", "_") + "-*.whl"]  # from a file: a name on PyPI could be anybody's
    named = {Requirement(line).name: Requirement(line).specifier for line in PROJECT["dependencies"]}
    for requirement in map(Requirement, rest):
        assert requirement.specifier in (named[requirement.name], SpecifierSet()), requirement


@pytest.mark.parametrize("path", notebooks.solutions(), ids=lambda path: path.stem)
def test_each_student_copy_begins_so_and_stays_within_30_cells(path):
    copy = notebooks.read(path.parent.parent / path.name)
    code = notebooks.code_cells(copy.cells)
    assert code[0].source.startswith(notebooks.COLAB)
    assert sum("google.colab" in cell.source for cell in code) == 1
    assert len(copy.cells) <= 30
