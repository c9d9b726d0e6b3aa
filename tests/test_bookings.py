import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import bookings, challenge, datasets
from course.bookings import encoding
from course.errors import CourseError


@pytest.fixture(scope="module")
def whole():
    return datasets.bookings("synthetic")


@pytest.fixture(scope="module")
def table(whole):
    return whole.sample(4000, random_state=0).reset_index(drop=True)


def as_text(table):
    """The table as `pandas.read_csv` would give it if nobody said a type."""
    return table.astype(str).replace({"nan": "NULL", "NaT": "NULL"})


# Columns


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys; from course import bookings, datasets; bookings.SCHEMA, bookings.FEATURES; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pandas", "sklearn", "keras", "matplotlib"} & set(loaded)


def test_every_public_name_is_there_and_no_other():
    for name in bookings.__all__:
        assert getattr(bookings, name) is not None
        assert name in dir(bookings)
    with pytest.raises(AttributeError, match="has no attribute 'nada'"):
        _ = bookings.nada


def test_features_tell_every_column_of_the_schema():
    assert [feature.name for feature in bookings.FEATURES] == list(bookings.SCHEMA)
    for feature in bookings.FEATURES:
        assert feature.known in ("al reservar", "después", "al final")
        assert all(text == text.strip() and text for text in feature[:4]) and len(feature.why) > 10
    assert len(pd.DataFrame(bookings.FEATURES).columns) == 6


def test_only_what_is_known_when_booking_is_an_input_and_the_challenge_agrees():
    assert set(bookings.INPUTS) < set(bookings.KNOWN)
    assert set(bookings.KNOWN) | {*bookings.OUTCOME, *bookings.AFTER_BOOKING} == set(bookings.SCHEMA)
    assert set(bookings.OUTCOME) == {"is_canceled", "reservation_status", "reservation_status_date"}
    assert "country" in bookings.AFTER_BOOKING
    assert challenge.OUTCOME is bookings.OUTCOME and challenge.AFTER_BOOKING is bookings.AFTER_BOOKING
    assert bookings.CUTS[1] == challenge.CUT


# Cleaning


def test_cleaning_keeps_every_row_and_misses_no_category(table):
    frame = bookings.clean(table)
    assert frame.index.equals(table.index)
    assert list(frame.columns) == [*bookings.INPUTS, "nights", "guests", "arrival_weekday"]
    categories = frame.select_dtypes("category")
    assert not categories.isna().any().any()
    assert set(frame.drop(columns=categories).dtypes) == {np.dtype("float32")}
    assert (frame["nights"] == table["stays_in_weekend_nights"] + table["stays_in_week_nights"]).all()
    whole = table["children"].notna()
    assert (frame["guests"] == table[["adults", "children", "babies"]].sum(axis=1))[whole].all()
    assert frame["guests"].isna().equals(~whole)
    assert (frame["arrival_weekday"] == bookings.arrival(table).dt.day_name()).all()


def test_what_is_missing_or_impossible_is_told_apart(table):
    odd = table.head(6).copy()
    odd.loc[0, "adr"] = -6.38
    odd.loc[1, ["adults", "children", "babies"]] = 0
    odd.loc[2, "children"] = np.nan
    odd["agent"] = [None, "NULL", 9.0, "9", 9, " 9 "]
    odd["meal"] = ["Undefined", "SC", "BB", "Hat", np.nan, "BB"]
    odd["market_segment"] = [np.nan, "Undefined", "Direct", "Direct", "Direct", "Direct"]
    frame = bookings.clean(odd)
    assert frame["adr"].isna().tolist() == [True] + [False] * 5
    assert frame["guests"][1] == 0 and np.isnan(frame["children"][2])
    assert frame["agent"].tolist() == ["ninguna", "ninguna", "9", "9", "9", "9"]
    assert frame["meal"].tolist() == ["SC", "SC", "BB", "Hat", "SC", "BB"]
    assert frame["market_segment"].tolist()[:3] == ["desconocido", "desconocido", "Direct"]


def test_types_do_not_matter(table):
    expected = bookings.clean(table)
    pd.testing.assert_frame_equal(bookings.clean(as_text(table)), expected)
    numbers = table.assign(
        agent=table["agent"].astype(float),
        arrival_date_month=table["arrival_date_month"].cat.codes + 1,
        hotel=table["hotel"].astype(object),
        lead_time=table["lead_time"].astype("int16"),
    )
    pd.testing.assert_frame_equal(bookings.clean(numbers), expected)
    pd.testing.assert_frame_equal(bookings.clean(as_text(numbers)), expected)


