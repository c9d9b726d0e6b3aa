import re

import keras
import numpy as np
import pandas as pd
import pytest

from course import models, training
from course.errors import CourseError

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 3))
Y = (X.sum(axis=1) > 0).astype(float)


def build():
    return models.mlp(3, (8,), "binary", optimizer=keras.optimizers.Adam(0.05))


class InterruptAfter(keras.callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.last = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.last:
            raise KeyboardInterrupt


def test_the_history_has_one_row_per_epoch_and_the_network_learns():
    model = build()
    history = training.fit(model, X, Y, epochs=10, progress=False)
    assert history.index.tolist() == list(range(1, 11))
    assert {"loss", "val_loss", "accuracy", "val_accuracy"} == set(history.columns)
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
    assert history.attrs["best_epoch"] == 10
    assert not history.attrs["interrupted"]


def test_the_same_seed_gives_the_same_history_and_another_one_another():
    def run(seed):
        keras.utils.set_random_seed(1)
        return training.fit(build(), X, Y, epochs=3, seed=seed, progress=False)["val_loss"].tolist()

    assert run(0) == run(0)
    assert run(0) != run(1)


def test_early_stopping_puts_the_best_weights_back():
    model = build()
    noise = rng.integers(0, 2, len(X)).astype(float)
    validation = (X[:50], 1 - noise[:50])  # learning the noise can only harm here
    history = training.fit(model, X, noise, epochs=60, validation=validation, patience=3, progress=False)
    best = history["val_loss"].idxmin()
    assert len(history) < 60
    assert history.attrs["best_epoch"] == best
    assert model.evaluate(*validation, verbose=0)[0] == pytest.approx(history["val_loss"][best], rel=1e-4)


def test_patience_can_watch_an_accuracy():
    model = build()
    history = training.fit(model, X, Y, epochs=30, patience=2, monitor="val_accuracy", progress=False)
    assert history.attrs["best_epoch"] == history["val_accuracy"].idxmax()


@pytest.mark.parametrize(
    ("metric", "better"),
    [("mae", min), ("binary_crossentropy", min), ("auc", max), ("cosine_similarity", max)],
)
def test_patience_knows_which_of_keras_metrics_should_fall(metric, better):
    model = build()
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy", metrics=[metric])
    monitor = f"val_{metric}"
    history = training.fit(model, X, Y[:, None], epochs=4, patience=4, monitor=monitor, progress=False)
    assert history[monitor][history.attrs["best_epoch"]] == better(history[monitor])


def test_patience_survives_a_training_that_diverges():
    model = build()
    model.compile(keras.optimizers.SGD(1e30), "mean_squared_error")
    history = training.fit(model, X, Y, epochs=9, patience=2, progress=False)
    assert history["val_loss"].isna().all()
    assert history.attrs["best_epoch"] == 1


def test_an_interrupted_fit_keeps_its_history_and_goes_on():
    model = build()
    validation = (X[:50], Y[:50])
    options = {"epochs": 6, "validation": validation, "patience": 5, "progress": False}
    first = training.fit(model, X, Y, callbacks=[InterruptAfter(3)], **options)
    assert len(first) == 3
    assert first.attrs["interrupted"]
    best = first["val_loss"].min()
    assert model.evaluate(*validation, verbose=0)[0] == pytest.approx(best, rel=1e-4)
    whole = training.fit(model, X, Y, history=first, **options)
    assert whole.index.tolist() == list(range(1, 7))
    assert whole.iloc[:3].equals(first)


def test_a_resumed_fit_does_not_lose_a_best_epoch_from_before():
    model = build()
    validation = (X[:50], Y[:50])
    first = training.fit(model, X, Y, epochs=5, validation=validation, patience=5, progress=False)
    best = model.evaluate(*validation, verbose=0)[0]
    model.optimizer.learning_rate = 50.0  # everything from here on is worse
    whole = training.fit(model, X, Y, epochs=7, validation=validation, patience=5, history=first, progress=False)
    assert whole.attrs["best_epoch"] == first.attrs["best_epoch"]
    assert model.evaluate(*validation, verbose=0)[0] == pytest.approx(best, rel=1e-4)


def test_a_resumed_fit_tells_the_epoch_whose_weights_it_began_with():
    validation = (X[:50], Y[:50])
    options = {"validation": validation, "progress": False}
    model = build()
    first = training.fit(model, X, Y, epochs=4, **options)
    model.optimizer.learning_rate = 5.0
    worse = training.fit(model, X, Y, epochs=5, history=first, **options)
    assert worse["val_loss"].idxmin() < 5, "the best epoch's weights are lost: without patience nobody kept them"
    model.optimizer.learning_rate = 50.0
    whole = training.fit(model, X, Y, epochs=7, patience=5, history=worse, **options)
    best = whole.attrs["best_epoch"]
    assert best >= 5
    assert model.evaluate(*validation, verbose=0)[0] == pytest.approx(whole["val_loss"][best], rel=1e-4)
    assert training.fit(model, X, Y, epochs=7, history=whole, **options).attrs["best_epoch"] == best


@pytest.mark.parametrize(("epochs", "best"), [(2, {2}), (4, {3, 4})])
def test_a_history_without_validation_can_go_on_with_patience(epochs, best):
    model = build()
    first = training.fit(model, X, Y, epochs=2, validation=None, progress=False)
    whole = training.fit(model, X, Y, epochs=epochs, patience=5, history=first, progress=False)
    assert whole.attrs["best_epoch"] in best


def test_a_complete_history_trains_no_further():
    model = build()
    first = training.fit(model, X, Y, epochs=2, progress=False)
    before = model.get_weights()
    again = training.fit(model, X, Y, epochs=2, history=first, progress=False)
    assert len(again) == 2
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_no_validation():
    history = training.fit(build(), X, Y, epochs=2, validation=None, progress=False)
    assert set(history.columns) == {"loss", "accuracy"}


def test_progress_is_one_line_in_a_log(capsys):
    training.fit(build(), X, Y, epochs=3)
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert out.startswith("Época 3 de 3 · ")
    assert re.search(r"pérdida \d\.\d{4} \(validación \d\.\d{4}\)", out)


@pytest.mark.parametrize("problem", ["binary", "regression"])
def test_the_line_fits_in_jupyterlabs_window(capsys, problem):
    training.fit(models.mlp(3, (8,), problem), X, Y, epochs=10)
    assert len(capsys.readouterr().out.rstrip()) <= 105, "it would be broken in the middle of a number"


def test_progress_rewrites_its_line_in_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    training.fit(build(), X, Y, epochs=3)
    out = capsys.readouterr().out
    assert out.count("\r") == 4
    assert out.count("\n") == 1
    assert "quedan" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs=0"),
        ({"epochs": 2.5}, "epochs=2.5"),
        ({"batch_size": -1}, "batch_size=-1"),
        ({"patience": 0}, "patience=0"),
        ({"validation": 0.0}, "validation=0.0"),
        ({"validation": 1.0}, "validation=1.0"),
        ({"validation": float("nan")}, "validation no puede ser nan"),
        ({"validation": "0.2"}, "validation no puede ser '0.2'"),
        ({"validation": (X, Y, Y)}, "un par"),
        ({"epochs": None}, "epochs=None"),
        ({"seed": -1}, "seed=-1"),
        ({"validation": None, "patience": 2}, "validation=None"),
        ({"x": X[:, :2]}, r"\(2,\).*\(3,\)"),
        ({"x": X[:10]}, "10 filas"),
        ({"x": X[:0], "y": Y[:0]}, "0 filas"),
        ({"x": np.where(X > 2, np.nan, X)}, "NaN"),
        ({"x": X.astype(str)}, "no son números"),
        ({"y": np.eye(2)[Y.astype(int)]}, r"\(200, 2\)"),
        ({"monitor": "val_acuracy", "patience": 2}, "val_acuracy.* val_accuracy"),
        ({"monitor": "acuracy", "patience": 2, "validation": None}, "acuracy"),
        ({"monitor": None, "patience": 2}, "monitor=None"),
        ({"callbacks": "early"}, "'e', que no es un callback"),
        ({"callbacks": 3}, "3, que no es un callback"),
        ({"x": [[1, 2, 3], [1, 2]], "y": [0, 1]}, "x tiene filas de distinto largo"),
        ({"history": [0.3, 0.2]}, r"history debe ser la tabla que devuelve training.fit, no \[0.3, 0.2\]"),
        ({"history": pd.Series([0.3])}, "history debe ser la tabla"),
    ],
)
def test_errors_say_what_is_wrong(options, message):
    with pytest.raises(CourseError, match=message):
        training.fit(**{"model": build(), "x": X, "y": Y, "epochs": 1, "progress": False, **options})


