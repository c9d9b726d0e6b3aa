import os
import subprocess
import sys

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from course import environment
from course.errors import CourseError


def run_python(code, **variables):
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **variables}, capture_output=True, text=True, timeout=600
    )


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_preparing_and_the_first_training_are_quiet_and_honour_the_backend(backend):
    code = (
        "import course; course.environment.prepare(1)\n"
        "import keras, numpy as np\n"
        "model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])\n"
        "model.compile('sgd', 'mse'); model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)\n"
        "print(keras.config.backend())"
    )
    result = run_python(code, KERAS_BACKEND=backend)
    assert (result.stdout, result.stderr, result.returncode) == (f"{backend}\n", "", 0)


def test_many_models_in_a_row_are_quiet_in_a_notebook():
    """TensorFlow sets its logger's level when it is used interactively, and warns when functions are traced anew."""
    code = (
        "import sys; sys.ps1 = '>>> '\n"
        "import course; course.environment.prepare(1)\n"
        "import keras, numpy as np\n"
        "for _ in range(6):\n"
        "    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])\n"
        "    model.predict(np.ones((5, 3)), batch_size=4, verbose=0)"
    )
    result = run_python(code, KERAS_BACKEND="tensorflow")
    assert (result.stdout, result.stderr, result.returncode) == ("", "", 0)


def test_tensorflow_is_the_default_and_values_of_the_user_win(monkeypatch):
    for name in ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "77")
    monkeypatch.setenv("NO_COLOR", "1")
    environment.configure()
    assert os.environ["KERAS_BACKEND"] == "tensorflow"
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "3"
    assert os.environ["COLUMNS"] == "77"
    assert "NO_COLOR" not in os.environ


def test_an_unknown_backend_is_named(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "theano")
    with pytest.raises(CourseError, match=r"theano.*tensorflow, jax"):
        environment.configure()


def test_a_missing_backend_is_named_with_the_command_that_installs_it():
    code = (
        "import sys; sys.modules['jax'] = None\n"
        "from course.environment import import_keras\n"
        "from course.errors import CourseError\n"
        "try: import_keras()\n"
        "except CourseError as error: print(error)"
    )
    assert "pip install jax" in run_python(code, KERAS_BACKEND="jax").stdout


def test_a_failed_import_shows_what_was_kept_quiet(capfd):
    with pytest.raises(RuntimeError), environment._quiet_stderr():
        os.write(2, b"the library said why\n")
        raise RuntimeError
    with environment._quiet_stderr():
        os.write(2, b"noise\n")
    assert capfd.readouterr().err == "the library said why\n"


def test_the_seed_decides_python_numpy_and_keras_numbers():
    import random

    import keras

    def draw(seed):
        environment.prepare(seed)
        return random.random(), np.random.rand(), float(keras.random.uniform(()))

    assert draw(5) == draw(5)
    assert all(a != b for a, b in zip(draw(5), draw(6), strict=True))


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "0", None, True])
def test_a_bad_seed_is_named(seed):
    with pytest.raises(CourseError, match="seed="):
        environment.prepare(seed)


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_training_comes_out_the_same_to_the_bit_in_another_process(backend):
    code = (
        "import course, hashlib; course.environment.prepare(7)\n"
        "import numpy as np\n"
        "from course import models\n"
        "x = np.random.rand(2000, 50); y = np.random.rand(2000)\n"
        "model = models.mlp(50, (300, 300), 'regression', dropout=0.2, l2=1e-3)\n"
        "model.fit(x, y, epochs=3, verbose=0)\n"
        "print(hashlib.sha256(b''.join(w.tobytes() for w in model.get_weights())).hexdigest())"
    )
    first, second = (run_python(code, KERAS_BACKEND=backend) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout


def test_a_notebook_shows_a_course_error_as_its_message_alone(capsys):
    InteractiveShell().run_cell("from course.errors import CourseError\nraise CourseError('usa 0 o más')")
    assert capsys.readouterr().out == "✘ usa 0 o más\n"
