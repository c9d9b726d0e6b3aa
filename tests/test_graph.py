import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import CourseError, byhand
from course.functions import LOSSES, PARTNERS
from course.graph import (
    Value,
    derivative_by_paths,
    derivative_memoized,
    from_network,
    layered_graph,
    operation_counts,
)

SLIDE = byhand.SLIDE_EXAMPLE

OPERATIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "×": lambda a, b: a * b,
    "÷": lambda a, b: a / b,
    "number on the left": lambda a, b: (2.0 + a) * (3.0 - b) + 2.0 * a + 5.0 / b,
    "number on the right": lambda a, b: (a + 2.0) * (b - 3.0) + a * 2.0 + b / 5.0,
    "NumPy's number on the left": lambda a, b: np.float64(2.0) * a + np.float64(3.0) / b,
    "power": lambda a, b: a**3 + b**-1 + b**0.5 + a**0,
    "neg": lambda a, b: -a * -b,
    "the same number twice": lambda a, b: a * a + a * b + b / b,
}
FUNCTIONS = {
    "linear": lambda a: a,
    "relu": lambda a: max(0.0, a),
    "tanh": math.tanh,
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    "exp": math.exp,
    "log": math.log,
}


def slope(f, numbers, k, epsilon=1e-6):
    up, down = list(numbers), list(numbers)
    up[k] += epsilon
    down[k] -= epsilon
    return (f(*up) - f(*down)) / (2 * epsilon)


# --- Values --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("numbers", [(1.5, 0.7), (-2.0, 3.0)])
def test_operations(name, numbers):
    f = OPERATIONS[name]
    a, b = map(Value, numbers)
    result = f(a, b)
    result.backward()
    assert isinstance(result, Value)
    assert result.data == pytest.approx(f(*numbers), rel=1e-15)
    assert a.grad == pytest.approx(slope(f, numbers, 0), rel=1e-7, abs=1e-8)
    assert b.grad == pytest.approx(slope(f, numbers, 1), rel=1e-7, abs=1e-8)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("number", [-1.3, 0.4, 2.0])
def test_functions(name, number):
    number = abs(number) if name == "log" else number
    a = Value(number)
    result = getattr(a, name)()
    result.backward()
    assert result.op == name
    assert result.data == pytest.approx(FUNCTIONS[name](number), rel=1e-15)
    assert a.grad == pytest.approx(slope(FUNCTIONS[name], [number], 0), rel=1e-7)


def test_the_derivative_of_relu_at_0_is_0():
    a = Value(0.0)
    a.relu().backward()
    assert a.grad == 0.0


@pytest.mark.parametrize("number", [-800.0, 800.0])
def test_sigmoid_does_not_overflow(number):
    assert Value(number).sigmoid().data == float(number > 0)


def test_backward_starts_over_each_time():
    a = Value(3.0)
    square = a * a
    square.backward()
    square.backward()
    assert a.grad == 6.0
    (square + a).backward()
    assert a.grad == 7.0


@given(st.lists(st.tuples(st.sampled_from("+-×"), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=30))
def test_nodes_come_once_and_after_their_parents(steps):
    values = [Value(0.5), Value(-0.25)]
    for op, i, j in steps:
        values.append(OPERATIONS[op](values[i % len(values)], values[j % len(values)]).tanh())
    order = values[-1].nodes()
    assert len(set(order)) == len(order)
    assert order[-1] is values[-1]
    place = {node: k for k, node in enumerate(order)}
    assert all(place[parent] < place[node] for node in order for parent in node.parents)


def test_chains_deeper_than_pythons_stack():
    first = last = Value(1.0)
    for _ in range(5000):
        last = last * 1.0001
    last.backward()
    expected = pytest.approx(1.0001**5000)
    assert first.grad == expected
    assert derivative_by_paths(last, first).value == expected
    assert derivative_memoized(last, first).value == expected


def test_what_a_drawing_needs():
    a = Value(2.0, "a")
    product = a * 3
    assert (a.label, a.op, a.parents) == ("a", "", ())
    assert (product.label, product.op, product.slopes) == ("", "×", (3.0, 2.0))
    assert product.parents[0] is a
    assert repr(a) == "Value(a = 2, grad=0)"
    assert repr(product) == "Value(6, grad=0)"


WRONG = {
    "text": (lambda: Value("3"), "'3'"),
    "text in an operation": (lambda: Value(1.0) + "3", "'3'"),
    "NaN": (lambda: Value(float("nan")), "nan"),
    "integer beyond floats": (lambda: Value(10**400), "demasiado grande"),
    "such an integer in an operation": (lambda: 10**5000 - Value(2.0), "demasiado grande"),
    "such an exponent": (lambda: Value(2.0) ** 10**400, "demasiado grande"),
    "list": (lambda: Value([1.0]), "[1.0]"),
    "division by 0": (lambda: Value(1.0) / 0, "'÷' con 1, 0"),
    "logarithm of 0": (lambda: Value(0.0).log(), "'log' con 0"),
    "overflow": (lambda: Value(1000.0).exp(), "'exp' con 1000"),
    "overflow of a product": (lambda: Value(1e200) * 1e200, "'×' con 1e+200, 1e+200"),
    "root of a negative number": (lambda: Value(-1.0) ** 0.5, "'^0.5' con -1"),
    "slope without bound": (lambda: Value(0.0) ** 0.5, "'^0.5' con 0"),
    "power of a Value": (lambda: Value(2.0) ** Value(2.0), "exponente"),
    "depth of 0": (lambda: layered_graph(0, 3), "depth=0"),
    "seed negative": (lambda: layered_graph(2, 3, seed=-1), "seed=-1"),
    "too many paths": (lambda: operation_counts([40]), "depth=40 y width=3"),
    "width not integer": (lambda: operation_counts(range(1, 3), 1.5), "width=1.5"),
}


@pytest.mark.parametrize("name", WRONG)
def test_errors_say_what_and_where(name):
    call, fragment = WRONG[name]
    with pytest.raises(CourseError) as caught:
        call()
    assert fragment in str(caught.value)


# --- Path by path and memoized -------------------------------------------------------------------


@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 1000))
def test_three_ways_to_the_same_derivative_and_their_costs(depth, width, seed):
    output, source = layered_graph(depth, width, seed)
    output.backward()
    slow, fast = derivative_by_paths(output, source), derivative_memoized(output, source)
    assert slow.value == pytest.approx(source.grad, rel=1e-9, abs=1e-15)
    assert fast.value == source.grad
    assert slow.additions == width**depth
    assert slow.multiplications == sum(width**k for k in range(1, depth + 1)) + width**depth
    assert fast.additions == fast.multiplications == 2 * width + (depth - 1) * width**2


