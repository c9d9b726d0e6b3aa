"""A multilayer network as a problem to search: its hyperparameters, how a trial trains it, and how it is measured."""

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course.environment import import_keras
from course.errors import CourseError
from course.tuning import space as spaces

SPACE = {
    "layers": (1, 3),
    "units": (16, 256, "log"),
    "activation": ["relu", "tanh", "elu"],
    "dropout": (0.0, 0.5),
    "l1": (1e-8, 1e-3, "log"),
    "l2": (1e-8, 1e-2, "log"),
    "learning_rate": (1e-4, 3e-2, "log"),
    "batch_size": [32, 64, 128, 256],
    "initializer": ["he_normal", "glorot_uniform", "lecun_normal"],
}
"""The hyperparameters of a network, and where each is searched by default."""

DEFAULTS = {
    "layers": 1,
    "units": 32,
    "activation": "relu",
    "dropout": 0.0,
    "l1": 0.0,
    "l2": 0.0,
    "learning_rate": 1e-3,
    "batch_size": 128,
    "initializer": None,
}
"""What those that a space leaves out are worth: the layers' own defaults."""

_CODE = ("arrays.py", "models.py", "recorder.py", "training.py", "tuning/networks.py", "tuning/strategy.py")
"""What the value of a trial depends on."""


class Data(NamedTuple):
    """The rows of a problem: pairs (x, y) to train with, to choose with, and to measure once at the end."""

    train: tuple
    validation: tuple
    test: tuple


@dataclass(frozen=True)
class Network:
    """A multilayer network (`course.models.mlp`) on a data set.

    Parameters
    ----------
    name : str
    data : callable
        Without arguments; returns `Data`. It is called for each trial, so it should keep what it made. Targets have
        shape (n, 1), or (n,) where they are class numbers.
    kind : {"binary", "multiclass", "regression"}
    monitor : str
        What is reported and compared: a column of the history of `course.training.fit`. The log loss and the squared
        error are those of the data alone: with the penalties of L1 and L2 in them, trials could not be compared.
    epochs, patience : int
        As in `course.training.fit`.
    space : dict
        Where it is searched by default: keys of `DEFAULTS`.
    """

    name: str
    data: Callable
    kind: str
    monitor: str
    epochs: int = 10
    patience: int = 3
    space: dict = field(default_factory=SPACE.copy, hash=False)

    known = tuple(DEFAULTS)

    @property
    def direction(self):
        """Losses and errors are minimised, accuracies maximised."""
        return "minimize" if "loss" in self.monitor or "error" in self.monitor else "maximize"

    @property
    def version(self):
        """Trials made with other code, data, patience, Keras or backend cannot be compared with these."""
        keras, package = import_keras(), Path(__file__).parent.parent
        code = b"".join((package / name).read_bytes() for name in _CODE)
        digest = hashlib.sha256(code).hexdigest()[:8]
        backend = f"keras {keras.__version__}, {keras.backend.backend()}"
        return f"{digest}, {backend}, {_fingerprint(self.data)}, paciencia {self.patience}"

    def check(self, space):
        """Build a network with each extreme of a space, so that what cannot be is told before the first trial."""
        for name, kind in space.items():
            for value in spaces.extremes(kind):
                self.build({name: value}, inputs=2)

    def build(self, params, inputs):
        """Return the compiled network that some hyperparameters describe; those left out are `DEFAULTS`."""
        from course import models

        keras = models.keras
        chosen = DEFAULTS | params
        _check(chosen)
        classes = {"classes": 10, "integer_labels": True} if self.kind == "multiclass" else {}
        same = {name: chosen[name] for name in ("activation", "dropout", "l1", "l2", "initializer")}
        hidden = (chosen["units"],) * chosen["layers"]
        adam = keras.optimizers.Adam(float(chosen["learning_rate"]))  # Keras takes no whole number
        model = models.mlp(inputs, hidden, self.kind, optimizer=adam, **same, **classes)
        if self.kind != "multiclass":  # its accuracy is measured as it is
            same = {name: getattr(model, name) for name in ("optimizer", "loss", "steps_per_execution", "jit_compile")}
            model.compile(metrics=_metrics(keras, self.kind), **same)
        return model

    def train(self, params, seed, callbacks=()):
        """Train the network of some hyperparameters from a seed.

        Returns
        -------
        tuple
            The `keras.Sequential` with the weights of its best epoch, and the history that `training.fit` returns.
        """
        from course import environment, training

        data = self.data()
        training.keras.utils.clear_session()  # or a search of a thousand networks keeps them all in memory
        environment.set_seed(seed)
        model = self.build(params, data.train[0].shape[1])
        history = training.fit(
            model,
            *data.train,
            validation=data.validation,
            epochs=self.epochs,
            batch_size=(DEFAULTS | params)["batch_size"],
            patience=self.patience,
            monitor=self.monitor,
            seed=seed,
            progress=False,
            callbacks=callbacks,
        )
        if history.attrs["interrupted"]:
            raise KeyboardInterrupt
        return model, history

    def evaluate(self, params, seed, report):
        """Return the best value of `monitor` over the epochs, reporting each."""
        history = self.train(params, seed, [_reporter(self.monitor, report)])[1]
        return float(history.loc[history.attrs["best_epoch"], self.monitor])

    def measure(self, model):
        """Return the model's scores on the test split, rounded by nobody: a dict by name."""
        from sklearn import metrics

        x, y = self.data().test
        output = model.predict(x, verbose=0)
        if self.kind == "regression":
            return {"squared_error": float(metrics.mean_squared_error(y, output))}
        if self.kind == "multiclass":
            labels = range(output.shape[1])
            likely = output.astype(float) / output.sum(axis=1, keepdims=True, dtype=float)
            return {
                "accuracy": float(metrics.accuracy_score(y, output.argmax(axis=1))),
                "log_loss": float(metrics.log_loss(y, likely, labels=labels)),
            }
        chance = output.ravel().astype(float)
        return {
            "accuracy": float(metrics.accuracy_score(y, chance >= 0.5)),
            "log_loss": float(metrics.log_loss(y, chance)),
            "roc_auc": float(metrics.roc_auc_score(y, chance)),
        }