def test_the_row_decides_and_not_its_company(table):
    frame = bookings.clean(table)
    shuffled = table.sample(frac=0.5, random_state=1)
    part = bookings.clean(shuffled)
    pd.testing.assert_frame_equal(part.astype(str), frame.loc[part.index].astype(str))


def test_a_repeated_index_is_no_obstacle(table):
    twice = pd.concat([table, table])
    assert len(bookings.clean(twice)) == 2 * len(table)


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(), st.integers(-(10**6), 10**6)), min_size=1, max_size=20))
def test_numbers_come_out_possible_or_missing(table, values):
    odd = table.head(len(values)).copy()
    odd["lead_time"] = pd.Series(values, dtype=object)
    cleaned = bookings.clean(odd)["lead_time"]
    for value, found in zip(values, cleaned, strict=True):
        possible = value is not None and 0 <= value <= float(np.finfo(np.float32).max)
        assert found == np.float32(value) if possible else np.isnan(found)


def test_columns_that_lack_are_all_named(table):
    with pytest.raises(CourseError, match=r"faltan columnas: lead_time, agent\. .*from_csv"):
        bookings.clean(table.drop(columns=["agent", "lead_time", "country"]))
    with pytest.raises(CourseError, match=r"tabla de pandas.*ndarray"):
        bookings.clean(table.to_numpy())


def test_text_where_a_number_must_be_is_told(table):
    odd = table.astype({"lead_time": object})
    odd.loc[7, "lead_time"] = "tres"
    with pytest.raises(CourseError, match=r"lead_time tiene 1 valores que no son números.*'tres' en la fila 7"):
        bookings.clean(odd)


@pytest.mark.parametrize("column, value", [("arrival_date_day_of_month", 32), ("arrival_date_month", "Julio")])
def test_dates_that_do_not_exist_are_told(table, column, value):
    odd = table.astype({"arrival_date_month": object})
    odd.loc[3, column] = value
    with pytest.raises(CourseError, match=rf"1 fechas de llegada que no existen.*{value}.*fila 3"):
        bookings.arrival(odd)


def test_the_target_is_zero_or_one(table):
    y = bookings.target(table)
    assert y.dtype == np.float32 and y.shape == (len(table),)
    assert (bookings.target(table.astype({"is_canceled": str})) == y).all()
    assert (bookings.target(table.astype({"is_canceled": bool})) == y).all()
    for wrong in (2, np.nan, "quizás"):
        odd = table.astype({"is_canceled": object})
        odd.loc[5, "is_canceled"] = wrong
        with pytest.raises(CourseError, match=r"is_canceled debe ser 0 o 1.*en 1 no lo es, y la primera dice «"):
            bookings.target(odd)


# Encoding


@pytest.fixture(scope="module")
def parts(table):
    return bookings.split(table)


def test_arrays_are_what_a_network_takes(parts):
    data = bookings.prepare(*parts)
    assert [len(x) for x in data.x] == [len(part) for part in parts]
    for x, y, part in zip(data.x, data.y, parts, strict=True):
        assert x.dtype == y.dtype == np.float32
        assert x.shape == (len(part), len(data.names)) and np.isfinite(x).all()
        assert np.abs(x).max() <= 5
        assert (y == part["is_canceled"]).all()
    assert len(set(data.names)) == len(data.names)
    assert not {name.split("_infrequent")[0] for name in data.names} & {"country", "arrival_date_year"}


def test_all_is_learnt_from_the_training_rows(parts):
    train, validation, test = parts
    alone, together = bookings.prepare(train), bookings.prepare(train, validation, test)
    assert alone.names == together.names
    assert np.array_equal(alone.x[0], together.x[0])
    extreme = test.assign(lead_time=10**6, agent="nunca visto")
    assert np.array_equal(bookings.prepare(train, extreme).x[0], alone.x[0])
    numbers = alone.x[0][:, alone.names.index("lead_time")]
    assert numbers.mean() == pytest.approx(0, abs=1e-3) and numbers.std() == pytest.approx(1, abs=1e-2)


def test_a_category_never_seen_joins_the_rare_ones(parts):
    train, _, test = parts
    data = bookings.prepare(train, test.assign(agent="nunca visto"), min_frequency=40)
    agents = [k for k, name in enumerate(data.names) if name.startswith("agent_")]
    (rare,) = (k for k in agents if data.names[k] == "agent_infrequent_sklearn")
    assert (data.x[1][:, rare] == 1).all()
    assert (data.x[1][:, agents].sum(axis=1) == 1).all()
    counts = bookings.clean(train)["agent"].value_counts()
    assert len(agents) - 1 == (counts >= 40).sum() < len(counts)


