"""The challenge: what students get, and the labels that they never get, both drawn from the table by a secret seed.

The protocol is temporal, as a hotel lives it: train on the arrivals before `CUT`, predict the later ones. The test has
opaque ids, another order, and no column that tells or follows the outcome. Since the public table can be looked up all
the same, scores beyond what the problem allows are flagged, and the notebook counts too.
"""

import hashlib
import hmac
import math
import os
from pathlib import Path

from course import labels as answers
from course.bookings import AFTER_BOOKING, CUTS, OUTCOME, TARGET, arrival
from course.errors import CourseError
from course.paths import atomic_write, resource

CUT = CUTS[1]
"""The first day of arrival that belongs to the test."""

PUBLIC_SHARE = 0.3
"""The part of the test whose score is shown before the deadline; the rest decides the grade."""

REFERENCE = {"real": (0.835, 0.483), "synthetic": (0.864, 0.442)}
"""ROC AUC and log loss that earn a 10 unless the teacher says otherwise, for the real table and for the made-up one:
those of five networks of `course.bookings.Network` with their calibration (``benchmarks/bookings.py``)."""

IMPLAUSIBLE = 0.05
"""How far above the reference an AUC must be to be flagged: good models differ by less than 0.01."""

_MIN_SECRET = 16


def build(out, labels=None, secret=None, source=None, baseline=None, reference=None):
    """Write the challenge; the same table and secret always give the same files.

    Parameters
    ----------
    out : path-like
        The students' folder: ``train.csv`` and ``test.csv``.
    labels : path-like, optional
        The teacher's folder: ``etiquetas.csv`` and ``config.json``. By default ``<out>-profesor``, beside the other.
    secret : str
        At least 16 characters, kept by the teacher; by default the environment variable ``COURSE_CHALLENGE_SECRET``.
    source : optional
        As in `course.datasets.bookings`.
    baseline, reference : tuple of two floats, optional
        ROC AUC and log loss that earn 0 and 10; by default those of predicting the training rate, and `REFERENCE`.

    Returns
    -------
    dict
        What ``config.json`` records, and ``labels``, the teacher's folder.

    Raises
    ------
    CourseError
        If the secret is missing or short, a folder is no place for labels, has those of another challenge or cannot be
        written, or the table has no rows on one side.
    """
    from course import datasets

    out = Path(out)
    labels = Path(labels) if labels else out.parent / f"{out.name}-profesor"
    key = _key(secret)
    _check_places(out.resolve(), labels.resolve())
    table = datasets.bookings(source)
    train, test = split(table)
    test = test.set_axis(_opaque_ids(len(test), key), axis=0).rename_axis("id").sort_index()  # the ids' order: shuffled
    public = _public(test.index, key)
    rate, late_rate = _rate(train, "antes del"), _rate(test, "desde el")
    files = {name: _csv(part) for name, part in {"train.csv": train, "test.csv": _without_outcome(test)}.items()}
    origin = table.attrs["origin"]
    config = {
        "origin": origin,
        "cut": CUT,
        "secret_sha256": hashlib.sha256(b"fingerprint" + key).hexdigest(),
        "sha256": {name: _sha256(content) for name, content in files.items()},
        "rows": {"train": len(train), "test": len(test), "public": int(public.sum())},
        "train_rate": rate,
        **_anchors(baseline or _constant(rate, late_rate), reference or REFERENCE[_kind(origin)]),
    }
    _check_before(labels, config)
    try:
        config = answers.save(labels, test.index, test[TARGET].to_numpy() == 1, public, config)
        _write(out, files)
    except OSError as error:
        raise CourseError(
            f"No se pudo escribir el desafío: {error}. Libera espacio, o indica otras carpetas con --out y --labels."
        ) from error
    return {**config, "labels": labels}


def split(table):
    """Return the rows that arrive before `CUT` and the others, in the table's order."""
    late = arrival(table) >= CUT
    return table[~late].reset_index(drop=True), table[late].reset_index(drop=True)


def _key(secret):
    secret = secret or os.environ.get("COURSE_CHALLENGE_SECRET", "")
    if len(secret) < _MIN_SECRET:
        raise CourseError(
            f"Falta el secreto del desafío, o tiene menos de {_MIN_SECRET} caracteres. Ponlo en la variable "
            "COURSE_CHALLENGE_SECRET y guárdalo: con él se vuelve a crear el mismo desafío. Uno nuevo: "
            'python -c "import secrets; print(secrets.token_hex(32))"'
        )
    return secret.encode()


