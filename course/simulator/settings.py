"""What an experiment of the simulator can be told: the playground's controls, and what its users have asked for."""

import math
import re
from dataclasses import dataclass, fields, replace

import numpy as np

from course import toydata
from course.errors import CourseError
from course.simulator import kernel, schedule

ACTIVATIONS = ("relu", "tanh", "sigmoid", "linear")
INITIALIZERS = ("uniform", "he", "glorot")
OWN = ("own", "reg-own")  # the data set's name when the points are the student's: classes, or numbers to predict
DATASETS = (*toydata.CLASSIFICATION, *toydata.REGRESSION, *OWN)
LIVE = (
    *("learning_rate", "schedule", "regularization", "regularization_rate", "momentum", "dropout"),
    *("target_loss", "patience", "show_test", "discretize"),
)
"""What may change while an experiment trains; the rest makes another experiment."""


@dataclass(frozen=True)
class Settings:
    """The settings of one experiment; the defaults are the playground's.

    Attributes
    ----------
    dataset : str
        circle, xor, gauss, spiral (classification) or reg-plane, reg-gauss (regression).
    noise, train_percent, batch_size, learning_rate, regularization_rate
        As on the playground's sliders, but any sensible number.
    inputs : tuple of str
        Keys of `course.toydata.INPUTS`, always in its order.
    layers : tuple of int
        Units of each hidden layer; empty for none.
    activation : str or tuple of str
        relu, tanh, sigmoid or linear; one for all hidden layers or one for each.
    regularization : str
        none, L1 (with the playground's dead links) or L2.
    seed : str or None
        Decides data, weights and Dropout; with None the experiment draws one, and its settings tell which.
    init_zero : bool
        Start from weights and biases 0.
    show_test, discretize : bool
        For the display only; they travel in the link.
    classes : int
        More than two with spiral or gauss: then softmax and cross-entropy, always.
    loss : str
        half_mse (the playground's) or cross_entropy.
    initializer : str
        uniform (the playground's, ±0.5), he or glorot; biases start at 0.1 with each of them.
    optimizer : str
        sgd, momentum or adam; the last two regularize as Keras does, inside the gradient and without dead links.
    momentum, dropout : float
        Keras's meaning; Dropout after every hidden layer.
    schedule : str
        How the learning rate goes on: see `course.simulator.schedule`.
    target_loss, patience : float or None, int or None
        Stop at a test loss this low, or after so many epochs without a better one.

    Raises
    ------
    CourseError
        Where a value is out of its range or two of them do not go together.
    """

    dataset: str = "circle"
    noise: float = 0
    train_percent: float = 50
    batch_size: int = 10
    inputs: tuple = ("x", "y")
    layers: tuple = (4, 2)
    activation: str | tuple = "tanh"
    learning_rate: float = 0.03
    regularization: str = "none"
    regularization_rate: float = 0
    seed: str | None = None
    init_zero: bool = False
    show_test: bool = False
    discretize: bool = False
    classes: int = 2
    loss: str = "half_mse"
    initializer: str = "uniform"
    optimizer: str = "sgd"
    momentum: float = 0.9
    dropout: float = 0
    schedule: str = "constant"
    target_loss: float | None = None
    patience: int | None = None

    def __post_init__(self):
        """Bring the values to their types and check them."""
        tuples = {"inputs": _tuple("inputs", self.inputs), "layers": _tuple("layers", self.layers)}
        if not isinstance(self.activation, str):
            tuples["activation"] = _tuple("activation", self.activation)
        for name, value in tuples.items():
            object.__setattr__(self, name, value)
        if self.seed is not None:
            object.__setattr__(self, "seed", _seed(self.seed))
        _check_choices(self)
        _check_numbers(self)
        _check_switches(self)
        _check_layers(self)
        _check_together(self)
        object.__setattr__(self, "inputs", tuple(name for name in toydata.INPUTS if name in self.inputs))

    @property
    def problem(self):
        """Either classification or regression."""
        return "regression" if self.dataset.startswith("reg-") else "classification"

    @property
    def activations(self):
        """One activation per layer, the output's last."""
        hidden = (self.activation,) * len(self.layers) if isinstance(self.activation, str) else self.activation
        output = "linear" if self.problem == "regression" else "softmax" if self.classes > 2 else "tanh"
        return (*hidden, output)

    @property
    def units(self):
        """The units of each layer, the inputs first and the outputs last."""
        return (len(self.inputs), *self.layers, self.classes if self.activations[-1] == "softmax" else 1)

    @property
    def rules(self):
        """The same, in the kernel's terms."""
        return kernel.Rules(
            self.units,
            self.activations,
            self.batch_size,
            "cross_entropy" if self.activations[-1] == "softmax" else self.loss,
            self.regularization,
            self.regularization_rate,
            self.optimizer,
            self.momentum,
            self.dropout,
        )

    def with_changes(self, **changes):
        """Return a copy with some settings changed, checked like new ones."""
        return replace(self, **known(changes))


