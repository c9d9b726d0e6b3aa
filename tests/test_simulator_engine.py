import csv
import json
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from course.errors import CourseError
from course.simulator import Experiment, Settings, kernel, link, schedule, start

GOLDEN = json.loads((Path(__file__).parent / "data" / "playground_golden.json").read_text())
golden = pytest.mark.parametrize(
    "case", GOLDEN, ids=lambda case: f"{case['config']['dataset']}-{case['config']['seed']}"
)
SPIRAL = {"dataset": "spiral", "noise": 25, "train_percent": 60, "activation": "relu", "learning_rate": 0.1, "seed": 1}


def url_of(config):
    """Return the playground's link to a golden case."""
    keys = {"noise": "noise", "percTrainData": "perc", "batchSize": "batch", "learningRate": "lr", "activation": "act"}
    values = {key: config[name] for key, name in (keys | {"seed": "seed"}).items()}
    values |= {"regularization": config.get("reg", "none"), "regularizationRate": config.get("rate", 0)}
    values["networkShape"] = ",".join(map(str, config["layout"]))
    regression = config["dataset"].startswith("reg-")
    values |= {"problem": "regression"} if regression else {}
    values["regDataset" if regression else "dataset"] = config["dataset"]
    return "https://playground.tensorflow.org/#" + "&".join(f"{k}={v}" for k, v in values.items())


@golden
@pytest.mark.parametrize("lanes", kernel.LANES)
def test_golden_cases_from_their_data_and_weights_to_1e_12_through_epoch_100(case, lanes):
    settings = Settings(**link.read(url_of(case["config"])))
    x, y = start.arrays(settings, np.array(case["train"]), np.array(case["test"]))
    theta = np.concatenate([np.ravel(layer[key]) for key in ("W", "b") for layer in case["init"]])
    state = kernel.start(settings.rules, np.repeat(theta[:, None], lanes, axis=1), [0] * lanes)
    data = np.repeat(x, lanes, axis=2), np.repeat(y, lanes, axis=2), len(case["train"])
    first = kernel.evaluate(settings.rules, state, *data)[np.newaxis]
    rest = kernel.train(settings.rules, state, *data, [settings.learning_rate] * 100)
    losses = np.concatenate([first, rest])
    for epoch, *expected in case["losses"]:
        np.testing.assert_allclose(losses[epoch].T, np.broadcast_to(expected, (lanes, 2)), rtol=0, atol=1e-12)
    assert np.all((state.alive == 0).sum(axis=0) == case["dead_links_at_100"])


@golden
def test_golden_cases_from_their_link_alone_to_1e_9_through_epoch_50(case):
    experiment = Experiment.from_url(url_of(case["config"]))
    np.testing.assert_allclose(experiment.train_points, case["train"], rtol=0, atol=1e-15)
    for weights, biases, layer in zip(experiment.weights, experiment.biases, case["init"], strict=True):
        np.testing.assert_array_equal(weights, np.transpose(layer["W"]))
        np.testing.assert_array_equal(biases, layer["b"])
    history = experiment.run(50)
    for epoch, *expected in case["losses"]:
        if epoch <= 50:
            found = history.loc[epoch, ["train_loss", "test_loss"]]
            np.testing.assert_allclose(found.astype(float), expected, rtol=0, atol=1e-9)


def test_run_tells_every_epoch_from_0_on_and_goes_on_where_it_stopped():
    parts = Experiment(**SPIRAL)
    first = parts.run(3)
    assert list(first.columns) == ["epoch", "train_loss", "test_loss"]
    assert first["epoch"].tolist() == [0, 1, 2, 3]
    assert first["train_loss"].iloc[0] == Experiment(**SPIRAL).losses[0]
    pd.testing.assert_frame_equal(parts.run(4), Experiment(**SPIRAL).run(7))
    assert parts.step()
    assert parts.epoch == 8
    pd.testing.assert_frame_equal(parts.run(0), parts.history)


