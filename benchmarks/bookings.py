"""Who predicts cancellations best? All models on the same rows, under the temporal, random and grouped protocols.

Every choice is made on validation: each model family draws as many settings at random as the others (`--draws`), is
fitted to the training rows, and keeps the setting, and the number of trees, of the lowest log loss on validation. Then
it is fitted to training and validation once per seed, and only then asked about the test. The random and the grouped
protocol take the settings of the temporal one; trees are counted anew. What is calibrated takes the setting of what is
not. The network and the ensemble have the settings that `course.bookings.Network` has by default.

Each result is a file of its own in `--out`; Ctrl-C keeps those that are complete, and the same command goes on.
"""

import argparse
import json
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline

from course import bookings, datasets, models, training
from course.bookings.cleaning import CATEGORIES
from course.bookings.derived import BOOKED, NAMED, NUMERIC
from course.bookings.encoding import preprocessor
from course.bookings.splits import places
from course.environment import set_seed
from course.paths import atomic_write

PATIENCE, MOST_TREES, BATCH = 40, 600, 256
CALIBRATED = ", calibrated"
ENCODING = {"min_frequency": 0.004, "calendar": False}  # of one-hot columns: better for each of the three, see README
METRICS = ("auc", "log_loss", "pr_auc", "brier", "ece", "accuracy", "f1", "cost", "cpu")
HEADS = ("AUC", "log loss", "PR AUC", "Brier", "ECE", "accuracy", "F1", "cost, €", "fit, CPU s")


class Majority:
    """The training rate for everybody."""

    columns = "encoded"
    settings: ClassVar = {}

    def fit(self, x, y, *_, **__):
        self.rate = y.mean()
        return self

    def predict(self, x):
        return np.full(len(x), self.rate)


class Encoded:
    """What takes one-hot and scaled columns, and has neither trees nor epochs to count; calibrated if asked."""

    columns = "encoded"

    def __init__(self, make, settings, calibrated=None):
        self.make, self.settings, self.calibrated = make, settings, calibrated

    def fit(self, x, y, setting, seed, rounds=None, validation=None):
        model = make_pipeline(preprocessor(**ENCODING), self.make(setting, seed))
        self.model = (bookings.OutOfTimeCalibration(model) if self.calibrated else model).fit(x, y)
        return self

    def predict(self, x):
        return self.model.predict_proba(x)[:, 1]


class Boosting:
    """Trees one after the other; without `rounds`, as many as validation asks for."""

    common: ClassVar = {"learning_rate": (0.03, 0.05, 0.08, 0.12)}

    def __init__(self, columns):
        self.columns, self.settings = columns, self.common | self.own

    def fit(self, x, y, setting, seed, rounds=None, validation=None):
        self.model = self.make(setting, seed, rounds or MOST_TREES)
        self.rounds = self.train(x, y, validation)
        return self

    def predict(self, x):
        return self.model.predict_proba(x)[:, 1]


class HistGradientBoosting(Boosting):
    own: ClassVar = {
        "max_leaf_nodes": (8, 15, 31, 63), "min_samples_leaf": (20, 50, 100), "l2_regularization": (0.0, 1.0, 10.0),
        "max_features": (0.3, 0.5, 0.8),
    }  # fmt: skip

    def make(self, setting, seed, rounds):
        rounds = min(rounds, 250)  # older ones of scikit-learn cannot stop early on rows that one names
        options = {"categorical_features": "from_dtype", "early_stopping": False, "max_iter": rounds}
        return HistGradientBoostingClassifier(**setting, **options, random_state=seed)

    def train(self, x, y, validation):
        self.model.fit(x, y)
        if validation:
            losses = [log_loss(validation[1], p[:, 1]) for p in self.model.staged_predict_proba(validation[0])]
            self.model.set_params(max_iter=int(np.argmin(losses)) + 1).fit(x, y)
        return self.model.max_iter


