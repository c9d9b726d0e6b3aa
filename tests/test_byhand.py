import dataclasses
import functools
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import CourseError, byhand
from course.functions import ACTIVATION_RULES, ACTIVATIONS, LOSS_RULES, LOSSES, PAIR_RULES, PARTNERS

SLIDE = byhand.SLIDE_EXAMPLE


def network(units=(3, 4, 2), **options):
    return byhand.random_network(units, **options)


def example(loss="mean_squared_error", rows=6):
    """A small network with that loss, and a batch for it."""
    output = PARTNERS.get(loss, "linear")
    x = np.random.default_rng(1).normal(size=(rows, 3))
    return network(activation="tanh", output=output, loss=loss), x, np.eye(2)[np.arange(rows) % 2]


# --- The slides' example -------------------------------------------------------------------------


def test_the_slides_forward():
    passed = byhand.forward(SLIDE.network, SLIDE.x)
    for u, h, expected in zip(passed.u, passed.h[1:], ([[0.43, 0.44]], [[0.33, 1.217]], [[0.3764]]), strict=True):
        np.testing.assert_allclose(u, expected, rtol=0, atol=1e-12)
        np.testing.assert_allclose(h, expected, rtol=0, atol=1e-12)
    assert passed.output is passed.h[-1]
    np.testing.assert_array_equal(passed.h[0], SLIDE.x)


def test_the_bias_as_printed_gives_other_numbers():
    passed = byhand.forward(SLIDE.network_as_printed, SLIDE.x)
    np.testing.assert_allclose(passed.u[1], [[0.33, 0.317]], rtol=0, atol=1e-12)
    np.testing.assert_allclose(passed.output, [[0.1964]], rtol=0, atol=1e-12)
    for k, bias in enumerate(SLIDE.network.biases):
        assert (SLIDE.network_as_printed.biases[k] != bias).sum() == (k == 1)


def test_the_chain_rule_on_the_slides_network():
    """Every factor of ∂L/∂ŷ → ∂L/∂u3 → ∂L/∂h2 → … → ∂L/∂w1, written out; all units are active, so each f' is 1."""
    g = byhand.backward(SLIDE.network, byhand.forward(SLIDE.network, SLIDE.x), SLIDE.y)
    slope = 2 * (0.3764 - 1.0)
    expected = {
        "dL/dŷ": (g.h[3], [[slope]]),
        "dL/du3": (g.u[2], [[slope]]),
        "dL/dh2": (g.h[2], [[slope * 0.1, slope * 0.2]]),
        "dL/du2": (g.u[1], [[slope * 0.1, slope * 0.2]]),
        "dL/dh1": (g.h[1], [[slope * (0.1 * 0.2 + 0.2 * 0.3), slope * (0.1 * 0.1 + 0.2 * 0.2)]]),
        "dL/du1": (g.u[0], [[slope * 0.08, slope * 0.05]]),
        "dL/dx": (g.h[0], [[slope * 0.023, slope * 0.021, slope * 0.042]]),
        "dL/dW3": (g.weights[2], [[slope * 0.33], [slope * 1.217]]),
        "dL/dW2": (g.weights[1], slope * np.outer([0.43, 0.44], [0.1, 0.2])),
        "dL/dW1": (g.weights[0], slope * np.outer([0.7, 0.3, 0.5], [0.08, 0.05])),
        "dL/db2": (g.biases[1], [slope * 0.1, slope * 0.2]),
    }
    for name, (found, value) in expected.items():
        np.testing.assert_allclose(found, value, rtol=1e-12, err_msg=name)


def test_the_slides_parameters():
    assert byhand.parameter_count((3, 2, 2, 1)) == byhand.parameter_count(SLIDE.network) == 17
    assert byhand.parameter_count(np.array([784, 128, 10])) == 784 * 128 + 128 + 128 * 10 + 10


# --- Activations and losses ----------------------------------------------------------------------


