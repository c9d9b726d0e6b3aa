import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from course import bookings, datasets
from course.bookings import calibrating, derived, networks
from course.errors import CourseError

SMALL = {"hidden": (16,), "width": 2}


@pytest.fixture(scope="module")
def table():
    return datasets.bookings("synthetic").sample(3000, random_state=0).reset_index(drop=True)


@pytest.fixture(scope="module")
def columns(table):
    return bookings.derive(table)


@pytest.fixture(scope="module")
def y(table):
    return bookings.target(table)


# Derived columns


def test_derive_gives_the_columns_that_it_names_without_the_calendar_of_one_year(table, columns):
    assert list(columns) == [*derived.NUMERIC, derived.BOOKED, *derived.NAMED, *derived.CROSSES]
    assert not {"arrival_date_month", "arrival_date_week_number", "arrival_date_day_of_month"} & set(columns)
    assert columns.index.equals(table.index)
    assert (columns[[*derived.NUMERIC, derived.BOOKED]].dtypes == np.float32).all()
    assert columns[[*derived.NAMED, *derived.CROSSES]].notna().all(axis=None)


def test_derive_needs_no_outcome_and_keeps_any_index(table, columns):
    known = table[[*bookings.INPUTS, "arrival_date_year"]].iloc[::-1]
    pd.testing.assert_frame_equal(bookings.derive(known).sort_index(), columns)


def test_the_days_are_those_of_the_calendar(table, columns):
    days = (bookings.arrival(table) - pd.Timestamp("2015-01-01")).dt.days
    assert (columns["arrival_day"] == days).all()
    assert (columns["booking_day"] == days - table["lead_time"]).all()


def test_rooms_counts_the_party_and_nobody_else(table):
    one = table[table["lead_time"] > 0].head(1)
    party = pd.concat([one] * 3 + [one.assign(lead_time=one["lead_time"] - 1), one.assign(agent="999")])
    dearer = party.assign(adr=[50.0, 60.0, 70.0, 80.0, 90.0]).reset_index(drop=True)  # a party may pay several prices
    assert bookings.derive(dearer)["rooms"].tolist() == [3, 3, 3, 1, 1]


def test_crosses_and_counts_are_what_they_are_made_of(columns):
    assert (columns["agent×segment"] == columns["agent"] + "|" + columns["market_segment"]).all()
    assert (columns["requests"].astype(float) == columns["total_of_special_requests"].clip(upper=4)).all()
    notice = columns["agent×notice"].str.rsplit("|", n=1).str[1].astype(int)
    assert (notice[columns["lead_time"] == 0] == 0).all() and (notice[columns["lead_time"] > 365] == 10).all()


# Encoder


def test_a_training_row_never_sees_the_outcomes_of_its_own_day_of_booking(columns, y):
    agents = columns["agent"].where(columns["booking_day"] != columns["booking_day"].iloc[0], "solo ese día")
    changed = columns.assign(agent=agents)
    rows = (agents == "solo ese día").to_numpy()
    outcomes = np.where(rows, 1, y)
    encoder = networks.Encoder(smooth=1.0)
    place = len(derived.NUMERIC) - 1  # the agent's share comes after all of them but the day of arrival
    learnt = encoder.fit_transform(changed, outcomes)["numbers"][:, place]
    later = encoder.transform(changed)["numbers"][:, place]
    assert np.ptp(learnt[rows]) == 0 and abs(learnt[rows][0] - np.median(learnt)) < 1.5  # nothing known: the average
    assert later[rows][0] > learnt[rows][0] + 1  # and then: all of them canceled


def test_rare_and_unseen_categories_share_a_code_and_every_column_has_its_own(columns, y):
    encoder = networks.Encoder(min_frequency=100)
    codes = encoder.fit_transform(columns, y)["categories"]
    ends = np.cumsum(encoder.sizes_)
    assert (codes < ends).all() and (codes >= [0, *ends[:-1]]).all()
    place = derived.NAMED.index("agent")
    rare = columns["agent"].value_counts().loc[lambda count: count < 100].index[0]
    other = encoder.transform(columns.assign(agent="otra"))["categories"][:, place]
    assert set(other) == set(codes[columns["agent"] == rare, place])


@pytest.mark.parametrize("common", ["City Hotel", "Resort Hotel"])
def test_where_none_is_rare_an_unseen_category_is_taken_for_the_most_common_one(columns, y, common):
    columns = columns.assign(hotel=np.resize(["City Hotel", "Resort Hotel", common], len(columns)))
    encoder, place = networks.Encoder(min_frequency=100), derived.NAMED.index("hotel")
    codes = encoder.fit_transform(columns, y)["categories"][:, place]
    other = encoder.transform(columns.assign(hotel="otro"))["categories"][:, place]
    assert set(other) == set(codes[columns["hotel"] == common])


