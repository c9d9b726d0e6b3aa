"""The checks inside the notebooks: three outcomes, told in words, and never an exception.

An exercise is a function that looks at the student's answer and complains with the helpers of `course.checks.expect`::

    # course/checks/nb01.py
    from course.checks import exercise, expect_function

    @exercise("La activación ReLU", hints=["¿Qué pasa con los negativos?", "np.maximum compara elemento a elemento."])
    def relu(answer):
        expect_function(answer, lambda u: np.maximum(0, u), [-2.0, 3.0], mistakes=[(np.abs, "Eso es |u|.")])

In the notebook: ``nb01.relu.check(relu)``, ``nb01.relu.hint()``, ``nb01.relu.solution()``.
"""

import inspect
import re
import sys
import textwrap
import warnings
from dataclasses import dataclass

from course.checks.calls import Unattempted, Wrong, call, explaining
from course.checks.expect import expect, expect_close, expect_function, expect_text
from course.checks.values import has_placeholder, tell_error

__all__ = [
    "Exercise",
    "Outcome",
    "Unattempted",
    "Wrong",
    "call",
    "exercise",
    "expect",
    "expect_close",
    "expect_function",
    "expect_text",
    "explaining",
    "progress",
]

_MARKS = {"unattempted": "⏳ Sin intentar", "wrong": "❌ Todavía no", "correct": "✅ Correcto"}


@dataclass(frozen=True)
class Outcome:
    """What a check found: `status` is ``unattempted``, ``wrong`` or ``correct``."""

    status: str
    message: str
    hint: str = ""

    def __str__(self):
        """Return the line that the student reads."""
        return f"{_MARKS[self.status]}: {self.message}" + (f" Pista: {self.hint}" if self.hint else "")


class Exercise:
    """One exercise of a notebook: its check, its hints, its solution, and how the student fares.

    Parameters
    ----------
    title : str
        What the exercise is called in messages.
    look : callable
        Takes the student's answers, returns None when they are right, raises `Wrong` or `Unattempted`.
        Its name is the exercise's, its module or package (``nb01``) the notebook's.
    hints : sequence of str
        Told one at a time, from vague to precise.
    learned : str
        A closing sentence for a right answer.
    """

    def __init__(self, title, look, hints=(), learned=""):
        """Start unattempted, with no hint told."""
        self.title, self.look, self.hints, self.learned = title, look, tuple(hints), learned
        self.name, self.notebook = look.__name__, look.__module__.removeprefix(f"{__name__}.").partition(".")[0]
        self.outcome = None
        self._hints_told = 0

    def check(self, *answers):
        """Print how the answers fare. It never raises; only Ctrl-C passes through."""
        self.outcome = self.grade(*answers)
        _say(_folded(str(self.outcome)))

    def hint(self):
        """Print the next hint, and how many are left."""
        if self._hints_told == len(self.hints):
            _say(f"No quedan más pistas. La solución: {self.notebook}.{self.name}.solution()")
            return
        self._hints_told += 1
        _say(_folded(f"💡 Pista {self._hints_told} de {len(self.hints)}: {self.hints[self._hints_told - 1]}"))

    def solution(self):
        """Print the solution, which is read from the solution notebook, and where to find it."""
        from course import notebooks  # not needed for checking

        try:
            path, code = notebooks.solution_of(self.notebook, self.name)
            _say(f"Una solución posible (notebooks/soluciones/{path.name}):\n\n{code}")
        except Exception as error:
            _say(f"No encuentro la solución de {self.notebook}.{self.name}: {tell_error(error)}")

    def grade(self, *answers):
        """Return the `Outcome` for the answers, whatever they are."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an overflow in exp is not news, and red text frightens
                return self._grade(answers)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return Outcome("wrong", f"no pude comprobar tu respuesta: {tell_error(error)}.")

    def _grade(self, answers):
        untouched = f"{self.title}. Escribe tu código donde dice «...» y vuelve a ejecutar la celda."
        wanted = len(inspect.signature(self.look).parameters)
        if not answers or any(answer is None or has_placeholder(answer) for answer in answers):
            return Outcome("unattempted", _still_missing(self.title, answers) or untouched)
        if len(answers) != wanted:
            return Outcome("wrong", f"check espera {wanted} y recibió {len(answers)}: una respuesta por dato que pide.")
        try:
            self.look(*answers)
        except Unattempted:
            return Outcome("unattempted", untouched)
        except Wrong as wrong:
            more = f"pídela con {self.notebook}.{self.name}.hint()" if self.hints else ""
            return Outcome("wrong", wrong.message, wrong.hint or more)
        done = f"{self.title}. Comprobaciones locales superadas."
        return Outcome("correct", f"{done} {self.learned}".strip())


def _still_missing(title, answers):
    """Return what to say of a dictionary that is half filled in."""
    for answer in answers:
        if isinstance(answer, dict):
            missing = [str(key) for key, value in answer.items() if has_placeholder(value)]
            if 0 < len(missing) < len(answer):
                return f"{title}. Falta: {', '.join(missing)}."
    return ""


def exercise(title, hints=(), learned=""):
    """Turn a checking function into an `Exercise` (see the module's docstring)."""
    return lambda look: Exercise(title, look, hints, learned)


def exercises(module):
    """Return the exercises that a module of checks declares, by name, in their order."""
    return {name: item for name, item in vars(module).items() if isinstance(item, Exercise)}


def progress():
    """Print how many exercises of the notebook are right so far, and each one's state."""
    for name, module in sorted(sys.modules.items()):
        if not re.fullmatch(rf"{re.escape(__name__)}\.nb\d+", name):
            continue
        items = exercises(module).values()
        passed = sum(item.outcome is not None and item.outcome.status == "correct" for item in items)
        _say(f"Ejercicios de {name.rpartition('.')[2]}: {passed} de {len(items)} correctos.")
        for item in items:
            _say(f"  {_MARKS[item.outcome.status if item.outcome else 'unattempted']}: {item.title}")


def _folded(text):
    """Break a line between words: JupyterLab would break it inside them."""
    return textwrap.fill(text, 96, subsequent_indent="   ", break_long_words=False, break_on_hyphens=False)


def _say(text):
    """Print, also on a console that has no emoji."""
    try:
        print(text)
    except UnicodeEncodeError:
        print(text.encode(sys.stdout.encoding, "replace").decode(sys.stdout.encoding))