def test_the_derivative_of_relu_at_0_is_0():
    one = np.ones((1, 3))
    np.testing.assert_array_equal(ACTIVATION_RULES["relu"](one, np.array([[-1.0, 0.0, 1.0]]), None), [[0, 0, 1]])


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=5))
def test_activations_stay_finite_and_in_range(values):
    u = np.array([values])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        h = {name: f(u) for name, f in ACTIVATIONS.items()}
    assert all(np.isfinite(array).all() for array in h.values())
    assert ((h["sigmoid"] >= 0) & (h["sigmoid"] <= 1)).all()
    np.testing.assert_allclose(h["softmax"].sum(), 1.0)
    np.testing.assert_allclose(h["sigmoid"] + ACTIVATIONS["sigmoid"](-u), 1.0)


def test_sigmoid_keeps_its_digits_near_0():
    np.testing.assert_allclose(ACTIVATIONS["sigmoid"](np.array([-40.0])), np.exp(-40.0), rtol=1e-13)


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_losses_are_the_slides_formulas(loss):
    net, x, y = example(loss)
    output = byhand.forward(net, x).output
    formulas = {
        "mean_squared_error": lambda: ((y - output) ** 2).mean(),
        "binary_crossentropy": lambda: -(y * np.log(output) + (1 - y) * np.log(1 - output)).mean(),
        "categorical_crossentropy": lambda: -(y * np.log(output)).sum(axis=1).mean(),
    }
    np.testing.assert_allclose(byhand.loss(net, x, y), formulas[loss](), rtol=1e-12)


@pytest.mark.parametrize("loss", sorted(PARTNERS))
def test_a_pair_rule_is_its_two_rules_one_after_the_other(loss):
    net, x, y = example(loss)
    passed = byhand.forward(net, x)
    dh = LOSS_RULES[loss](passed.output, y)
    slow = ACTIVATION_RULES[PARTNERS[loss]](dh, passed.u[-1], passed.output)
    np.testing.assert_allclose(PAIR_RULES[loss](passed.output, y), slow, rtol=1e-10)


