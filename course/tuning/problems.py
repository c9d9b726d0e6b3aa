"""What a search can be about: a function of the student's, or a network on MNIST, bookings, or the simulator's data.

A problem has a name, a space, a direction ("maximize" or "minimize"), how many values a trial reports at most
(`epochs`), and ``evaluate(params, seed, report)``, which returns the trial's value.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from course.errors import CourseError
from course.tuning.networks import SPACE, Data, Network

DIRECTIONS = ("minimize", "maximize")


@dataclass(frozen=True)
class Problem:
    """Any function to search the best arguments of.

    Parameters
    ----------
    name : str
    evaluate : callable
        ``evaluate(params, seed, report)``: takes a dict with a value per hyperparameter and the trial's own seed,
        returns a number. It may call ``report(step, value)`` on the way, from step 1 on, so that a trial that goes
        badly is pruned. To be searched by several processes it must be a function that they can import.
    space : dict
        As in `course.tuning.space`.
    direction : {"minimize", "maximize"}
    epochs : int
        The last step that is reported.
    """

    name: str
    evaluate: Callable
    space: dict = field(hash=False)
    direction: str = "minimize"
    epochs: int = 1

    def __post_init__(self):
        """Refuse a direction that Optuna would not know."""
        if self.direction not in DIRECTIONS:
            raise CourseError(f"direction={self.direction!r} no existe. Elige uno de estos: {', '.join(DIRECTIONS)}.")

    known = None  # any hyperparameter that the function understands
    version = ""

    def check(self, space):
        """Accept every value: only the function knows."""


@functools.cache
def _mnist(train, validation):
    """Return MNIST: the first `train` training images, the last 10,000 (or the first of those) to validate."""
    from course import datasets

    (images, digits), (test_images, test_digits) = datasets.mnist()
    flat = [part.reshape(-1, 784).astype("float32") / 255 for part in (images, test_images)]
    last = slice(50_000, 50_000 + validation)
    return Data((flat[0][:train], digits[:train]), (flat[0][last], digits[last]), (flat[1], test_digits))


@functools.cache
def _points(name):
    """Return one of the simulator's data sets: half to train, a quarter to validate, a quarter to test."""
    from course import toydata

    rng = np.random.default_rng(0)
    points = toydata.make(name, rng, noise=20 if name in toydata.CLASSIFICATION else 0)
    train, rest = toydata.split(points, rng)
    parts = [train, *toydata.split(rest, rng)]
    if name in toydata.CLASSIFICATION:
        parts = [np.column_stack([part[:, :2], part[:, 2] > 0]) for part in parts]  # the labels are ±1
    return Data(*((part[:, :2].astype("float32"), part[:, 2:].astype("float32")) for part in parts))


@functools.cache
def _bookings():
    """Return the hotel bookings, split in time and encoded; the made-up ones where there are no others."""
    from course import bookings, datasets

    prepared = bookings.prepare(*bookings.split(datasets.bookings()))
    return Data(*((x, y.reshape(-1, 1)) for x, y in zip(prepared.x, prepared.y, strict=True)))


def known():
    """Return the problems that `course tune` knows, by name."""
    from course import toydata

    mnist = {"kind": "multiclass", "monitor": "val_accuracy"}
    later = SPACE | {"batch_size": [128, 256, 512, 1024], "learning_rate": (1e-4, 1e-2, "log")}
    wide = SPACE | {"units": (64, 512, "log"), "batch_size": [64, 128, 256, 512], "learning_rate": (1e-4, 1e-2, "log")}
    points = {"epochs": 40, "patience": 8, "space": SPACE | {"units": (2, 16), "batch_size": [8, 16, 32]}}
    problems = [
        Network("bookings", _bookings, "binary", "val_log_loss", epochs=8, patience=2, space=later),
        Network("mnist", functools.partial(_mnist, 50_000, 10_000), **mnist, epochs=20, patience=4, space=wide),
        Network("mnist-clase", functools.partial(_mnist, 3_000, 2_000), **mnist, epochs=8),
        *(
            Network(name, functools.partial(_points, name), "binary", "val_log_loss", **points)
            for name in toydata.CLASSIFICATION
        ),
        *(
            Network(name, functools.partial(_points, name), "regression", "val_squared_error", **points)
            for name in toydata.REGRESSION
        ),
    ]
    return {problem.name: problem for problem in problems}


def find(problem):
    """Return the problem of a name, or the one that is given.

    Raises
    ------
    CourseError
        If there is no such problem, or it is something else.
    """
    if hasattr(problem, "evaluate"):
        return problem
    if not isinstance(problem, str):
        raise CourseError(
            f"{problem!r} no es un problema que se pueda buscar. Da el nombre de uno, o el tuyo: "
            "tuning.Problem('nombre', función, espacio)."
        )
    problems = known()
    if problem not in problems:
        raise CourseError(f"No conozco el problema {problem!r}. Los que hay: {', '.join(problems)}.")
    return problems[problem]
