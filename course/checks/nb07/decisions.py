"""Checks of notebook 07, from the network on: choosing, deciding by cost, and the file that is handed in."""

import numpy as np
import pandas as pd

from course.checks import call, exercise, expect, expect_close, expect_function, expect_text, explaining
from course.checks.nb07.data import call_told
from course.checks.values import show
from course.environment import import_keras


@exercise(
    "La red",
    hints=[
        "models.mlp(inputs, hidden, problem, …): inputs es el número de columnas; hidden, las capas ocultas.",
        "Cancela o no cancela son dos clases: problem='binary' pone la salida sigmoide y la entropía cruzada binaria.",
    ],
    learned="La salida es una probabilidad, y eso necesitamos para decidir.",
)
def network(answer):
    """``network(inputs)``: a compiled binary classifier with hidden layers; the units are free."""
    keras = import_keras()
    for inputs in (5, 9):
        model = call(answer, inputs)
        what = f"network({inputs})"
        expect(
            isinstance(model, keras.Model),
            f"{what} no devolvió un modelo de Keras.",
            "Devuelve lo que hace models.mlp(…).",
        )
        expect(
            getattr(model, "compiled", False),
            f"el modelo de {what} no está compilado.",
            "models.mlp ya lo compila; si usas Sequential, llama a model.compile(optimizer='adam', loss=…).",
        )
        shape = getattr(model, "input_shape", (None, inputs))  # without Input there is none before the first data
        expect(
            tuple(shape) == (None, inputs),
            f"la red de {what} espera entradas de forma {shape[1:]}.",
            "La primera medida es el argumento inputs: no la escribas fija.",
        )
        _expect_probability(model, what, inputs)
        kernels = [weights for weights in model.get_weights() if weights.ndim == 2]  # of dense layers only, nested too
        expect(
            len(kernels) >= 2,
            f"la red de {what} no tiene capas ocultas.",
            "hidden=(64, 32) pone dos; sin ninguna, sería una regresión logística.",
        )


def _expect_probability(model, what, inputs):
    """Hold a model's output and loss against what two classes need."""
    keras = import_keras()
    rows = 50 * np.random.default_rng(0).normal(size=(200, inputs)).astype("float32")
    values = np.asarray(model.predict(rows, verbose=0))
    outputs = values.shape[-1]
    expect(
        outputs == 1,
        f"la red de {what} tiene {outputs} salidas.",
        "Para dos clases basta una: la probabilidad de que se cancele. Es problem='binary'.",
    )
    expect(
        values.min() >= 0 and values.max() <= 1,
        f"la salida de la red de {what} va de {values.min():.2g} a {values.max():.2g}.",
        "Debe ser una probabilidad: una sigmoide, que pone problem='binary'.",
    )
    expect(
        values.min() < 0.99,  # its 1 may be rounded down
        f"la salida de la red de {what} vale siempre 1.",
        "Softmax con una sola neurona da siempre 1: usa la sigmoide, que pone problem='binary'.",
    )
    expect(
        not isinstance(model.layers[-1], keras.layers.Dropout),
        f"la última capa de la red de {what} es Dropout: al entrenar, apaga la respuesta misma.",
        "Dropout va después de las capas ocultas, no de la salida.",
    )
    (loss,) = keras.tree.flatten(model.loss) or [None]  # a list or a dictionary may hold it
    try:
        loss = keras.losses.get(loss)  # "bce" is one of its short names
        name = getattr(loss, "__name__", loss and type(loss).__name__)
    except ValueError:  # a misspelt name, which compile takes
        name = f"{loss!r}, que Keras no conoce"
    expect(
        str(name).lower().startswith("binary") and "crossentropy" in str(name).lower(),
        f"la pérdida de la red de {what} es {name}.",
        "Para la probabilidad de dos clases es la entropía cruzada binaria, 'binary_crossentropy'.",
    )
    expect(
        not getattr(loss, "from_logits", False),
        f"con from_logits=True, la pérdida de la red de {what} aplica la sigmoide otra vez.",
        "Quita from_logits=True.",
    )


_RUNS = pd.DataFrame(
    [
        (name, loss, val_loss, test_loss)
        for name, loss, val_losses, test_loss in [
            ("sin nada", 0.20, (0.49, 0.50, 0.51), 0.57),  # each wins by another rule; this one, in training
            ("L1", 0.26, (0.38, 0.49, 0.50), 0.55),  # by its luckiest seed
            ("L2", 0.34, (0.46, 0.46, 0.47), 0.49),  # on the test set
            ("Dropout", 0.30, (0.42, 0.43, 0.48), 0.52),  # by the mean
            ("L1 y L2", 0.35, (0.40, 0.41, 0.60), 0.53),  # by the median
            ("lote chico", 0.31, (0.45, 0.455, 0.46), 0.54),  # by its worst seed
            ("tasa alta", 0.33, (0.60, 0.61, 0.62), 0.58),  # nowhere: it is the worst
            ("norma máxima", 0.32, (0.47, 0.48, 0.49), 0.56),  # nowhere either
            ("lote grande", 0.36, (0.50, 0.51), 0.55),  # by the sum, as it ran less
            ("red chica", 0.48, (0.50, 0.51, 0.52), 0.55),  # by the gap, as it learnt little
        ]
        for val_loss in val_losses
    ],
    columns=["variante", "loss", "val_loss", "test_loss"],
)


