"""How long `course simulator` takes from the command to its whole page, beside Voilà showing the same widget.

Voilà is no dependency: without it (``pip install voila``) its row is left out.
"""

import importlib.util
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nbformat

ROUNDS = 5
SIGN = {"course": b"widget.css", "voila": b"widget-view"}  # by which the page that was wanted is known
CELL = "from course.simulator import Simulator\n\nSimulator()"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def seconds(words, port):
    """Start a server and return how long it takes to give its whole page."""
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as answer:
                    page = answer.read()
                if SIGN[words[0]] not in page:
                    raise SystemExit(f"{words[0]} no muestra el simulador.")
                return time.monotonic() - began
            except OSError:
                time.sleep(0.02)
        raise SystemExit(f"{words[0]} terminó sin contestar.")
    finally:
        process.terminate()
        process.wait(30)


def commands(folder):
    found = {"`course simulator`": lambda port: ["course", "simulator", "--no-browser", "--port", str(port)]}
    if importlib.util.find_spec("voila"):
        path = Path(folder, "simulator.ipynb")
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, path)
        found["Voilà"] = lambda port: ["voila", str(path), "--no-browser", f"--port={port}"]
    return found


def main():
    with tempfile.TemporaryDirectory() as folder:
        servers = commands(folder)
        times = {name: [] for name in servers}
        for _ in range(ROUNDS):
            for name, words in servers.items():
                port = free_port()
                times[name].append(seconds(words(port), port))
    first = statistics.median(times["`course simulator`"])
    print("| | mediana (s) | veces |\n| --- | --- | --- |")
    for name, found in times.items():
        print(f"| {name} | {statistics.median(found):.2f} | {statistics.median(found) / first:.1f} |")


if __name__ == "__main__":
    main()
