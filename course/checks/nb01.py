"""Checks of notebook 01: the forward pass of the slides' network, piece by piece."""

import re
import unicodedata
from itertools import pairwise

import numpy as np

from course.byhand import SLIDE_EXAMPLE
from course.checks import call, exercise, expect, expect_close, expect_function, expect_text, explaining
from course.environment import import_keras

_NETWORK = SLIDE_EXAMPLE.network
_SLIDE = [array.tolist() for array in _NETWORK.weights], [array.tolist() for array in _NETWORK.biases]


def _relu(u):
    return np.maximum(0.0, u)


def _sigmoid(u):
    return 1 / (1 + np.exp(-u))


def _no_biases(units):
    return sum(before * after for before, after in pairwise(units))


def _as_printed(units):
    return sum(before * after + after * after for before, after in pairwise(units))


@exercise(
    "Contar parámetros",
    hints=[
        "Entre una capa y la siguiente hay un peso por cada par de neuronas.",
        "Y cada neurona que calcula algo tiene un solo sesgo: son antes · después + después.",
    ],
    learned="La red de la clase tiene 17: (3·2 + 2) + (2·2 + 2) + (2·1 + 1).",
)
def count_parameters(answer):
    """``count_parameters(units)``, for instance ``[3, 2, 2, 1]``."""
    mistakes = [
        (_no_biases, "Contaste los pesos; falta un sesgo por cada neurona que calcula."),
        (_as_printed, "Es lo que da la fórmula de la lámina, con b · d sesgos. Cada neurona tiene uno solo."),
        (lambda units: _no_biases(units) + sum(units[:-1]), "Los sesgos son de la capa que calcula, la de después."),
        (lambda units: _no_biases(units) + sum(units), "Las neuronas de entrada no calculan: no tienen sesgo."),
        (lambda units: _no_biases(units) + len(units) - 1, "El sesgo es uno por neurona, no uno por capa."),
        (sum, "Eso es el número de neuronas. Los parámetros están en las conexiones y en los sesgos."),
        (
            lambda units: (units[0] + 1) * units[1],
            "Eso es solo la primera capa: ¿el return quedó dentro del for, o el for termina antes?",
        ),
        (lambda units: (units[-2] + 1) * units[-1], "Eso es solo la última capa: ve sumando, desde 0, con +=."),
    ]
    with explaining(r"unpack \(expected 4", "Debe servir para cualquier número de capas: recorre units con un for."):
        expect_function(
            answer,
            lambda units: _no_biases(units) + sum(units[1:]),
            [[2, 4, 3], [3, 2, 2, 1], [784, 128, 10], [4, 1]],  # in the class's network half the mistakes coincide
            mistakes=mistakes,
        )


@exercise(
    "La activación ReLU",
    hints=[
        "Lo positivo pasa igual; lo negativo se vuelve 0.",
        "np.maximum compara elemento a elemento; np.max daría un solo número.",
    ],
    learned="Es la activación de las dos capas ocultas de la clase.",
)
def relu(answer):
    """``relu(u)`` for a number or an array of any shape."""
    cut = "Lo positivo pasa sin cambios, por grande que sea: no lo recortes."
    compare = "np.max busca el mayor de un arreglo; para comparar cada elemento con 0 está np.maximum(0, u)."
    with explaining("scalar.index|inhomogeneous", compare):
        expect_function(
            answer,
            _relu,
            [np.array([-2.0, 3.0, 1.0]), np.array([[-1.5, 0.43], [0.0, -0.2]]), -2.0, 0.43],
            "Elemento a elemento, lo positivo pasa igual y lo negativo queda en 0, sin cambiar la forma.",
            mistakes=[
                (np.abs, "Eso es el valor absoluto: lo negativo debe quedar en 0."),
                (lambda u: np.minimum(0, u), "Dejaste pasar lo negativo: es al revés."),
                (lambda u: u, "Falta hacer algo con los negativos."),
                (lambda u: np.ravel(u)[np.ravel(u) > 0], "Quitaste los negativos: deben quedarse, convertidos en 0."),
                (lambda u: np.trunc(np.maximum(0, u)), "Se perdieron los decimales: empieza por 0.0 y no por 0."),
                (lambda u: np.max(np.append(u, 0)), "np.max da un solo número; con np.maximum hay uno por elemento."),
                (lambda u: np.asarray(u > 0, float), "Eso es la derivada de ReLU; lo positivo pasa sin cambios."),
            ],
        )
    expect_function(answer, _relu, [1000.0, np.array([1e6, -1e6])], cut)


