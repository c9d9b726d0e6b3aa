"""The reference solution: Dense, Dropout and kernel regularizers over vectors learnt for agents and other categories.

Its columns are those of `course.bookings.derive`. A category goes in twice: as a vector (Keras's `Embedding`) and, for
agents and crosses, as the share of its bookings that were canceled (scikit-learn's `TargetEncoder`). A network believes
such a share too much if its own bookings were counted in it, so each training row gets the share among bookings made
on other days: rooms booked together never tell on each other. The day of arrival is no input: what a network learns of
past days misleads it about later ones.
"""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder, StandardScaler, TargetEncoder

from course.bookings.calibrating import log_odds
from course.bookings.derived import BOOKED, CROSSES, NAMED, NUMERIC, check_derived, outcomes
from course.environment import check_seed, import_keras, set_seed
from course.errors import CourseError
from course.validation import count

keras = import_keras()

RATED = ("agent", "company", *CROSSES)
"""Columns whose categories go in as their share of cancellations too."""

_DATED, _PRICE = "arrival_day", "adr"
_COUNTS = tuple(name for name in NUMERIC if name not in (_DATED, _PRICE))
_FARTHEST = 4.0  # standard deviations
_RATE_FOLDS = 5
_LEAST = 0.01  # a category of a few bookings is not taken for one that never cancels, or always
_STEPS_AT_ONCE = 16  # small steps: a quarter of the time would go into calling them one by one


def embedding_network(
    numbers,
    sizes,
    *,
    hidden=(256, 128),
    width=8,
    input_dropout=0.1,
    dropout=0.2,
    l2=1e-4,
    learning_rate=0.003,
    weight_decay=0.05,
    label_smoothing=0.03,
    steps=1000,
):
    """Build and compile the network of the solution.

    Parameters
    ----------
    numbers : int
        Inputs that are numbers.
    sizes : sequence of int
        Categories of each column that is one.
    hidden : sequence of int
        Units of each hidden layer, all of them ReLU.
    width : int
        Length of the vector of each category.
    input_dropout, dropout : float
        Share of the inputs that are numbers, and of the vectors' entries and the hidden units, dropped in training.
    l2 : float
        Penalty of the squared weights of the Dense layers.
    learning_rate, weight_decay : float
        Of AdamW. The rate climbs during the first tenth of the steps, then falls to 0 along a cosine.
    label_smoothing : float
        0 and 1 are taught as half of it more and less: some bookings of any kind are canceled.
    steps : int
        Batches that the training will take in all.

    Returns
    -------
    keras.Model
        From ``{"numbers": (n, numbers), "categories": (n, len(sizes))}`` to probabilities, (n, 1). A column's codes
        begin where those of the column before end, so that one table holds all vectors.
    """
    layers, regularizer = keras.layers, keras.regularizers.L2(l2)
    inputs = {
        "numbers": keras.Input((numbers,), name="numbers"),
        "categories": keras.Input((len(sizes),), dtype="int32", name="categories"),
    }
    vectors = layers.Flatten()(layers.Embedding(sum(sizes), width)(inputs["categories"]))
    known = layers.Dropout(input_dropout)(inputs["numbers"])
    x = layers.Concatenate()([known, layers.Dropout(dropout)(vectors)])
    for units in hidden:
        x = layers.Dense(units, "relu", kernel_initializer="he_normal", kernel_regularizer=regularizer)(x)
        x = layers.Dropout(dropout)(x)
    model = keras.Model(inputs, layers.Dense(1, "sigmoid", kernel_regularizer=regularizer)(x))
    warmup = max(1, steps // 10)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warmup), warmup_target=learning_rate, warmup_steps=warmup
    )
    model.compile(
        optimizer=keras.optimizers.AdamW(rate, weight_decay=weight_decay),
        loss=keras.losses.BinaryCrossentropy(label_smoothing=label_smoothing),
        steps_per_execution=_STEPS_AT_ONCE,
    )
    return model


class Encoder(BaseEstimator):
    """From the columns of `derive` to the two inputs of `embedding_network`.

    Parameters
    ----------
    min_frequency : int
        Bookings that a category needs for a vector of its own; the others, and those never seen, share one. In a column
        that has none so rare, one never seen takes the vector of the most common one.
    smooth : float
        Bookings of the average share that each category counts from the start.

    Attributes
    ----------
    sizes_ : list of int
        Categories of each column, after `fit_transform`.
    """

    def __init__(self, min_frequency=400, smooth=50.0):
        self.min_frequency = min_frequency
        self.smooth = smooth

    def fit_transform(self, columns, y):
        """Learn from the training rows and return their inputs, each row's shares learnt from other days."""
        self.numbers_ = _numbers().fit(columns)
        self.names_ = OrdinalEncoder(
            min_frequency=self.min_frequency, handle_unknown="use_encoded_value", unknown_value=-1, dtype=np.int32
        ).fit(columns[list(NAMED)])
        codes = self.names_.transform(columns[list(NAMED)])
        self.sizes_ = (codes.max(axis=0) + 1).tolist()
        self.unseen_ = [
            _most_common(column) if rare is None else size - 1  # the rare ones' code comes last
            for column, rare, size in zip(codes.T, self.names_.infrequent_categories_, self.sizes_, strict=True)
        ]
        y = np.asarray(y).astype(int)
        rates = TargetEncoder(target_type="binary", smooth=self.smooth)
        others = _others_rates(rates, columns, y)
        self.rates_ = rates.fit(columns[list(RATED)], y)
        self.scale_ = StandardScaler().fit(others)
        return self._inputs(columns, codes, others)

    def transform(self, columns):
        """Return the inputs of other rows."""
        rates = log_odds(self.rates_.transform(columns[list(RATED)]), _LEAST)
        return self._inputs(columns, self.names_.transform(columns[list(NAMED)]), rates)

    def _inputs(self, columns, codes, rates):
        codes = np.where(codes < 0, self.unseen_, codes) + np.cumsum([0, *self.sizes_[:-1]])
        numbers = np.hstack([self.numbers_.transform(columns), self.scale_.transform(rates)])
        return {"numbers": numbers.astype(np.float32), "categories": codes.astype(np.int32)}


