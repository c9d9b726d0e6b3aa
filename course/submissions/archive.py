"""The zip of a submission: read in memory, within limits. Nothing is extracted, so no name can lead anywhere."""

import io
import stat
import struct
import unicodedata
import zipfile
import zlib

from course.submissions import notebook, table
from course.submissions.files import megabytes, quote

MAX_BYTES = table.MAX_BYTES + notebook.MAX_BYTES
MAX_RATIO = 200
"""How many times its compressed size a member may take up: text seldom passes 20, a bomb has 1000."""

_MAX_MEMBERS = 100
_CHUNK = 1 << 16
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, struct.error, OverflowError)
_MAKE_IT = "Hazlo con: course submit predicciones.csv --id … [--notebook …]"


def unpack(content, student, problems):
    """Return the table and the notebook in a zip; None for what is not there or was refused.

    Parameters
    ----------
    content : bytes
        Anything. Right is what `course.submissions.build` makes: ``<student>.csv`` and perhaps ``<student>.ipynb``.
    student : str
    problems : course.submissions.problems.Problems

    Returns
    -------
    tuple of two, bytes or None
    """
    limits = {f"{student}.csv": table.MAX_BYTES, f"{student}.ipynb": notebook.MAX_BYTES}
    parts = {}
    if content.count(b"PK\x01\x02") > _MAX_MEMBERS:  # before zipfile makes an object of each
        problems.add(f"El zip tiene demasiados archivos. {_MAKE_IT}")
        return None, None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as zipped:
            for entry in zipped.infolist():
                name = unicodedata.normalize("NFC", entry.orig_filename)  # as `student` is; macOS takes accents apart
                wrong = _refusal(entry, name, parts, limits)
                if wrong is None:
                    parts[name] = _inflated(zipped, entry, limits[name])
                    wrong = None if parts[name] is not None else _bomb(limits[name])
                if wrong:
                    problems.add(f"El zip trae algo que no se acepta. {_MAKE_IT}", f"{quote(name, 60)} {wrong}")
    except _DAMAGE:
        problems.add(f"El archivo no es un zip, o está dañado. {_MAKE_IT}")
        return None, None
    names = list(limits)
    if names[0] not in parts:
        problems.add(f"Al zip le falta la tabla {names[0]}. {_MAKE_IT}")
    return parts.get(names[0]), parts.get(names[1])


def _refusal(entry, name, parts, limits):
    """Return why a member is not even opened, or None."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if name in parts:
        return "viene dos veces"
    if name not in limits:
        return f"no se llama {' ni '.join(limits)}"
    if entry.flag_bits & 0x1:
        return "está cifrado"
    if kind not in (0, stat.S_IFREG) or entry.is_dir():
        return "no es un archivo normal"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "usa una compresión poco común"
    return _bomb(limits[name]) if entry.file_size > limits[name] else None


def _inflated(zipped, entry, limit):
    """Return a member's bytes, or None as soon as they pass the limits: what the zip says of its sizes may be false."""
    limit = min(limit, MAX_RATIO * entry.compress_size + _CHUNK)
    chunks, size = [], 0
    with zipped.open(entry) as stream:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                return None
            chunks.append(chunk)
    return b"".join(chunks)


def _bomb(limit):
    return f"ocupa demasiado al descomprimirlo: el máximo son {megabytes(limit)}, y {MAX_RATIO} veces lo comprimido"
