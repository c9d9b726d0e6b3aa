"""MNIST and the hotel bookings: where they come from, checked each time, and what there is without a network.

Everything that is read is compared with a SHA-256 first, so a damaged file ends in a message, never in wrong data. The
bookings are taken from the first place that has them: the mirror that the user names, the user's cache, the public
address; and where there is none, `course.synthetic` makes a table up, and says so.
"""

import functools
import io
import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from course import cache
from course.bookings import calendar, schema
from course.errors import CourseError
from course.paths import resource

SHIPPED = {
    "dibujos.json": "391431f9166d5ec5f9c0ad72dd7e8131e1c0f8dee1902a7d0570f7275dc8807d",
    "mnist.npz": "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64",
    "bookings_profile.json": "c50b4a2201529fec0cf97edf48572342dc87f2a8117d7df4aed88111cfa50cf0",
}
"""The data files that the project carries, with the SHA-256 of each."""

BOOKINGS_URL = (
    "https://raw.githubusercontent.com/rfordatascience/tidytuesday/"
    "2c423bacc57e4632ff8550557e0bc823eefa31ab/data/2020/2020-02-11/hotels.csv"
)
BOOKINGS_SHA256 = "7c2ae42a7353905ea136e5c2287f17c92c5435826598bfbb8491c6f0c7b1fc06"
"""The real bookings table: its address, and the SHA-256 of the uncompressed CSV."""

_CSV = "hotel_bookings.csv"
_MIRROR_HELP = f"Pon en COURSE_DATA_DIR una carpeta con {_CSV} o {_CSV}.gz, o quita esa variable para usar la descarga."


class Status(NamedTuple):
    """Whether a data set is at hand and intact: its name, yes, no or None, and what to tell the user.

    None is for what is not here and has a substitute: the class can be given.
    """

    name: str
    ok: bool | None
    message: str


def mnist():
    """Return MNIST from the file that the project ships.

    Returns
    -------
    tuple
        ``(x_train, y_train), (x_test, y_test)`` as `keras.datasets.mnist.load_data` gives them: images of shape
        (60000, 28, 28) and (10000, 28, 28), digits of shape (60000,) and (10000,), all ``uint8``.

    Raises
    ------
    CourseError
        If the file is missing or its SHA-256 is not the recorded one.
    """
    import numpy as np

    with np.load(io.BytesIO(_shipped("mnist.npz")), allow_pickle=False) as arrays:
        return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])


def drawings():
    """Return forty digits that somebody drew by strokes, as on the notebook's canvas: to try a trained network on.

    Returns
    -------
    list of list, numpy.ndarray
        The strokes of each drawing, as `course.handwriting.draw` takes them; and the digits, shape (40,).

    Raises
    ------
    CourseError
        As in `mnist`.
    """
    import numpy as np

    drawn = json.loads(_shipped("dibujos.json"))
    return [drawing["strokes"] for drawing in drawn], np.array([drawing["digit"] for drawing in drawn])


def bookings(source=None):
    """Return the hotel bookings of Antonio, de Almeida and Nunes (Data in Brief 22, 2019).

    Parameters
    ----------
    source : path-like or str, optional
        A mirror: a folder that holds ``hotel_bookings.csv`` or ``hotel_bookings.csv.gz``, such a file, or the web
        address of either; ``"synthetic"`` asks for the made-up table. By default the environment variable
        ``COURSE_DATA_DIR``, if set; else the user's cache, a download (not with ``COURSE_OFFLINE=1``), and last the
        made-up table.

    Returns
    -------
    pandas.DataFrame
        119,390 rows and the columns of `course.bookings.SCHEMA`. ``.attrs["origin"]`` is ``"mirror"``, ``"cache"``,
        ``"download"`` or ``"synthetic"``, and ``.attrs["location"]`` tells which one.

    Raises
    ------
    CourseError
        If a mirror was named and has not the real table, intact.
    """
    if source == "synthetic":
        return _synthetic("la pediste tú.")
    mirror = str(source or os.environ.get("COURSE_DATA_DIR", ""))
    if mirror and not _is_address(mirror):
        content, location = _read_mirror(mirror)
        return _labelled(_parsed(content), "mirror", location)
    table = cache.recall(_real_key())
    if table is None and (content := cache.read(_CSV, BOOKINGS_SHA256)):
        table = cache.keep(_real_key(), schema.parse(content))
    if table is not None:
        return _labelled(table, "cache", str(cache.folder()))
    try:
        content, location = _download(mirror)
    except CourseError as error:
        if mirror:
            raise
        return _synthetic(str(error))
    return _labelled(_parsed(content), "mirror" if mirror else "download", location)


def status():
    """Tell whether each data set is at hand and intact, without loading pandas or touching the network.

    Returns
    -------
    list of Status
    """
    made_up = _shipped_status("Tabla sintética de reservas", "bookings_profile.json")
    drawn = _shipped_status("Dígitos dibujados", "dibujos.json")
    return [_shipped_status("MNIST", "mnist.npz"), _bookings_status(), made_up, drawn]


