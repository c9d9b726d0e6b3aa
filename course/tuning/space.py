"""What is searched: a range or a list of values for each hyperparameter, written short and kept as Optuna's own.

====================  ===========================================
``[32, 64, 128]``     one of these values
``(1, 3)``            a whole number from 1 to 3
``(0.0, 0.5)``        a number in between
``(1e-4, 0.1, "log")``  the same, drawn on a logarithmic scale
``64``                always this value: not searched
====================  ===========================================
"""

from numbers import Integral, Real

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
    json_to_distribution,
)

from course.errors import CourseError

_PLAIN = (str, bool, int, float, type(None))


def distributions(space, known=None):
    """Return Optuna's distribution for each hyperparameter of a space.

    Parameters
    ----------
    space : dict
        Name → values, as in the module's docstring, or one of Optuna's own distributions.
    known : collection of str, optional
        The hyperparameters that there are; any by default.

    Returns
    -------
    dict
        Name → `optuna.distributions.BaseDistribution`, in the names' order: the order does not change the search.

    Raises
    ------
    CourseError
        If a name is unknown, or its values make no range.
    """
    if not isinstance(space, dict) or not space or not all(isinstance(name, str) for name in space):
        raise CourseError(
            f"space={space!r} no es un espacio de búsqueda. Da un diccionario de nombres: {{'units': (16, 128)}}."
        )
    unknown = sorted(str(name) for name in space if known is not None and name not in known)
    if unknown:
        raise CourseError(
            f"El espacio tiene hiperparámetros que este problema no conoce: {', '.join(unknown)}. "
            f"Los que hay: {', '.join(known)}."
        )
    return {name: _distribution(name, space[name]) for name in sorted(space)}


def suggest(trial, space):
    """Return the values that a trial tries, one for each distribution of `space`."""
    return {name: _SUGGEST[type(kind)](trial, name, kind) for name, kind in space.items()}


def extremes(kind):
    """Return the values of a distribution that may be out of bounds: all of a list, both ends of a range."""
    return kind.choices if isinstance(kind, CategoricalDistribution) else (kind.low, kind.high)


def as_text(space):
    """Return a space as a dictionary of texts: what a study keeps, to be compared with another one."""
    return {name: distribution_to_json(kind) for name, kind in space.items()}


def in_words(text):
    """Return a distribution, as `as_text` writes it, in words for people."""
    kind = json_to_distribution(text)
    if isinstance(kind, CategoricalDistribution):
        return " | ".join(map(str, kind.choices))
    return f"de {kind.low:g} a {kind.high:g}{', escala logarítmica' if kind.log else ''}"


_SUGGEST = {
    CategoricalDistribution: lambda trial, name, kind: trial.suggest_categorical(name, kind.choices),
    IntDistribution: lambda trial, name, kind: trial.suggest_int(
        name, kind.low, kind.high, step=kind.step, log=kind.log
    ),
    FloatDistribution: lambda trial, name, kind: trial.suggest_float(
        name, kind.low, kind.high, step=kind.step, log=kind.log
    ),
}


def _distribution(name, values):
    if isinstance(values, BaseDistribution):
        return values
    if isinstance(values, list) and values and all(isinstance(value, _PLAIN) for value in values):
        return CategoricalDistribution(values)
    if isinstance(values, _PLAIN):
        return CategoricalDistribution([values])
    if isinstance(values, tuple) and len(values) in (2, 3) and all(_is_number(value) for value in values[:2]):
        low, high, *scale = values
        if scale in ([], ["log"]) and low <= high and (low > 0 or not scale):
            whole = isinstance(low, Integral) and isinstance(high, Integral)
            return (IntDistribution if whole else FloatDistribution)(low, high, log=bool(scale))
    raise CourseError(
        f"Los valores de {name}, {values!r}, no son un rango. Escribe una lista, [32, 64]; los extremos, (1, 3); o los "
        'extremos en escala logarítmica, (1e-4, 0.1, "log"), mayores que 0 y de menor a mayor.'
    )


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, bool) and abs(value) < float("inf")
