import os
import subprocess
import sys

import pytest

from course import cli
from course.errors import CourseError
from course.tuning import storage

COMMANDS = [
    ["run"],
    ["doctor"],
    ["simulator"],
    ["notebooks"],
    ["notebooks", "copy"],
    ["notebooks", "build"],
    ["notebooks", "check"],
    ["notebooks", "execute"],
    ["notebooks", "update"],
    ["challenge"],
    ["challenge", "build"],
    ["submit"],
    ["grade"],
    ["tune"],
]
HEAVY = {"keras", "tensorflow", "jax", "pandas", "matplotlib", "numpy", "nbformat", "sklearn", "optuna"}


def python(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, env={**os.environ, **environment}, check=False, timeout=300
    )


def failing(error):
    def command(*options):
        raise error

    return command


@pytest.mark.parametrize("words", [[], *COMMANDS], ids=" ".join)
def test_help_is_spanish_and_succeeds(words, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([*words, "--help"])
    printed = capsys.readouterr().out
    assert stop.value.code == 0
    assert printed.startswith(" ".join(["uso: course", *words, "[-h]"]))
    assert "muestra esta ayuda" in printed
    for english in ("usage", "options", "arguments", "show this"):
        assert english not in printed


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "Falta orden."),
        (["nada"], "No existe «nada»."),
        (["simulador"], "No existe «simulador». ¿Querías «simulator»?"),
        (["simulator", "nada", "--port", "99999"], "--port es un número de 0 a 65535, no «99999»."),
        (["tune", "--dashboard", "--port", "-1"], "--port es un número de 0 a 65535, no «-1»."),
        (["notebooks"], "Falta orden."),
        (["submit", "p.csv"], "Falta --id."),
        (["grade"], "Faltan entregas, --labels."),
        (["run", "--cell-timeout", "mucho"], "--cell-timeout es un número entero de segundos, desde 1, no «mucho»."),
        (["run", "--cell-timeout", "0"], "--cell-timeout es un número entero de segundos, desde 1, no «0»."),
        (["run", "--cell-timeout", "nan"], "--cell-timeout es un número entero de segundos, desde 1, no «nan»."),
        (
            ["notebooks", "update", "--notebook-timeout", "-5"],
            "--notebook-timeout es un número entero de segundos, desde 1, no «-5».",
        ),
        (["tune", "mnist", "--trials", "1.5"], "--trials es un número entero, no «1.5»."),
        (["grade", "e", "--labels", "l", "--late-penalty", "x"], "--late-penalty es un número, no «x»."),
        (
            ["challenge", "build", "--baseline", "0.5"],
            "--baseline lleva 2 números, AUC y ENTROPÍA_CRUZADA, separados por un espacio.",
        ),
        (["run", "--cell-timeout"], "A --cell-timeout le falta su valor."),
        (["doctor", "x"], "No conozco x."),
        (["tune", "--s=2"], "No entiendo la orden."),
    ],
    ids=str,
)
def test_what_is_not_understood_is_said_in_one_line(words, told, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(words)
    assert stop.value.code == 2
    errors = capsys.readouterr().err
    assert errors.startswith(f"✘ {told} Mira cómo se escribe con: course")
    assert errors.rstrip().endswith("--help")
    assert errors.count("\n") == 1


def test_an_option_of_another_order_is_told_with_the_help_of_the_one_that_was_given(capsys):
    with pytest.raises(SystemExit):
        cli.main(["grade", "entregas", "--labels", "etiquetas", "--baseline", "0.5"])
    told = "✘ No conozco --baseline 0.5. Mira cómo se escribe con: course grade --help\n"
    assert capsys.readouterr().err == told


def test_copying_to_what_is_no_folder_is_a_message_and_status_1(tmp_path, capsys):
    taken = tmp_path / "clase"
    taken.write_text("")
    assert cli.main(["notebooks", "copy", str(taken)]) == 1
    assert capsys.readouterr().err.startswith(f"✘ No se pudo escribir en {taken}: ")


def test_copying_to_a_folder_without_a_name_is_told_and_copies_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["notebooks", "copy", ""]) == 1
    assert capsys.readouterr().err.startswith("✘ Falta el nombre de la carpeta.")
    assert not list(tmp_path.iterdir())


