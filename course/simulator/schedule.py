"""How the learning rate goes on from epoch to epoch, said in a short text that fits in a link.

======================  ==============================================================
``constant``            the same rate always, as in the playground
``step:100,0.5``        multiplied by 0.5 every 100 epochs
``exponential:0.99``    multiplied by 0.99 every epoch
``cosine:1000``         half a cosine, from the whole rate down to 0 at epoch 1000
======================  ==============================================================
"""

import math

from course.errors import CourseError

_FORMS = {"constant": 0, "step": 2, "exponential": 1, "cosine": 1}
_HELP = "Usa «constant», «step:100,0.5», «exponential:0.99» o «cosine:1000»."


def parse(text):
    """Return the schedule's name and its numbers, all above 0.

    Raises
    ------
    CourseError
        Where `text` has another form.
    """
    name, _, rest = str(text).partition(":")
    try:
        numbers = tuple(float(number) for number in rest.split(",")) if rest else ()
    except ValueError:
        numbers = None
    if name not in _FORMS or numbers is None or len(numbers) != _FORMS[name]:
        raise CourseError(f"No entiendo la tasa de aprendizaje variable schedule={text!r}. {_HELP}")
    if not all(0 < number < math.inf for number in numbers):
        raise CourseError(f"Los números de schedule={text!r} deben ser mayores que 0. {_HELP}")
    return name, numbers


def factors(text, first, count):
    """Return what the learning rate is multiplied by in `count` epochs from epoch `first` on (the first ever is 0)."""
    name, numbers = parse(text)
    epochs = range(first, first + count)
    if name == "step":
        return [_power(numbers[1], epoch // numbers[0]) for epoch in epochs]
    if name == "exponential":
        return [_power(numbers[0], epoch) for epoch in epochs]
    if name == "cosine":
        return [(1 + math.cos(math.pi * min(epoch / numbers[0], 1))) / 2 for epoch in epochs]
    return [1.0] * count


def _power(base, exponent):
    """Return a power, infinite where it is too large for a number: then the loss is none either, and that is told."""
    try:
        return base**exponent
    except OverflowError:
        return math.inf
