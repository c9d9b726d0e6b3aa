"""What has been graded, in SQLite: one row per attempt, one transaction per row, so that nothing is lost or doubled."""

import functools
import hashlib
import json
import sqlite3
import time
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from course.errors import CourseError

SCHEMA = (
    """
CREATE TABLE IF NOT EXISTS attempts (
    student TEXT, sha256 TEXT, labels TEXT, grader TEXT, received DOUBLE PRECISION, file TEXT, result TEXT,
    PRIMARY KEY (student, sha256, labels, grader)
)
""",
    """
CREATE TABLE IF NOT EXISTS latest (
    student TEXT, sha256 TEXT, labels TEXT, grader TEXT, received DOUBLE PRECISION, file TEXT,
    PRIMARY KEY (student, sha256, labels, grader)
)
""",
)
"""The tables, in the SQL that SQLite and PostgreSQL share: attempts as first seen, and those seen again as last seen.

A store from before there was the second one gets it when it is opened.
"""

# The same content handed in twice is one attempt with two times, the same in whatever order they are seen.
_ADD = """
INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (student, sha256, labels, grader) DO NOTHING
"""
_EARLIER = """
UPDATE attempts SET received = ?, file = ?
WHERE (student, sha256, labels, grader) = (?, ?, ?, ?) AND (received, file) > (?, ?)
"""
_LATER = """
INSERT INTO latest VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (student, sha256, labels, grader) DO UPDATE
SET received = excluded.received, file = excluded.file
WHERE (excluded.received, excluded.file) > (latest.received, latest.file)
"""
_FIRST = "attempts.received, attempts.file"
_LAST = "COALESCE(latest.received, attempts.received), COALESCE(latest.file, attempts.file)"
_TIMES = f"""
SELECT {_FIRST}, {_LAST} FROM attempts LEFT JOIN latest USING (student, sha256, labels, grader)
WHERE (student, sha256, labels, grader) = (?, ?, ?, ?)
"""
_WAIT = 60


class Attempt(NamedTuple):
    """A graded submission: student, SHA-256, time received (seconds since 1970), file, and the result.

    Content that was handed in twice has the first time and file, or the last; see `Store.attempts`.
    ``result`` holds ``problems`` (list of str), ``notebook`` (dict or None) and ``measures``, what
    `course.grading.scores.measure` returns, or None where there are problems.
    """

    student: str
    sha256: str
    received: float
    file: str
    result: dict


class Store:
    """The attempts graded with one set of labels by this version of the grader.

    Parameters
    ----------
    place : path-like
        The SQLite file; it is made if there is none. Several graders may use it at a time.
    labels : str
        The labels' digest.
    """

    _errors = sqlite3.Error

    def __init__(self, place, labels):
        self._key, self._place = (labels, version()), place
        self._open()

    @property
    def name(self):
        """Which store this is, for messages."""
        return str(self._place)

    def seen(self, student, sha256, received, file):
        """Tell whether an attempt is graded already; if so, note where and when it was seen now."""
        return self._note((student, sha256, *self._key), (received, file))

    def add(self, attempt):
        """Keep an attempt, in a transaction of its own."""
        student, sha256, received, file, result = attempt
        row, text = (student, sha256, *self._key), json.dumps(result, ensure_ascii=False)
        with self._told():
            added = self._run(_ADD, (*row, received, file, text)).rowcount
        if not added:  # meanwhile another grader did, or the same content is there under two names
            self._note(row, (received, file))

    def attempts(self, last=False):
        """Yield each attempt, by student, time and file, one row in memory at a time.

        Parameters
        ----------
        last : bool
            Whether the time and file of content that was handed in twice are the last ones, and not the first.
        """
        with self._told():
            rows = self._stream(
                f"SELECT student, sha256, {_LAST if last else _FIRST}, result "
                "FROM attempts LEFT JOIN latest USING (student, sha256, labels, grader) "
                "WHERE (labels, grader) = (?, ?) ORDER BY 1, 3, 4, 2",
                self._key,
            )
            for *fields, result in rows:
                yield Attempt(*fields, json.loads(result))

    def close(self):
        """Close it."""
        self._database.close()

    def _open(self):
        with self._told():
            Path(self._place).parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self._place, timeout=_WAIT, isolation_level=None)
            self._prepare(time.monotonic() + _WAIT)

    def _prepare(self, deadline):
        """Make the tables in WAL mode; turning to it ignores SQLite's time-out when another grader does the same."""
        try:
            for order in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", *SCHEMA):
                self._database.execute(order)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
            self._prepare(deadline)

    def _note(self, row, seen):
        """Note that an attempt was seen, if that was earlier or later than ever; tell whether it is there at all."""
        with self._told():
            known = self._run(_TIMES, row).fetchone()
            if known and not known[:2] <= seen <= known[2:]:
                # In this order: as long as there is no last time, the first one is that too.
                self._run(_LATER, (*row, *max(seen, known[2:])))
                self._run(_EARLIER, (*seen, *row, *seen))
        return known is not None

    def _run(self, order, values):
        return self._database.execute(order, values)

    _stream = _run

    @contextmanager
    def _told(self):
        try:
            yield
        except (self._errors, OSError) as error:
            raise CourseError(
                f"No se pudo usar {self.name}: {error}. ¿Está lleno el disco, no puedes escribir ahí, o no es un "
                "registro de calificaciones? Lo ya calificado está a salvo: corrígelo y repite la misma orden."
            ) from error


def open_store(place, labels):
    """Return the store at a path, or at an address like ``postgresql://user@host/name``; see `Store`.

    Raises
    ------
    CourseError
        If it cannot be opened, or is an address of another kind.
    """
    kind, is_address, _ = str(place).partition("://")
    if not is_address:
        return Store(place, labels)
    if kind not in ("postgresql", "postgres"):  # as a file, each grader would have one of its own
        raise CourseError(
            f"Las calificaciones se guardan en un archivo o en PostgreSQL, no en «{kind}://…». Escribe la dirección "
            "así: --store postgresql://usuario@servidor/base"
        )
    from course.grading.postgres import PostgresStore

    return PostgresStore(place, labels)


@functools.cache
def version():
    """Return the grader's version: a digest of the code that reads and scores, so no change of it can be forgotten."""
    course = Path(__file__).parents[1]
    scoring = [course / "grading" / "scores.py", course / "bookings" / "metrics.py"]
    code = [*sorted((course / "submissions").glob("*.py")), *scoring]
    return hashlib.sha256(b"".join(path.read_bytes() for path in code)).hexdigest()[:12]