@pytest.mark.parametrize("epochs", [-1, 2.5, "10", None, True])
def test_epochs_must_be_a_number_of_epochs(epochs):
    with pytest.raises(CourseError, match="epochs debe ser un número entero"):
        Experiment(**SPIRAL).run(epochs)


def test_the_output_and_the_losses_are_those_of_the_weights():
    experiment = Experiment(
        layers=(5, 3), activation=("relu", "sigmoid"), inputs=("x", "xTimesY"), **drop("activation")
    )
    experiment.run(20)
    points = experiment.test_points
    h = np.stack([points[:, 0], points[:, 0] * points[:, 1]], axis=1)
    units = []
    functions = (lambda u: np.maximum(u, 0), lambda u: 1 / (1 + np.exp(-u)), np.tanh)
    for w, b, activation in zip(experiment.weights, experiment.biases, functions, strict=True):
        h = activation(h @ w + b)
        units.append(h)
    np.testing.assert_allclose(experiment.predict(points), h, rtol=1e-12)
    np.testing.assert_allclose(experiment.unit_outputs(points).T, np.hstack(units), rtol=1e-12, atol=1e-15)
    assert experiment.losses[1] == pytest.approx(np.mean((h[:, 0] - points[:, 2]) ** 2) / 2, rel=1e-12)
    assert experiment.accuracy() == np.mean(np.sign(h[:, 0]) == points[:, 2])


def drop(name):
    """Return SPIRAL without one of its settings."""
    return {key: value for key, value in SPIRAL.items() if key != name}


def test_what_is_written_into_weights_and_biases_counts():
    experiment = Experiment(layers=(), seed=1)
    experiment.weights[0][:, 0], experiment.biases[0][0] = (2.0, -1.0), 0.5
    np.testing.assert_allclose(experiment.predict([[1.0, 3.0]]), [[np.tanh(2 - 3 + 0.5)]], rtol=1e-14)
    before = experiment.weights[0].copy()
    experiment.step()
    assert np.all(experiment.weights[0] != before)


def test_reset_gives_the_same_weights_or_the_next_ones():
    experiment = Experiment(dropout=0.2, **SPIRAL)
    start_weights = [w.copy() for w in experiment.weights]
    first = experiment.run(10)
    experiment.reset()
    assert experiment.epoch == 0
    pd.testing.assert_frame_equal(experiment.run(10), first)
    experiment.reset(new_weights=True)
    assert len(experiment.history) == 1
    assert all(np.all(a != b) for a, b in zip(experiment.weights, start_weights, strict=True))
    again = [w.copy() for w in experiment.weights]
    experiment.run(3)
    experiment.reset()
    np.testing.assert_array_equal(experiment.weights[0], again[0])


def test_the_rate_changes_while_it_trains():
    experiment = Experiment(**SPIRAL)
    experiment.run(3)
    experiment.change(learning_rate=0, regularization="L2", regularization_rate=5)
    still = experiment.run(2)
    assert still["train_loss"].iloc[-1] == still["train_loss"].iloc[-2]
    experiment.change(learning_rate=0.03)
    assert experiment.settings.learning_rate == 0.03
    norm = np.abs(experiment.weights[0]).sum()
    experiment.run(5)
    assert np.abs(experiment.weights[0]).sum() < 0.5 * norm
    with pytest.raises(CourseError, match=r"layers no se puede cambiar en marcha.*variant\(layers=…\)"):
        experiment.change(layers=(3,))
    with pytest.raises(CourseError, match=r"learning_rate \(la tasa de aprendizaje\) debe ser un número"):
        experiment.change(learning_rate=-1)


def test_a_variant_is_a_new_experiment_on_the_same_data():
    experiment = Experiment(**SPIRAL)
    experiment.run(2)
    other = experiment.variant(layers=(8, 8))
    assert (other.epoch, other.settings.units) == (0, (2, 8, 8, 1))
    np.testing.assert_array_equal(other.train_points, experiment.train_points)


