"""The drill: from the installation to the grades on a machine without a network, an empty HOME and a read-only project.

Each order runs in a network namespace of its own, and fails as soon as any of its processes, in any language, asks for
a way out: what must not happen is the attempt, which on the day would be a time-out in front of forty students.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
WHEELS = ROOT / "build" / "wheels"
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
NAMESPACES = ["unshare", "--net", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
QUIET = {"COURSE_OFFLINE": "1"}  # what data/README.md tells whoever wants no download to be tried


class Machine:
    """Somebody's computer: a Python environment, an empty home, a folder to work in, and no network."""

    def __init__(self, folder):
        self.home, self.desk, self.python = folder / "casa", folder / "mesa", folder / "env" / "bin" / "python"
        self.counters, self.log = folder / "counters.json", folder / "attempts.txt"
        self.home.mkdir()
        self.desk.mkdir()

    def run(self, *command, **variables):
        """Run a command; return what it printed, and the attempts to reach the network, told by whom."""
        self.log.write_text("", encoding="utf-8")
        environment = {
            "PATH": f"{self.python.parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(HERE / "hook"),
            "DRILL_LOG": str(self.log),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(WHEELS),
            **variables,
        }
        done = subprocess.run(
            [*NAMESPACES, sys.executable, HERE / "inside.py", ROOT, self.counters, *map(str, command)],
            cwd=self.desk,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        counted = json.loads(self.counters.read_text(encoding="utf-8"))
        return done.stdout, sum(counted.values()), self.log.read_text(encoding="utf-8")

    def offline(self, *command):
        """Run a command that must not ask for the network, and return what it printed."""
        printed, attempts, told = self.run(*command, **QUIET)
        assert (attempts, told) == (0, ""), f"{attempts} attempts to reach the network:\n{told}"
        return printed

    def course(self, *words):
        """Run an order of ``course``."""
        return self.offline(self.python, "-m", "course", *words)


@pytest.fixture(scope="module", autouse=True)
def namespaces():
    """Fail, with what to do, where the drill would prove nothing."""
    if not WHEELS.is_dir():
        pytest.fail("Faltan los paquetes en build/wheels: el simulacro se ejecuta con «make test-offline».")
    missing = [name for name in ("unshare", "ip", "mount") if shutil.which(name) is None]
    if missing:
        pytest.fail(f"El simulacro necesita Linux con {', '.join(missing)} (en Debian: util-linux e iproute2).")
    tried = subprocess.run([*NAMESPACES, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.fail(
            f"El núcleo no deja crear un espacio de red propio ({tried.stderr.strip()}). Ejecútalo como root, o "
            "permítelo con: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
        )


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """Return a machine with the class installed from wheels alone, as the README says."""
    machine = Machine(tmp_path_factory.mktemp("equipo"))
    machine.offline(sys.executable, "-m", "venv", machine.python.parent.parent)
    machine.offline(machine.python, "-m", "pip", "install", "-e", ROOT, "-c", ROOT / "constraints.txt")
    return machine


@pytest.fixture(scope="module")
def challenge(machine):
    """Build the challenge on the machine and return its folder."""
    machine.run(machine.python, "-m", "course", "challenge", "build", "--out", "reto", **QUIET, **SECRET)
    return machine.desk / "reto"


SECRET = {"COURSE_CHALLENGE_SECRET": "un texto largo que solo tú conoces"}
ATTEMPTS = {
    "a name, from Python": [sys.executable, "-c", "import socket; socket.getaddrinfo('example.org', 80)"],
    "a name, from C": ["getent", "hosts", "example.org"],
    "an address": [sys.executable, "-c", "import socket; socket.create_connection(('192.0.2.7', 80))"],
    "an IPv6 address": [sys.executable, "-c", "import socket; socket.create_connection(('2001:db8::7', 80))"],
    "a datagram": [sys.executable, "-c", "import socket; socket.socket(type=2).sendto(b'', ('192.0.2.7', 53))"],
}


@pytest.mark.parametrize("command", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_an_attempt_is_seen_and_its_author_told(command, tmp_path):
    """The drill itself: it would be worth nothing if it overlooked these."""
    machine = Machine(tmp_path)
    _, attempts, told = machine.run("sh", "-c", '"$@" 2>/dev/null || true', "sh", *command)
    assert attempts > 0
    assert bool(told) == (command[0] == sys.executable)


def test_loopback_is_there_and_the_project_cannot_be_written(tmp_path):
    program = (
        "import socket, sys\n"
        "server = socket.create_server(('127.0.0.1', 0)); socket.create_connection(server.getsockname())\n"
        "try: open(sys.argv[1] + '/x', 'w')\n"
        "except OSError as error: print(error.strerror)"
    )
    assert Machine(tmp_path).offline(sys.executable, "-c", program, ROOT) == "Read-only file system\n"


def test_the_doctor_finds_all_but_the_real_bookings(machine):
    assert re.findall("^⚠ (.*)", machine.course("doctor"), re.MULTILINE) == ["Reservas de hotel"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_class_runs(machine, name):
    (row,) = [line.split("|") for line in machine.course("run", name).splitlines() if line.startswith(f"| {name}")]
    assert row[-2].strip() == "✔"


def test_the_simulator_and_jupyterlab_answer(machine):
    visit = machine.python, HERE / "visit.py", machine.python, "-m"
    assert machine.offline(*visit, "course", "simulator", "--no-browser") == "3 files\n"
    lab = "jupyter", "lab", "--no-browser", "--allow-root", f"--notebook-dir={ROOT / 'notebooks'}"
    assert int(machine.offline(*visit, *lab).split()[0]) > 2


def test_a_search_runs(machine):
    assert "El mejor es el 0" in machine.course("tune", "spiral", "--trials", "1")


def test_a_submission_is_made_and_graded(machine, challenge):
    ids = [line.partition(",")[0] for line in (challenge / "test.csv").read_text(encoding="utf-8").splitlines()[1:]]
    rows = "".join(f"{name},0.{number % 90 + 10}\n" for number, name in enumerate(ids))
    (machine.desk / "predicciones.csv").write_text(f"id,prob_cancelacion\n{rows}", encoding="utf-8")
    machine.course("submit", "predicciones.csv", "--id", "ana", "--test", "reto/test.csv", "--out", "entregas")
    assert "calificadas: 1" in machine.course("grade", "entregas", "--labels", "reto-profesor", "--out", "notas")
    pages = list((machine.desk / "notas").rglob("*.html"))
    fetched = [
        tag for page in pages for tag in BeautifulSoup(page.read_bytes(), "html.parser").select("[src], link[href]")
    ]
    assert pages
    assert [tag for tag in fetched if "//" in (tag.get("src") or tag.get("href"))] == []


def test_without_being_told_so_the_download_is_tried_once_and_the_class_goes_on(machine):
    program = "from course import datasets; print(datasets.bookings().attrs['origin'])"
    printed, attempts, told = machine.run(machine.python, "-c", program)
    assert printed.endswith("synthetic\n")
    assert "SINTÉTICA" in printed
    assert attempts > 0
    assert {line.split()[1] for line in told.splitlines()} == {"raw.githubusercontent.com"}
