import keras
import numpy as np

from checks_cases import Cases

he_std = Cases(
    right=[lambda fan_in: (2 / fan_in) ** 0.5, lambda fan_in: np.array([np.sqrt(2.0) / np.sqrt(fan_in)])],
    wrong=[
        (lambda fan_in: 2 / fan_in, "raíz"),
        (lambda fan_in: fan_in**-0.5, "Falta el 2"),
        (lambda fan_in: (2 * fan_in) ** 0.5, "pesos más pequeños"),
        (lambda fan_in: 2**0.5 / fan_in, "fan_in también va dentro"),
        (lambda fan_in: 2 / fan_in**0.5, "El 2 también va dentro"),
        (lambda fan_in: 0.01, "nb04.he_std.hint()"),
    ],
)

distinct_units = Cases(
    right=[
        lambda w: len({tuple(column) for column in w.T}),
        lambda w: len(np.unique(w.T, axis=0)),
    ],
    wrong=[
        (lambda w: len(set(w.T)), "no cabe en un set"),
        (lambda w: len(np.unique(w, axis=0)), "una neurona es una columna"),
        (lambda w: len(np.unique(w, axis=1)), "len cuenta filas"),
        (lambda w: np.unique(w, axis=1), "falta contarlas"),
        (lambda w: len(set(w[0])), "nb04.distinct_units.hint()"),
        (lambda w: len(np.unique(w)), "números distintos"),
        (lambda w: w.shape[1], "cuenta las distintas"),
        (lambda w: len(np.unique(w.sum(axis=0))), "pueden coincidir en la suma"),
        (lambda w: len(np.unique(np.linalg.norm(w, axis=0))), "compara columnas enteras"),
        (lambda w: len(set(zip(w[0], w[1], strict=True))), "en unos pesos"),
        (lambda w: w.shape[1] - len({tuple(column) for column in w.T}), "las repetidas"),
    ],
)

keras_factor = Cases(
    right=[lambda lam, m: lam / 2 / m, lambda lam, m: 0.5 * lam / m],
    wrong=[
        (lambda lam, m: lam / m, "Falta el 2"),
        (lambda lam, m: lam / 2 * m, "paréntesis"),
        (lambda lam, m: lam, "no λ"),
        (lambda lam, m: 2 * lam / m, "no multiplica"),
        (lambda lam, m: 2 * m * lam, "al revés"),
        (lambda lam, m: lam / 2, "la cantidad de ejemplos"),
        (lambda lam, m: (lam / (2 * m)) ** 2, "nb04.keras_factor.hint()"),
        (lambda lam, m: lam // (2 * m), "nb04.keras_factor.hint()"),
        (lambda lam, m: keras.regularizers.L2(lam / (2 * m)), "solo el número l"),
    ],
)

penalty_slope = Cases(
    right=[
        lambda w, factor, norm: {"L1": factor * np.sign(w), "L2": 2 * factor * w}[norm],
        lambda w, factor, norm: factor * np.where(w > 0, 1, -1) if norm == "L1" else factor * w + factor * w,
    ],
    wrong=[
        (lambda w, factor, norm: factor * np.abs(w) if norm == "L1" else factor * w**2, "falta derivarla"),
        (lambda w, factor, norm: factor * np.sign(w) if norm == "L1" else factor * w, "falta el 2"),
        (lambda w, factor, norm: factor * np.sign(w), "depende del tamaño"),
        (lambda w, factor, norm: 2 * factor * w, "solo importa el signo"),
        (lambda w, factor, norm: np.full_like(w, factor) if norm == "L1" else 2 * factor * w, "falta el signo de w"),
        (lambda w, factor, norm: factor if norm == "L1" else 2 * factor * w, "falta el signo de w"),
        (lambda w, factor, norm: np.sign(w) if norm == "L1" else 2 * w, "Falta multiplicar por factor"),
        (lambda w, factor, norm: factor * np.sign(w) if norm == "L1" else 2 * factor * abs(w), "viene con w"),
        (lambda w, factor, norm: factor * w / abs(w) if norm == "L1" else 2 * factor * w, "divides 0 entre 0"),
        (lambda w, factor, norm: -factor * np.sign(w) if norm == "L1" else -2 * factor * w, "penalización crece"),
    ],
)


def scaled(shape, rate, rng):
    return (rng.random(shape) >= rate) / (1 - rate)


def normalised(mask):
    return mask / mask.mean()


dropout_mask = Cases(
    right=[
        lambda shape, rate, rng: rng.binomial(1, 1 - rate, shape) / (1 - rate),
        lambda shape, rate, rng: rng.choice([0, 1 / (1 - rate)], size=shape, p=[rate, 1 - rate]),
    ],
    wrong=[
        (lambda shape, rate, rng: (rng.random(shape) >= rate) / 1 - rate, "paréntesis"),
        (lambda shape, rate, rng: (rng.random(shape) < rate) / rate, "al revés"),
        (lambda shape, rate, rng: rng.random(shape) >= rate, "Falta escalar"),
        (lambda shape, rate, rng: (rng.random(shape) >= rate) / rate, "La escala es"),
        (lambda shape, rate, rng: (rng.random(shape[1]) >= rate) / (1 - rate) + np.zeros(shape), "toda la tabla"),
        (lambda shape, rate, rng: np.tile(scaled((shape[0], 1), rate, rng), shape[1]), "toda la tabla"),
        (lambda shape, rate, rng: normalised(rng.random(shape) >= rate), "La escala es"),
        (lambda shape, rate, rng: scaled(shape, rate, np.random), "Sortea con el rng que recibes."),
        (lambda shape, rate, rng: scaled(shape, rate, np.random.default_rng(0)), "uno propio"),
        (lambda shape, rate, rng: (rng.random() >= rate) / (1 - rate), "rng.random(shape)"),
        (lambda shape, rate, rng: rng.random(shape), "la parte que se apaga"),
        (lambda shape, rate, rng: (scaled(shape, rate, rng), 1 / (1 - rate)), "Devuelve solo la máscara"),
    ],
)

dropout_backward = Cases(
    right=[lambda dh, mask: mask * dh, lambda dh, mask: np.where(mask == 0, 0, dh * mask.max())],
    wrong=[
        (lambda dh, mask: dh, "no deben recibir nada"),
        (lambda dh, mask: dh * (mask > 0), "Falta la escala"),
        (lambda dh, mask: 2 * dh * (mask > 0), "no siempre es 2"),
        (lambda dh, mask: mask, "multiplica por ella"),
        (lambda dh, mask: dh * (mask == 0), "al revés"),
        (lambda dh, mask: dh * mask * mask, "una sola vez"),
        (lambda dh, mask: dh @ mask, "se multiplica con *"),
        (lambda dh, mask: dh.dot(mask.T), "se multiplica con *"),
    ],
)
