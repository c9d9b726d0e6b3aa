"""A scalar computational graph: derivatives path by path and memoized, what each way costs, and a network's graph.

Every operation on a `Value` makes a node that remembers its parents and, for each, the local derivative (the slope).
The chain rule says that a derivative is the sum, over all paths, of the product of the slopes along the path.
Backpropagation reaches the same number with one visit per edge, because it keeps what it has already computed.
"""

from functools import reduce
from operator import add
from typing import NamedTuple

import numpy as np

from course import validation
from course.errors import CourseError
from course.network import checked_batch
from course.value import Value

__all__ = [
    "Derivative",
    "Value",
    "derivative_by_paths",
    "derivative_memoized",
    "from_network",
    "layered_graph",
    "operation_counts",
]


class Derivative(NamedTuple):
    """A derivative and the operations that it took."""

    value: float
    multiplications: int
    additions: int

    @property
    def operations(self):
        """Multiplications plus additions."""
        return self.multiplications + self.additions


def derivative_by_paths(output, node):
    """Compute d output / d node by walking every path from one to the other, without remembering anything.

    Operations: one multiplication for each edge walked, by its slope, and one addition for each path that arrives. So
    `additions` is the number of paths, and it doubles or triples with each layer of two or three units.

    Parameters
    ----------
    output, node : Value

    Returns
    -------
    Derivative
    """
    total, multiplications, additions = 0.0, 0, 0
    pending = [(output, 1.0)]
    while pending:
        current, product = pending.pop()
        if current is node:
            total += product
            additions += 1
            continue
        for parent, slope in zip(current.parents, current.slopes, strict=True):
            pending.append((parent, product * slope))
            multiplications += 1
    return Derivative(total, multiplications, additions)


def derivative_memoized(output, node):
    """Compute d output / d node remembering the derivative of every node on the way (dynamic programming).

    Operations: one multiplication and one addition for each edge of the graph, which is visited once. The same walk
    gives the derivatives with respect to all nodes: it is what `Value.backward` does.

    Parameters
    ----------
    output, node : Value

    Returns
    -------
    Derivative
    """
    order = output.nodes()
    known = {**dict.fromkeys(order, 0.0), output: 1.0}
    edges = 0
    for current in reversed(order):
        for parent, slope in zip(current.parents, current.slopes, strict=True):
            known[parent] += slope * known[current]
            edges += 1
    return Derivative(known.get(node, 0.0), multiplications=edges, additions=edges)


def layered_graph(depth, width, seed=0):
    """Build the graph of an input, `depth` layers of `width` weighted sums, and an output, each joined to all before.

    Each unit is one node whose slopes are its weights, so there are ``width ** depth`` paths and nothing else.

    Parameters
    ----------
    depth, width : int
    seed : int
        Of the weights, uniform between -1 and 1.

    Returns
    -------
    output, input : Value

    Raises
    ------
    CourseError
        If `depth` or `width` is not a positive integer, or `seed` a negative one.
    """
    depth, width = validation.count("depth", depth), validation.count("width", width)
    generator = np.random.default_rng(validation.count("seed", seed, least=0))

    def unit(parents):
        slopes = tuple(generator.uniform(-1, 1, len(parents)).tolist())
        return Value(sum(s * p.data for s, p in zip(slopes, parents, strict=True)), "", parents, slopes, "Σ")

    source = Value(1.0, "x")
    layer = (source,)
    for _ in range(depth):
        layer = tuple(unit(layer) for _ in range(width))
    output = unit(layer)
    output.label = "ŷ"
    return output, source


def operation_counts(depths=range(1, 13), width=3):
    """Compute the same derivative both ways in networks of growing depth, and count the operations that each took.

    Parameters
    ----------
    depths : iterable of int
    width : int

    Returns
    -------
    list of dict
        One per depth, with ``depth``, ``width``, ``paths`` and the operations ``by_paths`` and ``memoized``.

    Raises
    ------
    CourseError
        If a depth or `width` is not a positive integer, or there would be more than ten million paths to walk.
    """
    table = []
    for depth in depths:
        output, source = layered_graph(depth, width)
        if width**depth > 10_000_000:
            raise CourseError(
                f"Con depth={depth} y width={width} hay {width**depth:.0e} caminos y recorrerlos uno por uno tardaría "
                "demasiado: de eso se trata. Usa menos capas o capas más angostas."
            )
        slow, fast = derivative_by_paths(output, source), derivative_memoized(output, source)
        table.append(
            {
                "depth": depth,
                "width": width,
                "paths": slow.additions,
                "by_paths": slow.operations,
                "memoized": fast.operations,
            }
        )
    return table


