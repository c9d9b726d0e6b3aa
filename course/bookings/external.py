"""Another hotel's bookings: its CSV, under the names and with the values of the course."""

import pandas as pd

from course.bookings import calendar
from course.bookings.cleaning import DATE, MONTHS, NUMBERS, arrival, clean, target
from course.bookings.features import FEATURES, KNOWN, TARGET
from course.bookings.schema import SCHEMA
from course.errors import CourseError

DATES = ("arrival_date", "departure_date", "booking_date")
"""Whole dates that a hotel may have instead of the table's year, month, day, nights and days in advance."""

STAY = ("stays_in_weekend_nights", "stays_in_week_nights")
REQUIRED = (*DATE, "arrival_date_week_number", "lead_time", *STAY, "adults")
"""Columns without which there is no model; each may come from `DATES` where these tell it."""

OPTIONAL = tuple(name for name in KNOWN if name not in REQUIRED)
"""Columns that a file may lack: no children, no agent, no previous bookings… and a price that nobody knows."""

_FROM_DATES = {**dict.fromkeys((*DATE, "arrival_date_week_number"), "arrival_date"), "lead_time": "booking_date"}
_FROM_DATES |= dict.fromkeys(STAY, "departure_date")
_ZONE = r"([T ]\d\d.*?)(?:Z|[+-]\d\d(?::?\d\d)?)$"  # after a time of day: the end of 2024-05-10 is none


def from_csv(path, columns, values=None, sep=",", date_format=None):
    """Read another hotel's bookings as a table of the course, ready for `split`, `prepare` and the rest.

    Parameters
    ----------
    path : path-like
        A CSV in UTF-8 with a header.
    columns : dict of str to str
        The file's name of a column → the course's: one of `SCHEMA`, or of the whole dates ``"arrival_date"``,
        ``"departure_date"`` and ``"booking_date"``, which give year, month, day, week, nights and days in advance.
        Columns that already have the course's name need no mention; others are left out.
    values : dict of str to dict, optional
        The course's name of a column → what the file says → what the course says, as texts:
        ``{"is_canceled": {"sí": "1", "no": "0"}}``.
    sep : str
        What separates the file's columns.
    date_format : str, optional
        Of the whole dates, as ``"%d/%m/%Y"``; by default year-month-day. A time of day and its zone are dropped.

    Returns
    -------
    pandas.DataFrame
        The columns of `KNOWN`, and of the other ones those that the file has. ``.attrs["filled"]`` names the optional
        columns that the file has not, which were filled: counts with zeros, the rest as missing.

    Raises
    ------
    CourseError
        If the file cannot be read, required columns are missing (it names them, and the optional ones), or what is in
        them is no number, no date or no outcome.

    Examples
    --------
    >>> bookings.from_csv("hotel.csv", columns={"llegada": "arrival_date", "salida": "departure_date",
    ...     "fecha_reserva": "booking_date", "personas": "adults", "tarifa": "adr"})  # doctest: +SKIP
    """
    table = _renamed(_read(path, sep), columns, path, sep)
    table = _with_values(table, values or {})
    table = _without_dates(table, date_format)
    _check_required(table, path)
    filled = [name for name in OPTIONAL if name not in table]
    counts = [name for name in filled if name in NUMBERS and name != "adr"]
    table = table.assign(**{**dict.fromkeys(filled), **dict.fromkeys(counts, 0)})
    table = _typed(table[[name for name in SCHEMA if name in table]])
    table.attrs |= {"origin": "csv", "location": str(path), "filled": filled}
    return table


