"""Training, validation and test: three protocols, which answer three different questions.

``"temporal"`` is the official one: learn from the past, be asked about the future, as a hotel lives it. ``"random"`` is
what most public solutions do; its test rows are often copies of training rows. ``"grouped"`` keeps copies together.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from course.bookings.cleaning import arrival, clean, target
from course.environment import check_seed
from course.errors import CourseError

CUTS = ("2017-01-01", "2017-04-01")
"""The first day of arrival of validation, and that of test, under the temporal protocol."""

PROTOCOLS = ("temporal", "random", "grouped")
_VALIDATION, _TEST = 0.16, 0.20  # of the rows, where dates do not decide
_PARTS = ("entrenamiento", "validación", "prueba")


class Split(NamedTuple):
    """A table in three parts, each with rows numbered from 0."""

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame


def split(table, protocol="temporal", seed=0, cuts=CUTS):
    """Split a table into training, validation and test.

    Parameters
    ----------
    table : pandas.DataFrame
    protocol : {"temporal", "random", "grouped"}
        By day of arrival; at random, 64/16/20 % with the same share of cancellations in each; or at random, about
        64/16/20 %, with bookings that agree in everything known when booking on the same side.
    seed : int
        Of the random protocols; the temporal one draws nothing.
    cuts : (str, str)
        Temporal only: the first day of arrival of validation and that of test.

    Returns
    -------
    Split
        Together they hold every row once, in the table's order.

    Raises
    ------
    CourseError
        If the protocol does not exist, or the table lacks columns or has too few rows for it.

    Notes
    -----
    On the real table: 78,703 / 12,828 / 27,859 rows temporal, 76,409 / 19,103 / 23,878 random.
    """
    placed = places(table, protocol, seed, cuts)
    return Split(*(table[placed == number].reset_index(drop=True) for number in range(3)))


def places(table, protocol="temporal", seed=0, cuts=CUTS):
    """Return the part of each row, 0 for training, 1 for validation, 2 for test: `split` without the tables.

    Returns
    -------
    ndarray of int, shape (n,)
    """
    if protocol not in PROTOCOLS:
        raise CourseError(f"protocol={protocol!r} no existe: elige entre {', '.join(PROTOCOLS)}.")
    check_seed(seed)
    if protocol == "temporal":
        placed = _by_date(table, cuts)
    else:
        placed = {"random": _at_random, "grouped": _by_content}[protocol](table, seed)
    if empty := [name for number, name in enumerate(_PARTS) if number not in placed]:
        told = f"Con protocol={protocol!r} no quedan filas para {' ni '.join(empty)}."
        raise CourseError(f"{told} {_advice(table, protocol)}")
    return placed


def _by_date(table, cuts):
    days = arrival(table)
    try:
        first, second = (pd.Timestamp(cut).tz_localize(None) for cut in cuts)
    except (TypeError, ValueError) as error:
        raise CourseError(f"cuts={cuts!r} no es válido: son dos fechas, como {CUTS}.") from error
    if not first < second:
        raise CourseError(f"cuts={cuts!r} no es válido: la validación debe empezar antes que la prueba.")
    return (days >= first).to_numpy(int) + (days >= second).to_numpy(int)


def _at_random(table, seed):
    from sklearn.model_selection import train_test_split

    canceled, rows = target(table), np.arange(len(table))
    try:
        rest, test = train_test_split(rows, test_size=_TEST, stratify=canceled, random_state=seed)
        share = _VALIDATION / (1 - _TEST)
        _, validation = train_test_split(rest, test_size=share, stratify=canceled[rest], random_state=seed)
    except ValueError as error:
        raise CourseError(
            f"{len(table)} filas, {canceled.sum():.0f} de ellas canceladas, son muy pocas para repartir las canceladas "
            "y las demás en tres partes."
        ) from error
    placed = np.zeros(len(table), int)
    placed[validation], placed[test] = 1, 2
    return placed


def _by_content(table, seed):
    """Place each row by a hash of what is known when booking: equal rows fall together, whatever else is there."""
    content = clean(table).assign(arrival=arrival(table))
    hashed = pd.util.hash_pandas_object(content, index=False).to_numpy()
    chance = pd.util.hash_array(hashed + np.uint64(seed)) / 2.0**64
    return (chance >= 1 - _VALIDATION - _TEST).astype(int) + (chance >= 1 - _TEST)


def _advice(table, protocol):
    if protocol != "temporal" or table.empty:
        return f"La tabla tiene {len(table)}."
    days = arrival(table)
    return f"Las llegadas van del {days.min():%Y-%m-%d} al {days.max():%Y-%m-%d}: elige cuts=(…, …) entre esas fechas."
