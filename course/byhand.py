"""The slides' network in NumPy: forward and backward with every intermediate value, and gradient descent.

A batch is a table with one observation per row. In the slides' notation, layer k computes u = h·W + b from the
activations h of the layer before it, and then h = f(u).
"""

from dataclasses import replace

import numpy as np

from course import validation
from course.errors import CourseError
from course.functions import ACTIVATION_RULES, ACTIVATIONS, LOSS_RULES, LOSSES, PAIR_RULES
from course.network import (
    SLIDE_EXAMPLE,
    Forward,
    Gradients,
    Network,
    checked_batch,
    expect_network,
    parameter_count,
    random_network,
)

__all__ = [
    "SLIDE_EXAMPLE",
    "Forward",
    "Gradients",
    "Network",
    "backward",
    "forward",
    "loss",
    "numeric_gradient",
    "parameter_count",
    "random_network",
    "step",
    "train",
]

# Numbers that overflow end in an error of ours, which says what to do; NumPy's warnings would come before it.
_quiet = np.errstate(over="ignore", invalid="ignore")


def forward(network, x):
    """Pass a batch through the network, from the input layer to the output.

    Parameters
    ----------
    network : Network
    x : array-like, shape (n, units[0])

    Returns
    -------
    Forward

    Raises
    ------
    CourseError
        If `network` is something else, `x` has another shape or non-finite values, or the numbers overflow on their
        way.
    """
    expect_network(network)
    x = validation.rows("x", x, network.units[0])
    return _forward(network.weights, network.biases, network.activations, x)


@_quiet
def _forward(weights, biases, activations, x):
    u, h = [], [x]
    for w, b, activation in zip(weights, biases, activations, strict=True):
        u.append(h[-1] @ w + b)
        h.append(ACTIVATIONS[activation](u[-1]))
    _check_finite("La salida", h[-1])
    return Forward(tuple(u), tuple(h))


def _check_finite(what, values):
    if not np.isfinite(values).all():
        raise CourseError(
            f"{what} de la red no es finita: los números crecieron demasiado de capa en capa. "
            "Escala x e y a valores cercanos a 1, o usa pesos o una tasa de aprendizaje (learning_rate) menores."
        )


def loss(network, x, y):
    """Return the batch's mean loss, as a float.

    Parameters
    ----------
    network : Network
    x : array-like, shape (n, units[0])
    y : array-like, shape (n, units[-1])
        Targets; probabilities (0 or 1, one-hot rows) for the cross-entropies.

    Raises
    ------
    CourseError
        If `network` is something else, the shapes do not fit it, or a value is not finite or not a valid target.
    """
    passed = forward(network, x)
    return _loss(network, passed, validation.targets(y, passed.output.shape, network.loss))


@_quiet
def _loss(network, forward, y):
    value = float(LOSSES[network.loss](forward.u[-1], forward.output, y))
    _check_finite("La pérdida", value)
    return value


def backward(network, forward, y):
    """Carry the derivative of the loss back through the network, from the output to the input (the chain rule).

    Parameters
    ----------
    network : Network
    forward : Forward
        What `forward` returned for this network and a batch.
    y : array-like, shape (n, units[-1])

    Returns
    -------
    Gradients
        With ``h[0]`` the derivative with respect to the input. Where a cross-entropy divides by a ŷ, or 1 - ŷ, below
        1e-16, the last ``h`` takes 1e-16 in its place and stays finite; every other array is exact all the same.

    Raises
    ------
    CourseError
        If `network` is something else, `forward` is not of it, or `y` does not fit it.
    """
    expect_network(network)
    units = [u.shape[1] for u in forward.u] if isinstance(forward, Forward) else []  # x itself is a likely slip
    if units != list(network.units[1:]):
        raise CourseError(
            f"forward tiene capas de {units} neuronas y la red, de {list(network.units[1:])}. "
            "Pasa lo que devolvió forward(network, x) para esta misma red."
        )
    return _backward(network, forward, validation.targets(y, forward.output.shape, network.loss))


def _backward(network, forward, y, to_input=True):
    last = len(network.weights) - 1
    dh = [LOSS_RULES[network.loss](forward.output, y)]
    du, dw, db = [], [], []
    for k in range(last, -1, -1):
        if k == last and network.loss in PAIR_RULES:
            du.append(PAIR_RULES[network.loss](forward.output, y))
        else:
            du.append(ACTIVATION_RULES[network.activations[k]](dh[-1], forward.u[k], forward.h[k + 1]))
        dw.append(forward.h[k].T @ du[-1])
        db.append(du[-1].sum(axis=0))
        if k > 0 or to_input:  # training has no use for the input's derivative, the largest product of all
            dh.append(du[-1] @ network.weights[k].T)
    return Gradients(*(tuple(reversed(part)) for part in (du, dh, dw, db)))


