"""Cleaning: from a table as it was read, whoever read it, to columns that a model can take.

Nothing here learns from the rows (what does is in `course.bookings.encoding`), so each row comes out the same whatever
its company, and no row is dropped: every booking gets its prediction. (Training without the 114 rows that have no
guest or an impossible price moves the validation AUC of a logistic regression by 0.0001.)
"""

import re

import numpy as np
import pandas as pd

from course.bookings.features import INPUTS, TARGET
from course.bookings.schema import SCHEMA
from course.errors import CourseError

MONTHS = SCHEMA["arrival_date_month"]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
DATE = ("arrival_date_year", "arrival_date_month", "arrival_date_day_of_month")

CATEGORIES = tuple(name for name in INPUTS if SCHEMA[name] not in ("int64", "float64"))
NUMBERS = tuple(name for name in INPUTS if name not in CATEGORIES)

_MISSING = {"", "NULL", "NA", "nan", "None", "<NA>", "Undefined"}  # texts that say that there is none
# What a missing category means; the data's article gives "Undefined" and "SC" one meaning: no meals.
_INSTEAD = {"agent": "ninguna", "company": "ninguna", "meal": "SC"}
_UNKNOWN = "desconocido"


def clean(table):
    """Return the inputs of the models, cleaned, one row for each row of the table.

    Parameters
    ----------
    table : pandas.DataFrame
        With at least the columns of `course.bookings.INPUTS` and the year of arrival, of any types: as the course
        reads them, or as `pandas.read_csv` does.

    Returns
    -------
    pandas.DataFrame
        The columns of `INPUTS` and three derived ones: ``nights``, ``guests`` and ``arrival_weekday``; same index.
        Numbers are float32, and missing where missing or impossible (negative). Categories are texts without a
        missing one: an agent ``9.0`` is ``"9"``, no agent is ``"ninguna"``, no market segment ``"desconocido"``.

    Raises
    ------
    CourseError
        If a column is missing, is no number where it must be one, or a date does not exist.
    """
    check_columns(table, [*INPUTS, "arrival_date_year"])
    when = arrival(table)
    columns = {name: tidy(table[name]) for name in INPUTS}
    columns["arrival_date_month"] = _named(when.dt.month - 1, MONTHS)
    columns["nights"] = columns["stays_in_weekend_nights"] + columns["stays_in_week_nights"]
    columns["guests"] = columns["adults"] + columns["children"] + columns["babies"]
    columns["arrival_weekday"] = _named(when.dt.day_of_week, WEEKDAYS)
    return pd.DataFrame(columns, index=table.index)


def arrival(table):
    """Return each booking's day of arrival, from its year, month (English name or number) and day.

    Parameters
    ----------
    table : pandas.DataFrame

    Returns
    -------
    pandas.Series of datetime64

    Raises
    ------
    CourseError
        If a column is missing, or a date does not exist.
    """
    check_columns(table, DATE)
    year, month, day = (table[name] for name in DATE)
    parts = {"year": year, "month": _month_numbers(month), "day": day}
    parts = {name: pd.to_numeric(part, errors="coerce") for name, part in parts.items()}
    days = pd.to_datetime(pd.DataFrame(parts), errors="coerce")
    if (wrong := days.isna()).any():
        first = " ".join(str(table[name][wrong].iloc[0]) for name in DATE)
        raise CourseError(
            f"Hay {wrong.sum()} fechas de llegada que no existen; la primera es «{first}» (año, mes, día), en la fila "
            f"{wrong.idxmax()}. El mes va en inglés (January…) o con su número."
        )
    return days


def target(table):
    """Return whether each booking was canceled, as float32 zeros and ones of shape (n,).

    Raises
    ------
    CourseError
        If the table does not tell, or says something else.
    """
    check_columns(table, [TARGET])
    values = pd.to_numeric(table[TARGET], errors="coerce").to_numpy(np.float32, na_value=np.nan)
    if (wrong := ~np.isin(values, (0, 1))).any():
        found = table[TARGET].iloc[wrong.argmax()]
        raise CourseError(
            f"{TARGET} debe ser 0 o 1 en todas las filas; en {wrong.sum()} no lo es, y la primera dice «{found}»."
        )
    return values


def tidy(column):
    """Return any column of the schema as `clean` gives it: float32 numbers, texts, and dates as days since 1970."""
    kind = SCHEMA[column.name]
    if isinstance(kind, list) or kind == "category":
        return _categories(column)
    if kind.startswith("datetime"):
        moments = pd.to_datetime(column, errors="coerce").dt.tz_localize(None)  # a day is the hotel's own
        return (moments - pd.Timestamp("1970-01-01")).dt.days.astype(np.float32)
    return _numbers(column)


def check_columns(table, needed):
    """Raise a CourseError that names the columns that the table lacks."""
    if not isinstance(table, pd.DataFrame):
        raise CourseError(f"Se esperaba una tabla de pandas (DataFrame), no un valor de tipo {type(table).__name__}.")
    if missing := [name for name in needed if name not in table]:
        raise CourseError(
            f"A la tabla le faltan columnas: {', '.join(missing)}. Si vienen con otro nombre, léela con "
            "bookings.from_csv(ruta, columns={'tu nombre': 'nombre del curso'})."
        )


def _month_numbers(column):
    """Return a column of months as numbers, whether it had their names or their numbers."""
    numbers = {name: number for number, name in enumerate(MONTHS, start=1)}
    codes, values = pd.factorize(column)
    found = [numbers.get(str(value).strip().capitalize(), value) for value in values]
    return pd.Series(pd.to_numeric(np.array([*found, np.nan], dtype=object), errors="coerce")[codes], column.index)


def _numbers(column):
    """Return a column as float32; what is impossible, a negative count or price, becomes missing."""
    values = pd.to_numeric(column, errors="coerce").astype(float)
    if (wrong := values.isna() & column.notna()).any():
        wrong &= ~column.astype(str).str.strip().isin(_MISSING)
    if wrong.any():
        raise CourseError(
            f"La columna {column.name} tiene {wrong.sum()} valores que no son números, por ejemplo "
            f"{column[wrong].iloc[0]!r} en la fila {wrong.idxmax()}."
        )
    return values.where(values.between(0, np.finfo(np.float32).max)).astype(np.float32)


def _categories(column):
    """Return a column as texts of a categorical type, without missing ones.

    Only the distinct values are looked at, not the rows.
    """
    instead = _INSTEAD.get(column.name, _UNKNOWN)
    codes, values = pd.factorize(column)
    texts = np.array([_text(value, instead) for value in values] + [instead], dtype=object)  # the last one is code -1
    names, places = np.unique(texts, return_inverse=True)
    used = np.unique(places[codes])
    codes = np.searchsorted(used, places[codes])
    return pd.Series(pd.Categorical.from_codes(codes, names[used]), column.index)


def _text(value, instead):
    """Write a category's name: numbers that name someone are whole, however they were read."""
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    text = re.sub(r"^(\d+)\.0$", r"\1", text)  # a float that was written down before it was read
    return instead if text in _MISSING else text


def _named(codes, names):
    return pd.Series(pd.Categorical.from_codes(codes, names), codes.index)
