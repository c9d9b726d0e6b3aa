"""A study and what it is about: made once, opened by every process that takes part, never mixed with another one."""

import warnings

import optuna
from optuna.exceptions import ExperimentalWarning

from course.errors import CourseError
from course.tuning import storage

_DEFINITION = "búsqueda"  # the study's attribute that says what it is about
_joined = {}


def start(job):
    """Return the study of a job: a new one, or the one that is there already, if it is about the very same.

    Raises
    ------
    CourseError
        If the storage cannot be used, or another search has this name.
    """
    with storage.told(job.place):
        study = optuna.create_study(
            storage=_place(job),
            study_name=job.name,
            direction=job.problem.direction,
            load_if_exists=True,
            **job.strategy(),
        )
        if _DEFINITION not in study.user_attrs:
            job.problem.check(job.space)
            study.set_user_attr(_DEFINITION, job.definition())
        _expect_same(study, job)
    return study


def join(job):
    """Return the study of a job that another process started; in one process, the same object each time."""
    key = (job.name, str(job.place))
    with storage.told(job.place):
        if key not in _joined:
            _joined.clear()
            _joined[key] = optuna.load_study(storage=_place(job), study_name=job.name, **job.strategy())
        _expect_same(_joined[key], job)
    return _joined[key]


def load(place, name):
    """Return a study that exists, to look at it.

    Raises
    ------
    CourseError
        If there is none of that name.
    """
    with storage.told(place):
        kept = storage.connect(place)
        names = optuna.get_all_study_names(kept)
        if name not in names:
            kept.engine.dispose()  # who waits for it to appear leaves no connection open each time
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
    theirs, ours = definition(study), job.definition()
    if theirs == ours:
        return
    different = [key for key in ours if theirs.get(key) != ours[key]]
    detail = ""
    if different == ["versión"]:
        detail = f" La hizo otra versión del curso o de Keras ({theirs['versión']}; ahora, {ours['versión']})."
    raise CourseError(
        f"En {storage.shown(job.place)} ya hay otra búsqueda con el nombre {job.name!r}: no coincide en "
        f"{', '.join(different)}.{detail} Sus intentos quedan como están: da otro nombre a esta, con name=… o --name."
    )
