"""Checks of notebook 03: the slide's experiment in the simulator, over seeds."""

import numpy as np
import pandas as pd

from course.checks import call, exercise, expect, expect_close, expect_function, expect_text, explaining
from course.errors import CourseError
from course.simulator import Experiment, Settings, sweep
from course.simulator.settings import known

_SLIDE = {
    "dataset": ("los datos", "spiral", "El problema de la lámina es la espiral: dataset='spiral'."),
    "noise": ("el ruido", 25, "El ruido de la lámina es 25, en la misma escala del simulador (de 0 a 50)."),
    "train_percent": ("el porcentaje de entrenamiento", 60, "La proporción va en porcentaje: train_percent=60."),
    "batch_size": ("el tamaño del lote", 10, "La lámina usa lotes de 10."),
    "learning_rate": ("la tasa de aprendizaje", 0.1, "La lámina usa 0.1, no el 0.03 que trae el simulador."),
    "activation": ("la activación", "relu", "La lámina usa ReLU: activation='relu'."),
    "layers": ("las capas ocultas", (4,), "Es una sola capa oculta de 4 neuronas: layers=(4,), con la coma."),
    "regularization": ("la regularización", "none", "La lámina no usa regularización."),
    "inputs": ("las entradas", ("x", "y"), "Las entradas son x e y, las que trae el simulador."),
}
_UNTOUCHED = (
    *("classes", "loss", "initializer", "init_zero", "optimizer", "dropout"),
    *("schedule", "target_loss", "patience"),
)
_DATA = ("dataset", "noise", "train_percent")


@exercise(
    "El experimento de la lámina",
    hints=[
        "Cada control del simulador es un argumento de Experiment, en inglés: dataset, noise, train_percent…",
        "dataset='spiral', noise=25, train_percent=60, batch_size=10, learning_rate=0.1, activation='relu', "
        "layers=(4,), seed='1'.",
    ],
    learned="Con los mismos ajustes y la misma semilla, cualquiera obtiene tu mismo experimento.",
)
def slide_experiment(answer):
    """An Experiment with the slide's settings and the class's seed."""
    expect(
        isinstance(answer, Experiment),
        "tu respuesta no es un Experiment.",
        "Escribe experiment = Experiment(…) con los valores de la lámina.",
    )
    for name, (words, expected, hint) in _SLIDE.items():
        got = getattr(answer.settings, name)
        if name == "activation" and set(answer.settings.activations[:-1]) == {expected}:
            continue  # one for each layer is the same
        expect(got == expected, f"{words} ({name}) vale {got!r}, y la lámina usa otro valor.", hint)
    for name in _UNTOUCHED:
        got = getattr(answer.settings, name)
        rest = f"Quita {name}: lo que la lámina no menciona queda como en el simulador original."
        expect(got == getattr(Settings(), name), f"{name} vale {got!r}, y la lámina no lo cambia.", rest)
    expect(answer.settings.seed == "1", 'falta seed="1".', "Agrega la semilla: así a todo el curso le sale lo mismo.")


_NOT_ALL = "Da 1 aunque no todas bajen: cuenta las que bajan. len las cuenta todas, y min mira solo la mejor corrida."


