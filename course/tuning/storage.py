"""Where the trials are kept: a file, or a database that several machines share. Both through Optuna's own storage.

A trial under way keeps saying that it is alive. One that has not done so for `GRACE` seconds is dead: the next process
that asks for a trial fails it and queues it again.
"""

import sqlite3
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

import optuna
from optuna.exceptions import StorageInternalError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError

from course.errors import CourseError
from course.tuning.budget import Retry
from course.tuning.rdb import Database
from course.tuning.trials import Storage

GRACE = 60
_WAIT = 60
_EVER = 10**9  # seconds, some 30 years: as good as any longer time, which no date could hold
_BEAT = 1  # seconds between signs of life: whoever looks may have less patience than the trial's own process
_REASONS = {  # what SQLite says most often, by its code
    sqlite3.SQLITE_CANTOPEN: "no se puede abrir ni crear",
    sqlite3.SQLITE_NOTADB: "es un archivo de otra cosa",
    sqlite3.SQLITE_READONLY: "no se puede escribir en él",
}


def is_address(place):
    """Whether a storage is the address of a database, and not a file."""
    return "://" in str(place)


def shown(place):
    """Return a storage's name for messages: a path, or an address without its password."""
    if not is_address(place):
        return str(place)
    try:
        return make_url(str(place)).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):  # the second for a port that is no number
        return "la base de datos"


def connect(place, grace=GRACE):
    """Open a storage; a file is made if there is none.

    Parameters
    ----------
    place : path-like or str
        A file, or an address like ``postgresql://user@host/name``.
    grace : int
        Seconds without a sign of life after which a trial is taken for dead.

    Returns
    -------
    course.tuning.trials.Storage

    Raises
    ------
    CourseError
        If it cannot be opened, is something else, or was made by another version of Optuna.
    """
    with told(place, OSError), warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        url, options = _database(str(place)) if is_address(place) else _file(Path(place).absolute())
        try:
            return _open(url, options, grace)
        except (RuntimeError, AssertionError) as error:  # what Optuna says of another schema
            raise CourseError(
                f"{shown(place)} lo hizo otra versión de Optuna. Ábrelo con la versión que lo hizo, actualízalo con "
                "«optuna storage upgrade», o usa otro lugar con --storage."
            ) from error
        except ImportError as error:
            raise CourseError(
                f"Para usar {shown(place)} falta el paquete que habla con esa base de datos "
                f'({error.__cause__ or error}). Para PostgreSQL: pip install -e ".[cluster]"'
            ) from error


def look(place):
    """Open a storage that is there already, to look at it; see `connect`, which would make the file.

    Raises
    ------
    CourseError
        As `connect`, and if there is no such file.
    """
    if not is_address(place) and not Path(place).exists():
        raise CourseError(
            f"No existe {place}: no hay búsquedas que ver ahí. Revisa la ruta, o haz antes una búsqueda que las guarde."
        )
    return connect(place)


@contextmanager
def told(place, *more):
    """Tell in our words what a storage complains about: its own exceptions, and those of `more` types."""
    try:
        yield
    except (StorageInternalError, SQLAlchemyError, sqlite3.Error, *more) as error:
        cause = error.__cause__ or error
        reason = _REASONS.get(getattr(getattr(cause, "orig", cause), "sqlite_errorcode", 0) & 0xFF)
        if reason:
            advice = "Corrígelo y repite la misma orden, o da otro archivo con storage=… o --storage."
        else:
            reason = str(cause).strip().splitlines()[0]
            advice = (
                "¿Está lleno el disco, o no hay nadie en esa dirección? Los intentos terminados están a salvo: "
                "corrígelo y repite la misma orden."
            )
        raise CourseError(f"No se pudo usar el registro de la búsqueda {shown(place)}: {reason}. {advice}") from error


def _open(url, options, grace, attempts=5):
    """Open Optuna's storage; two processes that make its tables at the same moment collide, and one tries again."""
    try:
        database = Database(
            url,
            options,
            heartbeat_interval=_BEAT,
            grace_period=min(grace, _EVER),
            heartbeat_stale_trial_callback=Retry(),
        )
        return Storage(database)
    except (IntegrityError, ProgrammingError, OperationalError) as error:
        collision = isinstance(error, IntegrityError) or "already exists" in str(error)
        if not collision or attempts == 1:
            raise
    time.sleep(0.5)
    return _open(url, options, grace, attempts - 1)


def _file(path):
    """Return URL and options of an SQLite file in WAL mode: a commit need not wait for the disk."""
    if path.is_dir():
        raise CourseError(f"{path} es una carpeta. Da un archivo para la búsqueda: {path / 'busquedas.sqlite'}")
    path.parent.mkdir(parents=True, exist_ok=True)

    def opened():
        database = sqlite3.connect(path, timeout=_WAIT, check_same_thread=False)
        _to_wal(database, time.monotonic() + _WAIT)
        return database

    opened().close()  # what cannot be opened is told in SQLite's own words
    return "sqlite:///file", {"creator": opened}  # the path stays out of the URL, where a ? or a { mean something


def _to_wal(database, deadline):
    """Turn to WAL mode; that ignores SQLite's time-out when another process does the same."""
    try:
        for order in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL"):
            database.execute(order)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
            raise
        time.sleep(0.05)
        _to_wal(database, deadline)


def _database(address):
    """Return URL and options of a database; PostgreSQL is spoken to by psycopg, the driver that the course installs."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        raise CourseError(
            "No entiendo la dirección de la base de datos. Se escribe así: postgresql://usuario@servidor:5432/nombre"
        ) from error
    if url.drivername not in ("postgresql", "postgres"):
        return _escaped(address), {}
    url = url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    return _escaped(url), {"connect_args": {"connect_timeout": 10}}


def _escaped(url):
    return str(url).replace("{", "{{").replace("}", "}}")  # Optuna fills templates
