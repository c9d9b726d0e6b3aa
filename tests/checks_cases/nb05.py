import operator

import keras
import numpy as np
from sklearn.metrics import precision_recall_fscore_support

from checks_cases import Cases
from course import models

scale = Cases(
    right=[
        lambda images: np.array([image.ravel() / 255 for image in images], dtype="float32"),
        lambda images: images.reshape(-1, 28 * 28) * np.float32(1 / 255),
        lambda images: (images / 255).reshape(len(images), -1).astype(np.float32),
        lambda images: keras.ops.reshape(keras.ops.cast(images, "float32") / 255, (-1, 784)),
    ],
    wrong=[
        (lambda images: images.flatten().astype("float32") / 255, "todas en una"),
        (lambda images: images / 255, "aplanar"),
        (lambda images: images.reshape(len(images), 784), "dividir por 255"),
        (lambda images: images.reshape(len(images), 784) // 255, "divide con /"),
        (lambda images: (images.reshape(-1, 784) / 255).astype("uint8"), "el tipo es float32"),
        (lambda images: images.reshape(-1, 784) / 255, 'Son float64: agrega .astype("float32")'),
        (lambda images: images.reshape(60000, 784).astype("float32") / 255, "reshape(-1, 784)"),
        (lambda images: images.reshape(3, 784).astype("float32") / 255, "reshape(-1, 784)"),
        (lambda images: images.reshape(len(images), 784) / 256, "no 256"),
        (lambda images: images.reshape(784, -1) / 255, "es una fila"),
        (lambda images: images.reshape(len(images), 784) / images.max(), "siempre por 255"),
        (lambda images: (images.reshape(len(images), 784) / 255).tolist(), 'np.array(…, dtype="float32")'),
        (lambda images: operator.itruediv(images.reshape(len(images), 784), 255), "divide con /"),
    ],
)


logits = keras.losses.SparseCategoricalCrossentropy


def network(*layers, loss="sparse_categorical_crossentropy", compiled=True, inputs=784, metrics=("accuracy",)):
    def build():
        model = keras.Sequential([keras.Input((inputs,)), *(keras.layers.Dense(n, activation=a) for n, a in layers)])
        if compiled:
            model.compile("adam", loss, metrics=metrics and list(metrics))
        return model

    return build


def functional():
    inputs = keras.Input((784,))
    h = keras.layers.Dropout(0.1)(keras.layers.Dense(32, activation="tanh")(inputs))
    model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(h))
    model.compile("rmsprop", keras.losses.SparseCategoricalCrossentropy())
    return model


def compiled(*layers, optimizer="adam", loss="sparse_categorical_crossentropy"):
    model = keras.Sequential(layers)
    model.compile(optimizer, loss)
    return model


def slow(units, activation, optimizer):
    def build():
        hidden = [keras.layers.Dense(n, activation=activation) for n in units]
        output = keras.layers.Dense(10, activation="softmax")
        return compiled(keras.Input((784,)), *hidden, output, optimizer=optimizer())

    return build


def without_input():
    return compiled(keras.layers.Dense(10, activation="softmax"))


def dropped():
    layers = [keras.layers.Dense(10, activation="softmax"), keras.layers.Dropout(0.5)]
    return compiled(keras.Input((784,)), *layers)


def without_loss():
    return compiled(keras.Input((784,)), keras.layers.Dense(10, activation="softmax"), loss=None)


def unlisted(count):
    return lambda: keras.Sequential(keras.Input((784,)), *[keras.layers.Dense(10) for _ in range(1, count)])


def deep():
    return compiled(keras.Input((784, 1)), keras.layers.Dense(10, activation="softmax"))


