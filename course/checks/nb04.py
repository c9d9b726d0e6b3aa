"""Checks of notebook 04: initialisation, L1 and L2, and Dropout by hand."""

import numpy as np

from course.checks import call, exercise, expect, expect_close, expect_function, explaining
from course.checks.values import as_numbers, show_apart


@exercise(
    "La escala de He",
    hints=[
        "La varianza que propone He es 2 / (número de entradas de la neurona).",
        "La desviación es la raíz cuadrada de la varianza.",
    ],
    learned="El 2 compensa que ReLU apaga la mitad de las sumas.",
)
def he_std(answer):
    """``he_std(fan_in)``: standard deviation of He et al. (2015)."""
    expect_function(
        answer,
        lambda fan_in: np.sqrt(2 / fan_in),
        [100, 8, 784],
        mistakes=[
            (lambda fan_in: 2 / fan_in, "Eso es la varianza: falta la raíz cuadrada."),
            (lambda fan_in: np.sqrt(1 / fan_in), "Falta el 2: ReLU apaga la mitad de las sumas."),
            (lambda fan_in: np.sqrt(2 * fan_in), "Divide por fan_in: más entradas, pesos más pequeños."),
            (lambda fan_in: np.sqrt(2) / fan_in, "fan_in también va dentro de la raíz."),
            (lambda fan_in: 2 / np.sqrt(fan_in), "El 2 también va dentro de la raíz."),
        ],
    )


@exercise(
    "Neuronas distintas",
    hints=[
        "Los pesos que entran a una neurona son una columna de la matriz.",
        "np.unique(w, axis=1) deja una copia de cada columna distinta; cuenta cuántas quedan.",
    ],
    learned="Si dos neuronas nacen iguales, también en los pesos que salen de ellas, reciben el mismo gradiente y, sin "
    "Dropout, nunca se separan.",
)
@explaining("unhashable", "Un arreglo no cabe en un set ni sirve de clave: usa np.unique(w, axis=1).")
def distinct_units(answer):
    """``distinct_units(w)``: how many different columns a kernel has."""
    same = np.full((3, 4), 0.5)
    mixed = np.array([[1.0, 2.0, 3.0, 4.0, 1.0], [5.0, 6.0, 5.0, 6.0, 5.0], [5.0, 6.0, 5.0, 6.0, 5.0]])
    swapped = np.array([[1.0, 2.0, 1.0, 1.0], [2.0, 1.0, 2.0, 2.0], [3.0, 3.0, 3.0, 0.0]])  # of equal sum and norm
    expect_function(
        answer,
        lambda w: np.unique(w, axis=1).shape[1],
        [mixed, same, np.array([[1.0, 1.0, 2.0], [0.0, 3.0, 0.0], [7.0, 8.0, 9.0]]), mixed[:, :2], swapped],
        tolerance=1e-9,
        mistakes=[
            (lambda w: np.unique(w, axis=0).shape[0], "Eso cuenta filas: una neurona es una columna."),
            (lambda w: len(w), "len cuenta filas: las columnas se cuentan con .shape[1]."),
            (lambda w: np.unique(w, axis=1), "Esas son las columnas distintas: falta contarlas, con .shape[1]."),
            (lambda w: np.unique(w).size, "Eso cuenta números distintos; compara columnas enteras."),
            (lambda w: w.shape[1], "Eso es el total de neuronas; cuenta las distintas."),
            (
                lambda w: np.unique(w.sum(axis=0)).size,
                "Dos neuronas distintas pueden coincidir en la suma o en unos pesos: compara columnas enteras.",
            ),
            (lambda w: w.shape[1] - np.unique(w, axis=1).shape[1], "Eso son las repetidas; se piden las distintas."),
        ],
    )


