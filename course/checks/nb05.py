"""Checks of notebook 05: MNIST, from the pixels to one's own handwriting."""

from contextlib import contextmanager

import numpy as np
import pandas as pd

from course.checks import Wrong, call, exercise, expect, expect_close, expect_function, explaining
from course.checks.values import as_numbers, call_text, tell_error


@contextmanager
def _retold(long, short):
    """Tell a wrong answer with `short` for a `long` call."""
    try:
        yield
    except Wrong as wrong:
        raise Wrong(wrong.message.replace(long, short), wrong.hint) from wrong


@exercise(
    "Los píxeles como números pequeños",
    hints=[
        "Son tres pasos: aplanar con reshape, pasar a float32 con astype y dividir por 255.",
        'images.reshape(len(images), 784).astype("float32") / 255',
    ],
    learned="Con entradas entre 0 y 1, las primeras sumas no salen cientos de veces más grandes de lo que suponen los "
    "pesos iniciales.",
)
@explaining("reshape array", "reshape(-1, 784) sirve para cualquier cantidad de imágenes.")
@explaining("Cannot.cast", "Con /= el resultado tendría que caber en uint8: divide con /, que crea otro arreglo.")
def scale(answer):
    """``scale(images)``: rows of 784 values in [0, 1]."""
    images = np.zeros((3, 28, 28), dtype="uint8")
    images[0, 0, 1], images[1, 27, 27], images[2] = 200, 51, 128
    for some in (images, images[:2]):
        shown = f"scale({len(some)} imágenes)"
        with _retold(call_text(answer, (some,)), shown):
            result = call(answer, some)
            expect(
                np.shape(as_numbers(result)) != some.shape,
                f"{shown} devolvió un arreglo de forma {some.shape}; se esperaba ({len(some)}, 784).",
                "Falta aplanar: cada imagen debe quedar en una fila de 784 valores.",
            )
            expect_close(
                result,
                some.reshape(-1, 784) / 255,
                shown,
                exact_shape=True,
                typical=[
                    (some.reshape(-1, 784), "Falta dividir por 255, el valor más oscuro."),
                    (some.ravel() / 255, "Las aplanaste todas en una: cada imagen es una fila, (cuántas, 784)."),
                    (some.reshape(-1, 784) // 255, "Se pierden los decimales: divide con /, y el tipo es float32."),
                    (some.reshape(-1, 784) / 256, "El valor más oscuro es 255, no 256."),
                    (some.reshape(784, -1) / 255, "Cada imagen es una fila: (cuántas, 784)."),
                    (
                        some.reshape(-1, 784) / some.max(),
                        "Divide siempre por 255: si no, cada lote tendría otra escala.",
                    ),
                ],
            )
        kind = np.asarray(result).dtype
        hint = f'Son {kind}: agrega .astype("float32").'
        if isinstance(result, list | tuple):  # which has no astype
            hint = 'Es una lista: conviértela con np.array(…, dtype="float32").'
        expect(kind == "float32", f"{shown} no devolvió float32.", hint)


@exercise(
    "Tu red, con Keras",
    hints=[
        "keras.Sequential([keras.Input((784,)), keras.layers.Dense(…, activation='relu'), …])",
        "La última capa: Dense(10, activation='softmax'). Después, model.compile(…) y return model.",
        "Los dígitos son números de clase, no filas one-hot: loss='sparse_categorical_crossentropy'.",
    ],
    learned="Un número cualquiera de capas ocultas sirve: lo que manda es la salida y su pérdida.",
)
@explaining("to a shape", "La forma lleva dos paréntesis y una coma: keras.Input((784,)).")
@explaining(
    "Could.not.interpret.(activation|optimizer|loss)",
    "Ese nombre no sirve ahí. 'relu' y 'softmax' son activaciones; 'adam', un optimizador; "
    "'sparse_categorical_crossentropy', una pérdida.",
)
@explaining(
    "KerasTensor|is.not.iterable|`trainable`|Argument.`name`|Sequential.__init__",
    "Las capas van en una lista: keras.Sequential([…, …]).",
)
@explaining(
    "name '(Sequential|Input|Dense|Dropout|Adam)'",
    "Escribe el nombre completo: keras.Sequential, keras.Input, keras.layers.Dense, keras.optimizers.Adam.",
)
def build_network(answer):
    """``build_network()``: any compiled Keras network from 784 inputs to ten probabilities, for integer labels."""
    import keras

    expect(
        not isinstance(answer, keras.Model),
        "se esperaba tu función, y llegó la red que ella construye.",
        "Pasa la función sin paréntesis: build_network, no build_network().",
    )
    model = call(answer)
    expect(
        isinstance(model, keras.Model),
        f"build_network() devolvió {type(model).__name__}, y no una red de Keras.",
        "Termina con return model; ojo: model.compile(…) devuelve None.",
    )
    x = np.random.default_rng(0).random((20, 784), dtype="float32")
    chances = _predicted(model, x)
    expect(
        chances.shape == (20, 10),
        f"con 20 imágenes la red devuelve una tabla de forma {chances.shape}; se esperaba (20, 10).",
        "Para diez dígitos hacen falta diez neuronas de salida."
        if chances.ndim == 2
        else "Cada imagen debe dar una fila: empieza con keras.Input((784,)).",
    )
    logits = getattr(getattr(model, "loss", None), "from_logits", False)
    expect(
        chances.min() >= 0 and np.allclose(chances.sum(axis=1), 1, atol=1e-3),
        f"las diez salidas de una imagen suman {chances.sum(axis=1)[0]:.2f}, y deberían sumar 1.",
        "En Keras from_logits=True sirve, pero aquí se piden probabilidades: usa softmax en la salida, sin from_logits."
        if logits
        else "Con más de dos clases, la activación de salida es softmax.",
    )
    expect(not logits, "con from_logits=True, la pérdida aplica softmax otra vez.", "Quita from_logits=True.")
    expect(model.compiled, "la red no está compilada.", "Falta model.compile(optimizer=…, loss=…, metrics=…).")
    expect(
        not isinstance(model.layers[-1], keras.layers.Dropout),
        "la última capa de la red es Dropout: al entrenar, apaga las respuestas mismas.",
        "Dropout va después de las capas ocultas, no de la salida.",
    )
    _expect_learning(model, x, np.arange(20) % 10)


def _predicted(model, x):
    try:
        return np.asarray(model.predict(x, verbose=0))
    except Exception as error:
        shape = getattr(model, "input_shape", (None, 784))
        if shape == (None, 784):
            raise Wrong(f"la red no pudo responder a 20 imágenes: {tell_error(error)}.") from error
        what = f"la red recibe entradas de forma {shape[1:]}, y no filas de 784 valores."
        raise Wrong(what, "Empieza con keras.Input((784,)).") from error


def _expect_learning(model, x, y):
    """A loss that suits integer labels accepts them, and falls: if only a little, as with SGD and sigmoids."""
    suits = "sparse" in str(model.loss)
    hint = "Los dígitos son números de clase: usa loss='sparse_categorical_crossentropy'."
    expect(model.loss is not None, "la red está compilada sin pérdida.", hint)
    before = _chances_of(model, x, y)
    try:
        losses = model.fit(x, y, epochs=30, verbose=0).history["loss"]
    except Exception as error:
        unknown = "interpret" in str(error)  # a misspelt name is found out here, not when it is compiled
        what = tell_error(error) if suits or unknown else "su pérdida no acepta números de clase"
        hint = "Revisa las métricas: prueba con metrics=['accuracy']." if suits else hint
        raise Wrong(f"la red no pudo entrenar con los dígitos: {what}.", hint) from error
    after = _chances_of(model, x, y)
    slowly = suits and np.log(after / before).mean() > 1e-3
    expect(
        losses[-1] < losses[0] and (after.mean() > 0.12 or slowly),
        f"tras 30 épocas con 20 imágenes, la probabilidad media del dígito correcto es {after.mean():.2f}: no aprende.",
        "Revisa el optimizador y la tasa de aprendizaje: prueba con 'adam'." if suits else hint,
    )


def _chances_of(model, x, y):
    """Return the probability of each right digit, never quite 0: its logarithm is wanted."""
    return np.maximum(np.asarray(model.predict(x, verbose=0))[np.arange(len(y)), y], 1e-7)


@exercise(
    "La mejor época",
    hints=[
        "La columna que importa es val_loss.",
        "history.val_loss.idxmin() da el índice de la fila donde es menor; el índice ya es la época.",
    ],
    learned="Eso es lo que vigila patience: se queda con los pesos de esa época.",
)
def best_epoch(answer):
    """``best_epoch(history)``: the epoch, from 1, whose validation loss is the lowest."""
    # Here each typical mistake returns its own number: where two return the same, one of the hints is not true.
    first = _history(
        [0.9, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.15],
        [0.9, 0.7, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8],
        [0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99, 0.98],
        [0.6, 0.7, 0.8, 0.82, 0.9, 0.85, 0.8, 0.8],
    )
    second = _history([0.9, 0.5, 0.4, 0.3, 0.2], [0.9, 0.8, 0.7, 0.65, 0.6], [0.7, 0.8, 0.9, 0.92, 0.95], [0.6] * 5)
    for history in (first, second):
        shown = f"best_epoch(history con val_loss = {history.val_loss.tolist()})"
        with _retold(call_text(answer, (history,)), shown):
            expect_close(
                call(answer, history.copy()),
                history.val_loss.idxmin(),
                shown,
                typical=[
                    (history.loss.idxmin(), "Eso mira el entrenamiento; la columna es val_loss."),
                    (history.loss.argmin(), "Eso mira el entrenamiento, y cuenta desde 0; la columna es val_loss."),
                    (history.val_loss.argmin(), "argmin cuenta desde 0 y las épocas empiezan en 1."),
                    (history.val_loss.min(), "Esa es la pérdida; se pide en qué época ocurre."),
                    (history.val_loss.idxmax(), "Esa es la peor: de una pérdida se busca la menor."),
                    (history.val_accuracy.idxmax(), "Mira la pérdida: la exactitud cambia a saltos."),
                    (history.val_accuracy.argmax(), "Mira la pérdida, y ojo: argmax cuenta desde 0."),
                    (len(history), "Esa es la última época, no la mejor."),
                ],
            )


def _history(loss, val_loss, accuracy, val_accuracy):
    columns = {"accuracy": accuracy, "loss": loss, "val_accuracy": val_accuracy, "val_loss": val_loss}
    return pd.DataFrame(columns, index=pd.RangeIndex(1, len(loss) + 1, name="epoch"))


_CONFUSION = np.array([[20, 2, 6, 1], [9, 40, 1, 0], [0, 5, 30, 8], [2, 0, 7, 60]])  # rows: the true class
_ANY_SIZE = "La matriz puede ser de cualquier tamaño: usa len(matrix), no 10."


@exercise(
    "La confusión más frecuente",
    hints=[
        "La diagonal son los aciertos: ponla en 0, en una copia.",
        "np.unravel_index(np.argmax(m), m.shape) da la fila y la columna del mayor.",
    ],
    learned="Las filas son el dígito verdadero; las columnas, lo que dijo la red.",
)
@explaining("bounds for axis", _ANY_SIZE)
def most_confused(answer):
    """``most_confused(matrix)``: (true, predicted) of the largest number off the diagonal."""

    def place(matrix):
        return np.array(np.unravel_index(np.argmax(matrix), matrix.shape))

    flat = "argmax cuenta las celdas de corrido: np.unravel_index(…, matrix.shape) da la fila y la columna."

    def right(matrix):
        return place(matrix - np.diag(np.diag(matrix)))

    expect_function(
        answer,
        right,
        [_CONFUSION, _CONFUSION.T.copy(), _CONFUSION[1:, 1:].copy()],
        mistakes=[
            (place, "Ese es el mayor acierto: quita antes la diagonal."),
            (lambda matrix: (matrix - np.diag(np.diag(matrix))).argmax(), flat),
            (np.argmax, flat),
            (lambda matrix: divmod((matrix - np.diag(np.diag(matrix))).argmax(), 10), _ANY_SIZE),
            (
                lambda matrix: place(matrix - np.diag(matrix)),
                "np.diag(matrix) es una fila con los aciertos; la matriz que los resta es np.diag(np.diag(matrix)).",
            ),
            (lambda matrix: np.unravel_index(matrix.argmin(), matrix.shape), "Ese es el menor: busca el mayor."),
            (
                lambda matrix: right(matrix)[::-1],
                "Primero va el dígito verdadero (la fila), después lo que dijo la red.",
            ),
            (lambda matrix: right(matrix + matrix.T), "No sumes (3, 8) con (8, 3): son errores distintos."),
            (
                lambda matrix: right(matrix / matrix.sum(axis=1, keepdims=True)),
                "Cuenta veces: no dividas por cuántos hay de cada dígito.",
            ),
        ],
        hint="Busca el mayor número fuera de la diagonal y devuelve (fila, columna).",
    )


@exercise(
    "Precisión y exhaustividad",
    hints=[
        "Los aciertos de cada clase están en la diagonal: np.diag(matrix).",
        "Precisión: de todo lo que la red llamó 3 (una columna), cuánto era 3. Exhaustividad: de todos los 3 (una "
        "fila), cuántos encontró.",
        "matrix.sum(axis=0) suma cada columna; matrix.sum(axis=1), cada fila.",
    ],
    learned="En inglés, precision y recall.",
)
@explaining("bounds for axis", _ANY_SIZE)
def precision_recall(answer):
    """``precision_recall(matrix)``: both for each class."""
    expect_function(
        answer,
        lambda matrix: (np.diag(matrix) / matrix.sum(axis=0), np.diag(matrix) / matrix.sum(axis=1)),
        [_CONFUSION, _CONFUSION[:3, :3].copy()],
        mistakes=[
            (
                lambda matrix: (matrix / matrix.sum(axis=0), matrix / matrix.sum(axis=1)),
                "Dividiste toda la matriz: los aciertos son solo su diagonal.",
            ),
            (
                lambda matrix: (np.diag(matrix) / matrix.sum(axis=0),) * 2,
                "La exhaustividad se divide por la suma de cada fila.",
            ),
            (
                lambda matrix: (np.diag(matrix) / matrix.sum(axis=1), np.diag(matrix) / matrix.sum(axis=0)),
                "Primero va la precisión, que divide por las veces que la red lo dijo: la suma de cada columna.",
            ),
            (
                lambda matrix: (np.diag(matrix) / matrix.sum(),) * 2,
                "No dividas por el total: cada clase se divide por su columna o por su fila.",
            ),
            (
                lambda matrix: (matrix.sum(axis=0), matrix.sum(axis=1)),
                "Esos son los totales: divide entre ellos los aciertos, que están en la diagonal.",
            ),
            (
                lambda matrix: (np.diag(matrix).sum() / matrix.sum(),) * 2,
                "Eso es la exactitud, un solo número: se piden dos por clase.",
            ),
        ],
    )


@exercise(
    "Cuánto duda la red",
    hints=[
        "np.sort(chances, axis=1) ordena las probabilidades de cada imagen, de menor a mayor.",
        "La mayor queda en la última columna, [:, -1]; la segunda, en [:, -2].",
    ],
    learned="Un margen cercano a 0 dice que la red casi eligió otro dígito.",
)
@explaining("truth value", "sorted y max comparan filas enteras: usa np.sort(chances, axis=1).")
def margin(answer):
    """``margin(chances)``: the highest probability of each row minus the second highest."""
    chances = np.array(
        [
            [0.02, 0.05, 0.55, 0.01, 0.03, 0.2, 0.04, 0.02, 0.01, 0.07],
            [0.4, 0.02, 0.01, 0.08, 0.3, 0.03, 0.05, 0.02, 0.06, 0.03],
            [0.14, 0.12, 0.11, 0.12, 0.1, 0.09, 0.1, 0.08, 0.07, 0.07],
        ]
    )
    for some in (chances, chances[:2]):
        rows, columns, order = np.sort(some, axis=1), np.sort(some, axis=0), np.argsort(some, axis=1)
        one = "Ese es el margen de una sola fila: se pide uno por fila."
        expect_close(
            call(answer, some),
            rows[:, -1] - rows[:, -2],
            call_text(answer, (some,)),
            typical=[
                (rows[:, -1], "Esa es la mayor: falta restarle la segunda."),
                (rows[:, -2] - rows[:, -1], "Es al revés: la mayor menos la segunda."),
                (rows[:, -1] - rows[:, 0], "Resta la segunda mayor, no la menor."),
                (rows[:, -1] - rows[:, 1], "np.sort va de menor a mayor: la segunda mayor está en [:, -2]."),
                (rows[-1] - rows[-2], "Restaste dos filas: las columnas son [:, -1] y [:, -2]."),
                (columns[-1] - columns[-2], "Ordena dentro de cada fila: axis=1."),
                (columns[:, -1] - columns[:, -2], "Ordena dentro de cada fila: axis=1."),
                (some[:, -1] - some[:, -2], "Falta ordenar antes las probabilidades de cada fila."),
                (rows[:, 0] - rows[:, 1], "Esas son las dos menores: las mayores están en el otro extremo."),
                (order[:, -1] - order[:, -2], "np.argsort da los lugares; np.sort, las probabilidades."),
                (rows[0, -1] - rows[0, -2], one),
                (rows[-1, -1] - rows[-1, -2], one),
                (1 - rows[:, -1], "Eso es la probabilidad de equivocarse; se pide el margen."),
            ],
        )


@exercise(
    "El centro de la tinta",
    hints=[
        "Es un promedio de posiciones, en el que cada píxel pesa lo que tiene de tinta.",
        "rows, columns = np.indices(image.shape) da la fila y la columna de cada píxel.",
        "(rows * image).sum() / image.sum(), y lo mismo con columns.",
    ],
    learned="Los autores de MNIST pusieron ese centro en el medio de cada imagen.",
)
@explaining(r"bounds for axis|\(28,", "La imagen puede tener cualquier tamaño: usa image.shape, no 28.")
def ink_centre(answer):
    """``ink_centre(image)``: row and column of the centre of mass."""
    image = np.zeros((7, 4))  # its middle is not that of the ink's box
    image[1, 3], image[3, 1], image[4, 1] = 1.0, 2.0, 3.0
    for picture in (image, image.T.copy()):
        places, size = np.indices(picture.shape), np.array(picture.shape)
        right = (places * picture).sum(axis=(1, 2)) / picture.sum()
        middle = "Ese es el centro de la imagen; se pide el de la tinta."
        by_count = "Divide por la tinta, image.sum(), y no por la cantidad de píxeles."
        expect_close(
            call(answer, picture),
            right,
            "ink_centre(image)",
            typical=[
                (right[::-1], "Primero la fila, después la columna."),
                ((size - 1) / 2, middle),
                (size / 2, middle),
                (size // 2, middle),
                (
                    (np.argwhere(picture).min(axis=0) + np.argwhere(picture).max(axis=0)) / 2,
                    "Ese es el centro del recuadro que la encierra: promedia las posiciones de toda la tinta.",
                ),
                (right // 1, "El centro tiene decimales: divide con /, sin // ni redondeos."),
                (right + 1, "Cuenta desde 0: la primera fila y la primera columna son la 0."),
                (
                    np.unravel_index(picture.argmax(), picture.shape),
                    "Ese es el píxel con más tinta: promedia las posiciones de todos.",
                ),
                ((places * picture).sum(axis=(1, 2)), "Falta dividir por toda la tinta, image.sum()."),
                (
                    np.argwhere(picture > 0).mean(axis=0),
                    "Cada píxel debe pesar lo que tiene de tinta, no todos lo mismo.",
                ),
                ((places * picture).mean(axis=(1, 2)), by_count),
                ((places * picture).sum(axis=(1, 2)) / np.count_nonzero(picture), by_count),
            ],
        )
