"""A study and what it is about: made once, opened by every process that takes part, never mixed with another one."""

import time
import warnings
from contextlib import suppress

import optuna
from optuna.exceptions import DuplicatedStudyError, ExperimentalWarning

from course.errors import CourseError
from course.tuning import storage

_DEFINITION = "búsqueda"  # the study's attribute that says what it is about
_PATIENCE = 5  # seconds that the maker of a study has to write it down
_joined = {}


def start(job):
    """Return the study of a job: a new one, or the one that is there already, if it is about the very same.

    Raises
    ------
    CourseError
        If the storage cannot be used, or another search has this name.
    """
    with storage.told(job.place):
        place = _place(job)
        if place is None or job.name not in optuna.get_all_study_names(place):
            job.problem.check(job.space)
            with suppress(DuplicatedStudyError):  # another process was faster, perhaps with another search
                return _create(job, place)
        study = optuna.load_study(storage=place, study_name=job.name, **job.strategy(place))
        if _is_abandoned(study):
            with suppress(KeyError):  # another process did it
                optuna.delete_study(storage=place, study_name=job.name)
            return start(job)
        _expect_same(study, job)
    return study


def _create(job, place):
    names = {"storage": place, "study_name": job.name, "direction": job.problem.direction}
    study = optuna.create_study(**names, **job.strategy(place))
    study.set_user_attr(_DEFINITION, job.definition())
    return study


def _is_abandoned(study):
    """Whether a study's maker died before it had written down what it is about."""
    deadline = time.monotonic() + _PATIENCE
    while _DEFINITION not in study.user_attrs and not study.get_trials(deepcopy=False):
        if time.monotonic() > deadline:
            return True
        time.sleep(0.1)
    return False


def join(job):
    """Return the study of a job that another process started; in one process, the same object each time."""
    key = (job.name, str(job.place))
    with storage.told(job.place):
        if key not in _joined:
            _joined.clear()
            place = _place(job)
            _joined[key] = optuna.load_study(storage=place, study_name=job.name, **job.strategy(place))
        _expect_same(_joined[key], job)
    return _joined[key]


def load(place, name):
    """Return a study that exists, to look at it.

    Raises
    ------
    CourseError
        If there is none of that name, or no such storage.
    """
    with storage.told(place):
        kept = storage.look(place)
        names = optuna.get_all_study_names(kept)
        if name not in names:
            kept.database.engine.dispose()  # who waits for it to appear leaves no connection open each time
            there = f"Las que hay: {', '.join(names)}." if names else "No hay ninguna."
            raise CourseError(f"En {storage.shown(place)} no hay ninguna búsqueda {name!r}. {there}")
        return optuna.load_study(storage=kept, study_name=name)


def definition(study):
    """Return what a study is about, as it was written down when it began."""
    return study.user_attrs[_DEFINITION]


def _place(job):
    if job.place is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return storage.connect(job.place, job.grace)


def _expect_same(study, job):
    theirs, ours = study.user_attrs.get(_DEFINITION, {}), job.definition()
    if theirs == ours:
        return
    different = [key for key in ours if theirs.get(key) != ours[key]]
    detail = ""
    if different == ["versión"]:
        detail = (
            f" La hizo otra versión del curso o de Keras, con otros datos o con otra paciencia ({theirs['versión']}; "
            f"ahora, {ours['versión']})."
        )
    raise CourseError(
        f"En {storage.shown(job.place)} ya hay otra búsqueda con el nombre {job.name!r}: no coincide en "
        f"{', '.join(different)}.{detail} Sus intentos quedan como están: da otro nombre a esta, con name=… o --name."
    )