@exercise(
    "La parte que lo logra",
    hints=["losses < threshold da verdadero o falso por corrida.", "La media de verdaderos y falsos es su proporción."],
    learned="Una proporción sobre muchas semillas dice más que la mejor de las corridas.",
)
@explaining("test_loss", "losses ya es la columna: compárala con threshold sin pedirle test_loss.")
def share_below(answer):
    """``share_below(losses, threshold)``: share of runs whose loss is below the threshold."""
    losses = pd.Series([0.5, 0.35, 0.45, 0.2, 0.4])
    expect_function(
        answer,
        lambda losses, threshold: np.mean(np.asarray(losses) < threshold),
        [(losses, 0.4), (losses[:3], 0.6), (losses, 0.1), (losses[:3], 0.4)],
        mistakes=[
            (lambda losses, threshold: np.sum(losses < threshold), "Eso es cuántas; falta dividir por el total."),
            (lambda losses, threshold: np.mean(losses > threshold), "Eso es la parte que queda por encima."),
            (lambda losses, threshold: np.mean(losses <= threshold), "«Bajar de» no incluye el umbral: usa <."),
            (lambda losses, threshold: np.mean(losses[losses < threshold]), "Promediaste pérdidas; cuenta corridas."),
            (lambda losses, threshold: 100 * np.mean(losses < threshold), "Devuelve una proporción entre 0 y 1."),
            (lambda losses, threshold: np.min(losses) < threshold, _NOT_ALL),
            (lambda losses, threshold: losses < threshold, "Eso dice cuáles bajan; falta su proporción."),
        ],
    )


@exercise(
    "La excepción",
    hints=["Mira la última columna de la tabla: ¿en qué filas no es 0?", "Fíjate en la fila de 8 neuronas."],
    learned="Con tanh y 8 neuronas, más de la mitad de las semillas baja de 0.4: con ReLU y hasta 8 neuronas, ninguna.",
)
def exception(answer):
    """The activation for which one hidden layer does get below 0.4."""
    expect_text(
        answer,
        {"tanh", "tangente hiperbólica"},
        "tu respuesta",
        "Busca en la tabla la activación con alguna corrida por debajo de 0.4.",
        typical=[
            ("relu", "Con ReLU, ninguna corrida de la tabla baja de 0.4."),
            ("ninguna", "Mira la fila de 8 neuronas: en una de las dos activaciones la proporción no es 0."),
            ("las dos", "En una de las dos activaciones la proporción es 0 en todas las filas."),
            ("ambas", "En una de las dos activaciones la proporción es 0 en todas las filas."),
        ],
    )


@exercise(
    "De la mejor a la peor",
    hints=[
        "sweep(slide, seeds=20, epochs=1000, layers=[…]) entrena las cuatro arquitecturas con 20 semillas.",
        "Agrupa por layers, toma la mediana de test_loss y ordena de menor a mayor.",
    ],
    learned="Aquí, una segunda capa ancha ayuda mucho; las de 2 neuronas, poco: son un cuello de botella.",
)
def ranking(answer):
    """The four layouts, best first."""
    right = [(8, 8), (4, 4), (4, 2, 2, 2), (4,)]
    expect(
        not isinstance(answer, pd.DataFrame) and "float" not in str(getattr(answer, "dtype", "")),
        "eso es una tabla de números; se pide la lista de las arquitecturas.",
        "Agrupa por layers, ordena las medianas y toma su .index.",
    )
    expect(
        hasattr(answer, "__iter__") and hasattr(answer, "__len__") and not isinstance(answer, set) and len(answer) == 4,
        "se esperaba una lista con las cuatro arquitecturas.",
        "Por ejemplo [(4,), (4, 4), (8, 8), (4, 2, 2, 2)], en el orden que encuentres.",
    )
    try:
        got = [tuple(int(units) for units in layers if units == units) for layers in answer]  # pandas fills with nan
    except (TypeError, ValueError):
        got = []
    expect(
        sorted(got) == sorted(right),
        "tu lista no tiene las cuatro arquitecturas pedidas, una vez cada una.",
        "Son (4,), (4, 4), (8, 8) y (4, 2, 2, 2); ojo con la coma de (4,).",
    )
    expect(got != right[::-1], "están en el orden contrario.", "Una pérdida menor es mejor: esa va primero.")
    expect(got[0] == right[0], f"la mejor no es {got[0]}.", "¿Cuál tiene la menor mediana de test_loss?")
    expect(
        got.index((4, 4)) < got.index((4, 2, 2, 2)),
        "(4, 2, 2, 2) no es mejor que (4, 4).",
        "Más capas no siempre es mejor: mira las medianas, no el número de capas.",
    )
    expect(
        got == right,
        f"(4,) no es mejor que {got[-1]}.",
        "Compara con todas sus cifras la mediana de (4,) y las de las otras.",
    )


