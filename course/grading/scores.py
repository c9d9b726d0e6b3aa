"""How good probabilities are: the measures of each part of the test, and the points that they earn."""

import numpy as np

from course.bookings.metrics import measure_sorted


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
        ``"public"`` and ``"private"``, each as `course.bookings.metrics.measure_sorted` returns them.
    """
    order = np.argsort(probabilities)  # once for both parts
    values, canceled, public = probabilities[order], labels.canceled[order], labels.public[order]
    return {
        "public": measure_sorted(values[public], canceled[public]),
        "private": measure_sorted(values[~public], canceled[~public]),
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