@exercise(
    "La activación sigmoide",
    hints=[
        "La fórmula es 1 / (1 + e⁻ᵘ); en NumPy, e elevado a algo es np.exp.",
        "Cuida el signo del exponente y los paréntesis del denominador.",
    ],
    learned="Lleva cualquier número al intervalo (0, 1): se puede leer como una probabilidad.",
)
def sigmoid(answer):
    """``sigmoid(u)`` for a number or an array."""
    with explaining("Python.scalars", "math.exp y float solo aceptan un número; con un arreglo va np.exp."):
        expect_function(
            answer,
            _sigmoid,
            [2.0, 0.0, np.array([-3.0, 0.5])],
            mistakes=[
                (lambda u: 1 / (1 + np.exp(u)), "Eso es la sigmoide de -u: revisa el signo menos del exponente."),
                (lambda u: 1 / 1 + np.exp(-u), "Todo 1 + e⁻ᵘ va en el denominador, entre paréntesis: 1 / (…)."),
                (np.exp, "Eso es solo la exponencial: compárala con la fórmula, 1 / (1 + e⁻ᵘ)."),
                (np.tanh, "Eso es la tangente hiperbólica, que va de -1 a 1."),
            ],
        )


@exercise(
    "La capa de salida de cada problema",
    hints=[
        "¿Cuántos números debe dar la red, y entre qué valores?",
        "Regresión: lineal y error cuadrático medio. Dos clases: sigmoide. Más clases: softmax. "
        "La clasificación usa entropía cruzada.",
    ],
    learned="El problema decide cuántas neuronas hay a la salida, su activación y la pérdida.",
)
def output_layer(answer):
    """A dict problem → (units, activation, loss)."""
    right = {
        "precio": (1, _LINEAR, _SQUARES),
        "cancelación": (1, _SIGMOID, _CROSS | _BINARY),
        "dígitos": (10, _SOFTMAX, _CROSS | _CATEGORICAL),
    }
    expect(
        isinstance(answer, dict) and set(answer) >= set(right),
        "tu respuesta debe ser el diccionario con las claves precio, cancelación y dígitos.",
        "Solo cambia los puntos suspensivos; deja las claves como están.",
    )
    for problem, (units, activations, losses) in right.items():
        row = answer[problem]
        expect(
            isinstance(row, tuple | list) and len(row) == 3,
            f"en {problem} se esperaban tres cosas: neuronas, activación y pérdida.",
            "Escríbelas entre paréntesis y en ese orden, como en el ejemplo.",
        )
        expect(
            _plain(row[0]) not in _ACTIVATIONS | _LOSSES and _plain(row[1]) not in _LOSSES,
            f"en {problem}, las tres cosas no están en su orden.",
            "El orden es (neuronas, activación, pérdida), como en el ejemplo.",
        )
        expect_close(row[0], units, f"el número de neuronas para {problem}", _UNITS_HINTS[problem])
        _expect_name(row[1], activations, f"la activación para {problem}", _ACTIVATIONS, _ACTIVATION_HINTS[problem])
        hint = _CROSS_HINT if _plain(row[2]) in _BINARY | _CATEGORICAL and problem != "precio" else _LOSS_HINTS[problem]
        known = _LOSSES - _ABSOLUTE if problem == "precio" else _LOSSES  # that one is a distance too
        _expect_name(row[2], losses, f"la pérdida para {problem}", known, hint)


def _expect_name(got, right, what, known, hint):
    """Hold a name against those that are right, however it is spelt; `hint` is for the other names that are known."""
    text = str(got) if got is None else got  # Keras's activation=None is the linear one
    table = (
        '"lineal", "sigmoide" o "softmax"' if "softmax" in known else '"error cuadrático medio" o "entropía cruzada"'
    )
    if _plain(text) not in right:
        expect_text(text, (), what, hint if _plain(text) in known else f"Escríbela como en la tabla: {table}.")


def _plain(name):
    """Return a name's letters, without accents, capitals, or whatever stands between words."""
    letters = unicodedata.normalize("NFD", name.casefold()) if isinstance(name, str) else ""
    return re.sub(r"[^a-z0-9]", "", letters).removeprefix("funcion")


