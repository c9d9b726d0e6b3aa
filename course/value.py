"""A number that remembers how it was computed: the node of a scalar computational graph, and backpropagation."""

import math
from numbers import Real

from course.errors import CourseError


class Value:
    """A number that remembers what it was computed from.

    Parameters
    ----------
    data : float
        The number: finite.
    label : str
        Its name in a drawing.
    parents : tuple of Value
        What it was computed from; none for a leaf.
    slopes : tuple of float
        The local rule: the derivative of this node with respect to each parent.
    op : str
        The operation, as it is drawn; empty for a leaf.

    Attributes
    ----------
    grad : float
        Derivative, with respect to this node, of the node whose `backward` ran last; 0 before.

    Raises
    ------
    CourseError
        If `data` is not a finite number, or an operation has no finite result or slope (1 / 0, the log of 0).
    """

    __slots__ = ("data", "grad", "label", "op", "parents", "slopes")

    def __init__(self, data, label="", parents=(), slopes=(), op=""):
        """Make a leaf; the operations make the other nodes."""
        try:
            finite = isinstance(data, Real) and math.isfinite(data)
        except OverflowError as error:  # Python's integers have no end, and its floats have
            raise CourseError("Value(…): ese entero es demasiado grande. Usa un número menor que 1e308.") from error
        if not finite:
            raise CourseError(f"Value({data!r}): se esperaba un número finito. Revisa de dónde sale ese valor.")
        self.data, self.grad, self.label = float(data), 0.0, label
        self.parents, self.slopes, self.op = parents, slopes, op

    def __repr__(self):
        """Show value and gradient, with the label if there is one."""
        return f"Value({self.label and self.label + ' = '}{self.data:g}, grad={self.grad:g})"

    def __add__(self, other):
        """a + b."""
        return _node("+", lambda a, b: (a + b, (1.0, 1.0)), self, other)

    def __sub__(self, other):
        """a - b."""
        return _node("-", lambda a, b: (a - b, (1.0, -1.0)), self, other)

    def __mul__(self, other):
        """a · b: each one's slope is the other."""
        return _node("×", lambda a, b: (a * b, (b, a)), self, other)

    def __truediv__(self, other):
        """a / b."""
        return _node("÷", lambda a, b: (a / b, (1 / b, -a / b**2)), self, other)

    def __pow__(self, n):
        """a to a constant power, a number."""
        if not isinstance(n, Real):
            raise CourseError(f"El exponente {n!r} no es un número. Para otro exponente escribe (a.log() * n).exp().")
        n = Value(n).data
        return _node(f"^{n:g}", lambda a: (a**n, (n * a ** (n - 1) if n else 0.0,)), self)

    def __neg__(self):
        """-a."""
        return _node("neg", lambda a: (-a, (-1.0,)), self)

    def __radd__(self, other):
        """Number + b."""
        return _value(other) + self

    def __rsub__(self, other):
        """Number - b."""
        return _value(other) - self

    def __rmul__(self, other):
        """Number · b."""
        return _value(other) * self

    def __rtruediv__(self, other):
        """Number / b."""
        return _value(other) / self

    def linear(self):
        """Return a node equal to this one: the activation of a regression's output."""
        return _node("linear", lambda a: (a, (1.0,)), self)

    def relu(self):
        """max(0, a); the slope at 0 is 0, as in Keras."""
        return _node("relu", lambda a: (max(a, 0.0), (float(a > 0),)), self)

    def tanh(self):
        """Hyperbolic tangent."""
        return _node("tanh", lambda a: (math.tanh(a), (1 - math.tanh(a) ** 2,)), self)

    def sigmoid(self):
        """1 / (1 + e^-a)."""
        return _node("sigmoid", lambda a: (_sigmoid(a), (_sigmoid(a) * (1 - _sigmoid(a)),)), self)

    def exp(self):
        """e^a."""
        return _node("exp", lambda a: (math.exp(a), (math.exp(a),)), self)

    def log(self):
        """Natural logarithm."""
        return _node("log", lambda a: (math.log(a), (1 / a,)), self)

    def nodes(self):
        """Return every node that this one depends on, itself last, each after its parents (a topological order)."""
        order, seen, pending = [], set(), [(self, False)]
        while pending:  # a list instead of recursion: a chain may be deeper than Python's stack
            node, parents_done = pending.pop()
            if parents_done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                pending.append((node, True))
                pending.extend((parent, False) for parent in reversed(node.parents))
        return order

    def backward(self):
        """Set the `grad` of every node that this one depends on: backpropagation."""
        order = self.nodes()
        for node in order:
            node.grad = 0.0
        self.grad = 1.0
        for node in reversed(order):
            for parent, slope in zip(node.parents, node.slopes, strict=True):
                parent.grad += slope * node.grad


def _value(number):
    return number if isinstance(number, Value) else Value(number)


def _node(op, rule, *parents):
    """Apply a local rule: it maps the parents' numbers to the result and the slopes."""
    parents = tuple(_value(parent) for parent in parents)
    numbers = [parent.data for parent in parents]
    try:
        data, slopes = rule(*numbers)
        finite = all(isinstance(number, Real) and math.isfinite(number) for number in (data, *slopes))
    except (ArithmeticError, ValueError):
        finite = False
    if not finite:
        raise CourseError(
            f"La operación {op!r} con {', '.join(f'{number:g}' for number in numbers)} no da un resultado y una "
            "derivada finitos. Revisa esos valores: no se puede dividir por 0 ni tomar el logaritmo de 0."
        )
    return Value(data, "", parents, slopes, op)


def _sigmoid(a):
    power = math.exp(-abs(a))  # the exponent is never positive, so it does not overflow
    return (1.0 if a >= 0 else power) / (1.0 + power)
