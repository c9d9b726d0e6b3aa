"""Checks of notebook 02: the chain rule layer by layer, gradient descent, backpropagation as dynamic programming."""

import math

import numpy as np

from course import byhand, graph
from course.byhand import SLIDE_EXAMPLE
from course.checks import call, exercise, expect, expect_close, expect_function, explaining
from course.checks.values import as_numbers

_PER_VALUE = "Divide por cuántos valores hay, y.size, no por las filas."


def _mse_slope(y, y_hat):
    return 2 * (y_hat - y) / np.size(y)


@exercise(
    "Dónde empieza el camino de vuelta",
    hints=[
        "Deriva (y - ŷ)² con respecto a ŷ, no con respecto a y.",
        "La derivada de (y - ŷ)² es 2·(ŷ - y); como la pérdida es un promedio, divide por el número de valores.",
    ],
    learned="Con y = 1 da -1.2472: si ŷ sube un poco, la pérdida baja.",
)
def output_slope(answer):
    """``output_slope(y, y_hat)``: dL/dŷ of the mean squared error."""
    expect_function(
        answer,
        _mse_slope,
        [
            (np.array([[1.0]]), np.array([[0.3764]])),
            (np.array([[1.0], [2.0], [0.0]]), np.array([[0.5], [3.0], [0.5]])),
            (np.array([[1.0, 0.0], [2.0, 1.0], [0.0, 4.0]]), np.array([[0.5, 1.0], [3.0, 2.0], [0.5, 1.0]])),
        ],
        mistakes=[
            (lambda y, y_hat: -_mse_slope(y, y_hat), "Tiene el signo cambiado: si ŷ < y, al subir ŷ la pérdida baja."),
            (lambda y, y_hat: (y_hat - y) / np.size(y), "Falta el 2 que baja del exponente."),
            (lambda y, y_hat: 2 * (y_hat - y), "Falta dividir por n: la pérdida es un promedio."),
            (lambda y, y_hat: 2 * (y_hat - y) / len(y), _PER_VALUE),
            (lambda y, y_hat: (y_hat - y) ** 2, "Eso es el error al cuadrado; falta derivarlo."),
            (lambda y, y_hat: np.mean(2 * (y_hat - y)), "No promedies: hay una derivada por cada predicción."),
        ],
    )


@exercise(
    "La pendiente de ReLU",
    hints=[
        "Mira el dibujo de ReLU: ¿qué pendiente tiene a la derecha del 0? ¿Y a la izquierda?",
        "Es 1 donde u > 0 y 0 donde no.",
    ],
    learned="Una neurona con u negativa no deja pasar nada hacia atrás; si le ocurre con todos los ejemplos, se dice "
    "que está muerta.",
)
def relu_slope(answer):
    """``relu_slope(u)`` for arrays; at exactly 0 any convention is right that gives a number."""
    expect_function(
        answer,
        lambda u: np.asarray(np.asarray(u) > 0, float),
        [np.array([[0.43, -0.2], [-1.0, 2.5]]), np.array([3.0, -0.5, 0.1])],
        mistakes=[
            (lambda u: np.maximum(0, u), "Eso es ReLU; aquí va su derivada."),
            (lambda u: np.sign(u), "A la izquierda del 0 ReLU es plana: su pendiente es 0, no -1."),
            (lambda u: np.ones_like(u), "A la izquierda del 0 la pendiente no es 1: ReLU es plana ahí."),
            (lambda u: np.asarray(u < 0, float), "Es al revés: la pendiente es 1 donde u es positiva."),
        ],
    )
    at_zero = np.asarray(call(answer, np.array([0.0, 2.0])), float)
    expect(
        np.isfinite(at_zero).all(),
        "en u = 0 tu función no da un número.",
        "Ahí sirve 0 o 1, la convención que prefieras: decide con u > 0, sin dividir por u.",
    )


def _layer_backward(dh, u, h_before, w):
    du = dh * (u > 0)
    return {"du": du, "dw": h_before.T @ du, "db": du.sum(axis=0), "dh_before": du @ w.T}