_LINEAR = {"lineal", "linear", "ninguna", "none", "sinactivacion", "identidad", "identity"}
_SIGMOID = {"sigmoide", "sigmoidal", "sigmoid", "logistica", "logistic"}
_SOFTMAX = {"softmax"}
_ACTIVATIONS = _LINEAR | _SIGMOID | _SOFTMAX | {"relu", "tanh", "tangentehiperbolica"}
_SQUARES = {"errorcuadraticomedio", "mse", "ecm", "meansquarederror"}
_CROSS = {"entropiacruzada", "crossentropy", "logloss"}
_BINARY = {"entropiacruzadabinaria", "binarycrossentropy", "bce"}
_CATEGORICAL = {"entropiacruzadacategorica", "categoricalcrossentropy", "sparsecategoricalcrossentropy"}
_ABSOLUTE = {"errorabsoluto", "errorabsolutomedio", "mae", "meanabsoluteerror"}
_LOSSES = _SQUARES | _ABSOLUTE | _CROSS | _BINARY | _CATEGORICAL
_ACTIVATION_HINTS = {
    "precio": "Es regresión, la primera fila de la tabla: la salida no se debe aplastar ni recortar.",
    "cancelación": "Se busca una probabilidad, entre 0 y 1, en una sola neurona.",
    "dígitos": "Las diez salidas deben ser probabilidades que sumen 1.",
}
_UNITS_HINTS = {
    "precio": "Una neurona por número que la red debe dar: aquí, el precio.",
    "cancelación": "Con dos clases basta una neurona: da la probabilidad de una, y la otra es lo que falta para 1.",
    "dígitos": "Con más de dos clases hay una neurona por clase, y los dígitos van del 0 al 9.",
}
_CROSS_HINT = "Entropía cruzada, sí; pero la binaria es para dos clases y la categórica es para más."
_LOSS_HINTS = {
    "precio": "Es regresión: importa la distancia entre lo predicho y lo real.",
    "cancelación": "Es clasificación: se comparan probabilidades, no distancias.",
    "dígitos": "Es clasificación: se comparan probabilidades, no distancias.",
}


@exercise(
    "El error cuadrático medio",
    hints=[
        "Para cada ejemplo, la diferencia entre y e ŷ, al cuadrado.",
        "Al final va el promedio sobre los ejemplos: np.mean.",
    ],
    learned="Es la pérdida de la regresión, y la que usarás al volver hacia atrás.",
)
def mean_squared_error(answer):
    """``mean_squared_error(y, y_hat)`` for vectors."""
    expect_function(
        answer,
        lambda y, y_hat: np.mean((y - y_hat) ** 2),
        [(np.array([1.0, 0.0, 4.0]), np.array([0.5, 2.0, 2.0])), (np.array([1.0]), np.array([0.3764]))],
        mistakes=[
            (lambda y, y_hat: np.sum((y - y_hat) ** 2), "Sumaste los errores; falta promediarlos."),
            (lambda y, y_hat: np.mean(y - y_hat), "Falta el cuadrado: así los errores opuestos se cancelan."),
            (lambda y, y_hat: np.mean(y_hat - y), "Falta el cuadrado: así los errores opuestos se cancelan."),
            (lambda y, y_hat: np.mean(np.abs(y - y_hat)), "Eso es el error absoluto medio; aquí va el cuadrado."),
            (lambda y, y_hat: np.mean(y - y_hat) ** 2, "Primero el cuadrado de cada error, después el promedio."),
            (lambda y, y_hat: np.sqrt(np.mean((y - y_hat) ** 2)), "No hace falta la raíz cuadrada."),
            (lambda y, y_hat: (y - y_hat) ** 2, "Falta promediar: la pérdida es un solo número."),
            (lambda y, y_hat: (y - y_hat) ** 2 / len(y), "Ya dividiste por n; falta sumar: es un solo número."),
            (lambda y, y_hat: np.mean((y - y_hat) ** 2) / 2, "Es la mitad: aquí el promedio no se divide por 2."),
            (lambda y, y_hat: (y[0] - y_hat[0]) ** 2, "Eso es solo un error: ¿quedó el return dentro del for?"),
        ],
    )


