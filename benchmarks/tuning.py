"""What a search costs beside its trials: overhead per trial, ten thousand of them, and two processes instead of one.

The overhead is that of trials that do nothing but try six hyperparameters and report five values; CPU time of the whole
process, so that other work on the machine hardly shows. For the speed-up, trials sleep one second: it measures the
sharing of the trials, not the machine's cores. The time runs from the start of the first trial to the end of the last.
`--trials` and `--database` shorten and lengthen it.
"""

import argparse
import tempfile
import time
from pathlib import Path

from course import tuning

SPACE = {**dict.fromkeys("abc", (0.0001, 1.0, "log")), "d": (0.0, 1.0), "e": (1, 100), "f": ["x", "y", "z"]}
LIMITS = {"overhead": 50, "two": 1.7}


def nothing(params, seed, report):
    for epoch in range(1, 6):
        report(epoch, params["a"])
    return params["a"]


def second(params, seed, report):
    time.sleep(1)
    return params["a"]


def spent(count, place, name, **options):
    """Return CPU and wall milliseconds per trial for the next `count` trials of a search."""
    problem = tuning.Problem(name, nothing, SPACE, epochs=5)
    start = time.process_time(), time.perf_counter()
    tuning.search(problem, trials=count, storage=place, pruner="median", progress=False, **options)
    return time.process_time() - start[0], time.perf_counter() - start[1]


def overhead(places, trials):
    print(f"| {trials} trials that do nothing | CPU, ms per trial | wall, ms per trial |\n| --- | ---: | ---: |")
    for name, place in places.items():
        for sampler in ("random", "tpe"):
            cpu, wall = spent(trials, place, f"overhead-{sampler}", sampler=sampler)
            print(f"| {name}, {sampler} | {1000 * cpu / trials:.1f} | {1000 * wall / trials:.1f} |", flush=True)
    print(f"\nLimit: {LIMITS['overhead']} ms.\n")


def many(place, total):
    """Run `total` trials in ten parts, each a search that goes on with the last one's study."""
    part, times = total // 10, []
    print("| trials | CPU, ms per trial |\n| --- | ---: |")
    for end in range(part, total + 1, part):
        times.append(spent(end, place, "many", sampler="random")[0])
        print(f"| {end - part + 1} to {end} | {1000 * times[-1] / part:.1f} |", flush=True)
    print(f"\n{total} trials take {sum(times) / times[0]:.1f} times as long as the first {part}.\n")


def speed_up(folder, trials=24):
    took = {}
    for workers in (1, 2):
        problem = tuning.Problem("second", second, {"a": (0.0, 1.0)})
        place = folder / f"{workers}.sqlite"
        study = tuning.search(problem, trials=trials, storage=place, workers=workers, progress=False)
        starts, ends = zip(*((trial.datetime_start, trial.datetime_complete) for trial in study.trials), strict=True)
        took[workers] = (max(ends) - min(starts)).total_seconds()
    print(f"{trials} trials of 1 s: {took[1]:.1f} s with one process, {took[2]:.1f} s with two: ", end="")
    print(f"{took[1] / took[2]:.2f} times as fast (target: {LIMITS['two']}).")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10_000, help="of the long search")
    parser.add_argument("--database", help="address of a PostgreSQL database, to measure it too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        places = {"a file": folder / "overhead.sqlite"}
        overhead(places | ({"PostgreSQL": options.database} if options.database else {}), 200)
        speed_up(folder)
        many(folder / "many.sqlite", options.trials)


if __name__ == "__main__":
    main()
