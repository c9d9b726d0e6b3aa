"""Checks of notebook 07, up to the network: columns, splits, leaks, and what may be learnt from which rows."""

import numpy as np
import pandas as pd

from course import bookings
from course.checks import Wrong, call, exercise, expect, expect_close, expect_function
from course.checks.values import show

_KNOWN_WHEN = {feature.name: feature.known for feature in bookings.FEATURES}


def call_told(hints, function, *arguments):
    """As `call`; where it fails with an error that has one of the words of `hints`, its hint is given."""
    try:
        return call(function, *arguments)
    except Wrong as wrong:
        found = (hint for words, hint in hints.items() if words in str(wrong.__cause__))
        raise Wrong(wrong.message, next(found, wrong.hint)) from wrong.__cause__


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
    expect(names, "tu respuesta está vacía.", 'Compara con el texto exacto: dictionary.known == "al reservar".')
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
        f"falta «{(missing or [''])[0]}»" + (f" y {len(missing) - 1} más." if len(missing) > 1 else "."),
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
    values = ["b", "a", "b", "c", "a", "d", "a", "c", "d", "d", "d", "b"] * 40
    table = pd.DataFrame({"canal": values, "is_canceled": [1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 0] * 40})
    groups = table.groupby("canal").is_canceled
    size = groups.count()
    for least in (120, 160, 40):
        what = f"cancel_rate(tabla, 'canal', {least})"
        got = call(answer, table.copy(), "canal", least)
        expect(
            isinstance(got, pd.Series),
            f"{what} no devolvió una serie de pandas.",
            "table.groupby(column).is_canceled.mean() ya es una serie: un grupo por fila.",
        )
        expect(
            set(got.index) <= set(size.index),
            f"el índice de {what} es {show(got.index)}.",
            "El índice de la serie es el grupo, como lo deja groupby(column): no lo cambies.",
        )
        rates = groups.mean()[size >= least].sort_values(ascending=False)
        if set(got.index) != set(rates.index):
            typical = [
                (size > least, "Al menos least incluye a least: usa >=."),
                (size > 0, "Falta quitar los grupos que no tienen al menos least reservas."),
                (size >= 100, "Usa least, no 100."),
                (size < 0, "Compara con least cuántas reservas tiene el grupo, count(), no su tasa ni su suma."),
            ]
            same = (hint for kept, hint in typical if set(got.index) == set(size.index[kept]))
            told = f"{what} tiene los grupos {sorted(map(str, got.index))}; se esperaban {sorted(rates.index)}."
            raise Wrong(
                told, next(same, "Son los grupos con al menos least reservas: compara groups.count() con least.")
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
                (groups.sum()[rates.index] / len(table), "Divide por las reservas de su grupo, no por todas."),
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
    days = pd.to_datetime(
        ["2017-02-01", "2016-12-31", "2017-01-01", "2017-04-01", "2017-03-31", "2016-05-06", "2017-08-01"]
    )
    table = pd.DataFrame(
        {
            "arrival_date_year": days.year,
            "arrival_date_month": days.month_name(),
            "arrival_date_day_of_month": days.day,
            "fila": range(len(days)),
        }
    )
    told = dict.fromkeys(
        ("ambiguous", "and_", "bitwise_and", "for &"), "Usa (d >= first) & (d < second), con los paréntesis."
    )
    for cuts in (("2017-01-01", "2017-04-01"), ("2016-12-31", "2017-03-31")):
        what = "temporal_split(tabla, {!r}, {!r})".format(*cuts)
        got = call_told(told, answer, table.copy(), *cuts)
        three = isinstance(got, tuple | list) and len(got) == 3
        expect(
            three and all(isinstance(part, pd.DataFrame) for part in got),
            f"{what} no devolvió tres tablas.",
            "Cada parte sale de filtrar la tabla: table[days < first]."
            if three
            else "Termina con return train, validation, test.",
        )
        expect(
            all("fila" in part.columns for part in got),
            f"{what} devolvió tablas a las que les faltan columnas.",
            "Elige filas y deja todas las columnas: table[days < first].",
        )
        rows = [set(part["fila"]) for part in got]
        right, fixed = _parts(days, *cuts), _parts(days, *bookings.CUTS)
        if rows != right:
            counts = ["{}, {} y {}".format(*map(len, parts)) for parts in (rows, right)]
            message = f"{what} repartió {counts[0]} filas; se esperaban {counts[1]}, por sus fechas."
            hint = "Usa los cortes que recibes, first y second." if rows == fixed else ""
            raise Wrong(message, hint or _misplaced(rows, right, set(np.flatnonzero(days.isin(pd.to_datetime(cuts))))))


def _parts(days, first, second):
    """Return which rows are training, validation and test."""
    return [set(np.flatnonzero(part)) for part in (days < first, (days >= first) & (days < second), days >= second)]


def _misplaced(rows, right, on_cut):
    """Say what is wrong with three sets of rows; those of `on_cut` arrive on the very day of a cut."""
    if sorted(map(sorted, rows)) == sorted(map(sorted, right)):
        return "Están en otro orden: primero entrenamiento, luego validación, al final prueba."
    if set().union(*rows) < set().union(*right):
        return "Se pierden filas: cada reserva va en alguna parte, también la del día del corte."
    if all(part ^ other <= on_cut for part, other in zip(rows, right, strict=True)):
        return "El día del corte ya es de la parte que empieza: usa < antes y >= después."
    if sum(map(len, rows)) > len(set().union(*rows)):
        return "Hay filas en dos partes: cada una termina donde empieza la siguiente."
    return "Compara bookings.arrival(table) con cada corte, fila por fila."


def _pairs(y, score):
    y, score = np.asarray(y), np.asarray(score, float)
    return score[y == 1][:, None] - score[y == 0][None, :]


def _in_a_row(y, score):
    canceled, kept = score[y == 1], score[y == 0]
    shorter = min(len(canceled), len(kept))
    return canceled[:shorter] - kept[:shorter]


def _auc(y, score):
    return (_pairs(y, score) > 0).mean() + (_pairs(y, score) == 0).mean() / 2


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
    y, score = np.array([1, 0, 1, 0, 0, 1, 1]), np.array([0.7, 0.3, 0.4, 0.4, 0.6, 0.6, 0.8])
    each = "Para comparar cada cancelada con cada una de las demás: canceled[:, None] - kept."
    in_a_row = "Compara cada cancelada con todas las no canceladas, no solo con la que está en su mismo lugar."
    call_told({"broadcast": each}, answer, y, score)
    expect_function(
        answer,
        _auc,
        [(y, score), (y[:4], score[:4]), (np.array([0, 1]), np.array([0.3, 0.3]))],
        mistakes=[
            (lambda y, score: (_pairs(y, score) > 0).mean(), "Faltan los empates: cada uno vale la mitad."),
            (lambda y, score: (_pairs(y, score) >= 0).mean(), "Un empate vale la mitad, no un acierto entero."),
            (
                lambda y, score: (_pairs(y, score) < 0).mean() + (_pairs(y, score) == 0).mean() / 2,
                "Está al revés: acierta cuando la cancelada tiene el puntaje más alto.",
            ),
            (lambda y, score: _auc(y, score >= 0.5), "Compara los puntajes, no la decisión con umbral 0.5."),
            (
                lambda y, score: ((score >= 0.5) == y).mean(),
                "Eso es la exactitud con umbral 0.5; el AUC no usa umbral.",
            ),
            (
                lambda y, score: (_pairs(y, score) > 0).sum() + (_pairs(y, score) == 0).sum() / 2,
                "Falta dividir por el número de parejas.",
            ),
            (
                lambda y, score: ((_pairs(y, score) > 0).sum() + (_pairs(y, score) == 0).sum() / 2) / len(y),
                "Divide por el número de parejas, no por el de reservas.",
            ),
            (
                lambda y, score: (score[:, None] > score).mean(),
                "Solo cuentan las parejas de una cancelada y una que no.",
            ),
            (lambda y, score: (_in_a_row(y, score) > 0).mean(), in_a_row),
            (lambda y, score: (_in_a_row(y, score) > 0).mean() + (_in_a_row(y, score) == 0).mean() / 2, in_a_row),
            (
                lambda y, score: score[y == 1].mean() - score[y == 0].mean(),
                "Esa es la diferencia de las medias: compara pareja por pareja.",
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
            "auc_alone": [1.0, 0.71, 0.55, 0.69, 0.53, 0.52],  # alone, they would come in another order
            "auc_with": [1.0, np.nan, 0.92, np.nan, 0.94, 0.9],
            "gain": [0.1, np.nan, 0.02, np.nan, 0.04, 0.0],
        },
        index=pd.Index(["estado", "agencia", "coche", "antelación", "país", "espera"], name="column"),
    )
    for least, right in ((0.03, ["estado", "país"]), (0.02, ["estado", "país"]), (0.01, ["estado", "país", "coche"])):
        what = f"suspects(audit, {least})"
        told = {"ambiguous": "Filtra la tabla entera, audit[audit.gain > least], o mira cada audit.gain[name]."}
        got = call_told(told, answer, audit.copy(), least)
        names = [str(name) for name in got] if np.iterable(got) else [""]
        if names == right:
            continue
        told = f"{what} devolvió {names}; se esperaba {right}."
        if not set(names) <= set(audit.index):
            raise Wrong(f"{what} no devolvió nombres de columnas.", "Los nombres son el índice: usa .index.tolist().")
        if set(names) == set(audit.index):
            raise Wrong(told, "Falta filtrar: deja las filas con gain > least.")
        if {"agencia", "antelación"} & set(names):
            raise Wrong(told, "Mira gain, no auc_alone: lo que se conoce al reservar puede decir mucho sin delatar.")
        if set(names) == set(right):
            raise Wrong(told, "Están todas, en otro orden: de la que más sube el AUC a la que menos.")
        if any(audit.gain[name] < least for name in names):
            raise Wrong(told, "Compara esa columna, gain, con el least que recibes.")
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
    only_other = "Se transforman las filas de other; de train solo salen la media y la desviación."
    columns = "Es una media por columna, axis=0; axis=1 da una por fila."
    expect_close(
        call_told({"(3,)": columns, "(3,1)": columns, "broadcast": only_other}, answer, train, other),
        scaled(other, train),
        "standardize(train, other)",
        "Resta la media de train y divide por su desviación.",
        exact_shape=True,
        typical=[
            (scaled(other, other), "Usaste la media y la desviación de other: tienen que salir de train."),
            ((other - train.mean(axis=0)) / other.std(axis=0), "También la desviación tiene que salir de train."),
            ((other - other.mean(axis=0)) / train.std(axis=0), "También la media tiene que salir de train."),
            (scaled(other, both), "Juntaste las dos: así la prueba se cuela en el entrenamiento."),
            (other - train.mean(axis=0), "Falta dividir por la desviación."),
            ((other - train.mean(axis=0)) / train.var(axis=0), "Dividiste por la varianza: es la desviación, std."),
            *(
                ((other - mean) / deviation, "Cada columna tiene su media y su desviación: usa axis=0.")
                for mean in (train.mean(), train.mean(axis=0))
                for deviation in (train.std(), train.std(axis=0))
            ),
            (other / train.std(axis=0), "Falta restar la media."),
            (
                other - train.mean(axis=0) / train.std(axis=0),
                "Faltan los paréntesis: primero se resta y después se divide.",
            ),
            ((other - train.mean(axis=0)) / train.std(axis=0, ddof=1), "Usa la desviación de NumPy, sin ddof=1."),
            (
                (other - train.min(axis=0)) / np.ptp(train, axis=0),
                "Eso usa el mínimo y el máximo: aquí van la media y la desviación.",
            ),
            (scaled(train, train), "Eso es train estandarizado; se pide other."),
        ],
        tolerance=1e-4,
    )
