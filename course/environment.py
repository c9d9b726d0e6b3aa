"""What must be set before Keras is imported, and runs that come out the same twice.

Every notebook begins with ``course.environment.prepare(seed=…)``. ``KERAS_BACKEND`` is honoured: this module only
says what happens when nobody has chosen (TensorFlow, Keras's own default).
"""

import logging
import numbers
import os
import sys
import tempfile
from contextlib import contextmanager

from course.errors import CourseError

BACKENDS = ("tensorflow", "jax", "torch")

# TensorFlow logs to the terminal below level 3; COLUMNS fixes the width of the tables that Keras prints.
_DEFAULTS = {"TF_CPP_MIN_LOG_LEVEL": "3", "COLUMNS": "100", "KERAS_BACKEND": "tensorflow"}


def configure():
    """Set the environment variables that Keras reads at import; values already set by the user win.

    ``NO_COLOR`` is removed, since with it `model.summary()` prints another table than without.

    Raises
    ------
    CourseError
        If ``KERAS_BACKEND`` names no backend of Keras.
    """
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    # TensorFlow warns about retracing when several models are trained in a row, which is what a class does; matplotlib
    # about the font cache that it builds on the first day.
    for name in ("tensorflow", "matplotlib.font_manager"):
        logging.getLogger(name).addFilter(_errors_only)  # in a notebook, TensorFlow sets the level itself, later
    os.environ.pop("NO_COLOR", None)
    backend = os.environ["KERAS_BACKEND"]
    if backend not in BACKENDS:
        raise CourseError(
            f"KERAS_BACKEND={backend!r} no es un motor de Keras. Usa uno de estos: {', '.join(BACKENDS)}, "
            "o borra la variable para usar TensorFlow."
        )


def import_keras():
    """Import Keras without the lines that TensorFlow writes to the terminal, and return the module.

    TensorFlow 2.21 announces oneDNN at import, whatever the log level. Switching oneDNN off would silence it and
    slow the training down (``benchmarks/environment.py`` measures how much), so the lines are set aside instead. If
    the import fails, they are shown.

    Raises
    ------
    CourseError
        If the chosen backend is not installed.
    """
    if "keras" in sys.modules:
        return sys.modules["keras"]
    configure()
    backend = os.environ["KERAS_BACKEND"]
    try:
        with _quiet_stderr():
            import keras
    except ModuleNotFoundError as error:
        raise CourseError(
            f"Keras no pudo cargar su motor {backend!r}: falta el paquete {error.name!r}. "
            f"Instálalo con: python -m pip install {error.name}"
        ) from error
    return keras


def prepare(seed=0):
    """Leave everything ready for a reproducible run: environment, seeds, and figures that carry their description.

    Call it first in a notebook; call it again to start over from the same random numbers.

    On the CPU a seed is enough: Keras trains to the same bits each time, on both backends. TensorFlow's
    `enable_op_determinism` is for GPUs; here it adds nothing but error lines on the first `fit` (2.21).

    Parameters
    ----------
    seed : int
        Seed of Python's, NumPy's and the backend's random numbers, 0 to 2³² - 1.

    Raises
    ------
    CourseError
        If `seed` is not such an integer, or the backend is not installed.
    """
    set_seed(seed)
    if in_notebook():
        from course import plots

        plots.install()


def in_notebook():
    """Tell whether this is Jupyter's kernel, where a line of output can be rewritten and figures show by themselves."""
    if "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    return shell is not None and hasattr(shell, "kernel")


def set_seed(seed):
    """Seed Python's, NumPy's and the backend's random numbers.

    Parameters
    ----------
    seed : int
        0 to 2³² - 1.

    Raises
    ------
    CourseError
        If `seed` is not such an integer.
    """
    check_seed(seed)
    keras = import_keras()
    with _quiet_stderr():  # on JAX, this call of Keras is what loads TensorFlow
        keras.utils.set_random_seed(int(seed))


def check_seed(seed):
    """Refuse with a `CourseError` what is no integer from 0 to 2³² - 1."""
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral) or not 0 <= seed < 2**32:
        raise CourseError(f"seed={seed!r} no es válido: usa un entero entre 0 y 4294967295, por ejemplo seed=0.")


def _errors_only(record):
    return record.levelno >= logging.ERROR


@contextmanager
def _quiet_stderr():
    """Keep what is written to file descriptor 2 aside; show it only if the block raises.

    Python's `sys.stderr` is not enough: TensorFlow's C++ code writes to the descriptor itself.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as kept:
        original = os.dup(2)
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            kept.seek(0)
            os.write(original, kept.read())
            raise
        finally:
            os.dup2(original, 2)
            os.close(original)