def flat():
    return compiled(keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax"))


build_network = Cases(
    right=[
        network((10, "softmax")),
        network((64, "relu"), (64, "relu"), (10, "softmax")),
        functional,
        without_input,
        network((10, "softmax"), loss=logits()),
        network((10, "softmax"), loss=keras.losses.sparse_categorical_crossentropy, metrics=None),
        lambda: models.mlp(784, (32,), "multiclass", classes=10, integer_labels=True),
        slow((64,), "sigmoid", lambda: "sgd"),
        slow((128, 64), "sigmoid", lambda: "sgd"),
        slow((64,), "relu", lambda: keras.optimizers.SGD(0.001)),
    ],
    wrong=[
        (network((64, "relu"), (10, "sigmoid")), "softmax"),
        (network((64, "relu"), (1, "sigmoid")), "diez neuronas"),
        (network((10, "softmax"), loss="categorical_crossentropy"), "sparse_categorical_crossentropy"),
        (network((10, "softmax"), compiled=False), "Falta model.compile"),
        (network((10, "softmax"), inputs=28), "keras.Input((784,))"),
        (lambda: network((10, "softmax"))().summary(), "return"),
        (lambda: "red", "return model"),
        (network((10, "softmax"))(), "sin paréntesis"),
        (lambda: keras.Sequential([keras.Input(784), keras.layers.Dense(10)]), "dos paréntesis"),
        (flat, "Empieza con keras.Input((784,))"),
        (network((10, "softmax"), loss=logits(from_logits=True)), "Quita from_logits=True."),
        (network((10, None), loss=logits(from_logits=True)), "aquí se piden probabilidades"),
        (network((10, None)), "es softmax"),
        (network((10, "softmax"), loss="mse"), "sparse_categorical_crossentropy"),
        (network((10, "softmax"), loss=keras.losses.CategoricalCrossentropy()), "sparse_categorical_crossentropy"),
        (network((10, "softmax"), metrics=["f1_score"]), "Revisa las métricas"),
        (slow((64,), "relu", lambda: keras.optimizers.SGD(0.0)), "Revisa el optimizador"),
        (slow((64,), "relu", lambda: keras.optimizers.SGD(100.0)), "Revisa el optimizador"),
        (dropped, "no de la salida"),
        (without_loss, "sparse_categorical_crossentropy"),
        (deep, "empieza con keras.Input((784,))"),
        (network((64, "Relu"), (10, "softmax")), "Ese nombre no sirve ahí"),
        (network((10, "softmax"), loss="sparse_crossentropy"), "Ese nombre no sirve ahí"),
        (network((10, "softmax"), loss="categorical_cross_entropy"), "Ese nombre no sirve ahí"),
        (slow((64,), "relu", lambda: "sparse_categorical_crossentropy"), "'adam', un optimizador"),
        *((unlisted(count), "Las capas van en una lista") for count in range(1, 6)),
        (lambda: keras.Sequential([Dense(10)]), "keras.layers.Dense"),  # noqa: F821
    ],
)


def by_column(history):
    history.reset_index(inplace=True)  # the student's table is a copy: this must not move the right answer
    return history.epoch[history.val_loss.idxmin()]


def renumbered(history):
    history.reset_index(drop=True, inplace=True)
    return history.val_loss.idxmin()


best_epoch = Cases(
    right=[
        lambda history: history["val_loss"].argmin() + 1,
        lambda history: history.sort_values("val_loss").index[0],
        lambda history: 1 + min(range(len(history)), key=lambda k: history.val_loss.iloc[k]),
        by_column,
    ],
    wrong=[
        (lambda history: history.loss.idxmin(), "Eso mira el entrenamiento"),
        (lambda history: history.accuracy.idxmax(), "Eso mira el entrenamiento"),
        (lambda history: history.loss.argmin(), "Eso mira el entrenamiento, y cuenta desde 0"),
        (lambda history: history.val_accuracy.idxmax(), "cambia a saltos"),
        (lambda history: history.val_accuracy.argmax(), "argmax cuenta desde 0"),
        (lambda history: 3, "nb05.best_epoch.hint()"),
        (lambda history: history.val_loss.argmin(), "desde 0"),
        (lambda history: history.val_loss.min(), "en qué época"),
        (lambda history: history.val_loss.idxmax(), "la menor"),
        (lambda history: len(history), "última"),
        (renumbered, "desde 0"),
    ],
)


def by_loops(matrix):
    pairs = [(i, j) for i in range(len(matrix)) for j in range(len(matrix)) if i != j]
    return max(pairs, key=lambda pair: matrix[pair])


def filled_with(matrix, value):
    matrix = matrix.copy()
    np.fill_diagonal(matrix, value)
    return matrix


def filled(matrix):
    return np.unravel_index(filled_with(matrix, 0).argmax(), matrix.shape)


def of_ten(matrix):
    return max(((i, j) for i in range(10) for j in range(10) if i != j), key=lambda pair: matrix[pair])


most_confused = Cases(
    right=[
        by_loops,
        filled,
        lambda matrix: list(map(int, filled(matrix))),
        lambda matrix: np.argwhere(matrix == matrix[by_loops(matrix)])[0],
    ],
    wrong=[
        (lambda matrix: (matrix - np.diag(np.diag(matrix))).argmax(), "unravel_index"),
        (lambda matrix: matrix.argmax(), "unravel_index"),
        (lambda matrix: np.unravel_index(matrix.argmax(), matrix.shape), "quita antes la diagonal"),
        (lambda matrix: by_loops(matrix)[::-1], "Primero va el dígito verdadero"),
        (lambda matrix: max(matrix[pair] for pair in [by_loops(matrix)]), "(fila, columna)"),
        (lambda matrix: (2, 0), "fuera de la diagonal"),
        (lambda matrix: (0, 3), "fuera de la diagonal"),
        (lambda matrix: by_loops(matrix + matrix.T), "No sumes (3, 8)"),
        (of_ten, "usa len(matrix)"),
        (lambda matrix: divmod(filled_with(matrix, 0).argmax(), 10), "usa len(matrix)"),
        (
            lambda matrix: np.unravel_index((matrix - np.diag(matrix)).argmax(), matrix.shape),
            "np.diag(np.diag(matrix))",
        ),
        (lambda matrix: np.unravel_index(matrix.argmin(), matrix.shape), "Ese es el menor"),
        (lambda matrix: filled(matrix / matrix.sum(axis=1, keepdims=True)), "Cuenta veces"),
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
        (lambda matrix: tuple(np.diag(matrix) / total for total in totals(matrix)[::-1]), "Primero va la precisión"),
        (lambda matrix: (np.diag(matrix) / matrix.sum(axis=1),) * 2, "la suma de cada columna"),
        (lambda matrix: (np.diag(matrix) / matrix.sum(),) * 2, "por el total"),
        (totals, "los totales"),
        (lambda matrix: (np.diag(matrix) / matrix.sum(axis=0),) * 2, "cada fila"),
        (lambda matrix: np.trace(matrix) / matrix.sum(), "pídela"),
        (lambda matrix: tuple(matrix / total for total in totals(matrix)), "solo su diagonal"),
        (lambda matrix: [[matrix[k, k] / total[k] for k in range(10)] for total in totals(matrix)], "usa len(matrix)"),
    ],
)

margin = Cases(
    right=[
        lambda chances: [sorted(row)[-1] - sorted(row)[-2] for row in chances],
        lambda chances: np.diff(np.partition(chances, -2, axis=1)[:, -2:], axis=1),
        lambda chances: chances.max(axis=1) - np.sort(chances)[:, -2],
        lambda chances: np.sort(chances)[:, 9] - np.sort(chances)[:, 8],
    ],
    wrong=[
        (lambda chances: chances.max(axis=1), "falta restarle"),
        (lambda chances: np.sort(chances)[:, -2] - chances.max(axis=1), "al revés"),
        (lambda chances: np.ptp(chances, axis=1), "no la menor"),
        (lambda chances: 1 - chances.max(axis=1), "se pide el margen"),
        (lambda chances: np.sort(chances)[:, ::-1][:, -1] - np.sort(chances)[:, ::-1][:, -2], "las dos menores"),
        (lambda chances: np.argsort(chances)[:, -1] - np.argsort(chances)[:, -2], "np.argsort da los lugares"),
        (lambda chances: sorted(chances[0])[-1] - sorted(chances[0])[-2], "uno por fila"),
        (lambda chances: sorted(chances[-1])[-1] - sorted(chances[-1])[-2], "uno por fila"),
        (lambda chances: chances[:, -1] - chances[:, -2], "Falta ordenar"),
        (lambda chances: np.sort(chances)[:, -1] - np.sort(chances)[:, 1], "va de menor a mayor"),
        (lambda chances: np.subtract(*np.sort(chances)[[-1, -2]]), "Restaste dos filas"),
        (lambda chances: np.diff(np.sort(chances, axis=0)[:, -2:]), "axis=1"),
        (lambda chances: sorted(chances)[-1] - sorted(chances)[-2], "usa np.sort(chances, axis=1)"),
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
        (lambda image: tuple(n // 2 for n in image.shape), "el de la tinta"),
        (lambda image: np.array(image.shape) / 2, "el de la tinta"),
        (lambda image: moments(image).sum(axis=(1, 2)) // image.sum(), "sin //"),
        (lambda image: moments(image).sum(axis=(1, 2)) / image.sum() + 1, "Cuenta desde 0"),
        (lambda image: np.unravel_index(image.argmax(), image.shape), "píxel con más tinta"),
        (lambda image: (np.argwhere(image).min(axis=0) + np.argwhere(image).max(axis=0)) / 2, "el centro del recuadro"),
        (lambda image: moments(image).sum(axis=(1, 2)) / (image > 0).sum(), "cantidad de píxeles"),
        (lambda image: [(k * image).sum() / image.sum() for k in np.indices((28, 28))], "usa image.shape"),
        (lambda image: sum(i * image[i, j] for i in range(28) for j in range(28)) / image.sum(), "usa image.shape"),
    ],
)
