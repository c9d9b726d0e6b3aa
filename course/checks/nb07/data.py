"""Checks of notebook 07, up to the network: columns, splits, leaks, and what may be learnt from which rows."""

import numpy as np
import pandas as pd

from course import bookings
from course.checks import Wrong, call, exercise, expect, expect_close, expect_function

_KNOWN_WHEN = {feature.name: feature.known for feature in bookings.FEATURES}


@exercise(
    "Lo que se sabe al reservar",
    hints=[
        "La columna known del diccionario dice cuándo se conoce cada una.",
        "dictionary[dictionary.known == …].name, con el texto exacto; conviértelo en una lista.",
    ],
    learned="Todo lo demás es futuro: un modelo que lo use no servirá el día en que alguien reserve.",
)
def known_columns(answer):
    """The names of the columns that are known when booking, in any order."""
    try:
        names = set(answer)
    except TypeError:
        names = {None}
    expect(
        names <= set(_KNOWN_WHEN),
        "tu respuesta no es una lista de nombres de columnas.",
        "Se piden los nombres: la columna name de las filas que elijas, como lista.",
    )
    for name in bookings.SCHEMA:
        when = _KNOWN_WHEN[name]
        expect(
            name not in names or when == "al reservar",
            f"tu lista tiene «{name}».",
            f"Esa columna se conoce {when}: al reservar todavía no está.",
        )
    missing = [name for name in bookings.KNOWN if name not in names]
    expect(
        not missing,
        f"faltan {len(missing)}, por ejemplo «{(missing or [''])[0]}».",
        "Toma todas las que se conocen al reservar, aunque luego el modelo no use alguna.",
    )


@exercise(
    "La tasa de cada grupo",
    hints=[
        "table.groupby(column).is_canceled agrupa las cancelaciones: mean() es la tasa; count(), cuántas reservas hay.",
        "Quédate con los grupos de count mayor o igual que least y ordena con sort_values(ascending=False).",
    ],
    learned="Con pocas reservas una tasa es casi azar: por eso el mínimo.",
)
def cancel_rate(answer):
    """``cancel_rate(table, column, least)``: rate by value, those with enough bookings, highest first."""
    values = ["b", "a", "b", "c", "a", "d", "a", "c", "d", "d", "d", "b"]
    table = pd.DataFrame({"canal": values, "is_canceled": [1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 0]})
    for least in (3, 1):
        what = f"cancel_rate(tabla, 'canal', {least})"
        got = call(answer, table.copy(), "canal", least)
        expect(
            isinstance(got, pd.Series),
            f"{what} no devolvió una serie de pandas.",
            "table.groupby(column).is_canceled.mean() ya es una serie: un grupo por fila.",
        )
        groups = table.groupby("canal").is_canceled
        rates = groups.mean()[groups.count() >= least].sort_values(ascending=False)
        expect(
            set(got.index) == set(rates.index),
            f"{what} tiene los grupos {sorted(map(str, got.index))}; se esperaban {sorted(rates.index)}.",
            "Son los grupos con al menos least reservas: least también entra.",
        )
        expect_close(
            got[rates.index],
            rates,
            what,
            "Es la media de is_canceled en cada grupo.",
            typical=[
                (1 - rates, "Eso es la parte que no cancela."),
                (groups.sum()[rates.index], "Eso es cuántas cancelan; falta dividir por las reservas del grupo."),
                (groups.count()[rates.index], "Eso es cuántas reservas hay en cada grupo."),
                (100 * rates, "Devuelve una proporción entre 0 y 1."),
            ],
        )
        expect(
            got.is_monotonic_decreasing,
            f"{what} no está ordenada de mayor a menor tasa.",
            "sort_values ordena de menor a mayor, salvo que le pases ascending=False.",
        )


