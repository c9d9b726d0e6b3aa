"""The wheel and the sdist, each built, installed in an empty environment and used from another folder.

The folders have spaces and accents, as a home on Windows often has, and the consoles are poor ones.
"""

import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
WHEELS = ROOT / "build" / "wheels"
UV = [sys.executable, "-m", "uv", "--offline", "--quiet"]
FOUND = ["--no-index", "--find-links", WHEELS]
SCRIPTS = "Scripts" if os.name == "nt" else "bin"
CONSOLES = {
    "UTF-8": {},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "C": {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"},
}


@pytest.fixture(scope="module", autouse=True)
def wheels():
    """Fail, with what to do, where there is nothing to install from."""
    if not WHEELS.is_dir():
        pytest.fail("Faltan los paquetes en build/wheels: estas pruebas se ejecutan con «make test-install».")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return the sdist and the wheel; the wheel is made from the sdist, as an index's users may have to."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([*UV, "build", *FOUND, "--out-dir", out, ROOT], check=True)
    (sdist,), (wheel,) = out.glob("*.tar.gz"), out.glob("*.whl")
    return {"sdist": sdist, "wheel": wheel}


@pytest.fixture(scope="module")
def unpacked(built, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(built["sdist"]) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.iterdir())


@pytest.fixture(scope="module", params=["wheel", "sdist"])
def run(request, built, tmp_path_factory):
    """Return a function that runs a script of an environment with nothing but the class, in another folder."""
    home = tmp_path_factory.mktemp("casa") / f"José - mi {request.param}"
    desk = home / "Año 2026"
    desk.mkdir(parents=True)
    subprocess.run([*UV, "venv", "--python", sys.executable, home / "entorno"], check=True)
    constraints = "--constraint", ROOT / "constraints.txt"
    order = [*UV, "pip", "install", "--python", home / "entorno", *FOUND, *constraints, built[request.param]]
    subprocess.run(order, check=True)

    def run(script, *words, status=0, **variables):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COURSE_"))}
        environment = {**kept, "HOME": str(home), "COURSE_OFFLINE": "1", **variables}
        done = subprocess.run(
            [home / "entorno" / SCRIPTS / script, *words],
            cwd=desk,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        said = done.stdout.decode(errors="replace")
        assert done.returncode == status, said
        assert "Traceback" not in said
        return said

    run.desk = desk
    return run


def test_the_doctor_finds_everything(run):
    assert "Todo listo" in run("course", "doctor")


@pytest.mark.parametrize("variables", CONSOLES.values(), ids=CONSOLES.keys())
def test_a_notebook_of_the_class_runs_on_each_console(run, variables):
    said = run("course", "run", "00", **variables)
    assert re.search(r"\| 00_antes_de_empezar +\| (\d+)/\1 +\| 4/4 +\|", said), said
    assert "course notebooks copy" in said
    assert (run.desk / "build" / "00_antes_de_empezar.html").is_file()


def test_the_students_copies_are_copied_and_the_installed_ones_left_alone(run):
    assert "cuadernos copiados: 16" in run("course", "notebooks", "copy", "mi clase ñ")
    assert "cuadernos copiados: 0" in run("course", "notebooks", "copy", "mi clase ñ")
    assert len(list((run.desk / "mi clase ñ").glob("0*.ipynb"))) == 8
    assert "Reglas cumplidas" in run("course", "notebooks", "check")
    for order in ("build", "execute"):
        assert "clona el proyecto" in run("course", "notebooks", order, status=1)


def test_the_simulators_page_is_there_with_its_parts(run):
    assert run("python", ROOT / "tests" / "offline" / "visit.py", "course", "simulator", "--no-browser") == "3 files\n"


def test_what_the_notebooks_load_is_there(run):
    program = """
import numpy as np
from course import canvas, datasets
from course.simulator import Experiment, Simulator
print(datasets.mnist()[0][0].shape, len(datasets.drawings()[0]), datasets.bookings("synthetic").shape)
experiment = Experiment("spiral", layers=(4,), seed="1")
experiment.train(2)
print(bool(Simulator(experiment)._esm), bool(canvas.Canvas(lambda images: np.zeros(10))._css))
"""
    said = run("python", "-c", program).splitlines()
    assert "(60000, 28, 28) 40 (119390, 32)" in said
    assert said[-1] == "True True"


def test_the_challenge_goes_from_the_secret_to_the_grade(run):
    run("course", "challenge", "build", "--out", "reto ñ", COURSE_CHALLENGE_SECRET="un texto largo que nadie conoce")
    ids = [line.partition(",")[0] for line in (run.desk / "reto ñ" / "test.csv").read_text("utf-8").splitlines()[1:]]
    rows = "".join(f"{name},0.{number % 90 + 10}\r\n" for number, name in enumerate(ids))
    (run.desk / "mis predicciones.csv").write_bytes(f"\ufeffid,prob_cancelacion\r\n{rows}".encode())  # as Excel does
    run("course", "submit", "mis predicciones.csv", "--id", "josé.ñ", "--test", "reto ñ/test.csv", "--out", "entregas")
    said = run("course", "grade", "entregas", "--labels", "reto ñ-profesor", "--out", "notas", PYTHONUTF8="0")
    assert "calificadas: 1" in said


# --- the sdist ---------------------------------------------------------------------------------------------------


def test_the_sdist_has_the_docs_and_all_that_its_tests_need(unpacked):
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, encoding="utf-8", check=True)
    names = {name for name in listed.stdout.rstrip("\0").split("\0") if not name.startswith(".")}
    assert sorted(name for name in names if not (unpacked / name).is_file()) == []


def test_the_tests_of_the_sdist_pass_where_they_are(unpacked):
    quick = [unpacked / "tests" / f"test_{name}.py" for name in ("readme", "datasets", "portability")]
    order = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", "not console", *quick]
    done = subprocess.run(
        order, cwd=unpacked, env={**os.environ, "PYTHONPATH": str(unpacked)}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-3000:]
