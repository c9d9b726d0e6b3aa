"""Hyperparameter search: the best network by trying many, in one process or on many machines, nothing lost.

`search` is built on Optuna (samplers, pruners, storage, dashboard) and returns its `optuna.Study`, so all that Optuna
knows how to do with one remains at hand. What is added here: ranges written short (`space`), the problems of the class
(`problems`), trials that can be repeated from their number (`strategy`), the asked number of trials whoever dies
(`budget`), and the test split, which is touched once (`outcome`).
"""

from course.tuning.engine import search
from course.tuning.networks import Data, Network
from course.tuning.outcome import best, curves, importance, retrain, summary, table, test_once
from course.tuning.problems import Problem
from course.tuning.study import load

__all__ = [
    "Data",
    "Network",
    "Problem",
    "best",
    "curves",
    "importance",
    "load",
    "retrain",
    "search",
    "summary",
    "table",
    "test_once",
]