@exercise(
    "La tasa de aprendizaje",
    hints=[
        "sweep acepta learning_rate=[…], igual que layers.",
        "Compara la mediana de test_loss de cada tasa, no la mejor corrida.",
    ],
    learned="Muy baja no alcanza a aprender; muy alta, rebota: las buenas están en el medio.",
)
def best_rate(answer):
    """The rate with the lowest median test loss among 0.003, 0.03, 0.1, 0.3, 1."""
    comma = isinstance(answer, tuple) and len(answer) == 2 and all(isinstance(part, int) for part in answer)
    expect(not comma, "tu respuesta quedó con dos valores.", "En Python el decimal va con punto: 1.5, no 1,5.")
    expect_close(
        answer,
        0.1,
        "tu respuesta",
        "Elige una de las cinco tasas: 0.003, 0.03, 0.1, 0.3 o 1.",
        typical=[
            (0.003, "Con 0.003 apenas alcanza a moverse en 500 épocas."),
            (0.03, "Con 0.03 va en camino, pero hay otra que llega más lejos en 500 épocas."),
            (0.3, "Con 0.3 la mediana es peor: ninguna semilla llega a la mediana de la mejor tasa."),
            (1, "Con 1 los pasos son tan grandes que la red no aprende."),
        ],
    )


_TARGET, _EPOCHS, _SEEDS = 0.04, 1000, [f"revision{k}" for k in range(11)]


@exercise(
    "Tu propia red",
    hints=[
        "Más neuronas por capa ayudan. Con activation='tanh', también inputs=('x', 'y', 'sinX', 'sinY').",
        "También ayuda optimizer='adam', con una tasa de aprendizaje mucho menor que 0.1. Prueba con varias semillas.",
    ],
    learned="Tu red llega al objetivo con semillas que no habías visto.",
)
def own_network(answer):
    """Settings, as a dict or whole; their median test loss over 11 fixed seeds must reach the target on its data."""
    keep = "Cambia la red y cómo se entrena, no los datos."
    if isinstance(answer, Settings | Experiment):
        answer = vars(getattr(answer, "settings", answer))
        keep += " Parte de slide.with_changes(…), que ya los tiene."
    expect(
        isinstance(answer, dict),
        "se esperaba un diccionario con los ajustes de tu red.",
        'Por ejemplo my_network = {"layers": (4, 2)}.',
    )
    data = {name: _SLIDE[name][1] for name in _DATA} | {"classes": 2}
    for name, value in data.items():
        same = name not in answer or answer[name] == value
        expect(same, f"cambiaste {name}: el problema debe ser el de la lámina.", keep)
    slide = {**data, "batch_size": 10, "learning_rate": 0.1, "activation": "relu"}
    try:
        settings = Settings(**known({**slide, **answer}))
    except CourseError as error:
        named = answer.keys() <= vars(Settings()).keys()
        value = "Los nombres están bien; lo que hay que cambiar es ese valor."
        expect(False, f"no sirve: {error}", value if named else "Usa los nombres de los argumentos de Experiment.")
    runs = call(sweep, settings, seeds=_SEEDS, epochs=_EPOCHS)
    median = float(runs["test_loss"].median())
    expect(
        median <= _TARGET,
        f"con 11 semillas nuevas y {_EPOCHS} épocas, la mediana de la pérdida de prueba es {median:.3f}; "
        f"se pide {_TARGET} o menos.",
        _own_hint(settings, median),
    )


