"""What a search found: its trials as a table, what mattered, the best network again, and its score, once."""

import warnings
from contextlib import suppress

from optuna.exceptions import ExperimentalWarning
from optuna.importance import FanovaImportanceEvaluator, get_param_importances

from course.errors import CourseError
from course.tuning import budget, problems, space, strategy
from course.tuning import study as studies
from course.tuning.progress import best_of

_TEST = "prueba"  # the study's attribute that keeps the scores of the test split
_STATES = {"COMPLETE": "completo", "PRUNED": "podado", "FAIL": "falló", "RUNNING": "en curso", "WAITING": "en espera"}


def table(study):
    """Return a study's trials as a table.

    Parameters
    ----------
    study : optuna.Study

    Returns
    -------
    pandas.DataFrame
        One row per trial (index ``intento``): ``estado``, ``valor``, ``épocas`` reported, ``segundos``, what it
        ``repite`` (the number of a trial whose process died), the ``error`` of one that failed, and its
        hyperparameters.
    """
    import pandas as pd

    rows = [_row(trial) for trial in study.get_trials(deepcopy=False) if budget.SURPLUS not in trial.user_attrs]
    return pd.DataFrame(rows).set_index("intento") if rows else pd.DataFrame()


def curves(study):
    """Return what the trials reported on the way.

    Returns
    -------
    pandas.DataFrame
        One row per report: ``intento``, ``época``, ``valor``, and the trial's ``estado``.
    """
    import pandas as pd

    rows = [
        (trial.number, step, value, _state(trial))
        for trial in study.get_trials(deepcopy=False)
        for step, value in sorted(trial.intermediate_values.items())
    ]
    return pd.DataFrame(rows, columns=["intento", "época", "valor", "estado"])


def best(study):
    """Return the best complete trial (`optuna.trial.FrozenTrial`).

    Raises
    ------
    CourseError
        If no trial is complete.
    """
    found = best_of(study, study.get_trials(deepcopy=False))
    if found is None:
        raise CourseError(f"La búsqueda {study.study_name!r} no tiene todavía ningún intento completo.")
    return found


def importance(study):
    """Return how much of the variation of the value each hyperparameter explains.

    Functional ANOVA (Hutter et al., 2014), by Optuna.

    Returns
    -------
    dict
        Hyperparameter → share, from the most to the least important; the shares add up to 1.

    Raises
    ------
    CourseError
        If there are fewer than two complete trials with different values, or they all tried the same.
    """
    complete = [trial for trial in study.get_trials(deepcopy=False) if trial.state.name == "COMPLETE"]
    if len({trial.value for trial in complete}) < 2:
        raise CourseError("Para saber qué importa hacen falta al menos dos intentos completos con valores distintos.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        try:
            shares = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))
        except RuntimeError as error:  # no variance that a hyperparameter could explain
            raise CourseError(
                "No se puede saber qué importa: los intentos completos no difieren en sus hiperparámetros."
            ) from error
    return {name: float(share) for name, share in shares.items()}


def retrain(study, problem, number=None):
    """Train the network of a trial again, from its number alone: the same hyperparameters and the same seed.

    Parameters
    ----------
    study : optuna.Study
    problem : str or Network
        The one that was searched.
    number : int, optional
        The trial's; the best one's by default.

    Returns
    -------
    tuple
        The `keras.Sequential` and the history of `course.training.fit`, whose best epoch has the trial's value.

    Raises
    ------
    CourseError
        If the problem is another one or no network, there is no such trial, or it never got its hyperparameters.
    """
    problem, trials = _searched(study, problem), study.get_trials(deepcopy=False)
    if number is not None and not 0 <= number < len(trials):
        raise CourseError(f"No hay un intento {number} en {study.study_name!r}: van del 0 al {len(trials) - 1}.")
    trial = best(study) if number is None else trials[number]
    if not trial.params:
        raise CourseError(f"El intento {number} de {study.study_name!r} se cortó antes de tener hiperparámetros.")
    seed = strategy.seed_of(studies.definition(study)["semilla"], budget.slot(trial))
    return problem.train(trial.params, seed)


def test_once(study, problem):
    """Train the best network again and score it on the test split: once per study, however often this is called.

    The first scores are kept in the study, and later calls return them even if the search went on meanwhile: to
    choose again after having seen the test split would be to choose with it.

    Returns
    -------
    dict
        ``intento`` (the trial's number), ``validación`` (its value), and ``prueba`` (a dict of scores by name).
    """
    if _TEST not in study.user_attrs:
        problem, trial = _searched(study, problem), best(study)
        model, _ = retrain(study, problem, trial.number)
        found = {"intento": trial.number, "validación": trial.value, "prueba": problem.measure(model)}
        if _TEST not in study.user_attrs:  # another process may have begun it too, and have been faster
            study.set_user_attr(_TEST, found)
    return study.user_attrs[_TEST]


test_once.__test__ = False  # for pytest, which takes its name for a test's


def summary(study):
    """Return what a search was and what it found, as plain data for a JSON file; the importance where it is known."""
    trials, found, about = table(study), best(study), studies.definition(study)
    facts = {
        "búsqueda": study.study_name,
        **about,
        "espacio": {name: space.in_words(kind) for name, kind in about["espacio"].items()},
        "intentos": {state: int(count) for state, count in trials["estado"].value_counts().items()},
        "minutos de cálculo": round(float(trials["segundos"].sum()) / 60, 1),
        "mejor intento": found.number,
        "mejor época": _best_epoch(found),
        "valor en validación": found.value,
        "hiperparámetros": found.params,
    }
    with suppress(CourseError):  # too few trials to tell
        facts["importancia"] = {name: round(share, 3) for name, share in importance(study).items()}
    return facts | ({_TEST: study.user_attrs[_TEST]} if _TEST in study.user_attrs else {})


def _searched(study, problem):
    """Return the network that a study searched: another one's scores would be kept as its own."""
    found, about = problems.find(problem), studies.definition(study)["problema"]
    if found.name != about:
        raise CourseError(f"La búsqueda {study.study_name!r} es del problema {about!r}, no de {found.name!r}.")
    if not hasattr(found, "train"):
        raise CourseError(
            f"{about!r} es una función, no una red que se pueda volver a entrenar: llámala con los hiperparámetros de "
            "tuning.best(…).params."
        )
    return found


def _best_epoch(trial):
    """Return the epoch whose report is the trial's value; None if it reported none."""
    return next((epoch for epoch, value in sorted(trial.intermediate_values.items()) if value == trial.value), None)


def _row(trial):
    ended = trial.datetime_complete and trial.datetime_start and not budget.dead(trial)  # that one lay there
    row = {
        "intento": trial.number,
        "estado": _state(trial),
        "valor": trial.value,
        "épocas": len(trial.intermediate_values),
        "segundos": (trial.datetime_complete - trial.datetime_start).total_seconds() if ended else None,
        "repite": trial.user_attrs.get(budget.REPEATS),
        "error": trial.user_attrs.get(budget.ERROR),
    }
    return {**row, **trial.params, **row}  # a hyperparameter of the same name takes no column from these


def _state(trial):
    return "se cortó" if budget.dead(trial) else _STATES[trial.state.name]
