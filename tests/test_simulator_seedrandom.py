import numpy as np
import pytest

from course.simulator.seedrandom import SeedRandom


@pytest.mark.parametrize(
    ("seed", "numbers"),
    [  # what JavaScript's seedrandom 2.4.3 prints
        ("hello.", [0.9282578795792454, 0.3752569768646784, 0.7316977468919549]),
        ("0.42", [0.19931777629611513, 0.3654236514923536, 0.6283432203297118]),
        ("", [0.23144008215179881]),
        ("a" * 300 + "ñ€", [0.8540471694468907, 0.5542390603312765]),
    ],
)
def test_the_stream_is_that_of_seedrandom(seed, numbers):
    assert SeedRandom(seed).random(len(numbers)).tolist() == numbers


def test_one_by_one_and_all_at_once_are_the_same_stream():
    one, all_ = SeedRandom("7"), SeedRandom("7")
    np.testing.assert_array_equal([one.random() for _ in range(5000)], all_.random((50, 100)).ravel())


def test_numbers_fill_the_unit_interval_evenly():
    numbers = SeedRandom("0.5").random(20_000)
    assert numbers.min() >= 0
    assert numbers.max() < 1
    counts = np.histogram(numbers, 20, (0, 1))[0]
    assert ((counts - 1000) ** 2 / 1000).sum() < 50  # chi² with 19 degrees of freedom: 50 is beyond 0.9998
