import keras
import numpy as np
from sklearn.metrics import precision_recall_fscore_support

from checks_cases import Cases
from course import models

scale = Cases(
    right=[
        lambda images: np.array([image.ravel() / 255 for image in images], dtype="float32"),
        lambda images: images.reshape(-1, 28 * 28) * (1 / 255),
        lambda images: keras.ops.reshape(keras.ops.cast(images, "float32") / 255, (-1, 784)),
    ],
    wrong=[
        (lambda images: images / 255, "aplanar"),
        (lambda images: images.reshape(len(images), 784), "dividir por 255"),
        (lambda images: images.reshape(len(images), 784) // 255, "usa /"),
        (lambda images: images.reshape(len(images), 784) / 256, "no 256"),
        (lambda images: images.reshape(784, -1) / 255, "es una fila"),
        (lambda images: images.reshape(len(images), 784) / images.max(), "siempre por 255"),
    ],
)


def network(*layers, loss="sparse_categorical_crossentropy", compiled=True, inputs=784):
    def build():
        model = keras.Sequential([keras.Input((inputs,)), *(keras.layers.Dense(n, activation=a) for n, a in layers)])
        if compiled:
            model.compile("adam", loss, metrics=["accuracy"])
        return model

    return build


def functional():
    inputs = keras.Input((784,))
    h = keras.layers.Dropout(0.1)(keras.layers.Dense(32, activation="tanh")(inputs))
    model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(h))
    model.compile("rmsprop", keras.losses.SparseCategoricalCrossentropy())
    return model


build_network = Cases(
    right=[
        network((10, "softmax")),
        network((64, "relu"), (64, "relu"), (10, "softmax")),
        functional,
        lambda: models.mlp(784, (32,), "multiclass", classes=10, integer_labels=True),
    ],
    wrong=[
        (network((64, "relu"), (10, "sigmoid")), "softmax"),
        (network((64, "relu"), (1, "sigmoid")), "diez neuronas"),
        (network((10, "softmax"), loss="categorical_crossentropy"), "sparse_categorical_crossentropy"),
        (network((10, "softmax"), compiled=False), "Falta model.compile"),
        (network((10, "softmax"), inputs=28), "keras.Input((784,))"),
        (lambda: network((10, "softmax"))().summary(), "return"),
        (lambda: "red", "return model"),
    ],
)

best_epoch = Cases(
    right=[
        lambda history: history["val_loss"].argmin() + 1,
        lambda history: history.sort_values("val_loss").index[0],
        lambda history: 1 + min(range(len(history)), key=lambda k: history.val_loss.iloc[k]),
    ],
    wrong=[
        (lambda history: history.loss.idxmin(), "val_loss"),
        (lambda history: history.val_loss.argmin(), "desde 0"),
        (lambda history: history.val_loss.min(), "en qué época"),
        (lambda history: history.val_loss.idxmax(), "la menor"),
        (lambda history: len(history), "última"),
    ],
)


def by_loops(matrix):
    pairs = [(i, j) for i in range(len(matrix)) for j in range(len(matrix)) if i != j]
    return max(pairs, key=lambda pair: matrix[pair])


def filled(matrix):
    matrix = matrix.copy()
    np.fill_diagonal(matrix, 0)
    return np.unravel_index(matrix.argmax(), matrix.shape)


most_confused = Cases(
    right=[by_loops, filled, lambda matrix: list(map(int, filled(matrix)))],
    wrong=[
        (lambda matrix: np.unravel_index(matrix.argmax(), matrix.shape), "quita antes la diagonal"),
        (lambda matrix: by_loops(matrix)[::-1], "Primero va el dígito verdadero"),
        (lambda matrix: max(matrix[pair] for pair in [by_loops(matrix)]), "(fila, columna)"),
        (lambda matrix: (2, 0), "fuera de la diagonal"),
    ],
)


def from_sklearn(matrix):
    pairs = [(i, j) for i, row in enumerate(matrix) for j, times in enumerate(row) for _ in range(times)]
    return precision_recall_fscore_support(*zip(*pairs, strict=True))[:2]


def totals(matrix):
    return matrix.sum(axis=0), matrix.sum(axis=1)


precision_recall = Cases(
    right=[
        from_sklearn,
        lambda matrix: [[matrix[k, k] / total[k] for k in range(len(matrix))] for total in totals(matrix)],
    ],
    wrong=[
        (lambda matrix: tuple(np.diag(matrix) / total for total in totals(matrix)[::-1]), "al revés"),
        (lambda matrix: (np.diag(matrix) / matrix.sum(),) * 2, "por el total"),
        (totals, "los totales"),
        (lambda matrix: (np.diag(matrix) / matrix.sum(axis=0),) * 2, "cada fila"),
        (lambda matrix: np.trace(matrix) / matrix.sum(), "pídela"),
    ],
)

margin = Cases(
    right=[
        lambda chances: [sorted(row)[-1] - sorted(row)[-2] for row in chances],
        lambda chances: np.diff(np.partition(chances, -2, axis=1)[:, -2:], axis=1),
        lambda chances: chances.max(axis=1) - np.sort(chances)[:, -2],
    ],
    wrong=[
        (lambda chances: chances.max(axis=1), "falta restarle"),
        (lambda chances: np.sort(chances)[:, -2] - chances.max(axis=1), "al revés"),
        (lambda chances: np.ptp(chances, axis=1), "no la menor"),
        (lambda chances: 1 - chances.max(axis=1), "se pide el margen"),
        (lambda chances: np.sort(chances, axis=0)[-1] - np.sort(chances, axis=0)[-2], "axis=1"),
    ],
)


def moments(image):
    return np.indices(image.shape) * image


ink_centre = Cases(
    right=[
        lambda image: moments(image).sum(axis=(1, 2)) / image.sum(),
        lambda image: (
            np.average(np.arange(len(image)), weights=image.sum(axis=1)),
            np.average(np.arange(image.shape[1]), weights=image.sum(axis=0)),
        ),
    ],
    wrong=[
        (lambda image: (moments(image).sum(axis=(1, 2)) / image.sum())[::-1], "Primero la fila"),
        (lambda image: ((len(image) - 1) / 2, (image.shape[1] - 1) / 2), "el de la tinta"),
        (lambda image: moments(image).sum(axis=(1, 2)), "Falta dividir"),
        (lambda image: np.argwhere(image > 0).mean(axis=0), "no todos lo mismo"),
        (lambda image: moments(image).mean(axis=(1, 2)), "cantidad de píxeles"),
    ],
)
