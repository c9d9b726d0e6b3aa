"""Compile the kernel: ``python -m course.simulator.kernel.build``, for who changes kernel.c or network.h.

It needs the compiler of the package `ziglang`; students need neither, since kernel.wasm travels with the sources. The
digest of the sources goes into the file as a custom section, so that a test notices a kernel.wasm that is out of date.
"""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
WASM = HERE / "kernel.wasm"
SOURCES = ("kernel.c", "network.h")
COMPILER = "ziglang==0.17.1"
FLAGS = "-target wasm32-freestanding -Os -msimd128 -nostdlib -Wl,--no-entry -Wl,--strip-all -Wl,--export=__heap_base"
EXPORTS = ("arc4", "outputs_8", *(f"{name}_{lanes}" for name in ("train", "evaluate") for lanes in (1, 4, 8)))


def digest():
    """Return the SHA-256 of the sources, as the custom section carries it."""
    return hashlib.sha256(b"".join((HERE / name).read_bytes() for name in SOURCES)).digest()


def section():
    """Return the custom section "sources" that ends kernel.wasm."""
    payload = b"\x07sources" + digest()
    return bytes([0, len(payload)]) + payload


def build():
    """Write kernel.wasm."""
    exports = [f"-Wl,--export={name}" for name in EXPORTS]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "kernel.wasm")
        command = [
            sys.executable,
            "-m",
            "ziglang",
            "cc",
            *FLAGS.split(),
            *exports,
            "-o",
            str(out),
            str(HERE / "kernel.c"),
        ]
        if subprocess.run(command, check=False).returncode:
            sys.exit(f"No se pudo compilar el núcleo. ¿Está el compilador? pip install {COMPILER}")
        WASM.write_bytes(out.read_bytes() + section())
    print(f"{WASM.name}: {WASM.stat().st_size} bytes")


if __name__ == "__main__":
    build()