@exercise(
    "Una capa hacia atrás",
    hints=[
        "Primero du: lo que llega, dh, multiplicado elemento a elemento por la pendiente de ReLU en u.",
        "Después dw = h_before.T @ du, con la misma forma que w, y db: la suma de du por columnas.",
        "Por último, lo que se entrega a la capa anterior: dh_before = du @ w.T.",
    ],
    learned="Con estas cuatro líneas, capa tras capa, se llega desde la pérdida hasta el primer peso.",
)
def layer_backward(answer):
    """``layer_backward(dh, u, h_before, w)`` → dict with du, dw, db, dh_before."""
    rng = np.random.default_rng(0)
    u = np.array([[0.5, -1.0, 2.0], [-0.3, 0.7, 1.5]])
    case = (rng.normal(size=(2, 3)), u, rng.normal(size=(2, 4)), rng.normal(size=(4, 3)))
    got, right = call(answer, *case), _layer_backward(*case)
    expect(
        isinstance(got, dict),
        "layer_backward(…) no devolvió un diccionario.",
        "Devuelve un diccionario con las claves du, dw, db y dh_before.",
    )
    for key, expected in right.items():
        expect(key in got, "layer_backward(…) no devolvió todo.", f"Falta la clave {key!r}; las tuyas son {[*got]}.")
        shape = f"Revisa las formas: {key} debe tener forma {expected.shape}."
        expect_close(
            got[key],
            expected,
            f"el elemento {key} de layer_backward(…)",
            _LAYER_HINTS[key] if getattr(as_numbers(got[key]), "shape", ()) == expected.shape else shape,
            exact_shape=True,
            typical=[(f(*case, right["du"]), hint) for name, f, hint in _LAYER_MISTAKES if name == key],
        )


_LAYER_HINTS = {
    "du": "du es dh por la pendiente de ReLU en u, elemento a elemento.",
    "dw": "Las formas están bien; dw sale solo de h_before y de du.",
    "db": "La forma está bien; db suma du por columnas.",
    "dh_before": "Las formas están bien; dh_before sale solo de du y de w.",
}
_LAYER_MISTAKES = [
    ("du", lambda dh, *_: dh, "En du falta la pendiente de ReLU."),
    ("du", lambda dh, u, *_: dh * np.maximum(0, u), "En du va la pendiente de ReLU (0 o 1), no ReLU."),
    ("du", lambda dh, u, *_: dh * u, "En du multiplica por la pendiente de ReLU (0 o 1), no por u."),
    ("dw", lambda dh, u, h, w, du: h.T @ dh, "En dw usa du, no dh: el peso actúa antes de la activación."),
    ("dw", lambda dh, u, h, w, du: h.T @ du / len(u), "En dw no dividas por n: el promedio ya está en dh."),
    ("db", lambda *a: a[-1].sum(axis=0), "db debe tener forma (3,): du.sum(axis=0)."),
    ("db", lambda dh, *_: dh.sum(axis=0), "En db usa du, no dh: el sesgo actúa antes de la activación."),
    ("db", lambda *a: a[-1].mean(axis=0), "En db se suman las filas: el promedio ya está en dh."),
    ("db", lambda *a: a[-1].sum(), "En db hay un número por neurona: suma solo por columnas."),
    ("db", lambda *a: a[-1], "En db falta sumar las filas del lote."),
    ("dh_before", lambda dh, u, h, w, du: dh @ w.T, "En dh_before usa du, no dh."),
]


_FUNCTIONS = {"relu": (lambda u: np.maximum(0, u), lambda u: u > 0), "linear": (lambda u: u, np.ones_like)}


def _backward(x, y, weights, biases, there=("relu", "linear"), back=("relu", "linear")):
    """Return dW and db; `there` and `back` name the hidden layers' activation and the output's, on each way."""
    last, h, u, gradients = len(weights) - 1, [x], [], []
    for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
        u.append(h[-1] @ w + b)
        h.append(_FUNCTIONS[there[k == last]][0](u[-1]))
    dh = _mse_slope(y, h[-1])
    for k in range(last, -1, -1):
        du = dh * _FUNCTIONS[back[k == last]][1](u[k])
        gradients.insert(0, (h[k].T @ du, du.sum(axis=0)))
        dh = du @ weights[k].T
    return tuple(zip(*gradients, strict=True))


