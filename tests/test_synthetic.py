import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from course import datasets, synthetic
from course.bookings import SCHEMA
from course.paths import resource

ROOT = Path(__file__).parent.parent
OF_THE_REAL_TABLE = {
    "random": 0.858,
    "in time": 0.815,
}  # logistic regression's AUC, by benchmarks/synthetic_bookings.py
OPEN = ("agent", "company", "country")


def script(path):
    """Import a script of the project that is in no package."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = script("data/build.py")
benchmark = script("benchmarks/synthetic_bookings.py")


@pytest.fixture(scope="module")
def profile():
    return json.loads((resource("data") / "bookings_profile.json").read_bytes())


@pytest.fixture(scope="module")
def table(profile):
    return synthetic.sample(profile)


def marginal(profile, name):
    """Return the values of a column of the profile and how often each comes."""
    (column,) = [column for column in profile["columns"] if column["name"] == name]
    counts = np.zeros(len(column["values"]))
    counts[np.cumsum(column["tables"][0]["steps"])] = column["tables"][0]["counts"]
    return column["values"], counts / counts.sum()


def arrival(table):
    parts = {"year": table.arrival_date_year, "month": table.arrival_date_month.cat.codes + 1}
    return pd.to_datetime(pd.DataFrame(parts | {"day": table.arrival_date_day_of_month}))


def follows_the_rules(table):
    """Assert what holds between the columns of the real table, and of any that resembles it."""
    date, nights = arrival(table), table.stays_in_weekend_nights + table.stays_in_week_nights
    assert date.between("2015-07-01", "2017-08-31").all()
    assert ((table.reservation_status != "Check-Out") == (table.is_canceled == 1)).all()
    settled = (table.reservation_status_date - date).dt.days
    cancelled, done = table.reservation_status == "Canceled", table.reservation_status == "Check-Out"
    assert settled[cancelled].between(-table.lead_time[cancelled], 0).all()
    assert (settled[done] == nights[done]).mean() > 0.999
    assert (settled[~cancelled & ~done] == 0).mean() > 0.999
    new_year = pd.to_datetime(date.dt.year.astype(str))
    sundays_first = (date.dt.day_of_year - 1 + (new_year.dt.day_of_week + 1) % 7) // 7 + 1
    assert (table.arrival_date_week_number == sundays_first).all()
    weekend = sum(((date.dt.day_of_week + k) % 7).isin([6, 0]) & (k < nights) for k in range(nights.max()))
    assert (table.stays_in_weekend_nights == weekend).mean() > 0.999
    assert (table.days_in_waiting_list <= table.lead_time).all()
    assert (table.adr >= 0).mean() > 0.999
    assert (table.required_car_parking_spaces[table.is_canceled == 1] == 0).all()
    return True


# The profile


def test_the_profile_is_small_and_tells_no_count_under_ten(profile):
    assert (resource("data") / "bookings_profile.json").stat().st_size < 300_000
    assert profile["rows"] == 119390
    assert set(profile) == {"rows", "floor", "columns"}
    for column in profile["columns"]:
        assert set(column) == {"name", "parents", "values", "rare", "tables"}
        for counts in column["tables"]:
            assert set(counts) == {"steps", "counts"}
            assert min(counts["counts"]) >= 10
    assert {column["name"] for column in profile["columns"]} >= {"agent", "country", "adr", "lead_time"}


def test_the_profile_names_nothing_outside_the_schema_that_is_rare(profile):
    for name in OPEN:
        values, share = marginal(profile, name)
        assert len(set(values)) == len(values)
        assert share.min() * profile["rows"] > 9
    for name, kind in SCHEMA.items():
        if isinstance(kind, list) and name != "arrival_date_month":
            assert set(marginal(profile, name)[0]) <= set(kind)


def test_a_rare_value_does_not_leave_the_table(table):
    planted = table.copy()
    for name, value in (("agent", "987654"), ("company", "987654"), ("country", "QQQ")):
        planted[name] = planted[name].cat.add_categories([value])
        planted.loc[:8, name] = value
    planted.loc[0, ["adr", "adults", "lead_time"]] = 54321.0, 7777777, 9999999
    text = json.dumps(build.build_profile(planted))
    assert not re.search("987654|QQQ|5432100|7777777|9999999", text)
    assert min(min(counts["counts"]) for column in json.loads(text)["columns"] for counts in column["tables"]) >= 10


def test_counting_a_drawn_table_gives_the_same_shares(profile, table):
    again = build.build_profile(table)
    for name in ("reservation_status", "deposit_type", "market_segment", "hotel", "reserved_room_type"):
        first, second = (dict(zip(*marginal(source, name), strict=True)) for source in (profile, again))
        assert max(abs(first[value] - second.get(value, 0)) for value in first) < 0.01


def test_the_profile_is_that_of_the_real_table(real_bookings_folder, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE_DIR", str(tmp_path))
    real = datasets.bookings(real_bookings_folder)
    text = json.dumps(build.build_profile(real), ensure_ascii=False, separators=(",", ":"))
    assert text == (resource("data") / "bookings_profile.json").read_text(encoding="utf-8")
    assert follows_the_rules(real)


def test_mnist_is_built_from_the_canonical_files(real_bookings_folder):
    if not (real_bookings_folder / "train-images-idx3-ubyte.gz").is_file():
        pytest.skip("los archivos originales de MNIST no están en la carpeta de COURSE_DATA_DIR")
    arrays = build.mnist_arrays(real_bookings_folder)
    (x_train, y_train), (x_test, y_test) = datasets.mnist()
    for name, array in {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}.items():
        np.testing.assert_array_equal(arrays[name], array)


# The table


def test_schema_and_size(table):
    assert table.shape == (119390, 32)
    for name, kind in SCHEMA.items():
        if isinstance(kind, list):
            assert list(table[name].cat.categories) == kind
        else:
            assert str(table[name].dtype) == kind


def test_the_same_seed_gives_the_same_table(profile, table):
    assert synthetic.sample(profile).equals(table)
    assert not synthetic.sample(profile | {"rows": 1000}, 1).equals(synthetic.sample(profile | {"rows": 1000}, 2))


def test_the_rules_between_columns_hold(table):
    assert follows_the_rules(table)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_cancellation_rate_is_within_one_point(profile, seed):
    assert abs(synthetic.sample(profile, seed)["is_canceled"].mean() - 0.37042) < 0.01


def test_missing_values_are_where_the_real_table_has_them(profile, table):
    missing = table.isna().mean()
    assert set(missing[missing > 0].index) == {"agent", "company", "country", "children"}
    for name in ("agent", "company", "country"):
        values, share = marginal(profile, name)
        assert missing[name] == pytest.approx(share[values.index(None)], rel=0.1)
    assert 1 <= table["children"].isna().sum() <= 40
    agentless = table["agent"].isna().groupby(table["market_segment"], observed=True).mean()
    assert agentless["Corporate"] > 0.7
    assert agentless["Online TA"] < 0.05
    assert table["company"].notna()[table["agent"].notna()].mean() < 0.01


@pytest.mark.parametrize("name", [name for name in build.STRUCTURE if name in SCHEMA and name != "adr"])
def test_each_value_comes_as_often_as_the_profile_says(profile, table, name):
    values, share = marginal(profile, name)
    column = table[name]
    if isinstance(values[0], list):
        found = [column.isna().mean() if value is None else column.between(*value).mean() for value in values]
    else:
        made_up = ~column.isin([value for value in values if value]) & column.notna()
        special = {"": made_up.mean(), None: column.isna().mean()}
        found = [special[value] if value in special else (column == value).mean() for value in values]
    assert sum(found) == pytest.approx(1, abs=0.001)  # waiting is cut to the lead time, perhaps between two ranges
    assert np.abs(np.array(found) - share).sum() / 2 < 0.05


def test_rare_names_are_made_up(profile, table):
    for name, pattern in (("agent", r"1\d{3}"), ("company", r"1\d{3}"), ("country", "X[A-Z]{2}")):
        known = set(marginal(profile, name)[0])
        made_up = set(table[name].dropna()) - known
        assert made_up
        assert all(re.fullmatch(pattern, value) for value in made_up)


def test_identical_rows_are_as_many_as_in_the_real_table(table):
    assert table.duplicated().mean() == pytest.approx(0.268, abs=0.03)


@pytest.mark.parametrize("how", OF_THE_REAL_TABLE)
def test_it_is_as_hard_as_the_real_table(table, how):
    assert benchmark.auc(table, how) == pytest.approx(OF_THE_REAL_TABLE[how], abs=0.03)


@pytest.mark.parametrize("how", OF_THE_REAL_TABLE)
def test_the_real_table_is_as_hard_as_recorded(real_bookings_folder, monkeypatch, tmp_path, how):
    monkeypatch.setenv("COURSE_CACHE_DIR", str(tmp_path))
    real = datasets.bookings(real_bookings_folder)
    assert benchmark.auc(real, how) == pytest.approx(OF_THE_REAL_TABLE[how], abs=0.002)
