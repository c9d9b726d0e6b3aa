"""The public playground's 2-D data sets: its six generators, its seven inputs, its split.

What the noise slider moves differs from set to set, and is said in each docstring. `noise` is the slider's value, 0 to
50; ``noise / 100`` is what the formulas use. A generator takes its random numbers in the playground's own order, so a
`course.simulator.seedrandom.SeedRandom` gives the playground's very points; any `numpy.random.Generator` gives others
of the same distribution.
"""

import math
from collections.abc import Iterable

import numpy as np

from course import validation
from course.errors import CourseError

RADIUS = 5.0  # of the classification sets; those of regression fill a square of half-side 6

INPUTS = {
    "x": lambda x, y: x,
    "y": lambda x, y: y,
    "xSquared": lambda x, y: x * x,
    "ySquared": lambda x, y: y * y,
    "xTimesY": lambda x, y: x * y,
    "sinX": lambda x, y: np.sin(x),
    "sinY": lambda x, y: np.sin(y),
}
"""The inputs a network may see, under the names that the playground's links use and in its order."""

MOST = 1_000_000  # points that a generator draws


def circle(rng, noise=0.0, samples=500, classes=2):
    """Return a disc (+1) inside a ring (-1). The points stay where they are; noise only flips labels near the border.

    The distance to the centre is uniform in [0, 2.5) or [3.5, 5), so points are denser near the centre. The label is +1
    where the point, displaced by up to ``5 * noise / 100`` per axis, lies within 2.5 of the centre.
    """
    _only_two(classes, "circle")
    _check(rng, noise, samples, classes)
    half = samples // 2
    u = rng.random((2 * half, 4))
    inner = np.arange(2 * half) < half
    r = np.where(inner, u[:, 0] * (RADIUS / 2), u[:, 0] * (RADIUS - RADIUS * 0.7) + RADIUS * 0.7)
    angle = u[:, 1] * (2 * math.pi)
    x, y = r * _sin(angle), r * _cos(angle)
    dx, dy = _between(u[:, 2:], -RADIUS, RADIUS).T * (noise / 100)
    return _table(x, y, np.where(np.sqrt((x + dx) ** 2 + (y + dy) ** 2) < RADIUS / 2, 1, -1))


def xor(rng, noise=0.0, samples=500, classes=2):
    """Return a square of four quadrants, +1 where x·y ≥ 0. Noise flips labels near the axes, as in `circle`.

    Each coordinate is uniform in (-5, 5) and then pushed 0.3 away from 0.
    """
    _only_two(classes, "xor")
    _check(rng, noise, samples, classes)
    u = _between(rng.random((samples, 4)), -RADIUS, RADIUS)
    x, y = (u[:, :2] + np.where(u[:, :2] > 0, 0.3, -0.3)).T
    dx, dy = u[:, 2:].T * (noise / 100)
    return _table(x, y, np.where((x + dx) * (y + dy) >= 0, 1, -1))


