"""What is kept and shown of a training: each epoch's figures, one line of progress, and which epoch was the best."""

import sys
import time

import numpy as np

from course import validation
from course.environment import import_keras, in_notebook
from course.errors import CourseError

keras = import_keras()

_SPANISH = {"loss": "pérdida", "accuracy": "exactitud", "mean_absolute_error": "error absoluto"}


class Line:
    """One line of progress: rewritten in a terminal or a notebook, only its end in a log."""

    def __init__(self, shown):
        self.shown = shown
        self.live = shown and (sys.stdout.isatty() or in_notebook())
        self.width = 0
        self.start = time.monotonic()

    def write(self, text, end=""):
        """Show a text in place of the one before."""
        if self.live or (self.shown and end):
            print(("\r" if self.live else "") + text.ljust(self.width), end=end, flush=True)
            self.width = len(text)

    def close(self, text):
        """Show the last text, and leave it there."""
        self.write(text, end="\n")

    @property
    def seconds(self):
        """How long ago the line began."""
        return time.monotonic() - self.start


class Recorder(keras.callbacks.Callback):
    """Keeps each epoch's figures and writes them on the line.

    Parameters
    ----------
    epochs : int
        The last one, counted from 1.
    history : pandas.DataFrame or None
        The epochs before, as `course.training.fit` returns them.
    progress : bool
        Show the line.
    monitor : str or None
        The figure that decides which epoch is the best; of None, the last one is.

    Raises
    ------
    CourseError
        If `history` is something else; and after the first epoch, if it has no such figure.
    """

    def __init__(self, epochs, history, progress, monitor):
        super().__init__()
        self.epochs = epochs
        self.monitor = monitor
        self.rows = [] if history is None else validation.table("history", history, "training.fit").to_dict("records")
        self.done_before = self.began_with = len(self.rows)
        if history is not None:  # the epoch whose weights the model has: with `patience` it need not be the last
            self.began_with = min(history.attrs.get("best_epoch", self.done_before), self.done_before)
        self.line = Line(progress)

    def on_epoch_end(self, epoch, logs=None):
        """Keep the epoch's figures, and show them."""
        # Not after the first batch: a callback that listens to batches makes Keras wait for each.
        if self.monitor and self.monitor not in logs:
            raise CourseError(f"monitor={self.monitor!r} no se mide en este modelo. Elige entre: {', '.join(logs)}.")
        self.rows.append(dict(logs))
        per_epoch = self.line.seconds / (len(self.rows) - self.done_before)
        self.line.write(f"{self} · quedan {per_epoch * (self.epochs - len(self.rows)):.0f} s")

    def __str__(self):
        """Return the last epoch's figures in words."""
        figures = self.rows[-1] if self.rows else {}
        told = [_told(name, figures) for name in figures if not name.startswith("val_")]
        return " · ".join([f"Época {len(self.rows)} de {self.epochs}", *told, f"{self.line.seconds:.1f} s"])

    def best_epoch(self, frame):
        """Return the best epoch of this call and the one that it began with: of others the weights are lost."""
        epochs = frame.index[self.done_before :].tolist()
        if self.done_before:
            epochs.insert(0, self.began_with)
        if not self.monitor or not epochs:
            return epochs[-1] if epochs else 0
        more_is_better = maximised(self.monitor)
        # An earlier call may have had no such column, and a NaN is never the best.
        watched = frame.reindex(columns=[self.monitor]).loc[epochs, self.monitor]
        watched = watched.fillna(-np.inf if more_is_better else np.inf)
        return int(watched.idxmax() if more_is_better else watched.idxmin())


def maximised(monitor):
    """Tell whether more is better: not so of a loss, by whatever name Keras knows it ("mae", "binary_crossentropy")."""
    name = monitor.removeprefix("val_")
    if "loss" in name or "error" in name:
        return False
    try:
        keras.losses.get(name)
    except ValueError:
        return True
    return name == "cosine_similarity"  # the metric is the loss with its sign changed


def _told(name, figures):
    """Tell a figure and the validation's beside it: a line of them fits in JupyterLab's window."""
    beside = figures.get(f"val_{name}")
    beside = "" if beside is None else f" (validación {beside:.4f})"
    return f"{_SPANISH.get(name, name)} {figures[name]:.4f}{beside}"
