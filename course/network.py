"""What a feed-forward network is, what a batch leaves behind on its way through one, and the slides' example."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from course import validation
from course.errors import CourseError


@dataclass(frozen=True, eq=False)
class Network:
    """A feed-forward network: its parameters and its functions. It never changes; training returns another one.

    Attributes
    ----------
    weights : tuple of ndarray
        ``weights[k]``, shape ``(units[k], units[k + 1])``: row i holds what leaves unit i.
    biases : tuple of ndarray
        ``biases[k]``, shape ``(units[k + 1],)``.
    activations : tuple of str
        One of relu, sigmoid, tanh, linear, softmax per layer, the output's last.
    loss : str
        mean_squared_error, binary_crossentropy (sigmoid output) or categorical_crossentropy (softmax output).

    Raises
    ------
    CourseError
        If shapes do not fit each other, a value is not finite, a name is unknown, or output and loss do not match.
    """

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    activations: tuple[str, ...]
    loss: str = "mean_squared_error"

    def __post_init__(self):
        """Copy the parameters, check that everything fits, and make the copies read-only."""
        checked = validation.network(self.weights, self.biases, self.activations, self.loss)
        for name, value in zip(("weights", "biases", "activations"), checked, strict=True):
            object.__setattr__(self, name, value)

    @property
    def units(self):
        """Units of each layer, the input's first: ``(3, 2, 2, 1)``."""
        return (len(self.weights[0]), *(len(b) for b in self.biases))


@dataclass(frozen=True, eq=False)
class Forward:
    """What a forward pass computes: ``u[k]`` and ``h[k + 1]`` = f(u[k]), shape ``(n, units[k + 1])``; ``h[0]`` is x."""

    u: tuple[np.ndarray, ...]
    h: tuple[np.ndarray, ...]

    @property
    def output(self):
        """The predictions ŷ, shape ``(n, units[-1])``."""
        return self.h[-1]


@dataclass(frozen=True, eq=False)
class Gradients:
    """Derivatives of the batch's mean loss, each with the shape and the index of what it refers to."""

    u: tuple[np.ndarray, ...]
    h: tuple[np.ndarray, ...]
    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]


def parameter_count(units):
    """Count weights and biases: each unit has one weight per unit of the layer before it, and one bias.

    Parameters
    ----------
    units : Network or sequence of int
        The network, or the units of its layers, the input's first: ``(3, 2, 2, 1)`` has 17 parameters.

    Raises
    ------
    CourseError
        If they are not at least two positive integers.
    """
    units = units.units if isinstance(units, Network) else validation.units(units)
    return sum((before + 1) * after for before, after in pairwise(units))


def random_network(units, activation="relu", output="linear", loss="mean_squared_error", seed=0):
    """Return a network with random weights and zero biases.

    The weights are normal, with variance 2 / before for ReLU (He et al., 2015) and 2 / (before + after) for the rest
    (Glorot and Bengio, 2010), where `before` and `after` are the units on either side of the layer.

    Parameters
    ----------
    units : sequence of int
        Units of each layer, the input's first: ``(3, 2, 2, 1)``.
    activation : str
        Of the hidden layers.
    output : str
        Activation of the output layer.
    loss : str
    seed : int

    Raises
    ------
    CourseError
        As `Network`, and if `units` are not at least two positive integers.
    """
    units = validation.units(units)
    generator = np.random.default_rng(validation.count("seed", seed, least=0))
    activations = [activation] * (len(units) - 2) + [output]
    weights = []
    for (before, after), name in zip(pairwise(units), activations, strict=True):
        variance = 2 / before if name == "relu" else 2 / (before + after)
        weights.append(generator.normal(0.0, np.sqrt(variance), (before, after)))
    return Network(weights, [np.zeros(after) for after in units[1:]], activations, loss)


def expect_network(value):
    """Raise a CourseError if a value is no `Network`; an `Example`, which has one, is a likely slip."""
    if not isinstance(value, Network):
        raise CourseError(
            f"network es de tipo {type(value).__name__}. Pasa una red de course.byhand, por ejemplo "
            "byhand.SLIDE_EXAMPLE.network."
        )


def checked_batch(network, x, y):
    """Return `x` and `y` as float64 tables that fit the network and each other.

    Raises
    ------
    CourseError
        As `expect_network`, `validation.rows` and `validation.targets`.
    """
    expect_network(network)
    x = validation.rows("x", x, network.units[0])
    return x, validation.targets(y, (len(x), network.units[-1]), network.loss)


@dataclass(frozen=True, eq=False)
class Example:
    """A worked example.

    Attributes
    ----------
    network : Network
        The one that gives the slides' results.
    network_as_printed : Network
        With the bias that the slides print, which gives other results.
    x : ndarray, shape (1, 3)
    y : ndarray, shape (1, 1)
        A target of our own: the slides give none.
    """

    network: Network
    network_as_printed: Network
    x: np.ndarray
    y: np.ndarray


def _slide_network(second_bias):
    return Network(
        weights=([[0.1, 0.3], [0.2, 0.1], [0.4, 0.2]], [[0.2, 0.3], [0.1, 0.2]], [[0.1], [0.2]]),
        biases=([0.1, 0.1], [0.2, second_bias], [0.1]),
        activations=("relu", "relu", "linear"),
        loss="mean_squared_error",
    )


def _constant(values):
    array = np.array(values)
    array.flags.writeable = False
    return array


# The slides' forward pass. They print a bias of 0.1 for the second unit of the second hidden layer, but their results
# (1.217 and, from it, 0.3764) need 1.0; with 0.1 it is 0.317 and 0.1964. The target of 1 is far enough from both
# outputs for every derivative to be visible, and above them, so the loss falls as the output grows.
SLIDE_EXAMPLE = Example(
    network=_slide_network(1.0),
    network_as_printed=_slide_network(0.1),
    x=_constant([[0.7, 0.3, 0.5]]),
    y=_constant([[1.0]]),
)
