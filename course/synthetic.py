"""A made-up bookings table that resembles the real one, drawn from counts of it.

The real table is not the project's to ship, so the project ships counts (``data/bookings_profile.json``, made by
``data/build.py``) and this module draws a table from them. The model is a tree-augmented naive Bayes with a few more
branches: every column depends on the outcome and on two others. Whatever follows from other columns (dates, week
number, weekend nights) is computed, not drawn, so it never disagrees.

A profile has ``rows`` and ``columns``, in the order in which they are drawn. Each column has its ``name``, its
``parents`` and its ``values``: texts, or ranges ``[low, high]`` of whole numbers, or None where missing; ``""`` stands
for ``rare`` texts that are too rare to be named. And it has ``tables`` of counts, one for each number of parents from
none to all: the first says how often each value comes, the next how often given the first parent, and so on. A table
is a matrix of a row for each combination of the parents' values and a column for each value, plus a last one for all
the values that are too rare in that row to be told; it is stored as the ``counts`` over zero and the ``steps`` from
each one's place to the next one's.

Five drawn columns are not the table's: ``copies`` (how many identical rows a booking makes), ``period`` (year and
month of arrival), ``weekday`` (of arrival), ``nights`` (in all) and ``notice`` (tenths of the lead time that were left
when the booking was cancelled). Prices (``adr``) are in cents.
"""

import numpy as np

from course.bookings import calendar
from course.bookings.schema import SCHEMA, typed


def sample(profile, seed=0):
    """Draw a bookings table of as many rows as the profile was counted on.

    Parameters
    ----------
    profile : dict
        As ``data/build.py`` makes it.
    seed : int
        The same seed gives the same table.

    Returns
    -------
    pandas.DataFrame
        The columns and types of `course.bookings.SCHEMA`.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    rows, codes, drawn = profile["rows"], {}, {}
    sizes = {column["name"]: len(column["values"]) for column in profile["columns"]}
    for column in profile["columns"]:
        name, where = column["name"], np.zeros(rows, dtype=int)
        for parent in column["parents"]:
            where = where * sizes[parent] + codes[parent]
        codes[name] = _draw(_probabilities(column, sizes), where, rng)
        drawn[name] = _values(column, codes[name], rng)
    copies = drawn.pop("copies")
    kept = _thin(codes["reservation_status"], copies, rng)
    booked = np.resize(np.repeat(kept, copies[kept]), rows)
    return typed(pd.DataFrame(_complete(drawn, rng)).take(rng.permutation(booked)).reset_index(drop=True))


def _probabilities(column, sizes):
    """Return P(value | parents), shape (combinations of parents, values).

    Where the counts say too little about a combination, it takes after the one with a parent less.
    """
    width = len(column["values"])
    chance = np.full((1, width), 1 / width)
    for parent, table in zip((None, *column["parents"]), column["tables"], strict=True):
        chance = np.repeat(chance, sizes.get(parent, 1), axis=0)
        counts = np.zeros(len(chance) * (width + 1))
        counts[np.cumsum(table["steps"])] = table["counts"]
        counts = counts.reshape(-1, width + 1)
        told, pooled = counts[:, :-1], counts[:, -1:]
        untold = np.where(told > 0, 0, chance)
        share = untold.sum(axis=1, keepdims=True)
        told = told + pooled * np.divide(untold, share, out=np.zeros_like(untold), where=share > 0)
        total = told.sum(axis=1, keepdims=True)
        chance = np.where(total > 0, told / np.maximum(total, 1), chance)
    return chance


def _draw(chance, where, rng):
    """Draw one code a row from ``chance[where]``: a single search in all the cumulative sums, laid end to end."""
    steps = np.cumsum(chance, axis=1)
    steps /= steps[:, -1:]
    ladder = (steps + np.arange(len(steps))[:, None]).ravel()
    found = np.searchsorted(ladder, where + rng.random(len(where)), side="right") - where * chance.shape[1]
    return np.minimum(found, chance.shape[1] - 1)


def _values(column, codes, rng):
    """Turn codes into values: a number within its range, a made-up name for a rare one."""
    values = column["values"]
    if isinstance(values[0], list):
        lows, highs = np.array([value or [np.nan, np.nan] for value in values], dtype=float).T
        numbers = np.floor(lows[codes] + rng.random(len(codes)) * (highs - lows + 1)[codes])
        return numbers if None in values else numbers.astype(int)
    names = np.array(values, dtype=object)[codes]
    rare = np.flatnonzero(names == "")
    names[rare] = [_made_up(column["name"], k) for k in rng.integers(max(column["rare"], 1), size=len(rare))]
    return names


def _made_up(name, k):
    """Name the k-th rare value: the codes ISO 3166 leaves to users for a country, numbers over 1000 elsewhere."""
    return f"X{chr(65 + k // 26)}{chr(65 + k % 26)}" if name == "country" else str(1000 + k)


def _thin(status, copies, rng):
    """Keep one booking in `copies`, since it will make that many rows: evenly, so that every rate stays as drawn."""
    order = np.lexsort((rng.random(len(status)), copies, status))
    steps = np.floor(np.cumsum(1 / copies[order]) + rng.random())
    return order[np.diff(steps, prepend=0) > 0]


def _complete(drawn, rng):
    """Compute the columns that follow from the drawn ones; return all 32."""
    month, nights = drawn.pop("period").astype("datetime64[M]"), drawn.pop("nights")
    weekday, notice, status = drawn.pop("weekday"), drawn.pop("notice"), drawn["reservation_status"]
    arrival = _arrival(month, weekday, rng)
    weekend = calendar.weekend_nights(weekday, nights)
    days_left = np.floor((notice + rng.random(len(notice))) / 10 * (drawn["lead_time"] + 1)).astype(int)
    settled = np.select([status == "Check-Out", status == "Canceled"], [nights, -days_left], 0)
    return drawn | {
        "is_canceled": (status != "Check-Out").astype(int),
        "arrival_date_year": month.astype("datetime64[Y]").astype(int) + 1970,
        "arrival_date_month": np.array(SCHEMA["arrival_date_month"], dtype=object)[month.astype(int) % 12],
        "arrival_date_week_number": calendar.week_number(arrival),
        "arrival_date_day_of_month": (arrival - month.astype("datetime64[D]")).astype(int) + 1,
        "stays_in_weekend_nights": weekend,
        "stays_in_week_nights": nights - weekend,
        "adr": drawn["adr"] / 100,
        "days_in_waiting_list": np.minimum(drawn["days_in_waiting_list"], drawn["lead_time"]),
        "reservation_status_date": arrival + settled,
    }


def _arrival(month, weekday, rng):
    """Return a day of each month that falls on the wanted weekday (0 is Monday)."""
    first = month.astype("datetime64[D]")
    offset = (weekday - calendar.weekday(first)) % 7
    length = ((month + np.timedelta64(1, "M")).astype("datetime64[D]") - first).astype(int)
    weeks = (length - offset - 1) // 7 + 1
    return first + offset + 7 * np.floor(rng.random(len(month)) * weeks).astype(int)