def _read(path, sep):
    try:
        table = pd.read_csv(path, sep=sep, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except OSError as error:
        raise CourseError(f"No se puede leer {path}: no existe, o no tienes permiso.") from error
    except (UnicodeDecodeError, ValueError) as error:  # also what pandas says of rows with too many fields
        raise CourseError(
            f"{path} no es un CSV en UTF-8 con sus columnas separadas por «{sep}»: {error}. Guárdalo así, o di su "
            "separador con sep=';'."
        ) from error
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes a column too many as the rows' names
        raise CourseError(f"Las filas de {path} tienen más campos que el encabezado: nombra todas sus columnas.")
    return table


def _renamed(table, columns, path, sep):
    """Return the columns that the course knows, under its names."""
    if absent := [name for name in columns if name not in table]:
        hint = f" ¿Las separa otra cosa que «{sep}»? Dilo con sep=." if len(table.columns) == 1 else ""
        raise CourseError(
            f"columns nombra {_listed(absent)}, que {path} no tiene: tiene {_listed(table.columns)}.{hint}"
        )
    if unknown := [name for name in columns.values() if name not in SCHEMA and name not in DATES]:
        raise CourseError(f"columns da nombres que el curso no usa: {_listed(unknown)}. Son los de bookings.SCHEMA.")
    table = table.rename(columns=columns)
    table = table[[name for name in table if name in SCHEMA or name in DATES]]
    if repeated := sorted(set(table.columns[table.columns.duplicated()])):
        raise CourseError(f"Dos columnas de {path} darían la misma: {_listed(repeated)}. Deja una.")
    return table


def _with_values(table, values):
    if unknown := [name for name in values if name not in table]:
        raise CourseError(f"values nombra columnas que la tabla no tiene: {_listed(unknown)}.")
    return table.assign(**{name: table[name].replace(mapping) for name, mapping in values.items()})


def _without_dates(table, date_format):
    """Return the table with the columns that its whole dates tell, in place of these."""
    dates = {name: _date(table[name], date_format) for name in DATES if name in table}
    table = table.drop(columns=list(dates))
    if "arrival_date" in dates:
        days = dates["arrival_date"]
        month = pd.Series([MONTHS[number - 1] for number in days.dt.month], table.index)
        table = table.assign(**dict(zip(DATE, (days.dt.year, month, days.dt.day), strict=True)))
    if set(DATE) <= set(table):
        return table.assign(**_derived(arrival(table), dates, table))
    return table


def _derived(days, dates, table):
    """Return the columns that the day of arrival and the other dates tell, but for those that the file itself has."""
    first = days.to_numpy("datetime64[D]")
    found = {"arrival_date_week_number": calendar.week_number(first)}
    if "booking_date" in dates:
        found["lead_time"] = (days - dates["booking_date"]).dt.days
    if "departure_date" in dates:
        nights = (dates["departure_date"] - days).dt.days.to_numpy()
        weekend = calendar.weekend_nights(calendar.weekday(first), nights)
        found |= dict(zip(STAY, (weekend, nights - weekend), strict=True))
    return {name: values for name, values in found.items() if name not in table}


def _date(column, date_format):
    days = _days(column, date_format)
    if (wrong := days.isna()).any():
        raise CourseError(
            f"{column.name} tiene {wrong.sum()} fechas que no se entienden; la primera es {column[wrong].iloc[0]!r}, "
            f"en la fila {wrong.idxmax()}. Di cómo se escriben, por ejemplo date_format='%d/%m/%Y'."
        )
    return days


def _days(column, date_format):
    """Return dates as whole days, NaT where they are none; a zone is dropped, for a day is the hotel's own."""
    texts = column if date_format else column.str.replace(_ZONE, r"\1", regex=True)
    try:
        moments = pd.to_datetime(texts, format=date_format or "ISO8601", errors="coerce")
        return moments.dt.tz_localize(None).dt.normalize()
    except (ValueError, AttributeError) as error:  # AttributeError: pandas 2 gives objects where zones differ
        raise CourseError(
            f"{column.name} no se puede leer con date_format={date_format!r}: {error}. Corrígelo; si las fechas llevan "
            "zonas horarias distintas, quítaselas."
        ) from error


def _check_required(table, path):
    missing = [name for name in REQUIRED if name not in table]
    if not missing:
        return
    meanings = {feature.name: feature.meaning for feature in FEATURES}
    told = [f"{name} ({meanings[name]}; lo da también {_FROM_DATES[name]})" for name in missing if name in _FROM_DATES]
    told += [f"{name} ({meanings[name]})" for name in missing if name not in _FROM_DATES]
    optional = [name for name in OPTIONAL if name not in table]
    raise CourseError(
        f"A {path} le faltan columnas obligatorias: {', '.join(told)}. Di cómo las llama tu hotel con columns={{'su "
        f"nombre': 'nombre del curso'}}. También faltan, pero son opcionales: {', '.join(optional) or 'ninguna'}."
    )


def _typed(table):
    """Return the table with numbers as numbers and texts as categories, once all of it is known to make sense."""
    clean(table)
    kinds = {name: SCHEMA[name] for name in table}
    numbers = [name for name, kind in kinds.items() if kind in ("int64", "float64")]
    texts = [name for name, kind in kinds.items() if isinstance(kind, list) or kind == "category"]
    if TARGET in table:
        target(table)
    typed = {name: pd.to_numeric(table[name], errors="coerce") for name in numbers}
    return table.assign(**typed).astype(dict.fromkeys(texts, "category"))


def _listed(names):
    return ", ".join(f"«{name}»" for name in names)