def _shipped_status(name, file):
    try:
        _shipped(file)
    except CourseError as error:
        return Status(name, False, str(error))
    return Status(name, True, f"{resource('data') / file}, intacto")


def _bookings_status():
    name, mirror = "Reservas de hotel", os.environ.get("COURSE_DATA_DIR", "")
    try:
        if mirror and not _is_address(mirror):
            return Status(name, True, f"{_read_mirror(mirror)[1]}, intacto")
    except CourseError as error:
        return Status(name, False, str(error))
    if cache.find(_real_key()) or cache.read(_CSV, BOOKINGS_SHA256):
        return Status(name, True, f"en la caché {cache.folder()}, intactas")
    return Status(
        name,
        None,
        "aún no están en este equipo: la primera vez que las pidas se descargan (17 MB) o, sin conexión, las "
        "reemplaza una tabla sintética. Si tienes una copia, pon su carpeta en COURSE_DATA_DIR.",
    )


def _shipped(name):
    """Return the bytes of a file that the project carries, once its SHA-256 is checked."""
    path = resource("data") / name
    help_ = f"Recupéralo con «git checkout -- data/{name}», o reinstala el curso."
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CourseError(f"Falta el archivo {path}. {help_}") from error
    if cache.sha256(content) != SHIPPED[name]:
        raise CourseError(f"El archivo {path} está dañado: su SHA-256 no coincide. {help_}")
    return content


def _is_address(mirror):
    return mirror.startswith(("http://", "https://"))


def _read_mirror(mirror):
    """Return the CSV's bytes from a folder or a file, and where they were."""
    named = Path(mirror).expanduser()
    places = [named / _CSV, named / f"{_CSV}.gz"] if named.is_dir() else [named]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise CourseError(f"El espejo de las reservas {named} no existe o no contiene {_CSV}(.gz). {_MIRROR_HELP}")
    try:
        content = cache.gunzip(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CourseError(
            f"No se puede leer el espejo de las reservas {path}: está dañado o no tienes permiso. {_MIRROR_HELP}"
        ) from error
    if cache.sha256(content) != BOOKINGS_SHA256:
        raise CourseError(
            f"El espejo de las reservas {path} no es la tabla original: está incompleto, dañado o es otra versión "
            f"(su SHA-256 no coincide). {_MIRROR_HELP}"
        )
    return content, str(path)


def _download(mirror):
    """Download the CSV from the mirror's address or else the public one; return its bytes and the address."""
    if os.environ.get("COURSE_OFFLINE", "0") != "0":
        raise CourseError("COURSE_OFFLINE está activada y no se descarga nada.")
    if not mirror:
        addresses = [BOOKINGS_URL]
    elif urlsplit(mirror).path.endswith((".csv", ".csv.gz")):
        addresses = [mirror]
    else:
        addresses = [f"{mirror.rstrip('/')}/{name}" for name in (f"{_CSV}.gz", _CSV)]
    errors = []
    for address in addresses:
        try:
            return cache.download(address, _CSV, BOOKINGS_SHA256), address
        except CourseError as error:
            errors.append(str(error))
    raise CourseError(" ".join(errors))


def _key(name, *parts):
    """Name a parsed table after all that it was made from, code included: when any part changes, it is made anew."""
    code = Path(schema.__file__).read_bytes()
    return f"{name}-{cache.sha256(b''.join([version('pandas').encode(), code, *parts]))[:12]}"


def _real_key():
    return _key("hotel_bookings", BOOKINGS_SHA256.encode())


def _parsed(content):
    """Return the table in the CSV's bytes: as parsed some other time, if it was."""
    table = cache.recall(_real_key())
    return table if table is not None else cache.keep(_real_key(), schema.parse(content))


def _labelled(table, origin, location):
    table.attrs.update(origin=origin, location=location)
    return table


def _synthetic(reason):
    """Return the made-up table, and tell the user what it is and why."""
    from course import synthetic

    _tell_synthetic()
    cache.say(f"Motivo: {reason}")
    profile = _shipped("bookings_profile.json")
    code = [Path(module.__file__).read_bytes() for module in (synthetic, calendar)]
    key = _key("synthetic_bookings", profile, *code)
    table = cache.recall(key)
    if table is None:
        table = cache.keep(key, synthetic.sample(json.loads(profile)))
    return _labelled(table, "synthetic", f"perfil {SHIPPED['bookings_profile.json'][:12]}, semilla 0")


@functools.cache
def _tell_synthetic():
    line = "=" * 78
    print(
        f"{line}\n"
        "ATENCIÓN: trabajas con una tabla SINTÉTICA de reservas, no con la real.\n"
        "La inventa el curso a partir de recuentos: se le parece, pero ninguna de sus\n"
        "filas existió, y tus resultados no valen para la tabla real.\n"
        "Para usar la real: conéctate a Internet, o pon en COURSE_DATA_DIR una carpeta\n"
        f"que contenga {_CSV} o {_CSV}.gz.\n{line}",
        flush=True,
    )
