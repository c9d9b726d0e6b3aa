"""The grades as other programs take them: nbgrader's columns, and what Moodle and Canvas import."""

import csv
import io
import os
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from course import submissions
from course.errors import CourseError
from course.paths import atomic_write

ASSIGNMENT = "desafio_cancelacion"
MAX_SCORE = 10
_TITLE = "Desafío: cancelación de reservas"
_ROSTER = ("id", "nombre", "apellidos", "correo")
_HEADERS = {
    "notas.csv": [
        *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
        *("raw_score", "late_submission_penalty", "score", "max_score"),
    ],
    "notas_moodle.csv": ["Número de ID", "Nombre", "Apellido(s)", "Dirección de correo", _TITLE, "Retroalimentación"],
    "notas_canvas.csv": ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", _TITLE],
}


class Person(NamedTuple):
    """A student of the class list."""

    first: str = ""
    last: str = ""
    mail: str = ""


class Writer:
    """Writes the grade files row by row; they take the place of the old ones only when all is written.

    Parameters
    ----------
    out : path-like
    people : dict of str to Person
        The class list; whoever handed nothing in gets a 0 at the end.
    policy : course.grading.policy.Policy
    """

    def __init__(self, out, people, policy):
        self._out, self._people, self._due = Path(out), people, _moment(policy.deadline)
        self._seen, self._stack, self._streams, self._files = set(), ExitStack(), [], {}

    def __enter__(self):
        """Open the files."""
        with self._stack as stack:
            for name, header in _HEADERS.items():
                stream = stack.enter_context(atomic_write(self._out / name, "w", encoding="utf-8-sig"))
                self._streams.append(stream)
                self._files[name] = csv.writer(stream, lineterminator="\r\n")
                self._files[name].writerow(header)
            self._files["notas_canvas.csv"].writerow(["    Points Possible", "", "", "", "", MAX_SCORE])
            stack.push(self._flush)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        """Put the files in place, or leave the old ones if there was an error."""
        return self._stack.__exit__(*error)

    def add(self, standing):
        """Write a student's row in each file."""
        received = standing.counted.received if standing.counted else None
        self._write(standing.student, _moment(received), standing.raw, standing.penalty, _told(standing))

    def finish(self):
        """Write a 0 for whoever is in the list and handed nothing in; return their ids, and those not in the list."""
        missing = [student for student in self._people if student not in self._seen]
        unlisted = sorted(self._seen - self._people.keys()) if self._people else []
        for student in missing:
            self._write(student, "", 0, 0, "Sin entrega")
        return missing, unlisted

    def _flush(self, error, *_):
        """Write all there is to the disk, before the first file takes its place: from there on little can fail."""
        for stream in self._streams if error is None else []:
            stream.flush()
            os.fsync(stream.fileno())

    def _write(self, student, moment, raw, penalty, told):
        self._seen.add(student)
        person = self._people.get(student, Person())
        raw, penalty, score = (f"{number:.2f}" for number in (raw, penalty, raw - penalty))
        names = [person.last, person.first, person.mail]
        full = ", ".join(filter(None, [person.last, person.first])) or student
        rows = {
            "notas.csv": [ASSIGNMENT, self._due, moment, student, *names, raw, penalty, score, MAX_SCORE],
            "notas_moodle.csv": [student, person.first, person.last, person.mail, score, told],
            "notas_canvas.csv": [full, "", student, person.mail or student, "", score],
        }
        for name, row in rows.items():
            self._files[name].writerow([neutral(field) for field in row])


def neutral(field):
    """Return a field that no spreadsheet takes for a formula: one that starts like one gets an apostrophe before."""
    text = str(field)
    return f"'{text}" if text.lstrip()[:1] in tuple("=+-@|＝＋－＠") or text[:1] in ("\t", "\r", "\n") else text


def read_roster(path):
    """Return the class list.

    Parameters
    ----------
    path : path-like
        A CSV in UTF-8 with the columns ``id,nombre,apellidos,correo``.

    Returns
    -------
    dict of str to Person

    Raises
    ------
    CourseError
        If it cannot be read, lacks a column, has a row that does not fit the columns, or an id that is not valid or
        comes twice.
    """
    try:
        reader = csv.DictReader(io.StringIO(Path(path).read_text(encoding="utf-8-sig"), newline=""))
        rows = [(reader.line_num, row) for row in reader]
    except (OSError, ValueError, csv.Error) as error:
        raise CourseError(f"No puedo leer la lista {path}. Revisa que exista y que sea un CSV en UTF-8.") from error
    if not set(_ROSTER) <= set(reader.fieldnames or []):
        raise CourseError(
            f"A {path} le falta alguna columna: la primera línea debe ser «{','.join(_ROSTER)}», separada con comas "
            "y no con «;»."
        )
    people = {}
    for number, row in rows:
        if None in row or None in row.values():
            raise CourseError(
                f"La línea {number} de {path} no tiene tantos campos como títulos. Si a un campo lo parte una coma, "
                "ponlo entre comillas."
            )
        try:
            student = submissions.student_id(row["id"].strip())
        except CourseError as error:
            raise CourseError(f"Línea {number} de {path}: {error}") from error
        if student in people:
            raise CourseError(f"La línea {number} de {path} repite el identificador {student}. Deja uno solo.")
        people[student] = Person(row["nombre"], row["apellidos"], row["correo"])
    return people


def _told(standing):
    if standing.counted is None:
        return "Entrega rechazada: " + standing.attempts[-1].result["problems"][0]
    return f"Intentos: {len(standing.attempts)}" + ("; con retraso" if standing.late else "")


def _moment(seconds):
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
