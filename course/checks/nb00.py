"""Checks of notebook 00: the NumPy, the derivative and the two words that the class takes for granted."""

import numpy as np

from course.checks import call, exercise, expect, expect_close, expect_function, expect_text, explaining

_X, _W, _B = np.array([1.0, 2.0, 3.0]), np.array([0.5, -1.0, 2.0]), 0.25
_BATCH = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
_WEIGHTS = np.array([[1.0, 0.0, -1.0, 2.0], [0.5, 1.0, 0.0, -2.0]])
_BIASES = np.array([10.0, 20.0, 30.0, 40.0])


@exercise(
    "La suma ponderada",
    hints=[
        "Multiplica cada entrada por su peso, suma los productos y agrega el sesgo una sola vez.",
        "NumPy tiene un operador para la suma de productos de dos vectores: x @ w.",
    ],
    learned="Esto es lo que calcula cada neurona antes de activarse.",
)
def weighted_sum(answer):
    """``weighted_sum(x, w, b)``: one neuron, one observation."""
    expect_function(
        answer,
        lambda x, w, b: x @ w + b,
        [(_X, _W, _B), (np.array([1.0, -1.0]), np.array([2.0, 3.0]), -1.0)],
        mistakes=[
            (lambda x, w, b: x @ w, "Te falta sumar el sesgo b."),
            (lambda x, w, b: x * w + b, "Tienes un número por entrada: falta sumarlos en uno solo."),
            (lambda x, w, b: (x * w + b).sum(), "El sesgo se suma una vez por neurona, no una vez por entrada."),
            (lambda x, w, b: (x + w).sum() + b, "Cada entrada se multiplica por su peso; tú los sumaste."),
            (lambda x, w, b: np.mean(x * w) + b, "Los productos se suman; tú los promediaste."),
            (lambda x, w, b: x * w, "Tienes un número por entrada: falta sumarlos, y después el sesgo."),
            (lambda x, w, b: x[0] * w[0] + b, "Eso es solo la primera entrada: ¿quedó el return dentro del for?"),
            (lambda x, w, b: x[-1] * w[-1] + b, "Eso es solo la última entrada: ve sumando, desde 0, con +=."),
        ],
    )


@exercise(
    "Un lote de una sola vez",
    hints=[
        "Las observaciones son filas y las neuronas, columnas: X tiene forma (3, 2) y W, (2, 4).",
        "Es la misma expresión de antes, ahora con matrices; b se suma a cada fila por sí solo.",
    ],
    learned="Una capa entera, para todas las observaciones, cabe en un producto de matrices.",
)
def batch(answer):
    """``U``: the weighted sums of a batch of 3 observations in a layer of 4 units."""
    expect_close(
        answer,
        _BATCH @ _WEIGHTS + _BIASES,
        "U",
        "Calcula el producto de matrices de X y W, y súmale b.",
        exact_shape=True,
        typical=[
            (_BATCH @ _WEIGHTS, "Te falta sumar los sesgos b."),
            ((_BATCH @ _WEIGHTS + _BIASES).T, "Está traspuesta: las observaciones deben quedar en filas."),
            ((_BATCH @ _WEIGHTS).sum(axis=0) + _BIASES, "No sumes las filas: cada observación tiene su resultado."),
            ((_BATCH @ _WEIGHTS).T + _BIASES[:, None], "Está traspuesta: las observaciones deben quedar en filas."),
        ],
    )


class _Seen:
    """A function that notes where it is called, and tells its name."""

    def __init__(self, f, name):
        self.f, self.__name__, self.points = f, name, []

    def __call__(self, w):
        self.points.append(w)
        return self.f(w)

    def __repr__(self):
        return self.__name__


_Seen.__name__, _Seen.__call__.__qualname__ = "función", "f"  # what Python's own errors tell the student


@exercise(
    "La derivada es una pendiente",
    hints=[
        "Mueve w un poquito, hasta w + ε, y mira cuánto cambió f.",
        "Divide el cambio de f por el cambio de w: (f(w + ε) - f(w)) / ε, o mejor, mirando a ambos lados.",
    ],
    learned="Así se mide cuánto importa un parámetro sin saber derivar.",
)
def slope(answer):
    """``slope(f, w)``: a numeric derivative, one-sided or central."""
    cases = [
        (np.square, 3.0, 6.0, "w²", [(9.0, "Eso es f(w). La derivada mide cuánto cambia f al mover w.")]),
        (np.square, -1.0, -2.0, "w²", [(2.0, "El signo importa: f baja cuando w crece.")]),
        (np.sin, 0.0, 1.0, "sen w", []),
    ]
    for f, w, expected, name, typical in cases:
        seen = _Seen(f, name)
        with (
            explaining("'función'", "f es una función: su valor en un punto se pide con paréntesis, f(w)."),
            explaining("positional", "f recibe un solo número, el punto: para mover w, súmale ε antes."),
        ):
            got = call(answer, seen, w)
        negated = [(-expected, "Tiene el signo cambiado: es f(w + ε) - f(w), en ese orden.")]
        undivided = "Compara f en dos puntos muy cercanos y divide por la distancia entre ellos. ¿Faltan paréntesis?"
        points, two, hint = np.concatenate([[], *map(np.ravel, seen.points)]), [], undivided
        if len(points) == 2:
            apart = np.ptp(points)
            two = [
                (2 * expected, "Si miras a ambos lados, los puntos distan 2ε: divide por 2ε."),
                (expected / 2, "Divides por el doble de la distancia que hay entre los dos puntos."),
            ]
            if apart > 1e-3:
                far = "Tu ε es demasiado grande: acerca los puntos, por ejemplo con 1e-5."
                two.append((np.diff(f(np.sort(points))) / apart, far))
            elif apart < 1e-12:
                hint = "Tu ε es demasiado pequeño: al redondear, w + ε se confunde con w. Prueba con 1e-5."
        expect_close(
            got,
            expected,
            f"slope de {name} en {w:g}",
            hint,
            typical=[*typical, *negated, *two],
            tolerance=2e-3,
            reveal=True,
        )


@exercise(
    "Activación o pérdida",
    hints=[
        "Una de las dos se aplica en cada neurona y no necesita saber la respuesta correcta.",
        "La función de pérdida compara la predicción con lo que se esperaba: necesita y.",
    ],
    learned="La de activación transforma lo que sale de cada neurona; la de pérdida mide cuánto se equivoca la red.",
)
def activation_or_loss(answer):
    """A dict from four descriptions (a to d) to ``"activación"`` or ``"pérdida"``."""
    expect(
        isinstance(answer, dict) and set(answer) >= set("abcd"),
        "tu respuesta debe ser el diccionario con las claves a, b, c y d.",
        "Solo cambia los puntos suspensivos por un texto; deja las claves como están.",
    )
    clues = {
        "a": ("activación", "relu mira solo la suma ponderada u."),
        "b": ("pérdida", "compara ŷ con la respuesta correcta y."),
        "c": ("pérdida", "el entrenamiento intenta que baje, y para eso hay que comparar con y."),
        "d": ("activación", "sin ella, varias capas valdrían lo mismo que una sola."),
    }
    for key, (expected, clue) in clues.items():
        what = f"tu respuesta {key}"
        both = {word: (word, f"función de {word}") for word in ("activación", "pérdida")}
        expect_text(answer[key], sum(both.values(), ()), what, 'Solo valen "activación" o "pérdida".')
        expect_text(answer[key], both[expected], what, f"Piensa otra vez: {clue}")
