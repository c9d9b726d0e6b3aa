"""Networks for MNIST with every choice written down: the classic one, and the one that errs least.

A `Recipe` is all that it takes to train a network again: its layers, what holds them back, and how it is trained.
Everything is Keras's own, or the few lines of `course.locality`. ``benchmarks/mnist_accuracy.py`` measures what each
recipe reaches, and what each of its ingredients gives.
"""

import math
from dataclasses import dataclass

import numpy as np

from course import models, training
from course.environment import import_keras, set_seed
from course.errors import CourseError
from course.locality import ReceptiveField, Smoothness

keras = import_keras()


@dataclass(frozen=True)
class Recipe:
    """How a classifier is built and trained, in values to be read, changed (`dataclasses.replace`) and repeated.

    Parameters
    ----------
    description, source : str
        What it is, in Spanish, and where it comes from.
    hidden : tuple of int
        Units of each hidden layer, all ReLU.
    epochs, batch_size : int
    learning_rate : float
        Adam's highest: it grows from 0 in the first `warmup` epochs and goes back to 0 along half a cosine.
    warmup : float
        In epochs.
    dropout, input_dropout : float
        Rates in [0, 1) in the hidden layers and on the inputs.
    max_norm : float, optional
        Largest norm of the weights that enter a hidden unit.
    label_smoothing : float
        Share of each target that is spread over all the classes.
    smoothness : float
        Factor of `course.locality.Smoothness` in the first layer; more than 0 needs inputs that are square images.
    window : int, optional
        Side of the `course.locality.ReceptiveField` of each unit of the first layer; it needs such inputs too.
    ema_momentum : float, optional
        Of the moving average of the weights that takes their place when predicting and once the training ends.
    """

    description: str
    source: str
    hidden: tuple[int, ...]
    epochs: int
    batch_size: int
    learning_rate: float
    warmup: float = 0.0
    dropout: float = 0.0
    input_dropout: float = 0.0
    max_norm: float | None = None
    label_smoothing: float = 0.0
    smoothness: float = 0.0
    window: int | None = None
    ema_momentum: float | None = None

    def schedule(self, rows):
        """Return the learning rate as a function of the step, for a training set of so many rows."""
        steps = math.ceil(rows / self.batch_size)
        warmup = round(self.warmup * steps)
        return keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else self.learning_rate,
            decay_steps=self.epochs * steps - warmup,
            warmup_target=self.learning_rate if warmup else None,
            warmup_steps=warmup,
        )

    def build(self, inputs, classes, rows, seed=0):
        """Return the compiled network: `inputs` features to `classes` probabilities, to be trained on `rows` rows.

        Parameters
        ----------
        inputs, classes, rows : int
        seed : int
            Decides where each unit's window is. (Initial weights come from Keras's own seed.)

        Raises
        ------
        CourseError
            If a value of the recipe is wrong, or asks for square images where the inputs are none.
        """
        average = {} if self.ema_momentum is None else {"use_ema": True, "ema_momentum": self.ema_momentum}
        side = self._side(inputs)
        model = models.mlp(
            inputs,
            self.hidden,
            "multiclass",
            classes=classes,
            dropout=self.dropout,
            input_dropout=self.input_dropout,
            max_norm=self.max_norm,
            label_smoothing=self.label_smoothing,
            input_regularizer=Smoothness(self.smoothness, side) if self.smoothness else None,
            input_constraint=ReceptiveField(self.window, self.max_norm, side, seed=seed) if self.window else None,
            optimizer=keras.optimizers.Adam(self.schedule(rows), **average),
        )
        if self.window:
            first = next(layer for layer in model.layers if isinstance(layer, keras.layers.Dense))
            # He's variance is for as many inputs as the unit sees, and the constraint acts only from the first step on.
            first.kernel.assign(first.kernel_constraint(first.kernel * (side / self.window)))
        return model

    def _side(self, inputs):
        side = math.isqrt(inputs)
        if side**2 == inputs or not (self.smoothness or self.window):
            return side
        raise CourseError(
            f"smoothness={self.smoothness!r} y window={self.window!r} necesitan los píxeles de una imagen cuadrada, y "
            f"{inputs} entradas no lo son. Usa smoothness=0.0 y window=None con estos datos."
        )

    def train(self, x, y, *, seed=0, validation=None, progress=True):
        """Build the network and train it for all its epochs.

        Parameters
        ----------
        x : array-like, shape (n, inputs)
        y : array-like of int, shape (n,)
            Class numbers.
        seed : int
            Decides initial weights, batches and Dropout.
        validation : tuple (x, y), optional
            Rows like those of `x` and `y` to be evaluated after each epoch; they change nothing in the network.
        progress : bool
            Show the line of progress.

        Returns
        -------
        model : keras.Sequential
        history : pandas.DataFrame
            As `course.training.fit` returns it.

        Raises
        ------
        CourseError
            As `build` and `course.training.fit`.
        """
        x, y = np.asarray(x), keras.utils.to_categorical(y)
        if validation is not None:
            validation = validation[0], keras.utils.to_categorical(validation[1], y.shape[1])
        set_seed(seed)
        model = self.build(x.shape[1], y.shape[1], len(x), seed)
        history = training.fit(
            model,
            x,
            y,
            epochs=self.epochs,
            batch_size=self.batch_size,
            validation=validation,
            seed=seed,
            progress=progress,
            callbacks=[] if self.ema_momentum is None else [keras.callbacks.SwapEMAWeights()],
        )
        return model, history


MNIST = {
    "clasica": Recipe(
        description="La red del ejemplo clásico de Keras, entrenada con más cuidado: misma arquitectura, mismas épocas",
        source="mnist_mlp.py, ejemplo de Keras 2: 98.40 % de exactitud",
        hidden=(512, 512),
        epochs=20,
        batch_size=128,
        learning_rate=1e-3,
        warmup=1.0,
        dropout=0.2,
        label_smoothing=0.1,
        ema_momentum=0.999,
    ),
    "record": Recipe(
        description="Tres capas anchas; cada neurona de la primera mira una ventana de 8×8 píxeles, con pesos suaves",
        source="Srivastava et al. (2014), 3×1024 con Dropout y norma máxima: 1.06 % de error; ventanas: LeCun (1989)",
        hidden=(1024, 1024, 1024),
        epochs=25,
        batch_size=256,
        learning_rate=1e-3,
        warmup=2.0,
        dropout=0.3,
        input_dropout=0.2,
        max_norm=2.0,
        smoothness=1e-4,
        window=8,
    ),
}
