"""Fit a model with one line of progress, and repeat a fit over seeds so that one lucky run proves nothing."""

import reprlib
from collections.abc import Iterable
from contextlib import suppress

from course import adam, arrays
from course.environment import check_seed, import_keras, set_seed
from course.errors import CourseError
from course.recorder import Line, Recorder, maximised
from course.validation import count, table

keras = import_keras()


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
        argument is out of range or something else.

    Notes
    -----
    The batches and the results are those of Keras's own ``model.fit``, to the bit; on TensorFlow, networks of
    `course.adam.LARGE` weights or more may differ in the rounding, since they take Adam's steps in one operation.
    """
    if not getattr(model, "compiled", False):
        raise CourseError("El modelo no está compilado. Llama antes a model.compile(optimizer=…, loss=…).")
    count("epochs", epochs)
    count("batch_size", batch_size)
    if patience is not None:
        count("patience", patience)
    if not isinstance(monitor, str):
        raise CourseError(f"monitor={monitor!r} no es válido: se esperaba un nombre, por ejemplo 'val_loss'.")
    callbacks = _callbacks(callbacks)
    set_seed(seed)
    x, y, validation = arrays.split(model, x, y, validation, seed)
    if patience is not None and validation is None and monitor.startswith("val_"):
        raise CourseError(f"patience={patience} vigila {monitor!r}, pero validation=None. Da datos de validación.")
    stopper = _early_stopping(monitor, patience)
    recorder = Recorder(epochs, history, progress, monitor if stopper else None)
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
        As `fit`, and if `seeds` are none, `build` makes no new model each time, or `runs` is something else.
    """
    import pandas as pd

    seeds = _seeds(seeds)
    if not callable(build) or isinstance(build, keras.Model):
        raise CourseError(
            f"build={reprlib.repr(build)} no es una función que crea una red. Pásala sin llamarla: build=crear."
        )
    if test is not None and not arrays.is_pair(test):
        raise CourseError(f"test no puede ser {reprlib.repr(test)}. Usa un par (x, y), o None.")
    rows = {} if runs is None else table("runs", runs, "training.repeat").to_dict("index")
    line, title = Line(progress), f"{title} · " if title else ""
    model = None
    with suppress(KeyboardInterrupt):  # it may come outside `fit` too
        for seed in seeds:
            if seed in rows:
                continue
            line.write(f"{title}semilla {len(rows) + 1} de {len(seeds)}")
            set_seed(seed)
            model = _built(build, model)
            history = fit(model, x, y, seed=seed, progress=False, **fit_options)
            if history.attrs["interrupted"]:
                break
            best = history.attrs["best_epoch"]
            row = {**history.loc[best], "best_epoch": best, "seconds": history.attrs["seconds"]}
            if test is not None:
                figures = model.evaluate(*arrays.checked(model, *test), verbose=0, return_dict=True)
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
    count("decimals", decimals, least=0, most=15)
    table("runs", runs, "training.repeat")
    texts = runs.select_dtypes(exclude=["number", "bool"]).columns
    if len(texts):
        raise CourseError(f"La columna {texts[0]!r} no tiene números. Quítala con runs.drop(columns={texts[0]!r}).")
    if len(runs) < 2:
        raise CourseError(f"Con {len(runs)} corrida(s) no hay desviación que calcular. Usa al menos dos semillas.")
    return runs.agg(lambda column: f"{column.mean():.{decimals}f} ± {column.std():.{decimals}f}")


def _finish(model, recorder, interrupted, first_weights):
    """Close the line, and say in a DataFrame what happened and which epoch's weights the model has."""
    import pandas as pd

    recorder.line.close(str(recorder) + (" · interrumpido" if interrupted else ""))
    frame = pd.DataFrame(recorder.rows, index=pd.RangeIndex(1, len(recorder.rows) + 1, name="epoch"))
    best = recorder.best_epoch(frame)
    if recorder.monitor and 0 < best <= recorder.done_before:
        model.set_weights(first_weights)  # this call began with the best epoch's weights
    frame.attrs |= {"best_epoch": best, "interrupted": interrupted, "seconds": recorder.line.seconds}
    return frame


def _built(build, previous):
    """Return the network of the next seed."""
    model = build()
    if not isinstance(model, keras.Model):
        raise CourseError(f"build devuelve {reprlib.repr(model)}, que no es una red de Keras. ¿Le falta un return?")
    if model is previous:
        raise CourseError("build devuelve siempre la misma red, ya entrenada. Debe crear una nueva cada vez.")
    return model


def _early_stopping(monitor, patience):
    if patience is None:
        return []
    mode = "max" if maximised(monitor) else "min"
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
