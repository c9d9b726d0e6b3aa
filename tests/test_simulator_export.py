import numpy as np
import pytest

from course import toydata
from course.environment import import_keras
from course.simulator import Experiment

POINTS = np.random.default_rng(0).uniform(-6, 6, (300, 2))


@pytest.fixture(scope="module", autouse=True)
def keras():
    """Keras, in whose single precision a network was built before: the exported one must be double all the same."""
    keras = import_keras()
    keras.layers.Dense(1)
    yield keras
    assert keras.config.floatx() == "float32"


def predictions(experiment, model):
    return model.predict(toydata.features(POINTS, experiment.settings.inputs), verbose=0)


CASES = {
    "plain": {},
    "no hidden layer": {"layers": ()},
    "every input, every activation": {"inputs": tuple(toydata.INPUTS), "layers": (8, 8, 4, 3)},
    "regression": {"dataset": "reg-gauss", "activation": "sigmoid"},
    "classes": {"classes": 4, "noise": 10},
    "dropout, entropy": {"dropout": 0.2, "loss": "cross_entropy", "layers": (8, 8)},
}


@pytest.mark.parametrize("case", CASES)
def test_predictions_are_the_simulators_to_1e_6_even_after_long_training(case):
    settings = {"dataset": "spiral", "activation": "relu", "learning_rate": 0.1, "seed": 1} | CASES[case]
    if len(settings.get("layers", ())) == 4:
        settings["activation"] = ("relu", "tanh", "sigmoid", "linear")
    experiment = Experiment(**settings)
    experiment.run(400)
    model = experiment.to_keras()
    np.testing.assert_allclose(predictions(experiment, model), experiment.predict(POINTS), rtol=0, atol=1e-6)
    for ours, theirs in zip(experiment.weights, model.get_weights()[::2], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_source_alone_builds_the_same_network():
    experiment = Experiment(layers=(6, 3), inputs=("x", "xSquared", "sinY"), seed=2)
    experiment.run(30)
    space = {}
    exec(experiment.to_code(), space)
    np.testing.assert_array_equal(space["features"](POINTS), toydata.features(POINTS, experiment.settings.inputs))
    found = space["model"].predict(space["features"](POINTS), verbose=0)
    np.testing.assert_allclose(found, experiment.predict(POINTS), rtol=0, atol=1e-6)
    assert max(map(len, experiment.to_code().splitlines())) <= 120


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimizer": "momentum"},
        {"optimizer": "adam", "learning_rate": 0.01},
        {"loss": "cross_entropy"},
        {"regularization": "L2", "regularization_rate": 0.02},
        {"regularization": "L1", "regularization_rate": 0.002, "optimizer": "adam"},
        {"dataset": "gauss", "classes": 3, "noise": 30, "batch_size": 3},
        {"dataset": "reg-plane", "activation": "sigmoid"},
        {"schedule": "step:2,0.5"},
    ],
    ids=str,
)
def test_keras_goes_on_training_as_the_simulator_would(settings, keras):
    experiment = Experiment(**({"dataset": "xor", "layers": (6, 3), "seed": 3, "noise": 20} | settings))
    x, y = toydata.features(experiment.train_points), experiment.train_points[:, 2:]
    model = experiment.to_keras()
    if not settings.get("regularization"):
        # Keras takes the mean over batches in single precision.
        assert model.evaluate(x, y, verbose=0) == pytest.approx(experiment.losses[0], rel=1e-6)
    callbacks = []
    if "schedule" in settings:
        line = next(line for line in experiment.to_code().splitlines() if line.startswith("# rate = "))
        space = {"keras": keras, "np": np}
        exec(line.removeprefix("# "), space)
        callbacks = [space["rate"]]
    size = experiment.settings.batch_size
    model.fit(x, y, batch_size=size, epochs=4, shuffle=False, verbose=0, callbacks=callbacks)
    experiment.run(4)
    for ours, theirs in zip(experiment.weights, model.get_weights()[::2], strict=True):
        np.testing.assert_allclose(theirs, ours, atol=2e-5)


def test_a_rate_and_a_momentum_may_be_whole_numbers():
    assert Experiment(learning_rate=3, seed=1).to_keras().optimizer.learning_rate == 3
    optimizer = Experiment(learning_rate=1, optimizer="momentum", momentum=0, seed=1).to_keras().optimizer
    assert (optimizer.learning_rate, optimizer.momentum) == (1, 0)


@pytest.mark.parametrize("settings", [{}, {"loss": "cross_entropy"}], ids=str)
def test_labels_may_be_a_column_of_a_table_or_a_plain_list(settings):
    experiment = Experiment(seed=1, **settings)
    x, y = toydata.features(experiment.train_points), experiment.train_points[:, 2]
    model = experiment.to_keras()
    losses = [model.evaluate(x, labels, batch_size=len(x), verbose=0) for labels in (y, y[:, np.newaxis])]
    assert losses == pytest.approx([experiment.losses[0]] * 2, rel=1e-6)


def test_the_last_comments_tell_where_keras_differs():
    assert "lote incompleto" not in Experiment(batch_size=10, seed=1).to_code()
    code = Experiment(batch_size=7, regularization="L1", schedule="cosine:100", seed=1).to_code()
    assert "último lote incompleto" in code
    assert "puede volver a moverse" in code
    assert "batch_size=7, epochs=100, shuffle=False, initial_epoch=0, callbacks=[rate]" in code
    momentum = Experiment(regularization="L1", optimizer="momentum", seed=1)
    assert "# Lo que" not in momentum.to_code() and "puede volver a moverse" not in momentum.to_code()
    momentum.run(1)
    assert "# Lo que momentum recordaba" in momentum.to_code()
    scheduled = Experiment(schedule="exponential:0.9", seed=1)
    scheduled.run(7)
    assert "epochs=107, shuffle=False, initial_epoch=7, callbacks=[rate]" in scheduled.to_code()


@pytest.mark.parametrize(
    ("settings", "limit", "bias"),
    [({}, 0.5, 0.1), ({"initializer": "he"}, np.sqrt(6 / 200), 0.1), ({"init_zero": True}, 0, 0)],
)
def test_a_layer_of_the_source_starts_as_the_simulators_do(settings, limit, bias):
    space = {}
    exec(Experiment(seed=1, **settings).to_code(), space)
    layer = space["dense"](200, "relu")
    layer.build((None, 200))
    weights, biases = layer.get_weights()
    assert 0.99 * limit <= np.abs(weights).max() <= limit
    np.testing.assert_allclose(biases, bias)