def known(names):
    """Return `names` (a mapping) if they all are settings.

    Raises
    ------
    CourseError
        Naming the first that is not, and all there are.
    """
    every = [field.name for field in fields(Settings)]
    for name in names:
        if name not in every:
            raise CourseError(f"«{name}» no es un ajuste del simulador. Los ajustes son: {', '.join(every)}.")
    return names


def _seed(value):
    """Return the seed as the text that it is in a link, whose other marks it must not have."""
    if not re.fullmatch(r"[\w.%~+:,-]+", str(value), re.ASCII):
        raise CourseError(f"La semilla viaja en el enlace: usa cifras, letras sin acento y puntos, no seed={value!r}.")
    return str(value)


def _tuple(name, value):
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        either = "un nombre o " if name == "activation" else ""
        raise CourseError(f"{name} debe ser {either}una lista, por ejemplo {name}=[…], y es {value!r}.")
    return tuple(map(_plain, value))


def _plain(value):
    """Return NumPy's numbers, as from `np.arange`, as Python's; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def _check_choices(s):
    choices = {
        "dataset": DATASETS,
        "regularization": kernel.PENALTIES,
        "loss": kernel.LOSSES,
        "initializer": INITIALIZERS,
        "optimizer": kernel.OPTIMIZERS,
    }
    for name, allowed in choices.items():
        one_of(name, getattr(s, name), allowed)
    for name in (s.activation,) if isinstance(s.activation, str) else s.activation:
        one_of("activation", name, ACTIVATIONS)
    for name in s.inputs:
        one_of("inputs", name, tuple(toydata.INPUTS))  # a list within the list could not be looked up in a dict
    if not s.inputs:
        raise CourseError(f"La red necesita al menos una entrada: elige inputs entre {', '.join(toydata.INPUTS)}.")


def one_of(name, value, allowed):
    """Refuse a value that is not among those allowed."""
    if value not in allowed:
        raise CourseError(f"{name} no puede ser «{value}». Elige entre: {', '.join(allowed)}.")


_RANGES = {  # name: what the page calls it, lowest, highest, whether it must be whole
    "noise": ("el ruido", 0, 80, False),
    "train_percent": ("el porcentaje de entrenamiento", 1, 99, False),
    "batch_size": ("el tamaño del lote", 1, 10_000, True),
    "learning_rate": ("la tasa de aprendizaje", 0, 1000, False),
    "regularization_rate": ("la tasa de regularización", 0, 1000, False),
    "classes": ("las clases", 2, 10, True),
    "momentum": ("el momento", 0, 0.9999, False),
    "dropout": ("la proporción de Dropout", 0, 0.95, False),
    "target_loss": ("la pérdida con la que parar", 0, math.inf, False),
    "patience": ("la paciencia, en épocas", 1, math.inf, True),
}


def _check_numbers(s):
    for name, (words, low, high, whole) in _RANGES.items():
        value = _plain(getattr(s, name))
        if value is None and name in ("target_loss", "patience"):
            continue
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not low <= value <= high or (whole and value % 1):
            kind = "un número entero" if whole else "un número"
            bounds = f"entre {low} y {high}" if high < math.inf else f"desde {low}"
            raise CourseError(f"{name} ({words}) debe ser {kind} {bounds}, y es {value!r}.")
        object.__setattr__(s, name, int(value) if whole else value)
    schedule.parse(s.schedule)


def _check_switches(s):
    """Bring what is yes or no to bool: a link spells it out, and any other text than ``false`` is yes."""
    for name in ("init_zero", "show_test", "discretize"):
        value = _plain(getattr(s, name))
        if value not in (True, False):
            raise CourseError(f"{name} debe ser True o False, y es {value!r}.")
        object.__setattr__(s, name, bool(value))


def _check_layers(s):
    if len(s.layers) > 32:
        raise CourseError(f"layers tiene {len(s.layers)} capas ocultas; el simulador llega hasta 32.")
    for units in s.layers:
        if isinstance(units, bool) or not isinstance(units, int) or not 1 <= units <= 512:
            raise CourseError(f"Cada capa de layers debe tener de 1 a 512 neuronas, y una tiene {units!r}.")


def _check_together(s):
    if not isinstance(s.activation, str) and len(s.activation) != len(s.layers):
        raise CourseError(
            "Debe haber una activación por capa oculta, o una sola para todas, sin lista: "
            f"activation tiene {len(s.activation)} y layers, {len(s.layers)}."
        )
    if s.loss == "cross_entropy" and s.problem == "regression":
        raise CourseError(f"La entropía cruzada es para clasificar; con «{s.dataset}» usa loss='half_mse'.")
    if s.classes > 2 and s.dataset not in ("spiral", "gauss", "own"):
        raise CourseError(f"«{s.dataset}» no admite {s.classes} clases. Usa «spiral», «gauss» o tus propios puntos.")