@exercise(
    "La cuenta que no cuadra",
    hints=[
        "Calcula 0.43·0.3 + 0.44·0.2 y compáralo con 1.217: lo que falta es el sesgo.",
        "Despeja: sesgo = 1.217 - (0.43·0.3 + 0.44·0.2).",
    ],
    learned="La lámina escribe 0.1, pero su resultado, y todo lo que sigue, sale de un sesgo de 1.0.",
)
def missing_bias(answer):
    """``bias``: the one that the slide must have used."""
    comma = isinstance(answer, tuple) and len(answer) > 1
    expect(not comma, "bias quedó con varios valores.", "En Python el decimal va con punto: 1.5, no 1,5.")
    expect_close(
        answer,
        1.0,
        "bias",
        "Es el número que, sumado a 0.43·0.3 + 0.44·0.2, da 1.217.",
        typical=[
            (0.1, "0.1 es lo que escribe la lámina. ¿Da 1.217 con ese sesgo?"),
            (0.317, "0.317 es lo que da con el sesgo escrito. ¿Qué sesgo daría 1.217?"),
            (0.217, "0.217 es la suma sin sesgo. ¿Cuánto falta para 1.217?"),
            (0.9, "0.9 es lo que se debe agregar al 0.1 escrito; se pide el sesgo completo."),
            (1.217, "1.217 es la suma ponderada; se pide el sesgo que hay dentro de ella."),
            (1.217 - 0.43 * 0.3 + 0.44 * 0.2, "Faltan paréntesis: a 1.217 se le resta la suma entera."),
        ],
        tolerance=1e-4,
    )


def _forward(x, weights, biases, hidden=_relu, output=lambda u: u):
    h = np.asarray(x, float)
    for k, (w, b) in enumerate(zip(weights, biases, strict=True), 1):
        h = (output if k == len(weights) else hidden)(h @ np.asarray(w) + np.asarray(b))
    return h


@exercise(
    "La propagación hacia adelante completa",
    hints=[
        "Empieza con h = x. En cada capa: u = h @ W + b, y después la activación.",
        "En las capas ocultas la activación es ReLU; en la última es lineal, es decir, h = u.",
        "zip(weights, biases) recorre las capas; la última se reconoce por su posición.",
    ],
    learned="La salida de la clase, 0.3764, sale de tu propia función.",
)
def forward(answer):
    """``forward(x, weights, biases)``: ReLU in hidden layers, linear at the end; checked where the two differ."""
    x = np.asarray(SLIDE_EXAMPLE.x)
    weights, biases = [np.array(w) for w in _SLIDE[0]], [np.array(b) for b in _SLIDE[1]]
    negative = [-w for w in weights]  # with these the output is negative, with two's x the hidden sums are
    one, two = (x, weights, biases), (np.array([[-3.0, -2.0, -1.0], [0.0, 1.0, 0.5]]), weights, biases)
    minus = (x, negative, [np.array([1.0, 1.0]), np.array([1.0, 1.0]), np.array([-5.0])])
    mistakes = [
        (lambda x, w, b: _forward(x, w, b, output=_relu), "La capa de salida es lineal: sin ReLU."),
        (lambda x, w, b: _forward(x, w, b, hidden=lambda u: u), "Falta ReLU en las capas ocultas."),
        (lambda x, w, b: _forward(x, w, [0 * v for v in b]), "Falta sumar los sesgos."),
        (lambda x, w, b: _forward(x, w[:-1], b[:-1], output=_relu), "Te falta la capa de salida."),
        (lambda x, w, b: _forward(x, w, b, hidden=_sigmoid), "Las capas ocultas usan ReLU, no la sigmoide."),
    ]
    class_numbers = "Compara con los números de la clase, capa por capa: 0.43 y 0.44; 0.33 y 1.217; 0.3764."
    expect_function(answer, _forward, [one], class_numbers, mistakes=mistakes)
    rows = (
        "La red de la clase te sale bien; aquí hay sumas negativas o más filas. ReLU va después de sumar el sesgo, "
        "solo en las capas ocultas, y la salida tiene una fila por observación."
    )
    with explaining("size 1", rows):  # .item()
        expect_function(answer, _forward, [minus, two], rows, mistakes=mistakes)
    other = "La red de la clase te sale bien; esta tiene otras capas. ¿Las recorres todas, sean cuantas sean?"
    with explaining("unpack|out of range", other):  # an answer written for three layers
        expect_function(answer, _forward, _OTHER_DEPTHS, other, mistakes=mistakes)


