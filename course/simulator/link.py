"""The playground's links: settings from one, and one from settings.

A link carries what the playground knows. The settings that only this simulator has are added under keys of their own,
which the playground ignores, and only where they differ from the default; so a link written here opens there with the
same data, the same weights and all that both can do.
"""

import re
from dataclasses import fields
from urllib.parse import unquote

from course import toydata
from course.errors import CourseError
from course.simulator.settings import OWN, Settings, one_of

PLAYGROUND = "https://playground.tensorflow.org/"

_SHARED = {  # key in the link: setting
    "batchSize": "batch_size",
    "learningRate": "learning_rate",
    "regularizationRate": "regularization_rate",
    "noise": "noise",
    "percTrainData": "train_percent",
    "activation": "activation",
    "regularization": "regularization",
    "networkShape": "layers",
    "seed": "seed",
    "initZero": "init_zero",
    "showTestData": "show_test",
    "discretize": "discretize",
}
_EXTRA = {  # what the playground ignores
    "activations": "activation",
    "classes": "classes",
    "loss": "loss",
    "initializer": "initializer",
    "optimizer": "optimizer",
    "momentum": "momentum",
    "dropout": "dropout",
    "schedule": "schedule",
    "targetLoss": "target_loss",
    "patience": "patience",
}
_DEFAULTS = {field.name: field.default for field in fields(Settings)}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


def read(url):
    """Return the settings that a link of the playground, or of this simulator, asks for.

    Parameters
    ----------
    url : str
        The whole address, or what follows its ``#``. Keys that are missing keep the playground's default, and those
        that neither knows are ignored, as it does.

    Returns
    -------
    dict
        Keyword arguments of `Settings`.

    Raises
    ------
    CourseError
        Where a known key has a value that does not fit it.
    """
    if not isinstance(url, str) or not url.strip():
        raise CourseError("El enlace está vacío. Copia la dirección completa del simulador, con lo que sigue a «#».")
    values = _pairs(url.strip())
    found = {}
    for key, name in (_SHARED | _EXTRA).items():
        if values.get(key, "").strip() or (key == "networkShape" and key in values):
            found[name] = _value(key, name, values[key])
    found["dataset"] = _dataset(values)
    found["inputs"] = _inputs(values)
    if "noise" in found:  # the playground's slider goes to 50; its links may go to 80
        found["noise"] = min(max(found["noise"], 0), 50 if found["noise"] > 80 else 80)
    return found


def write(settings):
    """Return the link that gives these settings, here and (what it knows of them) in the playground.

    Raises
    ------
    CourseError
        For the student's own points, which no link can carry.
    """
    if settings.dataset in OWN:
        raise CourseError("Un enlace no puede llevar tus propios puntos. Comparte el CSV junto con los ajustes.")
    values = {key: getattr(settings, name) for key, name in _SHARED.items()}
    if not isinstance(settings.activation, str):  # the playground has one for all: the first is as good as any
        values["activation"] = (*settings.activation, "tanh")[0]
    regression = settings.problem == "regression"
    values["problem"] = settings.problem
    values["regDataset" if regression else "dataset"] = settings.dataset
    values |= {name: name in settings.inputs for name in toydata.INPUTS}
    for key, name in _EXTRA.items():
        value = getattr(settings, name)
        if value != _DEFAULTS[name] and (key != "activations" or not isinstance(value, str)):
            values[key] = value
    return f"{PLAYGROUND}#" + "&".join(f"{k}={_text(v)}" for k, v in values.items() if v is not None)


def _pairs(url):
    """Split a link as the playground does: a later key wins, and a value ends at a second ``=``."""
    text = url.partition("#")[2] if "#" in url else url
    if "=" not in text and text.removeprefix(PLAYGROUND).strip("/?#"):
        raise CourseError(f"Esto no parece un enlace del simulador: «{url[:80]}». Debe tener «#clave=valor&…».")
    values = dict((*pair.split("="), "")[:2] for pair in text.split("&"))
    return {key: value if key == "seed" else unquote(value) for key, value in values.items()}


def _value(key, name, text):
    """Return the value of one key, in the type of its setting."""
    if key in ("activations", "networkShape"):
        items = tuple(text.split(",")) if text.strip() else ()
        return tuple(_number(key, item, whole=True) for item in items) if key == "networkShape" else items
    if isinstance(_DEFAULTS[name], bool):
        return text != "false"
    if isinstance(_DEFAULTS[name], str) or name == "seed":
        return text
    return _number(key, text, whole=name in ("batch_size", "classes", "patience"))


def _number(key, text, whole=False):
    if not _NUMBER.fullmatch(text.strip()):
        raise CourseError(f"El enlace está mal: {key}={text!r} no es un número. Corrige ese valor o bórralo.")
    number = float(text)
    if number.is_integer():
        return int(number)
    if whole:
        raise CourseError(f"El enlace está mal: {key}={text!r} debe ser un número entero. Corrige ese valor o bórralo.")
    return number


def _dataset(values):
    problem = values.get("problem", "").strip() or "classification"
    one_of("problem", problem, ("classification", "regression"))
    if problem == "regression":
        name = values.get("regDataset", "").strip() or "reg-plane"
        one_of("regDataset", name, toydata.REGRESSION)
    else:
        name = values.get("dataset", "").strip() or "circle"
        one_of("dataset", name, toydata.CLASSIFICATION)
    return name


def _inputs(values):
    """Return the chosen inputs; one whose control a teacher has hidden (``x_hide=true``) is not there at all."""
    chosen = []
    for name in toydata.INPUTS:
        value = values.get(name, "").strip()
        wanted = value != "false" if value else name in _DEFAULTS["inputs"]
        if wanted and values.get(f"{name}_hide") != "true":
            chosen.append(name)
    return tuple(chosen)


def _text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