def numeric_gradient(network, x, y, epsilon=1e-5):
    """Measure dL/dW and dL/db: move each parameter a little to both sides and see how the loss changes.

    The central difference (L(w + ε) - L(w - ε)) / 2ε errs by about ε²·L‴/6, and by 1e-16·L/ε because L itself is
    rounded. The sum of both is least near the cube root of 1e-16: hence the default.

    Parameters
    ----------
    network, x, y
        As for `loss`.
    epsilon : float
        The step ε.

    Returns
    -------
    weights, biases : tuple of ndarray
        Like the fields of `Gradients`.

    Raises
    ------
    CourseError
        As `loss`, and if `epsilon` is not above 0.
    """
    x, y = checked_batch(network, x, y)
    epsilon = validation.positive("epsilon", epsilon)
    layers = len(network.weights)
    parameters = [array.copy() for array in (*network.weights, *network.biases)]
    gradients = [np.empty_like(array) for array in parameters]

    def loss_at(parameter, index, value):
        parameter[index] = value
        moved = _forward(parameters[:layers], parameters[layers:], network.activations, x)
        return _loss(network, moved, y)

    for parameter, gradient in zip(parameters, gradients, strict=True):
        for index, value in np.ndenumerate(parameter.copy()):
            rise = loss_at(parameter, index, value + epsilon) - loss_at(parameter, index, value - epsilon)
            gradient[index] = rise / (2 * epsilon)
            parameter[index] = value
    return tuple(gradients[:layers]), tuple(gradients[layers:])


def step(network, x, y, learning_rate):
    """Return the network after one step of gradient descent on a batch: θ - α · (mean gradient of the batch).

    Parameters
    ----------
    network, x, y
        As for `loss`.
    learning_rate : float
        The slides' α.

    Raises
    ------
    CourseError
        As `loss`, and if `learning_rate` is not above 0 or so large that the parameters overflow.
    """
    x, y = checked_batch(network, x, y)
    return _descend(network, x, y, validation.positive("learning_rate", learning_rate))[0]


@_quiet
def _descend(network, x, y, learning_rate):
    """Return the network after one step, and the batch's loss before it."""
    passed = _forward(network.weights, network.biases, network.activations, x)
    value = _loss(network, passed, y)
    gradients = _backward(network, passed, y, to_input=False)
    try:
        moved = replace(
            network,
            weights=[w - learning_rate * g for w, g in zip(network.weights, gradients.weights, strict=True)],
            biases=[b - learning_rate * g for b, g in zip(network.biases, gradients.biases, strict=True)],
        )
    except CourseError as error:  # the shapes fit, so what fails is that a parameter is not finite
        raise CourseError(
            f"Con learning_rate={learning_rate:g} los pesos dejaron de ser finitos: el paso es demasiado grande. "
            "Prueba con una tasa de aprendizaje diez veces menor."
        ) from error
    return moved, value


def train(network, x, y, learning_rate=0.1, epochs=1, batch_size=32, seed=0):
    """Train by gradient descent; each epoch goes once through all observations, in batches and in a new order.

    Parameters
    ----------
    network, x, y
        As for `loss`.
    learning_rate : float
        The slides' α.
    epochs : int
    batch_size : int
        Observations per step; the last batch of an epoch takes those that are left.
    seed : int
        Of the order in which observations are drawn.

    Returns
    -------
    network : Network
    losses : list of float
        Per epoch, the mean over all observations of the loss that each had just before the step it took part in (what
        Keras calls ``loss`` in its history).

    Raises
    ------
    CourseError
        As `step`, and if `epochs`, `batch_size` or `seed` are not such integers.
    """
    x, y = checked_batch(network, x, y)
    learning_rate = validation.positive("learning_rate", learning_rate)
    epochs, batch_size = validation.count("epochs", epochs), validation.count("batch_size", batch_size)
    generator = np.random.default_rng(validation.count("seed", seed, least=0))
    losses = []
    for _ in range(epochs):
        order = generator.permutation(len(x))
        total = 0.0
        for start in range(0, len(x), batch_size):
            batch = order[start : start + batch_size]
            network, batch_loss = _descend(network, x[batch], y[batch], learning_rate)
            total += batch_loss * len(batch)
        losses.append(total / len(x))
    return network, losses