def test_without_a_seed_one_is_drawn_and_told():
    one, two = Experiment(), Experiment()
    assert one.settings.seed != two.settings.seed
    np.testing.assert_array_equal(Experiment(seed=one.settings.seed).weights[0], one.weights[0])


@pytest.mark.parametrize(("name", "limit"), [("he", np.sqrt(6 / 40)), ("glorot", np.sqrt(6 / 80)), ("uniform", 0.5)])
def test_initializers_reach_keras_limits(name, limit):
    experiment = Experiment(layers=(40, 40), initializer=name, seed=1)
    weights = experiment.weights[1]
    assert 0.97 * limit < np.abs(weights).max() <= limit
    assert all(np.all(biases == 0.1) for biases in experiment.biases)


def test_from_zero_a_network_does_not_break_its_symmetry():
    experiment = Experiment(init_zero=True, **SPIRAL)
    assert not any(a.any() for a in (*experiment.weights, *experiment.biases))
    experiment.run(5)
    assert np.ptp(experiment.weights[0], axis=1).max() == 0


def test_schedules_multiply_the_rate():
    stepped = Experiment(schedule="step:3,0.5", **SPIRAL)
    stepped.run(7)
    by_hand = Experiment(**SPIRAL)
    for epochs, rate in ((3, 0.1), (3, 0.05), (1, 0.025)):
        by_hand.change(learning_rate=rate)
        by_hand.run(epochs)
    pd.testing.assert_frame_equal(stepped.history, by_hand.history)


@pytest.mark.parametrize(
    ("text", "factors"),
    [
        ("constant", [1, 1, 1]),
        ("exponential:0.5", [1, 0.5, 0.25]),
        ("cosine:4", [1, (1 + np.sqrt(0.5)) / 2, 0.5]),
        ("step:2,0.1", [1, 1, 0.1]),
    ],
)
def test_schedules_by_their_numbers(text, factors):
    np.testing.assert_allclose(schedule.factors(text, 0, 3), factors)
    np.testing.assert_allclose(schedule.factors(text, 1, 2), factors[1:])


@pytest.mark.parametrize("text", ["zigzag", "step:100", "step:100,0.5,3", "step:a,b", "cosine:0", "exponential:-1", ""])
def test_schedules_that_are_none(text):
    with pytest.raises(CourseError, match=r"step:100,0\.5"):
        Experiment(schedule=text)


def test_stop_conditions():
    reached = Experiment(target_loss=0.3, layers=(8, 8), **SPIRAL)
    history = reached.run(500)
    assert history["test_loss"].iloc[-1] <= 0.3 < history["test_loss"].iloc[-2]
    assert reached.stopped.endswith(f"en la época {reached.epoch}: objetivo alcanzado.")

    patient = Experiment(patience=10, layers=(1,), **SPIRAL)
    tests = patient.run(500)["test_loss"].tolist()
    assert len(tests) < 500
    assert tests.index(min(tests)) == len(tests) - 11
    assert "10 épocas sin mejorar" in patient.stopped


def test_a_run_that_diverges_stops_and_says_so():
    experiment = Experiment(dataset="reg-plane", layers=(8, 8), activation="relu", learning_rate=100, seed=1)
    history = experiment.run(200)
    assert not np.isfinite(history.iloc[-1]).all()
    assert np.isfinite(history.iloc[:-1]).all(axis=None)
    assert "Baja la tasa de aprendizaje" in experiment.stopped
    assert experiment.run(5).equals(history)
    experiment.reset()
    experiment.change(learning_rate=0.01)
    assert np.isfinite(experiment.run(5)).all(axis=None)
    assert experiment.stopped is None


