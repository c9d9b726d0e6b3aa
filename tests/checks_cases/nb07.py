import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from checks_cases import Cases
from course import bookings, models
from course.environment import import_keras

keras = import_keras()
DICTIONARY = pd.DataFrame(bookings.FEATURES)

known_columns = Cases(
    right=[
        {feature.name for feature in bookings.FEATURES if feature.known == "al reservar"},
        DICTIONARY[DICTIONARY.known == "al reservar"]["name"],
        bookings.KNOWN,
    ],
    wrong=[
        (list(bookings.SCHEMA), "se conoce al final"),
        (list(bookings.INPUTS), "aunque luego el modelo no use"),
        (DICTIONARY[DICTIONARY.known != "al final"]["name"].tolist(), "se conoce después"),
        (DICTIONARY[DICTIONARY.known == "al reservar"], "la columna name"),
        (DICTIONARY.index[DICTIONARY.known == "al reservar"].tolist(), "la columna name"),
        (3, "la columna name"),
        (DICTIONARY[DICTIONARY.known == "Al reservar"]["name"].tolist(), "el texto exacto"),
        (bookings.KNOWN[:-1], "aunque luego el modelo no use"),
    ],
)


def rates(table, column, least):
    groups = table.groupby(column)["is_canceled"].agg(["mean", "size"])
    return groups[groups["size"] >= least]["mean"].sort_values(ascending=False)


def rates_by_filter(table, column, least):
    often = table.groupby(column).filter(lambda group: len(group) >= least)
    return often.groupby(column).is_canceled.mean().sort_values(ascending=False)


cancel_rate = Cases(
    right=[rates, rates_by_filter],
    wrong=[
        (lambda table, column, least: rates(table, column, 0), "Falta quitar los grupos"),
        (lambda table, column, least: rates(table, column, least + 1), "usa >="),
        (lambda table, column, least: rates(table, column, 100), "no 100"),
        (lambda table, column, least: rates(table, column, 0)[lambda rate: rate >= least], "no su tasa"),
        (lambda table, column, least: rates(table, column, least)[["a"]], "groups.count() con least"),
        (lambda table, column, least: rates(table, column, least).sort_index(), "ascending=False"),
        (lambda table, column, least: rates(table, column, least)[::-1], "ascending=False"),
        (lambda table, column, least: 1 - rates(table, column, least), "no cancela"),
        (lambda table, column, least: 100 * rates(table, column, least), "proporción"),
        (lambda table, column, least: rates(table, column, least).to_dict(), "serie"),
        (
            lambda table, column, least: rates(table, column, least) * table.groupby(column).size(),
            "Falta quitar los grupos",
        ),
        (
            lambda table, column, least: rates(table, column, least) * table.groupby(column).size()[["a", "b", "d"]],
            "cuántas cancelan",
        ),
        (
            lambda table, column, least: (
                table.groupby(column).is_canceled.sum()[rates(table, column, least).index] / len(table)
            ),
            "no por todas",
        ),
        (lambda table, column, least: rates(table, column, least).reset_index(drop=True), "es el grupo"),
    ],
)


def cut(table, first, second, before="<", after=">="):
    days = bookings.arrival(table)
    early, late = days < first, days >= second
    if before == "<=":
        early = days <= first
    if after == ">":
        late = days > second
    return table[early], table[~early & ~late], table[late]


def cut_by_place(table, first, second):
    days = bookings.arrival(table)
    place = (days >= first).astype(int) + (days >= second)
    return [table[place == number] for number in range(3)]


def overlapping(table, first, second):
    days = bookings.arrival(table)
    return table[days < first], table[days >= first], table[days >= second]


def twice_on_the_day(table, first, second):
    days = bookings.arrival(table)
    return table[days <= first], table[(days >= first) & (days <= second)], table[days >= second]


def chained(table, first, second):
    days = bookings.arrival(table)
    return table[days < first], table[first <= days < second], table[days >= second]


def with_and(table, first, second):
    days = bookings.arrival(table)
    return table[days < first], table[days >= first and days < second], table[days >= second]


def without_parentheses(table, first, second):
    days = bookings.arrival(table)
    return table[days < first], table[days >= first & days < second], table[days >= second]


def half_parentheses(table, first, second):
    days = bookings.arrival(table)
    return table[days < first], table[(days >= first) & days < second], table[days >= second]


