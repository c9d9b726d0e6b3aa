"""How good probabilities are: the measures of each part of the test, and the points that they earn."""

import numpy as np

BINS = 10
_GRID = np.linspace(0, 1, 41)  # where the ROC curve is kept for the picture
_TINY = np.finfo(np.float64).eps  # as scikit-learn's log_loss: an impossible event that happens costs 36, not infinity


def measure(probabilities, labels):
    """Return the measures of the public and of the private part.

    Parameters
    ----------
    probabilities : ndarray of shape (n,)
        From 0 to 1, in the order of the labels' ids.
    labels : course.labels.Labels

    Returns
    -------
    dict
        ``"public"`` and ``"private"``, each with ``auc``, ``log_loss``, ``brier``, ``ece`` (10 bins of equal width),
        ``accuracy`` (threshold 0.5), ``mean`` (of the probabilities), ``rate`` (of the labels), ``certain`` (the share
        of exact zeros and ones), ``roc`` (true positive rates at 41 false positive rates from 0 to 1) and
        ``calibration`` (of each bin with rows: mean probability, rate, rows).
    """
    order = np.argsort(probabilities)  # once for both parts
    values, canceled, public = probabilities[order], labels.canceled[order], labels.public[order]
    return {
        "public": _measure_part(values[public], canceled[public]),
        "private": _measure_part(values[~public], canceled[~public]),
    }


def points(measured, config):
    """Return 0 to 10: 5 for the AUC and 5 for the log loss, each in proportion from the baseline to the reference.

    Parameters
    ----------
    measured : dict
        One part of what `measure` returns.
    config : dict
        Of the challenge: ``baseline`` and ``reference``, each with ``auc`` and ``log_loss``.
    """
    base, reference = config["baseline"], config["reference"]
    shares = [(measured[name] - base[name]) / (reference[name] - base[name]) for name in ("auc", "log_loss")]
    return sum(5 * min(max(share, 0), 1) for share in shares)


def _measure_part(values, labels):
    """Measure probabilities in ascending order against their labels, True for canceled."""
    roc, auc = _roc(values, labels)
    calibration = _calibration(values, labels)
    inner = np.clip(values, _TINY, 1 - _TINY)
    numbers = {
        "auc": auc,
        "log_loss": -np.log(np.where(labels, inner, 1 - inner)).mean(),
        "brier": np.square(values - labels).mean(),
        "ece": sum(abs(mean - rate) * count for mean, rate, count in calibration) / len(values),
        "accuracy": ((values >= 0.5) == labels).mean(),
        "mean": values.mean(),
        "rate": labels.mean(),
        "certain": ((values == 0) | (values == 1)).mean(),
    }
    rounded = [[round(mean, 4), round(rate, 4), count] for mean, rate, count in calibration]
    return {name: float(value) for name, value in numbers.items()} | {"roc": roc, "calibration": rounded}


def _roc(values, labels):
    """Return the curve's heights on the grid, and the area under it; equal probabilities are one step of the curve."""
    last = np.flatnonzero(np.diff(values[::-1], append=-1))  # where each run of equal values ends, going down
    hits = np.cumsum(labels[::-1])[last]
    true = np.concatenate([[0], hits]) / hits[-1]
    false = np.concatenate([[0], last + 1 - hits]) / (len(values) - hits[-1])
    area = np.sum(np.diff(false) * (true[1:] + true[:-1])) / 2
    return np.interp(_GRID, false, true).round(4).tolist(), area


def _calibration(values, labels):
    """Return mean probability, rate of positives and number of rows for each bin that has rows."""
    place = np.minimum((values * BINS).astype(int), BINS - 1)
    counts = np.bincount(place, minlength=BINS)
    sums, positives = np.bincount(place, values, BINS), np.bincount(place, labels, BINS)
    used = counts > 0
    means, rates = sums[used] / counts[used], positives[used] / counts[used]
    return list(zip(means.tolist(), rates.tolist(), counts[used].tolist(), strict=True))
