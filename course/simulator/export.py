"""From the simulator to Keras: the source that builds the same network, and the model that it builds.

What Keras has in other terms: its mean squared error, and so the gradient, is twice the playground's loss; its L2
counts w², the playground ½w²; its links do not die under L1; and it updates with a last batch that is not full, where
the playground carries it into the next epoch.

Each layer asks Keras for double precision, because the simulator has it: in float32, which rounds the inputs already,
the predictions of a trained network differ by up to 1e-5. (JAX needs ``JAX_ENABLE_X64=1`` for it.) Nothing global is
set: after `keras.config.set_floatx`, later networks would be half in one precision and half in the other.
"""

import numpy as np

from course.simulator import schedule

_FEATURES = {
    "x": "x",
    "y": "y",
    "xSquared": "x * x",
    "ySquared": "y * y",
    "xTimesY": "x * y",
    "sinX": "np.sin(x)",
    "sinY": "np.sin(y)",
}

_HEAD = '''"""Red exportada del simulador en la época {epoch}, con {units} unidades por capa."""

import keras
import numpy as np


def features(points):
    """Las entradas de la red para unos puntos (x, y), de forma (n, 2)."""
    x, y = np.asarray(points, dtype="float64").T
    return np.stack([{columns}], axis=1)

{penalty}
def dense(units, activation):
    """Una capa como las del simulador, que calcula en doble precisión."""
    return keras.layers.Dense(
        units,
        activation,
        dtype="float64",
        kernel_initializer={kernel},
        bias_initializer={bias},
        kernel_regularizer={regularizer},
    )

'''

_PENALTY = '''
def penalty(weights):
    """La regularización, en la precisión en que Keras suma las pérdidas."""
    return keras.ops.cast(keras.regularizers.{name}({factor})(weights), keras.config.floatx())

'''

_LOSSES = {
    "half_mse": '''
class HalfMSE(keras.losses.Loss):
    """La pérdida del simulador: la mitad del error cuadrático medio de Keras."""

    def call(self, y_true, y_pred):
        return keras.losses.mean_squared_error(keras.ops.reshape(y_true, (-1, 1)), y_pred) / 2

''',
    "cross_entropy": '''
class CrossEntropy(keras.losses.Loss):
    """Entropía cruzada para etiquetas -1 y +1, como las da la salida tanh."""

    def call(self, y_true, y_pred):
        y_true = keras.ops.reshape(y_true, (-1, 1))
        return keras.losses.binary_crossentropy((y_true + 1) / 2, (y_pred + 1) / 2)

''',
    "classes": "",
}
_LOSS_NAMES = {
    "half_mse": "HalfMSE",
    "cross_entropy": "CrossEntropy",
    "classes": "keras.losses.SparseCategoricalCrossentropy",
}

_MODEL = """
model = keras.Sequential(
    [
{layers}
    ]
)
model.set_weights(
    [
{weights}
    ]
)
model.compile(keras.optimizers.{optimizer}, loss={loss}(dtype="float64"))

"""

_SCHEDULES = {
    "step": "{rate} * {1} ** (epoch // {0})",
    "exponential": "{rate} * {0} ** epoch",
    "cosine": "{rate} * (1 + np.cos(np.pi * min(epoch / {0}, 1))) / 2",
}


def to_code(experiment):
    """Return Keras source, ready to paste, that builds and compiles the experiment's network with its weights of now.

    It defines ``features(points)``, which computes the network's inputs, and ``model``; its last comments tell how to
    go on training as the simulator would.
    """
    settings = experiment.settings
    loss = settings.loss if settings.classes == 2 else "classes"
    penalty, regularizer = _penalty(settings)
    head = _HEAD.format(
        epoch=experiment.epoch,
        units=" → ".join(map(str, settings.units)),
        columns=", ".join(_FEATURES[name] for name in settings.inputs),
        kernel=_initializer(settings),
        bias=f"keras.initializers.Constant({0.0 if settings.init_zero else 0.1})",
        penalty=penalty,
        regularizer=regularizer,
    )
    model = _MODEL.format(
        layers=_indent(_layers(settings)),
        weights=_indent(_weights(experiment)),
        optimizer=_optimizer(settings),
        loss=_LOSS_NAMES[loss],
    )
    return head + _LOSSES[loss] + model + "\n".join(_recipe(experiment)) + "\n"