def other_half(table, first, second):
    days = bookings.arrival(table)
    return table[days < first], table[days >= first & (days < second)], table[days >= second]


def masks(table, first, second):
    days = bookings.arrival(table)
    return days < first, (days >= first) & (days < second), days >= second


def with_holes(table, first, second):
    days = bookings.arrival(table)
    return table[days < first], table[(days > first) & (days < second)], table[days > second]


def only_days(table, first, second):
    return [bookings.arrival(part).to_frame() for part in cut(table, first, second)]


temporal_split = Cases(
    right=[cut, cut_by_place],
    wrong=[
        (lambda table, first, second: bookings.split(table), "first y second"),
        (twice_on_the_day, "día del corte"),
        (masks, "filtrar la tabla"),
        (only_days, "todas las columnas"),
        (lambda *arguments: [part.to_numpy() for part in cut(*arguments)], "filtrar la tabla"),
        *[(wrong, "(d >= first) & (d < second)") for wrong in (chained, with_and)],
        *[(wrong, "(d >= first) & (d < second)") for wrong in (without_parentheses, half_parentheses, other_half)],
        (lambda *arguments: cut(*arguments)[::-1], "otro orden"),
        (lambda *arguments: cut(*arguments, before="<="), "día del corte"),
        (lambda *arguments: cut(*arguments, after=">"), "día del corte"),
        (overlapping, "dos partes"),
        (with_holes, "Se pierden filas"),
        (lambda *arguments: cut(*arguments)[:2], "return train, validation, test"),
        (lambda table, *_: (table[:2], table[2:5], table[5:]), "fila por fila"),
    ],
)


def auc_by_hand(y, score):
    total, pairs = 0.0, 0
    for a in score[y == 1]:
        for b in score[y == 0]:
            total += 1 if a > b else 0.5 if a == b else 0
            pairs += 1
    return total / pairs


def differences(y, score):
    return score[y == 1][:, None] - score[y == 0]


def in_a_row(y, score):
    return zip(score[y == 1], score[y == 0], strict=False)


auc = Cases(
    right=[auc_by_hand, roc_auc_score, lambda y, score: (np.sign(differences(y, score)).mean() + 1) / 2],
    wrong=[
        (lambda y, score: (differences(y, score) > 0).mean(), "Faltan los empates"),
        (lambda y, score: (differences(y, score) >= 0).mean(), "la mitad, no un acierto"),
        (lambda y, score: 1 - auc_by_hand(y, score), "al revés"),
        (lambda y, score: ((score >= 0.5) == y).mean(), "exactitud"),
        (lambda y, score: roc_auc_score(y, score >= 0.5), "no la decisión"),
        (lambda y, score: (score[y == 1] > score[y == 0]).mean(), "canceled[:, None] - kept"),
        (lambda y, score: np.mean([a > b for a, b in in_a_row(y, score)]), "en su mismo lugar"),
        (lambda y, score: np.mean([(a > b) + (a == b) / 2 for a, b in in_a_row(y, score)]), "en su mismo lugar"),
        (lambda y, score: auc_by_hand(y, score) * (y == 1).sum() * (y == 0).sum() / len(y), "no por el de reservas"),
        (lambda y, score: np.mean(score[:, None] > score[None, :]), "una cancelada y una que no"),
        (lambda y, score: score[y == 1].mean() - score[y == 0].mean(), "pareja por pareja"),
        (lambda y, score: auc_by_hand(y, score) * (y == 1).sum() * (y == 0).sum(), "número de parejas"),
    ],
)

