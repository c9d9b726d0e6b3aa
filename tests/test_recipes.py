import dataclasses
import json

import keras
import numpy as np
import pytest

from course import datasets, recipes, tuning
from course.errors import CourseError
from course.paths import resource

SMALL = recipes.Recipe(
    description="una prueba",
    source="esta prueba",
    hidden=(16,),
    epochs=6,
    batch_size=32,
    learning_rate=0.01,
    warmup=1.0,
    dropout=0.1,
    input_dropout=0.1,
    max_norm=2.0,
    label_smoothing=0.1,
    smoothness=1e-4,
    ema_momentum=0.9,
)
rng = np.random.default_rng(0)
Y = rng.integers(0, 3, 330)
X = (rng.normal(size=(330, 16)) + 4 * np.eye(3, 16)[Y]).astype("float32")
TRAIN, HELD_OUT = (X[:230], Y[:230]), (X[230:], Y[230:])


def accuracy(model, x, y):
    return np.mean(model.predict(x, verbose=0).argmax(axis=1) == y)


def test_the_same_seed_trains_the_same_network_and_another_one_another():
    def weights(seed):
        return SMALL.train(*TRAIN, seed=seed, progress=False)[0].get_weights()[0]

    first = weights(0)
    np.testing.assert_array_equal(first, weights(0))
    assert not np.allclose(first, weights(1))


def test_training_learns_and_reports_the_weights_that_it_keeps():
    model, history = SMALL.train(*TRAIN, validation=HELD_OUT, progress=False)
    assert len(history) == SMALL.epochs
    assert accuracy(model, *HELD_OUT) > 0.8
    # The averaged weights are both what the last row was measured with and what the network has now.
    one_hot = keras.utils.to_categorical(HELD_OUT[1], 3)
    figures = model.evaluate(HELD_OUT[0], one_hot, verbose=0, return_dict=True)
    assert history["val_loss"].iloc[-1] == pytest.approx(figures["loss"], rel=1e-4)


def test_validation_rows_change_nothing_in_the_network():
    alone, _ = SMALL.train(*TRAIN, progress=False)
    watched, _ = SMALL.train(*TRAIN, validation=HELD_OUT, progress=False)
    for a, b in zip(alone.get_weights(), watched.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_the_average_of_the_weights_ends_in_the_network():
    def weights(momentum):
        return dataclasses.replace(SMALL, ema_momentum=momentum).train(*TRAIN, progress=False)[0].get_weights()[0]

    plain = weights(None)
    np.testing.assert_allclose(weights(0.0), plain, atol=1e-6)  # an average that forgets all but the last step
    assert not np.allclose(weights(0.9), plain, atol=1e-4)


@pytest.mark.parametrize("warmup", [0.0, 1.0])
def test_the_learning_rate_rises_and_ends_at_zero(warmup):
    schedule = dataclasses.replace(SMALL, warmup=warmup).schedule(rows=230)
    rates = [float(schedule(step)) for step in range(6 * 8 + 1)]  # 230 rows are 8 batches of 32 at most
    assert rates[0] == pytest.approx(0.0 if warmup else 0.01)
    assert rates[int(8 * warmup)] == pytest.approx(max(rates)) == pytest.approx(0.01)
    assert rates[-1] == pytest.approx(0.0, abs=1e-8)


def test_only_the_first_layer_is_smoothed_and_square_images_are_needed():
    model = SMALL.build(16, 3, 230)
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert [type(layer.kernel_regularizer).__name__ for layer in dense] == ["Smoothness", "NoneType"]
    with pytest.raises(CourseError, match=r"smoothness=0\.0001.*15 entradas"):
        SMALL.build(15, 3, 230)
    assert dataclasses.replace(SMALL, smoothness=0.0).build(15, 3, 230).input_shape == (None, 15)


def test_each_unit_of_the_first_layer_sees_one_window_from_the_first_step_to_the_last():
    (images, digits), _ = datasets.mnist()
    recipe = dataclasses.replace(SMALL, window=7, ema_momentum=None, epochs=2, learning_rate=0.1)
    x = images[:300].reshape(-1, 784).astype("float32") / 255
    blank = recipe.build(784, 10, 300, seed=3)
    trained, _ = recipe.train(x, digits[:300], seed=3, progress=False)
    for model in (blank, trained):
        kernel = model.layers[1].get_weights()[0]
        seen = model.layers[1].kernel_constraint.mask(16)
        assert (seen.sum(axis=0) == 49).all()
        assert not kernel[seen == 0].any()
        assert np.linalg.norm(kernel, axis=0).max() <= recipe.max_norm + 1e-5
    # He's variance, for the 49 inputs that a unit sees.
    assert blank.layers[1].get_weights()[0][seen == 1].var() == pytest.approx(2 / 49, rel=0.2)


@pytest.mark.parametrize(
    ("name", "value"),
    [("epochs", 0), ("batch_size", None), ("learning_rate", "a"), ("warmup", 9.0), ("alpha", -1), ("ema_momentum", 2)],
)
def test_a_recipe_says_which_number_is_wrong(name, value):
    with pytest.raises(CourseError, match=f"{name}={value!r}"):
        dataclasses.replace(SMALL, **{name: value})


def test_a_training_of_one_batch_may_be_all_warmup():
    assert float(dataclasses.replace(SMALL, epochs=1, warmup=1.0).schedule(rows=3)(0)) == 0.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": X[:, 0]}, r"x tiene forma \(330,\).*reshape"),
        ({"y": Y + 0.5}, "números de clase"),
        ({"y": Y - 1}, "números de clase"),
        ({"y": np.eye(3)[Y]}, "uno por fila"),
        ({"y": None}, "y tiene valores que no son números"),
        ({"validation": 0.2}, "un par"),
        ({"validation": (X, Y + 1)}, "de 0 a 2"),
    ],
)
def test_data_that_no_recipe_can_train_on_are_told(options, message):
    with pytest.raises(CourseError, match=message):
        SMALL.train(**{"x": X, "y": Y, "progress": False, **options})


