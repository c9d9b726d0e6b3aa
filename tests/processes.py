"""Processes of their own for the tests: Dask's scheduler and workers, and whatever else runs on the side."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

TESTS = Path(__file__).parent
LOCAL = {
    **os.environ,
    "NO_PROXY": "127.0.0.1,localhost",
    "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)]),
    "OMP_NUM_THREADS": "1",
}
"""The environment of such processes: they find the course and the tests' own modules, and no proxy."""

POSTGRES_BINARIES = next(
    (
        place
        for place in (Path("/usr/local/bin"), Path("/usr/bin"), *Path("/usr/lib/postgresql").glob("*/bin"))
        if (place / "initdb").exists()
    ),
    None,
)


def launch(module, *arguments, **options):
    """Start `python -m module …` quietly."""
    order = [sys.executable, "-m", module, *map(str, arguments)]
    quiet = {"env": LOCAL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(order, **{**quiet, **options})


@contextmanager
def running(order, **options):
    """Start a command and end it: `with Popen` would wait for ever for one that does not end when the test fails."""
    with subprocess.Popen(order, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until(ready, seconds=300):
    """Wait until `ready()` is true, or fail."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


def made_once(tmp_path_factory, name, make):
    """Return a folder that `make(folder)` fills, once for all of xdist's workers."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = shared / name, shared / f"{name}.done"
    try:
        folder.mkdir()
    except FileExistsError:
        wait_until(done.exists, 600)
    else:
        try:
            make(folder)
        finally:
            done.touch()
    return folder