class LightGBM(Boosting):
    own: ClassVar = {
        "num_leaves": (15, 31, 63, 127), "min_child_samples": (5, 20, 50), "colsample_bytree": (0.4, 0.6, 0.8),
        "subsample": (0.7, 0.85, 1.0), "reg_lambda": (0.0, 1.0, 5.0), "cat_smooth": (10.0, 30.0, 100.0),
        "max_cat_threshold": (16, 32, 64),
    }  # fmt: skip

    def make(self, setting, seed, rounds):
        from lightgbm import LGBMClassifier

        return LGBMClassifier(**setting, n_estimators=rounds, subsample_freq=1, n_jobs=1, verbose=-1, random_state=seed)

    def train(self, x, y, validation):
        from lightgbm import early_stopping

        extra = {"eval_set": [validation], "callbacks": [early_stopping(PATIENCE, verbose=False)]} if validation else {}
        self.model.fit(x, y, **extra)
        return int(self.model.best_iteration_ or self.model.n_estimators)


class XGBoost(Boosting):
    own: ClassVar = {
        "max_depth": (4, 6, 8, 10), "min_child_weight": (1, 5, 30), "subsample": (0.7, 0.85, 1.0),
        "colsample_bytree": (0.4, 0.6, 0.8), "reg_lambda": (1.0, 5.0, 10.0), "max_cat_to_onehot": (1, 10),
        "max_cat_threshold": (16, 64),
    }  # fmt: skip

    def make(self, setting, seed, rounds):
        from xgboost import XGBClassifier

        options = {"tree_method": "hist", "enable_categorical": True, "n_jobs": 1, "eval_metric": "logloss"}
        return XGBClassifier(**setting, **options, n_estimators=rounds, random_state=seed)

    def train(self, x, y, validation):
        self.model.set_params(early_stopping_rounds=PATIENCE if validation else None)
        self.model.fit(x, y, eval_set=[validation] if validation else None, verbose=False)
        return int(self.model.best_iteration) + 1 if validation else self.model.n_estimators


class CatBoost(Boosting):
    common: ClassVar = {"learning_rate": (0.08, 0.12, 0.2)}
    own: ClassVar = {"depth": (4, 6, 8), "l2_leaf_reg": (3, 10, 30), "random_strength": (1.0, 3.0)}

    def make(self, setting, seed, rounds):
        from catboost import CatBoostClassifier

        options = {"thread_count": 1, "verbose": False, "allow_writing_files": False}
        return CatBoostClassifier(**setting, **options, iterations=rounds, random_seed=seed)

    def train(self, x, y, validation):
        names = list(x.columns[x.dtypes == "category"])
        extra = {"eval_set": (self._texts(validation[0]), validation[1])} if validation else {}
        extra |= {"early_stopping_rounds": PATIENCE} if validation else {}
        self.model.fit(self._texts(x), y, cat_features=names, **extra)
        return int(self.model.tree_count_)

    def predict(self, x):
        return super().predict(self._texts(x))

    def _texts(self, x):
        names = x.columns[x.dtypes == "category"]
        return x.assign(**{name: x[name].astype(object).where(x[name].notna(), "rare") for name in names})