def test_numbers_are_finite_and_the_date_is_none_of_them(columns, y):
    encoder = networks.Encoder()
    encoder.fit_transform(columns, y)
    later = columns.assign(arrival_day=columns["arrival_day"] + 1000, booking_day=columns["booking_day"] + 1000)
    numbers = encoder.transform(columns)["numbers"]
    np.testing.assert_array_equal(encoder.transform(later)["numbers"], numbers)
    odd = encoder.transform(columns.assign(adr=5e6, children=np.nan))["numbers"]
    assert odd.dtype == np.float32 and np.isfinite(odd).all() and np.abs(odd).max() < 20


def test_a_column_without_values_is_no_obstacle(columns, y):
    """A hotel may not know its prices, or have them later: the inputs are as many."""
    empty, whole = networks.Encoder(), networks.Encoder()
    first = empty.fit_transform(columns.assign(adr=np.float32("nan"), children=np.float32("nan")), y)["numbers"]
    assert first.shape == whole.fit_transform(columns, y)["numbers"].shape and np.isfinite(first).all()
    later = empty.transform(columns)["numbers"]
    assert later.shape == first.shape and np.isfinite(later).all()


# Network


def test_the_network_has_a_vector_for_each_category_and_a_penalty_on_each_dense_layer():
    model = networks.embedding_network(3, [4, 2], hidden=(5, 6), width=7)
    assert model.count_params() == 6 * 7 + (3 + 2 * 7 + 1) * 5 + (5 + 1) * 6 + (6 + 1)
    dense = [layer for layer in model.layers if isinstance(layer, networks.keras.layers.Dense)]
    assert len(dense) == 3 and all(layer.kernel_regularizer is not None for layer in dense)
    assert sum(isinstance(layer, networks.keras.layers.Dropout) for layer in model.layers) == 4
    inputs = {"numbers": np.zeros((2, 3), np.float32), "categories": np.array([[0, 4], [3, 5]], np.int32)}
    assert model.predict(inputs, verbose=0).shape == (2, 1)


def test_the_rate_climbs_and_then_falls_to_nothing():
    model = networks.embedding_network(1, [2], hidden=(), learning_rate=0.01, steps=100)
    rate = networks.keras.optimizers.schedules.deserialize(model.optimizer.get_config()["learning_rate"])
    values = [float(rate(step)) for step in (0, 5, 10, 60, 100)]
    assert values[0] == 0 and values[2] == pytest.approx(0.01) and values[-1] == pytest.approx(0, abs=1e-9)
    assert values[0] < values[1] < values[2] > values[3] > values[4]


def test_an_ensemble_is_the_mean_of_its_networks_and_a_seed_decides_them(columns, y):
    make = networks.Network(epochs=1, min_frequency=100, options=SMALL)
    single = [clone(make).set_params(seed=seed).fit(columns, y).predict_proba(columns) for seed in (3, 4)]
    both = clone(make).set_params(members=2, seed=3).fit(columns, y).predict_proba(columns)
    assert np.abs(single[0] - single[1]).max() > 1e-3
    np.testing.assert_allclose(both, np.mean(single, axis=0), atol=1e-6)
    np.testing.assert_allclose(both.sum(axis=1), 1, atol=1e-6)


def test_the_network_learns_what_holds_for_other_rows(columns, y):
    network = networks.Network(epochs=6, batch_size=64, min_frequency=50, options=SMALL)
    network.fit(columns[:2000], y[:2000])
    found = bookings.evaluate(y[2000:], network.predict_proba(columns[2000:])[:, 1])
    assert found["auc"] > 0.78
    assert set(network.predict(columns)) == {0, 1}


def test_one_hotel_one_outcome_unknown_names_one_row_and_no_row_get_an_answer(columns, y):
    rows = (columns["hotel"] == "City Hotel").to_numpy() & (y == 0)
    network = networks.Network(epochs=1, min_frequency=100, options=SMALL).fit(columns[rows], y[rows])
    unknown = columns.head(1).assign(agent="otra", company="otra", hotel="otro", adr=np.nan)
    for asked in (columns[~rows], unknown, columns.head(0)):
        found = network.predict_proba(asked)
        assert found.shape == (len(asked), 2) and np.isfinite(found).all()
    with pytest.raises(CourseError, match="no tiene filas"):
        network.fit(columns.head(0), y[:0])