@exercise(
    "Elegir sin mirar la prueba",
    hints=[
        "runs.groupby('variante').val_loss.mean() da la pérdida media de cada variante sobre sus semillas.",
        "idxmin() devuelve el nombre de la menor.",
    ],
    learned="Si eliges con la prueba, la prueba ya no mide nada: pasó a ser otra validación.",
)
def choose(answer):
    """``choose(runs)``: the name of the variant with the lowest mean validation loss."""
    names = _RUNS["variante"].unique()
    moved = _RUNS.replace({"variante": dict(zip(names, np.roll(names, 4), strict=True))})
    for runs, right in ((_RUNS, "Dropout"), (moved, "red chica")):
        by = runs.groupby("variante")
        typical = [
            (by.test_loss.mean().idxmin(), "Esa gana en la prueba: la prueba no se usa para elegir."),
            (by.val_loss.sum().idxmin(), "Esa tiene la menor suma: se probó menos veces. Compara la media, mean()."),
            (by.val_loss.min().idxmin(), "Esa tuvo una semilla con suerte: compara la media de sus semillas."),
            (by.val_loss.median().idxmin(), "Esa gana por la mediana: compara la media, mean()."),
            (by.val_loss.max().idxmin(), "Esa gana por su peor semilla: compara la media, mean()."),
            (by.loss.mean().idxmin(), "Esa gana en entrenamiento: ahí gana siempre la que memoriza."),
            (
                (by.val_loss.mean() - by.loss.mean()).idxmin(),
                "Esa es la de menor brecha: también la tiene la que aprende poco. Compara la pérdida de validación.",
            ),
            (by.val_loss.mean().idxmax(), "Esa es la de mayor pérdida: usa idxmin()."),
        ]
        got = call(answer, runs.copy())
        expect(
            isinstance(got, str),
            f"choose(runs) devolvió {show(got)}.",
            "Devuelve el nombre de la variante, un texto: el que da idxmin() sobre la media de cada una.",
        )
        expect_text(got, right, "choose(runs)", "Busca la menor val_loss media.", typical=typical)


def _cost(y, p, threshold, empty_room, walked_guest):
    again = p >= threshold
    return np.mean((y == 1) & ~again) * empty_room + np.mean((y == 0) & again) * walked_guest


_AND_NOT = "Con arreglos, «y» es & y «no» es ~, cada comparación entre paréntesis: (y == 1) & ~(p >= threshold)."


@exercise(
    "Lo que cuesta equivocarse",
    hints=[
        "resold = p >= threshold dice qué habitaciones se revenden.",
        "Cuesta empty_room donde y == 1 y no se revendió, y walked_guest donde y == 0 y se revendió: promedia.",
    ],
    learned="La exactitud cuenta los dos errores igual; el hotel no.",
)
@explaining("ambiguous|bitwise_|boolean.negative", _AND_NOT)
def expected_cost(answer):
    """``expected_cost(y, p, threshold, empty_room, walked_guest)``: mean cost of a booking."""
    y, p = np.array([1, 1, 1, 0, 0, 1, 0, 1]), np.array([0.9, 0.2, 0.7, 0.8, 0.1, 0.3, 0.4, 0.7])
    expect_function(
        answer,
        _cost,
        [(y, p, 0.5, 100, 300), (y, p, 0.7, 80, 50), (y, p, 0.95, 60, 300)],
        "Suma el costo de los dos errores y promedia entre todas las reservas.",
        mistakes=[
            (lambda y, p, t, e, w: len(y) * _cost(y, p, t, e, w), "Eso es el total: promedia entre las reservas."),
            (
                lambda y, p, t, e, w: _cost(y, p, t, w, e),
                "Los costos están cambiados: ¿qué pasa si se revende y viene?",
            ),
            (
                lambda y, p, t, e, w: _cost(y, p, t, e, w) / max(np.mean((p >= t) != y), 1e-9),
                "Promedia entre todas las reservas, no solo entre los errores.",
            ),
            (
                lambda y, p, t, e, w: np.mean(p[y == 1] < t) * e + np.mean(p[y == 0] >= t) * w,
                "Promedia entre todas las reservas, no por separado entre canceladas y no canceladas.",
            ),
            (lambda y, p, t, e, w: _cost(1 - y, p, t, e, w), "Está al revés: y == 1 es que se canceló."),
            (lambda y, p, t, e, w: np.mean((y == 0) & (p >= t)) * w, "Faltan las habitaciones que quedan vacías."),
            (lambda y, p, t, e, w: np.mean((y == 1) & (p < t)) * e, "Faltan los clientes que no caben."),
            (
                lambda y, p, t, e, w: _cost(y, p, np.nextafter(t, 2), e, w),
                "Se revende desde el umbral: p >= threshold.",
            ),
            (lambda y, p, t, e, w: _cost(y, p, 0.5, e, w), "Usa el umbral que recibes, threshold, no 0.5."),
            (lambda y, p, t, e, w: _cost(y, p, t, 100, 300), "Usa los costos que recibes, no 100 y 300."),
            (lambda y, p, t, e, w: np.mean((p >= t) != y) * (e + w), "Cada error tiene su costo: no los sumes antes."),
        ],
    )