class Student(ClassifierMixin, BaseEstimator):
    """`models.mlp` as a student builds it, its learning rate falling to 0 along a cosine."""

    def __init__(self, hidden=(128, 64), dropout=0.4, l2=1e-3, learning_rate=0.003, epochs=6, seed=0):
        self.hidden, self.dropout, self.l2 = hidden, dropout, l2
        self.learning_rate, self.epochs, self.seed = learning_rate, epochs, seed

    def fit(self, x, y):
        set_seed(self.seed)
        steps = self.epochs * -(-len(x) // BATCH)
        rate = models.keras.optimizers.schedules.CosineDecay(self.learning_rate, steps)
        options = {"dropout": self.dropout, "l2": self.l2, "optimizer": models.keras.optimizers.Adam(rate)}
        self.classes_, self.model_ = np.array([0, 1]), models.mlp(x.shape[1], self.hidden, "binary", **options)
        options = {"epochs": self.epochs, "batch_size": BATCH, "seed": self.seed}
        training.fit(self.model_, x, y, validation=None, progress=False, **options)
        return self

    def predict_proba(self, x):
        canceled = self.model_.predict(x, batch_size=4096, verbose=0).astype(float)
        return np.hstack([1 - canceled, canceled])


class Solution:
    """`bookings.Network` with its defaults: one, several, or several calibrated on later months."""

    columns = "derived"

    def __init__(self, members=1, calibrated=False):
        self.members, self.calibrated, self.settings = members, calibrated, {}

    def fit(self, x, y, setting, seed, rounds=None, validation=None):
        options = {"epochs": rounds} if rounds else {}
        model = bookings.Network(self.members, seed=seed * self.members, **options)
        if self.calibrated:
            model = bookings.OutOfTimeCalibration(model, probe=bookings.Network(seed=seed, **options))
        self.model, self.rounds = model.fit(x, y), rounds
        return self

    def predict(self, x):
        return self.model.predict_proba(x)[:, 1]


def families(members):
    """Return the contestants by name."""
    encoded = {
        "logistic regression": (lambda s, seed: LogisticRegression(**s, max_iter=300),
                                {"C": (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)}),
        "random forest": (lambda s, seed: RandomForestClassifier(60, **s, n_jobs=1, random_state=seed),
                          {"min_samples_leaf": (3, 5, 10, 20), "max_features": ("sqrt", 0.1, 0.2)}),
        "student's mlp": (lambda s, seed: Student(**s, seed=seed),
                          {"hidden": ((64, 32), (128, 64), (128,)), "dropout": (0.3, 0.4, 0.5), "l2": (3e-4, 1e-3),
                           "learning_rate": (0.001, 0.003), "epochs": (4, 6, 8)}),
    }  # fmt: skip
    found = {"majority": Majority()}
    for name, (make, settings) in encoded.items():
        found[name] = Encoded(make, settings)
        found[f"{name}{CALIBRATED}"] = Encoded(make, settings, calibrated=True)
    for columns in ("inputs", "derived"):
        for kind in (HistGradientBoosting, LightGBM, XGBoost, CatBoost):
            found[f"{kind.__name__}, {columns}"] = kind(columns)
    found["network"] = Solution()
    found[f"ensemble of {members}{CALIBRATED}"] = Solution(members, calibrated=True)
    return found


class Rows:
    """A protocol's rows as each contestant takes them; what is learnt comes from the first of the parts."""

    def __init__(self, table, protocol):
        # Worked out from the whole table and then split: a hotel knows all the rooms that were booked together.
        placed, y = places(table, protocol), bookings.target(table)
        derived, clean = bookings.derive(table), bookings.clean(table)
        self.derived, self.clean = (
            [frame[placed == part].reset_index(drop=True) for part in range(3)] for frame in (derived, clean)
        )
        # The encoding takes no day; the calibration needs it to tell earlier from later rows.
        days = [part["arrival_day"] for part in self.derived]
        self.dated = [part.assign(arrival_day=day) for part, day in zip(self.clean, days, strict=True)]
        self.y = [y[placed == part] for part in range(3)]

    def take(self, columns, final):
        """Return what to fit to and what to predict: training and validation, or both of them and test."""
        fit, ask = ([0, 1], 2) if final else ([0], 1)
        y = np.concatenate([self.y[part] for part in fit])
        frames = {"derived": self.derived, "encoded": self.dated, "inputs": self.clean}[columns]
        train, asked = pd.concat([frames[part] for part in fit], ignore_index=True), frames[ask]
        return train, y, asked, self.y[ask]


def as_categories(train, asked, columns):
    """Return what boosting takes: categories seen at least 100 times are pandas's, the rest is missing."""
    names = [*NAMED] if columns == "derived" else [*CATEGORIES, "arrival_weekday"]
    numbers = [*NUMERIC, BOOKED] if columns == "derived" else [name for name in train if name not in names]
    counts = {name: train[name].astype(str).value_counts() for name in names}
    kinds = {name: pd.CategoricalDtype(sorted(count.index[count >= 100])) for name, count in counts.items()}
    return tuple(
        frame[numbers].assign(**{
            name: pd.Series(pd.Categorical(frame[name].astype(str).where(frame[name].astype(str).isin(kind.categories)),
                                           dtype=kind), frame.index)
            for name, kind in kinds.items()
        })
        for frame in (train, asked)
    )  # fmt: skip


def taken(rows, family, final):
    train, y, asked, truth = rows.take(family.columns, final)
    if isinstance(family, Boosting):
        train, asked = as_categories(train, asked, family.columns)
    return train, y, asked, truth


def tune(rows, family, draws, start=None):
    """Return the setting with the lowest log loss on validation, its rounds and the threshold that costs least."""
    x, y, asked, truth = taken(rows, family, final=False)
    random, began, best = np.random.default_rng(0), time.process_time(), None
    count = draws if family.settings and start is None else 1
    for _ in range(count):
        setting = start if start is not None else {k: v[random.integers(len(v))] for k, v in family.settings.items()}
        family.fit(x, y, setting, 0, validation=(asked, truth))
        probability = family.predict(asked)
        found = {
            "setting": setting,
            "rounds": getattr(family, "rounds", None),
            "log_loss": log_loss(truth, probability),
            "auc": bookings.evaluate(truth, probability)["auc"] if np.ptp(probability) else 0.5,
            "threshold": bookings.best_threshold(truth, probability),
        }
        if best is None or found["log_loss"] < best["log_loss"]:
            best = found
    return best | {"tried": count, "cpu": time.process_time() - began}


def final(rows, family, tuned, seed):
    """Fit to training and validation, and measure on the test."""
    x, y, asked, truth = taken(rows, family, final=True)
    began = time.process_time()
    family.fit(x, y, tuned["setting"], seed, rounds=tuned["rounds"])
    cpu = time.process_time() - began
    probability = family.predict(asked).astype(float)
    cost = bookings.expected_cost(truth, probability, tuned["threshold"])
    return bookings.evaluate(truth, probability) | {"cost": cost, "cpu": cpu}


def kept(path, make, *arguments):
    """Return what a file holds; make it first if it is not there."""
    if not path.is_file():
        made = make(*arguments)
        with atomic_write(path, "w") as stream:
            json.dump(made, stream)
    return json.loads(path.read_text(encoding="utf-8"))


def run(out, table, contestants, protocols, seeds, draws):
    for protocol in protocols:
        rows = Rows(table, protocol)
        for name, family in contestants.items():
            slug = _slug(name)
            path, known = out / f"{protocol}-{slug}-tuned.json", out / f"temporal-{_slug(name, plain=True)}-tuned.json"
            other = path != known and known.is_file()
            start = json.loads(known.read_text(encoding="utf-8"))["setting"] if other else None
            tuned = kept(path, tune, rows, family, draws, start)
            print(f"{protocol}, {name}: {tuned}", flush=True)
            for seed in seeds if not name.startswith(("majority", "logistic")) else seeds[:1]:
                path = out / f"{protocol}-{slug}-{seed}.json"
                result = kept(path, final, rows, family, tuned, seed)
                print(f"  seed {seed}: " + " ".join(f"{k}={result[k]:.4f}" for k in METRICS), flush=True)


def report(out, contestants, protocols):
    for protocol in protocols:
        print(f"\n### {protocol}\n\n| model | {' | '.join(HEADS)} |\n| --- |{' ---: |' * len(HEADS)}")
        for name in contestants:
            slug = _slug(name)
            found = [
                json.loads(p.read_text(encoding="utf-8")) for p in sorted(out.glob(f"{protocol}-{slug}-[0-9].json"))
            ]
            if found:
                print(
                    f"| {name} | "
                    + " | ".join(_cell(metric, [one[metric] for one in found]) for metric in METRICS)
                    + " |"
                )


def _slug(name, plain=False):
    """Return the name as files have it; if asked, of what is not calibrated."""
    name = name.removesuffix(CALIBRATED) if plain else name
    return name.replace(" ", "-").replace(",", "").replace("'", "")


def _cell(metric, values):
    if metric in ("cpu", "cost"):
        return f"{np.mean(values):.1f}"
    spread = f" ± {np.std(values, ddof=1):.4f}" if len(values) > 1 and metric in ("auc", "log_loss") else ""
    return f"{np.mean(values):.4f}{spread}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("bookings-results"), help="folder of the results")
    parser.add_argument("--protocols", nargs="+", default=list(bookings.PROTOCOLS[:3]))
    parser.add_argument("--models", nargs="+", help="only those whose name begins like this")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--draws", type=int, default=8, help="settings drawn for each family")
    parser.add_argument("--members", type=int, default=5)
    parser.add_argument("--source", help="as in course.datasets.bookings")
    options = parser.parse_args()
    contestants = families(options.members)
    if options.models:
        contestants = {k: v for k, v in contestants.items() if any(k.startswith(m) for m in options.models)}
    table = datasets.bookings(options.source)
    try:
        run(options.out, table, contestants, options.protocols, range(options.seeds), options.draws)
    except KeyboardInterrupt:
        print("\nInterrupted: the same command goes on from here.")
    report(options.out, contestants, options.protocols)


if __name__ == "__main__":
    main()