def test_growth_over_the_twelve_depths():
    table = operation_counts()
    assert [row["depth"] for row in table] == list(range(1, 13))
    assert table[-1]["paths"] == 3**12 == 531441
    by_paths, memoized = ([row[name] for row in table] for name in ("by_paths", "memoized"))
    assert by_paths == [sum(3**k for k in range(1, d + 1)) + 2 * 3**d for d in range(1, 13)]
    assert set(np.diff(memoized)) == {2 * 3**2}
    assert by_paths[-1] / by_paths[-2] == pytest.approx(3, rel=1e-4)


def test_a_diamond_has_two_paths():
    a = Value(3.0)
    output = a * 2.0 + a * 5.0
    derivative = derivative_by_paths(output, a)
    assert (derivative.value, derivative.additions) == (7.0, 2)
    assert derivative.operations == derivative.multiplications + 2
    assert derivative_by_paths(output, output) == (1.0, 0, 1)


@pytest.mark.parametrize("derivative", [derivative_by_paths, derivative_memoized])
def test_a_number_that_does_not_take_part_has_derivative_0(derivative):
    assert derivative(Value(1.0) * 2, Value(1.0)).value == 0.0


# --- A network's graph ---------------------------------------------------------------------------


def test_the_slides_network_has_the_slides_names():
    loss, named = from_network(SLIDE.network, SLIDE.x, SLIDE.y)
    values = {"x1": 0.7, "w1_12": 0.3, "w1_31": 0.4, "w3_21": 0.2, "b2_2": 1.0, "u1_2": 0.44, "h1_1": 0.43}
    values |= {"u2_1": 0.33, "h2_2": 1.217, "u3_1": 0.3764, "ŷ": 0.3764, "y": 1.0, "L": (0.3764 - 1.0) ** 2}
    for name, value in values.items():
        assert named[name].data == pytest.approx(value, abs=1e-12), name
    assert named["L"] is loss
    parameters = [name for name in named if name[0] in "wb"]
    assert len(parameters) == byhand.parameter_count(SLIDE.network)
    assert all(not named[name].parents for name in parameters)
    # w1_11 reaches the output through either unit of the second hidden layer.
    assert derivative_by_paths(loss, named["w1_11"]).additions == 2


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_the_graphs_loss_is_the_networks(loss):
    network = byhand.random_network((2, 3, 2), "tanh", PARTNERS.get(loss, "softmax"), loss)
    x, y = np.random.default_rng(0).normal(size=(4, 2)), np.eye(2)[[0, 1, 1, 0]]
    value, named = from_network(network, x, y)
    assert value.data == pytest.approx(byhand.loss(network, x, y), rel=1e-12)
    passed = byhand.forward(network, x)
    assert named["h1_3[4]"].data == pytest.approx(passed.h[1][3, 2])
    assert named["ŷ1[1]"].data == pytest.approx(passed.output[0, 0])


def test_targets_between_classes():
    network = byhand.random_network((2, 2), output="softmax", loss="categorical_crossentropy")
    value, _ = from_network(network, [[1.0, -1.0]], [[0.25, 0.75]])
    assert value.data == pytest.approx(byhand.loss(network, [[1.0, -1.0]], [[0.25, 0.75]]), rel=1e-12)


def test_a_softmax_of_large_numbers_does_not_overflow():
    network = byhand.Network([[[1.0, 0.999]]], [[0.0, 0.0]], ["softmax"], "categorical_crossentropy")
    value, _ = from_network(network, [[2000.0]], [[0.0, 1.0]])
    assert value.data == pytest.approx(byhand.loss(network, [[2000.0]], [[0.0, 1.0]]), rel=1e-9)


def test_names_of_units_with_two_digits():
    _, named = from_network(byhand.random_network((12, 11)), np.ones((1, 12)), np.ones((1, 11)))
    assert {"w1_99", "w1_1,11", "w1_11", "w1_11,1", "w1_12,10", "x12", "ŷ11", "y10"} <= set(named)
    assert sum(name.startswith("w") for name in named) == 12 * 11


def test_a_saturated_output_is_told():
    network = byhand.Network([[[1.0]]], [[0.0]], ["sigmoid"], "binary_crossentropy")
    with pytest.raises(CourseError, match="'log' con 0"):
        from_network(network, [[800.0]], [[0.0]])
    assert from_network(network, [[800.0]], [[1.0]])[0].data == 0.0


def test_what_does_not_fit_the_network_is_told():
    with pytest.raises(CourseError, match="3 columnas"):
        from_network(SLIDE.network, [[1.0, 2.0]], SLIDE.y)
    with pytest.raises(CourseError, match=r"de tipo Example\..*SLIDE_EXAMPLE\.network"):
        from_network(SLIDE, SLIDE.x, SLIDE.y)
