"""The trials of a database at hand: Optuna's cache of them, with those of each state kept apart and in order."""

import copy
import time
from bisect import bisect_left, insort
from collections import defaultdict
from contextlib import contextmanager
from itertools import chain
from operator import attrgetter

from optuna.storages import _CachedStorage
from optuna.trial import TrialState

_number = attrgetter("number")


class Storage(_CachedStorage):
    """Optuna's cache of a database, for a search of short trials or of thousands.

    Optuna puts one around each database. It looks through all trials each time that it is asked for some of them:
    before each trial for those that wait, and at each report for those that are complete. Here those that changed are
    put in their new place, and none is looked through.

    A trial that this process began is not read back: nobody else writes to it. Others may take it for dead and end it,
    which Optuna finds out, under a lock, as it is about to end it too.

    Parameters
    ----------
    database : course.tuning.rdb.Database
    """

    def __init__(self, database):
        super().__init__(database)
        self.database = database
        self._ordered = defaultdict(_Ordered)
        self._running = {}
        self._read_at, self._fresh = {}, 0

    @contextmanager
    def as_read(self, seconds):
        """Meanwhile, take a study's trials as they were read last, unless that was as many seconds ago."""
        self._fresh = seconds
        try:
            yield
        finally:
            self._fresh = 0

    def get_all_trials(self, study_id, deepcopy=True, states=None):
        """As Optuna's."""
        read_at = self._read_at.get(study_id)
        if read_at is None or time.monotonic() - read_at >= self._fresh:
            self._read_trials_from_remote_storage(study_id)
            self._read_at[study_id] = time.monotonic()
        with self._lock:
            trials = self._ordered[study_id].of(states)
        return copy.deepcopy(trials) if deepcopy else trials

    def delete_study(self, study_id):
        """As Optuna's."""
        super().delete_study(study_id)
        self._ordered.pop(study_id, None)
        self._read_at.pop(study_id, None)

    def create_new_trial(self, study_id, template_trial=None):
        """As Optuna's."""
        trial_id = super().create_new_trial(study_id, template_trial)
        if template_trial is None:  # or it may be of any state, and others may run it
            _, number = self._trial_id_to_study_id_and_number[trial_id]
            self._running[trial_id] = copy.deepcopy(self._studies[study_id].trials[number])
        return trial_id

    def get_trial(self, trial_id):
        """As Optuna's."""
        if trial_id in self._running:
            return copy.deepcopy(self._running[trial_id])
        return super().get_trial(trial_id)

    def set_trial_param(self, trial_id, param_name, param_value_internal, distribution):
        """As Optuna's."""
        super().set_trial_param(trial_id, param_name, param_value_internal, distribution)
        if trial_id in self._running:
            trial = self._running[trial_id]
            trial.params[param_name] = distribution.to_external_repr(param_value_internal)
            trial.distributions[param_name] = distribution

    def set_trial_intermediate_value(self, trial_id, step, intermediate_value):
        """As Optuna's."""
        super().set_trial_intermediate_value(trial_id, step, intermediate_value)
        if trial_id in self._running:
            self._running[trial_id].intermediate_values[step] = intermediate_value

    def set_trial_user_attr(self, trial_id, key, value):
        """As Optuna's."""
        self._running.pop(trial_id, None)
        super().set_trial_user_attr(trial_id, key, value)

    def set_trial_system_attr(self, trial_id, key, value):
        """As Optuna's."""
        self._running.pop(trial_id, None)
        super().set_trial_system_attr(trial_id, key, value)

    def set_trial_state_values(self, trial_id, state, values=None):
        """As Optuna's."""
        self._running.pop(trial_id, None)
        return super().set_trial_state_values(trial_id, state, values)

    def _add_trials_to_cache(self, study_id, trials):
        known, ordered = self._studies[study_id].trials, self._ordered[study_id]
        for trial in trials:
            ordered.put(trial, known.get(trial.number))
        super()._add_trials_to_cache(study_id, trials)


class _Ordered:
    """The trials of one study by their number: all of them, and those of each state."""

    def __init__(self):
        self._all, self._those = [], {state: [] for state in TrialState}

    def put(self, trial, before):
        """Put a trial in its places, instead of the same one as it was before (or None)."""
        if before is not None:
            for trials in (self._all, self._those[before.state]):
                del trials[bisect_left(trials, trial.number, key=_number)]
        for trials in (self._all, self._those[trial.state]):
            insort(trials, trial, key=_number)

    def of(self, states):
        """Return the trials of some states, or all of them if it is None."""
        if states is None:
            return list(self._all)
        wanted = [trials for state, trials in self._those.items() if state in states]
        return list(wanted[0]) if len(wanted) == 1 else sorted(chain(*wanted), key=_number)