def test_heat_maps_have_y_upwards_and_x_to_the_right():
    experiment = Experiment(layers=(3,), inputs=("x", "ySquared"), seed=1)
    maps = experiment.heat_maps(25)
    assert [m.shape for m in maps] == [(2, 25, 25), (3, 25, 25), (1, 25, 25)]
    np.testing.assert_allclose(maps[0][0][0], np.linspace(-6, 6, 25))
    assert maps[0][1][0, 0] == maps[0][1][-1, 0] == 36
    corner = experiment.unit_outputs([[6.0, 5.5]])[:, 0]
    np.testing.assert_array_equal([maps[1][0][1, -1], maps[2][0][1, -1]], corner[[0, 3]])


@pytest.mark.parametrize(
    "settings", [{}, {"dataset": "spiral", "classes": 3}, {"loss": "cross_entropy", "dropout": 0.4}]
)
def test_gradients_are_the_slopes_of_the_training_loss(settings):
    experiment = Experiment(**({"layers": (3, 2), "seed": 3, "noise": 10, "batch_size": 7} | settings))
    experiment.run(4)
    weights, biases = experiment.gradients()

    def loss():
        x, y = start.arrays(experiment.settings, experiment.train_points, experiment.test_points)
        return kernel.evaluate(experiment.settings.rules, state, x, y, len(experiment.train_points))[0, 0]

    theta = np.concatenate([np.ravel(a.T) for a in (*experiment.weights, *experiment.biases)])
    state = kernel.start(experiment.settings.rules, theta[:, None], [0])
    slopes = []
    for i in range(len(theta)):
        up_down = []
        for epsilon in (1e-6, -1e-6):
            state.theta[i, 0] = theta[i] + epsilon
            up_down.append(loss())
        state.theta[i, 0] = theta[i]
        slopes.append((up_down[0] - up_down[1]) / 2e-6)
    np.testing.assert_allclose(np.concatenate([np.ravel(a.T) for a in (*weights, *biases)]), slopes, atol=1e-7)
    np.testing.assert_array_equal([w.shape for w in weights], [w.shape for w in experiment.weights])


def test_dead_units_are_the_relu_ones_that_never_answer():
    experiment = Experiment(layers=(4, 3), activation=("relu", "tanh"), seed=1)
    experiment.biases[0][2], experiment.biases[1][1] = -1e3, -1e3
    first, second = experiment.dead_units()
    assert first.tolist() == [False, False, True, False]
    assert not second.any()
    assert Experiment(layers=(), seed=1).dead_units() == []


def test_more_than_two_classes_are_learnt_and_counted():
    experiment = Experiment(dataset="gauss", classes=3, layers=(6,), seed=1)
    experiment.run(60)
    table = experiment.confusion()
    assert table.shape == (3, 3)
    assert table.to_numpy().sum() == len(experiment.test_points)
    assert experiment.accuracy() == np.trace(table) / table.to_numpy().sum() > 0.95
    np.testing.assert_allclose(experiment.predict(experiment.test_points).sum(axis=1), 1)
    with pytest.raises(CourseError, match="no hay clases"):
        Experiment(dataset="reg-plane").accuracy()


def test_dropout_and_optimizers_change_the_run():
    runs = {
        name: Experiment(layers=(8,), **SPIRAL, **settings).run(5)["train_loss"].iloc[-1]
        for name, settings in {
            "plain": {},
            "dropout": {"dropout": 0.3},
            "momentum": {"optimizer": "momentum"},
            "adam": {"optimizer": "adam"},
            "entropy": {"loss": "cross_entropy"},
        }.items()
    }
    assert len(set(runs.values())) == len(runs)


@pytest.mark.parametrize("text", ["exponential:1.1", "step:1,10"])
def test_a_rate_that_grows_without_end_diverges_like_any_other(text):
    experiment = Experiment(schedule=text, seed=1)
    assert len(experiment.run(10_000)) < 10_000
    assert "Baja la tasa de aprendizaje" in experiment.stopped