def test_a_network_is_told_that_its_bookings_were_made_on_too_few_days(columns, y):
    network = networks.Network(epochs=1, options=SMALL)
    with pytest.raises(CourseError, match=r"entrenamiento \(4\) se hicieron en menos de 5 días"):
        network.fit(columns.head(4), y[:4])
    with pytest.raises(CourseError, match="se hicieron en menos de 5 días"):
        network.fit(columns.assign(booking_day=0), y)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"members": 0}, "members=0"), ({"epochs": 0}, "epochs=0"), ({"batch_size": None}, "batch_size=None"),
     ({"seed": None}, "seed=None")],
)  # fmt: skip
def test_a_network_says_which_of_its_settings_is_wrong(columns, y, options, message):
    with pytest.raises(CourseError, match=message):
        networks.Network(**options).fit(columns, y)


def test_a_network_wants_derived_columns_and_an_outcome_for_each(table, columns, y):
    network = networks.Network(epochs=1, min_frequency=100, options=SMALL).fit(columns.head(600), y[:600])
    for wrong in (table, None, columns.to_numpy(), columns.drop(columns="adr")):
        with pytest.raises(CourseError, match=r"bookings\.derive\(tabla\)"):
            network.fit(wrong, y)
        with pytest.raises(CourseError, match=r"bookings\.derive\(tabla\)"):
            network.predict_proba(wrong)
    for wrong in (None, y[:5], y + 1, np.where(y, np.nan, 0), y.astype(str)):
        with pytest.raises(CourseError, match=r"3000 filas\. Usa bookings\.target"):
            network.fit(columns, wrong)


# Calibration on later rows


class Spy(ClassifierMixin, BaseEstimator):
    """A classifier that says the last day it learnt from, and is twice as sure as it should be."""

    def fit(self, columns, y):
        self.last_, self.classes_ = columns["arrival_day"].max(), np.array([0, 1])
        assert len(columns) == len(y)
        return self

    def predict_proba(self, columns):
        assert self.last_ <= columns["arrival_day"].min() or len(columns) == 2000
        odds = 2 * columns["odds"].to_numpy() + 1
        canceled = 1 / (1 + np.exp(-odds))
        return np.column_stack([1 - canceled, canceled])


@pytest.fixture
def made_up():
    random = np.random.default_rng(0)
    odds = random.normal(size=2000)
    columns = pd.DataFrame({"arrival_day": random.permutation(2000), "odds": odds})
    return columns, (random.random(2000) < 1 / (1 + np.exp(-odds))).astype(int)


def test_each_row_is_predicted_once_by_a_model_of_earlier_rows(made_up):
    rows, probability = calibrating.out_of_time(Spy(), *made_up)
    days = made_up[0]["arrival_day"].to_numpy()
    assert len(rows) == len(set(rows)) == len(probability) == 1200
    assert days[rows].min() == 800  # the last three fifths


def test_a_calibration_is_told_that_it_has_too_few_rows_or_one_outcome_among_the_later_ones(made_up):
    columns, y = made_up
    model = bookings.OutOfTimeCalibration(Spy())
    for few in (0, 4):
        with pytest.raises(CourseError, match=f"al menos 5 reservas, y hay {few}"):
            model.fit(columns.head(few), y[:few])
    with pytest.raises(CourseError, match=r"un 0 o un 1 por cada una de las 2000 filas"):
        model.fit(columns, y[:50])
    with pytest.raises(CourseError, match=r"bookings\.derive\(tabla\)"):
        model.fit(columns[["odds"]], y)
    early = columns["arrival_day"] < 800
    with pytest.raises(CourseError, match="con las que se calibra, terminaron todas igual"):
        model.fit(columns, np.where(early, y, 0))


def test_log_odds_are_finite_and_undone_by_the_sigmoid():
    share = np.array([0.0, 0.2, 0.5, 1.0])
    np.testing.assert_allclose(1 / (1 + np.exp(-calibrating.log_odds(share, 0.01))), [0.01, 0.2, 0.5, 0.99])


def test_the_calibration_undoes_what_was_too_sure(made_up):
    columns, y = made_up
    raw = bookings.evaluate(y, Spy().fit(columns, y).predict_proba(columns)[:, 1])
    model = bookings.OutOfTimeCalibration(Spy()).fit(columns, y)
    found = bookings.evaluate(y, model.predict_proba(columns)[:, 1])
    assert raw["ece"] > 0.1 and found["ece"] < 0.04
    assert found["auc"] == pytest.approx(raw["auc"])
    assert model.predict_proba(columns.head(0)).shape == (0, 2)
    assert model.sigmoid_.coef_[0, 0] == pytest.approx(0.5, abs=0.1)
    assert (model.predict(columns) == (columns["odds"] > -model.sigmoid_.intercept_[0] - 0.5)).mean() > 0.9