def _check_places(out, labels):
    """Refuse a labels' folder from where labels could reach students, and a place that is no folder for either.

    Labels could reach them from their own folder, or from one that the wheel takes up.
    """
    if labels == out or out in labels.parents or labels in out.parents:
        raise CourseError(f"Las etiquetas no pueden ir en {labels}: esa carpeta llegaría a los estudiantes ({out}).")
    for packed in (Path(__file__).resolve().parent, resource("data"), resource("notebooks")):
        if packed == labels or packed in labels.parents:
            raise CourseError(f"Las etiquetas no pueden ir en {labels}: lo de {packed} se publica con el curso.")
    for place in (out, labels):  # both, before the first is written: labels of no challenge would stay behind
        if taken := next((path for path in (place, *place.parents) if path.exists() and not path.is_dir()), None):
            raise CourseError(
                f"No se pudo escribir el desafío: {taken} no es una carpeta. Indica otras con --out y --labels."
            )


def _check_before(labels, config):
    """Refuse to write over the labels of another challenge: what is handed in for it could not be graded any more."""
    try:
        before = answers.load(labels).config["sha256"].get("test.csv")
    except CourseError:  # there are none yet, or they are damaged
        return
    if before != config["sha256"]["test.csv"]:
        raise CourseError(
            f"{labels} tiene las etiquetas de otro desafío, hecho con otro secreto o con otra tabla. Sin ellas no "
            "podrías calificar lo que se entregue para él: usa otras carpetas o, si ya no sirve, borra esa."
        )


def _opaque_ids(count, key):
    """Return ids that tell nothing: keyed hashes, with a letter first so that no program reads them as numbers."""
    ids = [f"r{_keyed(key, f'row {number}')[:11]}" for number in range(count)]
    if len(set(ids)) < count:  # about once in 60,000 secrets
        raise CourseError("Con este secreto dos reservas reciben el mismo id. Elige otro.")
    return ids


def _public(ids, key):
    """Return a bool array: which ids, `PUBLIC_SHARE` of them, are the public part."""
    import numpy as np

    order = np.argsort([_keyed(key, f"part {name}") for name in ids])
    public = np.zeros(len(ids), bool)
    public[order[: round(PUBLIC_SHARE * len(ids))]] = True
    return public


def _keyed(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _without_outcome(test):
    return test.drop(columns=[*OUTCOME, *AFTER_BOOKING]).reset_index()


def _rate(part, when):
    """Return the share of canceled bookings, known to be neither all nor none."""
    if not 0 < (rate := float(part[TARGET].mean())) < 1:  # also NaN: no rows at all
        raise CourseError(f"La tabla no tiene reservas canceladas y no canceladas con llegada {when} {CUT}.")
    return rate


def _kind(origin):
    return "synthetic" if origin == "synthetic" else "real"


def _constant(rate, canceled):
    """Return AUC and log loss of predicting one rate for all bookings, of which another share is canceled."""
    return 0.5, -canceled * math.log(rate) - (1 - canceled) * math.log(1 - rate)


def _anchors(baseline, reference):
    """Return what earns 0 and what earns 10, as the configuration records it."""
    if not (0 <= baseline[0] < reference[0] <= 1 and math.inf > baseline[1] > reference[1] >= 0):
        told = ["AUC {:.4g} y entropía cruzada {:.4g}".format(*values) for values in (reference, baseline)]
        raise CourseError(
            f"La referencia ({told[0]}) debe superar a la base ({told[1]}): más AUC, de 0 a 1, y menos entropía "
            "cruzada, de 0 en adelante. Cámbialas con --reference y --baseline."
        )
    named = {"baseline": baseline, "reference": reference}
    anchors = {name: dict(zip(("auc", "log_loss"), values, strict=True)) for name, values in named.items()}
    return {**anchors, "implausible_auc": min(reference[0] + IMPLAUSIBLE, 1.0)}


def _csv(table):
    return table.to_csv(index=False, na_rep="NULL", lineterminator="\n").encode()


def _sha256(content):
    return hashlib.sha256(content).hexdigest()


def _write(folder, files):
    for name, content in files.items():
        with atomic_write(folder / name) as stream:
            stream.write(content)
