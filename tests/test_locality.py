import keras
import numpy as np
import pytest

from course import locality
from course.errors import CourseError

rng = np.random.default_rng(0)


def test_smoothness_is_the_sum_over_neighbours():
    kernel = rng.normal(size=(9, 2)).astype("float32")
    expected = 0.0
    for unit in range(2):
        for row in range(3):
            for column in range(3):
                here = kernel[3 * row + column, unit]
                if row < 2:
                    expected += (kernel[3 * (row + 1) + column, unit] - here) ** 2
                if column < 2:
                    expected += (kernel[3 * row + column + 1, unit] - here) ** 2
    assert float(locality.Smoothness(0.5, side=3)(kernel)) == pytest.approx(0.5 * expected, rel=1e-5)


def test_each_window_is_one_square_inside_the_margin():
    mask = locality.ReceptiveField(5, side=12, margin=2).mask(400).reshape(12, 12, 400)
    assert mask[2:10, 2:10].sum() == mask.sum() == 400 * 25
    corners = set()
    for unit in range(400):
        rows, columns = (np.flatnonzero(mask[:, :, unit].any(axis=axis)) for axis in (1, 0))
        assert rows.tolist() == list(range(rows[0], rows[0] + 5))
        assert columns.tolist() == list(range(columns[0], columns[0] + 5))
        corners.add((rows[0], columns[0]))
    assert corners == {(row, column) for row in range(2, 6) for column in range(2, 6)}


def test_the_seed_decides_the_windows():
    def mask(seed):
        return locality.ReceptiveField(7, seed=seed).mask(20)

    np.testing.assert_array_equal(mask(1), mask(1))
    assert (mask(1) != mask(2)).any()


def test_weights_outside_go_to_zero_and_inside_only_the_norm_changes():
    kernel = rng.normal(size=(784, 6)).astype("float32")
    field = locality.ReceptiveField(6, max_norm=1.5)
    inside = kernel * field.mask(6)
    expected = inside * np.minimum(1, 1.5 / np.linalg.norm(inside, axis=0))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(field(kernel)), expected, atol=1e-5)
    unbounded = keras.ops.convert_to_numpy(locality.ReceptiveField(6)(kernel))
    np.testing.assert_array_equal(unbounded, inside)


@pytest.mark.parametrize("instance", [locality.Smoothness(0.25, side=9), locality.ReceptiveField(5, 2.0, 12, 1, 7)])
def test_what_is_saved_is_loaded(instance):
    config = keras.saving.serialize_keras_object(instance)
    assert keras.saving.deserialize_keras_object(config).get_config() == instance.get_config()


@pytest.mark.parametrize("window", [0, 25])
def test_a_window_that_does_not_fit_is_refused(window):
    with pytest.raises(CourseError, match=rf"window={window} .* de 1 a 24"):
        locality.ReceptiveField(window)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (locality.Smoothness, {"factor": -1.0}, r"factor=-1\.0"),
        (locality.Smoothness, {"factor": 1.0, "side": 2.5}, r"side=2\.5"),
        (locality.ReceptiveField, {"window": 2.5}, r"window=2\.5 .* de 1 a 24"),
        (locality.ReceptiveField, {"window": "3"}, "window='3'"),
        (locality.ReceptiveField, {"window": 3, "margin": -1}, "margin=-1"),
        (locality.ReceptiveField, {"window": 3, "max_norm": 0}, "max_norm=0"),
        (locality.ReceptiveField, {"window": 3, "seed": None}, "seed=None"),  # other windows at each step
    ],
)
def test_errors_name_the_argument_and_the_value(kind, options, message):
    with pytest.raises(CourseError, match=message):
        kind(**options)


@pytest.mark.parametrize("told", [locality.Smoothness(1.0, side=2), locality.ReceptiveField(2, side=2, margin=0)])
def test_a_layer_of_other_images_is_refused(told):
    with pytest.raises(CourseError, match=r"entran 9 valores.* 4 píxeles.*side=2"):
        told(np.ones((9, 4), "float32"))
