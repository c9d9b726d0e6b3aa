import importlib.metadata
import shutil
import subprocess
import types

import psutil
import pytest

from course import datasets, doctor, runner


def only(monkeypatch, *names):
    monkeypatch.setattr(doctor, "CHECKS", {name: doctor.CHECKS[name] for name in names})


def test_every_line_is_a_tick_or_a_cross_with_its_remedy(monkeypatch, capsys):
    lines = {"una": lambda: [(True, "va bien", "nada")], "otra": lambda: [(False, "va mal", "arréglalo")]}
    monkeypatch.setattr(doctor, "CHECKS", lines)
    assert doctor.report() == 1
    printed = capsys.readouterr().out
    assert printed.startswith("✔ va bien\n✘ va mal\n    → arréglalo\n")
    assert "nada" not in printed


def test_all_well_is_status_0(monkeypatch, capsys):
    only(monkeypatch, "Python", "paquetes")
    assert doctor.report() == 0
    printed = capsys.readouterr().out
    assert "✘" not in printed
    assert "✔ keras 3." in printed
    assert printed.endswith("Todo listo: python -m course run\n")


def test_what_the_class_can_do_without_is_a_warning_and_status_0(monkeypatch, capsys):
    states = [("MNIST", True, "intacto"), ("Reservas", None, "descárgalas")]
    monkeypatch.setattr(datasets, "status", lambda: states)
    only(monkeypatch, "datos")
    assert doctor.report() == 0
    assert capsys.readouterr().out.startswith("✔ MNIST: intacto\n⚠ Reservas\n    → descárgalas\n\nTodo listo")


def test_a_check_that_breaks_is_a_line_and_not_a_traceback(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "CHECKS", {"disco": lambda: shutil.disk_usage("/no/such/folder")})
    assert doctor.report() == 1
    assert "✘ disco: FileNotFoundError" in capsys.readouterr().out


@pytest.mark.parametrize(("version", "expected"), [("3.10.9", False), ("3.11.0", True), ("3.14.0", False)])
def test_a_python_that_is_too_old_or_too_new_is_noticed(version, expected, monkeypatch):
    monkeypatch.setattr(importlib.metadata, "metadata", lambda project: {"Requires-Python": ">=3.11,<3.14"})
    monkeypatch.setattr(doctor.platform, "python_version", lambda: version)
    ((good, _, remedy),) = doctor.python()
    assert good == expected
    assert ">=3.11" in remedy


def test_missing_and_old_packages_are_noticed_and_other_platforms_skipped(monkeypatch):
    wanted = ["numpy>=2", "pandas>=99", "no-such-thing>=1", "jax>=1; extra == 'jax'", "pywin32; sys_platform == 'none'"]
    monkeypatch.setattr(importlib.metadata, "requires", lambda project: wanted)
    lines = doctor.packages()
    assert [good for good, _, _ in lines] == [True, False, False]
    assert "pandas>=99" in lines[1][2]
    assert lines[2][1] == "no-such-thing: no está instalado"


@pytest.mark.parametrize(
    ("done", "good", "words"),
    [
        ((0, "aviso\n3.15.1 jax\n", ""), True, "Keras 3.15.1 con el motor jax"),
        ((1, "", "Traceback\nCourseError: falta jax"), False, "CourseError: falta jax"),
        ((-4, "", ""), False, "código de salida -4"),
    ],
)
def test_keras_runs_elsewhere_so_that_its_crash_is_a_line(monkeypatch, done, good, words):
    code, out, err = done
    answer = types.SimpleNamespace(returncode=code, stdout=out, stderr=err)
    monkeypatch.setattr(subprocess, "run", lambda *command, **options: answer)
    ((found, text, _),) = doctor.keras()
    assert found is good
    assert words in text


def test_a_keras_that_never_starts_is_noticed(monkeypatch):
    monkeypatch.setattr(doctor, "KERAS_TIMEOUT", 0.01)
    ((good, text, _),) = doctor.keras()
    assert not good
    assert "no arranca" in text


def test_an_unknown_backend_is_noticed(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "theano")
    ((good, text, _),) = doctor.keras()
    assert not good
    assert "theano" in text


@pytest.mark.parametrize(("free", "good"), [(8e9, True), (0.5e9, False)])
def test_memory_and_disk_have_a_floor(monkeypatch, free, good):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: types.SimpleNamespace(available=free))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: types.SimpleNamespace(free=free))
    for check in (doctor.memory, doctor.disk):
        ((found, text, _),) = check()
        assert found is good
        assert f"{free / 1e9:.1f} GB" in text


def test_the_data_tell_their_own_state(monkeypatch):
    states = [("MNIST", True, "intacto"), ("Reservas", False, "descárgalas")]
    monkeypatch.setattr(datasets, "status", lambda: states)
    assert doctor.data() == [(True, "MNIST: intacto", "intacto"), (False, "Reservas", "descárgalas")]


def test_a_kernel_really_starts():
    ((good, text, _),) = doctor.kernel()
    assert good
    assert "arranca y calcula" in text


def test_a_kernel_that_does_not_start_is_noticed(monkeypatch):
    monkeypatch.setattr(runner, "STARTUP_TIMEOUT", 1)
    monkeypatch.setattr(runner.KernelSpecManager, "get_kernel_spec", failing_spec)
    ((good, text, remedy),) = doctor.kernel()
    assert not good
    assert "No module named no_such_kernel" in text
    assert "ipykernel" in remedy


def failing_spec(self, name):
    from jupyter_client.kernelspec import KernelSpec

    return KernelSpec(argv=[doctor.sys.executable, "-m", "no_such_kernel"], language="python", display_name="x")
