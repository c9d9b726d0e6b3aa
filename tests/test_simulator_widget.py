"""The simulator's widget, session and page on the side of Python; `tests/browser` has what needs a browser."""

import base64
import http.client
import json
import re
import subprocess
import sys
import threading
import time

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from course import plots
from course.errors import CourseError
from course.simulator import Experiment, Simulator, frames, static
from course.simulator.session import Session

SPIRAL = "#activation=relu&batchSize=10&dataset=spiral&learningRate=0.1&noise=25&networkShape=8,8&seed=0.42"
TYPES = {"float32": np.float32, "int8": np.int8, "uint8": np.uint8}


class Browser:
    """What a session sends, and a way to answer."""

    def __init__(self, *experiments):
        self.messages = []
        self.session = Session(experiments or [Experiment.from_url(SPIRAL)], self.take)

    def take(self, content, buffer=b""):
        json.dumps(content, allow_nan=False)  # as a notebook and the page both do
        self.messages.append((content, buffer))
        if content["kind"] == "frame" and threading.current_thread().name == "simulator":
            self.session.handle({"kind": "seen", "number": content["number"]})

    def say(self, kind, **body):
        self.messages.clear()
        self.session.handle({"kind": kind, **body})
        return [content["kind"] for content, _ in self.messages]

    def last(self, kind):
        return next(content for content, _ in reversed(self.messages) if content["kind"] == kind)

    def array(self, name, kind="frame"):
        content, buffer = next(message for message in reversed(self.messages) if message[0]["kind"] == kind)
        dtype, place, size = content["layout"][name]
        return np.frombuffer(buffer, TYPES[dtype], size, place)


@pytest.fixture
def browser():
    browser = Browser()
    yield browser
    browser.session.pause()


def until(condition):
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


def test_hello_tells_everything(browser):
    experiment = browser.session.experiments[0]
    assert browser.say("hello") == ["datasets", "state", "frame"]
    about = browser.last("state")["experiments"][0]
    assert about["units"] == (2, 8, 8, 1)
    assert Experiment.from_url(about["url"]).settings == experiment.settings
    np.testing.assert_array_equal(
        browser.array("0.train", "state").reshape(-1, 3), experiment.train_points.astype(np.float32)
    )
    np.testing.assert_array_equal(
        browser.array("0.weights"), np.concatenate([w.ravel() for w in experiment.weights]).astype(np.float32)
    )
    assert browser.array("0.losses").tolist() == list(np.float32(experiment.losses))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("change", {"which": 0, "changes": {"noise": 40}}),
        ("change", {"which": 0, "changes": {"dropout": 7}}),
        ("compare", {"on": True}),
        ("pace", {"epochs": 25}),
    ],
)
def test_a_state_tells_which_request_it_answers(browser, kind, body):
    browser.say(kind, request="vista.1", **body)
    assert browser.last("state")["answers"] == "vista.1"
    browser.say("reset", newWeights=False)
    assert browser.last("state")["answers"] is None


def test_a_step_is_an_epoch_of_the_engine(browser):
    browser.say("step")
    other = Experiment.from_url(SPIRAL)
    other.step()
    assert browser.session.experiments[0].losses == other.losses
    assert browser.last("frame")["experiments"][0]["trainLoss"] == other.losses[0]


def test_playing_trains_and_pausing_stops(browser):
    experiment = browser.session.experiments[0]
    browser.say("play")
    until(lambda: experiment.epoch >= 20)
    browser.say("pause")
    epoch = experiment.epoch
    assert not browser.last("frame")["playing"]
    time.sleep(0.15)
    assert experiment.epoch == epoch
    assert not [thread for thread in threading.enumerate() if thread.name == "simulator"]
    assert experiment.losses == tuple(Experiment.from_url(SPIRAL).run(epoch).iloc[-1][["train_loss", "test_loss"]])


def test_the_losses_arrive_once_each(browser):
    browser.say("hello")
    browser.session.pace = 7
    browser.session.play()
    until(lambda: browser.session.experiments[0].epoch >= 60)
    browser.session.pause()
    rows = []
    for content, buffer in browser.messages:
        if content["kind"] == "frame":
            dtype, place, size = content["layout"]["0.losses"]
            assert content["experiments"][0]["since"] == len(rows)
            rows += np.frombuffer(buffer, TYPES[dtype], size, place).reshape(-1, 2).tolist()
    history = browser.session.experiments[0].history[["train_loss", "test_loss"]]
    np.testing.assert_array_equal(rows, history.to_numpy().astype(np.float32))


def test_nobody_watching_ends_the_training(monkeypatch):
    monkeypatch.setattr("course.simulator.session.PATIENCE", 0.1)
    session = Session([Experiment.from_url(SPIRAL)], lambda content, buffer=b"": None)
    session.play()
    until(lambda: not session.playing)


def test_without_a_limit_it_still_pauses(browser):
    browser.session.pace = 0
    browser.say("play")
    until(lambda: browser.session.experiments[0].epoch > 500)
    browser.say("pause")
    assert not browser.session.playing


