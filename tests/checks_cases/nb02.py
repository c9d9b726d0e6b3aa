import math
from itertools import product

import numpy as np

from checks_cases import Cases
from course import byhand

output_slope = Cases(
    right=[
        lambda y, y_hat: (2 / y.size) * (y_hat - y),
        lambda y, y_hat: -2 * (y - y_hat) / np.prod(y.shape),
        lambda y, y_hat: [
            [2 * (b - a) / y.size for a, b in zip(*rows, strict=True)] for rows in zip(y, y_hat, strict=True)
        ],
    ],
    wrong=[
        (lambda y, y_hat: 2 * (y - y_hat) / y.size, "signo cambiado"),
        (lambda y, y_hat: (y_hat - y) / y.size, "Falta el 2"),
        (lambda y, y_hat: 2 * (y_hat - y), "dividir por n"),
        (lambda y, y_hat: -2 * (y - y_hat) / len(y), "y.size, no por las filas"),
        (lambda y, y_hat: (y_hat - y) ** 2, "falta derivarlo"),
        (lambda y, y_hat: np.mean(2 * (y_hat - y)), "una derivada por cada predicción"),
    ],
)

relu_slope = Cases(
    right=[
        lambda u: u > 0,
        lambda u: np.where(u < 0, 0, 1),
        lambda u: np.heaviside(u, 0.5),
        lambda u: (np.sign(u) + 1) / 2,
    ],
    wrong=[
        (lambda u: np.maximum(0, u), "su derivada"),
        (np.sign, "no -1"),
        (np.ones_like, "no es 1"),
        (lambda u: (u < 0) * 1.0, "al revés"),
        (lambda u: 1 if u > 0 else 0, "elemento a elemento"),
        (lambda u: np.maximum(0, u) / u, "sin dividir por u"),
    ],
)


def _by_loops(dh, u, h_before, w):
    du = np.where(u > 0, dh, 0)
    dw, dh_before = np.zeros_like(w), np.zeros_like(h_before)
    for n, i, j in product(range(len(u)), range(w.shape[0]), range(w.shape[1])):
        dw[i, j] += h_before[n, i] * du[n, j]
        dh_before[n, i] += w[i, j] * du[n, j]
    return {"du": du, "dw": dw, "db": du.T @ np.ones(len(u)), "dh_before": dh_before}


def _by_einsum(dh, u, h_before, w):
    du = dh * (u > 0)
    dw, db, back = np.einsum("ni,nj->ij", h_before, du), np.einsum("nj->j", du), np.einsum("nj,ij->ni", du, w)
    return {"dh_before": back, "db": db, "dw": dw, "du": du}


def _without(key):
    return lambda *case: {name: value for name, value in _by_loops(*case).items() if name != key}


def _with(**changes):
    return lambda *case: {**_by_loops(*case), **{name: change(*case) for name, change in changes.items()}}


layer_backward = Cases(
    right=[_by_loops, _by_einsum, lambda *case: {**_by_loops(*case), "h_before": case[2]}],
    wrong=[
        (_with(du=lambda dh, u, h, w: dh), "falta la pendiente de ReLU"),
        (_with(du=lambda dh, u, h, w: dh * np.maximum(0, u)), "no ReLU"),
        (_with(db=lambda dh, u, h, w: (dh * (u > 0)).mean(axis=0)), "el promedio ya está en dh"),
        (_with(db=lambda dh, u, h, w: (dh * (u > 0)).sum()), "un número por neurona"),
        (_with(db=lambda dh, u, h, w: dh * (u > 0)), "falta sumar las filas"),
        (_with(dw=lambda dh, u, h, w: h.T @ dh), "En dw usa du"),
        (_with(dw=lambda dh, u, h, w: (dh * (u > 0)).T @ h), "traspuesta"),
        (_with(dh_before=lambda dh, u, h, w: dh @ w.T), "En dh_before usa du"),
        (_with(dh_before=lambda dh, u, h, w: (dh * (u > 0)) @ w), "formas"),
        (_with(dh_before=lambda dh, u, h, w: ((dh * (u > 0)) @ w.T)[0]), "dh_before debe tener forma (2, 4)"),
        (_with(dh_before=lambda dh, u, h, w: -(dh * (u > 0)) @ w.T), "dh_before sale solo de du y de w"),
        (_with(du=lambda dh, u, h, w: dh * u), "no por u"),
        (_with(du=lambda dh, u, h, w: [[1], [2, 3]]), "du debe tener forma (2, 3)"),
        (_with(dw=lambda dh, u, h, w: h.T @ (dh * (u > 0)) / len(u)), "En dw no dividas por n"),
        (_with(db=lambda dh, u, h, w: (dh * (u > 0)).sum(axis=0, keepdims=True)), "db debe tener forma (3,): du.sum"),
        (_with(db=lambda dh, u, h, w: dh.sum(axis=0)), "En db usa du, no dh"),
        (_with(db=lambda dh, u, h, w: None), "Vale None"),
        (_without("db"), "Falta la clave 'db'; las tuyas son ['du', 'dw', 'dh_before']."),
        (
            lambda *case: {key.replace("dw", "dW"): part for key, part in _by_loops(*case).items()},
            "Falta la clave 'dw'",
        ),
        (lambda *case: tuple(_by_loops(*case).values()), "Devuelve un diccionario"),
    ],
)


