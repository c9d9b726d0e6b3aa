"""What quiet and reproducible runs would cost on TensorFlow: oneDNN off, op determinism on, against neither.

Each round runs the three settings one after the other, each in a process of its own. The table gives the median epoch
of a network of MNIST's size (784-512-512-10, 60,000 rows in batches of 128) and the median ratio, round by round, to
the plain one.
"""

import os
import statistics
import subprocess
import sys

ROUNDS = 5
SETTINGS = {
    "plain": {},
    "TF_ENABLE_ONEDNN_OPTS=0": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "op determinism": {"COURSE_BENCHMARK_DETERMINISM": "1"},
}
EPOCH = """
import os, time
from course import environment
environment.prepare(0)
import numpy as np, tensorflow as tf
from course import models
if "COURSE_BENCHMARK_DETERMINISM" in os.environ:
    tf.config.experimental.enable_op_determinism()
x = np.random.rand(60000, 784).astype("float32")
y = np.random.randint(0, 10, 60000)
model = models.mlp(784, (512, 512), "multiclass", classes=10, dropout=0.2, integer_labels=True)
times = []
for _ in range(3):
    start = time.perf_counter()
    model.fit(x, y, batch_size=128, verbose=0)
    times.append(time.perf_counter() - start)
print(min(times[1:]))
"""


def epoch_seconds(variables):
    environment = {**os.environ, **variables, "KERAS_BACKEND": "tensorflow"}
    command = [sys.executable, "-c", EPOCH]
    return float(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def main():
    rounds = [{name: epoch_seconds(variables) for name, variables in SETTINGS.items()} for _ in range(ROUNDS)]
    print("| setting | epoch, median s | ratio to plain, median |\n| --- | --- | --- |")
    for name in SETTINGS:
        seconds = statistics.median(times[name] for times in rounds)
        ratio = statistics.median(times[name] / times["plain"] for times in rounds)
        print(f"| {name} | {seconds:.2f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
