"""How fast the class trains on MNIST, beside what can be written by hand, and how close both come to the machine.

    python benchmarks/mnist_speed.py [--rounds N] [--only WORD …]

Every side trains the same network (784-512-512-10, ReLU, Dropout 0.2, Adam, batches of 128, float32) on the same
60,000 digits, in a process of its own. They take turns, an epoch each, in an order that changes, and an idle side
sleeps: a slow minute of the machine hits all of them. The first epoch, where things are compiled, is not counted. Each
round measures the machine's peak too: a product of two square float32 matrices. PyTorch comes with the extra `bench`;
scikit-learn's network has no Dropout. A second table tells what it takes to import everything and train a first batch.
"""

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import time
from functools import partial

import numpy as np

UNITS, RATE, BATCH, LEARNING_RATE = (784, 512, 512, 10), 0.2, 128, 0.001
ROWS = 60_000
# Two operations for each weight and row forward, two backward to the weights, and two to the layer before, if any.
EPOCH_GFLOP = ROWS * (6 * sum(a * b for a, b in itertools.pairwise(UNITS)) - 2 * UNITS[0] * UNITS[1]) / 1e9
PEAK_SIDE = 2048
FIRST_BATCH = """
import resource, time
start = time.perf_counter()
from course import environment
environment.prepare(0)
import numpy as np
from course import models, training
model = models.mlp(784, (512, 512), "multiclass", classes=10, dropout=0.2, integer_labels=True)
x, y = np.random.rand(128, 784).astype("float32"), np.random.randint(0, 10, 128)
training.fit(model, x, y, epochs=1, batch_size=128, validation=None, progress=False)
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def digits():
    """Return the images as rows of float32 in [0, 1], and the digits."""
    from course import datasets

    (x, y), _ = datasets.mnist()
    return x.reshape(-1, UNITS[0]).astype("float32") / 255, y.astype("int32")


# --- the sides: each trains without end, and calls `epoch_done` after every epoch -------------------------------------


def course_fit(x, y, epoch_done, **options):
    from course import environment, models, training

    environment.prepare(0)
    options |= {"classes": UNITS[-1], "dropout": RATE, "integer_labels": True}
    model = models.mlp(UNITS[0], UNITS[1:-1], "multiclass", **options)
    callbacks = [_keras_callback(epoch_done)]
    training.fit(model, x, y, epochs=10_000, batch_size=BATCH, validation=None, progress=False, callbacks=callbacks)


def plain_fit(x, y, epoch_done):
    import keras

    dense = [
        layer
        for units in UNITS[1:-1]
        for layer in (keras.layers.Dense(units, activation="relu"), keras.layers.Dropout(RATE))
    ]
    output = keras.layers.Dense(UNITS[-1], activation="softmax")
    model = keras.Sequential([keras.Input((UNITS[0],)), *dense, output])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=BATCH, epochs=10_000, verbose=0, callbacks=[_keras_callback(epoch_done)])


def torch_loop(x, y, epoch_done):
    import torch
    from torch import nn

    layers = []
    for before, units in itertools.pairwise(UNITS[:-1]):
        layers += [nn.Linear(before, units), nn.ReLU(), nn.Dropout(RATE)]
    model = nn.Sequential(*layers, nn.Linear(*UNITS[-2:]))
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)
    loss_of = nn.CrossEntropyLoss()
    x, y = torch.from_numpy(x), torch.from_numpy(y).long()
    while True:
        total = torch.zeros(())
        for rows in torch.randperm(ROWS).split(BATCH):
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(rows)
        epoch_done(float(total) / ROWS)


def jax_scan(x, y, epoch_done):
    import jax
    import jax.numpy as jnp

    def loss_of(parameters, key, rows):
        h = x[rows]
        for w, b in parameters[:-1]:
            key, draw = jax.random.split(key)
            h = jax.nn.relu(h @ w + b)
            h = jnp.where(jax.random.bernoulli(draw, 1 - RATE, h.shape), h / (1 - RATE), 0)
        w, b = parameters[-1]
        chances = jax.nn.log_softmax(h @ w + b)
        return -jnp.take_along_axis(chances, y[rows][:, None], axis=1).mean()

    def step(state, rows):
        parameters, first, second, t, key = state
        key, draw = jax.random.split(key)
        loss, gradient = jax.value_and_grad(loss_of)(parameters, draw, rows)
        t += 1
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        rate = LEARNING_RATE * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        parameters = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-7), parameters, first, second)
        return (parameters, first, second, t, key), loss * len(rows)

    @jax.jit
    def epoch(state, order):
        whole = ROWS - ROWS % BATCH
        state, losses = jax.lax.scan(step, state, order[:whole].reshape(-1, BATCH))
        state, last = step(state, order[whole:])
        return state, (losses.sum() + last) / ROWS

    x, y, rng = jnp.asarray(x), jnp.asarray(y), np.random.default_rng(0)
    parameters = [(jnp.asarray(w), jnp.asarray(b)) for w, b in _first_weights(rng)]
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    state = (parameters, zeros, zeros, 0.0, jax.random.key(0))
    while True:
        state, loss = epoch(state, rng.permutation(ROWS))
        epoch_done(float(loss))


def tf_function(x, y, epoch_done, jit_compile):
    import tensorflow as tf

    x, y = tf.constant(x), tf.constant(y)
    variables = [tf.Variable(array) for pair in _first_weights(np.random.default_rng(0)) for array in pair]
    first, second = ([tf.Variable(tf.zeros_like(variable)) for variable in variables] for _ in range(2))
    beta1, beta2 = tf.Variable(1.0), tf.Variable(1.0)

    @tf.function(jit_compile=jit_compile)
    def step(inputs, labels):
        with tf.GradientTape() as tape:
            h = inputs
            for w, b in zip(variables[:-2:2], variables[1:-2:2], strict=True):
                h = tf.nn.dropout(tf.nn.relu(h @ w + b), RATE)
            logits = h @ variables[-2] + variables[-1]
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        beta1.assign(0.9 * beta1)
        beta2.assign(0.999 * beta2)
        for w, m, v, g in zip(variables, first, second, tape.gradient(loss, variables), strict=True):
            tf.raw_ops.ResourceApplyAdam(
                **{"var": w.handle, "m": m.handle, "v": v.handle, "beta1_power": beta1, "beta2_power": beta2},
                **{"lr": LEARNING_RATE, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7, "grad": g},
            )
        return loss * tf.cast(tf.shape(labels)[0], tf.float32)

    @tf.function
    def epoch():
        order, whole = tf.random.shuffle(tf.range(ROWS)), ROWS - ROWS % BATCH
        total = tf.constant(0.0)
        for start in tf.range(0, whole, BATCH):
            rows = tf.ensure_shape(order[start : start + BATCH], (BATCH,))
            total += step(tf.gather(x, rows), tf.gather(y, rows))
        rows = order[whole:]
        return (total + step(tf.gather(x, rows), tf.gather(y, rows))) / ROWS

    while True:
        epoch_done(float(epoch()))


def sklearn_mlp(x, y, epoch_done):
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(UNITS[1:-1], batch_size=BATCH, alpha=0, learning_rate_init=LEARNING_RATE, random_state=0)
    while True:
        model.partial_fit(x, y, classes=range(UNITS[-1]))
        epoch_done(model.loss_)


def _first_weights(rng):
    """Return weights (Glorot's uniform) and biases of each layer."""
    for fan_in, fan_out in itertools.pairwise(UNITS):
        limit = np.sqrt(6 / (fan_in + fan_out))
        yield rng.uniform(-limit, limit, (fan_in, fan_out)).astype("float32"), np.zeros(fan_out, "float32")


def _keras_callback(epoch_done):
    import keras

    return keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epoch_done(logs["loss"]))