def test_own_points_from_arrays_frames_and_files(tmp_path):
    rng = np.random.default_rng(0)
    xy = rng.normal(size=(60, 2)).round(2)
    names = np.array(["gato", "perro"])[(xy[:, 0] > 0) * 1]
    frame = pd.DataFrame({"ancho": xy[:, 0], "alto": xy[:, 1], "animal": names})
    comma, bare, semicolon, quoted = (tmp_path / f"{name}.csv" for name in "abcd")
    frame.to_csv(comma, index=False)
    frame.to_csv(bare, index=False, header=False)
    frame.to_csv(semicolon, index=False, sep=";", decimal=",")
    quoted.write_text("\n" + frame.to_csv(index=False, header=False, quoting=csv.QUOTE_ALL))
    numbers = np.column_stack([xy, np.where(xy[:, 0] > 0, 7, 3)])
    experiments = [
        Experiment(frame, seed=1),
        Experiment(numbers, seed=1),
        Experiment.from_csv(comma, seed=1),
        Experiment.from_csv(bare, seed=1),
        Experiment.from_csv(semicolon, seed=1),
        Experiment.from_csv(quoted, seed=1),
    ]
    histories = [experiment.run(30) for experiment in experiments]
    for experiment, history in zip(experiments, histories, strict=True):
        pd.testing.assert_frame_equal(history, histories[0])
        np.testing.assert_array_equal(experiment.train_points[:, 2], np.sign(experiment.train_points[:, 0] - 1e-9))
    assert experiments[0].variant(layers=(2,)).settings.layers == (2,)
    assert experiments[0].variant(dataset="xor").settings.dataset == "xor"
    with pytest.raises(CourseError, match="elige una de las dos cosas"):
        Experiment(frame, dataset="spiral")
    three = Experiment(np.column_stack([xy, np.arange(60) % 3]), seed=1)
    assert three.settings.units[-1] == three.variant(layers=()).settings.units[-1] == 3
    regression = Experiment(np.column_stack([xy, xy[:, 0] / 3]), dataset="reg-own", learning_rate=0.1, seed=1)
    assert regression.run(200)["test_loss"].iloc[-1] < 0.01


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([[1, 2], [3, 4], [1, 2], [3, 4]], "tres columnas"),
        ([[1, 2, 1]], "al menos cuatro filas"),
        ([[1, "dos", 1], [1, 2, 0], [1, 2, 1], [1, 2, 0]], "no es un número"),
        ([[1, 2, 1], [1, np.nan, 0], [1, 2, 1], [1, 2, 0]], "en la fila 2"),
        ([[1, 2, 1], [1, pd.NA, 0], [1, 2, 1], [1, 2, 0]], "no es un número"),
        ([[1, 2, 1], [1, 2, 0], [1, 2, 1], [1, 2, np.nan]], "Falta la etiqueta de la fila 4"),
        ([[1, 2, "a"], [1, 2, "b"], [1, 2, None], [1, 2, "b"]], "Falta la etiqueta de la fila 3"),
        ([[1, 2, 1], [1, 2, 1], [1, 2, 1], [1, 2, 1]], "1 etiquetas distintas"),
        (np.arange(90).reshape(30, 3), "30 etiquetas distintas.*reg-own"),
    ],
)
def test_own_points_that_cannot_be(points, message):
    with pytest.raises(CourseError, match=message):
        Experiment(points, batch_size=1)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(CourseError, match="No encuentro el archivo"):
        Experiment.from_csv(tmp_path / "no.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(CourseError, match="No pude leer"):
        Experiment.from_csv(tmp_path / "empty.csv")
    (tmp_path / "long.csv").write_text("x,y,clase\n" + "1,2,3,gato\n4,5,6,perro\n" * 5)
    with pytest.raises(CourseError, match="más campos que su primera línea"):
        Experiment.from_csv(tmp_path / "long.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x80" * 20)
    with pytest.raises(CourseError, match="No pude leer"):
        Experiment.from_csv(tmp_path / "binary.csv")


def test_numpys_numbers_are_settings_like_any_others():
    numbers = {"layers": np.arange(2, 4), "batch_size": np.int64(5), "noise": np.int64(25), "dropout": np.float64(0.5)}
    settings = Experiment(**numbers, seed="1").settings
    assert settings.with_changes() == settings
    assert (settings.layers, settings.batch_size, settings.noise, settings.dropout) == ((2, 3), 5, 25, 0.5)
    for no in (np.False_, 0):
        assert Experiment.from_url(Experiment(init_zero=no).to_url()).settings.init_zero is False
    assert {type(units) for units in settings.layers} | {type(settings.noise)} == {int}, "a link spells them out"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"capas": (3,)}, "«capas» no es un ajuste.*layers"),
        ({"layers": 3}, r"layers debe ser una lista"),
        ({"layers": (3, "x")}, "de 1 a 512 neuronas, y una tiene 'x'"),
        ({"layers": (1,) * 33}, "33 capas ocultas"),
        ({"inputs": "x"}, "inputs debe ser una lista"),
        ({"inputs": ("z",)}, "inputs no puede ser «z»"),
        ({"inputs": [["x", "y"]]}, r"inputs no puede ser «\['x', 'y'\]»"),
        ({"activation": ("relu",)}, "una activación por capa oculta.*activation tiene 1 y layers, 2"),
        ({"activation": None}, "activation debe ser un nombre o una lista"),
        ({"batch_size": 0}, r"batch_size \(el tamaño del lote\) debe ser un número entero entre 1"),
        ({"batch_size": 300}, "batch_size=300 es más que los 250 puntos"),
        ({"noise": "mucho"}, r"noise \(el ruido\) debe ser un número"),
        ({"learning_rate": float("nan")}, r"learning_rate \(la tasa de aprendizaje\) debe ser un número"),
        ({"dropout": 1}, r"dropout \(la proporción de Dropout\) debe ser un número entre 0 y 0.95"),
        (
            {"patience": float("inf")},
            r"patience \(la paciencia, en épocas\) debe ser un número entero desde 1, y es inf",
        ),
        ({"init_zero": "no"}, "init_zero debe ser True o False, y es 'no'"),
        ({"optimizer": "rmsprop"}, "optimizer no puede ser «rmsprop».*sgd, momentum, adam"),
        ({"loss": "cross_entropy", "dataset": "reg-plane"}, "entropía cruzada es para clasificar"),
        ({"classes": 3}, "«circle» no admite 3 clases"),
        ({"dataset": "own"}, "tus puntos"),
        ({"seed": "a&b"}, "la semilla viaja en el enlace.*'a&b'"),
        ({"seed": ""}, "la semilla viaja en el enlace"),
    ],
)
def test_bad_settings_are_told_in_spanish(settings, message):
    with pytest.raises(CourseError, match=f"(?i){message}"):
        Experiment(**settings)


def test_its_text_has_no_address_that_would_differ_from_run_to_run():
    experiment = Experiment(layers=(4,), seed=1)
    experiment.run(2)
    assert repr(experiment) == "<Experimento: circle, red 2 → 4 → 1, época 2>"


def test_training_in_a_thread_of_its_own_gives_the_same():
    found = []
    thread = threading.Thread(target=lambda: found.append(Experiment(**SPIRAL).run(20)))
    thread.start()
    thread.join()
    pd.testing.assert_frame_equal(found[0], Experiment(**SPIRAL).run(20))


def test_an_experiment_loads_no_keras_and_leaves_no_noise_behind():
    code = (
        "import sys; from course.simulator import Experiment; Experiment(seed=1).advance(2);"
        "print([name for name in ('keras', 'tensorflow', 'matplotlib', 'pandas', 'numba') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
