"""A square to draw a digit on, inside a notebook: with the mouse, a finger or a pen.

Where no widget can show (on GitHub, in an HTML export, in a run without browser), the same output holds the drawing as
a picture with its alt text.
"""

from pathlib import Path

import anywidget
import numpy as np
import traitlets

from course import handwriting, plots
from course.errors import CourseError

_HERE = Path(__file__).parent


class Canvas(anywidget.AnyWidget):
    """The square as a widget: the last line of a cell shows it.

    Parameters
    ----------
    predict : callable, optional
        Takes pictures like MNIST's, shape (1, 28, 28), ink from 0 to 1, and returns the probability of each digit,
        shape (1, 10). It is called after each stroke, and the widget tells its answer.
    strokes : sequence of sequence of (float, float)
        What is drawn already: points in [0, 1], y downwards.

    Raises
    ------
    CourseError
        If `predict` cannot be called, or `strokes` are none.

    Examples
    --------
    >>> canvas = Canvas(predict=lambda images: model.predict(images.reshape(-1, 784), verbose=0))
    >>> canvas
    Lienzo: 0 trazos
    """

    _esm = _HERE / "canvas.js"
    _css = _HERE / "canvas.css"

    strokes = traitlets.List().tag(sync=True)
    answer = traitlets.List().tag(sync=True)  # the probability of each digit; empty while nothing is drawn
    problem = traitlets.Unicode().tag(sync=True)  # what `predict` failed with

    def __init__(self, predict=None, strokes=()):
        """Show `strokes`, and what `predict` says of them."""
        if predict is not None and not callable(predict):
            raise CourseError(f"predict={predict!r} no se puede llamar. Pasa una función, o model.predict.")
        handwriting.draw(strokes)  # says what is wrong with them
        self._predict = predict
        super().__init__(strokes=[[list(point) for point in stroke] for stroke in strokes])
        self.observe(lambda change: self._look(), "strokes")
        self._look()

    @property
    def image(self):
        """The drawing as a picture like MNIST's: shape (28, 28), float32, ink from 0 to 1."""
        return handwriting.like_mnist(handwriting.draw(self.strokes))

    def clear(self):
        """Take every stroke away."""
        self.strokes = []

    def __repr__(self):
        """Say how many strokes there are, and what the network answers."""
        said = f"; la red dice {np.argmax(self.answer)} ({max(self.answer):.0%})" if self.answer else ""
        return f"Lienzo: {len(self.strokes)} {'trazo' if len(self.strokes) == 1 else 'trazos'}{said}"

    def _look(self):
        """Ask `predict` about the drawing. What fails in it is told on the widget: nobody would see it elsewhere."""
        self.problem, answer = "", []
        if self._predict and self.strokes:
            try:
                answer = _probabilities(self._predict(self.image[np.newaxis]))
            except CourseError as error:
                self.problem = str(error)
            except Exception as error:
                self.problem = f"{type(error).__name__}: {error}"
        self.answer = answer

    def _repr_mimebundle_(self, **options):
        data, metadata = super()._repr_mimebundle_(**options)
        image, about = plots.png(plots.images([self.image], alt=f"Dibujo. {self!r}."))
        data |= {"image/png": image, "text/plain": repr(self)}
        return data, metadata | {"image/png": about}


def _probabilities(output):
    """Return what a network gives for one picture as a list, if it can be told as probabilities."""
    answer = np.asarray(output, dtype=float).reshape(10)
    if not ((answer >= 0) & (answer < 1.001)).all():  # a mean of networks may round to a little above 1
        raise CourseError(
            f"dio {np.array2string(answer, precision=2, separator=', ')}, que no son probabilidades. "
            "La última capa debe ser softmax; y si hay «nan», los pesos se dispararon: entrena con una tasa menor."
        )
    return answer.tolist()
