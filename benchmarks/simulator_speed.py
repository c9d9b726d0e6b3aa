"""The simulator's speed beside the public playground's own engine, in CPU-seconds on this machine.

    python benchmarks/simulator_speed.py --playground DIR

DIR is a checkout of the playground (its src/nn.ts is what runs; Node and npx must be there). Without it the column
of the playground holds the figures once measured on two shared vCPUs with Node 20: then the ratios are between two
machines. Both sides train the slide's setting (spiral, noise 25, 300 training points, batches of 10, ReLU), in turns.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from course.simulator import Experiment, kernel, sweep

LAYOUTS = ((4,), (8, 8), (8,) * 6)
MODES = ("training alone", "with both losses", "with losses and heat maps")
MEASURED = {  # epochs of 300 points per CPU-second
    (4,): (9204, 4194, 318),
    (8, 8): (2362, 1213, 101),
    (8,) * 6: (623, 354, 32),
}
SLIDE = "#activation=relu&dataset=spiral&noise=25&percTrainData=60&learningRate=0.1&networkShape="
START_UP = """
import time
start, used = time.perf_counter(), time.process_time()
import numpy, course
ready, spent = time.perf_counter(), time.process_time()
from course.simulator import Experiment
Experiment(seed=1).advance(1)
print(time.perf_counter() - ready, time.process_time() - spent)
"""


def experiment(layers):
    return Experiment.from_url(SLIDE + ",".join(map(str, layers)) + "&seed=1")


def epoch_of(layers, mode):
    """Return a function that trains some epochs in one of the modes, and how many."""
    one = experiment(layers)
    if mode == 0:
        points = np.concatenate([one.train_points, one.test_points])
        x, y = points[:, :2, np.newaxis], points[:, 2:, np.newaxis]
        theta = np.concatenate([np.ravel(a.T) for a in (*one.weights, *one.biases)])
        state = kernel.start(one.settings.rules, theta[:, np.newaxis], [1])
        return lambda: kernel.train(one.settings.rules, state, x, y, 300, [0.1] * 20, every=False), 20
    if mode == 1:
        return lambda: one.advance(20), 20
    return lambda: (one.step(), one.heat_maps()), 1


def ours(layers, mode, seconds):
    """Return epochs per CPU-second."""
    train, epochs = epoch_of(layers, mode)
    train()
    start, done = time.process_time(), 0
    while time.process_time() - start < seconds:
        train()
        done += epochs
    return done / (time.process_time() - start)


def theirs(engine, layers, mode, seconds):
    one = experiment(layers)
    task = {"layers": layers, "mode": mode, "seconds": seconds}
    task |= {"train": one.train_points.tolist(), "test": one.test_points.tolist()}
    command = ["node", str(Path(__file__).with_name("playground_driver.js")), str(engine)]
    return float(subprocess.run(command, input=json.dumps(task), capture_output=True, text=True, check=True).stdout)


def transpile(playground, folder):
    """Return the playground's engine as JavaScript that Node reads."""
    engine = Path(folder, "nn.js")
    command = ["npx", "--yes", "esbuild", str(Path(playground, "src", "nn.ts")), "--format=cjs", f"--outfile={engine}"]
    subprocess.run(command, check=True, capture_output=True)
    return engine


def engines(engine, rounds, seconds):
    print("| layout | | simulator, epochs/CPU-s | playground, epochs/CPU-s | ratio (min to max) |")
    print("| --- | --- | --- | --- | --- |")
    for layers in LAYOUTS:
        for mode, name in enumerate(MODES):
            pairs = []
            for _ in range(rounds):
                reference = theirs(engine, layers, mode, seconds) if engine else MEASURED[layers][mode]
                pairs.append((ours(layers, mode, seconds), reference))
            a, b, ratios = zip(*((x, y, x / y) for x, y in pairs), strict=True)
            shown = f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
            print(f"| {list(layers)} | {name} | {statistics.median(a):,.0f} | {statistics.median(b):,.0f} | {shown} |")


def timed(action):
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return time.process_time() - cpu, time.perf_counter() - wall


def sweeps(rounds):
    """50 seeds of [8, 8] for 1,000 epochs: one sweep against 50 runs."""
    link = SLIDE + "8,8"
    pairs = []
    for _ in range(rounds):
        together = timed(lambda: sweep(link, seeds=50, epochs=1000))
        alone = timed(lambda: [Experiment.from_url(f"{link}&seed={seed}").run(1000) for seed in range(1, 51)])
        pairs.append((*together, *alone, together[0] / alone[0], together[1] / alone[1]))
    cpu, wall, alone_cpu, alone_wall, cpu_share, wall_share = (
        statistics.median(column) for column in zip(*pairs, strict=True)
    )
    print("\n| 50 seeds of [8, 8], 1,000 epochs | CPU-seconds | seconds |\n| --- | --- | --- |")
    print(f"| one sweep | {cpu:.2f} | {wall:.2f} |\n| 50 runs | {alone_cpu:.2f} | {alone_wall:.2f} |")
    print(f"| share | {cpu_share:.3f} | {wall_share:.3f} |")


def start_up(rounds):
    """From `import course.simulator` to the end of the first epoch, in a new process that has NumPy."""
    runs = [
        [
            float(x)
            for x in subprocess.run(
                [sys.executable, "-c", START_UP], capture_output=True, text=True, check=True
            ).stdout.split()
        ]
        for _ in range(rounds)
    ]
    wall, cpu = (statistics.median(column) for column in zip(*runs, strict=True))
    print(f"\nStart-up, import to first epoch: {wall:.2f} s, {cpu:.2f} CPU-seconds (median of {rounds} processes).")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--playground", help="a checkout of the public playground")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.6, help="CPU-seconds per measurement")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = transpile(arguments.playground, folder) if arguments.playground else None
        engines(source, arguments.rounds, arguments.seconds)
    sweeps(arguments.rounds)
    start_up(arguments.rounds)