def _other_depth(*units):
    """Return x, weights and biases for a network of other layers, some of whose sums are negative."""
    rng = np.random.default_rng(1)
    weights = [rng.normal(size=pair).round(1) for pair in pairwise(units)]
    return rng.normal(size=(2, units[0])).round(1), weights, [rng.normal(size=after).round(1) for after in units[1:]]


_OTHER_DEPTHS = [_other_depth(3, 4, 2), _other_depth(2, 3, 4, 3, 2)]


@exercise(
    "La misma red en Keras",
    hints=[
        "Empieza con keras.Input((3,)) y agrega una capa Dense por cada capa que calcula.",
        "keras.layers.Dense(2, activation='relu') es una capa oculta de la clase; la de salida tiene una neurona y "
        "activation='linear'.",
    ],
    learned="Con los pesos de la clase, tu red de Keras también da 0.3764.",
)
def keras_network(answer):
    """An untrained Keras model, held against the slides' network by behaviour: our weights in, our outputs out."""
    expect(
        not isinstance(answer, type),
        "eso es una clase de Keras, todavía no un modelo.",
        "Falta llamarla: keras.Sequential([...]), con tus capas en la lista.",
    )
    expect(
        hasattr(answer, "get_weights") and callable(answer),
        "tu respuesta no es un modelo de Keras.",
        "Crea uno con keras.Sequential([...]) y guárdalo en model.",
    )
    parameters = [array for pair in zip(_NETWORK.weights, _NETWORK.biases, strict=True) for array in pair]
    shapes = [array.shape for array in answer.get_weights()]
    total, layers = sum(array.size for array in answer.get_weights()), sum(len(shape) == 2 for shape in shapes)
    expect(
        shapes == [array.shape for array in parameters],
        f"tu red tiene {total} parámetros, en {layers} capas con pesos; se esperaban 17, en 3 capas.",
        _keras_shape_hint(shapes, layers),
    )

    def model(x):  # what the student calls it: a model has no name that a message could use
        return answer(x)

    convert_to_numpy = import_keras().ops.convert_to_numpy
    before = answer.get_weights()
    try:
        for name, signs, hint in _KERAS_CASES:
            signed = [sign * array for sign, array in zip(signs, parameters, strict=True)]
            answer.set_weights(signed)
            with explaining("falló", "La entrada es una tabla con 3 columnas, los atributos: keras.Input((3,))."):
                got = convert_to_numpy(call(model, np.asarray(SLIDE_EXAMPLE.x)))
            expected = _forward(SLIDE_EXAMPLE.x, signed[::2], signed[1::2])
            expect_close(got, expected, f"con {name}, model(x)", hint, tolerance=1e-4)
    finally:
        answer.set_weights(before)


# Each flips the signs of one layer's weights and biases, so that its sums turn negative and its activation shows.
_KERAS_CASES = [
    ("los pesos de la clase", (1, 1, 1, 1, 1, 1), "Revisa las activaciones de cada capa."),
    ("la primera capa cambiada de signo", (-1, -1, 1, 1, 1, 1), "¿Tiene ReLU la primera capa oculta?"),
    ("la segunda capa cambiada de signo", (1, 1, -1, -1, 1, 1), "¿Tiene ReLU la segunda capa oculta?"),
    ("la última capa cambiada de signo", (1, 1, 1, 1, -1, -1), "La salida es lineal: no lleva ReLU ni sigmoide."),
]


def _keras_shape_hint(shapes, layers):
    if not shapes:
        return "Tu red aún no tiene pesos: empieza con keras.Input((3,))."
    biases = len(shapes) - layers
    if biases < layers:
        return "Cada capa lleva sus sesgos: quita use_bias=False."
    if biases > layers:
        return "Aquí solo hacen falta capas Dense: sobra una capa de otra clase."
    if shapes[0][0] != 3:
        return "La entrada tiene 3 atributos: keras.Input((3,))."
    if layers > 3:
        return "Sobra una capa: keras.Input ya es la capa de entrada, y no tiene pesos."
    if layers < 3:
        return "Falta una capa: son dos capas ocultas y la de salida."
    return "La arquitectura es 3-2-2-1: dos neuronas en cada capa oculta y una a la salida."