def test_callbacks_may_be_none_as_in_keras():
    assert len(training.fit(build(), X, Y, epochs=1, progress=False, callbacks=None)) == 1


def test_a_model_that_is_not_compiled_is_refused():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    with pytest.raises(CourseError, match="compilado"):
        training.fit(model, X, Y)


def test_a_model_that_does_not_know_its_inputs_is_told_where_to_say_them():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mean_squared_error")
    with pytest.raises(CourseError, match=r"keras\.Input\(\(3,\)\)"):
        training.fit(model, X, Y, progress=False)


@pytest.mark.parametrize(
    ("integer_labels", "y"), [(True, [0, 1, 3]), (True, [-1, 0, 1]), (True, [0, 1, 1.5]), (False, [0, 1, 2])]
)
def test_labels_that_do_not_fit_the_output_are_refused(integer_labels, y):
    model = models.mlp(3, (4,), "multiclass", classes=3, integer_labels=integer_labels)
    with pytest.raises(CourseError):
        training.fit(model, X[:3], y, validation=None)


@pytest.mark.parametrize("labels", [Y + 1, 2 * Y - 1])
def test_a_binary_crossentropy_takes_no_other_labels_than_0_and_1(labels):
    with pytest.raises(CourseError, match="de 0 a 1"):
        training.fit(build(), X, labels, progress=False)


