"""Activation and loss functions, each with the rule that carries a derivative back through it.

Rows are observations. `u` is a layer's weighted sum, `h` = f(u) its activation, `output` the network's ŷ.
"""

import numpy as np

# Beyond this distance from 0 and 1 a float64 no longer tells 1 - ŷ from 0: derivatives that divide by ŷ stop growing.
EDGE = np.finfo(np.float64).eps / 2


def relu(u):
    """Return max(0, u), element by element."""
    return np.maximum(u, 0.0)


def sigmoid(u):
    """Return 1 / (1 + e^-u), written so that no e^-u overflows."""
    return np.exp(-np.logaddexp(0.0, -u))


def linear(u):
    """Return `u` itself: the output of a regression."""
    return u


def softmax(u):
    """Return e^u / Σ e^u row by row: positive, and each row adds up to 1."""
    powers = np.exp(u - u.max(axis=1, keepdims=True))  # the shift cancels out, and no power overflows
    return powers / powers.sum(axis=1, keepdims=True)


ACTIVATIONS = {"relu": relu, "sigmoid": sigmoid, "tanh": np.tanh, "linear": linear, "softmax": softmax}

# dL/du from dL/dh: the chain rule through one activation.
ACTIVATION_RULES = {
    "relu": lambda dh, u, h: dh * (u > 0),  # the derivative at 0 is 0, as in Keras
    "sigmoid": lambda dh, u, h: dh * h * (1 - h),
    "tanh": lambda dh, u, h: dh * (1 - h**2),
    "linear": lambda dh, u, h: dh,
    # Each output of a softmax depends on every u of its row: the second term is what comes through the others.
    "softmax": lambda dh, u, h: h * (dh - (dh * h).sum(axis=1, keepdims=True)),
}


def mean_squared_error(u, output, y):
    """Return the mean of (ŷ - y)² over observations and outputs."""
    return ((output - y) ** 2).mean()


def binary_crossentropy(u, output, y):
    """Return the mean of -y·log ŷ - (1 - y)·log(1 - ŷ) with ŷ = sigmoid(u).

    It is computed from `u`, where it equals log(1 + e^u) - y·u: exact and finite even where ŷ rounds to 0 or 1.
    """
    return (np.logaddexp(0.0, u) - y * u).mean()


def categorical_crossentropy(u, output, y):
    """Return the mean over observations of -Σ y·log ŷ with ŷ = softmax(u), computed from `u` to stay finite too."""
    shifted = u - u.max(axis=1, keepdims=True)
    log_output = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(y * log_output).sum(axis=1).mean()


LOSSES = {
    "mean_squared_error": mean_squared_error,
    "binary_crossentropy": binary_crossentropy,
    "categorical_crossentropy": categorical_crossentropy,
}

# dL/dŷ. The cross-entropies divide by ŷ, which may have rounded to 0 or 1: it is kept `EDGE` away from both.
LOSS_RULES = {
    "mean_squared_error": lambda output, y: 2 * (output - y) / y.size,
    "binary_crossentropy": lambda output, y: (
        ((1 - y) / np.maximum(1 - output, EDGE) - y / np.maximum(output, EDGE)) / y.size
    ),
    "categorical_crossentropy": lambda output, y: -y / np.maximum(output, EDGE) / len(y),
}

# The activation that each cross-entropy asks of the output: it reads ŷ as probabilities.
PARTNERS = {"binary_crossentropy": "sigmoid", "categorical_crossentropy": "softmax"}

# dL/du of those pairs, where ŷ cancels out: exact where the two rules above, one after the other, would give 0·∞.
PAIR_RULES = {
    "binary_crossentropy": lambda output, y: (output - y) / y.size,
    "categorical_crossentropy": lambda output, y: (output - y) / len(y),
}
