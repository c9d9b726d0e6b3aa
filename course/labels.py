"""The challenge's labels, in a folder that students never get: written, and read back only if nobody touched them."""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

from course.errors import CourseError
from course.paths import atomic_write

_LABELS, _CONFIG = "etiquetas.csv", "config.json"


class Labels(NamedTuple):
    """The labels of the test: ``ids`` (dict of bytes to position), ``canceled`` and ``public`` (bool arrays of shape
    (n,)), ``config`` (dict: what earns 0 and 10, and where the table came from) and ``digest`` (SHA-256 of the file).
    """

    ids: dict
    canceled: object
    public: object
    config: dict
    digest: str


def save(folder, ids, canceled, public, config):
    """Write a labels' folder, where only its owner reads it and no ``git add`` takes it up.

    Parameters
    ----------
    folder : path-like
    ids : sequence of str, of length n
    canceled : bool array of shape (n,)
        The labels.
    public : bool array of shape (n,)
        True for the rows whose score is shown before the deadline.
    config : dict
        ``baseline``, ``reference`` and ``implausible_auc``, and whatever else is to be recorded.

    Returns
    -------
    dict
        The configuration, with the digest of the labels in it.

    Raises
    ------
    CourseError
        If a part lacks canceled bookings, or others: it would have no AUC.
    """
    folder = Path(folder)
    if any(len(set(canceled[part].tolist())) < 2 for part in (public, ~public)):
        raise CourseError("La prueba no tiene reservas canceladas y no canceladas en cada parte.")
    rows = [f"{name},{label:d},{part:d}\n" for name, label, part in zip(ids, canceled, public, strict=True)]
    answers = "".join(["id,is_canceled,public\n", *rows]).encode()
    config = {**config, "sha256": {**config.get("sha256", {}), _LABELS: _digest(answers)}}
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    files = {".gitignore": b"*\n", _LABELS: answers, _CONFIG: (json.dumps(config, indent=2) + "\n").encode()}
    for name, content in files.items():
        with atomic_write(folder / name) as stream:
            stream.write(content)
    return config


def load(folder):
    """Return the labels that `save` wrote.

    Returns
    -------
    Labels

    Raises
    ------
    CourseError
        If a file is missing, or the labels are not those that were recorded.
    """
    import numpy as np

    folder = Path(folder)
    try:
        config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
        content = (folder / _LABELS).read_bytes()
        digest, recorded = _digest(content), config["sha256"][_LABELS]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(
            f"{folder} no es la carpeta de etiquetas del desafío: faltan {_LABELS} o {_CONFIG}, o están dañados. "
            "Vuelve a escribirla con: course challenge build"
        ) from error
    if digest != recorded:
        raise CourseError(
            f"{folder / _LABELS} cambió desde que se creó: vuelve a crear el desafío con el mismo secreto."
        )
    rows = [line.split(b",") for line in content.split()[1:]]
    ids = {row[0]: position for position, row in enumerate(rows)}
    answers, public = (np.array([row[column] == b"1" for row in rows]) for column in (1, 2))
    return Labels(ids, answers, public, config, digest)


def _digest(content):
    return hashlib.sha256(content).hexdigest()