def test_a_loss_may_be_an_object_of_keras():
    model = models.mlp(3, (4,), "multiclass", classes=3)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy())
    assert len(training.fit(model, X, Y, epochs=1, progress=False)) == 1
    with pytest.raises(CourseError, match="de 0 a 2"):
        training.fit(model, X, Y + 2, progress=False)


def test_repeat_gives_one_row_per_seed_and_their_mean():
    runs = training.repeat(build, X, Y, seeds=range(3), epochs=3, test=(X, Y), progress=False)
    assert runs.index.tolist() == [0, 1, 2]
    assert runs["val_loss"].nunique() == 3
    assert (runs["best_epoch"] == 3).all()
    mean, sd = (float(part) for part in training.mean_sd(runs)["test_accuracy"].split(" ± "))
    assert mean == pytest.approx(runs["test_accuracy"].mean(), abs=5e-4)
    assert sd == pytest.approx(runs["test_accuracy"].std(), abs=5e-4)


@pytest.mark.parametrize(("title", "told"), [("", ""), ("L1", "L1 · ")])
def test_repeat_tells_in_one_line_what_it_repeats(capsys, monkeypatch, title, told):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    training.repeat(build, X, Y, seeds=[4, 5], epochs=1, title=title)
    written = [line.rstrip() for line in capsys.readouterr().out.split("\r")]
    assert written == ["", f"{told}semilla 1 de 2", f"{told}semilla 2 de 2", f"{told}2 de 2 semillas"]


def test_an_interrupted_repeat_goes_on_where_it_was():
    class InterruptSecondRun(keras.callbacks.Callback):
        runs = 0

        def on_train_begin(self, logs=None):
            self.runs += 1
            if self.runs == 2:
                raise KeyboardInterrupt

    partial = training.repeat(build, X, Y, seeds=[4, 5], epochs=2, progress=False, callbacks=[InterruptSecondRun()])
    assert partial.index.tolist() == [4]
    whole = training.repeat(build, X, Y, seeds=[4, 5], epochs=2, progress=False, runs=partial)
    assert whole.index.tolist() == [4, 5]
    assert whole.loc[4].equals(partial.loc[4])


@pytest.mark.parametrize("place", ["build", "evaluate"])
def test_a_repeat_interrupted_outside_fit_keeps_its_complete_runs(monkeypatch, place):
    calls = []

    def interrupted(real):
        def call(*arguments, **options):
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return real(*arguments, **options)

        return call

    if place == "evaluate":
        monkeypatch.setattr(keras.Model, "evaluate", interrupted(keras.Model.evaluate))
    make = interrupted(build) if place == "build" else build
    options = {"epochs": 1, "validation": None, "test": (X, Y), "progress": False}
    partial = training.repeat(make, X, Y, seeds=[4, 5], **options)
    assert partial.index.tolist() == [4]


def test_repeat_refuses_a_network_that_it_has_trained_already():
    model = build()
    with pytest.raises(CourseError, match="misma red"):
        training.repeat(lambda: model, X, Y, seeds=range(2), epochs=1, progress=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"build": None}, "build=None no es una función"),
        ({"build": build()}, "Pásala sin llamarla"),
        ({"build": lambda: None}, "build devuelve None.*return"),
        ({"test": X}, "test no puede ser .* un par"),
        ({"test": (X,)}, "un par"),
        ({"runs": [0.9]}, r"runs debe ser la tabla que devuelve training.repeat, no \[0.9\]"),
    ],
)
def test_repeat_says_before_training_what_it_cannot_use(monkeypatch, options, message):
    monkeypatch.setattr(training, "fit", lambda *_, **__: pytest.fail("it trained"))
    with pytest.raises(CourseError, match=message):
        training.repeat(**{"build": build, "x": X, "y": Y, "progress": False, **options})


@pytest.mark.parametrize(("seeds", "message"), [(3, "seeds=3"), (None, "seeds=None"), ([0, "1"], "seed='1'")])
def test_repeat_says_before_training_which_seeds_are_none(seeds, message):
    built = []
    with pytest.raises(CourseError, match=message):
        training.repeat(lambda: built.append(1), X, Y, seeds=seeds, progress=False)
    assert not built


@pytest.mark.parametrize(
    ("runs", "decimals", "message"),
    [
        ("abc", 3, "training.repeat, no 'abc'"),
        (None, 3, "no None"),
        (pd.Series([0.1, 0.2]), 3, "training.repeat"),
        (pd.DataFrame(), 3, "dos semillas"),
        (pd.DataFrame({"loss": [0.1, 0.2], "red": ["a", "b"]}), 3, "'red' no tiene números"),
        (pd.DataFrame({"loss": [0.1, 0.2]}), -1, "decimals=-1"),
        (pd.DataFrame({"loss": [0.1, 0.2]}), None, "decimals=None"),
    ],
)
def test_mean_sd_says_what_it_cannot_sum_up(runs, decimals, message):
    with pytest.raises(CourseError, match=message):
        training.mean_sd(runs, decimals)


def test_mean_sd_needs_two_runs():
    runs = training.repeat(build, X, Y, seeds=[0], epochs=1, progress=False)
    with pytest.raises(CourseError, match="dos semillas"):
        training.mean_sd(runs)
