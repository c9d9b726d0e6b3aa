"""Does this machine have what the class needs? One line per question: ✔, or ✘ and what to do.

What the class can do without is marked with ⚠: a classroom without network is no broken one.
"""

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
from nbformat.v4 import new_code_cell, new_notebook
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from course import datasets, runner

PROJECT = "redes-feedforward"
MEMORY, DISK = 2.0, 1.0  # GB: one Keras kernel beside a browser; the bookings, their cache and `build/`
KERAS_TIMEOUT = 180  # seconds; a first import after installing is slow

_INSTALL = "instala el proyecto otra vez: python -m pip install -e ."


def report():
    """Print every line; return the exit status: 1 when one of them is ✘.

    A line is whether all is well (None: not all, but the class can be given), what was found, and what to do.
    """
    healthy = True
    for name, check in CHECKS.items():
        try:
            lines = check()
        except Exception as error:
            lines = [(False, f"{name}: {type(error).__name__}: {error}", _INSTALL)]
        for good, text, remedy in lines:
            healthy = healthy and good is not False
            print(f"✔ {text}" if good else f"{'⚠' if good is None else '✘'} {text}\n    → {remedy}", flush=True)
    print("\nTodo listo: python -m course run" if healthy else "\nArregla lo marcado con ✘ y vuelve a probar.")
    return int(not healthy)


def python():
    """Is this a Python that the project accepts?"""
    accepted = importlib.metadata.metadata(PROJECT)["Requires-Python"]
    good = SpecifierSet(accepted).contains(platform.python_version(), prereleases=True)
    text = f"Python {platform.python_version()} en {platform.system()} {platform.machine()}"
    return [(good, text, f"instala un Python de 64 bits que cumpla {accepted} y crea el entorno con él")]


def packages():
    """Is each package that the project names installed, in a version that it accepts?"""
    lines = []
    for requirement in map(Requirement, importlib.metadata.requires(PROJECT) or ()):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            lines.append((False, f"{requirement.name}: no está instalado", _INSTALL))
            continue
        good = requirement.specifier.contains(version, prereleases=True)
        lines.append(
            (good, f"{requirement.name} {version}", f"hace falta {requirement.name}{requirement.specifier}; {_INSTALL}")
        )
    return lines


def keras():
    """Does Keras start, and on which backend?"""
    # In a process of its own: a TensorFlow built for another processor takes the whole process with it.
    program = "from course import environment as e; k = e.import_keras(); print(k.__version__, k.config.backend())"
    try:
        done = subprocess.run(
            [sys.executable, "-X", "utf8", "-c", program],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=KERAS_TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        return [(False, f"Keras no arranca en {KERAS_TIMEOUT} s", "cierra otros programas y vuelve a probar")]
    words = done.stdout.split()[-2:]
    if done.returncode == 0 and len(words) == 2:
        return [(True, f"Keras {words[0]} con el motor {words[1]}", "")]
    last = (done.stderr.strip().splitlines() or [f"código de salida {done.returncode}"])[-1]
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    return [
        (False, f"Keras no arranca con el motor {backend}: {last}", f"{_INSTALL}; o borra la variable KERAS_BACKEND")
    ]


def memory():
    """Is there memory for a notebook that trains?"""
    free = psutil.virtual_memory().available / 1e9
    return [(free >= MEMORY, f"memoria libre: {free:.1f} GB", f"hacen falta {MEMORY:g} GB: cierra otros programas")]


def disk():
    """Is there room for the data and the executed copies?"""
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    return [(free >= DISK, f"disco libre: {free:.1f} GB", f"hace falta {DISK:g} GB: borra lo que no uses")]


def data():
    """Are the data at hand, and intact?"""
    return [(good, f"{name}: {message}" if good else name, message) for name, good, message in datasets.status()]


def kernel():
    """Does a kernel really start and compute?"""
    notebook = new_notebook(cells=[new_code_cell("1 + 1")])
    with tempfile.TemporaryDirectory() as folder:
        run = runner.run_notebook(notebook, "doctor", folder, cell_timeout=30, notebook_timeout=90)
    good = not run.error and run.cells[0].outputs[0].data["text/plain"] == "2"
    text = (
        f"el kernel de Jupyter arranca y calcula ({run.seconds:.1f} s)"
        if good
        else f"el kernel de Jupyter no responde: {run.error}"
    )
    return [(good, text, "reinstálalo: python -m pip install --force-reinstall ipykernel")]


CHECKS = {
    "Python": python,
    "paquetes": packages,
    "Keras": keras,
    "memoria": memory,
    "disco": disk,
    "datos": data,
    "kernel de Jupyter": kernel,
}