@exercise(
    "Separar por fechas",
    hints=[
        "days = bookings.arrival(table) da el día de llegada de cada fila; se compara con un texto como '2017-01-01'.",
        "Entrenamiento: days < first. Prueba: days >= second. Validación: lo que queda entre las dos.",
    ],
    learned="Así vive un hotel: aprende del pasado y le preguntan por el futuro.",
)
def temporal_split(answer):
    """``temporal_split(table, first, second)``: rows that arrive before, between and from there on."""
    days = pd.to_datetime(["2017-02-01", "2016-12-31", "2017-01-01", "2017-04-01", "2017-03-31", "2016-05-06"])
    table = pd.DataFrame(
        {
            "arrival_date_year": days.year,
            "arrival_date_month": days.month_name(),
            "arrival_date_day_of_month": days.day,
            "fila": range(6),
        }
    )
    got = call(answer, table.copy(), "2017-01-01", "2017-04-01")
    message = "temporal_split(tabla, '2017-01-01', '2017-04-01') "
    expect(
        isinstance(got, tuple | list) and len(got) == 3 and all(isinstance(part, pd.DataFrame) for part in got),
        f"{message}no devolvió tres tablas.",
        "Termina con return train, validation, test.",
    )
    rows = [set(part["fila"]) for part in got]
    right = [{1, 5}, {0, 2, 4}, {3}]
    if rows == right:
        return
    if rows[::-1] == right:
        hint = "Están en otro orden: primero entrenamiento, luego validación, al final prueba."
    elif any(one & other for one, other in ((rows[0], rows[1]), (rows[1], rows[2]), (rows[0], rows[2]))):
        hint = "Hay filas en dos partes: la validación termina donde empieza la prueba."
    elif rows[0] == {1, 2, 5} or rows[1] == {0, 2, 3, 4}:
        hint = "El día del corte ya es de la parte que empieza: usa < antes y >= después."
    elif set().union(*rows) < set(range(6)):
        hint = "Se pierden filas: el día de cada corte también va en alguna parte."
    else:
        hint = "Compara bookings.arrival(table) con cada corte, fila por fila."
    counts = ", ".join(str(len(part)) for part in rows)
    raise Wrong(f"{message}repartió {counts} filas; se esperaban 2, 3, 1 y sus fechas.", hint)


def _pairs(y, score):
    y, score = np.asarray(y), np.asarray(score, float)
    return score[y == 1][:, None] - score[y == 0][None, :]


@exercise(
    "El AUC, contando parejas",
    hints=[
        "Separa los puntajes de las canceladas, score[y == 1], de los de las demás, score[y == 0].",
        "canceled[:, None] - kept compara todas las parejas: acierta donde es > 0, y donde es 0 vale la mitad.",
    ],
    learned="0.5 es ordenar al azar; 1, que toda cancelada quede por encima de toda no cancelada.",
)
def auc(answer):
    """``auc(y, score)``: chance that a canceled booking scores above another one, ties counting half."""
    y, score = np.array([1, 0, 1, 0, 0, 1, 1]), np.array([0.9, 0.2, 0.4, 0.4, 0.6, 0.2, 0.7])
    expect_function(
        answer,
        lambda y, score: (_pairs(y, score) > 0).mean() + (_pairs(y, score) == 0).mean() / 2,
        [(y, score), (y[:4], score[:4]), (np.array([0, 1]), np.array([0.3, 0.3]))],
        mistakes=[
            (lambda y, score: (_pairs(y, score) > 0).mean(), "Faltan los empates: cada uno vale la mitad."),
            (lambda y, score: (_pairs(y, score) >= 0).mean(), "Un empate vale la mitad, no un acierto entero."),
            (
                lambda y, score: (_pairs(y, score) < 0).mean() + (_pairs(y, score) == 0).mean() / 2,
                "Está al revés: acierta cuando la cancelada tiene el puntaje más alto.",
            ),
            (
                lambda y, score: ((score >= 0.5) == y).mean(),
                "Eso es la exactitud con umbral 0.5; el AUC no usa umbral.",
            ),
            (
                lambda y, score: (_pairs(y, score) > 0).sum() + (_pairs(y, score) == 0).sum() / 2,
                "Falta dividir por el número de parejas.",
            ),
        ],
    )


