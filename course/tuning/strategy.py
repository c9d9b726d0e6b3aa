"""How the next trial is chosen and a bad one cut short: Optuna's samplers and pruners, seeded by the trial's number."""

import math
import warnings
from contextlib import nullcontext

import numpy as np
from optuna.distributions import CategoricalDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import HyperbandPruner, MedianPruner, NopPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import TrialState

from course.errors import CourseError
from course.tuning import budget

SAMPLERS = ("tpe", "random", "grid")
PRUNERS = ("median", "hyperband", "none")
_LARGEST = 10**7  # combinations of a grid: their order is kept in memory
_GLANCE = 1  # seconds between looks at how the other trials went: each is some exchanges with a database


def seed_of(seed, number):
    """Return the seed of one trial: it depends on the search's seed and on the trial's number alone."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


class Numbered(BaseSampler):
    """A sampler that begins anew with each trial, from the trial's own seed.

    So what a trial tries depends on its number and on the trials before it, not on how many times the search was
    interrupted or by whom.

    Parameters
    ----------
    make : callable
        Takes a seed, returns the sampler of one trial.
    seed : int
        The search's.
    """

    def __init__(self, make, seed):
        self._make, self._seed, self._sampler = make, seed, make(seed)

    def before_trial(self, study, trial):
        """Begin anew."""
        self._sampler = self._make(seed_of(self._seed, trial.number))
        self._sampler.before_trial(study, trial)

    def infer_relative_search_space(self, study, trial):
        """As the sampler does."""
        return self._sampler.infer_relative_search_space(study, trial)

    def sample_relative(self, study, trial, search_space):
        """As the sampler does."""
        return self._sampler.sample_relative(study, trial, search_space)

    def sample_independent(self, study, trial, param_name, param_distribution):
        """As the sampler does."""
        return self._sampler.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study, trial, state, values):
        """As the sampler does."""
        self._sampler.after_trial(study, trial, state, values)


class Parzen(Numbered):
    """TPE that asks the storage for no more than it needs, and tries what Optuna's would try.

    Optuna's finds out from all trials which hyperparameters there are; here they are known. It also reads the trials
    that other processes are running, to try something else; here it does so once there are others. They show in a trial
    that was running when this process began its first, or in a number that was given out between two of its own. Until
    then the trials are as Optuna read them an instant before, to see whether one was waiting.

    Parameters
    ----------
    space : dict
        Name → distribution, sorted by name as Optuna sorts it.
    seed : int
        The search's.
    place : course.tuning.trials.Storage, optional
        Where the trials are kept, if it is not in memory.
    """

    def __init__(self, space, seed, place=None):
        self._space = {name: kind for name, kind in space.items() if not kind.single()}
        self._place, self._alone, self._last = place, False, None
        super().__init__(self._parzen, seed)

    def before_trial(self, study, trial):
        """Begin anew, and find out whether there are others."""
        if self._last is None:
            running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
            self._alone = [other.number for other in running] == [trial.number]
        else:
            self._alone = self._alone and trial.number == self._last + 1
        self._last = trial.number
        super().before_trial(study, trial)

    def infer_relative_search_space(self, study, trial):
        """Return the hyperparameters that have more than one value."""
        return self._space

    def sample_relative(self, study, trial, search_space):
        """As the sampler does."""
        with self._place.as_read(math.inf) if self._place and self._alone else nullcontext():
            return super().sample_relative(study, trial, search_space)

    def _parzen(self, seed):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return TPESampler(seed=seed, multivariate=True, constant_liar=not self._alone)


class Grid(BaseSampler):
    """A walk through all combinations in an order that the seed decides: the k-th slot tries the k-th of them.

    Optuna's own takes the first one that nobody seems to have taken; several processes may then take the same one, and
    a trial that nobody asked for takes one from the others.

    Parameters
    ----------
    space : dict
        Name → `optuna.distributions.CategoricalDistribution`.
    seed : int
    """

    def __init__(self, space, seed):
        self._space = space
        self._order = np.random.default_rng(seed).permutation(grid_size(space))
        self._chosen = self._combination(0)

    def before_trial(self, study, trial):
        """Find the trial's slot; one that nobody asked for has none, and will not be evaluated."""
        slots = budget.slots(study.get_trials(deepcopy=False), len(self._order))
        opened, number = [budget.slot(held[0]) for held in slots], budget.slot(trial)
        self._chosen = self._combination(opened.index(number) if number in opened else 0)

    def infer_relative_search_space(self, study, trial):
        """Choose each value by itself."""
        return {}

    def sample_relative(self, study, trial, search_space):
        """Choose each value by itself."""
        return {}

    def sample_independent(self, study, trial, param_name, param_distribution):
        """Return the value of the trial's combination."""
        return self._chosen[param_name]

    def _combination(self, k):
        sizes = [len(kind.choices) for kind in self._space.values()]
        places = zip(self._space.items(), np.unravel_index(self._order[k], sizes), strict=True)
        return {name: kind.choices[place] for (name, kind), place in places}


class Median(MedianPruner):
    """Optuna's, but it reads the other trials at most once in `_GLANCE` seconds.

    The last time may have been as the trial began, to see whether one was waiting. Where one process searches, none of
    the others can end in between, and it prunes exactly as Optuna's.
    """

    def __init__(self, place=None):
        super().__init__(n_warmup_steps=1)
        self._place = place

    def prune(self, study, trial):
        """Return whether the trial is worse than the median of those that were complete at the last look."""
        with self._place.as_read(_GLANCE) if self._place else nullcontext():
            return super().prune(study, trial)


def sampler(name, seed, space, place=None):
    """Return the sampler of a name in `SAMPLERS`, for trials that are kept in `place`.

    See `grid_size` for what a grid asks of the space.
    """
    _expect(name, SAMPLERS, "sampler")
    if name == "grid":
        return Grid(space, seed)
    if name == "tpe":
        return Parzen(space, seed, place)
    return Numbered(lambda trial_seed: RandomSampler(seed=trial_seed), seed)


def grid_size(space):
    """Return how many combinations a grid has.

    Raises
    ------
    CourseError
        If some hyperparameter has a range instead of a list of values, or the combinations are too many.
    """
    ranges = [name for name, kind in space.items() if not isinstance(kind, CategoricalDistribution)]
    if ranges:
        raise CourseError(
            f"Una rejilla necesita una lista de valores en cada hiperparámetro, y tienen un rango: {', '.join(ranges)}."
        )
    size = math.prod(len(kind.choices) for kind in space.values())
    if size > _LARGEST:
        raise CourseError(f"La rejilla tiene {size} combinaciones y se admiten {_LARGEST}. Da menos valores.")
    return size


def pruner(name, epochs, place=None):
    """Return the pruner of a name in `PRUNERS`, for trials of up to `epochs` reports that `place` keeps."""
    _expect(name, PRUNERS, "pruner")
    if name == "median":
        return Median(place)
    if name == "hyperband":
        return HyperbandPruner(max_resource=epochs)
    return NopPruner()


def _expect(value, known, what):
    if value not in known:
        raise CourseError(f"{what}={value!r} no existe. Elige uno de estos: {', '.join(known)}.")
