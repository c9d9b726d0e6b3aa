"""The same grading over a Dask cluster, for thousands of students (extra ``[cluster]``)."""

from concurrent.futures import CancelledError
from itertools import islice

from course.errors import CourseError
from course.grading.store import version

_AHEAD = 3


def connect(address):
    """Return a client of the cluster whose scheduler has that address, like ``tcp://10.0.0.1:8786``.

    Raises
    ------
    CourseError
        If Dask is not installed, or nobody answers there.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise CourseError('Para usar un clúster falta Dask. Instálalo con: pip install -e ".[cluster]"') from error
    try:
        return Client(address, timeout=20)
    except (OSError, ValueError) as error:
        raise CourseError(f"Nadie responde en {address}. Revisa que ahí corra el planificador de Dask.") from error


def results(client, evaluate, jobs, task):
    """Evaluate on the cluster, and yield each job with its result, in the order in which they end.

    Only a few submissions per core are under way at a time, so memory is flat. A worker that dies loses nothing: the
    scheduler gives what it had to another one, and each job's result comes once.

    Parameters
    ----------
    client : distributed.Client
    evaluate : callable
        `course.grading.evaluate`.
    jobs : iterable of tuples
        Each starts with what was received and the student's id.
    task : course.labels.Labels

    Raises
    ------
    CourseError
        If a worker has another version of the grader, a submission could not be evaluated, or the cluster is gone.
    """
    try:
        yield from _results(client, evaluate, jobs, task)
    except (OSError, RuntimeError, CancelledError) as error:  # of lost connections: the disk is not full
        raise CourseError(
            "Se perdió la conexión con el clúster. Revisa que su planificador siga en marcha y repite la orden: "
            "seguirá donde quedó."
        ) from error


def _results(client, evaluate, jobs, task):
    from distributed import as_completed

    if set(client.run(version).values()) - {version()}:
        raise CourseError("Los trabajadores del clúster tienen otra versión del curso. Instala la misma en todos.")
    shared = client.submit(_itself, task, pure=False)  # a result, not scattered data: if its worker dies, it is remade
    jobs, under_way, answers = iter(jobs), {}, as_completed()

    def send(count):
        for job in islice(jobs, count):
            answer = client.submit(evaluate, *job[:2], shared, pure=False)
            under_way[answer.key] = job
            answers.add(answer)

    send(_AHEAD * max(sum(client.ncores().values()), 1))
    for answer in answers:
        job = under_way.pop(answer.key)
        yield job, _gathered(answer, job[1])
        send(1)


def _gathered(answer, student):
    """Return an answer, even if the worker that had it has died since: then this waits until another one makes it."""
    from distributed.comm import CommClosedError

    try:
        return answer.result()
    except (CancelledError, CommClosedError):  # the scheduler is gone, and it is no fault of this submission
        raise
    except Exception as error:  # whatever can go wrong on another machine
        raise CourseError(
            f"El clúster no pudo calificar la entrega de {student}: {error!r}. Repite la orden: seguirá donde quedó."
        ) from error


def _itself(value):
    return value
