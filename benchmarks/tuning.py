"""What a search costs beside its trials: overhead per trial, ten thousand of them, and two processes instead of one.

The overhead is that of trials that do nothing but try six hyperparameters and report five values, beside the same with
Optuna alone; CPU time is that of the whole process, so that other work on the machine hardly shows. For the speed-up,
trials train for a second or more, by hand on one thread or with Keras on MNIST's digits; it needs two cores with
nothing else to do. The time runs from the start of the first trial to the end of the last. `--only`, `--trials` and
`--database` shorten and lengthen it.
"""

import argparse
import dataclasses
import functools
import itertools
import multiprocessing
import os
import tempfile
import time
import uuid
from pathlib import Path
from statistics import median

import numpy as np
import optuna

from course import byhand, tuning
from course.tuning import loop, problems
from course.tuning import space as spaces

SPACE = {**dict.fromkeys("abc", (0.0001, 1.0, "log")), "d": (0.0, 1.0), "e": (1, 100), "f": ["x", "y", "z"]}
LIMITS = {"overhead": 50, "two": 1.7}
search = functools.partial(tuning.search, progress=False)


def nothing(params, seed, report):
    for epoch in range(1, 6):
        report(epoch, params["a"])
    return params["a"]


NOTHING = tuning.Problem("nothing", nothing, SPACE, epochs=5)


def of_the_course(place, sampler, trials):
    search(NOTHING, trials=trials, storage=place, name=f"overhead-{uuid.uuid4()}", sampler=sampler)


