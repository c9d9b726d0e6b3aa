"""Fit a model with one line of progress, and repeat a fit over seeds so that one lucky run proves nothing."""

import reprlib
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from numbers import Real

import numpy as np

from course import adam
from course.environment import check_seed, import_keras, in_notebook, set_seed
from course.errors import CourseError
from course.validation import count

keras = import_keras()

_SPANISH = {"loss": "pérdida", "accuracy": "exactitud", "mean_absolute_error": "error absoluto"}


def fit(
    model,
    x,
    y,
    *,
    epochs=20,
    batch_size=32,
    validation=0.2,
    patience=None,
    monitor="val_loss",
    seed=0,
    history=None,
    progress=True,
    callbacks=None,
):
    """Train a compiled model and return what happened in each epoch.

    Ctrl-C (or Jupyter's stop button) ends the training cleanly: what was learned and the history so far are kept.
    Pass that history back as `history` to go on until `epochs`.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    x : array-like, shape (n, inputs)
    y : array-like, shape (n,) or (n, outputs)
    epochs : int
        Last epoch to train, counted from 1.
    batch_size : int
    validation : float or tuple (x, y) or None
        Share of the rows drawn at random for validation, or the validation set itself, or none. (Keras's own
        `validation_split` takes the last rows, which misleads when the data is sorted.)
    patience : int, optional
        Stop after so many epochs without improvement of `monitor`, and put the best weights back.
    monitor : str
        Column of the history that `patience` watches; accuracies are maximised, losses minimised.
    seed : int
        Decides the validation rows, the order of the batches and the Dropout masks. (Initial weights are drawn when
        the model is built: see `repeat`.)
    history : pandas.DataFrame, optional
        What an earlier `fit` of this model returned.
    progress : bool
        Show the line of progress.
    callbacks : keras.callbacks.Callback or sequence of them, optional
        Further ones.

    Returns
    -------
    pandas.DataFrame
        One row per epoch, indexed by ``epoch`` from 1; columns as Keras names them (``loss``, ``val_loss``, …).
        In ``attrs``: ``best_epoch``, the epoch whose weights the model now has; ``interrupted``; ``seconds``.

    Raises
    ------
    CourseError
        If the model is not compiled, the shapes do not match, values are missing or no targets of the loss, or an
        argument is out of range.

    Notes
    -----
    The batches and the results are those of Keras's own ``model.fit``, to the bit; on TensorFlow, networks of
    `course.adam.LARGE` weights or more may differ in the rounding, since they take Adam's steps in one operation.
    """
    if not getattr(model, "compiled", False):
        raise CourseError("El modelo no está compilado. Llama antes a model.compile(optimizer=…, loss=…).")
    counts = {"epochs": epochs, "batch_size": batch_size} | ({} if patience is None else {"patience": patience})
    for name, value in counts.items():
        count(name, value)
    if not isinstance(monitor, str):
        raise CourseError(f"monitor={monitor!r} no es válido: se esperaba un nombre, por ejemplo 'val_loss'.")
    callbacks = _callbacks(callbacks)
    set_seed(seed)
    x, y, validation = _split(*_check_data(model, x, y), validation, seed, model)
    if patience is not None and validation is None and monitor.startswith("val_"):
        raise CourseError(f"patience={patience} vigila {monitor!r}, pero validation=None. Da datos de validación.")
    stopper = _early_stopping(monitor, patience)
    recorder = _Recorder(epochs, history, progress, monitor if stopper else None)
    first_weights = model.get_weights()
    try:
        with adam.in_one_operation(model):
            model.fit(
                x,
                y,
                batch_size=batch_size,
                epochs=epochs,
                initial_epoch=len(recorder.rows),
                validation_data=validation,
                callbacks=[recorder, *stopper, *callbacks],
                verbose=0,
            )
        interrupted = False
    except KeyboardInterrupt:
        interrupted = True
        for callback in stopper:
            callback.on_train_end()  # Keras restores the best weights there, and an interruption skips it
    return _finish(model, recorder, interrupted, first_weights)


