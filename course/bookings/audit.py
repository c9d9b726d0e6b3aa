"""The audit of leaks: how much each column tells of the outcome, alone and beside the columns known when booking."""

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from course.bookings.cleaning import clean, target, tidy
from course.bookings.features import FEATURES, KNOWN, TARGET
from course.bookings.metrics import evaluate
from course.bookings.splits import places
from course.errors import CourseError

_FOLDS = 5
_BINS = 100  # of a number's quantiles
_PRIOR = 10  # bookings of the average rate that each value counts from the start: a value seen once tells little
_MOST = 200  # categories of a column; the model takes up to 255
# Half the trees of the default, with steps twice as long: the same AUC in half the time.
_SMALL = {"categorical_features": "from_dtype", "early_stopping": False, "max_iter": 50, "learning_rate": 0.2}


def leakage_audit(table, protocol="random", seed=0):
    """Tell how much each column gives away.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns of the schema, at least `INPUTS`, the year of arrival and `TARGET`; others are ignored.
    protocol : str
        Where the models are trained and asked, as in `split`. At random, since the question is what a column tells,
        not how the years differ.
    seed : int

    Returns
    -------
    pandas.DataFrame
        One row per column but `TARGET`, from the most telling to the least: ``known`` (when); ``auc_alone``, the ROC
        AUC of the rate of cancellations by its values (numbers in 100 groups), each row's rate taken from the other
        rows, so that a name that occurs once tells nothing; and, for what is not known when booking, ``auc_with``,
        the test AUC of scikit-learn's boosted trees on `INPUTS` and this column, and ``gain``, what it adds to
        ``attrs["auc_without"]``.

    Raises
    ------
    CourseError
        If columns are missing, all bookings have the same outcome, or as in `split`.
    """
    y = target(table)
    if y.all() or not y.any():
        raise CourseError("Todas las reservas tienen el mismo final: ninguna columna puede delatar otro.")
    known = {feature.name: feature.known for feature in FEATURES if feature.name in table}
    del known[TARGET]
    alone = {name: _auc_alone(tidy(table[name]), y, seed) for name in known}
    suspects = [name for name in known if name not in KNOWN]
    without, *with_it = _model_aucs(table, [[], *([name] for name in suspects)], protocol, seed)
    audit = pd.DataFrame({"known": known, "auc_alone": alone, "auc_with": dict(zip(suspects, with_it, strict=True))})
    audit["gain"] = audit["auc_with"] - without
    audit = audit.sort_values("auc_alone", ascending=False, kind="stable").rename_axis("column")
    audit.attrs |= {"auc_without": without, "protocol": protocol}
    return audit


def _auc_alone(column, y, seed):
    """Return the AUC of each row's rate, learnt from the other folds' rows with its value."""
    codes = _codes(column)
    size, folds = codes.max() + 1, np.random.default_rng(seed).integers(_FOLDS, size=len(y))
    rates = np.empty(len(y))
    for fold in range(_FOLDS):
        held_out, rest = folds == fold, folds != fold
        counts, canceled = np.bincount(codes[rest], minlength=size), np.bincount(codes[rest], y[rest], size)
        rates[held_out] = ((canceled + _PRIOR * y.mean()) / (counts + _PRIOR))[codes[held_out]]
    return evaluate(y, rates)["auc"]


def _codes(column):
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(int)
    edges = np.unique(np.nanquantile(column, np.linspace(0, 1, _BINS + 1))) if column.notna().any() else []
    return np.where(column.isna(), len(edges) + 1, np.searchsorted(edges, column))


def _model_aucs(table, extras, protocol, seed):
    """Return the test AUC of boosted trees on `INPUTS` and each group of extra columns."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    y, placed = target(table), places(table, protocol, seed)
    train, test = placed < 2, placed == 2
    frame = clean(table)
    found = []
    with threadpool_limits(1, "openmp"):  # beside other work, two threads spin while they wait for each other
        for extra in extras:
            x = frame.assign(**{name: tidy(table[name]) for name in extra}).apply(_few, train=train)
            model = HistGradientBoostingClassifier(**_SMALL, random_state=seed).fit(x[train], y[train])
            found.append(evaluate(y[test], model.predict_proba(x[test])[:, 1])["auc"])
    return found


def _few(column, train):
    """Return a column of categories with those that training has most of; the others are missing."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column if column[train].notna().any() else column.fillna(0)  # scikit-learn wants a value to learn from
    return column.cat.set_categories(column[train].value_counts().index[:_MOST].astype(str))
