"""A challenge submission: how it is made, checked and read. Nothing of it is ever executed, unpickled or loaded.

A submission is the table ``<id>.csv`` with the columns ``id,prob_cancelacion``, one row for each id of the challenge's
``test.csv``, optionally with the notebook ``<id>.ipynb`` beside it, both in one zip that `build` makes. The student's
computer and the grader use the same `read`, so what passes here passes there.
"""

import hashlib
import io
import re
import unicodedata
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course.errors import CourseError
from course.paths import atomic_write
from course.submissions import archive, files, notebook, table
from course.submissions.problems import Problems

MAX_TABLE, MAX_NOTEBOOK, MAX_ARCHIVE = table.MAX_BYTES, notebook.MAX_BYTES, archive.MAX_BYTES
"""Bytes that a table, a notebook and a zip may have."""

_NAME = re.compile(r"\w(?:[\w.@-]{0,62}\w)?")  # starts and ends with a letter or digit: no path, no formula, no HTML
_DEVICE = re.compile(r"(?:con|prn|aux|nul|(?:com|lpt)[\d¹²³])(?:\.|$)")  # on Windows, no file can be called so
_MAX_NAME = 128  # bytes: it becomes part of file names
_PLACEHOLDER = "tu_id"  # what stands for it in the order that ends notebook 07
_EPOCH = (1980, 1, 1, 0, 0, 0)  # a fixed date: the same files always make the same zip


class Submission(NamedTuple):
    """What was read: the student, the content's SHA-256, probabilities in the ids' order, notebook facts, problems.

    ``probabilities`` is a float64 array of shape (n,), or None where there are problems; ``notebook`` is the dictionary
    of `course.submissions.notebook.scan`, or None; ``problems`` is a list of str in Spanish, empty when all is right.
    """

    student: str
    sha256: str
    probabilities: object
    notebook: dict | None
    problems: list


def student_id(text):
    """Return a student's id in its one spelling: composed accents, lower case.

    Raises
    ------
    CourseError
        If it has anything but letters, digits and ``. _ - @`` between them, or over 64 characters; or if it is the
        name of a device on Windows, as ``con`` is.
    """
    name = unicodedata.normalize("NFC", text.casefold())
    if not _NAME.fullmatch(name) or len(name.encode()) > _MAX_NAME:
        raise CourseError(
            f"El identificador {files.quote(text)} no sirve: usa letras, números y «. _ - @» entre ellos, 64 como "
            "mucho. Por ejemplo: ana.perez"
        )
    if _DEVICE.match(name):
        raise CourseError(
            f"El identificador {files.quote(text)} no sirve: Windows reserva ese nombre y ningún archivo puede "
            "llevarlo. Usa otro. Por ejemplo: ana.perez"
        )
    return name


class Received(NamedTuple):
    """The bytes of a submission, not yet looked into: its parts (None where refused), SHA-256, time, and problems."""

    path: Path
    parts: list
    sha256: str
    modified: float
    problems: Problems


def receive(path):
    """Take in a submission's bytes: a zip, or a plain table with perhaps a notebook of the same name beside it.

    Parameters
    ----------
    path : path-like
        A file ending in ``.zip`` or ``.csv``; it may be anything.

    Returns
    -------
    Received
        Always; its ``sha256`` tells submissions apart, those too that could not be read.
    """
    path, problems = Path(path), Problems()
    if _is_zip(path):
        parts = [files.read_regular(path, MAX_ARCHIVE, problems)]
    else:
        parts = [files.read_regular(path, MAX_TABLE, problems), _beside(path, problems)]
    return Received(path, parts, _digest(_is_zip(path), parts, problems), files.modified(path), problems)


def check(received, student, ids):
    """Look into what was received.

    Parameters
    ----------
    received : Received
    student : str
        Whose it is, as `student_id` spells it.
    ids : dict of bytes to int
        The ids of the test, each with its position: `test_ids`, or those of the labels.

    Returns
    -------
    Submission
        Always: what is wrong is told in its ``problems``.
    """
    problems, parts = received.problems, received.parts
    if _is_zip(received.path):
        parts = archive.unpack(parts[0], student, problems) if parts[0] is not None else (None, None)
    probabilities = table.read(parts[0], ids, problems) if parts[0] is not None else None
    facts = notebook.scan(parts[1], problems) if parts[1] is not None else None
    return Submission(student, received.sha256, None if problems else probabilities, facts, problems.lines())