def test_weights_and_biases_are_written_exactly(browser):
    where = {"which": 0, "layer": 1, "column": 3}
    before = browser.session.experiments[0].losses
    browser.say("edit", **where, row=2, value=0.123456789)
    browser.say("edit", **where, row=None, value=-5)
    experiment = browser.session.experiments[0]
    assert (experiment.weights[1][2, 3], experiment.biases[1][3]) == (0.123456789, -5)
    assert browser.last("frame")["experiments"][0]["trainLoss"] != before[0]
    assert browser.say("edit", **where, row=0, value=float("nan"))[-1] == "error"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"layers": [3]}, {"layers": (3,)}),
        ({"inputs": ["y", "xSquared"]}, {"inputs": ("y", "xSquared")}),
        ({"dataset": "reg-plane"}, {"dataset": "reg-plane", "classes": 2, "loss": "half_mse"}),
        ({"dataset": "circle"}, {"dataset": "circle", "classes": 2}),
        ({"activation": ["relu", "tanh"], "layers": [3, 3]}, {"activation": ("relu", "tanh")}),
    ],
)
def test_a_change_makes_another_experiment(changes, expected):
    browser = Browser(Experiment(dataset="spiral", classes=3, loss="cross_entropy", seed=1))
    browser.say("change", which=0, changes=changes)
    settings = browser.session.experiments[0].settings
    assert {name: getattr(settings, name) for name in expected} == expected
    assert browser.session.experiments[0].epoch == 0


def test_per_layer_activations_follow_the_number_of_layers():
    browser = Browser(Experiment(layers=(4, 2), activation=("relu", "tanh"), seed=1))
    browser.say("change", which=0, changes={"layers": [4, 2, 2]})
    assert browser.session.experiments[0].settings.activation == ("relu", "tanh", "tanh")
    browser.say("change", which=0, changes={"layers": [4]})
    assert browser.session.experiments[0].settings.activation == ("relu",)


def test_live_changes_keep_the_experiment_and_its_losses(browser):
    experiment = browser.session.experiments[0]
    browser.say("step")
    browser.say("change", which=0, changes={"learning_rate": 0.5, "show_test": True})
    assert browser.session.experiments[0] is experiment
    assert experiment.settings.learning_rate == 0.5
    assert not browser.last("state")["whole"]


def test_a_wrong_change_is_told_and_changes_nothing(browser):
    settings = browser.session.experiments[0].settings
    assert browser.say("change", which=0, changes={"dropout": 7})[-1] == "error"
    assert "dropout" in browser.last("error")["text"]
    assert browser.session.experiments[0].settings == settings


def test_reset_keeps_or_exchanges_the_weights(browser):
    experiment = browser.session.experiments[0]
    first = experiment.weights[0].copy()
    browser.say("step")
    browser.say("reset", newWeights=False)
    np.testing.assert_array_equal(experiment.weights[0], first)
    browser.say("reset", newWeights=True)
    assert (experiment.weights[0] != first).all()
    assert len(browser.session.runs) == 1, "only the first reset ended a run"


def test_runs_are_noted_and_can_be_set_up_again():
    simulator = Simulator(SPIRAL)
    assert simulator.runs.empty
    simulator._session.step()
    losses = simulator.experiment.losses
    simulator._session.change(0, layers=[2])
    assert simulator.runs.loc[0, ["epoch", "train_loss", "test_loss"]].tolist() == [1, *losses]
    simulator._session.handle({"kind": "again", "which": 0, "settings": simulator._session.runs[0]["settings"]})
    assert simulator.experiment.settings == Experiment.from_url(SPIRAL).settings


def test_two_experiments_train_in_step(browser):
    browser.say("compare", on=True)
    browser.say("change", which=1, changes={"activation": "tanh"})
    browser.say("step")
    first, second = browser.session.experiments
    assert (first.epoch, second.epoch) == (1, 1)
    assert (first.settings.activation, second.settings.activation) == ("relu", "tanh")
    np.testing.assert_array_equal(first.train_points, second.train_points)
    browser.say("compare", on=False)
    assert browser.session.experiments == [first]


def test_a_link_opens_and_the_source_is_the_engines(browser):
    browser.say("open", which=0, url="#dataset=xor&seed=0.1")
    assert browser.session.experiments[0].settings.dataset == "xor"
    assert browser.say("open", which=0, url="nada")[-1] == "error"
    browser.say("export", which=0)
    assert browser.last("code")["text"] == browser.session.experiments[0].to_code()


def test_divergence_pauses_and_is_told():
    browser = Browser(Experiment(activation="linear", learning_rate=500, seed=1, dataset="reg-plane"))
    browser.session.pace = 50
    browser.say("play")
    until(lambda: not browser.session.playing)
    browser.say("hello")
    about = browser.last("frame")["experiments"][0]
    assert about["trainLoss"] is None
    assert "Baja la tasa" in about["stopped"]