def to_keras(experiment):
    """Return the compiled Sequential that `to_code` builds: it runs that source, so the two cannot disagree."""
    from course.environment import import_keras

    import_keras()
    namespace = {}
    exec(compile(to_code(experiment), "<experiment.to_code()>", "exec"), namespace)
    return namespace["model"]


def _initializer(settings):
    if settings.init_zero:
        return '"zeros"'
    limits = "keras.initializers.RandomUniform(-0.5, 0.5)"
    return {"uniform": limits, "he": '"he_uniform"', "glorot": '"glorot_uniform"'}[settings.initializer]


def _penalty(settings):
    """Return the source of the regularizer, if there is one, and what to call it."""
    if settings.regularization == "none":
        return "", "None"
    factor = settings.regularization_rate / (2 if settings.regularization == "L2" else 1)
    return _PENALTY.format(name=settings.regularization, factor=repr(factor)), "penalty"


def _optimizer(settings):
    rate, momentum = float(settings.learning_rate), float(settings.momentum)  # Keras takes no whole number
    return {
        "sgd": f"SGD({rate})",
        "momentum": f"SGD({rate}, momentum={momentum})",
        "adam": f"Adam({rate})",
    }[settings.optimizer]


def _layers(settings):
    lines = [f'keras.Input(({len(settings.inputs)},), dtype="float64"),']
    for number, (units, activation) in enumerate(zip(settings.units[1:], settings.activations, strict=True)):
        lines.append(f'dense({units}, "{activation}"),')
        if settings.dropout and number < len(settings.layers):
            lines.append(f'keras.layers.Dropout({settings.dropout}, dtype="float64"),')
    return lines


def _weights(experiment):
    """Return one ``np.array(…)`` per array, each number with the digits that give it back exactly."""
    exact = {"float_kind": lambda number: repr(float(number))}
    lines = []
    for arrays in zip(experiment.weights, experiment.biases, strict=True):
        for array in arrays:
            text = np.array2string(array, 100, separator=", ", threshold=array.size + 1, formatter=exact)
            lines += f"np.array({text}),".replace("\n", "\n         ").splitlines()
    return lines


def _indent(lines):
    return "\n".join(f"        {line}" for line in lines)


def _recipe(experiment):
    """Return the last comments: how to train on, and where Keras then differs."""
    settings = experiment.settings
    name, numbers = schedule.parse(settings.schedule)
    lines, callbacks = ["# Para seguir entrenando como el simulador, sin reordenar los puntos:"], ""
    if name != "constant":
        formula = _SCHEDULES[name].format(*numbers, rate=settings.learning_rate)
        lines.append(f"# rate = keras.callbacks.LearningRateScheduler(lambda epoch: {formula})")
        callbacks = f", initial_epoch={experiment.epoch}, callbacks=[rate]"
    last = experiment.epoch + 100 if callbacks else 100  # Keras counts from initial_epoch, as the formula must
    fit = f"batch_size={settings.batch_size}, epochs={last}, shuffle=False{callbacks}"
    lines.append(f"# model.fit(features(points), labels, {fit})")
    if len(experiment.train_points) % settings.batch_size:
        lines.append(
            "# Keras actualiza también con el último lote incompleto; el simulador lo suma a la época siguiente."
        )
    if experiment.epoch and settings.optimizer != "sgd":
        lines.append(f"# Lo que {settings.optimizer} recordaba de sus pasos no se exporta: en Keras empieza de nuevo.")
    if settings.regularization == "L1" and settings.optimizer == "sgd":
        lines.append("# En Keras, un peso que L1 dejó en 0 puede volver a moverse; en el simulador, no.")
    return lines
