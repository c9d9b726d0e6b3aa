"""Each command that the README and the guides give, read from them and tried.

What takes minutes or needs a network is tried in a cheaper form that still runs: another folder, made-up notebooks,
`make -n`. A command that no recipe knows fails the test.
"""

import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from packaging.requirements import Requirement
from processes import LOCAL, running

from course import checks, cli, doctor, notebooks, runner
from course.tuning import problems, storage

ROOT = Path(__file__).parents[1]
PAGES = {path.name: path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
STARTS = ("make ", "python ", "pip ", "source ", "export ", ".venv")


def commands(text):
    """Return the commands of a page, in its blocks and in its lines, as they are typed with the environment active."""
    lines = [line for body in re.findall(r"```(?:bash|powershell)\n(.*?)```", text, re.S) for line in body.splitlines()]
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    lines += [code for code in re.findall(r"`([^`\n]+)`", prose) if code.startswith(STARTS)]
    typed = [re.split(r"\s+#\s", line)[0].strip() for line in lines]
    typed = [re.sub(r"^\.venv(/bin/|\\Scripts\\)(?=python)", "", line) for line in typed]
    return [line for line in typed if line not in ("", "python")]


EVERY = list(dict.fromkeys(command for text in PAGES.values() for command in commands(text)))


TOGETHER = [  # each needs what the ones before it left
    [command for command in EVERY if re.fullmatch(pattern, command)]
    for pattern in (r"python -m venv .*|.*activate", r"export .*|python -m course (challenge|submit|grade) .*")
]
ALONE = [[command] for command in EVERY if not any(command in group for group in TOGETHER)]


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder where commands are given, without a network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COURSE_DATA_DIR", raising=False)
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    monkeypatch.setenv("COURSE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("COURSE_CHALLENGE_SECRET", "un texto largo que nadie conoce")
    return tmp_path


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """Let the project's notebooks be a small one."""
    notebook = new_notebook(cells=[new_markdown_cell("# Título"), new_code_cell("print(6 * 7)")])
    (tmp_path / "soluciones").mkdir()
    (tmp_path / "soluciones" / "01_a.ipynb").write_bytes(notebooks.to_bytes(notebook))
    for module, name in ((notebooks, "resource"), (notebooks, "editable"), (runner, "editable")):
        monkeypatch.setattr(module, name, lambda name: tmp_path)
    return tmp_path


def finished(*order, cwd=ROOT):
    done = subprocess.run(
        order, cwd=cwd, env=LOCAL, capture_output=True, encoding="utf-8", errors="replace", timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def understood(words):
    """Parse the words of a `course` command, or fail."""
    return cli._parser().parse_args(words)


# --- recipes -----------------------------------------------------------------------------------------------------


def dry_run(words, request):
    """`make -n`: the target exists, and each step that names a command or a folder of the project is right."""
    if sys.platform == "win32" or shutil.which("make") is None:
        pytest.skip("sin make: el README da las otras órdenes")
    steps = [shlex.split(line) for line in finished(*words[:1], "-n", *words[1:]).splitlines() if " -m " in line]
    assert steps or words[1] == "help"
    for step in steps:
        order = step[step.index("-m") + 1 :]
        if order[0] == "course":
            understood(order[1:])


def environment(words, request):
    """Make the environment, without the pip that would fill it."""
    desk = request.getfixturevalue("desk")
    finished(sys.executable, *words[1:3], "--without-pip", *words[3:], cwd=desk)
    assert (desk / ".venv" / "pyvenv.cfg").is_file()


def activate(words, request):
    """The environment that was made has the script, under the name of this system."""
    script = request.getfixturevalue("desk") / words[-1]
    assert script.exists() == (("Scripts" in script.parts) == (sys.platform == "win32"))


def install(words, request):
    """What pip is asked for exists, and each requirement has a pin that it accepts."""
    (extras,) = (re.fullmatch(r"\.\[(.+)\]", word) for word in words if word.startswith("."))
    constraints = [Requirement(line) for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()]
    wanted = PROJECT["dependencies"] + [
        line for extra in extras[1].split(",") for line in PROJECT["optional-dependencies"][extra]
    ]
    for requirement in map(Requirement, wanted):
        if requirement.name == PROJECT["name"] or (requirement.marker and not requirement.marker.evaluate()):
            continue
        pins = [pin for pin in constraints if same_name(pin.name, requirement.name)]
        assert pins, requirement
        assert any(requirement.specifier.contains(str(pin.specifier).removeprefix("==")) for pin in pins), requirement


def same_name(one, other):
    return re.sub("[-_.]+", "-", one).lower() == re.sub("[-_.]+", "-", other).lower()


def packed(words, request):
    """pip has those options; `make test-install` builds the wheel, which needs a network or its builder at hand."""
    expect_pip_knows(words)
    assert words[-1] == "." and (ROOT / "pyproject.toml").is_file()


def carried(words, request):
    """pip has those options, and the project has that name."""
    expect_pip_knows(words)
    assert words[-1] == PROJECT["name"]


def expect_pip_knows(words):
    told = finished(sys.executable, "-m", "pip", words[3], "--help")
    assert all(word in told for word in words if word.startswith("--"))


def copied(words, request):
    """The notebooks as the students get them, in a folder of their own."""
    desk = request.getfixturevalue("desk")
    assert cli.main(words[3:]) == 0
    assert (desk / words[-1] / "00_antes_de_empezar.ipynb").is_file()


def real(words, request):
    """The command as it stands."""
    finished(sys.executable, *words[1:])


def in_process(words, request):
    """A command of the project as it stands, here."""
    assert cli.main(words[3:]) == 0


def collected(words, request):
    """nbval finds the notebooks' cells, with those options; `make notebooks` runs them."""
    told = finished(sys.executable, *words[1:], "--collect-only")
    assert "00_antes_de_empezar.ipynb::Cell 0" in told


def this_very_one(words, request):
    """What is running now; without a folder, it takes the project's tests."""
    assert request.config.getini("testpaths") == ["tests"]


def diagnosed(words, request):
    """The doctor without its slow questions, which start a kernel and Keras."""
    monkeypatch = request.getfixturevalue("monkeypatch")
    quick = {name: check for name, check in doctor.CHECKS.items() if check in (doctor.python, doctor.packages)}
    monkeypatch.setattr(doctor, "CHECKS", quick)
    assert len(quick) == 2
    cli.main(words[3:])
    assert "✔ Python 3" in request.getfixturevalue("capsys").readouterr().out


def with_made_up_notebooks(words, request):
    folder = request.getfixturevalue("made_up")
    request.getfixturevalue("monkeypatch").chdir(folder)
    assert cli.main(words[3:]) == 0
    told = request.getfixturevalue("capsys").readouterr().out
    assert "✔ 01_a" in told


def served(words, request):
    """Start what shows a page, and read it."""
    desk = request.getfixturevalue("desk")
    storage.connect(desk / "busquedas.sqlite")  # of the search that came before
    order = [sys.executable, *words[1:], "--no-browser"]
    with running(order, cwd=desk, env=LOCAL, stdout=subprocess.PIPE, encoding="utf-8") as process:
        address = re.search(r"http://127\.0\.0\.1:\d+/\S*", process.stdout.readline())[0]
        assert b"<html" in answer(address)


def lab(words, request):
    """Start JupyterLab on the notebooks, and ask it for their list."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", f"--port={port}", "--IdentityProvider.token=", "--allow-root"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with running([sys.executable, *words[1:], *options], cwd=ROOT, env=LOCAL, **quiet):
        listed = answer(f"http://127.0.0.1:{port}/api/contents/?content=1").decode()
    assert "00_antes_de_empezar.ipynb" in listed


def answer(address, seconds=60):
    """Read an address of this machine as soon as it answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=10) as page:
                return page.read()
        except OSError:
            assert time.monotonic() < deadline, address
            time.sleep(0.2)


def secret(words, request):
    assert words == ["COURSE_CHALLENGE_SECRET=un texto largo que solo tú conoces"]


def challenge(words, request):
    """Build the challenge, at its desk, and hand out the first predictions."""
    desk = request.getfixturevalue("desk")
    assert cli.main(words[3:]) == 0
    ids = pd.read_csv(desk / "reto" / "test.csv", usecols=["id"])
    ids.assign(prob_cancelacion=0.4).to_csv(desk / "predicciones.csv", index=False)
    (desk / "lista.csv").write_text("id,nombre,apellidos,correo\nana,Ana,Soto,ana@example.org\n", encoding="utf-8")


def handed_in(words, request):
    desk = request.getfixturevalue("desk")
    assert cli.main(words[3:]) == 0
    assert (desk / "entregas" / "ana.zip").is_file()


def graded(words, request):
    desk = request.getfixturevalue("desk")
    assert cli.main(words[3:]) == 0
    assert "Estudiantes: 1." in request.getfixturevalue("capsys").readouterr().out
    assert (desk / "notas" / "clasificacion.html").is_file()


def searched(words, request):
    """The options of a search, and its problem, are understood; `test_tuning.py` searches."""
    options = understood(words[3:])
    assert problems.find(options.problem).name == options.problem


RECIPES = {
    r"make [a-z-]+( [A-Z]+=\S+)*": dry_run,
    r"python -m venv \.venv": environment,
    r"(source )?\.venv[/\\](bin|Scripts)[/\\]activate": activate,
    r"(python -m )?pip install -e .*": install,
    r"python -m jupyter lab --notebook-dir=notebooks": lab,
    r"python -m ruff (check|format --check) \.": real,
    r"python -m pytest --nbval.*": collected,
    r"python -m pytest": this_very_one,
    r"python -m pip wheel .*": packed,
    r"python -m pip install --no-index .*": carried,
    r"python -m course notebooks copy \w+": copied,
    r"python -m course notebooks check": in_process,
    r"python -m course (run|notebooks build|notebooks execute 01)": with_made_up_notebooks,
    r"python -m course doctor": diagnosed,
    r"python -m course (simulator|tune --dashboard)": served,
    r"python -m course tune \w+ .*": searched,
    r"export (COURSE_CHALLENGE_SECRET=.*)": secret,
    r"python -m course challenge build .*": challenge,
    r"python -m course submit .*": handed_in,
    r"python -m course grade .*": graded,
}


def known(command):
    return [(pattern, recipe) for pattern, recipe in RECIPES.items() if re.fullmatch(pattern, command)]


@pytest.mark.parametrize("given", TOGETHER + ALONE, ids=" · ".join)
def test_each_command_works(given, request, capsys):
    for command in given:
        found = known(command)
        assert len(found) == 1, f"no hay una receta, y solo una, para probar: {command}"
        words = shlex.split(command.replace("\\", "/"))
        found[0][1](words[1:] if words[0] == "export" else words, request)


def test_the_english_readme_gives_the_same_commands_in_its_lines_too():
    assert commands((ROOT / "README.en.md").read_text(encoding="utf-8")) == commands(PAGES["README.md"])


def test_the_order_that_ends_notebook_07_works_beside_it(desk):
    name = "07_desafio_cancelacion.ipynb"
    text = (ROOT / "notebooks" / name).read_bytes()
    (order,) = commands(notebooks.read(ROOT / "notebooks" / name).cells[-1].source)
    (desk / name).write_bytes(text)
    assert cli.main(["challenge", "build", "--out", "reto"]) == 0
    ids = pd.read_csv(desk / "reto" / "test.csv", usecols=["id"])
    ids.assign(prob_cancelacion=0.4).to_csv(desk / "reto" / "predicciones.csv", index=False)
    assert cli.main(shlex.split(order.replace("TU_ID", "ana"))[3:]) == 0
    with zipfile.ZipFile(desk / "ana.zip") as made:
        assert sorted(made.namelist()) == ["ana.csv", "ana.ipynb"]
        assert made.read("ana.ipynb") == text


def test_no_recipe_is_idle():
    used = {pattern for command in EVERY for pattern, _ in known(command)}
    assert used == {*RECIPES}


def test_the_pages_give_commands_and_a_new_one_would_be_noticed():
    assert len(commands(PAGES["README.md"])) >= 20
    assert commands("Escribe `python -m course borra todo`.") == ["python -m course borra todo"]
    assert known("python -m course borra todo") == []
    assert known("pip install otra-cosa") == []


@pytest.mark.parametrize("code", sorted({*re.findall(r"`(nb\d\d\.\w+\.\w+\(\))`", "".join(PAGES.values()))}))
def test_what_is_typed_in_a_notebook_answers(code, capsys):
    notebook, name, what = code.removesuffix("()").split(".")
    getattr(getattr(__import__(f"{checks.__name__}.{notebook}", fromlist=[name]), name), what)()
    assert capsys.readouterr().out.startswith(("💡 Pista 1", "Una solución posible"))


def test_the_example_of_python_trains_a_network():
    (example,) = re.findall(r"```python\n(.*?)```", PAGES["paquete.md"], re.S)
    rng = np.random.default_rng(0)
    names = {"x": rng.random((60, 784), "float32"), "y": np.arange(60) % 10}
    exec(example, names)
    assert names["model"].count_params() == 784 * 128 + 128 + 128 * 64 + 64 + 64 * 10 + 10
    assert len(names["history"]) >= 3, "as many epochs as its patience"
