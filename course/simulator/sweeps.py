"""Many experiments at once: every combination of some settings, over seeds, as one table.

The seeds of a combination share their shape, so the kernel trains up to eight of them in one pass:
each of its numbers is then that many, one per seed, and every weighted sum advances all of them together. The results
are those of `Experiment.run`, to the last bit.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product

import numpy as np

from course.errors import CourseError
from course.simulator import kernel, link, schedule, start
from course.simulator.settings import Settings, known


def sweep(base=None, *, seeds=50, epochs=1000, record=None, points=None, **grid):
    """Train every combination of settings over seeds.

    Parameters
    ----------
    base : str or Settings, optional
        What all have in common: a link or settings (an experiment's, say); the playground's defaults without it.
    seeds : int or sequence
        How many (then "1", "2", …) or which.
    epochs : int
        How long each is trained. Stop conditions do not apply: every run has the same length.
    record : int or sequence of int, optional
        At which epochs to note the losses; only at the last by default.
    points : array or DataFrame, optional
        The student's own points, as in `Experiment`.
    **grid
        Settings, each with the list of its values: ``layers=[(4,), (8, 8)], learning_rate=[0.03, 0.1]``.

    Returns
    -------
    pandas.DataFrame
        One row per combination, seed and epoch noted: a column per setting of `grid`, then seed, epoch, train_loss,
        test_loss. Losses that are no numbers mean that the weights diverged.

    Raises
    ------
    CourseError
        Where a setting, the seeds or the epochs are wrong.
    """
    import pandas as pd

    base = _base(base, points)
    seeds = _seeds(seeds)
    record = _record(record, epochs)
    combinations = _combinations(base, grid)
    jobs = [(place, block) for place in combinations for block in _blocks(seeds)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # the kernel works outside Python's lock
        results = pool.map(lambda job: _train(combinations[job[0]], job[1], record, points), jobs)
        rows = [
            (*place, seed, epoch, *losses[at, :, lane])
            for (place, block), losses in zip(jobs, results, strict=True)
            for lane, seed in enumerate(block)
            for at, epoch in enumerate(record)
        ]
    return pd.DataFrame(rows, columns=[*grid, "seed", "epoch", "train_loss", "test_loss"])


def _base(base, points):
    if isinstance(base, str):
        base = Settings(**link.read(base))
    base = Settings() if base is None else base
    if not isinstance(base, Settings):
        raise CourseError(f"base debe ser un enlace o los ajustes de un experimento (.settings), y es {base!r}.")
    return base if points is None or base.dataset == "reg-own" else base.with_changes(dataset="own")


def _seeds(seeds):
    if isinstance(seeds, (int, np.integer)) and not isinstance(seeds, bool):
        seeds = range(1, seeds + 1)
    names = [str(seed) for seed in seeds] if hasattr(seeds, "__iter__") and not isinstance(seeds, str) else []
    if not names:
        raise CourseError(f"seeds debe decir cuántas semillas (un entero desde 1) o cuáles, y es {seeds!r}.")
    return names


def _record(record, epochs):
    """Return the epochs to note, in order."""
    record = [epochs] if record is None else record
    numbers = sorted({*record}) if hasattr(record, "__iter__") else [record]
    for number in (*numbers, epochs):
        if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or not 0 <= number <= epochs:
            raise CourseError(f"Las épocas de record deben ser enteros de 0 a epochs ({epochs}), y una es {number!r}.")
    return numbers


def _combinations(base, grid):
    """Return the settings of every combination, under its values."""
    if "seed" in grid:
        raise CourseError("Cada combinación se entrena con todas las semillas: di cuáles con seeds, no con seed.")
    for name, values in known(grid).items():
        if isinstance(values, str) or not hasattr(values, "__iter__"):
            raise CourseError(f"Da una lista de valores para {name}, por ejemplo {name}=[{values!r}].")
    names = list(grid)
    values = [[tuple(v) if isinstance(v, list) else v for v in grid[name]] for name in names]
    return {place: base.with_changes(**dict(zip(names, place, strict=True))) for place in product(*values)}


def _blocks(seeds):
    widest = kernel.LANES[-1]
    return [seeds[first : first + widest] for first in range(0, len(seeds), widest)]


def _train(settings, seeds, record, points):
    """Train one block of seeds; return the losses noted, shape (epochs noted, 2, lanes)."""
    batch = _batch(settings, seeds, points)
    losses, done = [], 0
    for epoch in record:
        factors = schedule.factors(settings.schedule, done, epoch - done)
        rates = [settings.learning_rate * factor for factor in factors]
        kernel.train(batch.rules, batch.state, batch.x, batch.y, batch.train_size, rates, every=False)
        losses.append(kernel.evaluate(batch.rules, batch.state, batch.x, batch.y, batch.train_size))
        done = epoch
    return np.array(losses)


@dataclass
class _Batch:
    """A block of seeds side by side: what the kernel's functions take."""

    rules: kernel.Rules
    state: kernel.State
    x: np.ndarray
    y: np.ndarray
    train_size: int


def _batch(settings, seeds, points):
    """Draw the data and the weights of each seed; a block that is not full repeats its last."""
    lanes = min(lanes for lanes in kernel.LANES if lanes >= len(seeds))
    columns = []
    for seed in seeds:
        own_seed, train, test, rng = start.prepare(settings.with_changes(seed=seed), points)
        columns.append(
            (*start.arrays(own_seed, train, test), start.weights(own_seed, rng), start.dropout_seed(own_seed))
        )
    columns += columns[-1:] * (lanes - len(seeds))
    x, y, theta, random = zip(*columns, strict=True)
    rules = own_seed.rules
    state = kernel.start(rules, np.stack(theta, axis=1), random)
    return _Batch(rules, state, np.concatenate(x, axis=2), np.concatenate(y, axis=2), len(train))
