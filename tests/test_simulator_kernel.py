"""The kernel against NumPy written out in full: the same sums, but nothing of its code."""

import itertools
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.simulator import kernel
from course.simulator.kernel import build

POINTS = np.random.default_rng(0).uniform(-3, 3, (25, 2))


def test_the_compiled_file_belongs_to_these_sources():
    assert build.WASM.read_bytes().endswith(build.section()), "python -m course.simulator.kernel.build"


def draw(units, seed=0):
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(o, i)) * 0.7 for i, o in itertools.pairwise(units)]
    biases = [rng.normal(size=o) * 0.3 for o in units[1:]]
    return weights, biases, np.concatenate([np.ravel(a) for a in (*weights, *biases)])


def activate(name, u):
    """Return an activation's value and slope."""
    if name == "relu":
        return np.maximum(u, 0), (u > 0) * 1.0
    if name == "tanh":
        return np.tanh(u), 1 - np.tanh(u) ** 2
    if name == "sigmoid":
        h = 1 / (1 + np.exp(-u))
        return h, h * (1 - h)
    if name == "softmax":
        e = np.exp(u - u.max())
        return e / e.sum(), np.ones_like(u)
    return u, np.ones_like(u)


def forward(rules, weights, biases, x):
    hs, slopes = [x], []
    for w, b, name in zip(weights, biases, rules.activations, strict=True):
        h, slope = activate(name, w @ hs[-1] + b)
        hs.append(h)
        slopes.append(slope)
    return hs, slopes


def gradient(rules, weights, biases, x, y):
    hs, slopes = forward(rules, weights, biases, x)
    delta = hs[-1] - y if rules.loss == "cross_entropy" else (hs[-1] - y) * slopes[-1]
    gw, gb = [], []
    for k in reversed(range(len(weights))):
        gw.insert(0, np.outer(delta, hs[k]))
        gb.insert(0, delta)
        if k:
            delta = weights[k].T @ delta * slopes[k - 1]
    return [*gw, *gb]


def loss(rules, weights, biases, xs, ys):
    total = 0
    for x, y in zip(xs, ys, strict=True):
        out = forward(rules, weights, biases, x)[0][-1]
        if rules.loss == "half_mse":
            total += np.sum((out - y) ** 2) / 2
        else:
            chance = (1 + out[0] * y[0]) / 2 if len(out) == 1 else out @ y
            total -= np.log(np.clip(chance, 1e-7, 1 - 1e-7))
    return total / len(xs)


def update(rules, parameters, gradients, count, rate, memory):
    """One step of the rules' optimizer, in place; the first half of `parameters` are weights."""
    memory.step += 1
    half = len(parameters) // 2
    for n, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        pull = (p if rules.penalty == "L2" else np.sign(p)) * rules.penalty_rate
        pull = pull if n < half and rules.penalty != "none" else np.zeros_like(p)
        if rules.optimizer == "sgd":
            after = p - rate * g / count
            both = after - rate * pull
            if rules.penalty == "L1" and n < half:
                crossing = (after * both < 0) & ~memory.dead[n]
                both = np.where(memory.dead[n], p, np.where(crossing, 0, both))
                memory.dead[n] |= crossing
            p[...] = both
            continue
        g = g / count + pull
        if rules.optimizer == "momentum":
            memory.first[n] = rules.momentum * memory.first[n] - rate * g
            p += memory.first[n]
        else:
            memory.first[n] = 0.9 * memory.first[n] + 0.1 * g
            memory.second[n] = 0.999 * memory.second[n] + 0.001 * g**2
            m = memory.first[n] / (1 - 0.9**memory.step)
            v = memory.second[n] / (1 - 0.999**memory.step)
            p -= rate * m / (np.sqrt(v) + 1e-7 / np.sqrt(1 - 0.999**memory.step))


