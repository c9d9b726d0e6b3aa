"""Keras `Sequential` builders: Dense + Dropout + kernel regularizers, with the head and the loss of each problem.

The slides' rule for the output layer is the table `HEADS`: one linear unit and the mean squared error for regression,
one sigmoid and the binary cross-entropy for two classes, softmax and the categorical cross-entropy for more.
"""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np

from course import byhand, validation
from course.environment import import_keras
from course.errors import CourseError
from course.network import expect_network

keras = import_keras()


class Head(NamedTuple):
    """What the output layer of a kind of problem looks like."""

    activation: str
    loss: str
    metrics: tuple[str, ...]


HEADS = {
    "regression": Head("linear", "mean_squared_error", ("mean_absolute_error",)),
    "binary": Head("sigmoid", "binary_crossentropy", ("accuracy",)),
    "multiclass": Head("softmax", "categorical_crossentropy", ("accuracy",)),
}

STEPS_PER_EXECUTION = 20
"""Batches between two returns to Python. More gain nothing (``benchmarks/mnist_speed.py``), and delay Ctrl-C."""

# He et al. (2015) derive the variance 2/fan_in for units that are zero half of the time; Glorot and Bengio (2010)
# theirs for activations that are close to linear around zero.
_HE = {"relu", "leaky_relu", "elu", "gelu", "silu", "swish", "relu6", "ReLU", "LeakyReLU", "PReLU", "ELU"}


def mlp(
    inputs,
    hidden,
    problem,
    classes=None,
    activation="relu",
    dropout=0.0,
    l1=0.0,
    l2=0.0,
    max_norm=None,
    initializer=None,
    optimizer="adam",
    integer_labels=False,
    input_dropout=0.0,
    label_smoothing=0.0,
    jit_compile="auto",
    input_regularizer=None,
    input_constraint=None,
):
    """Build and compile a multilayer feed-forward network.

    Parameters
    ----------
    inputs : int
        Number of features: the units of the input layer.
    hidden : int or sequence of int
        Units of each hidden layer; ``()`` for none.
    problem : {"regression", "binary", "multiclass"}
        Chooses the output layer and the loss (see `HEADS`).
    classes : int, optional
        Number of classes, at least 3; required by ``"multiclass"`` and meaningless otherwise.
    activation : str or callable
        Activation of the hidden layers: Keras's name, the function, or a layer such as ``keras.layers.PReLU()``, of
        which each hidden layer has a copy, with weights of its own.
    dropout : float or sequence of float
        Rate in [0, 1) after each hidden layer: one for all, or one per layer. 0 adds no layer.
    l1, l2 : float
        Penalty ``l1·Σ|w|`` and ``l2·Σw²`` on the weights (not the biases) of every Dense layer. The slides' λ/2m is
        this factor.
    max_norm : float, optional
        Largest norm of the weights that enter a hidden unit (Srivastava et al., 2014).
    initializer : str or keras.initializers.Initializer, optional
        Of every layer's weights. By default He where the activation is of the ReLU family, Glorot elsewhere.
    optimizer : str or keras.optimizers.Optimizer
        For another learning rate pass the object, ``keras.optimizers.Adam(0.01)``: a new one for each network.
    integer_labels : bool
        Multiclass only: the targets are class numbers, shape ``(n,)``, not one-hot rows, shape ``(n, classes)``.
    input_dropout : float
        Rate in [0, 1) of the inputs themselves (Srivastava et al., 2014, use 0.2). 0 adds no layer.
    label_smoothing : float
        Multiclass only, in [0, 1): the share of each one-hot row that is spread over all the classes before the loss
        is computed (Szegedy et al., 2016). The targets must be one-hot rows.
    jit_compile : bool or "auto"
        As in `keras.Model.compile`. On TensorFlow, ``True`` pays for wide networks that train for long: see Notes.
    input_regularizer : keras.regularizers.Regularizer, optional
        Penalty on the weights of the first Dense layer, in place of `l1` and `l2` there.
    input_constraint : keras.constraints.Constraint, optional
        Constraint on the weights of the first Dense layer, in place of `max_norm` there.

    Returns
    -------
    keras.Sequential
        Compiled; maps ``(n, inputs)`` to ``(n, 1)`` or ``(n, classes)``.

    Raises
    ------
    CourseError
        Naming the argument and the value that is wrong.

    Notes
    -----
    Source: the slides' section on the output layer; their regularization section for `l1`, `l2` and `dropout`.

    The model runs `STEPS_PER_EXECUTION` batches each time that Keras leaves Python: the same results to the bit,
    sooner. ``jit_compile=True`` (XLA) changes the rounding and, on TensorFlow, the Dropout masks, so it is not the
    default there; on JAX Keras always compiles. ``benchmarks/mnist_speed.py`` measures both.
    """
    hidden = _units(hidden)
    inputs = validation.count("inputs", inputs)
    _check(isinstance(problem, str) and problem in HEADS, "problem", problem, f"uno de {', '.join(HEADS)}")
    output_units = _output_units(problem, classes, integer_labels)
    rates = _rates(dropout, len(hidden))
    _check(_is_rate(input_dropout), "input_dropout", input_dropout, "una tasa en [0, 1)")
    loss = _loss(problem, integer_labels, label_smoothing)
    _check(jit_compile in (True, False, "auto"), "jit_compile", jit_compile, "True, False o 'auto'")
    regularizers = [_regularizer(l1, l2)] * (len(hidden) + 1)
    regularizers[0] = _known(keras.regularizers.get, "input_regularizer", input_regularizer) or regularizers[0]
    _check(max_norm is None or (_is_real(max_norm) and max_norm > 0), "max_norm", max_norm, "un número mayor que 0")
    constraints = [None if max_norm is None else keras.constraints.MaxNorm(max_norm, axis=0)] * len(hidden) + [None]
    constraints[0] = _known(keras.constraints.get, "input_constraint", input_constraint) or constraints[0]
    optimizer = _known(keras.optimizers.get, "optimizer", optimizer)
    _check(optimizer is not None, "optimizer", optimizer, "un nombre, como 'adam', o un optimizador de Keras")
    if optimizer.built:
        raise CourseError(
            "Ese optimizador ya es de otra red, y guarda lo que aprendió de sus pesos. Crea uno para cada red: "
            f"optimizer=keras.optimizers.{type(optimizer).__name__}(…)."
        )
    head = HEADS[problem]
    _known(keras.activations.get, "activation", activation)
    for units in {*hidden}:
        _expect_usable(activation, units)

    def dense(units, activation):
        return keras.layers.Dense(
            units,
            activation=_own(activation),
            kernel_initializer=_initializer(initializer, activation),
            kernel_regularizer=regularizers.pop(0),
            kernel_constraint=constraints.pop(0),
        )

    layers = [keras.Input((inputs,))]
    if input_dropout:
        layers.append(keras.layers.Dropout(input_dropout))
    for units, rate in zip(hidden, rates, strict=True):
        layers.append(dense(units, activation))
        if rate:
            layers.append(keras.layers.Dropout(rate))
    model = keras.Sequential([*layers, dense(output_units, head.activation)])
    model.compile(
        optimizer=optimizer,
        loss=loss,
        metrics=[*head.metrics],
        steps_per_execution=1 if keras.backend.backend() == "torch" else STEPS_PER_EXECUTION,  # torch knows no other
        jit_compile=jit_compile,
    )
    return model


