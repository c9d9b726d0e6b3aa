import numpy as np

from checks_cases import Cases

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
W = np.array([[1.0, 0.0, -1.0, 2.0], [0.5, 1.0, 0.0, -2.0]])
B = np.array([10.0, 20.0, 30.0, 40.0])

weighted_sum = Cases(
    right=[
        lambda x, w, b: np.sum(x * w) + b,
        lambda x, w, b: b + sum(xi * wi for xi, wi in zip(x, w, strict=True)),
        lambda x, w, b: np.dot(w, x) + b,
        lambda x, w, b: np.array([x @ w + b]),
    ],
    wrong=[
        (lambda x, w, b: x @ w, "falta sumar el sesgo"),
        (lambda x, w, b: x * w + b, "falta sumarlos en uno solo"),
        (lambda x, w, b: np.sum(x * w + b), "una vez por neurona"),
        (lambda x, w, b: np.sum(x + w) + b, "se multiplica por su peso"),
        (lambda x, w: x @ w, "Ahora es tu_función(x, w)"),
        (lambda x, w, b: print(x @ w + b), "return"),
        (lambda x, w, b: np.mean(x * w) + b, "tú los promediaste"),
        (lambda x, w, b: x * w, "y después el sesgo"),
        (lambda x, w, b: next(xi * wi + b for xi, wi in zip(x, w, strict=True)), "¿quedó el return dentro del for?"),
        (lambda x, w, b: [xi * wi + b for xi, wi in zip(x, w, strict=True)][-1], "ve sumando"),
        (lambda x, w, b: max(0, x @ w + b), "nb00.weighted_sum.hint()"),
    ],
)

batch = Cases(
    right=[
        (X @ W + B).tolist(),
        np.array([[sum(xi * wi for xi, wi in zip(x, w, strict=True)) for w in W.T] for x in X]) + B,
        (X @ W + B).astype("float32"),
    ],
    wrong=[
        (X @ W, "falta sumar los sesgos"),
        ((X @ W + B).T, "traspuesta"),
        ((X @ W).sum(axis=0) + B, "No sumes las filas"),
        ((X @ W + B)[:1], "Calcula el producto de matrices"),
        ("X @ W + b", "comillas"),
    ],
)

slope = Cases(
    right=[
        lambda f, w: (f(w + 1e-5) - f(w)) / 1e-5,
        lambda f, w: (f(w) - f(w - 1e-4)) / 1e-4,
        lambda f, w: (f(w + 1e-3) - f(w - 1e-3)) / 2e-3,
        lambda f, w: (f(np.array([w + 1e-5])) - f(w)) / 1e-5,
        lambda f, w: np.gradient(f(w + np.array([-1e-4, 0, 1e-4])), 1e-4)[1],
    ],
    wrong=[
        (lambda f, w: f(w), "cuánto cambia f al mover w"),
        (lambda f, w: (f(w - 1e-5) - f(w)) / 1e-5, "signo cambiado"),
        (lambda f, w: f(w + 1e-5) - f(w), "divide por la distancia"),
        (lambda f, w: (f(w + 1e-5) - f(w - 1e-5)) / 1e-5, "divide por 2ε"),
        (lambda f, w: (f(w + 1e-5) - f(w)) / 2e-5, "por el doble de la distancia"),
        (lambda f, w: abs(f(w + 1e-5) - f(w)) / 1e-5, "El signo importa"),
        (lambda f, w: (f(w + 0.01) - f(w)) / 0.01, "demasiado grande"),
        (lambda f, w: (f(w) - f(w - 0.5)) / 0.5, "demasiado grande"),
        (lambda f, w: (f(w + 1) - f(w - 1)) / 2, "demasiado grande"),
        (lambda f, w: (f(w + 1e-16) - f(w)) / 1e-16, "demasiado pequeño"),
        (lambda f, w: f(w + 0.1) - f(w), "divide por la distancia"),
        (lambda f, w: f(w) / w, "Compara f en dos puntos"),
        (lambda f, w: (f(w + 1e-5) - f(w - 1e-5)) / 2 * 1e-5, "¿Faltan paréntesis?"),
        (lambda f, w: (f(w, 1e-5) - f(w)) / 1e-5, "f recibe un solo número"),
        (lambda f, w: "pendiente", "sin comillas"),
        (lambda f, w: (f * (w + 1e-5) - f * w) / 1e-5, "f es una función"),
    ],
)

RIGHT = {"a": "activación", "b": "pérdida", "c": "pérdida", "d": "activación"}
activation_or_loss = Cases(
    right=[
        {key: word.upper() for key, word in RIGHT.items()},
        {"a": " activacion ", "b": "Perdida", "c": "perdida", "d": "Activación"},
        {key: f"función de {word}" for key, word in RIGHT.items()},
    ],
    wrong=[
        ({**RIGHT, "a": "pérdida"}, "solo la suma ponderada"),
        ({**RIGHT, "b": "activación"}, "con la respuesta correcta"),
        ({**RIGHT, "c": "activación"}, "intenta que baje"),
        ({**RIGHT, "d": "pérdida"}, "valdrían lo mismo que una sola"),
        (["activación", "pérdida", "pérdida", "activación"], "deja las claves"),
        ({**RIGHT, "a": 1}, "comillas"),
        ({**RIGHT, "b": "costo"}, 'Solo valen "activación" o "pérdida"'),
    ],
)
