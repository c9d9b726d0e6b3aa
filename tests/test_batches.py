import keras
import numpy as np
import pytest

from course import adam, batches, models, training

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the two versions are TensorFlow's")

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 20)).astype("float32")
Y = (X[:, 0] > 0).astype("float32")


@pytest.fixture
def any_size(monkeypatch):
    monkeypatch.setattr(adam, "LARGE", 1)
    monkeypatch.setattr(batches, "LONG", 1)


@pytest.fixture
def sizes(monkeypatch):
    """The number of rows that each version of the step was made for."""
    made, own = [], keras.Model.train_step
    monkeypatch.setattr(
        keras.Model, "train_step", lambda model, data: made.append(data[0].shape[0]) or own(model, data)
    )
    return made


def build(steps_per_execution=20, **options):
    """A network with all that a step may leave behind: masks, averages, penalties, measures."""
    keras.utils.set_random_seed(0)
    hidden = keras.layers.Dense(16, activation="relu", kernel_regularizer="l2", activity_regularizer="l1")
    layers = [hidden, keras.layers.BatchNormalization(), keras.layers.Dropout(0.5)]
    model = keras.Sequential([keras.Input((20,)), *layers, keras.layers.Dense(1, activation="sigmoid")])
    options = {"optimizer": keras.optimizers.SGD(0.1, momentum=0.9)} | options
    model.compile(
        loss="binary_crossentropy", metrics=["accuracy", "auc"], steps_per_execution=steps_per_execution, **options
    )
    return model


def train(model, x=X, y=Y, epochs=3, **options):
    return training.fit(model, x, y, epochs=epochs, validation=None, progress=False, **options)


@pytest.mark.parametrize("options", [{}, {"steps_per_execution": 1}, {"run_eagerly": True, "steps_per_execution": 1}])
def test_the_results_are_those_of_keras_to_the_bit(options, any_size, sizes):
    model, kerass = build(**options), build(**options)
    history = train(model, epochs=4)
    assert {32} < set(sizes)  # both versions
    keras.utils.set_random_seed(0)
    theirs = kerass.fit(X, Y, epochs=4, verbose=0).history
    assert history.to_dict("list") == theirs
    for one, other in zip(model.get_weights(), kerass.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("rows", "batch_size", "options"),
    [
        (288, 32, {}),  # Keras tells it
        (20, 32, {}),
        (300, 32, {"jit_compile": True}),
    ],
    ids=["all whole", "less than a batch", "XLA"],
)
def test_others_train_as_ever(rows, batch_size, options, any_size, sizes):
    train(build(**options), X[:rows], Y[:rows], batch_size=batch_size)
    assert len(set(sizes)) == 1


def test_neither_small_networks_nor_short_trainings_have_two_versions(monkeypatch, sizes):
    model = models.mlp(20, (4_600,), "binary")
    assert model.count_params() > adam.LARGE
    train(model, epochs=batches.LONG // (300 // 32) - 1, patience=None, callbacks=[StopSoon()])
    assert set(sizes) == {None}
    monkeypatch.setattr(batches, "LONG", 9)
    train(build(), epochs=1)
    assert set(sizes) == {None}
    train(models.mlp(20, (4_600,), "binary"), epochs=1)
    assert set(sizes) == {None, 32}


class StopSoon(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = True


def test_what_was_trained_before_does_not_count(monkeypatch, any_size, sizes):
    monkeypatch.setattr(batches, "LONG", 3 * 9)
    model = build()
    history = train(model, epochs=2)
    train(model, epochs=4, history=history)
    assert set(sizes) == {None}


def test_a_step_of_ones_own_is_left_alone(any_size, sizes):
    class Own(keras.Sequential):
        def train_step(self, data):
            return super().train_step(data)

    model = Own([keras.Input((20,)), *build().layers])
    model.compile("sgd", "binary_crossentropy")
    train(model)
    assert set(sizes) == {None}


def test_keras_own_step_is_back_afterwards_also_after_an_interruption(any_size):
    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            assert "train_step" in vars(self.model)
            raise KeyboardInterrupt

    model = build()
    train(model, callbacks=[Interrupt()])
    assert "train_step" not in vars(model)


def test_the_model_then_trains_with_batches_of_any_size_is_saved_and_goes_on(any_size, tmp_path):
    model, kerass = build(), build()
    train(model, epochs=2)
    keras.utils.set_random_seed(0)
    kerass.fit(X, Y, epochs=2, verbose=0)
    for one, size in ((model, 7), (kerass, 7)):
        keras.utils.set_random_seed(1)
        one.fit(X, Y, epochs=1, batch_size=size, verbose=0)
    model.save(tmp_path / "red.keras")
    model = keras.models.load_model(tmp_path / "red.keras")
    for one, other in zip(model.get_weights(), kerass.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