def repeat(build, x, y, *, seeds=range(5), test=None, runs=None, progress=True, title="", **fit_options):
    """Build and train the same network once per seed, and tell how each run ended.

    Ctrl-C returns the runs that are complete; pass them back as `runs` to go on with the other seeds.

    Parameters
    ----------
    build : callable
        Without arguments; returns a new compiled model.
    x, y : array-like
        As in `fit`.
    seeds : iterable of int
        One run each: the seed decides initial weights, validation rows, batches and Dropout.
    test : tuple (x, y), optional
        Evaluate each trained model there too, in columns ``test_…``.
    runs : pandas.DataFrame, optional
        What an earlier `repeat` returned; its seeds are not trained again.
    progress : bool
        Show one line for the whole.
    title : str
        What is repeated, to begin that line with.
    **fit_options
        Passed to `fit`.

    Returns
    -------
    pandas.DataFrame
        One row per seed (index ``seed``): the figures of the epoch whose weights were kept, its number
        ``best_epoch``, and ``seconds``. `mean_sd` sums it up.

    Raises
    ------
    CourseError
        As `fit`, and if `seeds` are none, or `build` returns the model of the seed before.
    """
    import pandas as pd

    seeds = _seeds(seeds)
    rows = {} if runs is None else runs.to_dict("index")
    line, title = _Line(progress), f"{title} · " if title else ""
    model = None
    with suppress(KeyboardInterrupt):  # it may come outside `fit` too
        for seed in seeds:
            if seed in rows:
                continue
            line.write(f"{title}semilla {len(rows) + 1} de {len(seeds)}")
            set_seed(seed)
            previous, model = model, build()
            if model is previous:
                raise CourseError("build devuelve siempre la misma red, ya entrenada. Debe crear una nueva cada vez.")
            history = fit(model, x, y, seed=seed, progress=False, **fit_options)
            if history.attrs["interrupted"]:
                break
            best = history.attrs["best_epoch"]
            row = {**history.loc[best], "best_epoch": best, "seconds": history.attrs["seconds"]}
            if test is not None:
                figures = model.evaluate(*_check_data(model, *test), verbose=0, return_dict=True)
                row |= {f"test_{name}": value for name, value in figures.items()}
            rows[seed] = row
    line.close(f"{title}{len(rows)} de {len(seeds)} semillas")
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("seed")


def mean_sd(runs, decimals=3):
    """Sum runs up as text, ``"0.953 ± 0.004"``: mean ± sample standard deviation over the rows.

    Parameters
    ----------
    runs : pandas.DataFrame
        At least two rows of numbers, as `repeat` returns them.
    decimals : int
        From 0 to 15.

    Returns
    -------
    pandas.Series
        One text per column.

    Raises
    ------
    CourseError
        If there are fewer than two runs (one has no spread), or `runs` or `decimals` is something else.
    """
    import pandas as pd

    count("decimals", decimals, least=0, most=15)
    if not isinstance(runs, pd.DataFrame):
        raise CourseError(f"runs debe ser la tabla que devuelve training.repeat, no {reprlib.repr(runs)}.")
    texts = runs.select_dtypes(exclude=["number", "bool"]).columns
    if len(texts):
        raise CourseError(f"La columna {texts[0]!r} no tiene números. Quítala con runs.drop(columns={texts[0]!r}).")
    if len(runs) < 2:
        raise CourseError(f"Con {len(runs)} corrida(s) no hay desviación que calcular. Usa al menos dos semillas.")
    return runs.agg(lambda column: f"{column.mean():.{decimals}f} ± {column.std():.{decimals}f}")


