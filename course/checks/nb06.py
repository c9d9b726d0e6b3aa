"""Checks of notebook 06: scales, grids, pruning, why the test set is touched once, and the student's own search."""

import numpy as np

from course.checks import Wrong, call, exercise, expect, expect_function, explaining
from course.checks.values import as_numbers, show

TRIALS, TARGET = 12, 0.92
"""What a student's own search may spend, and what it must reach in validation."""


def _log_uniform(low, high, u):
    return low * (high / low) ** u


@exercise(
    "Un número en escala logarítmica",
    hints=[
        "Con u = 0 debe salir low, y con u = 1, high. ¿Y con u = 0.5, entre 0.001 y 0.1?",
        "De low a high se llega multiplicando por high / low: con u, se multiplica por una parte de eso.",
        "low * (high / low) ** u",
    ],
    learned="Así 0.001 y 0.01 quedan tan lejos como 0.01 y 0.1: en una tasa de aprendizaje importan los factores.",
)
@explaining(r"for \^", "En Python la potencia se escribe **, no ^.")
def log_uniform(answer):
    """``log_uniform(low, high, u)``: the number at the share u of the way, on a logarithmic scale."""
    expect_function(
        answer,
        _log_uniform,
        [(0.001, 0.1, 0.5), (0.001, 0.1, 0.25), (2.0, 32.0, 0.0), (1e-4, 1.0, 1.0)],
        mistakes=[
            (lambda low, high, u: low + (high - low) * u, "Eso es la escala lineal: casi todo cae cerca de high."),
            (lambda low, high, u: np.log(low) + (np.log(high) - np.log(low)) * u, "Eso es el logaritmo: falta np.exp."),
            (lambda low, high, u: np.log10(_log_uniform(low, high, u)), "Eso es el logaritmo: falta 10 ** …."),
            (
                lambda low, high, u: (high / low) ** u,
                "Ese es el factor: falta multiplicarlo por low, donde empieza el camino.",
            ),
            (lambda low, high, u: low * high**u, "El factor entre los extremos es high / low, no high."),
            (lambda low, high, u: high * (low / high) ** u, "Está al revés: con u = 0 debe salir low."),
            (
                lambda low, high, u: low * (high - low) ** u,
                "El factor entre los extremos es high / low, no high - low.",
            ),
            (
                lambda low, high, u: np.exp(low + (high - low) * u),
                "Antes de la cuenta falta el logaritmo de low y de high.",
            ),
            (lambda low, high, u: 10 ** (low + (high - low) * u), "Antes de la cuenta falta log10 de low y de high."),
            (
                lambda low, high, u: np.exp(np.log10(low) + np.log10(high / low) * u),
                "np.exp deshace np.log; np.log10 se deshace con 10 ** ….",
            ),
            (
                lambda low, high, u: 10 ** np.log(_log_uniform(low, high, u)),
                "10 ** … deshace np.log10; np.log se deshace con np.exp.",
            ),
            (lambda low, high, u: low * (high / low) * u, "u va en el exponente, no multiplicando."),
        ],
    )


@exercise(
    "El tamaño de una rejilla",
    hints=[
        "Cada valor de la primera lista se combina con cada uno de la segunda, y así.",
        "Multiplica los largos de las listas; np.prod también sirve.",
    ],
    learned="Con 5 valores en cada uno de 6 hiperparámetros serían 15 625 redes: una rejilla no crece, estalla.",
)
@explaining(
    "inhomogeneous|generator|dict_values",
    "np.prod multiplica los números de una lista: dale el largo de cada lista, [len(values) for …], con corchetes.",
)
@explaining("KeyError|to unpack", "La rejilla puede tener otros hiperparámetros: recorre grid.values().")
def grid_size(answer):
    """``grid_size(grid)``: how many combinations a dictionary of lists has."""
    grids = [
        {"tasa": [0.1, 0.01], "neuronas": [4, 8, 16, 32, 64], "activación": ["relu", "tanh", "elu", "gelu"]},
        {"tasa": [0.1, 0.01, 0.001, 0.0001]},
        {name: [1, 2, 3, 4, 5] for name in "abcdef"},
    ]
    expect_function(
        answer,
        lambda grid: int(np.prod([len(values) for values in grid.values()])),
        grids,
        mistakes=[
            (lambda grid: sum(map(len, grid.values())), "Eso es la suma: los largos se multiplican."),
            (
                lambda grid: int(np.prod([len(name) for name in grid])),
                "Al recorrer el diccionario salen los nombres: recorre grid.values().",
            ),
            (
                lambda grid: len(next(iter(grid.values()))),
                "Eso es el largo de la primera lista: ¿está el return dentro del bucle?",
            ),
            (lambda grid: [len(values) for values in grid.values()], "Esos son los largos: falta multiplicarlos."),
            (lambda grid: 0, "Si la cuenta empieza en 0, todo queda en 0: empieza en 1."),
            (len, "Eso es cuántos hiperparámetros hay, no cuántas combinaciones."),
            (lambda grid: max(map(len, grid.values())), "Eso es el largo de la lista más larga."),
            (
                lambda grid: len(list(grid.values())[-1]),
                "Eso es el largo de la última lista: multiplica lo que llevas, no lo reemplaces.",
            ),
            (lambda grid: max(map(len, grid.values())) ** len(grid), "No todas las listas tienen el mismo largo."),
            (lambda grid: 2 ** len(grid), "No todas las listas tienen dos valores: mira sus largos."),
        ],
    )