def of_optuna(place, sampler, trials):
    """As many trials with Optuna alone: no heartbeat, no trial that is queued again, no seed of its own for each."""
    kinds = spaces.distributions(SPACE)

    def objective(trial):
        def report(epoch, value):
            trial.report(value, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned

        return nothing(spaces.suggest(trial, kinds), 0, report)

    kind = {"random": optuna.samplers.RandomSampler, "tpe": optuna.samplers.TPESampler}[sampler]
    address = (
        str(place).replace("postgresql:", "postgresql+psycopg:") if "://" in str(place) else f"sqlite:///{place}.optuna"
    )
    pruner = optuna.pruners.MedianPruner(n_warmup_steps=1)
    optuna.create_study(storage=address, sampler=kind(seed=0), pruner=pruner).optimize(objective, n_trials=trials)


def overhead(places, trials, rounds=3):
    ways = {"the course": of_the_course, "Optuna alone": of_optuna}
    took = {(*place, sampler, way): [] for place in places.items() for sampler in ("random", "tpe") for way in ways}
    with loop.quiet():
        for _ in range(rounds):
            for (_, place, sampler, way), times in took.items():
                cpu, wall = time.process_time(), time.perf_counter()
                ways[way](place, sampler, trials)
                times.append((time.process_time() - cpu, time.perf_counter() - wall))
    print(f"| {trials} trials that do nothing, median of {rounds} | CPU, ms per trial | wall, ms per trial |")
    print("| --- | ---: | ---: |")
    for (name, _, sampler, way), times in took.items():
        cpu, wall = (1000 * median(values) / trials for values in zip(*times, strict=True))
        print(f"| {name}, {sampler}, {way} | {cpu:.1f} | {wall:.1f} |")
    print(f"\nLimit: {LIMITS['overhead']} ms.\n")


def per_trial(place, trials, pruner):
    """Return the CPU seconds of a trial in a search of its own, from its first trial to its last."""
    marks = []

    def marked(params, seed, report):
        marks.append(time.process_time())
        return nothing(params, seed, report)

    problem = dataclasses.replace(NOTHING, evaluate=marked)
    search(problem, trials=trials, storage=place, name=str(uuid.uuid4()), sampler="random", pruner=pruner)
    return (marks[-1] - marks[0]) / (trials - 1)


def many(folder, total, pruner):
    """Run one search of `total` trials; before each tenth of it and after the last, a new small one, in another file.

    The machine's own speed changes while it lasts, and each tenth is set beside the small ones around it.
    """
    part, begun, ended, small, numbers = total // 10, [], [], [], itertools.count()

    def pause():
        ended.append(time.process_time())
        small.append(per_trial(folder / f"{len(small)}.sqlite", part // 4, pruner))
        begun.append(time.process_time())

    def marked(params, seed, report):
        if next(numbers) % part == 0:
            pause()
        return nothing(params, seed, report)

    problem = dataclasses.replace(NOTHING, evaluate=marked)
    again = functools.partial(search, problem, storage=folder / "many.sqlite", sampler="random", pruner=pruner)
    again(trials=total)
    pause()
    costs = [(end - begin) / part for begin, end in zip(begun, ended[1:], strict=False)]
    beside = [(before + after) / 2 for before, after in itertools.pairwise(small)]
    print(f"| trials, pruner {pruner!r} | CPU, ms per trial | beside, in a search of {part // 4} | ratio |")
    print("| --- | ---: | ---: | ---: |")
    for k, (cost, other) in enumerate(zip(costs, beside, strict=True)):
        print(f"| {k * part + 1} to {(k + 1) * part} | {1000 * cost:.1f} | {1000 * other:.1f} | {cost / other:.2f} |")
    print(f"\nAll of them over small searches: {sum(costs) / sum(beside):.2f}; ", end="")
    print(f"over ten times the first tenth: {sum(costs) / costs[0] / 10:.2f}.")
    start = time.process_time()
    again(trials=total)
    print(f"To open that study again takes {time.process_time() - start:.1f} s, once.\n")


def training(epochs=4):
    """Return a problem whose trials all train the same network, on 3,000 digits."""
    space = {"units": [512], "layers": [2], "batch_size": [32]}
    return dataclasses.replace(problems.find("mnist-clase"), epochs=epochs, patience=epochs, space=space)


def by_hand(params, seed, report):
    """Train a network by hand, which one thread does, and return its loss."""
    x = np.random.default_rng(0).normal(size=(2_000, 8))
    network = byhand.random_network((8, 16, 16, 1), seed=seed)
    return byhand.train(network, x, x[:, :1] * x[:, 1:2], 0.01, epochs=150)[1][-1]


BY_HAND = tuning.Problem("by hand", by_hand, {"a": (0.0, 1.0)})


def run(place, problem, trials, workers, core):
    if core is not None:
        os.sched_setaffinity(0, {core})
    search(problem, trials=trials, storage=place, workers=workers, pruner="none", sampler="random")


def seconds(folder, problem, trials, workers, core=None):
    """Return what a search takes that is the first in its process."""
    place = Path(tempfile.mkdtemp(dir=folder)) / "s.sqlite"
    process = multiprocessing.get_context("spawn").Process(target=run, args=(place, problem, trials, workers, core))
    process.start()
    process.join()
    done = tuning.load(place, problem.name).trials
    return (max(t.datetime_complete for t in done) - min(t.datetime_start for t in done)).total_seconds()


def speed_up(folder, problem, trials=8, times=3):
    ways = {"one process": (1,), "one process, held to one core": (1, 0), "two processes": (2,)}
    took = {way: [] for way in ways}
    for _ in range(times):
        for way, options in ways.items():
            took[way].append(seconds(folder, problem, trials, *options))
    two = median(took["two processes"])
    print(f"| {trials} trials, {problem.name} | s, median of {times} | s per trial | two processes are faster by |")
    print("| --- | ---: | ---: | ---: |")
    for way, values in took.items():
        each = median(values) / trials
        print(f"| {way} | {median(values):.1f} | {each:.2f} | {median(values) / two:.2f} |")
    print(f"\nTarget: {LIMITS['two']}, on two cores.\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = ("overhead", "two", "many")
    parser.add_argument("--only", nargs="+", choices=parts, default=parts, help="what to measure (all)")
    parser.add_argument("--trials", type=int, default=10_000, help="of the long search (%(default)s)")
    parser.add_argument("--database", help="address of a PostgreSQL database, to measure it too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "overhead" in options.only:
            places = {"a file": folder / "overhead.sqlite"}
            overhead(places | ({"PostgreSQL": options.database} if options.database else {}), 200)
        if "two" in options.only:
            for problem in (BY_HAND, training()):
                speed_up(folder, problem)
        if "many" in options.only:
            for pruner in ("none", "median"):
                with tempfile.TemporaryDirectory() as apart:
                    many(Path(apart), options.trials, pruner)


if __name__ == "__main__":
    main()
