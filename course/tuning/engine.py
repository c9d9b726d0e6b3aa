"""The search itself: from its arguments to a study with all the trials that were asked for."""

from course.environment import check_seed
from course.errors import CourseError
from course.tuning import budget, cluster, local, loop, problems, strategy
from course.tuning import progress as lines
from course.tuning import space as spaces
from course.tuning import storage as storages
from course.tuning import study as studies
from course.validation import count

_LONGEST_NAME = 512  # characters of a database's column


def search(
    problem,
    space=None,
    trials=40,
    *,
    name=None,
    storage=None,
    sampler="tpe",
    pruner="median",
    seed=0,
    workers=1,
    client=None,
    grace=storages.GRACE,
    progress=True,
):
    """Search the hyperparameters of a problem.

    The same call again goes on where it was left: after Ctrl-C, after a crash, or to reach a larger number of trials.
    Processes and machines that make it with the same storage share its trials.

    Parameters
    ----------
    problem : str or Problem or Network
        One of `course.tuning.problems.known`, or your own.
    space : dict, optional
        Hyperparameter → values, as in `course.tuning.space`; the problem's own by default.
    trials : int
        How many to run in total. Those cut short, and those that fail by themselves, count too.
    name : str, optional
        Of the search, within its storage; the problem's by default.
    storage : path-like or str, optional
        Where the trials are kept: a file, or a database's address (``postgresql://…``). Only in memory by default.
    sampler : {"tpe", "random", "grid"}
        How the next trial is chosen.
    pruner : {"median", "hyperband", "none"}
        How a bad trial is cut short.
    seed : int
        0 to 2³² - 1. With the trial's number, it decides what the trial tries and how it is trained.
    workers : int
        Processes of this machine. With several, what TPE tries depends also on which trial ends first.
    client : distributed.Client, optional
        Of a Dask cluster, whose workers then run the trials.
    grace : int
        Seconds without a sign of life after which a trial is taken for dead, and repeated.
    progress : bool
        Show the line of progress.

    Returns
    -------
    optuna.Study
        Ctrl-C ends the search cleanly: the study then has what was done until there.

    Raises
    ------
    CourseError
        If an argument is wrong, the storage cannot be used or has another search of this name, or no trial ended well.
    """
    job = _job(problem, space, name, storage, trials=trials, sampler=sampler, pruner=pruner, seed=seed, grace=grace)
    _expect_processes(workers, client, storage)
    with loop.quiet(), storages.told(storage):
        study = studies.start(job)
        loop.queue_again(study, study.get_trials(deepcopy=False), trials)
        line = lines.Line(study, trials, progress)
        try:
            over = _run(study, job, workers, client, line)
        except KeyboardInterrupt:
            over = False
        finally:
            line.close()
        if over:
            _expect_one_good(study, job)
    return study


def _run(study, job, workers, client, line):
    """Run the trials where they are to be run; return whether the search is over."""
    if workers > 1:
        return local.run(study, job, workers, line)
    if client is not None:
        if cluster.run(study, job, client, line):
            return True
        print("El planificador de Dask ya no responde: la búsqueda sigue en este equipo.", flush=True)
    return loop.work(study, job, show=line)


def _job(problem, space, name, storage, **options):
    """Return the arguments as a job, once they are found to be good."""
    problem = problems.find(problem)
    check_seed(options["seed"])
    options["seed"] = int(options["seed"])  # as `count` does: NumPy's cannot be written down
    for what, least in {"trials": 1, "grace": 2}.items():
        options[what] = count(what, options[what], least)
    kinds = spaces.distributions(problem.space if space is None else space, problem.known)
    trials = options["trials"]
    if options["sampler"] == "grid" and trials > (size := strategy.grid_size(kinds)):
        raise CourseError(f"La rejilla tiene {size} combinaciones y pediste {trials} intentos. Pide {size} o menos.")
    name = problem.name if name is None else str(name)
    if len(name) > _LONGEST_NAME:
        raise CourseError(
            f"El nombre de la búsqueda tiene {len(name)} caracteres, y caben {_LONGEST_NAME}. "
            "Da uno más corto, con name=… o --name."
        )
    job = loop.Job(name, storage, problem, kinds, **options)
    job.strategy()  # unknown names are told now
    return job


def _expect_processes(workers, client, storage):
    count("workers", workers)
    if workers > 1 and client is not None:
        raise CourseError("Elige entre varios procesos de este equipo (workers) y un clúster (cluster), no los dos.")
    if (workers > 1 or client is not None) and storage is None:
        raise CourseError("Varios procesos comparten sus intentos por un archivo o una base de datos: da storage=….")


def _expect_one_good(study, job):
    trials = study.get_trials(deepcopy=False)
    if lines.best_of(study, trials) is None:
        errors = [trial.user_attrs[budget.ERROR] for trial in trials if budget.ERROR in trial.user_attrs]
        last = f" El último falló así: {errors[-1]}" if errors else ""  # at the end: it may lack its full stop
        raise CourseError(
            f"Ninguno de los {job.trials} intentos de la búsqueda {job.name!r} terminó bien. "
            f"Revisa el espacio, o la función, y empieza con otro nombre (name=… o --name).{last}"
        )