def from_network(network, x, y):
    """Build the graph of a network's loss on a batch, number by number.

    Names follow the slides: ``w1_23`` is the weight of layer 1 from its input 2 to its neuron 3 (``w1_2,13`` when a
    number has two digits), ``b1_3`` that neuron's bias, ``u1_3`` its weighted sum, ``h1_3`` its activation; ``x2`` an
    input, ``ŷ`` and ``y`` the output and its target (``ŷ1``, ``ŷ2`` when there are more), ``L`` the loss. With several
    observations, what belongs to the second one ends in ``[2]``.

    Parameters
    ----------
    network : byhand.Network
    x : array-like, shape (n, units[0])
    y : array-like, shape (n, units[-1])

    Returns
    -------
    loss : Value
        Equal to ``byhand.loss(network, x, y)``.
    named : dict of str to Value
        Every node that has a name, leaves and intermediate ones.

    Raises
    ------
    CourseError
        As `byhand.loss`, and if a cross-entropy's output is so saturated that its logarithm is not finite.
    """
    x, y = checked_batch(network, x, y)
    parameters = [_parameters(k, w, b) for k, (w, b) in enumerate(zip(network.weights, network.biases, strict=True), 1)]
    terms = []
    for row, (inputs, targets) in enumerate(zip(x.tolist(), y.tolist(), strict=True), 1):
        suffix = f"[{row}]" if len(x) > 1 else ""
        output = _outputs(parameters, network.activations, inputs, suffix)
        terms += _loss_terms(network.loss, output, targets, suffix)
    loss = reduce(add, terms) / (len(x) if network.loss == "categorical_crossentropy" else y.size)
    loss.label = "L"
    return loss, {node.label: node for node in loss.nodes() if node.label}


def _parameters(k, weights, biases):
    """Return the leaves of layer `k`: a list of weights per input, and a list of biases."""

    def pair(i, j):
        return f"{i},{j}" if max(i, j) > 9 else f"{i}{j}"

    w = [[Value(v, f"w{k}_{pair(i, j)}") for j, v in enumerate(row, 1)] for i, row in enumerate(weights.tolist(), 1)]
    return w, [Value(v, f"b{k}_{j}") for j, v in enumerate(biases.tolist(), 1)]


def _outputs(parameters, activations, inputs, suffix):
    """Pass one observation through the network, naming every weighted sum and activation."""
    h = [Value(v, f"x{i}{suffix}") for i, v in enumerate(inputs, 1)]
    for k, ((w, b), activation) in enumerate(zip(parameters, activations, strict=True), 1):
        u = [reduce(add, [hi * wi[j] for hi, wi in zip(h, w, strict=True)]) + bj for j, bj in enumerate(b)]
        h = _softmax(u) if activation == "softmax" else [getattr(Value, activation)(v) for v in u]
        for j, (uj, hj) in enumerate(zip(u, h, strict=True), 1):
            uj.label, hj.label = f"u{k}_{j}{suffix}", f"h{k}_{j}{suffix}"
    for name, node in zip(_numbered("ŷ", len(h)), h, strict=True):
        node.label = name + suffix
    return h


def _softmax(u):
    largest = max(v.data for v in u)  # a constant shift cancels out, and keeps the powers from overflowing
    powers = [(v - largest).exp() for v in u]
    total = reduce(add, powers)
    return [power / total for power in powers]


def _loss_terms(loss, output, targets, suffix):
    if loss == "mean_squared_error":
        y = [Value(v, name + suffix) for v, name in zip(targets, _numbered("y", len(targets)), strict=True)]
        return [(o - t) ** 2 for o, t in zip(output, y, strict=True)]
    pairs = list(zip(targets, output, strict=True))
    if loss == "binary_crossentropy":
        pairs += [(1 - t, 1 - o) for t, o in pairs]
    # 0 · log ŷ adds nothing, and log 0 does not exist.
    return [-t * o.log() for t, o in pairs if t]


def _numbered(name, n):
    return [name] if n == 1 else [f"{name}{i}" for i in range(1, n + 1)]