def _gradients(x, y, weights, biases, factor=1.0, hidden="relu", output="linear"):
    activations = [hidden] * (len(weights) - 1) + [output]
    network = byhand.Network(tuple(weights), tuple(biases), tuple(activations), "mean_squared_error")
    gradients = byhand.backward(network, byhand.forward(network, x), y)
    return [factor * g for g in gradients.weights], [factor * g for g in gradients.biases]


def _by_exercises(x, y, weights, biases, by_rows=False, linear_output=True, slopes=True):
    """Use the two exercises before, as the notebook suggests."""
    h, sums = [x], []
    for w, b in zip(weights, biases, strict=True):
        sums.append(h[-1] @ w + b)
        h.append(np.maximum(0, sums[-1]))
    dh = 2 * (sums[-1] - y) / (len(y) if by_rows else y.size)
    if linear_output:
        sums[-1] = np.ones_like(sums[-1])
    gradients = []
    for k in reversed(range(len(weights))):
        layer = _by_einsum(dh, sums[k] if slopes else np.ones_like(sums[k]), h[k], weights[k])
        dh = layer["dh_before"]
        gradients.insert(0, (layer["dw"], layer["db"]))
    return [dw for dw, _ in gradients], [db for _, db in gradients]


def _numeric(x, y, weights, biases):
    activations = ("relu",) * (len(weights) - 1) + ("linear",)
    network = byhand.Network(tuple(weights), tuple(biases), activations, "mean_squared_error")
    return byhand.numeric_gradient(network, x, y)


def _reversed(*case):
    return tuple(part[::-1] for part in _gradients(*case))


def _three_layers(x, y, weights, biases):
    w1, w2, w3 = weights
    return _gradients(x, y, (w1, w2, w3), biases)


backward = Cases(
    right=[_gradients, _numeric, _by_exercises, lambda *case: [tuple(part) for part in _gradients(*case)]],
    wrong=[
        (_reversed, "orden inverso"),
        (lambda *case: _gradients(*case, factor=-1), "signo cambiado"),
        (lambda *case: _gradients(*case, factor=0.5), "falta el 2"),
        (lambda x, y, w, b: _gradients(x, y, w, b, factor=y.size), "dividir por n"),
        (lambda *case: _by_exercises(*case, by_rows=True), "y.size, no por las filas"),
        (lambda *case: _by_exercises(*case, slopes=False), "Falta la pendiente de ReLU en las capas ocultas"),
        (lambda *case: _gradients(*case, hidden="linear"), "ida y vuelta"),
        (lambda *case: _by_exercises(*case, linear_output=False), "su pendiente es 1, sin ReLU"),
        (lambda *case: _gradients(*case, output="relu"), "su pendiente es 1, sin ReLU"),
        (lambda *case: _gradients(*case, factor=3), "flecha por flecha"),
        (lambda *case: _gradients(*case, hidden="tanh"), "flecha por flecha"),
        (lambda *case: _gradients(*case, factor=case[1].shape[1]), "y.size, no por las filas"),
        (lambda *case: _gradients(*case, factor=1 / len(case[0])), "No dividas otra vez"),
        (lambda *case: _gradients(*case, factor=1 / len(case[0]) ** 2), "La red de la clase te sale bien"),
        (lambda *case: _gradients(*case)[::-1], "Primero va la lista de los dW"),
        (_three_layers, "cualquier número de capas"),
        (lambda *case: _gradients(*case)[0], "return weight_gradients, bias_gradients"),
        (
            lambda *case: (_gradients(*case)[0], [db[None] for db in _gradients(*case)[1]]),
            "Los números están bien, pero no la forma: debe ser (2,)",
        ),
        (lambda *case: (None, None), "return weight_gradients, bias_gradients"),
        (lambda *case: (_gradients(*case)[0], [None] * len(case[2])), "Vale None"),
    ],
)

update = Cases(
    right=[
        lambda theta, gradient, learning_rate: theta + -learning_rate * gradient,
        lambda theta, gradient, learning_rate: np.subtract(theta, np.multiply(gradient, learning_rate)),
        lambda theta, gradient, learning_rate: [t - learning_rate * g for t, g in zip(theta, gradient, strict=True)],
    ],
    wrong=[
        (lambda t, g, a: t + a * g, "Sumaste"),
        (lambda t, g, a: t - g, "Falta la tasa"),
        (lambda t, g, a: -a * g, "partir desde theta"),
        (lambda t, g, a: a * g, "Eso es lo que se resta"),
        (lambda t, g, a: t - g / a, "no lo divide"),
        (lambda t, g, a: a * (t - g), "solo al gradiente"),
        (lambda t, g, a: t - 0.1 * g, "nb02.update.hint()"),
    ],
)

