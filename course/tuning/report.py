"""`course tune`: a search from the command line, told in a few lines."""

import json
import shlex
from contextlib import nullcontext

from course.errors import CourseError
from course.paths import atomic_write
from course.tuning import budget, outcome, problems, storage
from course.tuning.engine import search

_PLURAL = {"completo": "completos", "podado": "podados", "falló": "fallaron", "se cortó": "se cortaron"}


def tune(options):
    """Search as the options of `course tune` say, tell what was found, and return the exit status."""
    if options.problem is None:
        raise CourseError(f"¿Qué problema busco? Los que hay: {', '.join(problems.known())}.")
    problem = problems.find(options.problem)
    with _client(options.cluster) as client:
        study = search(
            problem,
            trials=options.trials,
            name=options.name,
            storage=options.storage,
            sampler=options.sampler,
            pruner=options.pruner,
            seed=options.seed,
            workers=options.workers,
            client=client,
            grace=options.grace,
        )
    with storage.told(options.storage):
        done = budget.closed(study.get_trials(deepcopy=False), options.trials)
        if done < options.trials:
            print(f"Interrumpido: {done} de {options.trials} intentos hechos. La misma orden sigue donde quedó.")
            return 130
        _tell(study)
        if options.test:
            _tell_test(outcome.test_once(study, problem))
        if options.summary:
            _write(options, study)
    return 0


def _write(options, study):
    """Leave the summary, with the order that makes the same search."""
    chosen = ("trials", "sampler", "pruner", "seed", *(["name"] if options.name else []))
    words = [word for name in chosen for word in (f"--{name}", str(getattr(options, name)))]
    facts = {"orden": shlex.join(["course", "tune", options.problem, *words]), **outcome.summary(study)}
    try:
        with atomic_write(options.summary, "w") as stream:
            json.dump(facts, stream, ensure_ascii=False, indent=2)
            stream.write("\n")
    except OSError as error:
        raise CourseError(f"No se pudo escribir el resumen {options.summary}: {error}.") from error


def _client(address):
    if address is None:
        return nullcontext()
    from course.grading.cluster import connect

    return connect(address)


def _tell(study):
    trials, found = outcome.table(study), outcome.best(study)
    states = trials["estado"].value_counts()
    counts = ", ".join(
        f"{count} {_PLURAL.get(state, state) if count > 1 else state}" for state, count in states.items()
    )
    print(f"✔ {study.study_name}: {counts}.")
    deadly = budget.deadly(study.get_trials(deepcopy=False), len(trials))
    if deadly:
        print(
            f"  {budget.DEATHS} procesos se cerraron con el intento {deadly[-1]}, y no se repite más. ¿No le alcanza "
            "la memoria?"
        )
    errors = trials["error"].dropna()
    if len(errors):
        print(f"  El intento {errors.index[-1]} falló así: {errors.iloc[-1]}")
    values = ", ".join(f"{name}={_short(value)}" for name, value in found.params.items())
    print(f"  El mejor es el {found.number}, con {_short(found.value)} en validación: {values}.")


def _tell_test(kept):
    scores = ", ".join(f"{name} {value:.4f}" for name, value in kept["prueba"].items())
    print(f"  En prueba, una sola vez (intento {kept['intento']}): {scores}.")


def _short(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)
