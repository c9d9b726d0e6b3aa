import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import datasets, handwriting
from course.errors import CourseError


def centre(image):
    return (np.indices(image.shape) * image).sum(axis=(1, 2)) / image.sum()


def box(image):
    rows, columns = np.flatnonzero(image.max(axis=1)), np.flatnonzero(image.max(axis=0))
    return np.ptp(rows) + 1, np.ptp(columns) + 1


def test_a_stroke_leaves_ink_where_it_passes_and_nowhere_else():
    image = handwriting.draw([[(0.25, 0.5), (0.75, 0.5)]], pen=0.1)
    side = len(image)
    assert image[side // 2, side // 4] == image[side // 2, side // 2] == 1
    assert image[: side * 44 // 100].max() == 0
    assert image[:, : side * 19 // 100].max() == 0
    assert image[side // 2, int(side * 0.21)] == 1, "ends are round"


def test_a_single_point_is_a_dot():
    assert 0.004 < handwriting.draw([[(0.5, 0.5)]]).mean() < 0.006  # π·0.04²


def test_no_strokes_are_blank_paper():
    assert handwriting.like_mnist(handwriting.draw([])).tolist() == np.zeros((28, 28)).tolist()


@given(st.integers(0, 39), st.floats(0.3, 1.0), st.floats(0, 1), st.floats(0, 1))
def test_place_and_size_on_the_square_hardly_matter(which, scale, right, down):
    strokes = datasets.drawings()[0][which]
    shifts = right * (1 - scale), down * (1 - scale)
    moved = [[[value * scale + shift for value, shift in zip(p, shifts, strict=True)] for p in s] for s in strokes]
    # A pen that is scaled too leaves the same picture, up to how it falls on the pixels.
    one, other = (handwriting.like_mnist(handwriting.draw(*case)) for case in ((strokes, 0.1), (moved, 0.1 * scale)))
    shifts = itertools.product((-1, 0, 1), repeat=2)
    assert max(np.corrcoef(one.ravel(), np.roll(other, shift, (0, 1)).ravel())[0, 1] for shift in shifts) > 0.9


@given(st.integers(0, 39))
def test_a_drawing_is_scaled_and_centred_as_mnist_is(which):
    image = handwriting.like_mnist(handwriting.draw(datasets.drawings()[0][which]))
    assert (image.shape, image.dtype) == ((28, 28), np.float32)
    assert max(box(image)) == 20
    assert np.abs(centre(image) - 14).max() <= 0.51
    assert 0 <= image.min() <= image.max() <= 1


def test_mnist_itself_comes_out_as_it_went_in():
    (images, _), _ = datasets.mnist()
    full = [image for image in images[:300] if max(box(image)) == 20]
    assert len(full) > 250
    for image in full:
        np.testing.assert_array_equal(handwriting.like_mnist(image), image.astype("float32") / 255)


def test_a_wide_blot_stays_inside():
    image = np.zeros((30, 300))
    image[:, 0], image[14] = 1, 0.2  # its mass is at the left end
    assert box(handwriting.like_mnist(image))[1] == 20


@pytest.mark.parametrize(
    "image",
    [np.zeros(784), np.zeros((0, 3)), [["a"]], [[np.nan]], [[-1.0]], [[256.0]], [[10**400]], "x", [[1], [1, 2]]],
)
def test_what_is_no_picture_is_told(image):
    with pytest.raises(CourseError, match="image"):
        handwriting.like_mnist(image)


@pytest.mark.parametrize("point", [1, (1,), (1, 2, 3), ("a", "b"), (np.nan, 0), (10**400, 0), (14, 20), None])
def test_what_is_no_point_is_told(point):
    with pytest.raises(CourseError, match="par"):
        handwriting.draw([[point]])


@pytest.mark.parametrize("strokes", [None, 3, [None], [3]])
def test_what_is_no_list_of_strokes_is_told(strokes):
    with pytest.raises(CourseError, match="se esperaba una lista de"):
        handwriting.draw(strokes)


@pytest.mark.parametrize("pen", [None, "a", -1, 0, np.nan, np.inf, 1e9])
def test_what_is_no_pen_is_told(pen):
    with pytest.raises(CourseError, match=r"pen=.*entre 0\.002 y 1"):
        handwriting.draw([[(0.1, 0.1), (0.5, 0.5)]], pen)
