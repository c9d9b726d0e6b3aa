"""How fast submissions of 25,000 rows are graded, on one core, and how much memory that takes.

The whole of `course.grading.grade` (read, check, measure, keep, write each student's feedback, grades and pages) and a
plain prototype (pandas and scikit-learn: read, AUC and log loss, one CSV at the end; it checks next to nothing) take
turns. Then the peak memory of a new process (Linux tells it) for few submissions and for ten times as many. Target:
3,000 a minute, memory flat.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from course import grading
from course import labels as answers

ROWS, SUBMISSIONS, TURNS = 25_000, 100, 5
PEAK = """
import pathlib, re, sys
from course import grading
grading.grade(*sys.argv[1:])
print(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
"""


def make_labels(folder, random):
    """Write a labels' folder for made-up bookings; return their ids and labels."""
    ids = [f"r{number:011x}" for number in random.choice(16**8, ROWS, replace=False)]
    labels = random.random(ROWS) < 0.4
    anchors = {"baseline": {"auc": 0.5, "log_loss": 0.68}, "reference": {"auc": 0.83, "log_loss": 0.5}}
    answers.save(folder, ids, labels, random.random(ROWS) < 0.3, {**anchors, "implausible_auc": 0.88})
    return ids, labels


def make_entries(folder, ids, labels, count, random):
    """Write submissions as pandas would; a tenth of them in an order of its own."""
    folder.mkdir()
    for number in range(count):
        noise = random.normal(size=ROWS)
        chances = (1 / (1 + np.exp(0.4 - labels - noise))).tolist()
        order = random.permutation(ROWS) if number % 10 == 0 else range(ROWS)
        lines = ["id,prob_cancelacion", *(f"{ids[row]},{chances[row]!r}" for row in order), ""]
        (folder / f"estudiante{number:04d}.csv").write_text("\n".join(lines))


def prototype(entries, labels, out):
    """Grade as one would in an afternoon."""
    import pandas as pd
    from sklearn.metrics import log_loss, roc_auc_score

    truth = pd.read_csv(labels / "etiquetas.csv").set_index("id")["is_canceled"]
    rows = []
    for path in sorted(entries.glob("*.csv")):
        table = pd.read_csv(path).set_index("id")["prob_cancelacion"].reindex(truth.index)
        rows.append((path.stem, roc_auc_score(truth, table), log_loss(truth, table)))
    pd.DataFrame(rows).to_csv(out)


def seconds(call, *arguments):
    start = time.process_time(), time.perf_counter()
    call(*arguments)
    return time.process_time() - start[0], time.perf_counter() - start[1]


def peak(*arguments):
    """Return the megabytes that grading takes at most, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *map(str, arguments)], capture_output=True, text=True, check=True
    )
    return int(done.stdout) / 1024


def main():
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        ids, labels = make_labels(base / "labels", random)
        for folder, count in {"few": SUBMISSIONS // 10, "many": SUBMISSIONS}.items():
            make_entries(base / folder, ids, labels, count, random)
        times = {"plain prototype": [], "`course grade`, all outputs": []}
        for turn in range(TURNS):
            times["plain prototype"].append(seconds(prototype, base / "many", base / "labels", base / "plain.csv"))
            out = base / f"out{turn}"
            times["`course grade`, all outputs"].append(seconds(grading.grade, base / "many", base / "labels", out))
        again = [seconds(grading.grade, base / "many", base / "labels", base / "out0") for _ in range(TURNS)]
        times["`course grade` again, nothing new"] = again
        report(times)
        few, many = (peak(base / folder, base / "labels", base / f"peak-{folder}") for folder in ("few", "many"))
        print(f"\nPeak memory: {few:.0f} MB for {SUBMISSIONS // 10} submissions, {many:.0f} MB for {SUBMISSIONS}.")


def report(times):
    base = statistics.median(cpu for cpu, _ in times["plain prototype"])
    print(f"| {SUBMISSIONS} submissions of {ROWS:,} rows | CPU, s | wall, s | per minute and core | ratio, CPU |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, measured in times.items():
        cpu, wall = map(statistics.median, zip(*measured, strict=True))
        print(f"| {name} | {cpu:.2f} | {wall:.2f} | {60 * SUBMISSIONS / max(cpu, wall):,.0f} | {cpu / base:.2f} |")


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    main()
