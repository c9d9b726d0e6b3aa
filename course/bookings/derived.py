"""What else a hotel knows when it takes a booking: columns worked out from the others, for the models of the solution.

Three ideas, each of them chosen on months before the test. The calendar of one year does not tell the next one's, so
month, week and day go out; the day of arrival stays as one number, for models that can tell old times from new ones.
Rooms booked together stay or go together, so their number tells. And some columns mean something else beside another
one, so they go in crossed.
"""

import numpy as np
import pandas as pd

from course.bookings.cleaning import CATEGORIES, NUMBERS, arrival, clean
from course.errors import CourseError

NUMERIC = (*(name for name in NUMBERS if name not in ("arrival_date_week_number", "arrival_date_day_of_month")),
           "nights", "guests", "arrival_day", "rooms")  # fmt: skip
"""Columns that are numbers."""

BOOKED = "booking_day"
"""The day of booking, a number too; rooms of one party share it, so it tells which rows belong together."""

CROSSES = {
    "agent×segment": ("agent", "market_segment"),
    "agent×notice": ("agent", "notice"),
    "agent×requests": ("agent", "requests"),
    "segment×customer": ("market_segment", "customer_type"),
    "segment×requests": ("hotel", "market_segment", "requests"),
}
"""Columns that are two or three others at once."""

COUNTED = {
    "requests": ("total_of_special_requests", 4),
    "adult_count": ("adults", 4),
    "child_count": ("children", 3),
    "week_nights": ("stays_in_week_nights", 8),
    "weekend_nights": ("stays_in_weekend_nights", 4),
}
"""Small counts that are also a category each, with the count from which on all are one."""

NAMED = (*(name for name in CATEGORIES if name != "arrival_date_month"), *COUNTED)
"""Columns that are categories, but for the crossed ones."""

_NOTICE = [0, 3, 7, 14, 30, 60, 90, 150, 240, 365]  # days in advance, up to and including each
_PARTY = ["arrival_day", "booking_day", "nights", "hotel", "agent", "company", "market_segment", "customer_type"]
_EPOCH = pd.Timestamp("2015-01-01")


def derive(table):
    """Return the columns `NUMERIC`, `BOOKED`, `NAMED` and `CROSSES`, one row for each row of the table.

    Parameters
    ----------
    table : pandas.DataFrame
        As `course.bookings.clean` takes it: with the columns of `course.bookings.INPUTS` and the year of arrival.

    Returns
    -------
    pandas.DataFrame
        Numbers as float32, categories as texts; same index. ``rooms`` counts the rows of the *given* table that were
        booked the same day, for the same stay, by the same customer as far as the columns tell: pass the table whole.

    Raises
    ------
    CourseError
        As `course.bookings.clean`.

    Notes
    -----
    ``rooms`` looks at other rows, also at prediction, but only at those booked the same day: a hotel that predicts in
    the evening has them before it. It looks at no outcome.
    """
    frame, days = clean(table), (arrival(table) - _EPOCH).dt.days.astype(np.float32)
    frame = frame.assign(arrival_day=days, booking_day=days - frame["lead_time"].fillna(0))
    frame["rooms"] = frame.groupby(_PARTY, observed=True, dropna=False)["lead_time"].transform("size")
    notice = np.searchsorted(_NOTICE, frame["lead_time"].fillna(0))
    counted = {name: _counted(frame[column], most) for name, (column, most) in COUNTED.items()}
    texts = frame.assign(notice=notice, **counted).astype(dict.fromkeys(["notice", *COUNTED, *CATEGORIES], str))
    crosses = {name: texts[first].str.cat(texts[rest], sep="|") for name, (first, *rest) in CROSSES.items()}
    numbers = frame[[*NUMERIC, BOOKED]].astype(np.float32)
    return pd.concat([numbers, texts[list(NAMED)], pd.DataFrame(crosses, table.index)], axis=1)


def check_derived(columns, needed=(*NUMERIC, BOOKED, *NAMED, *CROSSES)):
    """Raise a CourseError unless it is a table with the columns that a model needs of those that `derive` gives."""
    if not isinstance(columns, pd.DataFrame) or not set(needed) <= set(columns):
        raise CourseError("columns no es lo que da bookings.derive(tabla). Pásale eso, también al predecir.")


def outcomes(columns, y):
    """Return y as an array; CourseError unless it has a 0 or a 1 for each row of `columns`."""
    y = np.asarray(y)
    if y.shape != (len(columns),) or not np.isin(y, (0, 1)).all():
        raise CourseError(
            f"y debe tener un 0 o un 1 por cada una de las {len(columns)} filas. Usa bookings.target(tabla)."
        )
    return y


def _counted(column, most):
    return column.fillna(0).clip(0, most).astype(int)
