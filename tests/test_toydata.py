import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import toydata
from course.errors import CourseError
from course.simulator.seedrandom import SeedRandom

GOLDEN = json.loads((Path(__file__).parent / "data" / "playground_golden.json").read_text())
ALL = [*toydata.CLASSIFICATION, *toydata.REGRESSION]


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"{case['config']['dataset']}-{case['config']['seed']}")
def test_a_seed_gives_the_playgrounds_points_in_its_order(case):
    config = case["config"]
    rng = SeedRandom(config["seed"])
    train, test = toydata.split(toydata.make(config["dataset"], rng, config["noise"]), rng, config["perc"])
    np.testing.assert_allclose(train, case["train"], rtol=0, atol=1e-15)
    np.testing.assert_allclose(test, case["test"], rtol=0, atol=1e-15)


# Computed in JavaScript with seedrandom 2.4.3 and seed "0.42": points 3 and 400, and the number that follows the data.
CIRCLE = (0.6848172387696906, 0.5839609752254967, -1), (4.579341952811157, -1.576740835369094, -1)
GAUSS = (2.6356098129052326, 0.1829313888352102, 1), (-2.7126469729661675, -2.6724748898421127, -1)
PLANE = (
    (-1.6800398105768846, -4.348502210826742, -0.5065568658855244),
    (4.745515875938354, -2.366686446505459, 0.24680402878029772),
)


@pytest.mark.parametrize(
    ("name", "noise", "rows", "following"),
    [
        ("circle", 50, CIRCLE, 0.03935083719815258),
        ("gauss", 15, GAUSS, 0.6725844436216188),
        ("reg-plane", 15, PLANE, 0.22849962805729848),
    ],
)
def test_the_sets_without_a_golden_case_match_the_playground_too(name, noise, rows, following):
    rng = SeedRandom("0.42")
    points = toydata.make(name, rng, noise)
    np.testing.assert_allclose(points[[3, 400]], rows, rtol=0, atol=2e-15)
    assert rng.random() == following


@pytest.mark.parametrize("name", ALL)
def test_sizes_and_labels(name):
    points = toydata.make(name, np.random.default_rng(0), 20)
    if name in toydata.CLASSIFICATION:
        assert points.shape == (500, 3)
        assert set(points[:, 2]) == {-1, 1}
    else:
        assert points.shape == (1200, 3)
        assert np.abs(points[:, :2]).max() <= 6
        assert np.abs(points[:, 2]).max() <= 1.6  # the plane at (6, 6), displaced: 1.44


@pytest.mark.parametrize("name", ["circle", "xor", "reg-plane", "reg-gauss"])
def test_noise_moves_labels_and_not_points(name):
    clean, noisy = (toydata.make(name, SeedRandom("1"), noise) for noise in (0, 50))
    np.testing.assert_array_equal(clean[:, :2], noisy[:, :2])
    assert (clean[:, 2] != noisy[:, 2]).any()


def test_noise_moves_the_spirals_points_by_at_most_its_share_and_not_its_labels():
    clean, noisy = (toydata.make("spiral", SeedRandom("1"), noise) for noise in (0, 30))
    np.testing.assert_array_equal(clean[:, 2], noisy[:, 2])
    moved = np.abs(clean - noisy)[:, :2]
    assert 0.25 < moved.max() <= 0.3


@pytest.mark.parametrize("noise", [0, 25, 50])
def test_noise_sets_the_variance_of_the_clouds(noise):
    points = toydata.gauss(np.random.default_rng(1), noise, samples=20_000)
    for label in (1, -1):
        cloud = points[points[:, 2] == label]
        np.testing.assert_allclose(cloud[:, :2].mean(axis=0), 2 * label, atol=0.1)
        np.testing.assert_allclose(cloud[:, :2].var(axis=0), 0.5 + 7 * noise / 100, rtol=0.05)


def test_without_noise_the_labels_follow_the_formulas():
    rng = np.random.default_rng(2)
    circle, xor, plane, hills = (toydata.make(name, rng) for name in ("circle", "xor", "reg-plane", "reg-gauss"))
    np.testing.assert_array_equal(circle[:, 2], np.where(np.hypot(*circle[:, :2].T) < 2.5, 1, -1))
    np.testing.assert_array_equal(xor[:, 2], np.sign(xor[:, 0] * xor[:, 1]))
    assert np.abs(xor[:, :2]).min() >= 0.3
    np.testing.assert_allclose(plane[:, 2], (plane[:, 0] + plane[:, 1]) / 10, atol=1e-12)
    first_hill = np.hypot(hills[:, 0] + 4, hills[:, 1] - 2.5)
    near = first_hill < 1.9
    np.testing.assert_allclose(hills[near, 2], 1 - first_hill[near] / 2, atol=1e-12)
    far = np.abs(hills[:, 1]) < 0.4
    assert np.all(hills[far, 2] == 0)


