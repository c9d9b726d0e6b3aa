"""Where the project's own files are, and how a file is written so that it is never half there."""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from course.errors import CourseError

_PACKAGE = Path(__file__).resolve().parent


def resource(name):
    """Return the project's folder `name` (``"data"``, ``"notebooks"``).

    A checkout has it beside the package; an installed wheel carries it inside, as ``_data`` and ``_notebooks``.
    """
    inside = _PACKAGE / f"_{name}"
    return inside if inside.is_dir() else _PACKAGE.parent / name


def installed():
    """Tell whether the class is an installed wheel, and no checkout."""
    return (_PACKAGE / "_notebooks").is_dir()


def editable(name):
    """Return the project's folder `name`, to be written.

    Raises
    ------
    CourseError
        If the class is an installed wheel, whose files are nobody's to edit.
    """
    folder = resource(name)
    if installed():
        raise CourseError(
            f"Esta orden cambia los archivos de la clase, y aquí están instalados, en {folder}. Es para quien la "
            "edita: clona el proyecto. Para trabajar con los cuadernos, cópialos: python -m course notebooks copy clase"
        )
    return folder


@contextmanager
def atomic_write(path, mode="wb", **options):
    """Open a file for writing that takes the place of `path` only once it is complete.

    The data goes to a temporary file in the same folder, is flushed to disk and then renamed over `path`. An
    exception in between leaves `path` as it was and removes the temporary file.

    Parameters
    ----------
    path : path-like
        The file to write; missing parent folders are made.
    mode : str
        ``"wb"`` or ``"w"`` (then UTF-8 and ``\\n``, unless `options` say otherwise).
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if "b" not in mode:
        options = {"encoding": "utf-8", "newline": "\n", **options}
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, mode, **options) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextmanager
def told_unwritable(folder, advice="Libera espacio, o revisa los permisos de esa carpeta."):
    """Tell what the system refuses while a file of `folder` is written, and what to do.

    Raises
    ------
    CourseError
    """
    try:
        yield
    except OSError as error:
        raise CourseError(f"No se pudo escribir en {Path(folder).absolute()}: {error}. {advice}") from error