@exercise(
    "El mejor valor hasta cada intento",
    hints=[
        "El primero es el primer valor; después, cada uno es el menor de los vistos hasta ahí.",
        "np.minimum.accumulate(values) hace justo eso; un bucle con min también.",
    ],
    learned="Es la curva con que se comparan dos maneras de buscar: nunca sube.",
)
@explaining("empty.sequence|zero-size", "values[:k] no incluye a values[k], y empieza vacío: usa values[: k + 1].")
def best_so_far(answer):
    """``best_so_far(values)``: the smallest value up to each trial."""
    start = "Empieza en el primer valor, o en np.inf: con 0 o con 1, una pérdida mayor nunca sería la mejor."
    values = [np.array([1.2, 0.5, 0.7, 0.3, 0.4, 0.8]), np.array([0.2, 0.6])]
    expect_function(
        answer,
        np.minimum.accumulate,
        values,
        exact_shape=True,
        mistakes=[
            (np.maximum.accumulate, "Ese es el mayor hasta cada intento: una pérdida es mejor cuando es menor."),
            (lambda values: np.full(len(values), np.min(values)), "En el primer intento aún no conoces los demás."),
            (lambda values: np.sort(values)[::-1], "Ordenar cambia los intentos de lugar."),
            (lambda values: np.cumsum(values) / np.arange(1, len(values) + 1), "Esa es la media hasta cada intento."),
            (
                lambda values: np.minimum(values, np.append(values[:1], values[:-1])),
                "Compara con el mejor hasta ahí, no solo con el anterior.",
            ),
            (lambda values: np.zeros(len(values)), start),
            (lambda values: np.minimum(np.minimum.accumulate(values), 1), start),
            (
                lambda values: np.minimum.accumulate(np.append(values[:1], values[:-1])),
                "Cada intento cuenta en el suyo: actualiza el mejor antes de anotarlo.",
            ),
            (
                lambda values: values[np.minimum.accumulate(values) == values],
                "Se pide uno por intento: cuando no mejora, se repite el que llevas.",
            ),
            (np.min, "Se pide uno por intento, no solo el último."),
            (lambda values: values, "Esos son los valores; falta quedarse con el menor hasta cada uno."),
        ],
    )


