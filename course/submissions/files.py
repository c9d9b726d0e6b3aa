"""Files that may be anything: only a plain file of a sensible size is read, and nothing that it says is trusted."""

import os
import stat
from pathlib import Path

_FLAGS = os.O_RDONLY
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
    _FLAGS |= getattr(os, _flag, 0)  # each system has some of them


def read_regular(path, limit, problems):
    """Return a file's bytes, or None with the reason added to `problems`.

    Links are refused, the hard ones too: a student who can link to a file of the teacher's must not see it quoted in
    the feedback. Nothing but a regular file is opened, so a pipe that nobody writes to cannot stop the grader.

    Parameters
    ----------
    path : path-like
    limit : int
        The most bytes that it may have.
    problems : course.submissions.problems.Problems
    """
    path = Path(path)
    name = quote(path.name)
    try:
        if (wrong := _refusal(path.lstat(), limit)) is None:
            descriptor = os.open(path, _FLAGS)
            with os.fdopen(descriptor, "rb") as stream:  # the file may have been swapped since: look again
                wrong = _refusal(os.fstat(descriptor), limit)
                content = stream.read(limit + 1) if wrong is None else b""
            if len(content) > limit:
                wrong = _too_big(limit)
    except (OSError, ValueError):  # ValueError: a NUL in the name
        wrong = "no existe, o no se puede leer"
    if wrong:
        problems.add(f"El archivo {name} {wrong}")
        return None
    return content


def exists(path):
    """Tell whether there is anything by that name, be it a dangling link."""
    return os.path.lexists(path)


def modified(path):
    """Return when a file was last written, in seconds since 1970; 0 where that cannot be told."""
    try:
        return Path(path).lstat().st_mtime
    except (OSError, ValueError):
        return 0.0


def quote(text, length=30):
    """Return what a stranger wrote, fit for a message: shortened, and only printable characters."""
    shown = "".join(letter if letter.isprintable() else "·" for letter in text[:length])
    return f"«{shown}{'…' if len(text) > length else ''}»"


def megabytes(count):
    """Return a number of bytes as text, in MB."""
    return f"{count / 1e6:.3g} MB"


def _refusal(status, limit):
    if stat.S_ISLNK(status.st_mode):
        return "es un enlace: entrega el archivo mismo"
    if stat.S_ISDIR(status.st_mode):
        return "es una carpeta: entrega un archivo"
    if not stat.S_ISREG(status.st_mode):
        return "no es un archivo normal (es una tubería o un dispositivo)"
    if status.st_nlink > 1:
        return "es un enlace duro a otro archivo: entrega una copia"
    return _too_big(limit) if status.st_size > limit else None


def _too_big(limit):
    return f"pesa demasiado: el máximo son {megabytes(limit)}"
