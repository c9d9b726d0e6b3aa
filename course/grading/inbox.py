"""The folder with what was handed in: ``<id>.zip``, ``<id>.csv``, or a folder ``<id>/`` with a student's attempts.

Whose a file is, the folder says, never the file itself: nobody can hand in for somebody else.
"""

import os
from pathlib import Path

from course import submissions
from course.errors import CourseError

_KINDS = (".zip", ".csv")


def find(folder):
    """Return the submissions in a folder, and what is there but is nobody's.

    Parameters
    ----------
    folder : path-like

    Returns
    -------
    found : list of tuples
        Student's id and path, in the order of the paths.
    strays : list of str
        Names, relative to `folder`.

    Raises
    ------
    CourseError
        If there is no such folder.
    """
    found, strays = [], []
    try:
        entries = _entries(folder)
    except OSError as error:
        raise CourseError(
            f"No puedo leer la carpeta de entregas {folder}. Revisa que exista y que sea una carpeta."
        ) from error
    handed_in = [(student, path) for student, paths in map(_contents, entries) for path in paths]
    tables = {path.with_suffix("") for _, path in handed_in if path.suffix.casefold() == ".csv"}
    for student, path in handed_in:
        if student and path.suffix.casefold() in _KINDS:
            found.append((student, path))
        elif path.suffix != ".ipynb" or path.with_suffix("") not in tables:  # a notebook goes with its table
            strays.append(shown(path, folder))
    return found, strays


def shown(path, folder):
    """Return a path relative to a folder, as text that can be stored and shown whatever bytes it has."""
    return os.fsencode(os.path.relpath(path, folder)).decode(errors="replace").replace(os.sep, "/")


def _entries(folder):
    """Return what is in a folder by name, except what systems leave there, like .DS_Store."""
    with os.scandir(folder) as entries:
        return sorted((entry for entry in entries if entry.name[0] != "."), key=lambda entry: entry.name)


def _contents(entry):
    """Return whose an entry of the inbox is, None where its name is nobody's, and the files that it stands for."""
    if not entry.is_dir(follow_symlinks=False):
        return _student(Path(entry.name).stem), [Path(entry.path)]
    try:
        return _student(entry.name), [Path(each.path) for each in _entries(entry)]
    except OSError:  # a folder that may not be read stops nobody else's grading
        return None, [Path(entry.path)]


def _student(name):
    try:
        return submissions.student_id(name)
    except CourseError:
        return None
