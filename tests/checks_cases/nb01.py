import math
from itertools import pairwise

import keras
import numpy as np

from checks_cases import Cases
from course import models


def _four_layers(units):
    d0, d1, d2, d3 = units
    return (d0 + 1) * d1 + (d1 + 1) * d2 + (d2 + 1) * d3


count_parameters = Cases(
    right=[
        lambda units: sum((before + 1) * after for before, after in pairwise(units)),
        lambda units: (
            models.mlp(units[0], units[1:-1], "regression").count_params()
            if units[-1] == 1
            else models.mlp(units[0], units[1:-1], "multiclass", classes=units[-1]).count_params()
        ),
        lambda units: float(np.dot(units[:-1], units[1:]) + np.sum(units[1:])),
    ],
    wrong=[
        (lambda units: sum(a * b for a, b in pairwise(units)), "falta un sesgo"),
        (lambda units: sum(a * b + b * b for a, b in pairwise(units)), "fórmula de la lámina"),
        (lambda units: sum(a * b for a, b in pairwise(units)) + sum(units), "no tienen sesgo"),
        (lambda units: sum(a * b + 1 for a, b in pairwise(units)), "no uno por capa"),
        (lambda units: sum(units), "número de neuronas"),
        (lambda units: sum(a * b + a for a, b in pairwise(units)), "la de después"),
        (lambda units: next(a * b + b for a, b in pairwise(units)), "solo la primera capa"),
        (lambda units: [a * b + b for a, b in pairwise(units)][-1], "solo la última capa"),
        (lambda units: sum(a + b for a, b in pairwise(units)), "nb01.count_parameters.hint()"),
        (lambda units: math.prod(units), "nb01.count_parameters.hint()"),
        (_four_layers, "cualquier número de capas"),
        (lambda units: [a * b + b for a, b in (units, units[1:])], "¿Falta zip"),
    ],
)

relu = Cases(
    right=[
        lambda u: np.where(np.asarray(u) > 0, u, 0),
        lambda u: u * (np.asarray(u) > 0),
        lambda u: keras.ops.relu(u),
        lambda u: (np.abs(u) + u) / 2,
    ],
    wrong=[
        (np.abs, "valor absoluto"),
        (lambda u: np.minimum(0, u), "es al revés"),
        (lambda u: u, "los negativos"),
        (lambda u: np.asarray(u > 0, float), "derivada de ReLU"),
        (lambda u: max(0, u), "elemento a elemento"),
        (lambda u: np.max(np.append(u, 0)), "np.maximum"),
        (lambda u: np.max(0, u), "np.maximum(0, u)"),
        (lambda u: np.max([0, u]), "np.maximum(0, u)"),
        (lambda u: u[u > 0], "Quitaste los negativos"),
        (lambda u: np.vectorize(lambda v: max(0, v))(u), "Se perdieron los decimales"),
        (lambda u: np.maximum(0.1 * u, u), "lo negativo queda en 0"),
        (lambda u: np.clip(u, 0, 100), "no lo recortes"),
        (lambda u: np.clip(u, 0, 6), "no lo recortes"),
    ],
)

sigmoid = Cases(
    right=[
        lambda u: np.exp(u) / (1 + np.exp(u)),
        lambda u: (1 + np.tanh(np.asarray(u) / 2)) / 2,
        lambda u: keras.ops.sigmoid(u),
    ],
    wrong=[
        (lambda u: 1 / (1 + np.exp(u)), "signo menos"),
        (lambda u: np.exp(-u) / (1 + np.exp(-u)), "la sigmoide de -u"),
        (lambda u: 1 / 1 + np.exp(-u), "paréntesis"),
        (lambda u: 1 / np.exp(-u), "1 / (1 + e⁻ᵘ)"),
        (np.tanh, "tangente hiperbólica"),
        (np.exp, "solo la exponencial"),
        (lambda u: 1 / (1 - np.exp(-u)), "nb01.sigmoid.hint()"),
        (lambda u: 1 / (1 + math.exp(-u)), "va np.exp"),
    ],
)

