import numpy as np
import pandas as pd

from checks_cases import Cases
from course.simulator import Experiment, Settings

SLIDE = {
    "dataset": "spiral",
    "noise": 25,
    "train_percent": 60,
    "batch_size": 10,
    "learning_rate": 0.1,
    "activation": "relu",
    "layers": (4,),
}


def _slide(**changes):
    return Experiment(**{**SLIDE, "seed": "1", **changes})


def _trained():
    experiment = _slide()
    experiment.run(3)
    return experiment


slide_experiment = Cases(
    right=[_slide(seed=1), _slide(activation=("relu",)), _trained(), Experiment.from_url(_slide().to_url())],
    wrong=[
        (_slide(dataset="circle"), "dataset='spiral'"),
        (_slide(noise=0.25), "El ruido de la lámina es 25"),
        (_slide(train_percent=50), "train_percent=60"),
        (_slide(learning_rate=0.03), "no el 0.03"),
        (_slide(activation="tanh"), "activation='relu'"),
        (_slide(activation=("tanh",)), "activation='relu'"),
        (_slide(layers=(4, 2)), "layers=(4,)"),
        (_slide(layers=()), "layers=(4,)"),
        (_slide(batch_size=1), "lotes de 10"),
        (_slide(optimizer="adam"), "Quita optimizer"),
        (_slide(dropout=0.1), "Quita dropout"),
        (_slide(seed=None), "Agrega la semilla"),
        (_slide(seed="otra"), "Agrega la semilla"),
        (Settings(**SLIDE), "Escribe experiment = Experiment(…)"),
    ],
)


def _below_in_place(losses, threshold):
    below = losses < threshold
    losses[below], losses[~below] = 1, 0
    return losses.mean()


