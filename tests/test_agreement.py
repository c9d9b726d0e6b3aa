"""The same gradient five ways: by hand, by central differences, by the graph, and by Keras on TensorFlow and on JAX.

Two arrays agree when they differ by at most `TOLERANCE` of the largest entry of the array by hand. What rounding alone
may leave is allowed on top, since a gradient that has vanished on its way back, or that cancels out (the bias before a
softmax, say), has no digits of its own to compare: 1e-14 of the gradient's largest entry, and for the differences
1e-10 of the loss, which is known to about 1e-16 and is divided by ε = 1e-5.
"""

import os
import pickle
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from course import byhand, graph
from course.functions import ACTIVATIONS, LOSSES, PARTNERS

NETWORKS = 240
BACKENDS = ("tensorflow", "jax")
# Keras on JAX takes means in float32 even when asked for float64, which leaves 1e-7.
TOLERANCE = {"numeric": 1e-6, "graph": 1e-9, "tensorflow": 1e-9, "jax": 1e-6}
# A central difference that steps over a ReLU's kink measures neither side; closer than this, ε could take it there.
KINK = 1e-3
# Keras on JAX cuts ŷ off at 1e-7 from 0 and 1; a cross-entropy closer to them than this is another function there.
SATURATED = 1e-4


class Worker:
    """Keras in a process of its own, on one backend and in float64."""

    def __init__(self, backend):
        environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", "JAX_PLATFORMS": "cpu"}
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("keras_worker.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )

    def ask(self, network, x, y):
        case = (network.weights, network.biases, network.activations, network.loss, x, y)
        pickle.dump(case, self.process.stdin)
        self.process.stdin.flush()

    def answer(self):
        return pickle.load(self.process.stdout)


@pytest.fixture(scope="module")
def workers():
    started = {backend: Worker(backend) for backend in BACKENDS}
    yield started
    for worker in started.values():
        worker.process.stdin.close()
        worker.process.wait(timeout=300)
        worker.process.stdout.close()


@st.composite
def cases(draw):
    """Draw a network of 1 to 5 hidden layers, each with its own activation, and a batch of three rows."""
    loss = draw(st.sampled_from(sorted(LOSSES)))
    hidden = draw(st.lists(st.sampled_from(sorted(ACTIVATIONS)), min_size=1, max_size=5))
    output = PARTNERS.get(loss) or draw(st.sampled_from(sorted(ACTIVATIONS)))
    sizes = st.integers(2, 4)
    units = (draw(st.integers(1, 3)), *(draw(sizes) for _ in hidden), draw(st.integers(1 + (output == "softmax"), 3)))
    # Hypothesis likes to draw a seed again; with the rest of the draw mixed in, the numbers are new all the same.
    random = np.random.default_rng([draw(st.integers(0, 2**32 - 1)), *"".join((*hidden, output, loss)).encode()])
    weights = [random.normal(0, 1.5 / np.sqrt(a), (a, b)) for a, b in pairwise(units)]
    biases = [random.normal(0, 0.5, b) for b in units[1:]]
    targets = {
        "mean_squared_error": lambda: random.normal(size=(3, units[-1])),
        "binary_crossentropy": lambda: random.integers(0, 2, (3, units[-1])).astype(float),
        "categorical_crossentropy": lambda: np.eye(units[-1])[random.integers(0, units[-1], 3)],
    }
    return byhand.Network(weights, biases, [*hidden, output], loss), random.normal(size=(3, units[0])), targets[loss]()


def comparable(network, passed):
    """Say whether the network is far enough from where its derivative is not defined, or Keras's is another one."""
    kinked = any(
        name == "relu" and np.abs(u).min() < KINK for name, u in zip(network.activations, passed.u, strict=True)
    )
    saturated = network.loss in PARTNERS and not SATURATED < passed.output.min() <= passed.output.max() < 1 - SATURATED
    return not kinked and not saturated


def by_layer(weights, biases):
    return [array for pair in zip(weights, biases, strict=True) for array in pair]


def gradients_by_graph(network, x, y):
    """Return dL/dW and dL/db layer by layer, then every dL/du and dL/dh, as arrays."""
    loss, named = graph.from_network(network, x, y)
    loss.backward()
    layers, units = len(network.weights), network.units

    def table(name, rows, columns):
        # With a one-hot target the loss does not depend on the other classes' ŷ: they are not in its graph.
        found = [[named.get(name(i, j)) for j in range(1, columns + 1)] for i in range(1, rows + 1)]
        return np.array([[node.grad if node else 0.0 for node in row] for row in found])

    weights = [table(lambda i, j, k=k: f"w{k + 1}_{i}{j}", units[k], units[k + 1]) for k in range(layers)]
    biases = [table(lambda i, j, k=k: f"b{k + 1}_{j}", 1, units[k + 1])[0] for k in range(layers)]
    u = [table(lambda i, j, k=k: f"u{k + 1}_{j}[{i}]", len(x), units[k + 1]) for k in range(layers)]
    h = [table(lambda i, j: f"x{j}[{i}]", len(x), units[0])]
    h += [table(lambda i, j, k=k: f"h{k}_{j}[{i}]", len(x), units[k]) for k in range(1, layers)]
    h.append(table(lambda i, j: f"ŷ{j}[{i}]" if units[-1] > 1 else f"ŷ[{i}]", len(x), units[-1]))
    return by_layer(weights, biases), [*u, *h]


def assert_agree(way, found, expected, allowance):
    assert len(found) == len(expected)
    for k, (a, b) in enumerate(zip(found, expected, strict=True)):
        assert a.shape == b.shape
        error, limit = np.abs(a - b).max(), TOLERANCE[way] * np.abs(b).max() + allowance
        assert error <= limit, f"{way}, array {k}: {error:.1e} > {limit:.1e}"


def test_gradients_agree(workers):
    checked = {}  # by its numbers, so that the same network twice counts once

    @settings(max_examples=NETWORKS, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(cases())
    def check(case):
        network, x, y = case
        passed = byhand.forward(network, x)
        assume(comparable(network, passed))
        for worker in workers.values():
            worker.ask(network, x, y)
        answers = {backend: worker.answer() for backend, worker in workers.items()}

        mine = byhand.backward(network, passed, y)
        gradient = by_layer(mine.weights, mine.biases)
        rounding = 1e-14 * max(np.abs(array).max() for array in gradient)
        by_graph, intermediate = gradients_by_graph(network, x, y)
        assert_agree("graph", by_graph, gradient, rounding)
        assert_agree("graph", intermediate, [*mine.u, *mine.h], rounding)
        for backend in BACKENDS:
            assert_agree(backend, answers[backend], gradient, rounding)
        differences = by_layer(*byhand.numeric_gradient(network, x, y))
        assert_agree("numeric", differences, gradient, 1e-10 * max(1.0, byhand.loss(network, x, y)))
        checked[b"".join(array.tobytes() for array in gradient)] = network

    check()
    assert len(checked) >= 200
    networks = checked.values()
    assert {len(network.weights) - 1 for network in networks} == {1, 2, 3, 4, 5}
    assert {name for network in networks for name in network.activations[:-1]} == set(ACTIVATIONS)
    pairs = {(network.loss, network.activations[-1]) for network in networks}
    assert pairs == {("mean_squared_error", name) for name in ACTIVATIONS} | set(PARTNERS.items())