def reference(rules, seed, xs, ys, train_size, rates):
    """Train as the kernel should; return both losses after each epoch."""
    weights, biases, _ = draw(rules.units, seed)
    parameters = [*weights, *biases]
    zeros = lambda: [np.zeros_like(p) for p in parameters]  # noqa: E731
    memory = SimpleNamespace(step=0, first=zeros(), second=zeros(), dead=[p != p for p in parameters])
    total, count, losses = zeros(), 0, []
    for rate in rates:
        for i in range(train_size):
            for t, g in zip(total, gradient(rules, weights, biases, xs[i], ys[i]), strict=True):
                t += g
            count += 1
            if (i + 1) % rules.batch_size == 0:
                update(rules, parameters, total, count, rate, memory)
                total, count = zeros(), 0
        parts = slice(None, train_size), slice(train_size, None)
        losses.append([loss(rules, weights, biases, xs[part], ys[part]) for part in parts])
    return np.array(losses), memory


def train(rules, seeds, ys, rates, train_size=18):
    theta = np.stack([draw(rules.units, seed)[2] for seed in seeds], axis=1)
    state = kernel.start(rules, theta, seeds)
    x, y = (np.repeat(a[:, :, np.newaxis], len(seeds), axis=2) for a in (POINTS, ys))
    return kernel.train(rules, state, x, y, train_size, rates), state


SIGNS = np.where(POINTS[:, :1] * POINTS[:, 1:] > 0, 1.0, -1.0)
ONE_HOT = np.eye(3)[(POINTS[:, 0] > 0) + 1 * (POINTS[:, 1] > 1)]


@pytest.mark.parametrize("optimizer", kernel.OPTIMIZERS)
@pytest.mark.parametrize("penalty", kernel.PENALTIES)
@pytest.mark.parametrize(
    ("units", "activations", "targets", "kind"),
    [
        ((2, 1), ("tanh",), SIGNS, "half_mse"),
        ((2, 4, 1), ("relu", "tanh"), SIGNS, "half_mse"),
        ((2, 3, 5, 1), ("sigmoid", "relu", "linear"), SIGNS, "half_mse"),
        ((2, 4, 2, 1), ("tanh", "linear", "tanh"), SIGNS, "cross_entropy"),
        ((2, 5, 3), ("relu", "softmax"), ONE_HOT, "cross_entropy"),
    ],
)
def test_training_is_what_numpy_says(optimizer, penalty, units, activations, targets, kind):
    # 18 points in batches of 5: the last three are carried over.
    rules = kernel.Rules(units, activations, 5, kind, penalty, 0.05, optimizer, 0.8)
    rates = [0.1, 0.05, 0.2, 0.1, 0.1, 0.1]
    expected, memory = reference(rules, 3, POINTS, targets, 18, rates)
    losses, state = train(rules, [3], targets, rates)
    np.testing.assert_allclose(losses[:, :, 0], expected, rtol=1e-10, atol=1e-12)
    assert (state.alive == 0).sum() == sum(dead.sum() for dead in memory.dead)


def test_a_link_that_l1_takes_through_zero_is_dead_whatever_comes():
    rules = kernel.Rules((2, 6, 1), ("relu", "tanh"), 5, penalty="L1", penalty_rate=0.3)
    expected, memory = reference(rules, 3, POINTS, SIGNS, 18, [0.1] * 12)
    losses, state = train(rules, [3], SIGNS, [0.1] * 12)
    np.testing.assert_allclose(losses[:, :, 0], expected, rtol=1e-10)
    dead = np.concatenate([np.ravel(dead) for dead in memory.dead])[: rules.weights]
    assert 3 < dead.sum() < len(dead)
    np.testing.assert_array_equal(state.alive[:, 0] == 0, dead)
    assert np.all(state.theta[: rules.weights, 0][dead] == 0)
    state.theta[: rules.weights, 0][dead] = 0.5  # an edited dead link keeps what was written
    kernel.train(rules, state, POINTS[:, :, None], SIGNS[:, :, None], 18, [0.1] * 3)
    kernel.train(replace(rules, penalty="none"), state, POINTS[:, :, None], SIGNS[:, :, None], 18, [0.1] * 3)
    assert np.all(state.theta[: rules.weights, 0][dead] == 0.5)