_OUTPUT = "La salida es lineal: su pendiente es 1, sin ReLU."
_BACKWARD_MISTAKES = [
    ({"back": ("linear", "linear")}, "Falta la pendiente de ReLU en las capas ocultas."),
    ({"there": ("linear", "linear"), "back": ("linear", "linear")}, "Falta ReLU en las capas ocultas, ida y vuelta."),
    ({"back": ("relu", "relu")}, _OUTPUT),
    ({"there": ("relu", "relu"), "back": ("relu", "relu")}, _OUTPUT),
    ({"there": ("relu", "relu")}, "La salida es lineal: ŷ = u, sin ReLU."),
]


@exercise(
    "La red entera hacia atrás",
    hints=[
        "Haz primero la propagación hacia adelante y guarda cada u y cada h: los vas a necesitar.",
        "Empieza por la salida, que es lineal: du = dL/dŷ. Recorre las capas con reversed(range(len(weights))).",
        "Guarda dw y db de cada capa y, al final, déjalos en el orden de las capas.",
    ],
    learned="Acabas de programar la propagación hacia atrás (backpropagation).",
)
def backward(answer):
    """``backward(x, y, weights, biases)`` → (list of dW, list of db), first layer first."""
    network = SLIDE_EXAMPLE.network
    arrows = "Compara con los números de la clase, flecha por flecha: están al comienzo de la sección 2."
    cases = [("la red de la clase", np.array(SLIDE_EXAMPLE.x), np.array(SLIDE_EXAMPLE.y), network, arrows)]
    rng = np.random.default_rng(3)
    other = byhand.random_network((4, 5, 3, 6, 2), seed=3)
    larger = "La red de la clase te sale bien. ¿Qué cambia con varias filas, dos salidas y alguna u negativa?"
    cases.append(("una red 4-5-3-6-2 con 7 ejemplos", rng.normal(size=(7, 4)), rng.normal(size=(7, 2)), other, larger))
    for name, x, y, net, hint in cases:
        weights, biases = [np.array(w) for w in net.weights], [np.array(b) for b in net.biases]
        layers = "Debe servir para cualquier número de capas: recorre weights y biases con un for."
        with explaining(r"too.*\(expected 3", layers):
            got = call(answer, x, y, weights, biases)
        expect(
            isinstance(got, tuple | list)
            and len(got) == 2
            and all(hasattr(part, "__len__") and len(part) == len(weights) for part in got),
            f"con {name} se esperaban dos listas, la de los dW y la de los db, con {len(weights)} elementos cada una.",
            "Termina con return weight_gradients, bias_gradients.",
        )
        rights = _backward(x, y, weights, biases)
        mistaken = [(_backward(x, y, weights, biases, **ways), text) for ways, text in _BACKWARD_MISTAKES]
        for place, (symbol, parts, right) in enumerate(zip(("dW", "db"), got, rights, strict=True)):
            for k, (part, expected) in enumerate(zip(parts, right, strict=True), 1):
                shape = [(expected, f"Los números están bien, pero no la forma: debe ser {expected.shape}.")]
                swapped = [(right[-k], "Las capas están en orden inverso: la primera va primero.")]
                opposite = [(-expected, "Tiene el signo cambiado: revisa dL/dŷ.")]
                half = [(expected / 2, "Es la mitad: falta el 2 de la derivada del cuadrado.")]
                times = [(expected * np.size(y), "Falta dividir por n en dL/dŷ: la pérdida es un promedio.")]
                rows = [(expected * np.size(y) / len(y), f"En dL/dŷ, {_PER_VALUE.lower()}")]
                again = [(expected / len(y), "No dividas otra vez por las filas: el promedio ya está en dL/dŷ.")]
                other = [(rights[1 - place][k - 1], "Primero va la lista de los dW y después la de los db.")]
                slopes = [(wrong[place][k - 1], text) for wrong, text in mistaken]
                expect_close(
                    part,
                    expected,
                    f"con {name}, {symbol} de la capa {k}",
                    hint,
                    typical=[*shape, *swapped, *opposite, *half, *times, *rows, *again, *other, *slopes],
                    exact_shape=True,
                )


