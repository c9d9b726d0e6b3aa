"""What the browser draws of an experiment: everything about it once, and then, many times a second, what has changed.

Numbers in bulk (weights, heat maps, losses) travel as one binary buffer, which a JSON layout describes; as JSON text
they would be five times the size, and the browser would spend its time reading them.
"""

import math

import numpy as np

from course import toydata
from course.errors import CourseError
from course.simulator import kernel, start
from course.simulator.seedrandom import SeedRandom
from course.simulator.settings import OWN

DENSITY = 100  # points per side of the output's heat map
EVERY = 4  # of which a neuron's small map keeps one in so many
THUMBNAIL = 140  # points that a data set's picture shows


def pack(arrays):
    """Lay arrays one after another.

    Parameters
    ----------
    arrays : dict of str to numpy.ndarray
        Of type float32, int8 or uint8.

    Returns
    -------
    dict, bytes
        For each name its type, first byte and number of items; and the bytes. Every array starts at a multiple of 8.
    """
    layout, parts, place = {}, [], 0
    for name, array in arrays.items():
        data = np.ascontiguousarray(array).tobytes()
        layout[name] = [array.dtype.name, place, array.size]
        parts.append(data.ljust(-(-len(data) // 8) * 8, b"\0"))
        place += len(parts[-1])
    return layout, b"".join(parts)


def describe(experiment):
    """Return what changes only with the settings: a dict for JSON, and the points."""
    settings = experiment.settings
    try:
        url = experiment.to_url()
    except CourseError:  # the student's own points fit in no link
        url = None
    about = {
        "settings": {name: finite(value) for name, value in vars(settings).items()},
        "problem": settings.problem,
        "units": settings.units,
        "activations": settings.activations,
        "url": url,
        "own": settings.dataset in OWN,
        "trainCount": len(experiment.train_points),
        "testCount": len(experiment.test_points),
    }
    return about, {"train": _single(experiment.train_points), "test": _single(experiment.test_points)}


def snapshot(experiment, since):
    """Return what changes as it trains: a dict for JSON, and arrays with the losses from epoch `since` on."""
    train_loss, test_loss = losses_now(experiment)
    dead = [(k + 1, int(i)) for k, units in enumerate(experiment.dead_units()) for i in np.flatnonzero(units)]
    about = {
        "epoch": experiment.epoch,
        "since": since,
        "trainLoss": finite(train_loss),
        "testLoss": finite(test_loss),
        "accuracy": None if experiment.settings.problem == "regression" else _accuracy(experiment),
        "dead": dead,
        "stopped": experiment.stopped,
    }
    weight_gradients, bias_gradients = experiment.gradients()
    arrays = {
        "weights": _flat(experiment.weights),
        "biases": _flat(experiment.biases),
        "weightGradients": _flat(weight_gradients),
        "biasGradients": _flat(bias_gradients),
        "cut": _flat(experiment.dead_links()).astype(np.uint8),
        "losses": _single(experiment.losses_since(since)),  # `history` would build a table for every picture
        **_maps(experiment),
    }
    return about, arrays


def losses_now(experiment):
    """Return the training and test loss of the weights as they are: the last epoch's, unless a weight was edited."""
    theta = np.concatenate([*(w.T.ravel() for w in experiment.weights), *experiment.biases])
    x, y = start.arrays(experiment.settings, experiment.train_points, experiment.test_points)
    rules = experiment.settings.rules
    state = kernel.start(rules, theta[:, np.newaxis], [0])
    return tuple(float(loss) for loss in kernel.evaluate(rules, state, x, y, len(experiment.train_points))[:, 0])


def thumbnails():
    """Return a few points of every data set, one array of shape (n, 3) each."""
    names = (*toydata.CLASSIFICATION, *toydata.REGRESSION)
    sets = {name: toydata.make(name, SeedRandom("0")) for name in names}
    return {name: _single(points[:: len(points) // THUMBNAIL]) for name, points in sets.items()}


def _maps(experiment):
    """Return the heat maps as signed bytes: ``floor(128 · output)`` within ±1, so that 0 is where the sign changes."""
    maps = experiment.heat_maps(DENSITY)
    small = np.concatenate([layer[:, ::EVERY, ::EVERY] for layer in maps])
    arrays = {"maps": _bytes(small), "output": _bytes(maps[-1][0])}
    if len(maps[-1]) > 1:  # several classes: which wins, and how clearly
        arrays |= {"output": _bytes(maps[-1].max(axis=0)), "winner": maps[-1].argmax(axis=0).astype(np.uint8)}
    return arrays


def _accuracy(experiment):
    points = experiment.test_points
    return float((experiment.classify(points) == points[:, 2]).mean())


def _bytes(values):
    return np.clip(np.floor(np.nan_to_num(values) * 128), -128, 127).astype(np.int8)


def _flat(layers):
    """Return the numbers of all layers in order; a matrix goes row by row, one row per input."""
    return _single(np.concatenate([layer.ravel() for layer in layers]))


def _single(values):
    with np.errstate(over="ignore"):  # a network that diverges has weights beyond float32
        return np.asarray(values).astype(np.float32)


def finite(value):
    """Return a value as JSON can carry it, which has no NaN and no infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