ROWS = {
    "precio": (1, "lineal", "error cuadrático medio"),
    "cancelación": (1, "sigmoide", "entropía cruzada"),
    "dígitos": (10, "softmax", "entropía cruzada"),
}
output_layer = Cases(
    right=[
        {
            "precio": [1, "linear", "MSE"],
            "cancelación": [1, "Sigmoidal", "Entropía cruzada binaria"],
            "dígitos": [10, "Softmax", "entropia cruzada categorica"],
        },
        {**ROWS, "cancelación": (np.int64(1), "sigmoid", "entropía cruzada")},
        {
            "precio": (1, None, "mean_squared_error"),
            "cancelación": (1, "función sigmoide", "binary_crossentropy"),
            "dígitos": (10, "SoftMax", "sparse_categorical_crossentropy"),
        },
        {
            "precio": (1, "ninguna", "ECM"),
            "cancelación": (1, "logística", "log loss"),
            "dígitos": (10, "softmax", "Cross-Entropy"),
        },
        {**ROWS, "precio": (1, "Identidad", "mean squared error")},
    ],
    wrong=[
        ({**ROWS, "precio": (1, "sigmoide", "error cuadrático medio")}, "no se debe aplastar"),
        ({**ROWS, "precio": (1, "lineal", "entropía cruzada")}, "Es regresión"),
        ({**ROWS, "precio": (1, "lineal", "error absoluto")}, "Escríbela como en la tabla"),
        ({**ROWS, "precio": (1, "relu", "error cuadrático medio")}, "ni recortar"),
        ({**ROWS, "cancelación": (2, "sigmoide", "entropía cruzada")}, "basta una neurona"),
        ({**ROWS, "cancelación": (1, "softmax", "entropía cruzada")}, "entre 0 y 1"),
        ({**ROWS, "dígitos": (9, "softmax", "entropía cruzada")}, "del 0 al 9"),
        ({**ROWS, "dígitos": (1, "softmax", "entropía cruzada")}, "una neurona por clase"),
        ({**ROWS, "dígitos": (10, "sigmoide", "entropía cruzada")}, "sumen 1"),
        ({**ROWS, "dígitos": (10, "softmax", "error cuadrático medio")}, "se comparan probabilidades"),
        ({**ROWS, "dígitos": (10, "softmax")}, "entre paréntesis"),
        ({**ROWS, "dígitos": (11, "softmax", "entropía cruzada")}, "del 0 al 9"),
        ({**ROWS, "precio": ("lineal", 1, "error cuadrático medio")}, "El orden es"),
        ({**ROWS, "precio": (1, "error cuadrático medio", "lineal")}, "El orden es"),
        ({**ROWS, "precio": ("1", "lineal", "error cuadrático medio")}, "sin comillas"),
        ({**ROWS, "precio": (9, "lineal", "error cuadrático medio")}, "Una neurona por número"),
        ({**ROWS, "dígitos": (10, "softmax", "MAE")}, "se comparan probabilidades"),
        ({**ROWS, "dígitos": (10, "softmax", "binary_crossentropy")}, "la binaria es para dos"),
        ({**ROWS, "cancelación": (1, "sigmoide", "entropía cruzada categórica")}, "la categórica es para más"),
        (
            {**ROWS, "cancelación": (1, "sigmoide", "entropía")},
            'Escríbela como en la tabla: "error cuadrático medio" o',
        ),
        ({**ROWS, "cancelación": (1, "sigmoide", None)}, "Escríbela como en la tabla"),
        ({**ROWS, "cancelación": (1, "sigmoidea", "entropía cruzada")}, 'tabla: "lineal", "sigmoide" o "softmax"'),
        ({**ROWS, "dígitos": (10, None, "entropía cruzada")}, "sumen 1"),
        ({**ROWS, "dígitos": (10, np.exp, "entropía cruzada")}, "comillas"),
        (list(ROWS.values()), "deja las claves"),
    ],
)

mean_squared_error = Cases(
    right=[
        lambda y, y_hat: np.mean(np.square(y_hat - y)),
        lambda y, y_hat: sum((a - b) ** 2 for a, b in zip(y, y_hat, strict=True)) / len(y),
        lambda y, y_hat: np.dot(y - y_hat, y - y_hat) / y.size,
    ],
    wrong=[
        (lambda y, y_hat: np.sum((y - y_hat) ** 2), "falta promediarlos"),
        (lambda y, y_hat: np.mean(y - y_hat), "Falta el cuadrado"),
        (lambda y, y_hat: np.mean(y_hat - y), "Falta el cuadrado"),
        (lambda y, y_hat: np.mean((y - y_hat) ** 2) / 2, "Es la mitad"),
        (lambda y, y_hat: next((a - b) ** 2 for a, b in zip(y, y_hat, strict=True)), "¿quedó el return"),
        (lambda y, y_hat: np.mean(np.abs(y - y_hat)), "error absoluto"),
        (lambda y, y_hat: np.mean(y - y_hat) ** 2, "Primero el cuadrado"),
        (lambda y, y_hat: np.sqrt(np.mean((y - y_hat) ** 2)), "raíz"),
        (lambda y, y_hat: (y - y_hat) ** 2, "Falta promediar"),
        (lambda y, y_hat: (y - y_hat) ** 2 / len(y), "falta sumar"),
    ],
)

missing_bias = Cases(
    right=[1, 1.217 - (0.43 * 0.3 + 0.44 * 0.2), np.array([1.0])],
    wrong=[
        (0.1, "es lo que escribe la lámina"),
        (0.317, "con el sesgo escrito"),
        (0.217, "la suma sin sesgo"),
        (0.9, "el sesgo completo"),
        (1.217, "el sesgo que hay dentro"),
        (1.217 - 0.43 * 0.3 + 0.44 * 0.2, "Faltan paréntesis"),
        (-1.0, "sumado a 0.43"),
        ((1, 0), "va con punto"),
    ],
)