@exercise(
    "De la lámina a Keras",
    hints=[
        "En la lámina lo que multiplica a la suma es λ/2m; en Keras, l.",
        "Iguala los dos factores: l = λ / (2·m).",
    ],
    learned="Así puedes pasar cualquier λ de la lámina a models.mlp(…, l1=…, l2=…).",
)
def keras_factor(answer):
    """``keras_factor(lam, m)``: the factor l of Keras's regularizers for the slides' λ and m."""
    regularizer = hasattr(call(answer, 0.1, 50), "get_config")
    expect(not regularizer, "keras_factor(0.1, 50) devolvió un regularizador de Keras.", "Devuelve solo el número l.")
    expect_function(
        answer,
        lambda lam, m: lam / (2 * m),
        [(0.1, 50), (3.0, 1000), (1.0, 1)],
        mistakes=[
            (lambda lam, m: lam / m, "Falta el 2 del denominador."),
            (lambda lam, m: lam / 2 * m, "Faltan paréntesis: 2·m va entero en el denominador."),
            (lambda lam, m: lam, "El factor de la lámina es λ/2m, no λ."),
            (lambda lam, m: lam / 2, "Falta dividir también por m, la cantidad de ejemplos."),
            (lambda lam, m: 2 * lam / m, "El 2 divide, no multiplica."),
            (lambda lam, m: 2 * m * lam, "Es al revés: λ se divide por 2m."),
        ],
    )


@exercise(
    "Hacia dónde empuja cada norma",
    hints=[
        "Deriva l·|w| y l·w² con respecto a w.",
        "La derivada de |w| es el signo de w (np.sign); la de w², 2w.",
    ],
    learned="L1 empuja siempre con la misma fuerza, también a los pesos pequeños; L2, cada vez menos.",
)
def penalty_slope(answer):
    """``penalty_slope(w, factor, norm)`` for norm "L1" or "L2"."""
    w = np.array([0.5, -2.0, 0.1])
    expect_function(
        answer,
        lambda w, factor, norm: factor * np.sign(w) if norm == "L1" else 2 * factor * w,
        [(w, 0.1, "L1"), (w, 0.1, "L2"), (-3.0, 0.01, "L2")],
        mistakes=[
            (
                lambda w, factor, norm: factor * np.abs(w) if norm == "L1" else factor * w**2,
                "Eso es la penalización; falta derivarla.",
            ),
            (
                lambda w, factor, norm: factor * np.sign(w) if norm == "L1" else factor * w,
                "En L2 falta el 2 que baja del exponente.",
            ),
            (lambda w, factor, norm: factor * np.sign(w), "Eso es L1; en L2 la fuerza depende del tamaño del peso."),
            (lambda w, factor, norm: 2 * factor * w, "Eso es L2; en L1 solo importa el signo del peso."),
            (lambda w, factor, norm: factor if norm == "L1" else 2 * factor * w, "En L1 falta el signo de w."),
            (lambda w, factor, norm: factor + 0 * w if norm == "L1" else 2 * factor * w, "En L1 falta el signo de w."),
            (lambda w, factor, norm: np.sign(w) if norm == "L1" else 2 * w, "Falta multiplicar por factor."),
            (
                lambda w, factor, norm: factor * np.sign(w) if norm == "L1" else 2 * factor * np.abs(w),
                "En L2 el signo viene con w: no le quites el suyo.",
            ),
            (
                lambda w, factor, norm: -factor * np.sign(w) if norm == "L1" else -2 * factor * w,
                "Tiene el signo cambiado: la derivada apunta hacia donde la penalización crece.",
            ),
        ],
    )
    expect(
        np.isfinite(np.asarray(call(answer, np.array([0.0, 2.0]), 0.1, "L1"), float)).all(),
        "con norma L1 y un peso que vale 0, la respuesta no es un número.",
        "Ahí divides 0 entre 0: np.sign(w) da el signo sin dividir.",
    )


