"""How long `import course` and `course --help` take: whole processes, interleaved, against a Python that does nothing.

The import is the difference to that interpreter; the help is the whole process, as a student waits for it. The last
row shows what both leave for later.
"""

import os
import statistics
import subprocess
import sys
import time

REPETITIONS = 21
COMMANDS = {
    "python, nothing": ["-c", "pass"],
    "import course": ["-c", "import course"],
    "course --help": ["-m", "course", "--help"],
    "numpy, pandas, matplotlib": ["-c", "import numpy, pandas, matplotlib.pyplot"],
}
LIMITS = {"import course": ("difference", 0.15), "course --help": ("whole", 0.40)}


def seconds(arguments):
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True, env={**os.environ, "PYTHONUTF8": "1"}
    )
    return time.perf_counter() - start


def main():
    times = {name: [] for name in COMMANDS}
    for repetition in range(REPETITIONS + 1):
        for name, arguments in COMMANDS.items():
            took = seconds(arguments)
            if repetition:  # the first round writes bytecode
                times[name].append(took)
    medians = {name: statistics.median(values) for name, values in times.items()}
    nothing = medians["python, nothing"]
    print("| command | median, whole process | over an empty process | limit |\n| --- | --- | --- | --- |")
    for name, whole in medians.items():
        kind, limit = LIMITS.get(name, ("", None))
        text = f"{kind} < {limit:.2f} s" if limit else ""
        print(f"| {name} | {whole:.3f} s | {whole - nothing:.3f} s | {text} |")


if __name__ == "__main__":
    main()
