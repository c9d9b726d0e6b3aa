"""Grading what was handed in: read, measure and keep each submission, then write grades and feedback.

Nothing of a submission is run or rendered. What was graded stays in ``calificaciones.sqlite``, so that an interrupted
run goes on where it stopped, and a second one only grades what is new.
"""

from pathlib import Path
from typing import NamedTuple

from course import labels as answers
from course import submissions
from course.errors import CourseError
from course.grading import cluster, inbox, scores
from course.grading.policy import Policy, check, standings
from course.grading.store import Attempt, open_store

_STORE = "calificaciones.sqlite"


class Summary(NamedTuple):
    """What a run did: submissions graded now, those graded before, students, students without a valid one, and strays.

    ``strays`` lists the files that are nobody's submission; ``stale``, whose feedback an earlier run left that is no
    longer a student; ``pages`` is the folder with the outputs.
    """

    graded: int
    known: int
    students: int
    rejected: int
    strays: list
    stale: list
    pages: Path


def grade(entries, labels, out, policy=None, roster=None, store=None, client=None):
    """Grade a folder of submissions and write grades, feedback, leaderboard and statistics.

    Parameters
    ----------
    entries : path-like
        The folder with ``<id>.zip``, ``<id>.csv`` or folders ``<id>/``; the time of a file is when it was handed in.
    labels : path-like
        The teacher's folder that `course.challenge.build` wrote.
    out : path-like
        Where the outputs go.
    policy : course.grading.policy.Policy, optional
    roster : path-like, optional
        The class list, a CSV with the columns ``id,nombre,apellidos,correo``.
    store : path-like or str, optional
        Where attempts are kept: a file, or ``postgresql://…``; by default ``calificaciones.sqlite`` in `out`.
    client : distributed.Client, optional
        The Dask cluster that evaluates; by default this process does.

    Returns
    -------
    Summary

    Raises
    ------
    CourseError
        If a folder, the labels, the class list or the penalty cannot be used, or is among the submissions, or the
        outputs cannot be written.
    """
    from course.grading import gradebook, pages

    policy, out = policy or Policy(), Path(out)
    check(policy)
    if out.exists() and not out.is_dir():
        raise CourseError(f"{out} no es una carpeta, y ahí van las notas. Indica otra con --out.")
    _check_places(Path(entries).resolve(), [labels, out, *([] if roster is None else [roster])])
    task = answers.load(labels)
    people = gradebook.read_roster(roster) if roster is not None else {}
    found, strays = inbox.find(entries)
    store = open_store(store or out / _STORE, task.digest)
    try:
        graded = _grade_new(_new(found, entries, store), task, store, client)
        site = pages.Writer(out, task.config, policy)
        with gradebook.Writer(out, people, policy) as book:
            attempts = store.attempts(last=policy.attempts == "last")
            for standing in standings(attempts, task.config, policy):
                book.add(standing)
                site.add(standing)
            site.finish(strays, {student for student, _ in found}, *book.finish())
    except OSError as error:
        raise CourseError(f"No se pudo escribir en {out}: {error}. Libera espacio y repite la misma orden.") from error
    finally:
        store.close()
    return Summary(graded, len(found) - graded, site.students, site.rejected, strays, site.stale(), out)


def evaluate(received, student, task):
    """Check and measure one submission.

    Parameters
    ----------
    received : course.submissions.Received
    student : str
    task : course.labels.Labels

    Returns
    -------
    dict
        As in `course.grading.store.Attempt.result`; the same bytes always give the same.
    """
    submission = submissions.check(received, student, task.ids)
    measures = None if submission.problems else scores.measure(submission.probabilities, task)
    return {"problems": submission.problems, "notebook": submission.notebook, "measures": measures}


def _check_places(entries, places):
    """Refuse the teacher's own files among the submissions, where they would be taken for some student's."""
    for place in map(Path, places):
        if entries in (place.resolve(), *place.resolve().parents):
            raise CourseError(
                f"{place} está en la carpeta de entregas ({entries}), y se tomaría por la entrega de un estudiante. "
                "Usa una carpeta aparte; para las notas, con --out."
            )


def _new(found, entries, store):
    """Yield what is received, student and file of each submission that is not in the store, one at a time."""
    for student, path in _with_progress(found):
        received, file = submissions.receive(path), inbox.shown(path, entries)
        if not store.seen(student, received.sha256, received.modified, file):
            yield received, student, file


def _grade_new(jobs, task, store, client):
    """Evaluate each job, here or on a cluster, and keep its result; return how many there were."""
    results = ((job, evaluate(*job[:2], task)) for job in jobs)
    if client is not None:
        results = cluster.results(client, evaluate, jobs, task)
    graded = 0
    for (received, student, file), result in results:
        store.add(Attempt(student, received.sha256, received.modified, file, result))
        graded += 1
    return graded


def _with_progress(found):
    from tqdm import tqdm

    return tqdm(found, desc="Calificando", unit=" entregas", disable=None, ascii=" =")