def test_without_the_calendar_the_date_says_no_more_than_its_weekday(parts):
    train, _, test = parts
    data = bookings.prepare(train, calendar=False)
    gone = {name for name in bookings.prepare(train).names if name not in data.names}
    assert {name.rsplit("_", 1)[0] for name in gone if "month_" in name} == {"arrival_date_month"}
    assert gone - {name for name in gone if "date_month_" in name} == {
        "arrival_date_week_number", "arrival_date_day_of_month"
    }  # fmt: skip
    days = bookings.clean(test)
    moved = days.assign(arrival_date_month="May", arrival_date_week_number=20.0, arrival_date_day_of_month=1.0)
    encoded = [bookings.encode(frame, data.transformer) for frame in (days, moved)]
    assert np.array_equal(*encoded) and encoded[0].shape[1] == len(data.names)


def test_the_challenges_test_file_can_be_predicted(tmp_path, table):
    """It has an id, no outcome and none of the later columns, and is read with no types."""
    table.drop(columns=["is_canceled"]).to_csv(tmp_path / "train.csv", na_rep="NULL", index=False)
    challenge_test = table.drop(columns=[*bookings.OUTCOME, *bookings.AFTER_BOOKING]).assign(id="r1")
    challenge_test.to_csv(tmp_path / "test.csv", na_rep="NULL", index=False)
    data = bookings.prepare(table, pd.read_csv(tmp_path / "test.csv"))
    assert data.y[1] is None
    assert np.array_equal(data.x[0], data.x[1])


def test_a_chunk_more_changes_nothing(parts, monkeypatch):
    expected = bookings.prepare(*parts).x
    monkeypatch.setattr(encoding, "_CHUNK", 97)
    for found, x in zip(bookings.prepare(*parts).x, expected, strict=True):
        assert np.array_equal(found, x)


def test_a_large_table_is_learnt_from_a_sample_and_encoded_whole(parts, monkeypatch):
    monkeypatch.setattr(encoding, "_ENOUGH", 1500)
    train = parts.train
    data = bookings.prepare(train)
    assert len(data.x[0]) == len(train) > 1500
    learned = bookings.prepare(train.sample(1500, random_state=0), train)
    assert data.names == learned.names and np.array_equal(data.x[0], learned.x[1])


def test_one_hotel_one_outcome_one_row_and_no_row(table):
    for part in (table[table["hotel"] == "City Hotel"], table[table["is_canceled"] == 0], table.head(1)):
        data = bookings.prepare(part, table)
        assert all(np.isfinite(x).all() for x in data.x)
    empty = table.head(0)
    assert bookings.prepare(table, empty).x[1].shape[0] == 0
    with pytest.raises(CourseError, match="no tiene filas"):
        bookings.prepare(empty, table)


def test_a_column_without_values_is_no_obstacle(table):
    data = bookings.prepare(table.assign(children=np.nan), table)
    assert all(np.isfinite(x).all() for x in data.x)


def test_too_much_for_the_memory_is_said_before(table, monkeypatch):
    memory = type("Memory", (), {"available": 1e5})
    monkeypatch.setattr(encoding.psutil, "virtual_memory", lambda: memory)
    with pytest.raises(CourseError, match=r"GB y quedan 0\.0 GB de memoria. Toma una muestra"):
        bookings.prepare(table)


# Splits


def keys(part):
    """A line for each row: all that is known of it when booking."""
    content = bookings.clean(part).assign(day=bookings.arrival(part))
    return pd.Series(content.to_csv(header=False, index=False).splitlines())


@pytest.mark.parametrize("protocol", bookings.PROTOCOLS)
def test_every_row_is_in_one_part_in_its_order(table, protocol):
    numbered = table.assign(number=np.arange(len(table)))
    parts = bookings.split(numbered, protocol)
    assert sorted(np.concatenate([part["number"] for part in parts])) == list(range(len(table)))
    for part in parts:
        assert part["number"].is_monotonic_increasing
        assert part.index.equals(pd.RangeIndex(len(part)))
    again = bookings.split(numbered, protocol)
    assert all(a.equals(b) for a, b in zip(parts, again, strict=True))
    other = bookings.split(numbered, protocol, seed=1)
    assert parts.test.equals(other.test) == (protocol == "temporal")


