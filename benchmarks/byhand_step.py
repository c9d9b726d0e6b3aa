"""Training steps of 784-128-10 on batches of 128 rows: `course.byhand` against scikit-learn's `MLPClassifier`.

Both compute the same step (checked below) in float64 with the same BLAS: plain gradient descent, no momentum, no
penalty. A call to `partial_fit` validates its data and encodes its labels, as `step` validates its own; the second row
spreads that over 50 steps, so it compares the arithmetic. Calls alternate, after a warm-up; medians. With one BLAS
thread, and with as many as there are cores: those wait for each other when something else is running.
"""

import os
import statistics
import time

import numpy as np
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from course import byhand

UNITS, ROWS, LEARNING_RATE = (784, 128, 10), 128, 0.1
RANDOM = np.random.default_rng(0)


def batch(rows):
    x, labels = RANDOM.random((rows, UNITS[0])), RANDOM.integers(0, UNITS[-1], rows)
    return x, labels, np.eye(UNITS[-1])[labels]


def classifier(network):
    """Return an `MLPClassifier` with that network's weights, about to take its steps."""
    model = MLPClassifier(
        UNITS[1:-1], solver="sgd", momentum=0.0, alpha=0.0, learning_rate_init=LEARNING_RATE, batch_size=ROWS
    )
    model.partial_fit(*batch(ROWS)[:2], classes=np.arange(UNITS[-1]))
    for arrays, values in ((model.coefs_, network.weights), (model.intercepts_, network.biases)):
        for array, value in zip(arrays, values, strict=True):
            array[...] = value
    return model


def medians(calls, repetitions):
    """Time the calls in turn, so that whatever slows the machine down slows all of them."""
    times = [[] for _ in calls]
    for repetition in range(repetitions + 3):
        for call, kept in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            if repetition >= 3:
                kept.append(time.perf_counter() - start)
    return [statistics.median(kept) for kept in times]


def main():
    network = byhand.random_network(UNITS, output="softmax", loss="categorical_crossentropy")
    x, labels, y = batch(ROWS)
    ours, theirs = byhand.step(network, x, y, LEARNING_RATE), classifier(network).partial_fit(x, labels)
    furthest = max(np.abs(a - b).max() for a, b in zip(ours.weights, theirs.coefs_, strict=True))
    assert furthest < 1e-12, f"the two steps differ by {furthest}"

    many_x, many_labels, many_y = batch(50 * ROWS)
    cases = (
        (
            "one step, one call",
            1,
            lambda: byhand.step(network, x, y, LEARNING_RATE),
            lambda: theirs.partial_fit(x, labels),
        ),
        (
            "an epoch of 50 steps, one call",
            50,
            lambda: byhand.train(network, many_x, many_y, LEARNING_RATE, batch_size=ROWS),
            lambda: theirs.partial_fit(many_x, many_labels),
        ),
    )
    print("| 784-128-10, 128 rows, float64 | BLAS threads | by hand, ms/step | MLPClassifier, ms/step | ratio |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for threads in (1, os.cpu_count()):
        for name, steps, by_hand, scikit in cases:
            with threadpool_limits(threads):
                mine, other = medians((by_hand, scikit), repetitions=200 if steps == 1 else 20)
            figures = f"{mine / steps * 1e3:.2f} | {other / steps * 1e3:.2f} | {mine / other:.2f}"
            print(f"| {name} | {threads} | {figures} |")


if __name__ == "__main__":
    main()
