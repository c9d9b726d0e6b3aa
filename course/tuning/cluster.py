"""A search over a Dask cluster (extra ``[cluster]``).

The trials are kept in a database that outlives the scheduler, and each task is just "run one more trial of that
search": so a worker or a scheduler that is killed takes nothing with it but the trials it was running, and those are
repeated. (`optuna-integration` has a storage that lives in the scheduler; it dies with it.) Workers that join later
get trials too.
"""

import logging
import time
import uuid
from contextlib import contextmanager

from course.errors import CourseError
from course.tuning import storage
from course.tuning import study as studies
from course.tuning.loop import work

_POLL = 0.3  # seconds
_CHECK = 2  # seconds between looks at whether the search was stopped
_STOPPED = "detenidas"  # the study's attribute that lists the commands that were stopped


def run(study, job, client, show):
    """Search on the cluster; return whether it is over, False if the scheduler is gone.

    Raises
    ------
    CourseError
        If the storage is a file, a worker has another version, or cannot go on.
    """
    from distributed import CancelledError, wait
    from distributed.comm import CommClosedError

    command, tasks = uuid.uuid4().hex, set()
    with _quiet():  # a scheduler that is gone is told in our words
        try:
            _expect_same_version(client, job)
            while client.status == "running":
                show()
                wanted = _workers(client) - len(tasks)
                tasks |= {client.submit(one_more, job, command, pure=False) for _ in range(wanted)}
                done = _finished(wait, tasks)
                tasks -= done
                if any(_over(task) for task in done):
                    return True
        except KeyboardInterrupt:
            study.set_user_attr(_STOPPED, [*study.user_attrs.get(_STOPPED, []), command])
            raise
        except (CommClosedError, CancelledError):
            pass
        client.close(timeout=1)  # or it would go on looking for its scheduler
    return False


@contextmanager
def _quiet():
    """Keep Dask's log from the user; its client has a level of its own."""
    logs = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)


def one_more(job, command):
    """Run one trial, in a worker; return whether the search is over."""
    study, looked = studies.join(job), [0.0, False]

    def stopped():
        if time.monotonic() - looked[0] > _CHECK:
            looked[:] = time.monotonic(), command in study.user_attrs.get(_STOPPED, [])
        return looked[1]

    try:
        with storage.told(job.place):
            return work(study, job, stopped, limit=1)
    except KeyboardInterrupt:
        return False


def version(problem):
    """Return the version of a problem's code, as this process has it."""
    return problem.version


def _workers(client):
    return len(client.scheduler_info(n_workers=-1)["workers"])


def _finished(wait, tasks):
    if not tasks:
        time.sleep(_POLL)  # until a worker comes
        return tasks
    try:
        return wait(tasks, timeout=_POLL, return_when="FIRST_COMPLETED").done
    except TimeoutError:
        return set()


def _over(task):
    """Return what a task answered; one whose worker died has no answer, and its trial is repeated anyway."""
    from distributed.scheduler import KilledWorker

    if task.status == "finished":
        return task.result()
    error = task.exception() if task.status == "error" else None
    if error is None or isinstance(error, KilledWorker):
        return False
    if isinstance(error, CourseError):
        raise error
    raise CourseError(
        f"Un trabajador del clúster no pudo seguir: {error!r}. Repite la orden: la búsqueda seguirá donde quedó."
    )


def _expect_same_version(client, job):
    if not storage.is_address(job.place):
        raise CourseError(
            "Para buscar en un clúster hace falta una base de datos que alcancen todos sus equipos. Da su dirección "
            "con --storage postgresql://…"
        )
    if set(client.run(version, job.problem).values()) - {job.problem.version}:
        raise CourseError(
            "Los trabajadores del clúster tienen otra versión del curso, o leen otros datos. Instala la misma en "
            "todos, con los mismos datos."
        )
