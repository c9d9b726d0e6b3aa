"""How long the data sets take to load, every check included: MNIST under 0.5 s, the bookings' second load under 0.3 s.

First loads (parse or draw, then keep in an empty cache) and second ones (from the cache) alternate; medians. The real
table needs a mirror in ``COURSE_DATA_DIR`` (a folder with ``hotel_bookings.csv.gz``); it is also served on loopback, to
time the download without the network. Imports are done before, except in the rows of new processes.
"""

import contextlib
import functools
import http.server
import io
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas  # noqa: F401  (imports are not what is timed)
import pooch  # noqa: F401

from course import datasets
from course.paths import resource

REPETITIONS = 7
FRESH = "from course import datasets; import sys; datasets.bookings(*sys.argv[1:])"


def unchecked_mnist():
    with np.load(resource("data") / "mnist.npz") as arrays:
        return [arrays[name] for name in arrays]


def seconds(call, *arguments):
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        call(*arguments)
    return time.perf_counter() - start


def served(folder):
    """Serve a folder on loopback; return its address."""
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    handler = functools.partial(quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def bookings_twice(source):
    """Return the seconds of a load with an empty cache, of one more, and the bytes that the cache then holds."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COURSE_CACHE_DIR"] = folder
        times = seconds(datasets.bookings, source), seconds(datasets.bookings, source)
        size = sum(path.stat().st_size for path in Path(folder).glob("*.parquet"))
        return *times, size


def fresh_process(source):
    """Return the seconds of a second load in a new Python, imports included."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"COURSE_CACHE_DIR": folder}
        run = functools.partial(subprocess.run, env=environment, check=True, stdout=subprocess.DEVNULL)
        order = [sys.executable, "-c", FRESH, source]
        run(order)
        return seconds(run, order)


def main():
    os.environ["NO_PROXY"] = "127.0.0.1"
    sources = {"made-up table": "synthetic"}
    if mirror := os.environ.get("COURSE_DATA_DIR"):
        sources |= {"real table, mirror folder": mirror, "real table, downloaded": served(mirror)}
    bookings_twice("synthetic")  # warm-up
    mnist, loads = [], {name: [] for name in sources}
    for _ in range(REPETITIONS):
        mnist.append((seconds(unchecked_mnist), seconds(datasets.mnist)))
        for name, source in sources.items():
            loads[name].append(bookings_twice(source))
    print("| what | first or unchecked, s | second or checked, s | ratio | Parquet, kB |")
    print("| --- | ---: | ---: | ---: | ---: |")
    unchecked, checked = map(statistics.median, zip(*mnist, strict=True))
    print(f"| MNIST without and with its SHA-256 | {unchecked:.3f} | {checked:.3f} | {checked / unchecked:.2f} | |")
    for name, source in sources.items():
        first, second, size = map(statistics.median, zip(*loads[name], strict=True))
        print(f"| bookings, {name} | {first:.3f} | {second:.3f} | {second / first:.2f} | {size / 1000:,.0f} |")
        anew = statistics.median(fresh_process(source) for _ in range(3))
        print(f"| the same, second load in a new process | | {anew:.3f} | | |")


if __name__ == "__main__":
    main()
