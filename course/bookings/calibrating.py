"""Calibration that lasts: learnt from predictions of months that the model had not seen, as the test's will be.

Scikit-learn's `CalibratedClassifierCV` learns from folds that surround each other in time; what it learns holds for
bookings of the same months. Here each fold is predicted by a model of the bookings that arrive before it.
"""

import numpy as np
from scipy.special import logit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import TimeSeriesSplit

from course.bookings.derived import check_derived, outcomes
from course.errors import CourseError

_SHARE = 5  # each fold is a fifth of the rows


def out_of_time(model, columns, y, folds=3):
    """Predict the last rows by the day of arrival, a fold at a time, from all the rows before.

    Parameters
    ----------
    model : scikit-learn classifier
        Not touched: a clone is fitted for each fold.
    columns : pandas.DataFrame
        As `course.bookings.derive` gives them.
    y : array-like, shape (n,)
    folds : int
        At most 4, of a fifth of the rows each.

    Returns
    -------
    rows : ndarray of int
        Positions of the rows that were predicted.
    probability : ndarray of float, same shape
        Of canceling.

    Raises
    ------
    CourseError
        If there are too few rows for a fold of one, or `columns` or `y` is something else.
    """
    check_derived(columns, ["arrival_day"])
    y = outcomes(columns, y)
    if len(y) < _SHARE:
        raise CourseError(f"Para calibrar hacen falta al menos {_SHARE} reservas, y hay {len(y)}.")
    order = np.argsort(columns["arrival_day"].to_numpy(), kind="stable")
    splits = TimeSeriesSplit(folds, test_size=len(y) // _SHARE).split(order)
    rows, found = [], []
    for before, after in ((order[before], order[after]) for before, after in splits):
        fitted = clone(model).fit(columns.iloc[before], y[before])
        rows.append(after)
        found.append(fitted.predict_proba(columns.iloc[after])[:, 1])
    return np.concatenate(rows), np.concatenate(found)


class OutOfTimeCalibration(ClassifierMixin, BaseEstimator):
    """A classifier whose log-odds are shifted and scaled as its predictions of later months asked for (Platt, 1999).

    Parameters
    ----------
    model : scikit-learn classifier
        Fitted to all rows for the predictions.
    probe : scikit-learn classifier, optional
        Fitted to the earlier rows for the calibration; by default the same as `model`. A cheaper one of the same kind
        will do: one network for an ensemble.
    """

    def __init__(self, model, probe=None):
        self.model = model
        self.probe = probe

    def fit(self, columns, y):
        """Learn the calibration from earlier and later rows, then fit the model to all of them.

        Raises
        ------
        CourseError
            If there are fewer than 5 rows, the later ones all have one outcome, or `columns` or `y` is something else.
        """
        self.classes_ = np.array([0, 1])
        rows, probability = out_of_time(self.model if self.probe is None else self.probe, columns, y)
        canceled = np.asarray(y)[rows]
        if len(np.unique(canceled)) < 2:
            raise CourseError(
                f"Las {len(rows)} reservas que llegan al final, con las que se calibra, terminaron todas igual. Hacen "
                "falta canceladas y no canceladas."
            )
        self.sigmoid_ = LogisticRegression().fit(log_odds(probability)[:, None], canceled)
        self.model_ = clone(self.model).fit(columns, y)
        return self

    def predict_proba(self, columns):
        """Return the calibrated probabilities of staying and of canceling, shape (n, 2)."""
        if not len(columns):
            return np.empty((0, 2))
        return self.sigmoid_.predict_proba(log_odds(self.model_.predict_proba(columns)[:, 1])[:, None])

    def predict(self, columns):
        """Return 1 for the bookings that are more likely canceled than not, 0 for the others."""
        return self.classes_[self.predict_proba(columns).argmax(axis=1)]


def log_odds(probability, least=1e-6):
    """Return log(p / (1 - p)) of each probability, none taken to be nearer than `least` to 0 or to 1."""
    return logit(np.clip(probability, least, 1 - least))
