"""Problems whose trials cost nothing, for the tests of the search: other processes import them from here."""

import multiprocessing
import os
import time
from pathlib import Path

from course.tuning import Problem

AT_IMPORT = [os.environ.get(name) for name in ("TF_NUM_INTRAOP_THREADS", "PJRT_NPROC", "OMP_NUM_THREADS")]
SPACE = {"x": (-3.0, 3.0), "n": (1, 4)}


def parabola(params, seed, report):
    return (params["x"] - 1) ** 2 + params["n"]


def slow(params, seed, report):
    """Take half a second, noting each evaluation that begins in the file that the environment names."""
    with Path(os.environ["TUNING_LOG"]).open("a", encoding="utf-8") as stream:
        stream.write(f"{os.getpid()} {seed} {params['x']!r}\n")
    for step in range(1, 6):
        time.sleep(0.1)
        report(step, 1.0)
    return parabola(params, seed, report)


def threads(params, seed, report):
    """Return how many threads a Keras that this module imports would use."""
    (count,) = {*AT_IMPORT}
    return int(count)


def dies(params, seed, report):
    os._exit(9)


def poisoned(params, seed, report):
    return dies(params, seed, report) if params["x"] == 2 else params["x"]


class Unreadable(Problem):
    """One whose data only the process that begins the search can read."""

    @property
    def version(self):
        if multiprocessing.parent_process():
            raise OSError("datos.csv: permiso denegado")
        return ""


PARABOLA = Problem("parábola", parabola, SPACE)
SLOW = Problem("lenta", slow, SPACE, epochs=5)
THREADS = Problem("hilos", threads, SPACE)
DIES = Problem("mortal", dies, SPACE)
POISONED = Problem("envenenada", poisoned, {"x": [1, 2, 3, 4]})
UNREADABLE = Unreadable("ilegible", parabola, SPACE)
