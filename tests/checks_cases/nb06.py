import math
import operator
import statistics

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from checks_cases import Cases

optuna.logging.set_verbosity(optuna.logging.WARNING)  # a notebook shows the rest in red

log_uniform = Cases(
    right=[
        lambda low, high, u: np.exp(np.log(low) + u * (np.log(high) - np.log(low))),
        lambda low, high, u: low ** (1 - u) * high**u,
        lambda low, high, u: 10 ** (math.log10(low) * (1 - u) + math.log10(high) * u),
    ],
    wrong=[
        (lambda low, high, u: low * (1 - u) + high * u, "escala lineal"),
        (lambda low, high, u: np.log(low) * (1 - u) + np.log(high) * u, "falta np.exp"),
        (lambda low, high, u: high * (low / high) ** u, "al revés"),
        (lambda low, high, u: low * (high - low) ** u, "high / low, no"),
        (lambda low, high, u: u * high, "en el exponente"),
        (lambda low, high, u: np.exp(low + (high - low) * u), "el logaritmo de low"),
        (lambda low, high, u: 10 ** (low + (high - low) * u), "log10 de low"),
        (lambda low, high, u: np.exp(np.log10(low) + u * np.log10(high / low)), "np.exp deshace np.log"),
        (lambda low, high, u: math.log10(low) * (1 - u) + math.log10(high) * u, "falta 10 **"),
        (lambda low, high, u: 10 ** (np.log(low) + u * np.log(high / low)), "np.log se deshace con np.exp"),
        (lambda low, high, u: (high / low) ** u, "multiplicarlo por low"),
        (lambda low, high, u: np.exp(np.log(low) + u * np.log(high)), "high / low, no high"),
        (lambda low, high, u: operator.xor(low * (high / low), u), "se escribe **"),
        (lambda low, high, u: round(low * (high / low) ** u, 2), "nb06.log_uniform.hint()"),
        (lambda low, high, u: 10**u, "nb06.log_uniform.hint()"),
        (lambda low, high, u: (low * high) ** u, "nb06.log_uniform.hint()"),
    ],
)


def product(grid):
    total = 1
    for values in grid.values():
        total *= len(values)
    return total


def first_only(grid):
    for values in grid.values():
        return len(values)


grid_size = Cases(
    right=[product, lambda grid: math.prod(map(len, grid.values()))],
    wrong=[
        (lambda grid: np.prod(list(grid.values())), "el largo de cada lista"),
        (lambda grid: sum(len(values) for values in grid.values()), "la suma"),
        (lambda grid: len(grid), "cuántos hiperparámetros"),
        (lambda grid: max(len(values) for values in grid.values()), "más larga"),
        (lambda grid: max(map(len, grid.values())) ** len(grid), "mismo largo"),
        (lambda grid: 2 ** len(grid), "dos valores"),
        (lambda grid: math.prod(len(values) for values in grid), "grid.values()"),
        (lambda grid: 0 * product(grid), "empieza en 1"),
        (first_only, "el return dentro del bucle"),
        (lambda grid: [len(values) for values in grid.values()][-1], "no lo reemplaces"),
        (lambda grid: [len(values) for values in grid.values()], "falta multiplicarlos"),
        (lambda grid: np.prod(len(values) for values in grid.values()), "con corchetes"),
        (lambda grid: np.prod(grid.values()), "con corchetes"),
        (lambda grid: len(grid["tasa"]) * len(grid["neuronas"]) * len(grid["activación"]), "recorre grid.values()"),
        (lambda grid: math.prod(len(values) for name, values in grid), "recorre grid.values()"),
    ],
)


def by_loop(values):
    best, found = math.inf, []
    for value in values:
        best = min(best, value)
        found.append(best)
    return found


def from_start(start):
    return lambda values: [min(start, *values[: k + 1]) for k in range(len(values))]


