"""Encoding: from cleaned columns to the numbers that a network takes, learnt from the training rows alone."""

from typing import Any, NamedTuple

import numpy as np
import psutil
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from course.bookings.cleaning import CATEGORIES, NUMBERS, clean, target
from course.bookings.features import TARGET
from course.errors import CourseError

# Numbers without a tail; all the others are counts or prices, with a long one to the right.
_PLAIN = ("arrival_date_week_number", "arrival_date_day_of_month", "is_repeated_guest")
_SKEWED = (*(name for name in NUMBERS if name not in _PLAIN), "nights", "guests")
_NAMED = (*CATEGORIES, "arrival_weekday")
_CALENDAR = ("arrival_date_month", "arrival_date_week_number", "arrival_date_day_of_month")
_FARTHEST = 5.0  # standard deviations: a price of 5400 € must not drown the others
_CHUNK = 100_000  # rows encoded at a time: scikit-learn's copies stay small, whatever the table
_ENOUGH = 1_000_000  # rows to learn from: more change no median, and scikit-learn encodes them all while it learns


class Prepared(NamedTuple):
    """Tables turned into arrays.

    Attributes
    ----------
    x : list of ndarray of float32, shape (n, features)
        One array per table.
    y : list of ndarray of float32, shape (n,), or None
        One per table; None where the table does not tell what became of the bookings.
    names : list of str
        Of the features.
    transformer : sklearn.compose.ColumnTransformer
        Fitted on the first table; takes what `clean` returns.
    """

    x: list
    y: list
    names: list
    transformer: Any


def preprocessor(min_frequency=0.001, calendar=True):
    """Return the transformer, not fitted, from what `clean` returns to dense float32 features.

    Counts and prices go through log(1 + x), every number is standardised and kept within 5 standard deviations, and
    what is missing takes the median. Categories become one-hot columns; rare ones share a column, which also takes
    those that were never seen in training.

    Parameters
    ----------
    min_frequency : int or float
        Rows that a category needs for a column of its own: a number of rows, or a share of the training rows.
    calendar : bool
        Whether month, week and day of arrival are among the features. What a model learns of the weeks of a year or
        two misleads it about those of the next (``benchmarks/README.md``).

    Returns
    -------
    sklearn.compose.ColumnTransformer
    """
    out = () if calendar else _CALENDAR
    skewed, plain, named = ([name for name in names if name not in out] for names in (_SKEWED, _PLAIN, _NAMED))
    log = FunctionTransformer(np.log1p, feature_names_out="one-to-one")
    limits = {"a_min": -_FARTHEST, "a_max": _FARTHEST}
    near = FunctionTransformer(np.clip, kw_args=limits, feature_names_out="one-to-one")
    fill = SimpleImputer(strategy="median", keep_empty_features=True)
    one_hot = OneHotEncoder(
        min_frequency=min_frequency, handle_unknown="infrequent_if_exist", sparse_output=False, dtype=np.float32
    )
    return ColumnTransformer(
        [
            ("counts", make_pipeline(fill, log, StandardScaler(), near), skewed),
            ("plain", make_pipeline(fill, StandardScaler(), near), plain),
            ("categories", one_hot, named),
        ],
        verbose_feature_names_out=False,
    )


def prepare(train, *others, min_frequency=0.001, calendar=True):
    """Clean tables and encode them as arrays for a network; all that is learnt is learnt from the first one.

    Parameters
    ----------
    train : pandas.DataFrame
        The training rows; of more than a million, a random million decides medians, scales and rare categories.
    *others : pandas.DataFrame
        Validation, test: encoded as `train` taught.
    min_frequency, calendar
        As in `preprocessor`.

    Returns
    -------
    Prepared
        No row is dropped: each array has one row per row of its table, in the same order.

    Raises
    ------
    CourseError
        If `train` is empty, a table cannot be cleaned, or the arrays do not fit in memory.

    Examples
    --------
    >>> data = bookings.prepare(*bookings.split(table))  # doctest: +SKIP
    >>> x_train, x_validation, x_test = data.x  # doctest: +SKIP
    """
    tables = [train, *others]
    frames = [clean(table) for table in tables]
    if not len(train):
        raise CourseError("La tabla de entrenamiento no tiene filas: no hay de qué aprender.")
    learned = frames[0] if len(train) <= _ENOUGH else frames[0].sample(_ENOUGH, random_state=0)
    transformer = preprocessor(min_frequency, calendar).fit(learned)
    names = transformer.get_feature_names_out().tolist()
    _check_memory(sum(map(len, frames)), len(names))
    return Prepared(
        x=[encode(frame, transformer) for frame in frames],
        y=[target(table) if TARGET in table else None for table in tables],
        names=names,
        transformer=transformer,
    )


def encode(frame, transformer):
    """Return a cleaned frame as a float32 array, encoded a piece at a time by a fitted transformer."""
    encoded = np.empty((len(frame), len(transformer.get_feature_names_out())), np.float32)
    for start in range(0, len(frame), _CHUNK):
        rows = slice(start, start + _CHUNK)
        encoded[rows] = transformer.transform(frame.iloc[rows])
    return encoded


def _check_memory(rows, features):
    """Refuse before the memory runs out: a computer that swaps looks as if it had hung."""
    needed, free = rows * features * 4 / 1e9, psutil.virtual_memory().available / 1e9
    if needed > free:
        raise CourseError(
            f"{rows:,} filas de {features} columnas ocupan {needed:.1f} GB y quedan {free:.1f} GB de memoria. Toma una "
            "muestra con table.sample(…), o sube min_frequency para tener menos columnas.".replace(",", " ", 1)
        )