class Network(ClassifierMixin, BaseEstimator):
    """One network, or the mean of several that differ in their seed; a classifier as scikit-learn knows them.

    The default settings are the reference solution's, chosen on months before the test.

    Parameters
    ----------
    members : int
        Networks; from 2 on, an ensemble.
    seed : int
        Of the first one; the others' follow.
    epochs, batch_size : int
    min_frequency : int
    smooth : float
        As in `Encoder`.
    options : dict, optional
        For `embedding_network`.

    Examples
    --------
    >>> train, validation, test = bookings.split(table)  # doctest: +SKIP
    >>> network = Network(members=5).fit(bookings.derive(train), bookings.target(train))  # doctest: +SKIP
    >>> network.predict_proba(bookings.derive(test))[:, 1]  # doctest: +SKIP
    """

    def __init__(self, members=1, seed=0, epochs=8, batch_size=256, min_frequency=400, smooth=50.0, options=None):
        self.members = members
        self.seed = seed
        self.epochs = epochs
        self.batch_size = batch_size
        self.min_frequency = min_frequency
        self.smooth = smooth
        self.options = options

    def fit(self, columns, y):
        """Train on the columns of `derive`, shape (n, …), and outcomes of zeros and ones, shape (n,).

        Raises
        ------
        CourseError
            If the bookings were made on fewer than 5 days, or an argument is something else.
        """
        for name in ("members", "epochs", "batch_size"):
            count(name, getattr(self, name))
        check_seed(self.seed)
        check_derived(columns)
        y = outcomes(columns, y)
        if not len(columns):
            raise CourseError("La tabla de entrenamiento no tiene filas: no hay de qué aprender.")
        if columns[BOOKED].nunique() < _RATE_FOLDS:
            raise CourseError(
                f"Las reservas de entrenamiento ({len(columns)}) se hicieron en menos de {_RATE_FOLDS} días distintos. "
                "Hacen falta más: cuánto se cancela en cada agencia se aprende de las que se hicieron otros días."
            )
        self.classes_ = np.array([0, 1])
        self.encoder_ = Encoder(self.min_frequency, self.smooth)
        inputs, y = self.encoder_.fit_transform(columns, y), np.asarray(y, np.float32)
        self.models_ = [self._train(inputs, y, self.seed + member) for member in range(self.members)]
        return self

    def predict_proba(self, columns):
        """Return the probabilities of staying and of canceling, shape (n, 2)."""
        check_derived(columns)
        if not len(columns):
            return np.empty((0, 2))
        inputs = self.encoder_.transform(columns)
        canceled = np.mean([model.predict(inputs, batch_size=4096, verbose=0)[:, 0] for model in self.models_], axis=0)
        return np.column_stack([1 - canceled, canceled])

    def predict(self, columns):
        """Return 1 for the bookings that are more likely canceled than not, 0 for the others."""
        return self.classes_[self.predict_proba(columns).argmax(axis=1)]

    def _train(self, inputs, y, seed):
        set_seed(seed)
        steps = self.epochs * -(-len(y) // self.batch_size)
        sizes = self.encoder_.sizes_
        model = embedding_network(inputs["numbers"].shape[1], sizes, steps=steps, **(self.options or {}))
        model.fit(inputs, y, batch_size=self.batch_size, epochs=self.epochs, verbose=0)
        return model


def _most_common(codes):
    return int(np.bincount(codes).argmax())


def _numbers():
    """Return the transformer of the columns that are numbers: standardised, counts by their logarithm."""
    log = FunctionTransformer(np.log1p)
    near = FunctionTransformer(np.clip, kw_args={"a_min": -_FARTHEST, "a_max": _FARTHEST})
    fill = SimpleImputer(strategy="median", keep_empty_features=True)  # a hotel may have no prices
    return ColumnTransformer(
        [
            ("counts", make_pipeline(fill, log, StandardScaler(), near), list(_COUNTS)),
            ("price", make_pipeline(fill, StandardScaler(), near), [_PRICE]),
        ]
    )


def _others_rates(rates, columns, y):
    """Return, for each row, its categories' shares among the bookings made on other days, as log-odds."""
    rated = columns[list(RATED)]
    found = np.empty(rated.shape)
    for rest, held_out in GroupKFold(_RATE_FOLDS).split(rated, y, groups=columns[BOOKED]):
        found[held_out] = rates.fit(rated.iloc[rest], y[rest]).transform(rated.iloc[held_out])
    return log_odds(found, _LEAST)
