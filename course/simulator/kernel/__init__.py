"""The compiled inner loop of the simulator, as three functions over NumPy arrays.

Why WebAssembly, run by wasmtime (the Bytecode Alliance's runtime: a 9 MB wheel for each system, no compiler needed): a
batch of ten points through eight units is too little work for NumPy's calls, and the playground's loop over samples is
far too slow in Python. Numba runs that loop as fast, but installs 200 MB and compiles on the student's machine: a
second for the plain loop alone, before Dropout, Adam and several seeds at once. kernel.wasm is 25 kB that travel with
the sources, answers in less than a tenth of a second, and gives the same bits on every processor, because WebAssembly
fixes how each operation rounds: what a notebook printed here it prints everywhere. `benchmarks/simulator_speed.py`
measures it beside the playground's own engine.

A state has `lanes` networks of the same shape side by side in its last axis: one, or more that a sweep trains
together, one seed each.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from course.simulator.kernel import wasm

LANES = (1, 4, 8)  # how many networks may lie side by side
ACTIVATIONS = wasm.ACTIVATIONS
LOSSES = wasm.LOSSES
PENALTIES = wasm.PENALTIES
OPTIMIZERS = wasm.OPTIMIZERS


@dataclass
class State:
    """What training changes, for `lanes` networks of one shape.

    Attributes
    ----------
    theta : numpy.ndarray
        Shape (weights + biases, lanes): the weights in layer, unit, input order, then the biases.
    gradient, first, second : numpy.ndarray
        Of the same shape: the batch's summed gradient so far, and what momentum and Adam remember.
    alive : numpy.ndarray
        Shape (weights, lanes): 0 where L1 has cut the link for good.
    random : numpy.ndarray
        Shape (lanes,), int64: Dropout's generators.
    carried : int
        How many points the unfinished batch has.
    powers : tuple of float
        Adam's decay rates to the power of the updates so far.
    """

    theta: np.ndarray
    gradient: np.ndarray
    first: np.ndarray
    second: np.ndarray
    alive: np.ndarray
    random: np.ndarray
    carried: int = 0
    powers: tuple = (1.0, 1.0)


@dataclass(frozen=True)
class Rules:
    """How a network is built and trained, in the kernel's terms (see the tuples of names above)."""

    units: tuple
    activations: tuple
    batch_size: int = 10
    loss: str = "half_mse"
    penalty: str = "none"
    penalty_rate: float = 0.0
    optimizer: str = "sgd"
    momentum: float = 0.9
    dropout: float = 0.0

    @property
    def weights(self):
        """The number of weights."""
        return sum(a * b for a, b in pairwise(self.units))

    @property
    def biases(self):
        """The number of biases, which is that of the units that compute."""
        return sum(self.units[1:])


def start(rules, theta, seeds):
    """Return the state of fresh networks.

    Parameters
    ----------
    rules : Rules
        Their shape.
    theta : numpy.ndarray
        Shape (weights + biases, lanes); copied.
    seeds : sequence of int
        One per lane, for Dropout.
    """
    theta = np.array(theta, dtype=float)
    zeros = [np.zeros_like(theta) for _ in range(3)]
    random = np.array([(seed * 0x9E3779B97F4A7C15 | 1) & 0x7FFFFFFFFFFFFFFF for seed in seeds], dtype=np.int64)
    return State(theta, *zeros, np.ones((rules.weights, theta.shape[1])), random)


def train(rules, state, x, y, train_size, rates, every=True):
    """Train for ``len(rates)`` epochs and change `state` in place.

    Parameters
    ----------
    rules, state
        What to train and how.
    x, y : numpy.ndarray
        Shapes (points, inputs, lanes) and (points, outputs, lanes); the training points come first.
    train_size : int
        How many they are.
    rates : sequence of float
        The learning rate of each epoch.
    every : bool
        Whether to compute both losses after each epoch.

    Returns
    -------
    numpy.ndarray
        Shape (epochs, 2, lanes): mean training and test loss; no rows without `every`.
    """
    shape = (len(rates) if every else 0, 2, state.theta.shape[1])
    return wasm.call("train", rules, state, shape, x, y, train_size, rates, every)


def evaluate(rules, state, x, y, train_size):
    """Return both mean losses, shape (2, lanes), without changing anything. Arguments as in `train`."""
    return wasm.call("evaluate", rules, state, (2, state.theta.shape[1]), x, y, train_size)


def outputs(rules, theta, x):
    """Return what every unit of one network gives for every point.

    Parameters
    ----------
    rules : Rules
        Its shape.
    theta : numpy.ndarray
        Its weights and biases, shape (weights + biases,).
    x : numpy.ndarray
        Shape (points, inputs).

    Returns
    -------
    numpy.ndarray
        Shape (units, points), the units in layer order.
    """
    width = LANES[-1]
    groups = -(-len(x) // width)
    padded = np.zeros((groups * width, x.shape[1]))
    padded[: len(x)] = x
    lanes = padded.reshape(groups, width, -1).swapaxes(1, 2)  # the lanes are points here, not networks
    state = start(rules, np.repeat(theta[:, np.newaxis], width, axis=1), [0] * width)
    found = wasm.call("outputs", rules, state, (rules.biases, groups, width), lanes, train_size=groups)
    return found.reshape(rules.biases, -1)[:, : len(x)]