@exercise(
    "La regla de la mediana",
    hints=[
        "¿Es mejor o peor que la mitad de los demás, en la misma época?",
        "np.median(others) da la mediana; con una pérdida, peor es mayor.",
    ],
    learned="Solo compara con los demás en la misma época: no hace falta saber cuánto es una buena pérdida.",
)
def should_prune(answer):
    """``should_prune(loss, others)``: whether the loss is worse than the median of the others' at the same epoch."""
    odd, even = np.array([0.4, 0.3, 0.2, 4.0, 0.1]), np.array([0.4, 4.0, 0.1, 0.2])
    cases = [(loss, odd) for loss in (0.35, 0.25, 0.15, 0.9, 0.05, 2.0, 5.0, 0.3)] + [(0.35, even), (0.25, even)]
    cases += [(0.25, odd / 10), (2.0, 10 * even)]  # of another median: it is not always 0.3
    given = [call(answer, *case) for case in cases]
    for (loss, _), result in zip(cases, given, strict=True):
        expect(
            isinstance(result, bool | np.bool_),
            f"should_prune({loss}, …) devolvió {result!r}; se esperaba True o False.",
            "Devuelve la comparación misma: return … > …",
        )
    upside_down = "Está al revés: con una pérdida, podar es para las mayores."
    # One more value, as when the trial's own loss is put among the others', moves the median in the same way.
    middle = "Con un número par de valores, la mediana es la media de los dos del centro: np.median(others), sin loss."
    typical = [
        (lambda loss, others: loss < np.median(others), upside_down),
        (lambda loss, others: loss <= np.median(others), upside_down),
        (lambda loss, others: loss >= np.median(others), "Igual que la mediana no es peor: usa >, no >=."),
        (lambda loss, others: loss > others[len(others) // 2], "No están ordenadas: usa np.median."),
        (lambda loss, others: loss > np.sort(others)[len(others) // 2], middle),
        (lambda loss, others: loss > np.sort(others)[(len(others) - 1) // 2], middle),
        (
            lambda loss, others: loss > others.mean(),
            "Esa es la media, y un solo desastre (el 4.0) la arruina: usa np.median.",
        ),
        (
            lambda loss, others: loss > others.min(),
            "Así solo sobrevive el mejor de todos: compara con la mediana.",
        ),
        (lambda loss, others: loss > 0.3, "0.3 no es siempre la mediana: calcúlala con np.median(others)."),
        (lambda loss, others: loss > others.max(), "Así no se poda casi nunca: compara con la mediana."),
        (lambda loss, others: False, "No se poda nunca."),
        (lambda loss, others: True, "Se poda siempre."),
    ]
    for case, result in zip(cases, given, strict=True):
        right = bool(case[0] > np.median(case[1]))
        if bool(result) != right:
            same = (hint for rule, hint in typical if [rule(*case) for case in cases] == given)
            told = f"should_prune({case[0]}, {case[1].tolist()}) devolvió {not right}; se esperaba {right}."
            raise Wrong(told, next(same, ""))


@exercise(
    "El mejor por suerte",
    hints=[
        "rng.binomial(examples, accuracy, size=models) da cuántos aciertos tiene cada modelo.",
        "Divide por examples para tener exactitudes, y quédate con la mayor.",
    ],
    learned="Ninguno es mejor que otro, y aun así el elegido lo parece: por eso no se elige con el conjunto de prueba.",
)
@explaining("p < 0", "Primero va cuántas veces, después la probabilidad: rng.binomial(examples, accuracy, …).")
@explaining("not iterable", "Sorteaste un solo modelo: falta size=models.")
def luckiest(answer):
    """``luckiest(accuracy, examples, models, rng)``: the best measured accuracy among equally good models."""

    def measured(rule, *case):
        rng = np.random.default_rng(0)
        values = [np.asarray(rule(*case, rng), float) for _ in range(400)]
        return np.array([np.mean(values), np.std(values)])

    def asked(*arguments):
        result = call(answer, *arguments)
        numbers = as_numbers(result)
        expect(
            numbers is not None,
            f"luckiest(…) devolvió {show(result)}; se espera un número.",
            "Eso es una función: ¿falta llamarla, con paréntesis?"
            if callable(result)
            else "Devuelve solo la mejor exactitud, sin comillas ni formato.",
        )
        expect(numbers.size == 1, f"luckiest(…) devolvió {numbers.size} números; se espera uno.", "Falta max().")
        return numbers.item()

    first, again = ([asked(0.8, 100, 40, np.random.default_rng(seed)) for seed in range(20)] for _ in range(2))
    own = "Sortea con el rng que recibes: rng.binomial(…)."
    expect(first == again, "con generadores de igual semilla, luckiest(…) no devuelve lo mismo.", own)
    constant = {
        0.8: "Esa es la exactitud verdadera; se pide la que se mide.",
        0.0: "¿Divides con //? Una exactitud tiene decimales: divide con /.",
        1.0: "Así alguno acierta siempre: cuenta los de cada modelo en examples ejemplos, y divide por examples.",
    }
    expect(len(set(first)) > 1, "luckiest(…) devuelve siempre lo mismo.", constant.get(first[0], own))
    swapped = "Están cambiados: examples ejemplos por modelo."
    typical = [
        (lambda a, n, m, rng: rng.binomial(n, a, m).max(), "Eso son aciertos: divide por examples."),
        (lambda a, n, m, rng: rng.binomial(n, a, m).max() / m, "Divide por examples, no por models."),
        (lambda a, n, m, rng: rng.binomial(n, a, m).argmax(), "Eso es cuál gana; se pide cuánto mide: max()."),
        (lambda a, n, m, rng: rng.binomial(n, a, m).mean() / n, "Esa es la media de todos: se elige el mejor."),
        (lambda a, n, m, rng: rng.binomial(n, a, m).min() / n, "Ese es el peor: se elige el mejor."),
        (lambda a, n, m, rng: rng.binomial(n, a) / n, "Sorteaste un solo modelo: falta size=models."),
        (lambda a, n, m, rng: rng.binomial(m, a, n).max() / m, swapped),
        (lambda a, n, m, rng: rng.binomial(m, a, n).max() / n, swapped),
    ]
    for case in ((0.8, 100, 40), (0.6, 1000, 10)):
        got, expected = measured(asked, *case), measured(lambda a, n, m, rng: rng.binomial(n, a, m).max() / n, *case)
        if abs(got[0] - expected[0]) > 0.004:
            near = 0.002 + got[1] / 4  # what 400 draws of another way of drawing may differ
            same = (hint for rule, hint in typical if np.abs(measured(rule, *case) - got).max() <= near)
            text = "luckiest({}, {}, {}, rng) da en promedio {:.3g}; se esperaba cerca de {:.3g}."
            raise Wrong(text.format(*case, got[0], expected[0]), next(same, ""))


@exercise(
    "Tu propia búsqueda",
    hints=[
        "¿Qué hiperparámetro importa más en la búsqueda de arriba? Dale el rango que lo merece.",
        "Pocos intentos piden pocos hiperparámetros: deja fijos los que menos importan.",
        "La tasa de aprendizaje, en escala logarítmica cerca de 0.001; las neuronas, más de 64.",
    ],
    learned="Un buen espacio vale más que muchos intentos.",
)
def own_search(answer):
    """A study of ``tuning.search("mnist-clase", …)`` of at most `TRIALS` trials that reaches `TARGET`."""
    expect(
        hasattr(answer, "trials") and hasattr(answer, "user_attrs"),
        f"own vale {type(answer).__name__}, y se espera una búsqueda.",
        "Guarda lo que devuelve tuning.search(…), no su mejor valor.",
    )
    problem = answer.user_attrs.get("búsqueda", {}).get("problema")
    expect(
        problem == "mnist-clase",
        f"la búsqueda es sobre {problem!r}.",
        'El problema es "mnist-clase": tuning.search("mnist-clase", espacio, …).',
    )
    ended = [trial for trial in answer.trials if trial.state.is_finished()]
    expect(
        len(ended) <= TRIALS,
        f"la búsqueda gastó {len(ended)} intentos; el presupuesto es {TRIALS}.",
        "Con más intentos gana cualquiera: piensa mejor el espacio.",
    )
    complete = [trial for trial in ended if trial.state.name == "COMPLETE"]
    expect(complete, "ningún intento llegó al final.", "Revisa el espacio: mira tuning.table(own).")
    expect(
        any(not kind.single() for trial in ended for kind in trial.distributions.values()),
        "en tu espacio no hay nada que buscar: cada hiperparámetro tiene un solo valor.",
        'Dale a alguno un rango, (1e-4, 1e-2, "log"), o una lista de valores, [32, 64].',
    )
    best = max(complete, key=lambda trial: trial.value)
    if best.value < TARGET:
        message = f"tu mejor exactitud en validación es {best.value:.3f}; hay que llegar a {TARGET}."
        raise Wrong(message, _where_to_look(best))


def _where_to_look(best):
    """Say what the best trial tells about the space: a fixed rate, a linear one, or an edge that is too near."""
    rate = best.distributions.get("learning_rate")
    if rate is None or rate.single():
        return "La tasa de aprendizaje es lo que más importa: búscala también, en escala logarítmica."
    if not getattr(rate, "log", True) and rate.high > 10 * rate.low:
        return 'Busca la tasa de aprendizaje en escala logarítmica: (mínimo, máximo, "log").'
    for name in ("learning_rate", "units", "batch_size"):  # nothing is left beyond a dropout of 0, or a single layer
        kind = best.distributions.get(name)
        low, high = getattr(kind, "low", None), getattr(kind, "high", None)
        if low is None or low == high:
            continue
        share = _share(best.params[name], low, high)
        if share < 0.1 or share > 0.9:
            edge = "abajo" if share < 0.1 else "arriba"
            return f"El mejor intento tiene {name} en el borde de su rango, hacia {edge}: amplíalo por ahí."
    return ""


def _share(value, low, high):
    """Return where a value is in its range, from 0 to 1; by factors, where the range spans many."""
    if low > 0 and high / low > 10:
        value, low, high = np.log(value), np.log(low), np.log(high)
    return (value - low) / (high - low)