def read(path, student, ids):
    """Receive a submission and check it; see `receive` and `check`."""
    return check(receive(path), student, ids)


def build(predictions, student, test, notebook_path=None, out="."):
    """Make the zip that a student hands in, if it passes the grader's own checks.

    Parameters
    ----------
    predictions : path-like
        The table, ``id,prob_cancelacion``.
    student : str
        The student's id; see `student_id`.
    test : path-like
        The challenge's ``test.csv``.
    notebook_path : path-like, optional
        The notebook to hand in with it.
    out : path-like
        The folder where ``<id>.zip`` goes.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    CourseError
        If anything is wrong, with all problems at once; or if the zip cannot be written there.
    """
    student, ids, problems = student_id(student), test_ids(test), Problems()
    if student == _PLACEHOLDER:
        raise CourseError("Cambia TU_ID por tu identificador: el zip lleva su nombre, y con él se te califica.")
    parts = {f"{student}.csv": files.read_regular(Path(predictions), MAX_TABLE, problems)}
    if notebook_path is not None:
        parts[f"{student}.ipynb"] = files.read_regular(Path(notebook_path), MAX_NOTEBOOK, problems)
    if not problems:
        table.read(parts[f"{student}.csv"], ids, problems)
        if notebook_path is not None:
            notebook.scan(parts[f"{student}.ipynb"], problems)
    if problems:
        raise CourseError(_told(f"{predictions} todavía no se puede entregar", problems.lines()))
    if files.exists(out) and not Path(out).is_dir():
        raise CourseError(f"{out} no es una carpeta, y ahí va el zip. Indica otra con --out.")
    target, content = Path(out) / f"{student}.zip", _zipped(parts)
    made = Received(target, [content], _digest(True, [content], problems), 0.0, problems)
    if wrong := check(made, student, ids).problems:  # for instance, a notebook that deflates like a bomb
        raise CourseError(_told(f"{target.name} no se puede entregar", wrong))
    try:
        with atomic_write(target) as stream:  # only now: a zip of before that was right stays until there is a better
            stream.write(content)
    except OSError as error:
        raise CourseError(
            f"No se pudo escribir {target}: {error}. Libera espacio, o indica otra carpeta con --out."
        ) from error
    return target


def doubt(probabilities):
    """Return what is odd about probabilities that break no rule, or an empty string."""
    values = np.unique(probabilities)
    if len(values) == 1:
        return f"Todas tus probabilidades son {values[0]:.4g}: así no se puede ordenar ninguna reserva."
    if set(values) == {0, 1}:
        return "Todas tus probabilidades son 0 o 1: se entrega la probabilidad, no la decisión."
    return ""


def test_ids(path):
    """Return the ids of a ``test.csv``, each with its position.

    Returns
    -------
    dict of bytes to int

    Raises
    ------
    CourseError
        If there is no such file, or its first column is not the ids, each once.
    """
    try:
        lines = Path(path).read_bytes().removeprefix(table.BOM).splitlines()
    except OSError as error:
        raise CourseError(f"No puedo leer {path}. Indica dónde está el test.csv del desafío con --test.") from error
    names = [line.partition(b",")[0] for line in lines]
    if names[:1] != [b"id"] or len(names) < 2 or len(set(names)) < len(names):
        raise CourseError(f"{path} no es el test.csv del desafío: su primera columna debe ser «id», sin repetidos.")
    return {name: position for position, name in enumerate(names[1:])}


def _beside(path, problems):
    """Return the content of the notebook beside a table, or None where there is none."""
    other = path.with_suffix(".ipynb")
    return files.read_regular(other, MAX_NOTEBOOK, problems) if files.exists(other) else None


def _zipped(parts):
    """Return a zip of these members, by name: the same bytes each time."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, content)
    return stream.getvalue()


def _is_zip(path):
    return path.suffix.casefold() == ".zip"


def _digest(zipped, parts, problems):
    """Return the SHA-256 of all that decides what becomes of a submission: kind, parts, and why one is missing."""
    told = ["zip" if zipped else "csv", *problems.lines()]
    contents = ["\n".join(told).encode(), *(part for part in parts if part is not None)]
    return hashlib.sha256(b"".join(hashlib.sha256(content).digest() for content in contents)).hexdigest()


def _told(what, lines):
    return "\n".join([f"{what}:", *(f"  · {line}" for line in lines), "Corrígelo y vuelve a intentarlo."])