steps = Cases(
    right=[
        lambda n, batch_size, epochs: -(-n // batch_size) * epochs,
        lambda n, batch_size, epochs: sum(1 for _ in range(epochs) for _ in range(0, n, batch_size)),
        lambda n, batch_size, epochs: int(np.ceil(n / batch_size)) * epochs,
    ],
    wrong=[
        (lambda n, batch_size, epochs: n // batch_size * epochs, "el incompleto"),
        (lambda n, batch_size, epochs: n / batch_size * epochs, "pasos a medias"),
        (lambda n, batch_size, epochs: (n // batch_size + 1) * epochs, "prueba 100 y 25"),
        (lambda n, batch_size, epochs: math.ceil(n / batch_size), "multiplica por las épocas"),
        (lambda n, batch_size, epochs: n * epochs, "un solo ejemplo"),
        (lambda n, batch_size, epochs: epochs, "uno por época"),
        (lambda n, batch_size, epochs: math.ceil(n * epochs / batch_size), "cierra su último lote"),
    ],
)

count_paths = Cases(
    right=[
        lambda depth, width: math.prod([width] * depth),
        lambda depth, width: len(list(product(range(width), repeat=depth))),
    ],
    wrong=[
        (lambda depth, width: depth * width, "número de neuronas"),
        (lambda depth, width: depth**width, "al revés"),
        (lambda depth, width: width ** (depth + 1), "Sobra un factor"),
        (lambda depth, width: width ** (depth - 1), "Falta un factor"),
        (lambda depth, width: depth * width**2, "se multiplican"),
        (lambda depth, width: width**2 * (depth - 1) + 2 * width, "número de conexiones"),
        (lambda depth, width: width ^ depth, "se escribe con **"),
    ],
)


def _memoized(output, node, known):
    if output is node:
        return 1.0
    if output in known:
        return known[output]
    total = 0.0
    for parent, slope in zip(output.parents, output.slopes, strict=True):
        total += slope * _memoized(parent, node, known)
    known[output] = total
    return total


def _by_identity(output, node, known):
    if id(output) not in known:
        parents, slopes = output.parents, output.slopes
        pairs = zip(parents, slopes, strict=True)
        known[id(output)] = 1.0 if output is node else sum(s * _by_identity(p, node, known) for p, s in pairs)
    return known[id(output)]


def _by_paths(output, node, known):
    if output is node:
        return 1.0
    return sum(s * _by_paths(p, node, known) for p, s in zip(output.parents, output.slopes, strict=True))


def _forgetful(output, node, known):
    if output is node:
        return 1.0
    known[output] = sum(s * _forgetful(p, node, {}) for p, s in zip(output.parents, output.slopes, strict=True))
    return known[output]


def _without_slopes(output, node, known):
    if output not in known:
        known[output] = 1.0 if output is node else sum(_without_slopes(p, node, known) for p in output.parents)
    return known[output]


def _without_base(output, node, known):
    if output not in known:
        pairs = zip(output.parents, output.slopes, strict=True)
        known[output] = sum(s * _without_base(p, node, known) for p, s in pairs)
    return known[output]


def _by_index(output, node, known):
    if output is node:
        return 1.0
    if output not in known:
        known[output] = 0.0
        for i in range(len(output.parents)):
            known[output] += output.slopes[i] * _by_index(output.parents[i], node, known)
    return known[output]


def _by_truth(output, node, known):
    if known.get(output):
        return known[output]
    pairs = zip(output.parents, output.slopes, strict=True)
    known[output] = 1.0 if output is node else sum(s * _by_truth(p, node, known) for p, s in pairs)
    return known[output]


def _by_key(key):
    def derivative(output, node, known):
        if output is node:
            return 1.0
        if key(output, node) not in known:
            pairs = zip(output.parents, output.slopes, strict=True)
            known[key(output, node)] = sum(s * derivative(p, node, known) for p, s in pairs)
        return known[key(output, node)]

    return derivative


def _without_known(output, node, known):
    return 1.0 if output is node else sum(_without_known(parent, node) for parent in output.parents)


derivative = Cases(
    right=[_memoized, _by_identity, _by_index],
    wrong=[
        (_by_paths, "Guarda cada derivada en known"),
        (_forgetful, "Guarda cada derivada en known"),
        (_by_truth, "Un 0 también se recuerda"),
        (_by_key(lambda output, node: output.data), "la clave de known es el nodo output"),
        (_by_key(lambda output, node: output.label), "la clave de known es el nodo output"),
        (_by_key(lambda output, node: node), "la clave de known es el nodo output"),
        (_without_known, "Pasa también el diccionario known"),
        (lambda output, node, known: known[output], "antes de guardarla"),
        (lambda output, node, known: 2 * output, "Un nodo no es un número"),
        (lambda output, node, known: output.grad, "parents y slopes"),
        (_without_slopes, "pendiente · derivada del padre"),
        (_without_base, "pendiente · derivada del padre"),
        (lambda output, node, known: output.slopes[0], "pendiente · derivada del padre"),
    ],
)