@exercise(
    "La máscara de Dropout",
    hints=[
        "rng.random(shape) da números entre 0 y 1: los que no bajan de rate se conservan.",
        "Los que se conservan se multiplican por 1 / (1 - rate), para que la media no cambie.",
    ],
    learned="Al escalar durante el entrenamiento, al predecir no hay que hacer nada.",
)
def dropout_mask(answer):
    """``dropout_mask(shape, rate, rng)``: inverted Dropout; checked by its statistics, so any way to draw is right."""
    for rate in (0.25, 0.6):
        mask, again, other = (
            as_numbers(call(answer, (400, 300), rate, np.random.default_rng(seed))) for seed in (0, 0, 1)
        )
        where = f"con rate={rate}, la máscara"
        expect(
            mask is not None and again is not None and other is not None,
            f"{where} no es un arreglo de números.",
            "Devuelve solo la máscara, con un número por neurona.",
        )
        expect(
            mask.shape == (400, 300),
            f"{where} tiene forma {mask.shape}; se esperaba la de shape.",
            "Usa rng.random(shape).",
        )
        expect(
            not (mask == mask[0]).all() and not (mask == mask[:, :1]).all(),
            f"{where} repite un mismo sorteo en todas las filas o en todas las columnas.",
            "Cada ejemplo del lote y cada neurona tienen su propio sorteo: sortea toda la tabla.",
        )
        off = float((mask == 0).mean())
        expect(
            abs(off - rate) < 0.02,
            f"{where} apaga el {off:.0%} de las neuronas; se esperaba el {rate:.0%}.",
            "Está al revés: rate es la parte que se apaga."
            if abs(1 - off - rate) < 0.02
            else "rate es la parte que se apaga."
            if off
            else "rate es la parte que se apaga, con un 0 exacto. ¿Faltan los paréntesis de 1 / (1 - rate)?",
        )
        kept, scale = mask[mask != 0], np.float64(1 / (1 - rate))
        expect(
            np.allclose(kept, scale),
            "{} multiplica a las que conserva por {}; se esperaba {}.".format(where, *show_apart(kept.mean(), scale)),
            "Falta escalar por 1 / (1 - rate)." if np.allclose(kept, 1) else "La escala es 1 / (1 - rate).",
        )
        expect(
            np.array_equal(mask, again),
            f"{where} no se repite al sortear con la misma semilla.",
            "Sortea con el rng que recibes.",
        )
        expect(
            not np.array_equal(mask, other),
            f"{where} es la misma con dos generadores distintos.",
            "Sortea con el rng que recibes: uno propio da siempre la misma máscara.",
        )


@exercise(
    "Dropout hacia atrás",
    hints=[
        "Hacia adelante la salida fue h · máscara: ¿cuál es su derivada respecto de h?",
        "Multiplica lo que llega por la misma máscara, con su escala.",
    ],
    learned="Por una neurona apagada no pasa nada, ni hacia adelante ni hacia atrás.",
)
def dropout_backward(answer):
    """``dropout_backward(dh, mask)``: the derivative before Dropout."""
    dh = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0], [-3.0, 2.0, 5.0]])  # square, so that dh @ mask exists
    for scale in (2.0, 1.25):  # two, so that the scale of the example is not the answer
        mask = scale * np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
        expect_close(
            call(answer, dh, mask),
            dh * mask,
            "dropout_backward(…)",
            exact_shape=True,
            typical=[
                (dh, "Las neuronas apagadas no deben recibir nada."),
                (dh * (mask > 0), "Falta la escala: usa la máscara entera, no solo dónde es 0."),
                (2 * dh * (mask > 0), "La escala no siempre es 2: usa la de la máscara."),
                (mask, "Eso es la máscara; multiplica por ella lo que llega."),
                (dh * (mask == 0), "Es al revés: pasa por las que quedaron encendidas."),
                (dh * mask**2, "La máscara se aplica una sola vez."),
                (dh @ mask, "@ multiplica matrices: neurona por neurona se multiplica con *."),
                (dh @ mask.T, "@ multiplica matrices: neurona por neurona se multiplica con *."),
            ],
        )