_BOUNDS = {  # the kinds of number that each may be, its bounds, and the same in words
    "layers": (int, lambda value: 0 <= value <= 100, "un número de capas ocultas, de 0 a 100"),
    "units": (int, lambda value: value >= 1, "un entero mayor que 0, sin comillas"),
    "dropout": (int | float, lambda value: 0 <= value < 1, "un número desde 0 y menor que 1"),
    "learning_rate": (int | float, lambda value: value > 0, "un número mayor que 0"),
    "batch_size": (int, lambda value: value >= 1, "un entero mayor que 0"),
}


def _check(params):
    """Hold the numbers against their bounds; the builder says the rest, but knows some by other names."""
    for name, (kinds, within, wanted) in _BOUNDS.items():
        value = params[name]
        if not isinstance(value, kinds) or isinstance(value, bool) or not within(value):
            raise CourseError(f"{name}={value!r} no es válido: se esperaba {wanted}.")


def _metrics(keras, kind):
    if kind == "regression":
        return [keras.metrics.MeanSquaredError(name="squared_error")]
    return ["accuracy", keras.metrics.BinaryCrossentropy(name="log_loss")]


def _reporter(monitor, report):
    """Return a Keras callback that reports `monitor` after each epoch, and lets what the report raises pass."""
    from course.training import keras

    return keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: report(epoch + 1, logs[monitor]))


@functools.cache
def _fingerprint(data):
    """Say which data these are, whatever the processor's last bits."""
    parts = data()[:2]
    rows = [np.arange(1, len(x) + 1) for x, _ in parts]  # weights, or another order of the targets would not show
    return " ".join(
        f"{x.shape[0]}×{x.shape[1]}:{x.sum(dtype=float):.6g}:{row @ y.reshape(len(y), -1).sum(axis=1):.6g}"
        for (x, y), row in zip(parts, rows, strict=True)
    )