@exercise(
    "Un paso de descenso del gradiente",
    hints=[
        "El gradiente apunta hacia donde la pérdida sube: hay que ir en sentido contrario.",
        "θ nuevo = θ - α · gradiente.",
    ],
    learned="Es la regla de aprendizaje de la clase.",
)
def update(answer):
    """``update(theta, gradient, learning_rate)``: the new parameter."""
    expect_function(
        answer,
        lambda theta, gradient, rate: theta - rate * gradient,
        [
            (np.array([1.0, -2.0]), np.array([0.5, 1.0]), 0.1),
            (np.array([[3.0, 1.0], [0.0, -2.0]]), np.array([[4.0, -2.0], [1.0, 8.0]]), 0.25),
        ],
        mistakes=[
            (lambda theta, gradient, rate: theta + rate * gradient, "Sumaste: así la pérdida sube."),
            (lambda theta, gradient, rate: theta - gradient, "Falta la tasa de aprendizaje."),
            (lambda theta, gradient, rate: -rate * gradient, "Eso es solo el paso: falta partir desde theta."),
            (lambda theta, gradient, rate: rate * gradient, "Eso es lo que se resta: falta partir desde theta."),
            (lambda theta, gradient, rate: theta - gradient / rate, "La tasa multiplica al gradiente, no lo divide."),
            (lambda theta, gradient, rate: rate * (theta - gradient), "La tasa multiplica solo al gradiente."),
        ],
    )


