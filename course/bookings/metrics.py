"""How good predicted probabilities are: ranking, calibration, decisions, and what the wrong decisions cost.

The decision is whether to sell a room again: where the predicted probability of a cancellation reaches a threshold,
the hotel takes another guest for the same night. If the first one comes after all, somebody must be walked to another
hotel; if the hotel did not sell it again and the guest cancels, the room stays empty.
"""

from numbers import Real
from typing import NamedTuple

import numpy as np

from course.errors import CourseError

BINS = 10
"""Bins of equal width from 0 to 1 in which predicted and observed frequencies are compared, for the ECE."""

_GRID = np.linspace(0, 1, 41)  # where the ROC curve is kept for the picture
_TINY = np.finfo(np.float64).eps  # as scikit-learn's log_loss: an impossible event that happens costs 36, not infinity


class Costs(NamedTuple):
    """What each wrong decision costs, in euros a booking.

    An empty room loses about one night's price, which is 102 € on average in the real table. Walking a guest costs
    three: the night elsewhere, the taxi, and the guest. Both are assumptions; a hotel puts its own.
    """

    empty_room: float = 100.0
    walked_guest: float = 300.0


COSTS = Costs()


def evaluate(y, probability, threshold=0.5, costs=COSTS):
    """Measure predicted probabilities of a cancellation against what happened.

    Parameters
    ----------
    y : array-like, shape (n,) or (n, 1)
        Whether each booking was canceled, 0 or 1; both must occur.
    probability : array-like, shape (n,) or (n, 1)
        The predicted probability of it, as `keras.Model.predict` gives it.
    threshold : float
        From which probability on the room is sold again, for `accuracy`, `f1` and `cost`.
    costs : Costs

    Returns
    -------
    dict of float
        ``auc`` (under the ROC curve), ``pr_auc`` (average precision), ``log_loss``, ``brier``, ``ece`` (`BINS` bins of
        equal width, the mean of the gaps weighted by rows), ``accuracy``, ``f1``, ``cost`` (as `expected_cost`).

    Raises
    ------
    CourseError
        If the arrays do not match, hold something else, or only one of the two outcomes occurs; or if `threshold` or
        `costs` is something else.
    """
    y, probability = _checked(y, probability)
    if y.all() or not y.any():
        raise CourseError(
            f"Las {len(y)} reservas tienen todas el mismo final ({'canceladas' if y.all() else 'no canceladas'}): sin "
            "las otras no hay AUC que medir. Evalúa con más reservas."
        )
    _check_decision(threshold, costs)
    order = np.argsort(probability)
    measured = measure_sorted(probability[order], y[order])
    return {
        "auc": measured["auc"],
        "pr_auc": _average_precision(probability[order], y[order]),
        **{name: measured[name] for name in ("log_loss", "brier", "ece")},
        "accuracy": float(((probability >= threshold) == y).mean()),
        "f1": _f1(y, probability >= threshold),
        "cost": expected_cost(y, probability, threshold, costs),
    }


def expected_cost(y, probability, threshold, costs=COSTS):
    """Return what wrong decisions cost on average, in euros a booking.

    Parameters
    ----------
    y, probability : array-like
        As in `evaluate`.
    threshold : float
        The room is sold again where the probability is at least this; ``float("inf")`` never sells twice.
    costs : Costs

    Raises
    ------
    CourseError
        As `evaluate`, but one outcome alone will do.
    """
    y, probability = _checked(y, probability)
    _check_decision(threshold, costs)
    again = probability >= threshold
    return float(((y & ~again) * costs.empty_room + (~y & again) * costs.walked_guest).mean())


def best_threshold(y, probability, costs=COSTS):
    """Return the threshold that costs least on these bookings: choose it on validation, use it on test.

    Parameters
    ----------
    y, probability : array-like
        As in `evaluate`.
    costs : Costs

    Returns
    -------
    float
        One of the probabilities, or infinity if it is best never to sell a room twice. Where the probabilities are
        right, it is near ``walked_guest / (walked_guest + empty_room)``.

    Raises
    ------
    CourseError
        As `expected_cost`.
    """
    y, probability = _checked(y, probability)
    _check_decision(np.inf, costs)
    order = np.argsort(-probability)
    values, canceled = probability[order], y[order]
    last = np.flatnonzero(np.diff(values, append=-1))  # where each run of equal probabilities ends
    caught = np.concatenate([[0], np.cumsum(canceled)[last]])
    walked = np.concatenate([[0], last + 1]) - caught
    cost = (canceled.sum() - caught) * costs.empty_room + walked * costs.walked_guest
    return float(np.concatenate([[np.inf], values[last]])[cost.argmin()])


