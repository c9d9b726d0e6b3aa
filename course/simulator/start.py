"""Where an experiment begins: its points, split, and its first weights, in the playground's order of drawing."""

import math
import zlib
from functools import lru_cache
from itertools import pairwise

import numpy as np

from course import toydata
from course.errors import CourseError
from course.simulator import own
from course.simulator.seedrandom import SeedRandom
from course.simulator.settings import OWN


def prepare(settings, points=None):
    """Draw the data of an experiment.

    Returns
    -------
    settings : Settings
        The same, with the number of classes that the student's own points turn out to have.
    train_points, test_points : numpy.ndarray
        Shape (n, 3).
    rng : SeedRandom
        The stream, where the weights come next.
    """
    rng = SeedRandom(settings.seed)
    if points is not None and settings.dataset not in OWN:
        raise CourseError(
            f"Diste tus propios puntos y además dataset='{settings.dataset}': elige una de las dos cosas."
        )
    if settings.dataset in OWN:
        points, classes = own.check(points, settings.problem)
        settings = settings.with_changes(classes=classes)
    else:
        points = toydata.make(settings.dataset, rng, settings.noise, settings.classes)
    train, test = toydata.split(points, rng, settings.train_percent)
    if not len(train) or not len(test):
        raise CourseError(f"Con {len(points)} puntos y train_percent={settings.train_percent} una parte queda vacía.")
    if settings.batch_size > len(train):
        raise CourseError(
            f"batch_size={settings.batch_size} es más que los {len(train)} puntos de entrenamiento: "
            f"la red no llegaría a actualizarse nunca. Usa {len(train)} como máximo."
        )
    return settings, train, test, rng


def arrays(settings, train_points, test_points):
    """Return the network's inputs and targets, training points first: shapes (n, inputs, 1) and (n, outputs, 1)."""
    points = np.concatenate([train_points, test_points])
    y = points[:, 2:]
    if settings.units[-1] > 1:
        y = np.eye(settings.units[-1])[points[:, 2].astype(int)]
    return toydata.features(points, settings.inputs)[:, :, np.newaxis], y[:, :, np.newaxis]


@lru_cache(maxsize=4)
def grid(inputs, density):
    """Return the inputs at a heat map's points, row by row from the top: shape (density², inputs), read-only."""
    side = np.linspace(-6, 6, density)
    x, y = np.meshgrid(side, side[::-1])
    values = toydata.features(np.stack([x.ravel(), y.ravel()], axis=1), inputs)
    values.flags.writeable = False
    return values


def weights(settings, rng):
    """Draw weights from `rng`, in layer, unit, input order, and add the biases.

    ``uniform`` is the playground's U(-0.5, 0.5) whatever the layer; ``he`` and ``glorot`` widen it to Keras's limits.

    Returns
    -------
    numpy.ndarray
        Shape (weights + biases,).
    """
    parts, units = [], settings.units
    for inputs, outputs in pairwise(units):
        limit = {"uniform": 0.5, "he": math.sqrt(6 / inputs), "glorot": math.sqrt(6 / (inputs + outputs))}
        parts.append((rng.random(inputs * outputs) - 0.5) * (2 * limit[settings.initializer]))
    theta = np.append(np.concatenate(parts), np.full(sum(units[1:]), 0.1))
    return np.zeros_like(theta) if settings.init_zero else theta


def layers(units, theta):
    """Return views into `theta`: one (inputs, units) array of weights and one (units,) of biases per layer."""
    shapes = list(pairwise(units))
    cuts = np.cumsum([inputs * outputs for inputs, outputs in shapes] + list(units[1:]))
    parts = np.split(theta, cuts[:-1])
    return [part.reshape(o, i).T for part, (i, o) in zip(parts, shapes, strict=False)], parts[len(shapes) :]


def dropout_seed(settings):
    """Return the number that starts Dropout's generator, so that the experiment's seed decides it too."""
    return zlib.crc32(settings.seed.encode())