class _Line:
    """One line of progress: rewritten in a terminal or a notebook, only its end in a log."""

    def __init__(self, shown):
        self.shown = shown
        self.live = shown and (sys.stdout.isatty() or in_notebook())
        self.width = 0
        self.start = time.monotonic()

    def write(self, text, end=""):
        if self.live or (self.shown and end):
            print(("\r" if self.live else "") + text.ljust(self.width), end=end, flush=True)
            self.width = len(text)

    def close(self, text):
        self.write(text, end="\n")

    @property
    def seconds(self):
        return time.monotonic() - self.start


class _Recorder(keras.callbacks.Callback):
    """Keeps each epoch's figures and writes them on the line."""

    def __init__(self, epochs, history, progress, monitor):
        super().__init__()
        self.epochs = epochs
        self.monitor = monitor
        self.rows = [] if history is None else history.to_dict("records")
        self.done_before = self.began_with = len(self.rows)
        if history is not None:  # the epoch whose weights the model has: with `patience` it need not be the last
            self.began_with = min(history.attrs.get("best_epoch", self.done_before), self.done_before)
        self.line = _Line(progress)

    def on_epoch_end(self, epoch, logs=None):
        # Not after the first batch: a callback that listens to batches makes Keras wait for each.
        if self.monitor and self.monitor not in logs:
            raise CourseError(f"monitor={self.monitor!r} no se mide en este modelo. Elige entre: {', '.join(logs)}.")
        self.rows.append(dict(logs))
        per_epoch = self.line.seconds / (len(self.rows) - self.done_before)
        self.line.write(f"{self} · quedan {per_epoch * (self.epochs - len(self.rows)):.0f} s")

    def __str__(self):
        figures = self.rows[-1] if self.rows else {}
        told = [_told(name, figures) for name in figures if not name.startswith("val_")]
        return " · ".join([f"Época {len(self.rows)} de {self.epochs}", *told, f"{self.line.seconds:.1f} s"])


def _told(name, figures):
    """Tell a figure and the validation's beside it: a line of them fits in JupyterLab's window."""
    validation = figures.get(f"val_{name}")
    beside = "" if validation is None else f" (validación {validation:.4f})"
    return f"{_SPANISH.get(name, name)} {figures[name]:.4f}{beside}"


def _finish(model, recorder, interrupted, first_weights):
    """Close the line, and say in a DataFrame what happened and which epoch's weights the model has."""
    import pandas as pd

    recorder.line.close(str(recorder) + (" · interrumpido" if interrupted else ""))
    frame = pd.DataFrame(recorder.rows, index=pd.RangeIndex(1, len(recorder.rows) + 1, name="epoch"))
    best = _best_epoch(frame, recorder)
    if recorder.monitor and 0 < best <= recorder.done_before:
        model.set_weights(first_weights)  # this call began with the best epoch's weights
    frame.attrs |= {"best_epoch": best, "interrupted": interrupted, "seconds": recorder.line.seconds}
    return frame


def _best_epoch(frame, recorder):
    """Return the best epoch of this call and the one that it began with: of others the weights are lost."""
    epochs = frame.index[recorder.done_before :].tolist()
    if recorder.done_before:
        epochs.insert(0, recorder.began_with)
    if not recorder.monitor or not epochs:
        return epochs[-1] if epochs else 0
    maximised = _maximised(recorder.monitor)
    # An earlier call may have had no such column, and a NaN is never the best.
    watched = frame.reindex(columns=[recorder.monitor]).loc[epochs, recorder.monitor]
    watched = watched.fillna(-np.inf if maximised else np.inf)
    return int(watched.idxmax() if maximised else watched.idxmin())


def _maximised(monitor):
    """Tell whether more is better: not so of a loss, by whatever name Keras knows it ("mae", "binary_crossentropy")."""
    name = monitor.removeprefix("val_")
    if "loss" in name or "error" in name:
        return False
    try:
        keras.losses.get(name)
    except ValueError:
        return True
    return name == "cosine_similarity"  # the metric is the loss with its sign changed


