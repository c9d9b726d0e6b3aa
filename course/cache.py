"""The user's cache: verified downloads and parsed tables, never half there and never trusted unchecked.

A parsed table carries its own SHA-256 in its file name. So one rename makes it visible, complete; reading it is proof
that it is intact; and two processes that write at the same moment write the same file, or two good ones.
"""

import errno
import functools
import gzip
import hashlib
import io
import os
import sys
import tempfile
import zlib
from pathlib import Path
from urllib.parse import urlsplit

from course.errors import CourseError
from course.paths import atomic_write

_GZIP = b"\x1f\x8b"  # how such a file begins
_TIMEOUT = (5, 30)  # seconds to connect, and between two pieces of a download


def folder():
    """Return the cache's folder: ``COURSE_CACHE_DIR``, or the operating system's place for such things."""
    if chosen := os.environ.get("COURSE_CACHE_DIR"):
        return Path(chosen).expanduser()
    import pooch

    return Path(pooch.os_cache("redes-feedforward"))


@functools.cache
def say(text):
    """Print `text`, once per process: on stdout, since in a notebook stderr reads as an error."""
    print(text, flush=True)


def sha256(content):
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def gunzip(content):
    """Decompress `content` if it is gzip, else return it as it is; ValueError if it is damaged."""
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"gzip: {error}") from error


def read(name, digest):
    """Return the cached file `name`, or None if it is missing, unreadable or not what `digest` says."""
    try:
        content = (folder() / name).read_bytes()
    except OSError:
        return None
    return content if sha256(content) == digest else None


def find(key):
    """Return the intact bytes of the table kept under `key`, or None."""
    try:
        names = sorted(path.name for path in folder().glob(f"{key}-*.parquet"))
    except OSError:
        return None
    contents = (read(name, Path(name).stem.rpartition("-")[2]) for name in names)
    return next((content for content in contents if content is not None), None)


def recall(key):
    """Return the table kept under `key`, or None: what is damaged counts as absent, and `keep` replaces it."""
    content = find(key)
    if content is None:
        return None
    import pandas as pd
    import pyarrow as pa

    try:
        return pd.read_parquet(io.BytesIO(content))
    except (OSError, pa.ArrowException):  # whole, but from a pyarrow that this one cannot read
        return None


def keep(key, table):
    """Keep `table` under `key` for the next time, if the cache can be written; return it in any case."""
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False, compression="zstd")
    try:
        with atomic_write(folder() / f"{key}-{sha256(buffer.getvalue())}.parquet") as stream:
            stream.write(buffer.getvalue())
    except OSError as error:
        _say_unwritable(error)
    return table


def download(url, name, digest):
    """Download a file into the cache and return its bytes, decompressed if they came as gzip.

    The file appears in the cache only once it is whole and has the right SHA-256; a download that is cut starts
    over, once. Where the cache cannot be written, the file is not kept.

    Parameters
    ----------
    url : str
        ``http`` or ``https``.
    name : str
        The file's name in the cache.
    digest : str
        The SHA-256 of its bytes, uncompressed.

    Raises
    ------
    CourseError
        If there is no connection, no such file, or another content.
    """
    try:
        return _fetch(url, folder(), name, digest)
    except OSError as error:
        _say_unwritable(error)
    try:
        with tempfile.TemporaryDirectory() as temporary:
            return _fetch(url, temporary, name, digest)
    except OSError as error:
        raise CourseError(f"No hay dónde guardar la descarga de {url}: {_reason(error)}.") from error


def _fetch(url, where, name, digest):
    """Let pooch download `url` to a temporary file, check it and move it into place; return its bytes."""
    import pooch
    import requests

    pooch.get_logger().setLevel("CRITICAL")  # what it says, in English and on stderr, our errors say too
    registry = pooch.create(
        path=where, base_url="", registry={name: f"sha256:{digest}"}, urls={name: url}, retry_if_failed=1
    )
    try:
        return Path(registry.fetch(name, downloader=_request)).read_bytes()
    except requests.RequestException as error:  # an OSError too, but no fault of the cache
        raise CourseError(f"La descarga de {url} se cortó dos veces ({type(error).__name__}).") from error
    except ValueError as error:
        raise CourseError(
            f"Lo que llegó de {url} no es la tabla esperada: está dañada o es otra versión (su SHA-256 no coincide)."
        ) from error


def _request(url, output_file, registry):
    """Download `url` to `output_file` with one line of progress; tell at once what a second try would not mend."""
    import pooch
    import requests
    from tqdm import tqdm

    # The total that pooch sets is that of the compressed transfer, so only what has arrived is shown; the 1 is there
    # because pooch asks for the line's truth, which tqdm does not tell without a total.
    line = tqdm(total=1, bar_format="Descarga: {n_fmt}B", unit_scale=True, leave=False, file=sys.stdout)
    try:
        pooch.HTTPDownloader(progressbar=line, chunk_size=2**14, timeout=_TIMEOUT)(url, output_file, registry)
    except requests.HTTPError as error:
        raise CourseError(f"{url} responde con el error {error.response.status_code}.") from error
    except (requests.ConnectionError, requests.Timeout) as error:
        raise CourseError(f"No hay conexión con {urlsplit(url).netloc}, o no responde.") from error
    finally:
        line.close()
    path = Path(output_file)
    content = path.read_bytes()
    if content.lstrip()[:1] == b"<":
        raise CourseError(
            f"{urlsplit(url).netloc} responde con una página web en vez de la tabla: "
            "¿tu red pide iniciar sesión en el navegador?"
        )
    if content.startswith(_GZIP):
        path.write_bytes(gunzip(content))


def _say_unwritable(error):
    say(f"Aviso: no se puede guardar en la caché {folder()} ({_reason(error)}); la próxima carga tardará igual.")


def _reason(error):
    """Say in Spanish why a file could not be written."""
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return "no tienes permiso de escritura"
    if isinstance(error, (NotADirectoryError, FileExistsError)):
        return "esa ruta no es una carpeta"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "no queda espacio en el disco"
    return f"el sistema dice «{error.strerror or error}»"
