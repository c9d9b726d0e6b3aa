"""The same derivative path by path and memoized, in networks of depth 1 to 12 and width 3: operations and time.

Every path is walked: the counts come from the walk, not from a formula. Both ways run in turn; medians of five.
"""

import statistics
import time

from course.graph import derivative_by_paths, derivative_memoized, layered_graph

WIDTH, REPETITIONS = 3, 5


def timed(derivative, output, source):
    start = time.perf_counter()
    found = derivative(output, source)
    return found, time.perf_counter() - start


def main():
    print("| depth | paths | operations, path by path | memoized | ratio | ms, path by path | memoized | ratio |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for depth in range(1, 13):
        output, source = layered_graph(depth, WIDTH)
        slow_times, fast_times = [], []
        for _ in range(REPETITIONS):
            slow, seconds = timed(derivative_by_paths, output, source)
            slow_times.append(seconds * 1e3)
            fast, seconds = timed(derivative_memoized, output, source)
            fast_times.append(seconds * 1e3)
        assert abs(slow.value - fast.value) <= 1e-9 * abs(fast.value), "the two derivatives differ"
        counts = (
            f"{slow.additions:,} | {slow.operations:,} | {fast.operations} | {slow.operations / fast.operations:,.1f}"
        )
        slow_ms, fast_ms = statistics.median(slow_times), statistics.median(fast_times)
        print(f"| {depth} | {counts} | {slow_ms:.3f} | {fast_ms:.3f} | {slow_ms / fast_ms:,.1f} |")


if __name__ == "__main__":
    main()
