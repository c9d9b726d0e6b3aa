"""One use of the simulator: one or two experiments, a thread that trains them, and the messages of the browser.

The experiments are trained here, by the engine, never in the browser: what is on the screen is what
``Simulator(…).experiment`` holds, to the last digit. A thread of its own trains in slices of some milliseconds, and the
compiled kernel works outside Python's lock, so notebook cells run meanwhile and a pause is obeyed after one slice.
"""

import math
import threading
import time

from course.errors import CourseError
from course.simulator import frames, link
from course.simulator.engine import Experiment
from course.simulator.fitting import fitting
from course.simulator.settings import LIVE

FRAME = 0.04  # seconds from one picture to the next
SLICE = 0.03  # seconds of training, at most, for one picture
UNSEEN = 2  # pictures that may be on their way before the browser has drawn them
PATIENCE = 10  # seconds without a sign of the browser after which nobody is watching: pause


class Session:
    """The simulator without its surface: `course.simulator.widget` and `course.simulator.page` each wrap one.

    Parameters
    ----------
    experiments : list of Experiment
        One, or two to compare.
    send : callable
        ``send(content, buffer=b"")``: how a message (a dict for JSON, and bytes) reaches the browser. It is called
        from several threads, one at a time.

    Attributes
    ----------
    experiments : list of Experiment
    playing : bool
    pace : int
        Epochs per picture; 0 for as many as there is time for.
    runs : list of dict
        The runs that ended so far, because the network, its data or its weights were exchanged.
    """

    def __init__(self, experiments, send):
        self.experiments = list(experiments)
        self.playing, self.pace, self.runs = False, 5, []
        self._send = send
        self._lock = threading.RLock()
        self._sent = [0 for _ in self.experiments]  # how many rows of losses the browser has
        self._turn = 0  # which thread's turn it is: one from before a pause must not go on after it
        self._number, self._seen, self._sign = 0, 0, threading.Event()
        self._request = None  # which request of which view is being obeyed

    def handle(self, message):
        """Obey one message of the browser; what is wrong with it is told there."""
        kind = message.get("kind") if isinstance(message, dict) else None
        if kind == "seen":  # without the lock: the training thread may be waiting for it
            self._seen = max(self._seen, message["number"])
            self._sign.set()
            return
        with self._lock:
            self._request = message.get("request")
            try:
                _HANDLERS[kind](self, message)
            except CourseError as error:
                self.refresh()
                self._send({"kind": "error", "text": str(error)})
            finally:
                self._request = None

    def play(self):
        """Train until `pause`, in a thread of its own."""
        with self._lock:
            if not self.playing:
                self.playing, self._seen = True, self._number
                self._turn += 1
                threading.Thread(target=self._work, args=[self._turn], name="simulator", daemon=True).start()

    def pause(self):
        """Stop training; when this returns, nothing changes any more."""
        with self._lock:
            self.playing = False
            self._sign.set()
            self._picture()

    def step(self):
        """Pause, and train one epoch."""
        with self._lock:
            self.playing = False
            for experiment in self.experiments:
                experiment.step()
            self._picture()

    def reset(self, new_weights=False):
        """Pause, note the runs, and go back to epoch 0 with the weights of then or with new ones."""
        with self._lock:
            self.playing = False
            for experiment in self.experiments:
                self._note(experiment)
                experiment.reset(new_weights=new_weights)
            self.refresh()

    def change(self, which, **changes):
        """Change settings of one experiment: live where the engine can, with a new experiment where not."""
        with self._lock:
            experiment = self.experiments[which]
            if set(changes) <= set(LIVE):
                experiment.change(**changes)
                self.refresh(whole=False)
            else:
                self.replace(which, experiment.variant(**fitting(experiment.settings, changes)))

    def replace(self, which, experiment):
        """Put another experiment in place of one; training goes on only if the user plays again."""
        with self._lock:
            self.playing = False
            self._note(self.experiments[which])
            self.experiments[which] = experiment
            self.refresh()

    def compare(self, on):
        """Add a second experiment, equal to the first but untrained, or take it away; both start at epoch 0."""
        with self._lock:
            self.playing = False
            if on and len(self.experiments) == 1:
                self._note(self.experiments[0])
                self.experiments[0].reset()
                self.experiments.append(self.experiments[0].variant())
            elif not on and len(self.experiments) == 2:
                self._note(self.experiments.pop())
            self.refresh()

    def refresh(self, whole=True):
        """Send everything again; without `whole`, all but the losses that the browser has."""
        with self._lock:
            abouts, arrays = [], {}
            for i, experiment in enumerate(self.experiments):
                about, points = frames.describe(experiment)
                abouts.append(about)
                arrays |= {f"{i}.{name}": array for name, array in points.items()}
            layout, buffer = frames.pack(arrays)
            content = {"kind": "state", "answers": self._request, "whole": whole, "pace": self.pace, "layout": layout}
            self._send({**content, "experiments": abouts, "runs": self.runs}, buffer)
            if whole:
                self._sent = [0] * len(self.experiments)
            self._picture()

    def _picture(self):
        """Send what has changed since the last picture."""
        abouts, arrays = [], {}
        for i, experiment in enumerate(self.experiments):
            about, parts = frames.snapshot(experiment, self._sent[i])
            self._sent[i] += len(parts["losses"])
            abouts.append(about)
            arrays |= {f"{i}.{name}": array for name, array in parts.items()}
        layout, buffer = frames.pack(arrays)
        self._number += 1
        content = {"kind": "frame", "number": self._number, "playing": self.playing}
        self._send({**content, "experiments": abouts, "layout": layout}, buffer)

    def _work(self, turn):
        """Train and send pictures, no faster than the browser draws them, while `playing`."""
        while True:
            began = time.monotonic()
            with self._lock:
                if not self.playing or self._turn != turn:
                    return
                self._train()
                self._picture()
                if not self.playing:  # an experiment has stopped by itself
                    return
            if not self._wait(began):
                self.pause()

    def _wait(self, began):
        """Wait for the next picture's time and for the browser; return whether it gave a sign."""
        time.sleep(max(0.002, began + FRAME - time.monotonic()))  # at least so long that a pause gets the lock
        until = time.monotonic() + PATIENCE
        while self.playing and self._number - self._seen > UNSEEN:
            if not self._sign.wait(until - time.monotonic()):
                return False
            self._sign.clear()
        return True

    def _train(self):
        """Train all experiments by `pace` epochs, or by as many as a slice has time for."""
        left, chunk = self.pace or math.inf, 1
        until = time.monotonic() + SLICE
        while left > 0 and self.playing and time.monotonic() < until:
            began, epochs = time.monotonic(), min(chunk, left)
            for experiment in self.experiments:
                experiment.advance(epochs)
                if experiment.stopped:
                    self.playing = False
            left -= epochs
            if time.monotonic() - began < SLICE / 8:
                chunk *= 2

    def _note(self, experiment):
        """Keep a run that is about to end, if it ever began."""
        if experiment.epoch:
            train_loss, test_loss = map(frames.finite, experiment.losses)
            run = {"number": len(self.runs) + 1, "epoch": experiment.epoch}
            settings = frames.describe(experiment)[0]["settings"]
            self.runs.append({**run, "train_loss": train_loss, "test_loss": test_loss, "settings": settings})

    def _hello(self, message):
        layout, buffer = frames.pack(frames.thumbnails())
        self._send({"kind": "datasets", "layout": layout}, buffer)
        self.refresh()

    def _set_pace(self, message):
        self.pace = max(0, int(message["epochs"]))
        self.refresh(whole=False)

    def _edit(self, message):
        """Write one weight or bias (a bias has no row)."""
        value = float(message["value"])
        if not math.isfinite(value):
            raise CourseError("Un peso debe ser un número finito. Escribe, por ejemplo, 0.5.")
        experiment = self.experiments[message["which"]]
        layer, row, column = message["layer"], message["row"], message["column"]
        if row is None:
            experiment.biases[layer][column] = value
        else:
            experiment.weights[layer][row, column] = value
        self._picture()

    def _open(self, message):
        self.replace(message["which"], Experiment(**link.read(message["url"])))

    def _again(self, message):
        """Set an experiment up once more as a run of the table was."""
        self.replace(message["which"], self.experiments[message["which"]].variant(**message["settings"]))

    def _export(self, message):
        self._send({"kind": "code", "text": self.experiments[message["which"]].to_code()})


_HANDLERS = {
    "hello": Session._hello,
    "play": lambda session, message: session.play(),
    "pause": lambda session, message: session.pause(),
    "step": lambda session, message: session.step(),
    "reset": lambda session, message: session.reset(message["newWeights"]),
    "change": lambda session, message: session.change(message["which"], **message["changes"]),
    "compare": lambda session, message: session.compare(message["on"]),
    "pace": Session._set_pace,
    "edit": Session._edit,
    "open": Session._open,
    "again": Session._again,
    "export": Session._export,
}