def _upper(losses):
    return sorted(losses)[len(losses) // 2]


def _gap_by_popping(runs):
    return runs.pop("test_loss").median() - runs.pop("train_loss").median()


share_below = Cases(
    right=[
        _below_in_place,
        lambda losses, threshold: sum(loss < threshold for loss in losses) / len(losses),
        lambda losses, threshold: (losses < threshold).mean(),
        lambda losses, threshold: (losses.lt(threshold)).sum() / losses.size,
    ],
    wrong=[
        (lambda losses, threshold: len(losses < threshold) / len(losses), "len las cuenta todas"),
        (lambda losses, threshold: (losses < threshold).sum(), "falta dividir"),
        (lambda losses, threshold: losses < threshold, "falta su proporción"),
        (lambda losses, threshold: (losses.test_loss < threshold).mean(), "losses ya es la columna"),
        (lambda losses, threshold: (losses["test_loss"] < threshold).mean(), "losses ya es la columna"),
        (lambda losses, threshold: (losses > threshold).mean(), "por encima"),
        (lambda losses, threshold: (losses <= threshold).mean(), "no incluye el umbral"),
        (lambda losses, threshold: losses[losses < threshold].mean(), "cuenta corridas"),
        (lambda losses, threshold: 100 * (losses < threshold).mean(), "entre 0 y 1"),
        (lambda losses, threshold: losses.min() < threshold, "la mejor corrida"),
        (lambda losses, threshold: 1 if losses < threshold else 0, "elemento a elemento"),
        (lambda losses, threshold: round((losses < threshold).mean(), 2), "redondeaste"),
    ],
)

exception = Cases(
    right=["Tanh", " TANH ", "tangente hiperbolica"],
    wrong=[
        ("relu", "ninguna corrida de la tabla"),
        ("ninguna", "la fila de 8 neuronas"),
        ("ambas", "En una de las dos"),
        ("sigmoide", "alguna corrida por debajo"),
        (8, "comillas"),
    ],
)

RANKING = [(8, 8), (4, 4), (4, 2, 2, 2), (4,)]
MEDIANS = pd.Series([0.49, 0.31, 0.07, 0.47], index=pd.Index([(4,), (4, 4), (8, 8), (4, 2, 2, 2)], tupleize_cols=False))
ranking = Cases(
    right=[
        tuple(RANKING),
        [list(layers) for layers in RANKING],
        MEDIANS.sort_values().index,
        pd.Series(RANKING),
        pd.MultiIndex.from_frame(pd.DataFrame(RANKING)),  # what pandas 3 makes of a dict with these keys
    ],
    wrong=[
        (RANKING[::-1], "esa va primero"),
        ([(4, 4), (8, 8), (4, 2, 2, 2), (4,)], "menor mediana"),
        ([(8, 8), (4, 2, 2, 2), (4, 4), (4,)], "Más capas no siempre"),
        ([(8, 8), (4, 4), (4,), (4, 2, 2, 2)], "la mediana de (4,)"),
        ([(8, 8), (4,), (4, 4), (4, 2, 2, 2)], "la mediana de (4,)"),
        ([(8, 8), (4, 4), (4, 2, 2, 2), (4, 2)], "la coma"),
        ([8, 4, 2, 1], "la coma"),
        ("8-8", "Por ejemplo"),
        ((8, 8), "Por ejemplo"),
        (pd.DataFrame({"layers": RANKING, "test_loss": 0.1}), "toma su .index"),
        (MEDIANS, "toma su .index"),
    ],
)

best_rate = Cases(
    right=[np.float64(0.1), 1 / 10, np.array([0.1])],
    wrong=[
        (0.003, "apenas alcanza"),
        (0.03, "va en camino"),
        (0.3, "ninguna semilla"),
        (1, "tan grandes"),
        (10, "una de las cinco"),
        ((0, 1), "va con punto"),
        ((0.1, 0.3), "una de las cinco"),
    ],
)

own_network = Cases(
    right=[
        {"layers": [16, 16]},
        {"layers": np.array([16, 16])},
        {"layers": (16, 16), "activation": "tanh", "learning_rate": 0.03},
        {"layers": (16, 16), "initializer": "he", "batch_size": 10},
        {"layers": (12, 12), "optimizer": "adam", "learning_rate": 0.003},  # as the second hint says
        {"layers": (8,), "activation": "tanh", "inputs": ("x", "y", "sinX", "sinY")},  # as the first one does
        Settings(**{**SLIDE, "layers": (16, 16)}),
        _slide(layers=(16, 16)),
    ],
    wrong=[
        ({"layers": (4,)}, "capas más anchas"),
        ({"layers": (8, 2, 8)}, "muy angosta"),
        ({"layers": (8, 8), "learning_rate": 0.001}, "tasa de aprendizaje mayor"),
        ({"layers": (8, 8), "activation": "linear"}, "activación lineal"),
        ({"layers": (8, 8, 8), "activation": "tanh"}, "Vas bien"),
        ({"layers": (8, 8)}, "Vas bien"),
        ({"layers": (8, 8), "dropout": 0.5}, "sin Dropout"),
        ({"layers": (8, 8), "activation": "sigmoid"}, "Todavía queda lejos"),
        ({"layers": (16,)}, "agrega otra"),
        ({"layers": (8, 8), "loss": "cross_entropy", "activation": "linear", "learning_rate": 10}, "dispararon"),
        ({"layers": (6, 6), "optimizer": "adam"}, "prueba una menor"),
        ({"layers": (6, 6), "optimizer": "momentum"}, "prueba una menor"),
        ({"layers": (8, 8), "learning_rate": 1}, "prueba una menor"),
        (
            {"layers": (8, 8), "optimizer": "momentum", "activation": "sigmoid", "learning_rate": 0.01},
            "otra activación",
        ),
        ({"layers": (6, 6), "batch_size": 1}, "el lote de la lámina"),
        ({"layers": (6, 6), "batch_size": 300}, "el lote de la lámina"),
        ({"layers": (8, 8), "loss": "cross_entropy"}, "Quita loss"),
        ({"layers": (8, 8), "classes": 3}, "no los datos"),
        ({"layers": (8, 8), "noise": 0}, "no los datos"),
        ({"layers": (8, 8), "dataset": "gauss"}, "no los datos"),
        ({"layers": (8, 8), "lr": 0.1}, "los argumentos de Experiment"),
        ({"layers": (8, 8), "activation": "linear", "learning_rate": 10}, "dispararon"),
        ({"capas": (8, 8)}, "los argumentos de Experiment"),
        ({"layers": (8, 8), "optimizer": "Adam"}, "Los nombres están bien"),
        ({"layers": 8}, "Los nombres están bien"),
        (Settings(layers=(8, 8)), "slide.with_changes(…)"),
        (_slide(layers=(4,)), "capas más anchas"),
        ((8, 8), "my_network"),
    ],
)

gap = Cases(
    right=[
        _gap_by_popping,
        lambda runs: np.median(runs.test_loss) - np.median(runs.train_loss),
        lambda runs: float(runs.median().loc["test_loss"] - runs.median().loc["train_loss"]),
    ],
    wrong=[
        (lambda runs: runs.train_loss.median() - runs.test_loss.median(), "al revés"),
        (lambda runs: runs.test_loss.mean() - runs.train_loss.mean(), "Usa la mediana"),
        (lambda runs: runs.test_loss.median(), "Falta restar"),
        (lambda runs: runs.train_loss.median(), "solo la de entrenamiento"),
        (lambda runs: runs.test_loss - runs.train_loss, "un solo número"),
        (lambda runs: (runs.test_loss - runs.train_loss).max(), "la peor brecha"),
        (lambda runs: (runs.test_loss - runs.train_loss).median(), "no la mediana de las restas"),
        (lambda runs: abs(runs.test_loss.median() - runs.train_loss.median()), "no le quites el signo"),
        (lambda runs: _upper(runs.test_loss) - _upper(runs.train_loss), "el promedio de las dos del medio"),
        (lambda runs: 0.3, "nb03.gap.hint()"),
    ],
)
