import keras
import numpy as np
import pytest

from course import adam, models, training

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 20))
Y = (X[:, 0] > 0).astype(float)

on_tensorflow = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the operation is TensorFlow's")


def build(units=64, **options):
    keras.utils.set_random_seed(0)
    hidden = keras.layers.Dense(units, activation="relu", kernel_regularizer="l2")
    model = keras.Sequential([keras.Input((20,)), hidden, keras.layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.01, **options), "binary_crossentropy", steps_per_execution=20)
    return model


def train(model, epochs=3, **options):
    return training.fit(model, X, Y, epochs=epochs, validation=None, progress=False, **options)


@pytest.fixture
def float64():
    """16 digits tell another formula from another rounding."""

    def use(floatx):
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(floatx)

    use("float64")
    yield
    use("float32")


@pytest.fixture
def every_size(monkeypatch):
    monkeypatch.setattr(adam, "LARGE", 1)


@pytest.fixture
def operations(monkeypatch):
    """What TensorFlow's operation was traced with, once for each weight matrix and bias."""
    tf = pytest.importorskip("tensorflow")
    called, own = [], tf.raw_ops.ResourceApplyAdam
    monkeypatch.setattr(tf.raw_ops, "ResourceApplyAdam", lambda **options: called.append(options) or own(**options))
    return called


@on_tensorflow
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"clipnorm": 0.1},
        {"weight_decay": 0.1},
        {"use_ema": True, "ema_momentum": 0.5},
        {"beta_1": 0.5},
    ],
    ids=lambda options: "-".join(options) or "plain",
)
def test_one_operation_takes_the_steps_that_keras_takes(options, float64, monkeypatch, operations):
    ends = []
    for least in (adam.LARGE, 1):
        monkeypatch.setattr(adam, "LARGE", least)
        model = build(**options)
        train(model)
        ends.append([*model.get_weights(), *(variable.numpy() for variable in model.optimizer.variables)])
        assert bool(operations) == (least == 1)
    for kerass, own in zip(*ends, strict=True):
        np.testing.assert_allclose(own, kerass, rtol=1e-9, atol=1e-12)


@on_tensorflow
def test_large_networks_take_it_by_default_and_small_ones_do_not(operations):
    train(build(units=adam.LARGE // 22), epochs=1)
    assert not operations
    train(build(units=adam.LARGE // 22 + 1), epochs=1)
    assert operations


@on_tensorflow
@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": keras.optimizers.SGD()},
        {"optimizer": keras.optimizers.AdamW()},
        {"optimizer": keras.optimizers.Adam(amsgrad=True)},
        {"optimizer": keras.optimizers.Adam(gradient_accumulation_steps=2)},
        {"jit_compile": True},
    ],
    ids=["SGD", "AdamW", "amsgrad", "accumulation", "XLA"],
)
def test_other_optimizers_and_xla_are_left_alone(change, every_size, operations):
    model = build()
    model.compile(**{"optimizer": "adam", "loss": "binary_crossentropy"} | change)
    train(model, epochs=1)
    assert not operations


@on_tensorflow
def test_training_goes_on_after_saving_as_if_nothing_had_happened(float64, every_size, tmp_path):
    model = build()
    history = train(model, epochs=2)
    model.save(tmp_path / "red.keras")
    loaded = keras.models.load_model(tmp_path / "red.keras")
    assert type(loaded.optimizer) is keras.optimizers.Adam
    ends = [train(one, epochs=4, history=history)["loss"].tolist() for one in (model, loaded)]
    assert ends[0] == pytest.approx(ends[1], rel=1e-12)


@on_tensorflow
def test_keras_own_step_is_back_afterwards_also_after_an_interruption(every_size):
    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            assert "update_step" in vars(model.optimizer)
            raise KeyboardInterrupt

    model = build()
    train(model, callbacks=[Interrupt()])
    assert "update_step" not in vars(model.optimizer)


@on_tensorflow
def test_layers_frozen_after_the_first_training_stay_as_they_are(every_size):
    model = build()
    train(model, epochs=1)
    frozen = model.layers[0].get_weights()[0]
    model.layers[0].trainable = False
    model.compile(model.optimizer, model.loss)
    last = model.layers[1].get_weights()[0]
    train(model, epochs=1)
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], frozen)
    assert (model.layers[1].get_weights()[0] != last).any()


@on_tensorflow
def test_an_embedding_learns_as_keras_teaches_it(float64, monkeypatch):
    codes, ends = rng.integers(0, 50, (300, 2)), []
    for least in (adam.LARGE, 1):
        monkeypatch.setattr(adam, "LARGE", least)
        keras.utils.set_random_seed(0)
        layers = [keras.Input((2,)), keras.layers.Embedding(50, 8), keras.layers.Flatten(), keras.layers.Dense(1)]
        model = keras.Sequential(layers)
        model.compile(keras.optimizers.Adam(0.01), "mean_squared_error")
        training.fit(model, codes, Y, epochs=3, validation=None, progress=False)
        ends.append(model.layers[0].get_weights()[0])
    np.testing.assert_allclose(ends[1], ends[0], rtol=1e-9, atol=1e-12)


def test_the_builders_networks_learn_with_it(every_size):
    model = models.mlp(20, (64,), "binary", dropout=0.2)
    history = train(model, epochs=20)
    assert history["loss"].iloc[-1] < history["loss"].iloc[0] / 2