def gauss(rng, noise=0.0, samples=500, classes=2):
    """Return one normal cloud per class, centred at (2, 2) for +1 and (-2, -2) for -1.

    Noise widens them: the *variance* per axis is ``0.5 + 7 * noise / 100``. With more classes the centres lie on the
    same circle, and the labels are 0, 1, 2…
    """
    _check(rng, noise, samples, classes)
    deviation = math.sqrt(_mix(0.5, 4.0, noise / 100 / 0.5))
    points = []
    for number, label in enumerate(_labels(classes)):
        angle = math.pi * (0.25 + 2 * number / classes)
        centre = [round(math.sqrt(8) * f(angle), 12) for f in (math.cos, math.sin)]
        points += [[*(c + deviation * _normal(rng) for c in centre), label] for _ in range(samples // classes)]
    return np.array(points, dtype=float)


def spiral(rng, noise=0.0, samples=500, classes=2):
    """Return interleaved spiral arms, one per class. Noise moves the points, by up to ``noise / 100`` per axis.

    The labels are exact whatever the noise: +1 and -1, or 0, 1, 2… for more than two arms.
    """
    _check(rng, noise, samples, classes)
    count = samples // classes
    i = np.arange(count)
    arms = []
    for number, label in enumerate(_labels(classes)):
        r, t = i / count * 5, 1.75 * i / count * 2 * math.pi + 2 * math.pi * number / classes
        dx, dy = _between(rng.random((count, 2)), -1, 1).T * (noise / 100)
        arms.append(_table(r * _sin(t) + dx, r * _cos(t) + dy, label))
    return np.concatenate(arms)


def plane(rng, noise=0.0, samples=1200, classes=1):
    """Return points of a square with the target (x + y) / 10, read at a place displaced by ``6 * noise / 100``."""
    x, y, dx, dy = _square(rng, noise, samples)
    return _table(x, y, _mix(-1.0, 1.0, ((x + dx) + (y + dy) + 10) / 20))


def hills(rng, noise=0.0, samples=1200, classes=1):
    """Return points of a square with three hills and three hollows of radius 2 as target; noise as in `plane`.

    The target is ``± max(0, 1 - distance / 2)`` of the centre where that is largest in absolute value.
    """
    x, y, dx, dy = _square(rng, noise, samples)
    centres = np.array([(-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1)])
    cx, cy, sign = centres.T[:, :, np.newaxis]
    distance = np.sqrt((x + dx - cx) ** 2 + (y + dy - cy) ** 2)
    height = sign * np.clip(1 - distance / 2, 0, 1)
    return _table(x, y, height[np.abs(height).argmax(axis=0), np.arange(samples)])


CLASSIFICATION = {"circle": circle, "xor": xor, "gauss": gauss, "spiral": spiral}
REGRESSION = {"reg-plane": plane, "reg-gauss": hills}
"""The generators under the names that the playground's links use."""


def make(name, rng, noise=0.0, classes=2):
    """Return the points of one of the playground's data sets, before the split.

    Parameters
    ----------
    name : str
        A key of `CLASSIFICATION` (500 points, labels ±1) or `REGRESSION` (1200 points, targets in [-1, 1]).
    rng : SeedRandom or numpy.random.Generator
        Where the random numbers come from.
    noise : float
        The slider's value, 0 to 50; up to 100 is drawn.
    classes : int
        With "spiral" and "gauss", how many; from three on the labels are 0, 1, 2…

    Returns
    -------
    numpy.ndarray
        Shape (points, 3): x, y, label.

    Raises
    ------
    CourseError
        If there is no such set, `rng` draws no numbers, or `noise` or `classes` is out of range.
    """
    generators = CLASSIFICATION | REGRESSION
    if not isinstance(name, str) or name not in generators:
        raise CourseError(f"No conozco el conjunto de datos «{name}». Elige uno de estos: {', '.join(generators)}.")
    return generators[name](rng, noise, classes=classes)


def split(points, rng, train_percent=50):
    """Shuffle `points` once (Fisher-Yates, as the playground does) and cut them into training and test.

    Returns
    -------
    tuple of numpy.ndarray
        The first ``floor(len(points) * train_percent / 100)`` points, and the rest.

    Raises
    ------
    CourseError
        If `points` is no table of numbers, `rng` draws none, or `train_percent` is not from 0 to 100.
    """
    points = validation.numeric("points", points, 2)
    validation.between("train_percent", train_percent, 0, 100)
    _check_source(rng)
    order = list(range(len(points)))
    for left, u in zip(range(len(points), 0, -1), rng.random(len(points)), strict=True):
        chosen = int(u * left)
        order[left - 1], order[chosen] = order[chosen], order[left - 1]
    cut = math.floor(len(points) * train_percent / 100)
    return points[order[:cut]], points[order[cut:]]


def features(points, names=("x", "y")):
    """Return the inputs `names` (keys of `INPUTS`) of `points`, shape (points, 2 or more) → (points, inputs).

    Raises
    ------
    CourseError
        If `points` is no such table of numbers, or a name is unknown.
    """
    points = validation.numeric("points", points, 2)
    if points.shape[1] < 2:
        raise CourseError(f"points tiene forma {points.shape}. Cada fila necesita al menos x e y: dos columnas.")
    return np.stack([INPUTS[name](points[:, 0], points[:, 1]) for name in _known(names)], axis=1)


def _known(names):
    """Return `names`, one or several, as a list of keys of `INPUTS`."""
    names = [names] if isinstance(names, str) or not isinstance(names, Iterable) else [*names]
    if not names:
        raise CourseError(f"names está vacío. Elige al menos una de estas entradas: {', '.join(INPUTS)}.")
    return [validation.known("names", name, INPUTS) for name in names]


def _check(rng, noise, samples, classes=2):
    """Refuse what no generator can draw its points from: each class needs at least one."""
    _check_source(rng)
    validation.between("noise", noise, 0, 100)
    validation.count("samples", samples, 2, MOST)
    validation.count("classes", classes, 2, samples)


def _check_source(rng):
    if not callable(getattr(rng, "random", None)):
        raise CourseError(f"rng={rng!r} no da números al azar. Usa, por ejemplo, rng=np.random.default_rng(0).")


def _labels(classes):
    return (1, -1) if classes == 2 else range(classes)


def _only_two(classes, name):
    if classes != 2:
        raise CourseError(f"«{name}» solo tiene dos clases (pediste {classes}). Usa «spiral» o «gauss» para tener más.")


def _mix(low, high, t):
    # The playground's own way to scale, kept because it rounds differently from `_between`.
    return low * (1 - t) + high * t


def _between(u, low, high):
    return u * (high - low) + low


def _square(rng, noise, samples):
    _check(rng, noise, samples)
    x, y, dx, dy = _between(rng.random((samples, 4)), -6, 6).T
    return x, y, dx * (noise / 100), dy * (noise / 100)


def _normal(rng):
    """Return one standard normal number by Marsaglia's polar method, in the order in which the playground draws."""
    s = 2.0
    while s > 1:
        v1, v2 = 2 * rng.random() - 1, 2 * rng.random() - 1
        s = v1 * v1 + v2 * v2
    return math.sqrt(-2 * math.log(s) / s) * v1


def _sin(angles):
    # The C library's sine: NumPy's differs in the last bit from one processor to the next.
    return np.array([math.sin(angle) for angle in angles])


def _cos(angles):
    return np.array([math.cos(angle) for angle in angles])


def _table(x, y, label):
    return np.stack([x, y, np.broadcast_to(label, np.shape(x)).astype(float)], axis=1)
