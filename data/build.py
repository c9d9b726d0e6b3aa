"""Build the data files that the project carries: ``python data/build.py FOLDER``.

FOLDER holds the originals: MNIST's four ``*-ubyte.gz`` and ``hotel_bookings.csv.gz`` (origin and SHA-256 of each in
``data/README.md``). The result goes beside this script, and its SHA-256 to the screen, for `course.datasets.SHIPPED`.
"""

import gzip
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from course import cache, datasets
from course.paths import atomic_write

MNIST = {
    "x_train": ("train-images", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    "y_train": ("train-labels", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    "x_test": ("t10k-images", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    "y_test": ("t10k-labels", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
}
"""Each array's canonical file, and the SHA-256 of that file uncompressed."""

FLOOR = 10  # no count below this one leaves the real table

_OUTCOME = ("reservation_status", "deposit_type")

STRUCTURE = {
    "reservation_status": (),
    "deposit_type": ("reservation_status",),
    "copies": _OUTCOME,
    "market_segment": (*_OUTCOME, "copies"),
    "hotel": (*_OUTCOME, "market_segment"),
    "period": (*_OUTCOME, "market_segment", "hotel"),
    "distribution_channel": (*_OUTCOME, "market_segment", "hotel"),
    "agent": (*_OUTCOME, "market_segment", "hotel"),
    "company": (*_OUTCOME, "market_segment", "agent"),
    "customer_type": (*_OUTCOME, "market_segment", "period"),
    "lead_time": (*_OUTCOME, "customer_type", "market_segment"),
    "weekday": (*_OUTCOME, "customer_type", "hotel"),
    "nights": (*_OUTCOME, "agent", "customer_type"),
    "country": (*_OUTCOME, "agent", "period"),
    "is_repeated_guest": (*_OUTCOME, "market_segment", "nights"),
    "previous_cancellations": (*_OUTCOME, "period", "is_repeated_guest"),
    "previous_bookings_not_canceled": (*_OUTCOME, "is_repeated_guest", "market_segment"),
    "adults": (*_OUTCOME, "agent", "company"),
    "children": (*_OUTCOME, "adults", "market_segment"),
    "babies": (*_OUTCOME, "children"),
    "reserved_room_type": (*_OUTCOME, "hotel", "children"),
    "assigned_room_type": (*_OUTCOME, "reserved_room_type", "hotel"),
    "meal": (*_OUTCOME, "agent", "reserved_room_type"),
    "adr": (*_OUTCOME, "market_segment", "hotel", "period", "reserved_room_type"),
    "booking_changes": (*_OUTCOME, "market_segment", "adults"),
    "days_in_waiting_list": (*_OUTCOME, "market_segment", "customer_type"),
    "required_car_parking_spaces": (*_OUTCOME, "agent", "hotel"),
    "total_of_special_requests": (*_OUTCOME, "market_segment", "customer_type"),
    "notice": (*_OUTCOME, "market_segment", "customer_type"),
}
"""Each drawn column and the columns it depends on, in the order in which they are drawn.

All hang from the outcome, which is the status *and* the deposit: non-refundable bookings, nearly all cancelled, come
from a few agents with habits of their own, and without the deposit those habits would count as evidence against every
other booking that shares them.
"""

_OPEN = ("agent", "company", "country")  # columns whose rare values are pooled; the others' are the schema's
_BINS = {
    "lead_time": 36,
    "nights": 400,
    "adr": 64,
    "copies": 200,
    "previous_cancellations": 1000,
    "previous_bookings_not_canceled": 1000,
    "days_in_waiting_list": 500,
}  # at most about so many ranges; other numbers have one for each value


def mnist_arrays(folder):
    """Read MNIST's four canonical files: a dict of uint8 arrays, named as in Keras's loader."""
    arrays = {}
    for key, (stem, digest) in MNIST.items():
        dimensions = 3 if key.startswith("x") else 1
        content = gzip.decompress((folder / f"{stem}-idx{dimensions}-ubyte.gz").read_bytes())
        if cache.sha256(content) != digest:
            raise SystemExit(f"{stem}: el SHA-256 no coincide con el del archivo canónico.")
        shape = np.frombuffer(content, ">i4", dimensions, offset=4)  # after the magic number
        arrays[key] = np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)
    return arrays


def build_profile(table):
    """Count a bookings table: the statistics that `course.synthetic.sample` needs, and no row of it.

    A count below `FLOOR` is pooled with its likes, and the pool rounded to tens. Only among the counts without
    parents, where the pool would lose a value, it is stated as `FLOOR`.

    Parameters
    ----------
    table : pandas.DataFrame
        As `course.datasets.bookings` returns it.

    Returns
    -------
    dict
        A profile, ready for JSON, as `course.synthetic` describes it.
    """
    drawn, codes, columns = _drawn_columns(table), {}, []
    for name, parents in STRUCTURE.items():
        values, codes[name], rare = _discretize(drawn[name])
        sizes = [len(column["values"]) for parent in parents for column in columns if column["name"] == parent]
        tables, where = [_marginal(codes[name])], np.zeros(len(table), dtype=int)
        for parent, size in zip(parents, sizes, strict=True):
            where = where * size + codes[parent]
            tables.append(_safe_counts(where, codes[name], len(values)))
        columns.append({"name": name, "parents": list(parents), "values": values, "rare": rare, "tables": tables})
    return {"rows": len(table), "floor": FLOOR, "columns": columns}


def _drawn_columns(table):
    """Return the columns of `STRUCTURE` as a DataFrame: those of `table` and the five that stand for others."""
    months = table["arrival_date_month"].cat.codes + 1  # the categories are in the calendar's order
    parts = {"year": table["arrival_date_year"], "month": months, "day": table["arrival_date_day_of_month"]}
    arrival = pd.to_datetime(pd.DataFrame(parts))
    left = (arrival - table["reservation_status_date"]).dt.days / (table["lead_time"] + 1)
    identical = table.groupby(list(table.columns), dropna=False, observed=True)["hotel"].transform("size")
    return table.assign(
        copies=identical,
        period=arrival.dt.strftime("%Y-%m").astype("category"),
        weekday=arrival.dt.day_of_week,
        nights=table["stays_in_weekend_nights"] + table["stays_in_week_nights"],
        notice=np.where(table["reservation_status"] == "Canceled", (10 * left).astype(int), 0),
        adr=(100 * table["adr"]).round(),
    )[list(STRUCTURE)]


def _discretize(column):
    """Return the values of a column, the code of each row, and how many rare values were pooled."""
    if column.dtype == "category":
        return _text_values(column)
    present = column.notna().to_numpy()
    numbers = column.to_numpy(dtype=float)
    ordered = np.sort(numbers[present])
    # The extremes are single bookings: what lies beyond the tenth from either end is brought to it.
    numbers = np.clip(numbers, ordered[FLOOR - 1], ordered[-FLOOR])
    ranges = _ranges(numbers[present], _BINS.get(column.name))
    lows = [low for low, _ in ranges]
    codes = np.where(present, np.searchsorted(lows, np.nan_to_num(numbers), side="right") - 1, len(ranges))
    return ranges + [None] * (not present.all()), codes, 0


def _text_values(column):
    """Keep a text column's values; where they are without end, pool those with fewer than `FLOOR` rows."""
    rows = column.value_counts()
    pooled = column.name in _OPEN
    kept = [value for value in column.cat.categories if rows[value] >= (FLOOR if pooled else 1)]
    values = kept + [""] * pooled + [None] * bool(column.isna().any())
    position = dict.fromkeys(column.cat.categories, len(kept)) | {value: code for code, value in enumerate(kept)}
    codes = column.astype(object).map(position).fillna(len(values) - 1).to_numpy(dtype=int)
    return values, codes, int((rows > 0).sum()) - len(kept)


def _ranges(numbers, bins):
    """Cut numbers into ranges of 1/`bins` of the rows, and never fewer than `FLOOR`; a frequent number stands alone."""
    need = max(FLOOR, len(numbers) / bins) if bins else FLOOR
    ranges, rows = [], need
    for number, count in zip(*np.unique(numbers, return_counts=True), strict=True):
        if rows >= need or (count >= need and rows >= FLOOR):
            ranges.append([int(number), int(number)])
            rows = 0
        ranges[-1][1] = int(number)
        rows += count
    return ranges


def _marginal(codes):
    """Count each value; one with fewer rows than `FLOOR` is stated as `FLOOR`."""
    return {"steps": [0] + [1] * codes.max(), "counts": np.maximum(np.bincount(codes), FLOOR).tolist()}


def _safe_counts(where, codes, size):
    """Count `codes` for each combination of parents; the last column pools what is too rare to be told."""
    counts = np.bincount(where * size + codes, minlength=(where.max() + 1) * size).reshape(-1, size)
    told = np.where(counts >= FLOOR, counts, 0)
    rest = (counts - told).sum(axis=1, keepdims=True) / FLOOR
    rows = counts.sum(axis=1, keepdims=True)
    # To the nearest ten; but up among many rows, where that changes little and keeps what is very rare possible.
    pooled = FLOOR * np.where(rows >= 100 * FLOOR, np.ceil(rest), np.round(rest)).astype(int)
    cells = np.where(rows >= FLOOR, np.hstack([told, pooled]), 0).ravel()
    index = np.flatnonzero(cells)
    return {"steps": np.diff(index, prepend=0).tolist(), "counts": cells[index].tolist()}


def main(folder):
    """Write ``mnist.npz`` and ``bookings_profile.json`` beside this script, and print the SHA-256 of both."""
    here = Path(__file__).parent
    with atomic_write(here / "mnist.npz") as stream:
        np.savez_compressed(stream, **mnist_arrays(folder))
    profile = build_profile(datasets.bookings(folder))
    with atomic_write(here / "bookings_profile.json", "w") as stream:
        json.dump(profile, stream, ensure_ascii=False, separators=(",", ":"))
    for name in datasets.SHIPPED:
        print(cache.sha256((here / name).read_bytes()), name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
