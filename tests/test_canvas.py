import base64

import numpy as np
import pytest

from course import datasets
from course.canvas import Canvas
from course.errors import CourseError

FIVE = datasets.drawings()[0][20]


def sure_of(digit):
    return lambda images: np.eye(10)[[digit]]


def test_it_starts_empty_and_says_so():
    canvas = Canvas(predict=sure_of(3))
    assert repr(canvas) == "Lienzo: 0 trazos"
    assert canvas.answer == []
    assert canvas.image.max() == 0


def test_each_stroke_asks_the_network_with_a_picture_like_mnists():
    seen = []
    canvas = Canvas(predict=lambda images: seen.append(images) or np.eye(10)[[5]])
    canvas.strokes = FIVE  # what the browser does
    assert seen[0].shape == (1, 28, 28)
    np.testing.assert_array_equal(seen[0][0], canvas.image)
    assert canvas.answer == np.eye(10)[5].tolist()
    assert repr(canvas) == "Lienzo: 2 trazos; la red dice 5 (100%)"


def test_clearing_takes_the_answer_too():
    canvas = Canvas(predict=sure_of(5), strokes=FIVE)
    assert canvas.answer
    canvas.clear()
    assert (canvas.strokes, canvas.answer) == ([], [])


@pytest.mark.parametrize(
    ("predict", "words"), [(lambda images: 1 / 0, "ZeroDivision"), (lambda images: [1, 2], "Value")]
)
def test_a_network_that_fails_is_told_on_the_widget_and_leaves_it_usable(predict, words):
    canvas = Canvas(predict=predict, strokes=FIVE)
    assert words in canvas.problem
    assert canvas.answer == []
    canvas.clear()
    assert canvas.problem == ""


@pytest.mark.parametrize(
    ("output", "words"), [(np.full((1, 10), np.nan), "se dispararon"), (np.arange(10)[np.newaxis], "softmax")]
)
def test_numbers_that_are_no_probabilities_are_no_answer(output, words):
    canvas = Canvas(predict=lambda images: output, strokes=FIVE)
    assert words in canvas.problem
    assert "CourseError" not in canvas.problem
    assert repr(canvas) == "Lienzo: 2 trazos"


def test_without_a_browser_there_is_a_picture_with_its_alt_text():
    data, metadata = Canvas(predict=sure_of(5), strokes=FIVE)._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == "Dibujo. Lienzo: 2 trazos; la red dice 5 (100%)."
    assert data["text/plain"] == "Lienzo: 2 trazos; la red dice 5 (100%)"
    assert "application/vnd.jupyter.widget-view+json" in data


@pytest.mark.parametrize("options", [{"predict": 3}, {"strokes": [[1]]}])
def test_bad_arguments_are_told(options):
    with pytest.raises(CourseError):
        Canvas(**options)
