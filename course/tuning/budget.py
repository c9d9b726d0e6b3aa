"""How many trials a search still owes: the number asked for, exactly, whoever dies and however many take part.

Each new trial opens a *slot*, and a search owes the first `asked` of them. When a process dies, the heart of its trial
stops beating: the storage fails that trial and queues the same one again, which takes over the slot. A slot is closed
by the first of its trials that ends by itself: complete, pruned, or with an error of its own. Numbers are given out by
the storage, one at a time; so all who apply these rules come to the same answer, without a lock between them.

A slot whose trials took `DEATHS` processes with them (a network that does not fit in memory, for one) is closed too:
it would take the next ones.
"""

import copy
import warnings

from optuna.exceptions import ExperimentalWarning
from optuna.storages import RetryHeartbeatStaleTrialCallback
from optuna.trial import TrialState

ERROR, SURPLUS, REPEATS, STOPPED = "error", "surplus", "repeats", "stopped"
"""Marks on a trial: what went wrong in it, that nobody asked for it, which one it repeats, that Ctrl-C stopped it."""

DEATHS = 3


class Retry(RetryHeartbeatStaleTrialCallback):
    """Queue a dead trial again, as Optuna does, and note which trial it all began with."""

    def __init__(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            super().__init__()

    def __call__(self, study, trial):
        """Queue it, with the values that it was trying."""
        trials = study.get_trials(deepcopy=False)
        if slot(trial) in deadly(trials, len(trials)):
            return
        trial = copy.deepcopy(trial)
        trial.user_attrs.pop(STOPPED, None)
        trial.user_attrs.setdefault(REPEATS, trial.number)
        super().__call__(study, trial)


def ended(trial):
    """Whether a trial counts: it came to an end, good or bad, by itself."""
    return trial.state in (TrialState.COMPLETE, TrialState.PRUNED) or (_failed(trial) and ERROR in trial.user_attrs)


def dead(trial):
    """Whether a trial did not end by itself: its process died, or Ctrl-C stopped it."""
    return _failed(trial) and not {ERROR, SURPLUS} & trial.user_attrs.keys()


def slot(trial):
    """Return the number of the trial that opened this one's slot: its own, unless it repeats one that died."""
    return trial.user_attrs.get(REPEATS, trial.number)


def slots(trials, asked):
    """Return the slots that are owed and exist already, each as the list of its trials in order.

    Parameters
    ----------
    trials : sequence of optuna.trial.FrozenTrial
        All of the study, by number.
    asked : int
    """
    found = {}
    for trial in trials:
        if SURPLUS not in trial.user_attrs:
            found.setdefault(slot(trial), []).append(trial)
    return list(found.values())[:asked]


def deadly(trials, asked):
    """Return the slots that were given up, as the number of the trial that opened each."""
    return [slot(held[0]) for held in slots(trials, asked) if _is_closed(held) and not any(map(ended, held))]


def is_owed(trial, trials, asked):
    """Whether a running trial is to be evaluated: its slot is owed, and no earlier trial holds it."""
    for held in slots(trials, asked):
        if any(other.number == trial.number for other in held):
            earlier = [other for other in held if other.number < trial.number]
            return all(map(dead, earlier)) and not _is_closed(earlier)
    return False


def closed(trials, asked):
    """Return how many slots are closed."""
    return sum(map(_is_closed, slots(trials, asked)))


def step(trials, asked):
    """Return what to do next: ``"done"``, ``"go"`` (there is a trial to run) or ``"wait"`` (others run the last)."""
    held = slots(trials, asked)
    waiting = any(trial.state == TrialState.WAITING for slot in held for trial in slot)
    if len(held) < asked or waiting:
        return "go"
    return "done" if all(map(_is_closed, held)) else "wait"


def orphans(trials, asked):
    """Return the last trial of each slot whose trials all died without anybody to queue them again."""
    return [held[-1] for held in slots(trials, asked) if all(map(dead, held)) and not _is_closed(held)]


def _is_closed(held):
    took = sum(dead(trial) and STOPPED not in trial.user_attrs for trial in held)
    return any(map(ended, held)) or took >= DEATHS


def _failed(trial):
    return trial.state == TrialState.FAIL