def from_byhand(network, learning_rate=0.01, dtype=None):
    """Carry a network by hand over to Keras, weights and all.

    Parameters
    ----------
    network : byhand.Network
    learning_rate : float
        Of the plain gradient descent that the model is compiled with.
    dtype : str, optional
        Type of the weights; by default Keras's own (float32).

    Returns
    -------
    keras.Sequential
        Compiled with the network's loss; its predictions are those of `byhand.forward`.

    Raises
    ------
    CourseError
        If `network` is no such network, or `learning_rate` is not above 0.
    """
    expect_network(network)
    learning_rate = validation.positive("learning_rate", learning_rate)
    layers = [
        keras.layers.Dense(units, activation=activation, dtype=dtype)
        for units, activation in zip(network.units[1:], network.activations, strict=True)
    ]
    model = keras.Sequential([keras.Input((network.units[0],), dtype=dtype), *layers])
    for layer, weights, biases in zip(layers, network.weights, network.biases, strict=True):
        layer.set_weights([weights, biases])
    model.compile(optimizer=keras.optimizers.SGD(learning_rate), loss=network.loss)
    return model


def to_byhand(model):
    """Carry a Keras model of Dense (and Dropout) layers over to the network by hand.

    Parameters
    ----------
    model : keras.Sequential
        Compiled with one of the losses in `HEADS`, by name. Dropout does nothing when predicting, so it is left out.

    Returns
    -------
    byhand.Network

    Raises
    ------
    CourseError
        If it is no such model, does not know its inputs yet, or a layer, an activation or the loss has no counterpart
        by hand.
    """
    if not isinstance(model, keras.Sequential) or not model.built:
        raise CourseError(f"model={model!r} no es una red Sequential de Keras que empiece por keras.Input((n,)).")
    dense = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):
            dense.append(layer)
        elif not isinstance(layer, keras.layers.Dropout):
            raise CourseError(
                f"La capa {layer.name!r} ({type(layer).__name__}) no existe en la red a mano. "
                "Solo se pueden llevar capas Dense y Dropout."
            )
    loss = "categorical_crossentropy" if model.loss == "sparse_categorical_crossentropy" else model.loss
    arrays = [layer.get_weights() for layer in dense]
    return byhand.Network(
        weights=tuple(kernel.astype(float) for kernel, *_ in arrays),
        biases=tuple(bias[0].astype(float) if bias else np.zeros(kernel.shape[1]) for kernel, *bias in arrays),
        activations=tuple(keras.activations.serialize(layer.activation) for layer in dense),
        loss=loss,
    )