@exercise(
    "El umbral que conviene",
    hints=[
        "Con probabilidad p de que cancele, revender cuesta (1 - p)·walked_guest y no revender, p·empty_room.",
        "En el umbral las dos cuestan lo mismo: despeja p de (1 - p)·walked_guest = p·empty_room.",
    ],
    learned="Con 100 € y 300 € es 0.75, muy lejos de 0.5.",
)
def break_even(answer):
    """``break_even(empty_room, walked_guest)``: the probability from which selling again costs less."""
    expect_function(
        answer,
        lambda empty_room, walked_guest: walked_guest / (walked_guest + empty_room),
        [(100, 300), (50, 50), (80, 20)],
        "Iguala lo que cuesta revender con lo que cuesta no hacerlo.",
        mistakes=[
            (lambda e, w: e / (w + e), "Está al revés: si no alojar a un cliente es caro, hay que estar más seguro."),
            (lambda e, w: w / e, "Eso es cuántas veces más cuesta; falta despejar p."),
            (lambda e, w: e / w, "Eso es el cociente de los costos; falta despejar p."),
            (lambda e, w: 0.5, "0.5 solo conviene cuando los dos errores cuestan lo mismo."),
            (lambda e, w: 0.75, "0.75 es solo para 100 € y 300 €: calcula con los dos costos."),
            (lambda e, w: 100 * w / (w + e), "Es una probabilidad: va entre 0 y 1, no en porcentaje."),
            *(
                (mistaken, "Faltan paréntesis: se divide por la suma de los dos costos.")
                for mistaken in (lambda e, w: w / w + e, lambda e, w: w / e + w)
            ),
            (lambda e, w: 1 - e / w, "Revisa el despeje: p·empty_room = walked_guest - p·walked_guest."),
        ],
    )


@exercise(
    "El archivo que se entrega",
    hints=[
        "pd.DataFrame({…}) con dos columnas: id y prob_cancelacion.",
        "La red devuelve una columna, de forma (n, 1): np.ravel(probability) la deja de forma (n,).",
    ],
    learned="Se entrega la probabilidad, no la decisión: así se puede medir el orden y la calibración.",
)
def submission(answer):
    """``submission(ids, probability)``: the table that is handed in, one row per id."""
    ids, values = pd.Series(["r0a", "r1b", "r2c"]), np.array([[0.254], [0.5], [0.9]], dtype="float32")
    flatten = {"1-dimensional": "Aplánala: probability.ravel().", "length": "Es una por id: probability.ravel()."}
    got = call_told(flatten, answer, ids.copy(), values)
    what = "submission(ids, probability)"
    expect(isinstance(got, pd.DataFrame), f"{what} no devolvió una tabla de pandas.", "Usa pd.DataFrame({…}).")
    expect(
        list(got.columns) == ["id", "prob_cancelacion"],
        f"las columnas de {what} son {list(map(str, got.columns))}.",
        "Se llaman id y prob_cancelacion, en ese orden y en minúsculas.",
    )
    expect(
        list(got["id"]) == list(ids),
        f"los id de {what} no son los recibidos, en su orden.",
        "Copia ids tal como llegan: una fila por reserva.",
    )
    expect(
        all(np.ndim(value) == 0 for value in got["prob_cancelacion"]),
        f"cada prob_cancelacion de {what} es un arreglo.",
        "Aplánala: probability.ravel().",
    )
    flat = values.ravel().astype(float)
    expect_close(
        got["prob_cancelacion"],
        flat,
        f"prob_cancelacion de {what}",
        "Es la probabilidad que recibes, sin cambiarla.",
        typical=[
            (flat >= 0.5, "Eso es la decisión: se entrega la probabilidad."),
            (1 - flat, "Eso es la probabilidad de que no se cancele."),
            (100 * flat, "Va entre 0 y 1, no en porcentaje."),
            *((flat.round(digits), "No redondees: pierde el orden entre reservas parecidas.") for digits in (1, 2)),
        ],
        tolerance=1e-4,
    )