def test_temporal_cuts_at_the_dates_and_the_challenge_at_the_second(table):
    train, validation, test = bookings.split(table)
    assert bookings.arrival(train).max() < pd.Timestamp("2017-01-01") <= bookings.arrival(validation).min()
    assert bookings.arrival(validation).max() < pd.Timestamp("2017-04-01") <= bookings.arrival(test).min()
    before, after = challenge.split(table)
    assert len(before) == len(train) + len(validation)
    pd.testing.assert_frame_equal(after, test)
    cuts = ("2016-01-01", "2016-07-01")
    assert bookings.arrival(bookings.split(table, cuts=cuts).test).min() >= pd.Timestamp(cuts[1])


def test_random_keeps_the_share_of_cancellations(table):
    parts = bookings.split(table, "random")
    assert [len(part) for part in parts] == [2560, 640, 800]
    for part in parts:
        assert part["is_canceled"].mean() == pytest.approx(table["is_canceled"].mean(), abs=0.002)


def test_grouped_keeps_copies_together(whole):
    copies = pd.concat([whole.head(3000)] * 3).sample(frac=1, random_state=0)
    sides = [set(keys(part)) for part in bookings.split(copies, "grouped")]
    assert not sides[0] & sides[1] and not sides[0] & sides[2] and not sides[1] & sides[2]
    in_random = [set(keys(part)) for part in bookings.split(copies, "random")]
    assert len(in_random[0] & in_random[2]) > 100


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_grouped_sizes_are_near_what_is_asked(seed):
    parts = bookings.split(datasets.bookings("synthetic").head(20_000), "grouped", seed=seed)
    for part, share in zip(parts, (0.64, 0.16, 0.20), strict=True):
        assert len(part) / 20_000 == pytest.approx(share, abs=0.06)  # groups of copies are large


def test_where_a_row_falls_does_not_depend_on_the_others(table):
    first = bookings.split(table, "grouped").test
    kept = bookings.split(table.head(2000), "grouped").test
    assert keys(kept).isin(set(keys(first))).all()


def test_splits_that_cannot_be_are_told(table):
    with pytest.raises(CourseError, match=r"protocol='al azar' no existe: elige entre temporal, random, grouped"):
        bookings.split(table, "al azar")
    for protocol in bookings.PROTOCOLS:
        with pytest.raises(CourseError, match=r"filas"):
            bookings.split(table.head(0), protocol)
    with pytest.raises(CourseError, match=r"no quedan filas para validación ni prueba.*elige cuts="):
        bookings.split(table[table["arrival_date_year"] == 2016])
    with pytest.raises(CourseError, match=r"son muy pocas para repartir"):
        bookings.split(table.head(2), "random")
    with pytest.raises(CourseError, match=r"la validación debe empezar antes"):
        bookings.split(table, cuts=("2017-04-01", "2017-01-01"))
    for cuts in (("enero", "abril"), ("2017-01-01",), "2017-01-01", 2017):
        with pytest.raises(CourseError, match=r"cuts=.* no es válido: son dos fechas, como \('2017-01-01'"):
            bookings.split(table, cuts=cuts)
    for protocol, seed in (("random", -1), ("grouped", -1), ("grouped", "a"), ("random", 2**32)):
        with pytest.raises(CourseError, match=f"seed={seed!r} no es válido"):
            bookings.split(table, protocol, seed)
    with pytest.raises(CourseError, match="faltan columnas: is_canceled"):
        bookings.split(table.drop(columns="is_canceled"), "random")


def test_a_table_without_cancellations_can_be_split(table):
    quiet = table[table["is_canceled"] == 0]
    for protocol in bookings.PROTOCOLS:
        assert sum(map(len, bookings.split(quiet, protocol))) == len(quiet)


def test_the_real_table_splits_as_measured(real_bookings_folder):
    real = datasets.bookings(str(real_bookings_folder))
    assert [len(part) for part in bookings.split(real)] == [78_703, 12_828, 27_859]
    random = bookings.split(real, "random")
    assert [len(part) for part in random] == [76_409, 19_103, 23_878]
    repeated = keys(random.test).isin(set(keys(random.train)))
    assert repeated.mean() == pytest.approx(0.34, abs=0.01)
    sizes = [len(part) for part in bookings.split(real, "grouped")]
    assert sizes == pytest.approx([76_400, 19_100, 23_900], rel=0.03)