@pytest.mark.parametrize("lanes", kernel.LANES[1:])
@pytest.mark.parametrize("optimizer", kernel.OPTIMIZERS)
def test_networks_side_by_side_are_those_alone_to_the_last_bit(lanes, optimizer):
    rules = kernel.Rules((2, 5, 3), ("sigmoid", "softmax"), 7, "cross_entropy", "L1", 0.05, optimizer, 0.9, 0.3)
    seeds = list(range(1, lanes + 1))
    together, states = train(rules, seeds, ONE_HOT, [0.3] * 8)
    for lane, seed in enumerate(seeds):
        alone, state = train(rules, [seed], ONE_HOT, [0.3] * 8)
        np.testing.assert_array_equal(together[:, :, lane], alone[:, :, 0])
        np.testing.assert_array_equal(states.theta[:, lane], state.theta[:, 0])


def test_in_two_calls_or_one_the_training_is_the_same():
    rules = kernel.Rules((2, 4, 1), ("tanh", "tanh"), 7, penalty="L1", penalty_rate=0.1, optimizer="adam", dropout=0.2)
    whole, _ = train(rules, [5], SIGNS, [0.1] * 6)
    theta = draw(rules.units, 5)[2][:, np.newaxis]
    state = kernel.start(rules, theta, [5])
    parts = [kernel.train(rules, state, POINTS[:, :, None], SIGNS[:, :, None], 18, [0.1] * n) for n in (1, 2, 3)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def one_unit(activation, values):
    """Return what a single unit with weight 1 and bias 0 gives for `values`."""
    rules = kernel.Rules((1, 1), (activation,))
    return kernel.outputs(rules, np.array([1.0, 0.0]), np.asarray(values, dtype=float)[:, np.newaxis])[0]


@given(st.lists(st.floats(-800, 800), min_size=1, max_size=30))
@settings(deadline=None)
def test_activations_are_numpys_to_the_last_bits(values):
    with np.errstate(over="ignore"):
        for name in ("relu", "tanh", "sigmoid", "linear"):
            np.testing.assert_allclose(
                one_unit(name, values), activate(name, np.array(values))[0], rtol=1e-15, atol=1e-300
            )


def test_numbers_that_are_none_stay_so():
    for name in ("relu", "tanh", "sigmoid", "linear"):
        assert np.isnan(one_unit(name, [np.nan]))[0]
    np.testing.assert_array_equal(one_unit("tanh", [np.inf, -np.inf]), [1, -1])


def test_outputs_of_every_unit_for_any_number_of_points():
    rules = kernel.Rules((2, 5, 3), ("relu", "softmax"))
    weights, biases, theta = draw(rules.units)
    for count in (1, 8, 25):
        found = kernel.outputs(rules, theta, POINTS[:count])
        expected = [np.concatenate(forward(rules, weights, biases, x)[0][1:]) for x in POINTS[:count]]
        np.testing.assert_allclose(found.T, expected, rtol=1e-13)


def test_dropout_drops_its_share_for_each_sample_and_scales_the_rest():
    # One hidden unit with output 1, no update: each sample's gradient of the output weight is its (scaled) mask.
    rules = kernel.Rules((1, 1, 1), ("linear", "linear"), batch_size=10**6, dropout=0.25)
    state = kernel.start(rules, np.array([[0.0], [0.0], [1.0], [0.0]]), [1])
    x, y = np.zeros((1, 1, 1)), np.full((1, 1, 1), -1.0)
    masks = []
    for _ in range(4000):
        before = state.gradient[1, 0]
        kernel.train(rules, state, x, y, 1, [0.0], every=False)
        masks.append(state.gradient[1, 0] - before)
    kept = np.array(masks) > 0.5
    assert 0.73 < kept.mean() < 0.77
    np.testing.assert_allclose(np.array(masks)[kept], 4 / 3, rtol=1e-9)
    np.testing.assert_allclose(np.array(masks)[~kept], 0, atol=1e-9)


def test_dropout_is_off_when_losses_are_computed():
    rules = kernel.Rules((2, 6, 1), ("relu", "tanh"), dropout=0.5)
    losses, state = train(rules, [2], SIGNS, [0.0] * 3)
    assert np.ptp(losses[:, 0]) == 0
    np.testing.assert_array_equal(losses[-1], kernel.evaluate(rules, state, POINTS[:, :, None], SIGNS[:, :, None], 18))
