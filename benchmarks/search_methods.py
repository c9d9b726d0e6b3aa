"""Grid, random and TPE search under one budget, over many repetitions: the long version of notebook 06's comparison.

The problem is the notebook's: two layers on the simulator's spiral, eight steps of five epochs. Each repetition has a
seed of its own, and the grid's lines are shifted at random, so that no way to search is lucky by its author's choice.
Writes every trial to `data/busqueda_larga.csv`, which the notebook shows.
"""

import numpy as np
import pandas as pd

from course import tuning
from course.paths import atomic_write, resource
from course.simulator import Experiment

REPETITIONS, TRIALS = 60, 27
SPACE = {"learning_rate": (1e-5, 10.0, "log"), "l2": (1e-6, 1e-1, "log"), "units": (2, 12)}
FIXED = {"dataset": "spiral", "noise": 10, "seed": "1", "inputs": ("x", "y", "sinX", "sinY"), "optimizer": "adam"}


def evaluate(params, seed, report):
    network = Experiment(
        **FIXED,
        layers=(params["units"],) * 2,
        learning_rate=params["learning_rate"],
        regularization="L2",
        regularization_rate=params["l2"],
    )
    network.run(40)
    return network.losses[1]


def grid(rng):
    """Return three values of each hyperparameter, at equal distances and shifted at random."""
    u = (np.arange(3) + rng.random((3, 1))) / 3
    return {
        "learning_rate": [float(value) for value in 1e-5 * (10.0 / 1e-5) ** u[0]],
        "l2": [float(value) for value in 1e-6 * (1e-1 / 1e-6) ** u[1]],
        "units": [int(value) for value in 2 + 11 * u[2]],
    }


def values(repetition, sampler):
    """Return the loss of each trial of one search."""
    space = grid(np.random.default_rng(repetition)) if sampler == "grid" else SPACE
    problem = tuning.Problem("espiral", evaluate, space)
    study = tuning.search(problem, trials=TRIALS, sampler=sampler, pruner="none", seed=repetition, progress=False)
    return [trial.value for trial in study.trials]


def main():
    runs = pd.DataFrame(
        [
            (method, repetition, number, value)
            for method, sampler in {"rejilla": "grid", "al azar": "random", "TPE": "tpe"}.items()
            for repetition in range(REPETITIONS)
            for number, value in enumerate(values(repetition, sampler), 1)
        ],
        columns=["método", "repetición", "intento", "valor"],
    )
    with atomic_write(resource("data") / "busqueda_larga.csv", "w") as stream:
        stream.write(f"# orden: python benchmarks/search_methods.py ({REPETITIONS} repeticiones, {TRIALS} intentos)\n")
        runs.to_csv(stream, index=False, float_format="%.4g")
    best = runs.groupby(["método", "repetición"]).valor.min().groupby("método")
    print(best.agg(["mean", "std", "median", "max"]).round(4).to_string())


if __name__ == "__main__":
    main()