def test_heat_maps_keep_the_sign_of_every_output():
    experiment = Experiment(seed=1)
    experiment.run(30)
    _, arrays = frames.snapshot(experiment, 0)
    output = experiment.heat_maps(100)[-1][0]
    np.testing.assert_array_equal(arrays["output"].reshape(100, 100) >= 0, output >= 0)
    assert np.abs(arrays["output"].reshape(100, 100) / 128 - np.clip(output, -1, 1)).max() <= 1 / 128 + 1e-12


def test_packed_arrays_start_where_a_browser_can_read_them():
    layout, buffer = frames.pack({"a": np.arange(3, dtype=np.int8), "b": np.arange(5, dtype=np.float32)})
    assert layout == {"a": ["int8", 0, 3], "b": ["float32", 8, 5]}
    assert np.frombuffer(buffer, np.float32, 5, 8).tolist() == [0, 1, 2, 3, 4]


def test_arguments_are_checked():
    with pytest.raises(CourseError, match="experiment debe ser un experimento o un enlace"):
        Simulator(7)
    with pytest.raises(CourseError, match="compare debe ser"):
        Simulator(SPIRAL, compare=[])
    for pace in ("5", 0.5, -1, None):
        with pytest.raises(CourseError, match="usa un entero mayor o igual que 0"):
            Simulator(SPIRAL, pace=pace)


def test_the_output_is_the_widget_and_a_figure_with_its_text():
    simulator = Simulator(SPIRAL)
    data, metadata = simulator._repr_mimebundle_()
    assert data["text/plain"] == repr(Simulator(SPIRAL))
    assert data["text/plain"].startswith(
        "Simulador: spiral, ruido 25, red 2 → 8 → 8 → 1, relu; época 0, pérdida de prueba 0."
    )
    assert "application/vnd.jupyter.widget-view+json" in data
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert "red de 2–8–8–1 unidades con relu; época 0" in metadata["image/png"]["alt"]


def test_the_figure_tells_its_experiments():
    one = Experiment.from_url(SPIRAL)
    one.run(3)
    figure = plots.experiment(one, Experiment(dataset="gauss", classes=3, layers=(), seed=1))
    text = plots.alt_text(figure)
    assert "época 3" in text
    assert "gauss" in text
    assert len(figure.axes) == 6


def test_a_notebook_without_browser_keeps_the_figure(tmp_path):
    """Executed without a browser and exported as HTML, the cell shows the figure."""
    code = f"from course.simulator import Simulator\nSimulator({SPIRAL!r})"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=60, store_widget_state=False).execute(cwd=tmp_path)
    (output,) = notebook.cells[0].outputs
    assert output.output_type == "execute_result"
    assert output.data["text/plain"] == repr(Simulator(SPIRAL))
    assert "red de 2–8–8–1 unidades" in output.metadata["image/png"]["alt"]
    html = HTMLExporter().from_notebook_node(notebook)[0]
    assert "data:image/png;base64" in html


def test_the_script_is_one_module_without_imports():
    script = static.script()
    assert not re.search(r"^\s*import ", script, re.MULTILINE)
    assert re.findall(r"^export .*$", script, re.MULTILINE) == ["export default {"]
    names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", script, re.MULTILINE)
    assert len(names) == len(set(names))


def test_nothing_on_the_screen_comes_from_the_network():
    for text in (static.script(), static.style(), static.page()):
        links = set(re.findall(r"(?:https?|wss?):/+[^\"'`\s]*", text))
        assert links <= {
            "http://www.w3.org/2000/svg",
            "https://playground.tensorflow.org/#…",
            "ws://${location.host}/socket",
        }


@pytest.fixture(scope="module")
def server():
    words = ["-m", "course", "simulator", "--no-browser", SPIRAL]
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE)
    yield int(re.search(rb"127\.0\.0\.1:(\d+)", process.stdout.readline())[1])
    process.terminate()
    process.wait(10)


def answer(port, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers=headers)
    found = connection.getresponse()
    return found.status, found.read()


def test_the_page_serves_its_parts(server):
    assert answer(server, "/")[0] == 200
    assert answer(server, "/widget.js")[1].decode() == static.script()
    assert answer(server, "/../cli.py")[0] == 404


UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "YQ=="}


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {"Host": "evil.example"}),
        ("/socket", {**UPGRADE, "Host": "evil.example"}),
        ("/socket", {**UPGRADE, "Origin": "http://evil.example"}),
    ],
)
def test_the_page_answers_to_nobody_else(server, path, headers):
    assert answer(server, path, **headers)[0] == 403


@pytest.mark.parametrize("words", [["--port", "1"], ["enlace malo"]])
def test_what_keeps_the_page_from_opening_is_told(words, monkeypatch, capsys):
    from course import cli

    def bind(port, host):
        raise OSError

    monkeypatch.setattr("tornado.netutil.bind_sockets", bind if "--port" in words else lambda *_: pytest.fail("bound"))
    assert cli.main(["simulator", "--no-browser", *words]) == 1
    assert capsys.readouterr().err.startswith("✘ ")