suspects = Cases(
    right=[
        lambda audit, least: audit["gain"][audit["gain"] > least].sort_values()[::-1].index,
        lambda audit, least: sorted(audit.index[audit.gain > least], key=lambda name: -audit.gain[name]),
    ],
    wrong=[
        (lambda audit, least: [name for name in audit.index if audit.gain > least], "la tabla entera"),
        (lambda audit, least: audit.index[audit.auc_alone > 0.6].tolist(), "no auc_alone"),
        (lambda audit, least: audit.index[audit.gain > least].tolist(), "otro orden"),
        (lambda audit, least: audit[audit.gain > least].sort_values("gain").index.tolist(), "otro orden"),
        (lambda audit, least: audit[audit.gain > least].sort_values("auc_alone").index[::-1], "otro orden"),
        (lambda audit, least: audit[audit.gain >= least].sort_values("gain").index[::-1], "sin incluir"),
        (lambda audit, least: audit.nlargest(1, "gain").index.tolist(), "Faltan columnas"),
        (lambda audit, least: audit[audit.gain > least].sort_index().index.tolist(), "otro orden"),
        (lambda audit, least: audit[audit.gain > least], ".index.tolist()"),
        (lambda audit, least: audit.gain[audit.gain > least], ".index.tolist()"),
        (lambda audit, least: int((audit.gain > least).sum()), ".index.tolist()"),
        (lambda audit, least: audit.sort_values("gain", ascending=False).index.tolist(), "Falta filtrar"),
        (lambda audit, least: audit[audit.gain > 0.01].sort_values("gain").index[::-1], "el least que recibes"),
        (lambda audit, least: audit[audit.auc_with > least].sort_values("gain").index[::-1], "Compara esa columna"),
    ],
)


def scaled(x, by):
    return (x - by.mean(axis=0)) / by.std(axis=0)


def by_scikit_learn(train, other):
    from sklearn.preprocessing import StandardScaler

    return StandardScaler().fit(train).transform(other)


standardize = Cases(
    right=[by_scikit_learn, lambda train, other: other / train.std(0) - train.mean(0) / train.std(0)],
    wrong=[
        (lambda train, other: scaled(other, other), "tienen que salir de train"),
        (lambda train, other: scaled(other, np.vstack([train, other])), "se cuela"),
        (lambda train, other: other - train.mean(axis=0), "Falta dividir"),
        (lambda train, other: (other - train.mean(axis=0)) / train.std(axis=0, ddof=1), "sin ddof=1"),
        (lambda train, other: other - train.mean(axis=0) / train.std(axis=0), "paréntesis"),
        (lambda train, other: (other - train.mean(axis=0)) / other.std(axis=0), "También la desviación"),
        (lambda train, other: (other - other.mean(axis=0)) / train.std(axis=0), "También la media"),
        (lambda train, other: (other - train.mean(axis=1)) / train.std(axis=1), "axis=1 da una por fila"),
        (lambda train, other: (other - train.mean(1, keepdims=True)) / train.std(axis=0), "axis=1 da una por fila"),
        (lambda train, other: (other - train) / train.std(axis=0), "las filas de other"),
        (
            lambda train, other: (other - train.min(axis=0)) / (train.max(axis=0) - train.min(axis=0)),
            "el mínimo y el máximo",
        ),
        (lambda train, other: (other - train.mean(axis=0)) / train.var(axis=0), "varianza"),
        (lambda train, other: (other - train.mean()) / train.std(), "axis=0"),
        (lambda train, other: (other - train.mean()) / train.std(axis=0), "axis=0"),
        (lambda train, other: (other - train.mean(axis=0)) / train.std(), "axis=0"),
        (lambda train, other: scaled(train, train), "se pide other"),
    ],
)


def sequential(inputs, activation="sigmoid", loss="binary_crossentropy"):
    layers = [keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(1, activation=activation)]
    model = keras.Sequential([keras.Input((inputs,)), *layers])
    model.compile(loss=loss)
    return model