best_so_far = Cases(
    right=[by_loop, lambda values: [min(values[: k + 1]) for k in range(len(values))]],
    wrong=[
        (lambda values: [min(values[:k]) for k in range(len(values))], "values[: k + 1]"),
        (lambda values: np.maximum.accumulate(values), "el mayor"),
        (lambda values: [min(values)] * len(values), "aún no conoces"),
        (lambda values: sorted(values, reverse=True), "de lugar"),
        (lambda values: [np.mean(values[: k + 1]) for k in range(len(values))], "la media"),
        (lambda values: [min(values[max(k - 1, 0) : k + 1]) for k in range(len(values))], "no solo con el anterior"),
        (lambda values: min(values), "uno por intento"),
        (lambda values: list(values), "Esos son los valores"),
        (from_start(0), "o en np.inf"),
        (from_start(1), "o en np.inf"),
        (lambda values: [min(values[: max(k, 1)]) for k in range(len(values))], "antes de anotarlo"),
        (lambda values: [v for k, v in enumerate(values) if v == min(values[: k + 1])], "cuando no mejora"),
    ],
)

should_prune = Cases(
    right=[
        lambda loss, others: loss > statistics.median(others),
        lambda loss, others: bool(np.quantile(others, 0.5) < loss),
        lambda loss, others: not loss <= np.median(others),
    ],
    wrong=[
        (lambda loss, others: loss < np.median(others), "al revés"),
        (lambda loss, others: loss <= np.median(others), "al revés"),
        (lambda loss, others: loss >= np.median(others), "no >="),
        (lambda loss, others: loss > others[len(others) // 2], "No están ordenadas"),
        (lambda loss, others: loss > sorted(others)[len(others) // 2], "los dos del centro"),
        (lambda loss, others: loss > sorted(others)[(len(others) - 1) // 2], "los dos del centro"),
        (lambda loss, others: loss > np.median([*others, loss]), "sin loss"),
        (lambda loss, others: loss > others[-1], "nb06.should_prune.hint()"),
        (lambda loss, others: loss > np.mean(others), "la media"),
        (lambda loss, others: loss > min(others), "el mejor de todos"),
        (lambda loss, others: loss > max(others), "casi nunca"),
        (lambda loss, others: loss > 0.3, "0.3 no es siempre la mediana"),
        (lambda loss, others: False, "No se poda nunca"),
        (lambda loss, others: True, "Se poda siempre"),
        (lambda loss, others: np.median(others), "la comparación misma"),
    ],
)

luckiest = Cases(
    right=[
        lambda accuracy, examples, models, rng: max(rng.binomial(examples, accuracy) for _ in range(models)) / examples,
        lambda accuracy, examples, models, rng: (rng.random((models, examples)) < accuracy).mean(axis=1).max(),
        lambda accuracy, examples, models, rng: np.array(max(rng.binomial(examples, accuracy, models)) / examples),
        lambda accuracy, examples, models, rng: [rng.binomial(examples, accuracy, models).max() / examples],
    ],
    wrong=[
        (lambda accuracy, examples, models, rng: max(rng.binomial(examples, accuracy, models)), "divide por examples"),
        (
            lambda accuracy, examples, models, rng: rng.binomial(examples, accuracy, models).mean() / examples,
            "la media",
        ),
        (lambda accuracy, examples, models, rng: rng.binomial(examples, accuracy, models).min() / examples, "el peor"),
        (lambda accuracy, examples, models, rng: rng.binomial(models, accuracy, examples).max() / models, "cambiados"),
        (lambda accuracy, examples, models, rng: rng.binomial(examples, accuracy, models) / examples, "Falta max()"),
        (lambda accuracy, examples, models, rng: rng.binomial(examples, accuracy) / examples, "un solo modelo"),
        (lambda accuracy, examples, models, rng: (rng.random(examples) < accuracy).mean(), "un solo modelo"),
        (
            lambda accuracy, examples, models, rng: max(rng.binomial(examples, accuracy, models)) / models,
            "no por models",
        ),
        (lambda accuracy, examples, models, rng: np.argmax(rng.binomial(examples, accuracy, models)), "cuánto mide"),
        (
            lambda accuracy, examples, models, rng: max(np.random.binomial(examples, accuracy, models)) / examples,
            "el rng que recibes",
        ),
        (
            lambda accuracy, examples, models, rng: (
                max(np.random.default_rng(1).binomial(examples, accuracy, models)) / examples
            ),
            "el rng que recibes",
        ),
        (lambda accuracy, examples, models, rng: accuracy, "la exactitud verdadera"),
        (lambda accuracy, examples, models, rng: rng.binomial(examples, accuracy, models).max() // examples, "con /."),
        (lambda accuracy, examples, models, rng: rng.binomial(1, accuracy, models).max(), "los de cada modelo"),
        (
            lambda accuracy, examples, models, rng: rng.binomial(models, accuracy, examples).max() / examples,
            "cambiados",
        ),
        (lambda accuracy, examples, models, rng: rng.binomial(accuracy, examples, models), "después la probabilidad"),
        (lambda accuracy, examples, models, rng: max(rng.binomial(examples, accuracy)), "falta size=models"),
        (lambda accuracy, examples, models, rng: rng.binomial(examples, accuracy, models).max, "con paréntesis"),
        (
            lambda accuracy, examples, models, rng: f"{rng.binomial(examples, accuracy, models).max() / examples:.2f}",
            "sin comillas ni formato",
        ),
        (
            lambda accuracy, examples, models, rng: {"mejor": rng.binomial(examples, accuracy, models).max()},
            "solo la mejor exactitud",
        ),
    ],
)


def study(values, rate=(1e-4, 1e-1), rates=None, units=(16, 256), problem="mnist-clase"):
    """A finished search, as a student's would look; nothing is trained."""
    made = optuna.create_study(direction="maximize")
    made.set_user_attr("búsqueda", {"problema": problem})
    kinds = {"learning_rate": FloatDistribution(*rate, log=True), "units": IntDistribution(*units)}
    if rates is None:
        rates = [1e-3] * len(values) if rate[0] <= 1e-3 <= rate[1] else [rate[0]] * len(values)
        rates = [value * (1 + k / 100) for k, value in enumerate(rates)]
    for value, chosen in zip(values, rates, strict=True):
        params = {"learning_rate": chosen, "units": (units[0] + units[1]) // 2}
        made.add_trial(optuna.create_trial(params=params, distributions=kinds, value=value))
    return made


def spaced(value, **space):
    """A finished search of one trial: its space, and the value that it tried of each."""
    made = optuna.create_study(direction="maximize")
    made.set_user_attr("búsqueda", {"problema": "mnist-clase"})
    kinds = {name: kind for name, (kind, _) in space.items()}
    params = {name: tried for name, (_, tried) in space.items()}
    made.add_trial(optuna.create_trial(params=params, distributions=kinds, value=value))
    return made


def fixed_rate(values):
    made = optuna.create_study(direction="maximize")
    made.set_user_attr("búsqueda", {"problema": "mnist-clase"})
    for value in values:
        kinds = {"units": CategoricalDistribution([32, 64])}
        made.add_trial(optuna.create_trial(params={"units": 32}, distributions=kinds, value=value))
    return made


def unfinished():
    made = optuna.create_study(direction="maximize")
    made.set_user_attr("búsqueda", {"problema": "mnist-clase"})
    made.add_trial(optuna.create_trial(state=optuna.trial.TrialState.FAIL))
    return made


own_search = Cases(
    right=[study([0.9, 0.93, 0.91]), study([0.92]), fixed_rate([0.95] * 12)],
    wrong=[
        (0.95, "no su mejor valor"),
        (study([0.95], problem="circle"), 'El problema es "mnist-clase"'),
        (study([0.95] * 13), "Con más intentos gana cualquiera"),
        (unfinished(), "Revisa el espacio"),
        (study([0.95], rate=(0.01, 0.01), units=(64, 64)), "Dale a alguno un rango"),
        (fixed_rate([0.9, 0.91]), "búscala también"),
        (
            study([0.85, 0.9], rate=(1e-2, 1.0), rates=[0.02, 0.0101]),
            "learning_rate en el borde de su rango, hacia abajo",
        ),
        (
            study([0.85, 0.9], rate=(1e-6, 1e-4), rates=[1e-5, 9e-5]),
            "learning_rate en el borde de su rango, hacia arriba",
        ),
        (study([0.85, 0.9]), "nb06.own_search.hint()"),
        (study([0.9]), "nb06.own_search.hint()"),
        (
            spaced(
                0.9,
                dropout=(FloatDistribution(0.0, 0.5), 0.01),
                layers=(IntDistribution(1, 2), 1),
                learning_rate=(FloatDistribution(1e-4, 1e-2, log=True), 1e-3),
            ),
            "nb06.own_search.hint()",
        ),
        (spaced(0.9, learning_rate=(FloatDistribution(1e-4, 1.0), 0.5)), '(mínimo, máximo, "log")'),
        (
            spaced(0.9, learning_rate=(CategoricalDistribution([1e-3]), 1e-3), units=(IntDistribution(8, 32), 30)),
            "búscala también",
        ),
    ],
)
