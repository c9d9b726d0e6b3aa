"""The loop that every process of a search runs, on one machine or on many: take a trial, evaluate it, go on."""

import math
import signal
import threading
import time
import warnings
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass

import optuna
from optuna.exceptions import ExperimentalWarning, StorageInternalError, UpdateFinishedTrialError
from optuna.storages import fail_stale_trials

from course.errors import CourseError
from course.tuning import budget, space, storage, strategy
from course.validation import count

_POLL = 0.3  # seconds
# Keras's random numbers belong to the process: two trials at once would mix them. A trial may search by itself.
_ONE_AT_A_TIME = threading.RLock()


@dataclass(frozen=True)
class Job:
    """All that a process needs to take part in a search; it travels between processes."""

    name: str
    place: object
    problem: object
    space: dict
    trials: int
    sampler: str = "tpe"
    pruner: str = "median"
    seed: int = 0
    grace: int = storage.GRACE

    def definition(self):
        """Return what must agree between all who take part, and between today and tomorrow."""
        return {
            "problema": self.problem.name,
            "espacio": space.as_text(self.space),
            "sampler": self.sampler,
            "pruner": self.pruner,
            "semilla": self.seed,
            "dirección": self.problem.direction,
            "épocas": self.problem.epochs,
            "versión": self.problem.version,
        }

    def strategy(self, place=None):
        """Return the sampler and the pruner of a study that is kept in `place`, a storage."""
        sampler = strategy.sampler(self.sampler, self.seed, self.space, place)
        return {"sampler": sampler, "pruner": strategy.pruner(self.pruner, self.problem.epochs, place)}


class _Discarded(Exception):
    """The trial is over, and the study says why."""


def work(study, job, stopped=lambda: False, show=lambda: None, limit=math.inf):
    """Run trials until the search has all that it asked for.

    Parameters
    ----------
    study : optuna.Study
    job : Job
    stopped : callable
        Whether to stop: asked before each trial and at each of its reports.
    show : callable
        Called now and then.
    limit : int
        Trials after which to return in any case.

    Returns
    -------
    bool
        Whether the search is over.
    """
    number = job.trials  # of the last trial; before the first, all are counted
    with _ONE_AT_A_TIME, quiet():
        while not stopped():
            # Below the total there is a trial left in any case, and thousands need not be counted.
            step = "go" if number + 1 < job.trials else budget.step(study.get_trials(deepcopy=False), job.trials)
            show()
            if step == "done":
                return True
            if limit <= 0:
                return False
            if step == "go":
                number = _run_one(study, job, stopped)
                limit -= 1
            else:
                _care(study, job)
                time.sleep(_POLL)
    return False


def queue_again(study, trials, asked):
    """Queue again the trials that died without anybody to do it: those that Ctrl-C stopped, for one."""
    for trial in budget.orphans(trials, asked):
        budget.Retry()(study, trial)


@contextmanager
def quiet():
    """Keep Optuna's log and its notes on experimental features from the user: what matters is told in our words."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)


def _care(study, job):
    """While others run the last trials: fail those that died, so that they are queued again."""
    fail_stale_trials(study)
    trials = study.get_trials(deepcopy=False)
    if budget.step(trials, job.trials) == "wait":
        queue_again(study, trials, job.trials)


def _run_one(study, job, stopped):
    """Run one trial and return its number."""
    seen, interrupted = [], []

    def objective(trial):
        seen.append(trial.number)
        try:
            return _evaluate(trial, job, stopped, heard)
        except KeyboardInterrupt as ctrl_c:
            interrupted.append(ctrl_c)
            raise

    try:
        with _ctrl_c_waits() as heard:
            _optimize(study, objective)
    except (UpdateFinishedTrialError, ValueError):
        # This process slept for so long that others took its trial for dead: it is theirs now.
        if not (seen and study.get_trials(deepcopy=False)[seen[0]].state.is_finished()):
            raise
        if interrupted:
            raise interrupted[0] from None
    return seen[0]


def _optimize(study, objective):
    """Run one trial; what goes wrong while Optuna closes it, an assertion or a missing variable of its own hides."""
    hidden = None
    try:
        study.optimize(objective, n_trials=1, catch=(_Discarded,))
    except (AssertionError, UnboundLocalError) as error:
        hidden = error.__context__ or error
    if hidden is not None:
        raise hidden


@contextmanager
def _ctrl_c_waits():
    """Hold Ctrl-C back, for Optuna leaves a trial open if it comes while it makes or closes it.

    What it yields makes a context in which Ctrl-C is heard.
    """
    if threading.current_thread() is not threading.main_thread():  # only there Python hears signals
        yield nullcontext
        return
    held = []

    def hold(*told):
        held.append(told)

    def let_go():
        signal.signal(signal.SIGINT, before)
        if held and callable(before):
            before(*held.pop())

    @contextmanager
    def heard():
        try:
            let_go()
            yield
        finally:
            signal.signal(signal.SIGINT, hold)

    before = signal.signal(signal.SIGINT, hold)
    try:
        yield heard
    finally:
        let_go()


def _evaluate(trial, job, stopped, heard):
    if trial.number >= job.trials or budget.slot(trial) != trial.number:
        trials = trial.study.get_trials(deepcopy=False)
        if not budget.is_owed(trial, trials, job.trials):
            trial.set_user_attr(budget.SURPLUS, True)
            raise _Discarded

    reported = set()

    def report(epoch, value):
        epoch = count("época", epoch, 0)
        if epoch in reported:  # Optuna would keep the first value
            raise CourseError(f"informó dos veces de la época {epoch}. Da una distinta en cada report(época, valor).")
        reported.add(epoch)
        _expect_number(value, f"en la época {epoch} informó")
        trial.report(float(value), epoch)
        if stopped():
            raise KeyboardInterrupt
        if trial.should_prune():
            raise optuna.TrialPruned

    try:
        params = space.suggest(trial, job.space)
        with heard():
            value = job.problem.evaluate(params, strategy.seed_of(job.seed, budget.slot(trial)), report)
        _expect_number(value, "devolvió")
        return float(value)
    except (optuna.TrialPruned, UpdateFinishedTrialError, StorageInternalError):
        raise
    except KeyboardInterrupt:
        with suppress(UpdateFinishedTrialError):  # others took it for dead
            trial.set_user_attr(budget.STOPPED, True)
        raise
    except (Exception, SystemExit) as error:  # whatever a student's function can raise: the search tells it at its end
        text = str(error) if isinstance(error, CourseError) else f"{type(error).__name__}: {error}".removesuffix(": ")
        trial.set_user_attr(budget.ERROR, text[:500])
        raise _Discarded from error


def _expect_number(value, what):
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise CourseError(f"{what} {value!r}, que no es un número.") from None
    if not math.isfinite(number):
        raise CourseError(f"{what} {number}, que no es un número. ¿Es demasiado alta la tasa de aprendizaje?")