def _check(condition, argument, value, expected):
    if not condition:
        raise CourseError(f"{argument}={value!r} no es válido: se esperaba {expected}.")


def _is_real(value):
    return isinstance(value, Real) and not isinstance(value, bool) and np.isfinite(value)


def _is_rate(value):
    return _is_real(value) and 0 <= value < 1


def _known(get, argument, value):
    """Look a name up in Keras, and say it in our words where Keras does not know it."""
    try:
        found = get(value)
        if isinstance(found, type):  # an activation is anything that can be called
            raise TypeError
    except (ValueError, TypeError) as error:
        if isinstance(value, type):
            raise CourseError(
                f"{argument}={value.__name__} es una clase: ponle paréntesis, {value.__name__}()."
            ) from error
        raise CourseError(
            f"{argument}={value!r} no existe en Keras. Revisa cómo está escrito, en minúsculas y en inglés."
        ) from error
    return found


def _units(hidden):
    units = (hidden,) if isinstance(hidden, Integral) else hidden
    valid = isinstance(units, Sequence | np.ndarray) and not isinstance(units, str)
    valid = valid and all(isinstance(u, Integral) and not isinstance(u, bool) and u >= 1 for u in units)
    _check(valid, "hidden", hidden, "una lista con las neuronas de cada capa oculta, desde 1, por ejemplo (64, 32)")
    return tuple(int(u) for u in units)


def _output_units(problem, classes, integer_labels):
    if problem == "multiclass":
        expected = "un entero mayor que 2 (con dos clases usa problem='binary')"
        _check(isinstance(classes, Integral) and classes >= 3, "classes", classes, expected)
        return int(classes)
    _check(classes is None, "classes", classes, f"None cuando problem={problem!r}")
    _check(not integer_labels, "integer_labels", integer_labels, f"False cuando problem={problem!r}")
    return 1


def _loss(problem, integer_labels, label_smoothing):
    _check(_is_rate(label_smoothing), "label_smoothing", label_smoothing, "un número en [0, 1)")
    if not label_smoothing:
        return "sparse_categorical_crossentropy" if integer_labels else HEADS[problem].loss
    expected = "0 salvo con problem='multiclass' e integer_labels=False"
    _check(problem == "multiclass" and not integer_labels, "label_smoothing", label_smoothing, expected)
    return keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing)


def _rates(dropout, layers):
    rates = (dropout,) * layers if isinstance(dropout, Real) else dropout
    valid = isinstance(rates, Sequence | np.ndarray) and not isinstance(rates, str) and len(rates) == layers
    valid = valid and all(_is_rate(rate) for rate in rates)
    _check(valid, "dropout", dropout, f"una tasa en [0, 1), o {layers}, una por cada capa oculta")
    return tuple(float(rate) for rate in rates)


def _regularizer(l1, l2):
    for argument, value in (("l1", l1), ("l2", l2)):
        _check(_is_real(value) and value >= 0, argument, value, "un número mayor o igual que 0")
    if l1 and l2:
        return keras.regularizers.L1L2(l1=l1, l2=l2)
    if l1:
        return keras.regularizers.L1(l1)
    return keras.regularizers.L2(l2) if l2 else None


def _name(activation):
    """Return a function's name, or of an activation layer its class's."""
    function = keras.activations.get(activation)
    if isinstance(function, keras.layers.Activation):
        function = function.activation
    return getattr(function, "__name__", type(function).__name__)


def _expect_usable(activation, units):
    """Refuse a function that Keras cannot train with: it would say so in `fit`, in the words of its backend."""
    if activation is None or isinstance(activation, str | dict | keras.Layer):
        return
    before = keras.Input((units,))
    try:
        after = keras.layers.Lambda(activation)(before).shape
    except Exception as error:  # whatever a student's function can raise
        raise CourseError(
            f"activation={activation!r} no se puede aplicar a un tensor de Keras. Escríbela con keras.ops, por "
            "ejemplo keras.ops.tanh en lugar de np.tanh, o da su nombre: 'tanh'."
        ) from error
    if after != before.shape:
        raise CourseError(f"activation={activation!r} devuelve otra forma: debe dar un número por cada unidad.")


def _own(activation):
    """Return a copy of an activation that is a layer: one for all would share its weights, which have one shape."""
    if not isinstance(activation, keras.Layer):
        return activation
    try:
        return type(activation).from_config(activation.get_config())
    except (NotImplementedError, TypeError, ValueError) as error:  # a Lambda, or a layer without its get_config
        raise CourseError(
            f"activation={activation!r} no se puede copiar para cada capa oculta. Pasa una función en su lugar, o "
            "escríbele a tu capa un get_config() con sus argumentos."
        ) from error


def _initializer(initializer, activation):
    if initializer is None:
        return "he_normal" if _name(activation) in _HE else "glorot_uniform"
    found = _known(keras.initializers.get, "initializer", initializer)
    # One object for all would draw the same numbers in each layer of the same shape.
    return found.clone() if isinstance(initializer, keras.initializers.Initializer) else found