def functional(inputs):
    x = keras.Input((inputs,))
    hidden = keras.layers.Dropout(0.5)(keras.layers.Dense(16, activation="relu")(x))
    model = keras.Model(x, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(optimizer="adam", loss=keras.losses.BinaryCrossentropy())
    return model


def stack(*layers):
    def build(inputs):
        model = keras.Sequential([keras.Input((inputs,)), *(layer() for layer in layers)])
        model.compile("adam", "binary_crossentropy")
        return model

    return build


def hidden():
    return keras.layers.Dense(8, activation="relu")


def probability():
    return keras.layers.Dense(1, activation="sigmoid")


def without_input(inputs):
    model = keras.Sequential([hidden(), probability()])
    model.compile("adam", "binary_crossentropy")
    return model


def not_compiled(inputs):
    return keras.Sequential(
        [keras.Input((inputs,)), keras.layers.Dense(4), keras.layers.Dense(1, activation="sigmoid")]
    )


network = Cases(
    right=[
        sequential,
        functional,
        without_input,
        lambda inputs: models.mlp(inputs, 30, "binary", dropout=0.3, l2=1e-4),
        lambda inputs: stack(lambda: models.mlp(inputs, (8,), "binary"))(inputs),
        lambda inputs: sequential(inputs, loss="bce"),
        lambda inputs: sequential(inputs, loss=[keras.losses.binary_crossentropy]),
        lambda inputs: sequential(inputs, loss=keras.losses.BinaryCrossentropy(name="mine", label_smoothing=0.1)),
        lambda inputs: sequential(inputs, loss={"output": "binary_focal_crossentropy"}),
    ],
    wrong=[
        (lambda inputs: models.mlp(inputs, (64, 32), "regression"), "probabilidad"),
        (lambda inputs: models.mlp(inputs, (64, 32), "multiclass", classes=3), "basta una"),
        (lambda inputs: models.mlp(inputs, (), "binary"), "hidden=(64, 32)"),
        (lambda inputs: models.mlp(163, (64, 32), "binary"), "no la escribas fija"),
        (lambda inputs: sequential(inputs, activation="softmax"), "una sola neurona"),
        (not_compiled, "model.compile"),
        (lambda inputs: sequential(inputs, loss="mean_squared_error"), "entropía cruzada"),
        (lambda inputs: sequential(inputs, loss=None), "entropía cruzada binaria"),
        (lambda inputs: sequential(inputs, loss="binary_cross_entropy"), "'binary_crossentropy'"),
        (lambda inputs: sequential(inputs, loss="categorical_crossentropy"), "entropía cruzada binaria"),
        (lambda inputs: sequential(inputs, loss="sparse_categorical_crossentropy"), "entropía cruzada binaria"),
        (lambda inputs: sequential(inputs, loss=keras.losses.BinaryCrossentropy(from_logits=True)), "Quita from_"),
        (stack(hidden, probability, lambda: keras.layers.Dropout(0.5)), "no de la salida"),
        (stack(hidden, lambda: keras.layers.Dense(1), keras.layers.Softmax), "una sola neurona"),
        (stack(keras.layers.BatchNormalization, probability), "hidden=(64, 32)"),
        (lambda inputs: "binary", "models.mlp"),
    ],
)


def mean_val_loss(runs):
    return runs.groupby("variante").val_loss.mean()


choose = Cases(
    right=[
        lambda runs: mean_val_loss(runs).sort_values().index[0],
        lambda runs: min(set(runs.variante), key=lambda name: runs[runs.variante == name].val_loss.mean()),
    ],
    wrong=[
        (lambda runs: runs.groupby("variante").test_loss.mean().idxmin(), "la prueba no se usa"),
        (lambda runs: runs.variante[runs.val_loss.idxmin()], "semilla con suerte"),
        (lambda runs: runs.groupby("variante").loss.mean().idxmin(), "memoriza"),
        (lambda runs: mean_val_loss(runs).idxmax(), "mayor pérdida"),
        (lambda runs: runs.groupby("variante").val_loss.median().idxmin(), "mediana"),
        (lambda runs: runs.groupby("variante").val_loss.max().idxmin(), "peor semilla"),
        (lambda runs: runs.groupby("variante").val_loss.sum().idxmin(), "menor suma"),
        (lambda runs: (mean_val_loss(runs) - runs.groupby("variante").loss.mean()).idxmin(), "menor brecha"),
        (lambda runs: "Dropout", "menor val_loss media"),
        (lambda runs: runs.val_loss.idxmin(), "sobre la media de cada una"),
        (lambda runs: mean_val_loss(runs).min(), "Devuelve el nombre"),
        (lambda runs: mean_val_loss(runs).argmin(), "Devuelve el nombre"),
        (lambda runs: mean_val_loss(runs).nsmallest(1), "Devuelve el nombre"),
    ],
)


def cost(y, p, threshold, empty_room, walked_guest):
    total = 0.0
    for canceled, probability in zip(y, p, strict=True):
        if canceled and probability < threshold:
            total += empty_room
        if not canceled and probability >= threshold:
            total += walked_guest
    return total / len(y)


expected_cost = Cases(
    right=[
        cost,
        lambda y, p, t, e, w: bookings.expected_cost(y, p, t, bookings.Costs(e, w)),
    ],
    wrong=[
        (lambda y, p, t, e, w: cost(y, p, t, e, w) * len(y), "promedia"),
        (lambda y, p, t, e, w: cost(y, p, t, e, w) * len(y) / ((p >= t) != y).sum(), "solo entre los errores"),
        (lambda y, p, t, e, w: e * (p[y == 1] < t).mean() + w * (p[y == 0] >= t).mean(), "por separado"),
        (lambda y, p, t, e, w: cost(y, p, t, w, e), "cambiados"),
        (lambda y, p, t, e, w: cost(1 - y, p, t, e, w), "y == 1 es que se canceló"),
        (lambda y, p, t, e, w: cost(y, p, t, 0, w), "quedan vacías"),
        (lambda y, p, t, e, w: cost(y, p, t, e, 0), "no caben"),
        (lambda y, p, t, e, w: np.mean((p >= t) != y) * (e + w), "no los sumes"),
        (lambda y, p, t, e, w: cost(y, p, 0.5, e, w), "no 0.5"),
        (lambda y, p, t, e, w: cost(y, p, t, 100, 300), "no 100 y 300"),
        (lambda y, p, t, e, w: (e * (y == 1 and not p >= t) + w * (y == 0 and p >= t)).mean(), "entre paréntesis"),
        (lambda y, p, t, e, w: (e * (y == 1 & p < t) + w * (y == 0 & p >= t)).mean(), "entre paréntesis"),
        (lambda y, p, t, e, w: (e * (y == 1) * -(p >= t)).mean(), "entre paréntesis"),
    ],
)

break_even = Cases(
    right=[
        lambda empty_room, walked_guest: 1 / (1 + empty_room / walked_guest),
        lambda empty_room, walked_guest: 1 - empty_room / (empty_room + walked_guest),
    ],
    wrong=[
        (lambda e, w: e / (w + e), "al revés"),
        (lambda e, w: w / e, "falta despejar"),
        (lambda e, w: e / w, "falta despejar"),
        (lambda e, w: 0.75, "solo para 100"),
        (lambda e, w: 0.5, "solo conviene cuando"),
        (lambda e, w: 1 - e / w, "Revisa el despeje"),
        (lambda e, w: 100 * w / (w + e), "en porcentaje"),
        (lambda e, w: w / w + e, "Faltan paréntesis"),
        (lambda e, w: w / e + w, "Faltan paréntesis"),
    ],
)


def table_of(ids, probability):
    return pd.DataFrame({"id": ids, "prob_cancelacion": np.ravel(probability)})


submission = Cases(
    right=[
        lambda ids, probability: pd.DataFrame({"id": list(ids), "prob_cancelacion": probability[:, 0]}),
        lambda ids, probability: pd.DataFrame(
            zip(ids, probability.ravel(), strict=True), columns=["id", "prob_cancelacion"]
        ),
        lambda ids, probability: pd.DataFrame(
            [[one, value] for one, (value,) in zip(ids, probability, strict=True)], columns=["id", "prob_cancelacion"]
        ),
    ],
    wrong=[
        (lambda ids, probability: table_of(ids, probability).rename(columns={"prob_cancelacion": "p"}), "minúsculas"),
        (lambda ids, probability: table_of(ids, probability)[["prob_cancelacion", "id"]], "ese orden"),
        (lambda ids, probability: table_of(ids, probability >= 0.5), "decisión"),
        (lambda ids, probability: table_of(ids, 1 - probability), "no se cancele"),
        (lambda ids, probability: table_of(ids, probability.round(1)), "No redondees"),
        (lambda ids, probability: table_of(ids, probability.round(2)), "No redondees"),
        (lambda ids, probability: table_of(ids, 100 * probability), "porcentaje"),
        (lambda ids, probability: table_of(range(3), probability), "tal como llegan"),
        (lambda ids, probability: np.ravel(probability), "pd.DataFrame"),
        (lambda ids, probability: pd.DataFrame({"id": ids, "prob_cancelacion": probability}), "Aplánala"),
        (lambda ids, probability: pd.DataFrame({"id": ids, "prob_cancelacion": list(probability)}), "Aplánala"),
        (lambda ids, probability: pd.DataFrame({"id": ids, "prob_cancelacion": probability[0]}), "una por id"),
    ],
)