def test_the_circle_is_uniform_in_the_radius():
    radius = np.hypot(*toydata.circle(np.random.default_rng(3), samples=20_000)[:10_000, :2].T)
    np.testing.assert_allclose(np.quantile(radius, [0.25, 0.5, 0.75]), [0.625, 1.25, 1.875], rtol=0.03)


@pytest.mark.parametrize("name", ["spiral", "gauss"])
def test_more_than_two_classes(name):
    points = toydata.make(name, np.random.default_rng(4), 0, classes=3)
    assert np.bincount(points[:, 2].astype(int)).tolist() == [166, 166, 166]


@given(count=st.integers(4, 60), percent=st.integers(10, 90), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_a_split_keeps_every_point_once(count, percent, seed):
    points = np.arange(3 * count, dtype=float).reshape(count, 3)
    train, test = toydata.split(points, np.random.default_rng(seed), percent)
    assert len(train) == count * percent // 100
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test]), axis=0), points)


def test_features_come_in_the_order_asked_for():
    points = np.array([[2.0, 3.0, 1.0]])
    expected = [[2, 3, 4, 9, 6, np.sin(2), np.sin(3)]]
    np.testing.assert_array_equal(toydata.features(points, tuple(toydata.INPUTS)), expected)


def test_errors_name_the_set_and_the_way_out():
    with pytest.raises(CourseError, match=r"«luna».*circle, xor, gauss, spiral, reg-plane, reg-gauss"):
        toydata.make("luna", SeedRandom("1"))
    with pytest.raises(CourseError, match=r"«xor» solo tiene dos clases.*pediste 3"):
        toydata.make("xor", SeedRandom("1"), classes=3)


ABSURD = {
    "a name that is a list": (lambda: toydata.make([], SeedRandom("1")), r"«\[\]»"),
    "text for noise": (lambda: toydata.make("xor", SeedRandom("1"), "20"), "noise='20'"),
    "noise that is NaN": (lambda: toydata.make("reg-gauss", SeedRandom("1"), np.nan), "noise=nan"),
    "negative noise": (lambda: toydata.make("gauss", SeedRandom("1"), -300), "noise=-300"),
    "too much noise": (lambda: toydata.make("circle", SeedRandom("1"), 1e9), "entre 0 y 100"),
    "no classes": (lambda: toydata.make("spiral", SeedRandom("1"), classes=0), "classes=0"),
    "more classes than points": (lambda: toydata.make("gauss", SeedRandom("1"), classes=501), "entre 2 y 500"),
    "a seed for the stream": (lambda: toydata.make("spiral", 0), "rng=0.*default_rng"),
    "negative samples": (lambda: toydata.plane(SeedRandom("1"), samples=-5), "samples=-5"),
    "too many samples": (lambda: toydata.circle(SeedRandom("1"), samples=10**12), "entre 2 y 1000000"),
    "a split of text": (lambda: toydata.split("abc", SeedRandom("1")), "points.*no son números"),
    "a split of one row": (lambda: toydata.split([1, 2], SeedRandom("1")), r"points tiene forma \(2,\)"),
    "a split with a seed": (lambda: toydata.split(np.ones((4, 3)), 0), "rng=0"),
    "a negative share": (lambda: toydata.split(np.ones((4, 3)), SeedRandom("1"), -5), "train_percent=-5"),
    "a share that is NaN": (lambda: toydata.split(np.ones((4, 3)), SeedRandom("1"), np.nan), "train_percent=nan"),
    "features of one column": (lambda: toydata.features(np.ones((4, 1))), r"\(4, 1\).*dos columnas"),
    "features of nothing": (lambda: toydata.features(None), "points"),
    "an unknown input": (lambda: toydata.features(np.ones((4, 2)), ("x", "z")), "names='z'.*xTimesY"),
    "no inputs": (lambda: toydata.features(np.ones((4, 2)), ()), "names está vacío"),
    "a number for inputs": (lambda: toydata.features(np.ones((4, 2)), 3), "names=3"),
}


@pytest.mark.parametrize(("act", "message"), ABSURD.values(), ids=ABSURD.keys())
def test_absurd_arguments_are_named(act, message):
    with pytest.raises(CourseError, match=message):
        act()


def test_one_input_may_be_given_by_its_name_alone():
    np.testing.assert_array_equal(toydata.features([[2.0, 3.0]], "xSquared"), [[4.0]])