@pytest.mark.parametrize("window", [None, 3])
def test_a_trained_network_is_saved_and_loaded(tmp_path, window):
    images = np.pad(X.reshape(-1, 4, 4), ((0, 0), (2, 2), (2, 2))).reshape(len(X), 64)
    model, _ = dataclasses.replace(SMALL, window=window).train(images, Y, progress=False)
    model.save(tmp_path / "red.keras")
    loaded = keras.saving.load_model(tmp_path / "red.keras")
    np.testing.assert_allclose(loaded.predict(images, verbose=0), model.predict(images, verbose=0), atol=1e-6)


@pytest.mark.parametrize("name", recipes.MNIST)
def test_each_recipe_builds_what_it_says_and_learns_digits_in_seconds(name):
    recipe = recipes.MNIST[name]
    model = recipe.build(784, 10, 60000)
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.units for layer in dense] == [*recipe.hidden, 10]
    assert {type(layer).__name__ for layer in model.layers} <= {"Dense", "Dropout"}
    (images, digits), _ = datasets.mnist()
    x, y = images[:4000].reshape(-1, 784).astype("float32") / 255, digits[:4000]
    short = dataclasses.replace(recipe, epochs=4, warmup=0.5, batch_size=50, ema_momentum=None)
    model, _ = short.train(x[:2000], y[:2000], progress=False)
    assert accuracy(model, x[2000:], y[2000:]) > 0.8


SEARCHED = {"mnist": recipes.MNIST, "bookings": recipes.BOOKINGS}


@pytest.mark.parametrize("study", SEARCHED)
def test_what_was_searched_is_the_best_trial_of_its_study(study):
    recipe = SEARCHED[study]["buscada"]
    facts = json.loads((resource("benchmarks") / "studies" / f"{study}.json").read_text(encoding="utf-8"))
    found = facts["hiperparámetros"]
    assert recipe.hidden == (found["units"],) * found["layers"]
    assert recipe.epochs == facts["mejor época"]
    for name in ("activation", "initializer", "batch_size"):
        assert getattr(recipe, name) == found[name]
    for name in ("learning_rate", "dropout", "l1", "l2"):
        assert getattr(recipe, name) == pytest.approx(found[name], rel=5e-3)
    # The search knows of nothing else.
    left = {"warmup": 0.0, "alpha": 1.0, "input_dropout": 0.0, "max_norm": None, "label_smoothing": 0.0}
    left |= {"smoothness": 0.0, "window": None, "ema_momentum": None}
    assert {name: getattr(recipe, name) for name in left} == left
    assert facts["orden"].startswith(f"course tune {study} ")
    assert recipe.source.startswith(facts["orden"].partition(" --sampler")[0])


@pytest.mark.parametrize(
    ("kind", "monitor", "outputs"), [("binary", "val_log_loss", 1), ("multiclass", "val_loss", 10)]
)
def test_a_recipe_trains_the_same_network_as_the_trial_that_it_comes_from(kind, monitor, outputs):
    values = {"activation": "elu", "initializer": "lecun_normal", "dropout": 0.2, "l1": 1e-5, "l2": 1e-4}
    values |= {"batch_size": 32, "learning_rate": 0.01}
    few = [(x, (y > 0).reshape(-1, 1) if outputs == 1 else y * 9 // 2) for x, y in (TRAIN, HELD_OUT)]
    problem = tuning.Network("pocos", lambda: tuning.Data(*few, few[1]), kind, monitor, epochs=3)
    trial, history = problem.train({**values, "layers": 2, "units": 8}, seed=7)
    epochs = history.attrs["best_epoch"]
    recipe = recipes.Recipe("una prueba", "esta", hidden=(8, 8), epochs=epochs, alpha=1.0, **values)
    model, _ = recipe.train(*few[0], seed=7, validation=few[1], progress=False)
    assert model.output_shape == (None, outputs)
    for ours, theirs in zip(model.get_weights(), trial.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_the_classic_is_the_keras_example_in_all_but_how_it_is_trained():
    classic = recipes.MNIST["clasica"]
    assert (classic.hidden, classic.dropout, classic.epochs) == ((512, 512), 0.2, 20)
    assert (classic.input_dropout, classic.max_norm, classic.smoothness) == (0.0, None, 0.0)
