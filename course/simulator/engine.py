"""The experiment that the public playground runs: data, a small network, and its training, epoch by epoch.

The arithmetic is in `course.simulator.kernel`; here is what a student or a widget can ask of it.
"""

import random
from dataclasses import replace

import numpy as np

from course import toydata
from course.errors import CourseError
from course.simulator import export, kernel, link, own, schedule, scores, start
from course.simulator.settings import LIVE, OWN, Settings, known

_WORK = 10_000_000  # multiplications by weights per call of the kernel: some 50 ms, so that an interrupt is heard soon


class Experiment:
    """One network, its data and its training.

    Parameters
    ----------
    points : array of shape (n, 3) or pandas.DataFrame, optional
        The student's own points (x, y, label) in place of a data set; see `course.simulator.own`.
    **settings
        As `course.simulator.settings.Settings` has them.

    Attributes
    ----------
    settings : Settings
        What it was built with, live changes included.
    train_points, test_points : numpy.ndarray
        Shape (n, 3): x, y, label.
    weights : list of numpy.ndarray
        One per layer, shape (inputs, units) like Keras's kernels; biases, shape (units,), in `biases`. Both are the
        network itself: what is written into them counts from the next step on.
    epoch : int
        How many epochs it has trained.
    stopped : str or None
        Why the last training ended before its time.

    Raises
    ------
    CourseError
        Where a setting is wrong, or the points are.
    """

    def __init__(self, points=None, **settings):
        """Draw the data, then the weights."""
        if points is not None:
            settings.setdefault("dataset", "own")
        self.settings = Settings(**known(settings))
        if self.settings.seed is None:
            self.settings = self.settings.with_changes(seed=f"{random.random():.5f}")
        self._own = points
        self.settings, self.train_points, self.test_points, self._rng = start.prepare(self.settings, points)
        self._x, self._y = start.arrays(self.settings, self.train_points, self.test_points)
        self._rules = self.settings.rules
        self.reset(new_weights=True)

    def __repr__(self):
        """Tell what it is, in the student's words and with no address in memory."""
        units = " → ".join(map(str, self.settings.units))
        return f"<Experimento: {self.settings.dataset}, red {units}, época {self.epoch}>"

    @classmethod
    def from_url(cls, url, **changes):
        """Return the experiment of a link of the playground (or of `to_url`), with some settings changed."""
        return cls(**(link.read(url) | changes))

    @classmethod
    def from_csv(cls, path, **settings):
        """Return an experiment on the points of a CSV file: two columns of numbers, x and y, and one of labels."""
        return cls(own.read_csv(path), **settings)

    def to_url(self):
        """Return the link that starts this experiment again: here, and as far as it can follow in the playground."""
        return link.write(self.settings)

    def variant(self, **changes):
        """Return a new, untrained experiment with some settings changed; the student's own points stay."""
        settings = vars(self.settings) | known(changes)
        if settings["dataset"] not in OWN:
            return type(self)(**settings)
        return type(self)(self._own, **settings | {"classes": 2})  # own points have the classes that they have

    def reset(self, new_weights=False):
        """Go back to epoch 0, with the weights of then or, as the playground's button does, with the next ones."""
        if new_weights:
            self._start = start.weights(self.settings, self._rng)
        self._state = kernel.start(self._rules, self._start[:, np.newaxis], [start.dropout_seed(self.settings)])
        self.weights, self.biases = start.layers(self.settings.units, self._state.theta[:, 0])
        self.epoch, self._best, self.stopped = 0, 0, None
        self._losses = [kernel.evaluate(self._rules, self._state, self._x, self._y, len(self.train_points))[:, 0]]

    def change(self, **changes):
        """Change settings while it trains: those of `course.simulator.settings.LIVE`, such as learning_rate.

        Raises
        ------
        CourseError
            For a setting that would make another network or other data; `variant` changes those.
        """
        for name in known(changes):
            if name not in LIVE:
                raise CourseError(f"{name} no se puede cambiar en marcha. Crea otro con experimento.variant({name}=…).")
        self.settings = self.settings.with_changes(**changes)
        self._rules = self.settings.rules

    def step(self):
        """Train one epoch; return whether it did."""
        return self.advance(1) == 1

    def run(self, epochs):
        """Train `epochs` more epochs, or fewer where a stop condition holds; return `history`."""
        self.advance(epochs)
        return self.history

    def advance(self, epochs):
        """Train like `run` and return how many epochs were done; `stopped` tells why if they are fewer."""
        if isinstance(epochs, bool) or not isinstance(epochs, (int, np.integer)) or epochs < 0:
            raise CourseError(f"epochs debe ser un número entero de épocas, 0 o más, y es {epochs!r}.")
        goal = self.epoch + int(epochs)
        self.stopped = self._diverged()
        while self.epoch < goal and self.stopped is None:
            self._train(min(goal - self.epoch, self._chunk))
            self.stopped = self._diverged() or self._satisfied()
        return int(epochs) - (goal - self.epoch)

    @property
    def _chunk(self):
        """How many epochs one call of the kernel may take: one where each may be the last."""
        if self.settings.target_loss is not None or self.settings.patience is not None:
            return 1
        return max(1, _WORK // (len(self.train_points) * len(self._state.theta)))

    def _train(self, epochs):
        """Train with no look at the stop conditions; the epochs after a loss that is no number are not kept."""
        factors = schedule.factors(self.settings.schedule, self.epoch, epochs)
        rates = [self.settings.learning_rate * factor for factor in factors]
        losses = kernel.train(self._rules, self._state, self._x, self._y, len(self.train_points), rates)[:, :, 0]
        finite = np.isfinite(losses).all(axis=1)
        kept = epochs if finite.all() else int(finite.argmin()) + 1
        for row in losses[:kept]:
            self._losses.append(row)
            self.epoch += 1
            if row[1] < self._losses[self._best][1]:
                self._best = self.epoch

    def _diverged(self):
        if np.isfinite(self._losses[-1]).all():
            return None
        return (
            f"En la época {self.epoch} la pérdida dejó de ser un número: los pesos se dispararon. "
            "Baja la tasa de aprendizaje y reinicia."
        )

    def _satisfied(self):
        target, patience = self.settings.target_loss, self.settings.patience
        if target is not None and self.losses[1] <= target:
            return f"La pérdida de prueba llegó a {self.losses[1]:.4f} en la época {self.epoch}: objetivo alcanzado."
        if patience is not None and self.epoch - self._best >= patience:
            best = self._losses[self._best][1]
            return f"La pérdida de prueba lleva {patience} épocas sin mejorar (la mejor: {best:.4f})."
        return None

    @property
    def history(self):
        """The losses so far: a DataFrame with columns epoch, train_loss, test_loss, from epoch 0 on."""
        import pandas as pd

        table = pd.DataFrame(self.losses_since(0), columns=["train_loss", "test_loss"])
        table.insert(0, "epoch", np.arange(len(table)))
        return table

    def losses_since(self, epoch):
        """Return the training and the test loss of each epoch from one on: shape (epochs, 2)."""
        return np.array(self._losses[epoch:])

    @property
    def losses(self):
        """The training and the test loss of now, without the regularization, as in the playground."""
        return float(self._losses[-1][0]), float(self._losses[-1][1])

    def predict(self, points):
        """Return the network's output for points, shape (n, 2 or more) → (n, outputs)."""
        return self.unit_outputs(points)[-self.settings.units[-1] :].T

    def unit_outputs(self, points):
        """Return the output of every unit, hidden layers first: shape (n, 2 or more) → (units, n)."""
        points = np.atleast_2d(np.asarray(points, dtype=float))
        x = toydata.features(points, self.settings.inputs)
        return kernel.outputs(self._rules, self._state.theta[:, 0], x)

    def heat_maps(self, density=100):
        """Return what the inputs and the units give over the square [-6, 6]².

        Returns
        -------
        list of numpy.ndarray
            One per layer, the inputs first, each of shape (units, density, density); row 0 is y = 6, column 0 x = -6.
        """
        inputs = start.grid(self.settings.inputs, density)
        outputs = kernel.outputs(self._rules, self._state.theta[:, 0], inputs)
        units = np.split(outputs.reshape(-1, density, density), np.cumsum(self.settings.units[1:-1]))
        return [inputs.T.reshape(-1, density, density), *units]

    def gradients(self):
        """Return the mean gradient of the training loss, without regularization: a list like `weights` and one like
        `biases`. A bias's gradient is also that of its unit's weighted sum.
        """
        size = len(self.train_points)
        still = replace(self._rules, dropout=0, batch_size=size + 1)  # one batch, which never ends in an update
        state = kernel.start(still, self._state.theta, [0])
        kernel.train(still, state, self._x[:size], self._y[:size], size, [0.0], every=False)
        return start.layers(self.settings.units, state.gradient[:, 0] / state.carried)

    def dead_links(self):
        """Return one array of booleans per layer, shaped as `weights`: the links that L1 has cut for good."""
        dead = np.append(self._state.alive[:, 0] == 0, np.zeros(self._rules.biases, dtype=bool))
        return start.layers(self.settings.units, dead)[0]

    def dead_units(self):
        """Return one array of booleans per hidden layer: the ReLU units that give 0 at every training point."""
        silent = (self.unit_outputs(self.train_points) <= 0).all(axis=1)
        groups = np.split(silent, np.cumsum(self.settings.layers))[:-1] if self.settings.layers else []
        kinds = self.settings.activations
        return [group & (kind == "relu") for group, kind in zip(groups, kinds, strict=False)]

    def classify(self, points):
        """Return the label that the network gives each point."""
        outputs = self.predict(points)
        return outputs.argmax(axis=1) if outputs.shape[1] > 1 else np.where(outputs[:, 0] >= 0, 1, -1)

    def confusion(self, test=True):
        """Return how the test points (or the training ones) were classified; see `course.simulator.scores`."""
        return scores.confusion(self, test)

    def accuracy(self, test=True):
        """Return the share of points classified rightly; see `course.simulator.scores`."""
        return scores.accuracy(self, test)

    def to_keras(self):
        """Return a compiled Keras model with the same weights; see `course.simulator.export`."""
        return export.to_keras(self)

    def to_code(self):
        """Return the Keras source that builds that model; see `course.simulator.export`."""
        return export.to_code(self)
