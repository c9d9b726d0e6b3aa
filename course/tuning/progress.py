"""The line that a search rewrites while it runs: trials, best value so far, time left."""

import sys
import time

from tqdm import tqdm

from course.environment import in_notebook
from course.tuning import budget

_EVERY = 0.5  # seconds: counting thousands of trials more often would cost more than the trials


class Line:
    """The line of one search. Call it now and then; close it at the end.

    Parameters
    ----------
    study : optuna.Study
    asked : int
    shown : bool
        Otherwise it stays silent; so it does in a log, where nothing can be rewritten.
    """

    def __init__(self, study, asked, shown):
        self.study, self.asked, self.looked = study, asked, 0.0
        done = budget.closed(study.get_trials(deepcopy=False), asked)
        self.bar = tqdm(
            total=asked,
            initial=done,
            file=sys.stdout,
            disable=not (shown and (sys.stdout.isatty() or in_notebook())),
            bar_format="{bar:20} {n_fmt} de {total_fmt} intentos · {desc} · quedan {remaining}",
            desc="aún sin resultado",
        )

    def __call__(self, force=False):
        """Rewrite the line, if some time has passed."""
        if self.bar.disable or (not force and time.monotonic() - self.looked < _EVERY):
            return
        self.looked = time.monotonic()
        trials = self.study.get_trials(deepcopy=False)
        self.bar.update(budget.closed(trials, self.asked) - self.bar.n)
        best = best_of(self.study, trials)
        if best:
            self.bar.set_description_str(f"mejor {best.value:.4g} (intento {best.number})", refresh=False)
        self.bar.refresh()

    def close(self):
        """Leave the line as it is."""
        self(force=True)
        self.bar.close()


def best_of(study, trials):
    """Return the best complete trial, or None."""
    complete = [trial for trial in trials if trial.state.name == "COMPLETE"]
    sign = 1 if study.direction.name == "MINIMIZE" else -1
    return min(complete, key=lambda trial: sign * trial.value, default=None)