def _early_stopping(monitor, patience):
    if patience is None:
        return []
    mode = "max" if _maximised(monitor) else "min"
    return [keras.callbacks.EarlyStopping(monitor, patience=patience, mode=mode, restore_best_weights=True)]


def _callbacks(callbacks):
    """Return none, one or several callbacks as a list."""
    if callbacks is None:
        return []
    callbacks = [*callbacks] if isinstance(callbacks, Iterable) else [callbacks]
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            raise CourseError(f"callbacks tiene {callback!r}, que no es un callback de Keras: usa keras.callbacks.….")
    return callbacks


def _seeds(seeds):
    if not isinstance(seeds, Iterable):
        raise CourseError(f"seeds={seeds!r} no es una lista de semillas. Usa, por ejemplo, seeds=range(5).")
    seeds = list(seeds)
    for seed in seeds:
        check_seed(seed)  # before the first of them is trained
    return seeds


def _check_data(model, x, y):
    """Return x and y as arrays that fit the model, or say what does not."""
    x, y = np.atleast_1d(x), np.atleast_1d(y)
    for name, array in (("x", x), ("y", y)):
        if array.dtype.kind not in "biuf":
            raise CourseError(f"{name} tiene valores que no son números (tipo {array.dtype}). Conviértelos antes.")
        if not np.isfinite(array).all():
            raise CourseError(f"{name} tiene valores que faltan o infinitos (NaN, inf). Límpialos antes de entrenar.")
    if len(x) == 0 or len(x) != len(y):
        raise CourseError(f"x tiene {len(x)} filas e y tiene {len(y)}: deben ser las mismas, y al menos una.")
    if x.shape[1:] != model.input_shape[1:]:
        raise CourseError(f"Cada fila de x tiene forma {x.shape[1:]}, pero la red espera {model.input_shape[1:]}.")
    _check_targets(model, y)
    return x, y


def _check_targets(model, y):
    """Refuse targets that the loss does not understand: Keras would train on them without a word."""
    outputs, values = model.output_shape[-1], f"valores de {float(y.min()):g} a {float(y.max()):g}"
    loss = getattr(model.loss, "name", None) or getattr(model.loss, "__name__", model.loss)  # an object, a function
    if loss == "sparse_categorical_crossentropy":
        if y.size != len(y) or y.min() < 0 or y.max() >= outputs or (y % 1).any():
            raise CourseError(
                f"y debe tener una clase por fila, un entero de 0 a {outputs - 1}; tiene forma {y.shape} y {values}."
            )
    elif y.size != len(y) * outputs:
        advice = " Usa keras.utils.to_categorical(y) o mlp(…, integer_labels=True)." if outputs > 2 else ""
        raise CourseError(f"y tiene forma {y.shape}, pero la red da {outputs} salida(s) por fila.{advice}")
    elif loss in ("binary_crossentropy", "categorical_crossentropy") and (y.min() < 0 or y.max() > 1):
        raise CourseError(
            f"y tiene {values}, y {loss} espera probabilidades: de 0 a 1. Si son etiquetas, escríbelas con 0 y 1."
        )


def _split(x, y, validation, seed, model):
    """Return training x and y, and the validation set as Keras wants it."""
    if validation is None:
        return x, y, None
    if isinstance(validation, tuple | list) and len(validation) == 2:
        return x, y, _check_data(model, *validation)
    ways = "Usa una parte entre 0 y 1, un par (x, y), o None."
    if not isinstance(validation, Real) or not np.isfinite(validation):
        raise CourseError(f"validation no puede ser {reprlib.repr(validation)}. {ways}")
    rows = round(len(x) * validation)
    if not 0 < rows < len(x):
        raise CourseError(f"validation={validation!r} dejaría {rows} de {len(x)} filas para validar. {ways}")
    order = np.random.default_rng(seed).permutation(len(x))
    kept, held_out = order[rows:], order[:rows]
    return x[kept], y[kept], (x[held_out], y[held_out])