# --- the turns --------------------------------------------------------------------------------------------------------

SIDES = {
    "`training.fit`, TensorFlow": ("tensorflow", course_fit),
    "`training.fit`, TensorFlow, `jit_compile=True`": ("tensorflow", partial(course_fit, jit_compile=True)),
    "`training.fit`, JAX": ("jax", course_fit),
    "plain `model.fit`, TensorFlow": ("tensorflow", plain_fit),
    "plain `model.fit`, JAX": ("jax", plain_fit),
    "by hand: `tf.function`, fused Adam kernel": ("tensorflow", partial(tf_function, jit_compile=False)),
    "by hand: `tf.function` with XLA": ("tensorflow", partial(tf_function, jit_compile=True)),
    "by hand: JAX `scan`": ("jax", jax_scan),
    "by hand: PyTorch loop": (None, torch_loop),
    "scikit-learn's `MLPClassifier`, no Dropout": (None, sklearn_mlp),
}


class Side:
    """A side in a process of its own, which trains an epoch each time that it is told to."""

    def __init__(self, name):
        environment = {**os.environ, "KERAS_BACKEND": SIDES[name][0] or "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        self.process = subprocess.Popen([sys.executable, __file__, "--side", name], env=environment, **pipes)
        self.epoch()  # the first one compiles

    def epoch(self):
        """Return the seconds of one more epoch."""
        print("go", file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline().split()[0])

    def close(self):
        self.process.kill()
        self.process.wait()


def train(name):
    """Be a side: train an epoch for each line of stdin, and print its seconds and its loss."""
    started = []

    def epoch_done(loss):
        if started:
            print(time.perf_counter() - started.pop(), loss, flush=True)
        if not sys.stdin.readline():
            sys.exit()
        started.append(time.perf_counter())

    x, y = digits()
    sys.stdin.readline()
    started.append(time.perf_counter())
    SIDES[name][1](x, y, epoch_done)


def peak():
    """Return GFLOP/s of a large product of matrices."""
    a = np.random.default_rng(0).random((PEAK_SIDE, PEAK_SIDE), dtype="float32")
    seconds = []
    for _ in range(4):
        start = time.perf_counter()
        a @ a
        seconds.append(time.perf_counter() - start)
    return 2 * PEAK_SIDE**3 / min(seconds) / 1e9


def race(names, rounds):
    """Return each side's seconds, round by round, and the peaks."""
    sides, order = {name: Side(name) for name in names}, np.random.default_rng(0)
    try:
        laps = []
        for _ in range(rounds):  # each in another order: the first after `peak` is slower, and so are some after others
            turns = order.permutation(names)
            laps.append(({name: sides[name].epoch() for name in turns}, peak()))
    finally:
        for side in sides.values():
            side.close()
    return {name: [seconds[name] for seconds, _ in laps] for name in names}, [gflops for _, gflops in laps]


def report(seconds, peaks):
    print(f"Peak: {statistics.median(peaks):.0f} GFLOP/s. An epoch's products of matrices: {EPOCH_GFLOP:.0f} GFLOP.\n")
    print("| side | epoch, median s | min to max | share of the peak |\n| --- | ---: | ---: | ---: |")
    for name, laps in seconds.items():
        share = statistics.median(EPOCH_GFLOP / s / top for s, top in zip(laps, peaks, strict=True))
        print(f"| {name} | {statistics.median(laps):.2f} | {min(laps):.2f} to {max(laps):.2f} | {share:.0%} |")
    print("\n| ratio, round by round | median |\n| --- | ---: |")
    ours = [name for name in seconds if name.startswith("`training.fit`")]
    for one, other in itertools.product(ours, seconds):
        if other not in ours and SIDES[other][0] in (SIDES[one][0], None):
            ratio = statistics.median(a / b for a, b in zip(seconds[one], seconds[other], strict=True))
            print(f"| {one} over {other} | {ratio:.2f} |")


def first_batch(rounds):
    print("\n| to the first trained batch | median s | peak memory, MB |\n| --- | ---: | ---: |")
    runs = {backend: [] for backend in ("tensorflow", "jax")}
    for _, backend in itertools.product(range(rounds), runs):
        environment = {**os.environ, "KERAS_BACKEND": backend}
        command = [sys.executable, "-c", FIRST_BATCH]
        output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        runs[backend].append([float(word) for word in output.split()])
    for backend, figures in runs.items():
        seconds, memory = (statistics.median(column) for column in zip(*figures, strict=True))
        print(f"| {backend} | {seconds:.1f} | {memory:.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", nargs="*", default=[""], help="words; sides that have none of them stay out")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        train(options.side)
        return
    names = [name for name in SIDES if any(word in name for word in options.only)]
    report(*race(names, options.rounds))
    first_batch(min(options.rounds, 5))


if __name__ == "__main__":
    main()