def test_names_and_time_outs_reach_the_runner(monkeypatch):
    calls = []
    monkeypatch.setattr("course.runner.run_class", lambda *options: calls.append(options) or 1)
    monkeypatch.setattr("course.runner.execute_in_place", lambda *options: calls.append(options) or 0)
    assert cli.main(["run", "00", "01", "--cell-timeout", "5"]) == 1
    assert cli.main(["notebooks", "execute", "--notebook-timeout", "7"]) == 0
    assert calls == [(["00", "01"], 5, 900), ([], 300, 7)]


def test_build_and_check_say_what_they_did(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("course.notebooks.build", lambda: [tmp_path / "00_a.ipynb"])
    assert cli.main(["notebooks", "build"]) == 0
    monkeypatch.setattr("course.notebooks.build", list)
    assert cli.main(["notebooks", "build"]) == 0
    assert capsys.readouterr().out == "✔ 00_a.ipynb\n✔ Las copias de los estudiantes ya estaban al día.\n"
    monkeypatch.setattr("course.guards.report", lambda: 1)
    assert cli.main(["notebooks", "check"]) == 1


def test_a_course_error_is_a_message_and_status_1(monkeypatch, capsys):
    monkeypatch.setattr("course.notebooks.build", failing(CourseError("Falta algo. Ponlo.")))
    assert cli.main(["notebooks", "build"]) == 1
    assert capsys.readouterr().err == "✘ Falta algo. Ponlo.\n"


def test_a_missing_package_is_a_message_and_status_1():
    """As where the environment is not active: this one has the course, and no package beside it."""
    code = "import sys; sys.modules['psutil'] = None; from course import cli; sys.exit(cli.main(['doctor']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert done.returncode == 1
    assert done.stderr.startswith("✘ A este Python le falta psutil. Activa el entorno")
    assert "Traceback" not in done.stderr


def test_ctrl_c_is_a_message_and_status_130(monkeypatch, capsys):
    monkeypatch.setattr("course.notebooks.build", failing(KeyboardInterrupt))
    assert cli.main(["notebooks", "build"]) == 130
    assert capsys.readouterr().err == "\nInterrumpido con Ctrl-C.\n"


CONSOLES = [{"PYTHONIOENCODING": "cp1252"}, {"PYTHONIOENCODING": "ascii"}, {"PYTHONUTF8": "0", "LC_ALL": "C"}]


@pytest.mark.parametrize("console", CONSOLES, ids=str)
def test_a_poor_console_gets_its_message_and_no_traceback(console):
    program = """
from course import cli, notebooks
notebooks.build = list
raise SystemExit(cli.main(["notebooks", "build"]))
"""
    done = python("-c", program, **console)
    assert done.returncode == 0
    assert b"Las copias de los estudiantes ya estaban al d" in done.stdout
    assert done.stderr == b""


def test_importing_the_package_loads_nothing_heavy():
    done = python("-c", "import sys, course; print(*sys.modules)")
    assert HEAVY.isdisjoint(done.stdout.decode().split())


@pytest.mark.parametrize("words", [[], *COMMANDS], ids=" ".join)
def test_help_loads_nothing_heavy(words):
    program = f"""
import sys
from course import cli
try:
    cli.main({[*words, "--help"]!r})
finally:
    print("loaded:", *sys.modules)
"""
    done = python("-c", program)
    assert done.returncode == 0
    assert HEAVY.isdisjoint(done.stdout.decode().rpartition("loaded:")[2].split())


def test_python_dash_m_is_the_same_command():
    done = python("-m", "course", "--help", PYTHONIOENCODING="utf-8")
    assert done.returncode == 0
    assert done.stdout.decode().startswith("uso: course")


@pytest.mark.parametrize("order", [["simulator"], ["tune", "--dashboard", "--storage", "s.sqlite"]], ids=" ".join)
def test_a_port_that_the_system_keeps_to_itself_is_not_told_as_taken(order, tmp_path, monkeypatch, capsys):
    def refused(port, host):
        raise PermissionError(13, "Permission denied")

    monkeypatch.chdir(tmp_path)
    storage.connect("s.sqlite")
    monkeypatch.setattr("tornado.netutil.bind_sockets", refused)
    assert cli.main([*order, "--port", "80", "--no-browser"]) == 1
    assert "El puerto 80 está ocupado, o lo reserva el sistema." in capsys.readouterr().err
