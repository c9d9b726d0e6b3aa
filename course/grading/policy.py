"""From attempts to grades: which attempt counts, what being late costs, and what is too good to be true."""

import math
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import NamedTuple

from course.errors import CourseError
from course.grading.scores import points

_DAY = 86_400


class Policy(NamedTuple):
    """How attempts become a grade.

    ``deadline`` is in seconds since 1970, or None; ``penalty``, the points lost per day begun after it; ``attempts``,
    ``"best"`` or ``"last"``; with ``final`` the private part decides, and else the public one.
    """

    deadline: float | None = None
    penalty: float = 1.0
    attempts: str = "best"
    final: bool = False

    @property
    def part(self):
        """The part of the test that decides: ``"private"`` or ``"public"``."""
        return "private" if self.final else "public"


class Standing(NamedTuple):
    """A student's grade: all attempts, the one that counts (or None), points before the penalty, penalty and score.

    ``late`` is whether the one that counts is, whatever that costs; ``flagged``, the attempt that is too good to be
    true, whether it counts or not, or None.
    """

    student: str
    attempts: list
    counted: object
    raw: float
    penalty: float
    score: float
    late: bool
    flagged: object

    def measures(self, part):
        """Return the measures of the attempt that counts on ``"public"`` or ``"private"``."""
        return self.counted.result["measures"][part]


def standings(attempts, config, policy):
    """Yield a `Standing` per student, from attempts in the students' order.

    The best attempt is the one with most points, late ones less their penalty, on the public part: the private one is
    for an honest estimate and chooses nothing. Of equal ones the first counts.

    Parameters
    ----------
    attempts : iterable of course.grading.store.Attempt
        As `course.grading.store.Store.attempts` yields them: with their last times where the last one counts.
    config : dict
        The challenge's.
    policy : Policy
    """
    for student, group in groupby(attempts, key=lambda attempt: attempt.student):
        group = list(group)
        valid = [attempt for attempt in group if attempt.result["measures"]]
        counted = _choose(valid, config, policy) if valid else None
        raw = points(counted.result["measures"][policy.part], config) if counted else 0.0
        lost = min(late_penalty(counted.received, policy), raw) if counted else 0.0
        late = counted is not None and _late(counted.received, policy)
        implausible = [attempt for attempt in valid if highest_auc(attempt) > config["implausible_auc"]]
        flagged = max(implausible, key=highest_auc, default=None)
        yield Standing(student, group, counted, raw, lost, raw - lost, late, flagged)


def check(policy):
    """Refuse a penalty that is none: one below 0 would reward being late. Any above is fine, no grade is below 0.

    Raises
    ------
    CourseError
    """
    if not 0 <= policy.penalty < math.inf:  # NaN is not either
        raise CourseError(
            f"Los puntos que se pierden por día de retraso son {policy.penalty:g}: deben ser un número, 0 o más. "
            "Cámbialos con --late-penalty."
        )


def late_penalty(received, policy):
    """Return the points that an attempt loses for its time: `Policy.penalty` for each day begun after the deadline."""
    return policy.penalty * math.ceil((received - policy.deadline) / _DAY) if _late(received, policy) else 0.0


def highest_auc(attempt):
    """Return the higher AUC of an attempt's two parts."""
    return max(part["auc"] for part in attempt.result["measures"].values())


def parse_deadline(text):
    """Return a date as seconds since 1970; without a time the whole day counts, without a zone it is the computer's.

    Raises
    ------
    CourseError
        If it is not like ``2026-05-10`` or ``2026-05-10T18:00-04:00``.
    """
    try:
        return _moment(text).timestamp()
    except (ValueError, OverflowError, OSError) as error:  # the last two: a year that the computer's clock has not
        raise CourseError(f"No entiendo la fecha «{text}». Escríbela así: 2026-05-10, o 2026-05-10T18:00") from error


def _moment(text):
    """Return when a date ends, or the moment that a date with a time names."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return datetime.fromisoformat(text)
    return datetime.combine(day + timedelta(days=1), time())  # not 24 hours later: a day has 23 where clocks change


def _late(received, policy):
    return policy.deadline is not None and received > policy.deadline


def _choose(valid, config, policy):
    if policy.attempts == "last":
        return valid[-1]
    return max(valid, key=lambda attempt: _public_points(attempt, config) - late_penalty(attempt.received, policy))


def _public_points(attempt, config):
    return points(attempt.result["measures"]["public"], config)