def calibration(y, probability):
    """Compare predicted probabilities with frequencies, in `BINS` bins of equal width.

    Parameters
    ----------
    y, probability : array-like
        As in `evaluate`.

    Returns
    -------
    list of tuple
        For each bin that has rows: mean probability, share of cancellations, number of rows.
    """
    y, probability = _checked(y, probability)
    return _calibration(probability, y)


def measure_sorted(values, labels):
    """Measure probabilities in ascending order against their labels, without checks: graders call it by the thousand.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        From 0 to 1, ascending.
    labels : ndarray of bool, shape (n,)
        True for canceled; both must occur.

    Returns
    -------
    dict
        ``auc``, ``log_loss``, ``brier``, ``ece``, ``accuracy`` (threshold 0.5), ``mean`` (of the probabilities),
        ``rate`` (of the labels), ``certain`` (the share of exact zeros and ones), ``roc`` (true positive rates at 41
        false positive rates from 0 to 1) and ``calibration`` (as the function of that name, rounded).
    """
    roc, auc = _roc(values, labels)
    groups = _calibration(values, labels)
    inner = np.clip(values, _TINY, 1 - _TINY)
    numbers = {
        "auc": auc,
        "log_loss": -np.log(np.where(labels, inner, 1 - inner)).mean(),
        "brier": np.square(values - labels).mean(),
        "ece": sum(abs(mean - rate) * count for mean, rate, count in groups) / len(values),
        "accuracy": ((values >= 0.5) == labels).mean(),
        "mean": values.mean(),
        "rate": labels.mean(),
        "certain": ((values == 0) | (values == 1)).mean(),
    }
    rounded = [[round(mean, 4), round(rate, 4), count] for mean, rate, count in groups]
    return {name: float(value) for name, value in numbers.items()} | {"roc": roc, "calibration": rounded}


def _checked(y, probability):
    """Return labels as bool and probabilities as float64, both of shape (n,), or say what is wrong with them."""
    try:
        y, probability = (np.atleast_1d(np.asarray(values).squeeze()) for values in (y, probability))
    except ValueError as error:
        raise CourseError("y y probability deben tener un solo número por reserva.") from error
    if y.ndim != 1 or y.shape != probability.shape or not len(y):
        raise CourseError(
            f"y tiene forma {y.shape} y probability {probability.shape}: debe haber una probabilidad por reserva."
        )
    if probability.dtype.kind not in "biuf" or not ((probability >= 0) & (probability <= 1)).all():
        raise CourseError("Hay probabilidades que faltan o que no están entre 0 y 1. ¿Termina tu red en una sigmoide?")
    if y.dtype.kind not in "biuf" or not np.isin(y, (0, 1)).all():
        raise CourseError("y debe tener solo ceros y unos: 1 si la reserva se canceló.")
    return y.astype(bool), probability.astype(float)


def _check_decision(threshold, costs):
    """Refuse a threshold or costs that decide nothing: a NaN would pass as one that never sells."""
    if not isinstance(threshold, Real) or np.isnan(threshold):
        raise CourseError(f"threshold={threshold!r} no es un umbral: usa una probabilidad, o float('inf').")
    if not isinstance(costs, Costs) or not all(isinstance(cost, Real) and 0 <= cost < np.inf for cost in costs):
        raise CourseError(f"costs={costs!r} no sirve. Usa bookings.Costs(100, 300), en euros y sin negativos.")


def _roc(values, labels):
    """Return the curve's heights on the grid, and the area under it; equal probabilities are one step of the curve."""
    last = np.flatnonzero(np.diff(values[::-1], append=-1))  # where each run of equal values ends, going down
    hits = np.cumsum(labels[::-1])[last]
    true = np.concatenate([[0], hits]) / hits[-1]
    false = np.concatenate([[0], last + 1 - hits]) / (len(values) - hits[-1])
    area = np.sum(np.diff(false) * (true[1:] + true[:-1])) / 2
    return np.interp(_GRID, false, true).round(4).tolist(), area


def _average_precision(values, labels):
    """Return the mean precision over the cancellations found, going down: the area under that curve, by steps."""
    last = np.flatnonzero(np.diff(values[::-1], append=-1))
    hits = np.cumsum(labels[::-1])[last]
    return float(np.sum(np.diff(hits, prepend=0) * hits / (last + 1)) / hits[-1])


def _f1(y, again):
    return float(2 * (y & again).sum() / (y.sum() + again.sum()))


def _calibration(values, labels):
    """Return mean probability, rate of positives and number of rows for each bin that has rows."""
    place = np.minimum((values * BINS).astype(int), BINS - 1)
    counts = np.bincount(place, minlength=BINS)
    sums, positives = np.bincount(place, values, BINS), np.bincount(place, labels, BINS)
    used = counts > 0
    means, rates = sums[used] / counts[used], positives[used] / counts[used]
    return list(zip(means.tolist(), rates.tolist(), counts[used].tolist(), strict=True))
