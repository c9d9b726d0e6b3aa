"""Cleaning, splitting and encoding a large table: seconds and memory per million rows.

    python benchmarks/bookings_scale.py [million rows, 2 by default]

The table is the real one (or the made-up one), its rows drawn again with replacement. Each step runs once.
"""

import sys
import threading
import time

import psutil

from course import bookings, datasets


class Peak:
    """The most memory that this process holds inside a ``with``, in GB, seen every hundredth of a second."""

    def __enter__(self):
        self.process, self.most, self.done = psutil.Process(), 0, threading.Event()
        self.watcher = threading.Thread(target=self._watch)
        self.watcher.start()
        return self

    def _watch(self):
        while not self.done.wait(0.01):
            self.most = max(self.most, self.process.memory_info().rss / 1e9)

    def __exit__(self, *_):
        self.done.set()
        self.watcher.join()


def main():
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    small = datasets.bookings()
    table = small.sample(round(millions * 1e6), replace=True, random_state=0, ignore_index=True)
    print(f"tabla {small.attrs['origin']}, {len(table)} filas, {table.memory_usage(deep=True).sum() / 1e9:.2f} GB")
    steps = {
        "clean": lambda: bookings.clean(table),
        "split temporal": lambda: bookings.split(table),
        "split grouped": lambda: bookings.split(table, "grouped"),
        "prepare": lambda: bookings.prepare(table).x[0],
    }
    print("| paso | s | s de CPU | GB en su punto más alto | GB del resultado |\n| --- | --- | --- | --- | --- |")
    for name, step in steps.items():
        start, cpu = time.perf_counter(), time.process_time()
        with Peak() as peak:
            made = step()
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        print(f"| {name} | {seconds:.1f} | {cpu:.1f} | {peak.most:.2f} | {_size(made):.2f} |")


def _size(made):
    if hasattr(made, "nbytes"):
        return made.nbytes / 1e9
    tables = made if isinstance(made, tuple) else (made,)
    return sum(table.memory_usage(deep=True).sum() for table in tables) / 1e9


if __name__ == "__main__":
    main()