@exercise(
    "Épocas, lotes y pasos",
    hints=[
        "En una época pasan todos los ejemplos, lote por lote, y cada lote da un paso.",
        "Si el último lote queda incompleto, también da su paso: redondea hacia arriba con math.ceil.",
    ],
    learned="Con 60 000 ejemplos y lotes de 128, una época son 469 pasos.",
)
def steps(answer):
    """``steps(n, batch_size, epochs)``: parameter updates in a training."""
    expect_function(
        answer,
        lambda n, batch_size, epochs: math.ceil(n / batch_size) * epochs,
        [(60000, 128, 1), (100, 32, 3), (100, 25, 2), (5, 10, 4)],
        "Prueba con 100 ejemplos en lotes de 32: 32 + 32 + 32 + 4.",
        tolerance=1e-9,
        mistakes=[
            (lambda n, batch_size, epochs: n // batch_size * epochs, "Falta el último lote, el incompleto."),
            (
                lambda n, batch_size, epochs: (n // batch_size + 1) * epochs,
                "Si n es múltiplo de batch_size no sobra ningún lote: prueba 100 y 25.",
            ),
            (lambda n, batch_size, epochs: n / batch_size * epochs, "No hay pasos a medias: redondea hacia arriba."),
            (
                lambda n, batch_size, epochs: math.ceil(n / batch_size),
                "Eso es en una época; multiplica por las épocas.",
            ),
            (lambda n, batch_size, epochs: n * epochs, "Eso sería con lotes de un solo ejemplo."),
            (lambda n, batch_size, epochs: epochs, "Hay un paso por lote, no uno por época."),
            (lambda n, batch_size, epochs: math.ceil(n * epochs / batch_size), "Cada época cierra su último lote."),
        ],
    )


@exercise(
    "Cuántos caminos hay",
    hints=[
        "Dibuja 2 capas de 3 neuronas: desde x puedes ir a 3 neuronas, y desde cada una a otras 3.",
        "Cada capa multiplica los caminos por su ancho.",
    ],
    learned="Con 12 capas de 3 neuronas ya son 531 441: por eso nadie deriva camino por camino.",
)
def count_paths(answer):
    """``count_paths(depth, width)``: paths from the input to the output."""
    expect_function(
        answer,
        lambda depth, width: width**depth,
        [(2, 3), (12, 3), (5, 2), (1, 4)],
        mistakes=[
            (lambda depth, width: depth * width, "Eso es el número de neuronas, no de caminos."),
            (lambda depth, width: depth**width, "Es al revés: cada capa multiplica por su ancho."),
            (
                lambda depth, width: width ** (depth + 1),
                "Sobra un factor: a la salida todos llegan a la misma neurona.",
            ),
            (lambda depth, width: width ** (depth - 1), "Falta un factor: la primera capa también abre caminos."),
            (lambda depth, width: depth * width**2, "Las capas se multiplican, no se suman."),
            (lambda depth, width: 2 * width + (depth - 1) * width**2, "Eso es el número de conexiones, no de caminos."),
            (lambda depth, width: width ^ depth, "En Python la potencia se escribe con **, no con ^."),
        ],
    )


class _Watched:
    """A node of a graph that notes whenever its parents are asked for."""

    __slots__ = ("_parents", "data", "label", "slopes", "visits")

    def __init__(self, node, parents, visits):
        self.data, self.label, self.slopes = node.data, node.label, node.slopes
        self._parents, self.visits = parents, visits

    def __repr__(self):
        return f"nodo {self.label}".strip()

    @property
    def parents(self):
        self.visits.append(self)
        return self._parents


_Watched.__name__ = "nodo"  # what Python's own errors tell the student


def _watched(output, source):
    """Copy a graph into watched nodes; return the copies of both ends and the list that its visits go to."""
    visits, copies = [], {}
    for node in output.nodes():
        copies[node] = _Watched(node, tuple(copies[parent] for parent in node.parents), visits)
    return copies[output], copies[source], visits


def _dead_graph():
    """Return both ends of a graph whose derivatives are all 0: a dead ReLU, doubled eight times."""
    source = graph.Value(1.0, "x")
    output = (source - 5).relu()
    for _ in range(8):
        output = output + output
    return output, source


def _twins_graph():
    """Return both ends of a graph in which nodes of the same value have different derivatives."""
    source = graph.Value(1.0, "x")
    return (source * 2) * (source + 1), source


@exercise(
    "Derivar con memoria",
    hints=[
        "Antes de calcular, mira si la derivada de ese nodo ya está en known.",
        "Cuando la calcules, guárdala: known[output] = …, y devuelve known[output].",
        "Pasa el mismo diccionario known en cada llamada recursiva.",
    ],
    learned="Eso es programación dinámica: la derivada de cada nodo se calcula una sola vez.",
)
def derivative(answer):
    """``derivative(output, node, known)``: memoized recursion; right, and with one visit per node."""
    twice = "Guarda cada derivada en known y, si ya está, devuélvela sin volver a calcular."
    zero = "Un 0 también se recuerda: pregunta si output está en known con in, no por su valor."
    rule = "Es la suma, sobre los padres, de pendiente · derivada del padre."
    keys = "Cada nodo tiene su derivada: la clave de known es el nodo output, no node, ni su valor o su nombre."
    layered = [(f"una red con capas de {width}", graph.layered_graph(n, width), rule, twice) for n, width in _GRAPHS]
    dead = ("una red con una neurona muerta", _dead_graph(), rule, zero)
    same = ("un grafo con dos nodos del mismo valor", _twins_graph(), keys, twice)
    for name, (output, source), wrong, again in [*layered, dead, same]:
        expected = graph.derivative_memoized(output, source).value
        top, bottom, visits = _watched(output, source)
        got = _call_on_nodes(answer, top, bottom)
        first = graph.derivative_memoized(output.parents[0], source).value  # what one key for all nodes remembers
        typical = [(first * sum(output.slopes), keys)]
        expect_close(got, expected, f"la derivada en {name}", wrong, typical=typical, reveal=True)
        nodes = output.nodes()
        expect(
            len(visits) <= 2 * sum(1 + len(node.parents) for node in nodes),  # parents may be asked for one by one
            f"en {name} el resultado es correcto, pero pediste {len(visits)} veces los padres de {len(nodes)} nodos.",
            again,
        )


_GRAPHS = ((1, 2), (3, 2), (6, 3))  # layers and their width


def _call_on_nodes(answer, top, bottom):
    with (
        explaining("'nodo'", "Un nodo no es un número: de él solo necesitas parents y slopes."),
        explaining("'known'", "Pasa también el diccionario known en cada llamada."),
    ):
        return call(answer, top, bottom, {})