def _pass(hidden=lambda u: np.maximum(0, u), output=lambda u: u, biases=lambda b: b, layers=None):
    def forward(x, weights, bias_list):
        for k, (w, b) in enumerate(zip(weights, bias_list, strict=True), 1):
            if layers is None or k <= layers:
                x = (output if k == len(weights) else hidden)(x @ w + biases(b))
        return x

    return forward


def _as_keras(x, weights, biases):
    layers = [keras.layers.Dense(b.size, activation="relu") for b in biases[:-1]]
    model = keras.Sequential([keras.Input((x.shape[1],)), *layers, keras.layers.Dense(biases[-1].size)])
    model.set_weights([array for pair in zip(weights, biases, strict=True) for array in pair])
    return model(x)


def _recursive(x, weights, biases):
    u = x @ weights[0] + biases[0]
    return u if len(weights) == 1 else _recursive(u * (u > 0), weights[1:], biases[1:])


def _three_layers(x, weights, biases):
    w1, w2, w3 = weights
    b1, b2, b3 = biases
    return np.maximum(0, np.maximum(0, x @ w1 + b1) @ w2 + b2) @ w3 + b3


def _bias_last(x, weights, biases):
    for w, b in zip(weights, biases, strict=True):
        x = np.maximum(0, x @ w) + b
    return x


def _linear_third(x, weights, biases):
    for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
        x = x @ w + b if k == 2 else np.maximum(0, x @ w + b)
    return x


forward = Cases(
    right=[_pass(), _recursive, _as_keras],
    wrong=[
        (_pass(output=lambda u: np.maximum(0, u)), "sin ReLU"),
        (_pass(hidden=lambda u: u), "Falta ReLU en las capas ocultas"),
        (_pass(biases=lambda b: 0 * b), "Falta sumar los sesgos"),
        (_pass(layers=2), "falta la capa de salida"),
        (_pass(hidden=lambda u: 1 / (1 + np.exp(-u))), "no la sigmoide"),
        (_bias_last, "después de sumar el sesgo"),
        (_pass(hidden=np.abs), "solo en las capas ocultas"),
        (lambda x, weights, biases: _pass()(x, weights, biases).item(), "una fila por observación"),
        (lambda x, weights, biases: _pass()(x[0], weights, biases), "una fila por observación"),
        (lambda x, weights, biases: x @ weights[1], "formas"),
        (_three_layers, "esta tiene otras capas"),
        (lambda x, w, b: _pass()(x, [w[0], w[1], w[2]], b), "sean cuantas sean"),
        (_linear_third, "sin ReLU"),
    ],
)


def _net(first="relu", second="relu", output="linear", units=(3, 2, 2, 1), use_bias=True):
    layers = [
        keras.layers.Dense(n, activation=activation, use_bias=use_bias)
        for n, activation in zip(units[1:], (first, second, output)[-len(units[1:]) :], strict=True)
    ]
    return keras.Sequential([keras.Input(np.atleast_1d(units[0]).tolist()), *layers])


def _with_layer(layer):
    return keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(2, "relu"), keras.layers.Dense(1)])


def _functional():
    x = keras.Input((3,))
    h = keras.layers.Dense(2)(x)
    h = keras.layers.Dense(2, activation="relu")(keras.layers.ReLU()(h))
    return keras.Model(x, keras.layers.Dense(1)(h))


def _dead():
    """Start where every unit of the first layer is dead: the check must not depend on the initial weights."""
    model = _net()
    model.set_weights([-np.ones_like(array) for array in model.get_weights()])
    return model


keras_network = Cases(
    right=[_net(), models.mlp(3, (2, 2), "regression"), _functional(), _dead()],
    wrong=[
        (_net(first="linear"), "primera capa oculta"),
        (_net(second="tanh"), "activaciones"),
        (_net(second="linear"), "segunda capa oculta"),
        (_net(output="relu"), "La salida es lineal"),
        (_net(output="sigmoid"), "Revisa las activaciones"),
        (_net(units=(2, 2, 2, 1)), "3 atributos"),
        (_net(units=(3, 2, 1)), "Falta una capa"),
        (_net(units=(3, 2, 3, 1)), "3-2-2-1"),
        (_net(use_bias=False), "quita use_bias=False"),
        (_with_layer(keras.layers.Dense(2, use_bias=False)), "quita use_bias=False"),
        (_with_layer(keras.layers.BatchNormalization()), "sobra una capa de otra clase"),
        (_net(units=((1, 3), 2, 2, 1)), "una tabla con 3 columnas"),
        (keras.Sequential([keras.layers.Dense(2)]), "aún no tiene pesos"),
        (
            keras.Sequential([keras.Input((3,)), *(keras.layers.Dense(n, activation="relu") for n in (3, 2, 2, 1))]),
            "Sobra una capa",
        ),
        ("keras.Sequential", "keras.Sequential([...])"),
        (keras.Sequential, "Falta llamarla"),
    ],
)