def _own_hint(settings, median):
    layers, pace = settings.layers, settings.learning_rate * _pace(settings)
    own_loss = settings.loss == "half_mse"
    held_back = settings.dropout or (settings.regularization != "none" and settings.regularization_rate)
    start = "Vas bien" if median <= 0.2 else "Todavía queda lejos"
    cases = [
        (not median <= (1 if own_loss else 10), "Los pesos se dispararon: baja la tasa de aprendizaje."),  # or nan
        (not own_loss, "Quita loss: la meta es para la pérdida del simulador; otra da otros números."),
        (
            set(settings.activations[:-1]) == {"linear"},
            "Con activación lineal, dos capas valen lo mismo que ninguna: elige otra.",
        ),
        (max(layers, default=0) < 6, "Con tan pocas neuronas no alcanza: prueba capas más anchas."),
        (len(layers) == 1 and median > 0.1, "Una sola capa oculta se queda lejos: agrega otra."),
        (min(layers, default=0) < 4, "Hay una capa muy angosta, y todo tiene que pasar por ella."),
        (settings.batch_size != 10, "Prueba el lote de la lámina, de 10: uno de 1 rebota; uno grande da pocos pasos."),
        (pace < 0.03, "En 1000 épocas no alcanza a llegar: prueba con una tasa de aprendizaje mayor."),
        (pace > 0.15, "La tasa de aprendizaje es alta para esta red y su optimizador: prueba una menor."),
        (held_back, "Aquí no sobra red: prueba sin Dropout ni regularización."),
    ]
    other = f"{start}: prueba con capas más anchas, con otra activación, otras entradas u otro optimizador."
    return next((hint for holds, hint in cases if holds), other)


def _pace(settings):
    """Return by how much the optimizer multiplies the learning rate, as against plain descent: measured, for Adam."""
    return {"sgd": 1, "momentum": 1 / (1 - settings.momentum), "adam": 30}[settings.optimizer]


@exercise(
    "La brecha",
    hints=[
        "Toma la mediana de cada columna sobre las semillas.",
        "La brecha es la de prueba menos la de entrenamiento.",
    ],
    learned="Una brecha grande es la señal del sobreajuste.",
)
def gap(answer):
    """``gap(runs)``: median test loss minus median training loss of a sweep's table."""
    for train, test in _GAP_LOSSES:
        runs = pd.DataFrame({"train_loss": train, "test_loss": test})
        expect_close(
            call(answer, runs),
            np.median(test) - np.median(train),
            f"si train_loss es {train} y test_loss es {test}, gap(runs)",
            typical=[(mistaken(runs), hint) for mistaken, hint in _GAP_MISTAKES],
        )


# The second gap is negative, and an even number of runs has no run in the middle.
_GAP_LOSSES = [
    ([0.1, 0.25, 0.6], [0.5, 0.4, 0.7]),
    ([0.31, 0.12, 0.54, 0.47], [0.35, 0.28, 0.02, 0.33]),
]
_GAP_MISTAKES = [
    (
        lambda runs: abs(runs.test_loss.median() - runs.train_loss.median()),  # what is reversed fails before it
        "La brecha puede ser negativa: no le quites el signo.",
    ),
    (
        lambda runs: runs.test_loss.quantile(interpolation="higher") - runs.train_loss.quantile(interpolation="higher"),
        "Con un número par de corridas, la mediana es el promedio de las dos del medio.",
    ),
    (lambda runs: runs.train_loss.median() - runs.test_loss.median(), "Es al revés: prueba menos entrenamiento."),
    (
        lambda runs: (runs.test_loss - runs.train_loss).median(),
        "Es la resta de las medianas, no la mediana de las restas.",
    ),
    (
        lambda runs: runs.test_loss.mean() - runs.train_loss.mean(),
        "Usa la mediana: una corrida mala no debe pesar tanto.",
    ),
    (lambda runs: runs.test_loss.median(), "Falta restar la de entrenamiento."),
    (lambda runs: runs.train_loss.median(), "Esa es solo la de entrenamiento: falta la de prueba."),
    (lambda runs: (runs.test_loss - runs.train_loss).max(), "Eso es la peor brecha; resta las medianas."),
    (lambda runs: runs.test_loss - runs.train_loss, "Devuelve un solo número: resta las medianas."),
]