@exercise(
    "Las que delatan",
    hints=[
        "audit[audit.gain > least] deja las filas que suben el AUC en más de least.",
        "Ordénalas con sort_values('gain', ascending=False) y toma los nombres: .index.tolist().",
    ],
    learned="No hace falta que delate sola: basta con que, junto a otras, diga lo que nadie sabía al reservar.",
)
def suspects(answer):
    """``suspects(audit, least)``: names of the columns that add more than `least`, from the most to the least."""
    audit = pd.DataFrame(
        {
            "known": ["al final", "al reservar", "después", "al reservar", "después", "después"],
            "auc_alone": [1.0, 0.71, 0.55, 0.69, 0.7, 0.52],
            "auc_with": [1.0, np.nan, 0.92, np.nan, 0.94, 0.9],
            "gain": [0.1, np.nan, 0.02, np.nan, 0.04, 0.0],
        },
        index=pd.Index(["estado", "agencia", "plazas", "antelación", "país", "espera"], name="column"),
    )
    for least, right in ((0.01, ["estado", "país", "plazas"]), (0.02, ["estado", "país"])):
        what = f"suspects(audit, {least})"
        got = call(answer, audit.copy(), least)
        try:
            names = [str(name) for name in got]
        except TypeError:
            names = []
        if names == right:
            continue
        told = f"{what} devolvió {names}; se esperaba {right}."
        if not set(names) <= set(audit.index):
            raise Wrong(f"{what} no devolvió nombres de columnas.", "Los nombres son el índice: usa .index.tolist().")
        if {"agencia", "antelación"} & set(names):
            raise Wrong(told, "Mira gain, no auc_alone: lo que se conoce al reservar puede decir mucho sin delatar.")
        if set(names) == set(right):
            raise Wrong(told, "Están todas, en otro orden: de la que más sube el AUC a la que menos.")
        if len(names) > len(right):
            raise Wrong(told, "Más de least es gain > least, sin incluir el propio least.")
        raise Wrong(told, "Faltan columnas: son todas las que tienen gain > least.")


@exercise(
    "Aprender solo del entrenamiento",
    hints=[
        "La media y la desviación se calculan con train, columna por columna: axis=0.",
        "(other - train.mean(axis=0)) / train.std(axis=0)",
    ],
    learned="Eso hace bookings.prepare con todo: medianas, escalas y categorías raras salen del entrenamiento.",
)
def standardize(answer):
    """``standardize(train, other)``: the other rows on the scale of the training rows."""
    train = np.array([[1.0, 10.0], [3.0, 30.0], [8.0, 20.0]])
    other = np.array([[2.0, 60.0], [4.0, 10.0]])

    def scaled(x, by):
        return (x - by.mean(axis=0)) / by.std(axis=0)

    both = np.vstack([train, other])
    expect_close(
        call(answer, train, other),
        scaled(other, train),
        "standardize(train, other)",
        "Resta la media de train y divide por su desviación.",
        exact_shape=True,
        typical=[
            (scaled(other, other), "Usaste la media y la desviación de other: tienen que salir de train."),
            (scaled(other, both), "Juntaste las dos: así la prueba se cuela en el entrenamiento."),
            (other - train.mean(axis=0), "Falta dividir por la desviación."),
            ((other - train.mean(axis=0)) / train.var(axis=0), "Dividiste por la varianza: es la desviación, std."),
            ((other - train.mean()) / train.std(), "Cada columna tiene su media y su desviación: usa axis=0."),
            (other / train.std(axis=0), "Falta restar la media."),
            (scaled(train, train), "Eso es train estandarizado; se pide other."),
        ],
        tolerance=1e-4,
    )