@pytest.mark.parametrize(("loss", "size"), [("binary_crossentropy", 1), ("categorical_crossentropy", 2)])
@pytest.mark.parametrize("u", [40.0, 800.0, -800.0])
def test_a_saturated_output_keeps_a_finite_loss_and_still_learns(loss, size, u):
    """One unit is sure of the wrong answer: the loss is |u|, and the gradient pushes it back."""
    start = np.zeros(size)
    start[0] = u
    net = byhand.Network([np.ones((1, size))], [start], [PARTNERS[loss]], loss)
    y = np.array([[float(u < 0)]]) if size == 1 else np.array([[float(u < 0), float(u > 0)]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        passed = byhand.forward(net, [[0.0]])
        g = byhand.backward(net, passed, y)
        value = byhand.loss(net, [[0.0]], y)
    assert value == pytest.approx(abs(u))
    assert all(np.isfinite(array).all() for array in (*g.u, *g.h, *g.weights, *g.biases))
    assert g.biases[0][0] == pytest.approx(np.sign(u))


# --- Gradients and descent -----------------------------------------------------------------------


def test_shapes_of_every_intermediate():
    net, x, y = example()
    passed = byhand.forward(net, x)
    g = byhand.backward(net, passed, y)
    assert net.units == (3, 4, 2)
    assert [a.shape for a in passed.u] == [a.shape for a in g.u] == [(6, 4), (6, 2)]
    assert [a.shape for a in passed.h] == [a.shape for a in g.h] == [(6, 3), (6, 4), (6, 2)]
    assert [a.shape for a in g.weights] == [w.shape for w in net.weights]
    assert [a.shape for a in g.biases] == [b.shape for b in net.biases]


def test_the_derivative_with_respect_to_the_input():
    net, x, y = example("categorical_crossentropy")
    g = byhand.backward(net, byhand.forward(net, x), y).h[0]
    for index in np.ndindex(x.shape):
        moved = np.zeros_like(x)
        moved[index] = 1e-5
        rise = byhand.loss(net, x + moved, y) - byhand.loss(net, x - moved, y)
        assert rise / 2e-5 == pytest.approx(g[index], rel=1e-6, abs=1e-10)


def test_the_error_of_a_central_difference_falls_with_the_square_of_epsilon():
    net, x, y = example()
    exact = byhand.backward(net, byhand.forward(net, x), y).weights[0]
    errors = [np.abs(byhand.numeric_gradient(net, x, y, epsilon)[0][0] - exact).max() for epsilon in (1e-1, 1e-2)]
    assert 50 < errors[0] / errors[1] < 200


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_a_step_follows_the_mean_of_the_rows_gradients(loss):
    """The slides' θ - α · (1/n) Σ ∇L(x_i, y_i), with one backward pass per row."""
    net, x, y = example(loss)
    rows = [byhand.backward(net, byhand.forward(net, x[i : i + 1]), y[i : i + 1]) for i in range(len(x))]
    moved = byhand.step(net, x, y, 0.3)
    for k in range(2):
        expected = net.weights[k] - 0.3 * np.mean([g.weights[k] for g in rows], axis=0)
        np.testing.assert_allclose(moved.weights[k], expected, rtol=1e-12)
        expected = net.biases[k] - 0.3 * np.mean([g.biases[k] for g in rows], axis=0)
        np.testing.assert_allclose(moved.biases[k], expected, rtol=1e-12, atol=1e-15)


def test_an_epoch_with_one_batch_is_a_step():
    net, x, y = example()
    trained, losses = byhand.train(net, x, y, 0.3, epochs=1, batch_size=100)
    np.testing.assert_allclose(trained.weights[0], byhand.step(net, x, y, 0.3).weights[0], rtol=1e-12)
    assert losses == [pytest.approx(byhand.loss(net, x, y), rel=1e-12)]


def test_an_epoch_sees_each_row_once_and_weighs_a_short_last_batch():
    """With a rate too small to move anything, the epoch's loss is the loss of the whole set."""
    net, x, y = example(rows=7)
    _, losses = byhand.train(net, x, y, 1e-12, epochs=2, batch_size=3)
    assert losses == pytest.approx([byhand.loss(net, x, y)] * 2, rel=1e-9)


def test_training_depends_on_the_seed_alone():
    net, x, y = example()
    losses = [byhand.train(net, x, y, 0.1, 3, 2, seed)[1] for seed in (0, 0, 1)]
    assert losses[0] == losses[1] != losses[2]


def test_training_learns_what_is_not_linear():
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = np.array([[0.0], [1.0], [1.0], [0.0]])
    net = byhand.random_network((2, 8, 1), "tanh", "sigmoid", "binary_crossentropy")
    net, losses = byhand.train(net, x, y, learning_rate=0.5, epochs=500, batch_size=4)
    assert losses[-1] < 0.05 < losses[0]
    np.testing.assert_array_equal(byhand.forward(net, x).output > 0.5, y > 0.5)


def test_a_network_never_changes():
    weights = np.ones((2, 1))
    net = byhand.Network([weights], [[0.0]], ["linear"])
    weights[0] = 5.0
    assert net.weights[0][0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        net.weights[0][0, 0] = 2.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        net.loss = "binary_crossentropy"
    byhand.numeric_gradient(net, [[1.0, 2.0]], [[0.0]])
    assert net.weights[0][0, 0] == 1.0


def test_random_weights_have_the_variance_of_their_activation():
    he, glorot = (byhand.random_network((400, 300, 1), activation).weights[0] for activation in ("relu", "tanh"))
    assert he.var() == pytest.approx(2 / 400, rel=0.03)
    assert glorot.var() == pytest.approx(2 / 700, rel=0.03)
    np.testing.assert_array_equal(network(seed=3).weights[0], network(seed=3).weights[0])
    assert (network(seed=3).weights[0] != network(seed=4).weights[0]).all()


# --- What goes wrong -----------------------------------------------------------------------------

X, Y = np.ones((4, 3)), np.ones((4, 2))
HOT = np.eye(2)[[0, 1, 0, 1]]
NAN = np.where(np.arange(12).reshape(4, 3) == 5, np.nan, 1.0)


def layers(weights=((1.0,), (2.0,)), biases=(0.0,), activation="linear", loss="mean_squared_error"):
    return byhand.Network([weights], [biases], [activation], loss)


def classify(y):
    return byhand.loss(network(output="softmax", loss="categorical_crossentropy"), X, y)


WRONG = {
    "x with other columns": (lambda: byhand.forward(network(), np.ones((4, 5))), ["x", "(4, 5)", "3 columnas"]),
    "x as one row": (lambda: byhand.forward(network(), [0.7, 0.3, 0.5]), ["x", "(3,)", "np.reshape(x, (1, -1))"]),
    "x with NaN": (lambda: byhand.forward(network(), NAN), ["x[1, 2]", "nan"]),
    "x infinite": (lambda: byhand.forward(network(), np.full((1, 3), np.inf)), ["x[0, 0]", "inf"]),
    "x as text": (lambda: byhand.forward(network(), [["1", "2", "3"]]), ["x", "no son números"]),
    "x with None": (lambda: byhand.forward(network(), [[1.0, None, 3.0]]), ["x", "no son números"]),
    "x ragged": (lambda: byhand.forward(network(), [[1.0, 2.0], [1.0]]), ["x", "distinto largo"]),
    "x empty": (lambda: byhand.forward(network(), np.ones((0, 3))), ["x", "vacío", "(0, 3)"]),
    "y with other rows": (lambda: byhand.loss(network(), X, Y[:3]), ["y", "3 filas", "4"]),
    "y with other columns": (lambda: byhand.loss(network(), X, X), ["y", "(4, 3)", "(n, 2)"]),
    "y flat": (lambda: byhand.loss(network((3, 1)), X, np.ones(4)), ["y", "(4,)", "columna, (-1, 1)"]),
    "y with NaN": (lambda: byhand.loss(network((3, 3)), X, NAN), ["y[1, 2]", "nan"]),
    "y as class numbers": (lambda: classify([0, 1, 0, 1]), ["y", "(4,)", "(4, 2)", "np.eye(2)[y]"]),
    "y rows that do not add up": (lambda: classify(Y), ["fila 0 de y", "suma 2"]),
    "y not a probability": (lambda: classify(HOT * 2), ["y", "2", "entre 0 y 1"]),
    "forward of another network": (
        lambda: byhand.backward(network(), byhand.forward(network((3, 5, 2)), X), Y),
        ["forward", "[5, 2]", "[4, 2]"],
    ),
    "x instead of forward": (lambda: byhand.backward(network(), X, Y), ["forward(network, x)", "[4, 2]"]),
    "unknown activation": (lambda: network(activation="Relu"), ["activations[0]", "'Relu'", "relu, sigmoid"]),
    "unknown loss": (lambda: network(loss="mse"), ["loss", "'mse'", "mean_squared_error"]),
    "softmax of one": (lambda: network((3, 1), output="softmax"), ["activations[0]", "softmax", "una sola neurona"]),
    "hidden softmax of one": (lambda: network((3, 1, 2), activation="softmax"), ["activations[0]", "una sola neurona"]),
    "loss without its output": (
        lambda: network(loss="binary_crossentropy"),
        ["loss='binary_crossentropy'", "sigmoid", "'linear'"],
    ),
    "weights that do not follow": (
        lambda: byhand.Network([np.ones((3, 2)), np.ones((3, 1))], [np.ones(2), np.ones(1)], ["relu", "linear"]),
        ["weights[1]", "(3, 1)", "2 filas"],
    ),
    "biases of another size": (lambda: layers(biases=(0.0, 0.0)), ["biases[0]", "(2,)", "un sesgo por columna", "1"]),
    "a bias too many": (lambda: byhand.Network([[[1.0]]], [[0.0], [0.0]], ["linear"]), ["1 weights", "2 biases"]),
    "no layers": (lambda: byhand.Network([], [], []), ["0 weights"]),
    "weights with NaN": (lambda: layers(weights=((np.nan,), (1.0,))), ["weights[0][0, 0]", "nan"]),
    "units of one layer": (lambda: network((3,)), ["units=(3,)", "(3, 2, 2, 1)"]),
    "units not a sequence": (lambda: byhand.parameter_count(3), ["units", "3"]),
    "units of 0": (lambda: byhand.parameter_count((3, 0, 1)), ["units[1]=0"]),
    "units not integer": (lambda: byhand.parameter_count((3, 2.5)), ["units[1]=2.5"]),
    "learning rate of 0": (lambda: byhand.step(network(), X, Y, 0), ["learning_rate=0"]),
    "learning rate NaN": (lambda: byhand.step(network(), X, Y, float("nan")), ["learning_rate=nan"]),
    "learning rate as text": (lambda: byhand.step(network(), X, Y, "0.1"), ["learning_rate='0.1'"]),
    "epochs of 0": (lambda: byhand.train(network(), X, Y, epochs=0), ["epochs=0"]),
    "batch size of 0": (lambda: byhand.train(network(), X, Y, batch_size=0), ["batch_size=0"]),
    "batch size not integer": (lambda: byhand.train(network(), X, Y, batch_size=2.0), ["batch_size=2.0"]),
    "seed negative": (lambda: byhand.train(network(), X, Y, seed=-1), ["seed=-1"]),
    "epsilon negative": (lambda: byhand.numeric_gradient(network(), X, Y, -1e-5), ["epsilon=-1e-05"]),
    "overflow": (lambda: byhand.forward(layers(((1e300,), (1e300,))), [[1e300, 1e300]]), ["salida", "no es finita"]),
    "overflowing loss": (lambda: byhand.loss(layers(), [[1e300, 1e300]], [[0.0]]), ["pérdida", "no es finita"]),
    "a step too far": (
        lambda: byhand.step(layers(), [[1e150, 1.0]], [[0.0]], 1e200),
        ["learning_rate=1e+200", "diez veces menor"],
    ),
    **{
        f"the example in place of its network: {call.__name__}": (
            functools.partial(call, byhand.SLIDE_EXAMPLE, X, *more),
            ["network es de tipo Example", "byhand.SLIDE_EXAMPLE.network"],
        )
        for call, more in (
            (byhand.forward, ()),
            (byhand.backward, (Y,)),
            (byhand.loss, (Y,)),
            (byhand.numeric_gradient, (Y,)),
            (byhand.step, (Y, 0.1)),
            (byhand.train, (Y,)),
        )
    },
    "training that diverges": (lambda: byhand.train(network(), X, Y, 50.0, 500), ["learning_rate"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_errors_say_what_and_where(name):
    call, fragments = WRONG[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(CourseError) as caught:
            call()
    for fragment in fragments:
        assert fragment in str(caught.value)


def test_what_is_close_to_wrong_is_accepted():
    import pandas as pd

    net = network((3, 4, 2), output="softmax", loss="categorical_crossentropy")
    assert np.isfinite(byhand.loss(net, pd.DataFrame(X.astype("float32")), HOT.astype(bool)))
    assert np.isfinite(byhand.loss(net, X.tolist(), [[0.25, 0.75]] * 4))
    assert byhand.forward(net, X.astype(int)).output.dtype == np.float64
    assert len(byhand.train(net, X, HOT, epochs=np.int64(2), batch_size=100)[1]) == 2


def test_the_modules_stand_on_numpy_alone():
    code = "import sys, course.byhand, course.graph; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "numpy" in loaded
    assert not {"keras", "tensorflow", "jax", "pandas", "sklearn", "scipy", "matplotlib"} & set(loaded)
