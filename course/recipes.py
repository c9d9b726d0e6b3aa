"""Networks with every choice written down: the classic one for MNIST, the one that errs least, and those searched.

A `Recipe` is all that it takes to train a network again: its layers, what holds them back, and how it is trained.
Everything is Keras's own, or the few lines of `course.locality`. ``benchmarks/mnist_accuracy.py`` measures what each
recipe reaches, and what each of its ingredients gives. Those called ``buscada`` are the best trials of `course.tuning`,
to three digits; ``benchmarks/studies`` sums their searches up.
"""

import math
from dataclasses import dataclass

import numpy as np

from course import arrays, models, training
from course.environment import import_keras, set_seed
from course.errors import CourseError
from course.locality import ReceptiveField, Smoothness
from course.validation import between, count, positive

keras = import_keras()

_AS_THEY_ARE = (
    "activation", "initializer", "dropout", "input_dropout", "max_norm", "l1", "l2", "label_smoothing",
)  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """How a classifier is built and trained, in values to be read, changed (`dataclasses.replace`) and repeated.

    Parameters
    ----------
    description, source : str
        What it is, in Spanish, and where it comes from.
    hidden : tuple of int
        Units of each hidden layer.
    epochs, batch_size : int
    learning_rate : float
        Adam's highest: it grows from 0 in the first `warmup` epochs, and falls along half a cosine.
    warmup : float
        In epochs.
    alpha : float
        Share of the learning rate that is left at the end: 1 for one that never falls.
    activation : str
        Of the hidden layers, by Keras's name.
    initializer : str, optional
        Of the weights, by Keras's name; by default the one that suits the activation.
    dropout, input_dropout : float
        Rates in [0, 1) in the hidden layers and on the inputs.
    max_norm : float, optional
        Largest norm of the weights that enter a hidden unit.
    l1, l2 : float
        Penalties on the weights, as in `course.models.mlp`.
    label_smoothing : float
        Share of each target that is spread over all the classes, of which there must be three or more.
    smoothness : float
        Factor of `course.locality.Smoothness` in the first layer; more than 0 needs inputs that are square images.
    window : int, optional
        Side of the `course.locality.ReceptiveField` of each unit of the first layer; it needs such inputs too.
    ema_momentum : float, optional
        Of the moving average of the weights that takes their place when predicting and once the training ends.

    Raises
    ------
    CourseError
        If a number is out of range; those of the layers are looked at when the network is built.
    """

    description: str
    source: str
    hidden: tuple[int, ...]
    epochs: int
    batch_size: int
    learning_rate: float
    warmup: float = 0.0
    alpha: float = 0.0
    activation: str = "relu"
    initializer: str | None = None
    dropout: float = 0.0
    input_dropout: float = 0.0
    max_norm: float | None = None
    l1: float = 0.0
    l2: float = 0.0
    label_smoothing: float = 0.0
    smoothness: float = 0.0
    window: int | None = None
    ema_momentum: float | None = None

    def __post_init__(self):
        """Check what says how to train."""
        for name in ("epochs", "batch_size"):
            count(name, getattr(self, name))
        positive("learning_rate", self.learning_rate)
        between("warmup", self.warmup, 0, self.epochs)
        between("alpha", self.alpha, 0, 1)
        if self.ema_momentum is not None:
            between("ema_momentum", self.ema_momentum, 0, 1)

    def schedule(self, rows):
        """Return the learning rate as a function of the step, for a training set of so many rows."""
        steps = math.ceil(rows / self.batch_size)
        warmup = round(self.warmup * steps)
        return keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else self.learning_rate,
            decay_steps=max(1, self.epochs * steps - warmup),
            alpha=self.alpha,
            warmup_target=self.learning_rate if warmup else None,
            warmup_steps=warmup,
        )

    def build(self, inputs, classes, rows, seed=0):
        """Return the compiled network, to be trained on `rows` rows.

        It takes `inputs` features to `classes` probabilities; of two classes, to that of the second one.

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
            "binary" if classes == 2 else "multiclass",
            classes=None if classes == 2 else classes,
            **{name: getattr(self, name) for name in _AS_THEY_ARE},
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
            As `build` and `course.training.fit`, and if `y` are no class numbers.
        """
        x, y = arrays.numbers("x", x), _class_numbers(y)
        if x.ndim != 2:
            raise CourseError(f"x tiene forma {x.shape}, y se esperaba (n, inputs). Usa x.reshape(len(x), -1).")
        classes = int(y.max()) + 1
        if validation is not None:
            if not arrays.is_pair(validation):
                raise CourseError("validation no es un par (x, y). Pásalo así, o usa validation=None.")
            validation = validation[0], _targets(_class_numbers(validation[1], classes), classes)
        set_seed(seed)
        model = self.build(x.shape[1], classes, len(x), seed)
        history = training.fit(
            model,
            x,
            _targets(y, classes),
            epochs=self.epochs,
            batch_size=self.batch_size,
            validation=validation,
            seed=seed,
            progress=progress,
            callbacks=[] if self.ema_momentum is None else [keras.callbacks.SwapEMAWeights()],
        )
        return model, history


def _class_numbers(y, classes=np.inf):
    """Return class numbers as an array: Keras would cut a 1.5 to 1 without a word, and count -1 from the end."""
    y = arrays.numbers("y", y)
    if not arrays.are_classes(y, classes):
        least = "números de clase: 0, 1, 2…" if classes == np.inf else f"números de clase, de 0 a {classes - 1}"
        raise CourseError(f"y debe tener {least}, uno por fila. Tiene forma {y.shape}.")
    return y


def _targets(y, classes):
    """Return class numbers as the head of so many classes wants them."""
    return np.reshape(y, (-1, 1)) if classes == 2 else keras.utils.to_categorical(y, classes)


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
        epochs=60,
        batch_size=256,
        learning_rate=1e-3,
        warmup=2.0,
        dropout=0.4,
        input_dropout=0.2,
        max_norm=2.0,
        smoothness=1e-4,
        window=8,
    ),
    "buscada": Recipe(
        description="Una capa con Dropout: el mejor de los 60 intentos de la búsqueda",
        source="course tune mnist --trials 60: benchmarks/studies/mnist.json",
        hidden=(263,),
        epochs=16,
        batch_size=512,
        learning_rate=4.92e-3,
        alpha=1.0,
        initializer="lecun_normal",
        dropout=0.305,
        l1=3.48e-6,
        l2=6.74e-7,
    ),
}

BOOKINGS = {
    "buscada": Recipe(
        description="Dos capas con Dropout: el mejor de los 40 intentos de la búsqueda, sobre bookings.prepare",
        source="course tune bookings --trials 40: benchmarks/studies/bookings.json",
        hidden=(53, 53),
        epochs=4,
        batch_size=128,
        learning_rate=3.85e-3,
        alpha=1.0,
        activation="elu",
        initializer="glorot_uniform",
        dropout=0.382,
        l1=1.17e-7,
        l2=3.27e-5,
    ),
}
