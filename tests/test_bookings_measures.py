"""Tests of what measures models of the bookings: metrics, the audit of leaks."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from course import bookings, datasets
from course.errors import CourseError


@pytest.fixture(scope="module")
def table():
    return datasets.bookings("synthetic").sample(6000, random_state=0).reset_index(drop=True)


def example(seed, count=200, levels=1000):
    random = np.random.default_rng(seed)
    probability = random.integers(0, levels, count) / (levels - 1)
    y = random.random(count) < probability
    y[:2] = True, False
    return y, probability


# Metrics


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([2, 5, 1000]), st.integers(2, 80), st.floats(0, 1))
def test_they_are_those_of_scikit_learn(seed, levels, count, threshold):
    y, probability = example(seed, count, levels)
    found = bookings.evaluate(y, probability, threshold)
    again = probability >= threshold
    assert found["auc"] == pytest.approx(sklearn_metrics.roc_auc_score(y, probability))
    assert found["pr_auc"] == pytest.approx(sklearn_metrics.average_precision_score(y, probability))
    assert found["log_loss"] == pytest.approx(sklearn_metrics.log_loss(y, probability))
    assert found["brier"] == pytest.approx(sklearn_metrics.brier_score_loss(y, probability))
    assert found["accuracy"] == pytest.approx(sklearn_metrics.accuracy_score(y, again))
    assert found["f1"] == pytest.approx(sklearn_metrics.f1_score(y, again))
    assert all(type(value) is float for value in found.values())


def test_calibration_error_of_a_case_by_hand():
    y, probability = [1, 0, 1, 1], [0.05, 0.05, 0.95, 1.0]
    assert bookings.calibration(y, probability) == [
        (pytest.approx(0.05), 0.5, 2),
        (pytest.approx(0.975), 1.0, 2),
    ]
    assert bookings.evaluate(y, probability)["ece"] == pytest.approx((2 * 0.45 + 2 * 0.025) / 4)


def test_what_keras_returns_is_taken():
    y, probability = example(0)
    column = probability.astype(np.float32)[:, None]
    found = bookings.evaluate(y.astype(np.float32), column)
    assert found["auc"] == pytest.approx(bookings.evaluate(y, probability)["auc"], abs=1e-6)


def test_costs_of_a_case_by_hand():
    y, probability = [1, 1, 0, 0], [0.9, 0.2, 0.8, 0.1]
    costs = bookings.Costs(empty_room=100, walked_guest=300)
    assert bookings.expected_cost(y, probability, 0.5, costs) == (100 + 300) / 4
    assert bookings.expected_cost(y, probability, float("inf"), costs) == 200 / 4
    assert bookings.expected_cost(y, probability, 0.0, costs) == 600 / 4
    assert bookings.expected_cost(y, probability, 0.9, costs) == 100 / 4  # from the threshold on
    assert bookings.best_threshold(y, probability, costs) == 0.9
    assert bookings.evaluate(y, probability, 0.9, costs)["cost"] == 25


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([3, 1000]), st.floats(0, 500), st.floats(0, 500))
def test_no_threshold_costs_less_than_the_best(seed, levels, empty, walked):
    y, probability = example(seed, 60, levels)
    costs = bookings.Costs(empty, walked)
    best = bookings.expected_cost(y, probability, bookings.best_threshold(y, probability, costs), costs)
    for threshold in (*probability, float("inf"), 0.0):
        assert best <= bookings.expected_cost(y, probability, threshold, costs) + 1e-9


def test_the_best_threshold_of_right_probabilities_is_that_of_the_costs():
    y, probability = example(3, 200_000)
    found = bookings.best_threshold(y, probability, bookings.Costs(100, 300))
    assert found == pytest.approx(300 / 400, abs=0.03)


def test_never_selling_twice_is_an_answer():
    assert bookings.best_threshold([0, 0, 1], [0.9, 0.8, 0.1]) == float("inf")


@pytest.mark.parametrize(
    "y, probability, told",
    [
        ([1, 0], [0.5], r"y tiene forma \(2,\) y probability \(1,\)"),
        ([], [], "una probabilidad por reserva"),
        ([1, 0], [0.5, np.nan], "no están entre 0 y 1"),
        ([1, 0], [0.5, 1.5], "no están entre 0 y 1"),
        ([1, 0], ["a", "b"], "no están entre 0 y 1"),
        ([1, 2], [0.5, 0.5], "solo ceros y unos"),
        ([1, np.nan], [0.5, 0.5], "solo ceros y unos"),
        ([1, 1], [0.5, 0.6], "todas el mismo final .canceladas"),
        ([0], [0.5], "todas el mismo final .no canceladas"),
        ([[1, 0], [1]], [0.5, 0.5], "un solo número por reserva"),
    ],
)
def test_what_cannot_be_measured_is_told(y, probability, told):
    with pytest.raises(CourseError, match=told):
        bookings.evaluate(y, probability)


@pytest.mark.parametrize(
    "costs", [None, (100, 300), bookings.Costs(-1, 300), bookings.Costs(100, np.nan), bookings.Costs("a", 300)]
)
def test_costs_that_decide_nothing_are_told(costs):
    for measure in (bookings.evaluate, bookings.best_threshold):
        with pytest.raises(CourseError, match=r"costs=.* Usa bookings\.Costs\(100, 300\)"):
            measure([0, 1], [0.2, 0.7], costs=costs)


@pytest.mark.parametrize("threshold", [None, "0.5", float("nan")])
def test_a_threshold_that_decides_nothing_is_told(threshold):
    with pytest.raises(CourseError, match="threshold="):
        bookings.expected_cost([0, 1], [0.2, 0.7], threshold)


# The audit


@pytest.fixture(scope="module")
def audit(table):
    return bookings.leakage_audit(table)


def test_the_audit_has_every_column_and_models_for_the_suspects(audit):
    assert set(audit.index) == set(bookings.SCHEMA) - {"is_canceled"}
    assert audit["auc_alone"].is_monotonic_decreasing
    suspects = {*bookings.OUTCOME, *bookings.AFTER_BOOKING} - {"is_canceled"}
    assert set(audit.index[audit["auc_with"].notna()]) == suspects
    gain = audit["auc_with"] - audit.attrs["auc_without"]
    pd.testing.assert_series_equal(gain, audit["gain"], check_names=False)


def test_the_answer_in_other_words_is_found(audit):
    assert audit.index[0] == "reservation_status"
    assert audit.loc["reservation_status", ["auc_alone", "auc_with"]].tolist() == pytest.approx([1, 1], abs=1e-3)
    assert 0.6 < audit.attrs["auc_without"] < 0.95
    assert audit.loc["reservation_status_date", "gain"] > 0.01


def test_a_name_that_occurs_once_gives_nothing_away(table):
    """In sample, an id of each booking would have an AUC of 1."""
    ids = table.assign(company=np.arange(len(table)).astype(str))
    assert bookings.leakage_audit(ids).loc["company", "auc_alone"] == pytest.approx(0.5, abs=0.03)


def test_the_audit_takes_what_columns_there_are(table):
    few = table.drop(columns=[*bookings.AFTER_BOOKING, "reservation_status"]).assign(other="x")
    audit = bookings.leakage_audit(few, protocol="temporal")
    assert set(audit.index) == {*bookings.KNOWN, "reservation_status_date"}


def test_a_date_with_a_zone_is_no_obstacle_to_the_audit(table):
    few = table.drop(columns=[*bookings.AFTER_BOOKING, "reservation_status"])
    plain = bookings.leakage_audit(few)
    zoned = few.assign(reservation_status_date=few["reservation_status_date"].dt.tz_localize("Europe/Lisbon"))
    pd.testing.assert_frame_equal(bookings.leakage_audit(zoned), plain)


def test_a_column_without_values_is_no_obstacle_to_the_audit(table):
    few = table.drop(columns=[*bookings.AFTER_BOOKING, *bookings.OUTCOME[1:]]).assign(adr=np.nan)
    audit = bookings.leakage_audit(few)
    assert audit.loc["adr", "auc_alone"] == pytest.approx(0.5, abs=0.03)
    assert 0.6 < audit.attrs["auc_without"] < 0.95


def test_an_audit_that_cannot_be_is_told(table):
    with pytest.raises(CourseError, match="mismo final"):
        bookings.leakage_audit(table[table["is_canceled"] == 0])
    with pytest.raises(CourseError, match="no quedan filas para validación ni prueba"):
        bookings.leakage_audit(table[table["arrival_date_year"] == 2016], protocol="temporal")
    with pytest.raises(CourseError, match="faltan columnas: is_canceled"):
        bookings.leakage_audit(table.drop(columns="is_canceled"))
    with pytest.raises(CourseError, match="mismo final"):
        bookings.leakage_audit(table.head(0))
