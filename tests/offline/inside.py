"""Run a command in namespaces of its own, where the network is loopback alone; started through ``unshare``.

    inside.py PROJECT COUNTERS COMMAND…

PROJECT becomes read-only, and names are resolved by a server that cannot be reached. In COUNTERS goes how many times
any process, in any language, asked the kernel for a way out: a connection, a datagram or a name's address.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

NOWHERE = "192.0.2.1"  # an address that the standards keep for documentation


def main(project, counters, *command):
    """Prepare the namespaces, run the command and count; return its exit status."""
    order("ip", "link", "set", "lo", "up")
    order("mount", "--bind", project, project)
    order("mount", "-o", "remount,bind,ro", project)
    os.chdir(Path.cwd())  # a folder entered before still is the one that can be written
    with tempfile.TemporaryDirectory() as folder:
        # The machine's own files could answer for a name, or send the question to a server on loopback: unseen.
        for name, text in {"resolv.conf": f"nameserver {NOWHERE}\n", "hosts": "127.0.0.1 localhost\n"}.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
            order("mount", "--bind", Path(folder) / name, Path("/etc") / name)
        status = subprocess.run(command, check=False).returncode
        Path(counters).write_text(json.dumps(asked()), encoding="utf-8")
    return status


def order(*words):
    """Run an order that must succeed."""
    subprocess.run(words, check=True)


def asked():
    """Return how often the kernel found no route, over IPv4 and over IPv6, in this network namespace."""
    names, values = (
        line.split() for line in Path("/proc/net/snmp").read_text(encoding="ascii").splitlines() if line[:3] == "Ip:"
    )
    six = dict(line.split() for line in Path("/proc/net/snmp6").read_text(encoding="ascii").splitlines())
    return {"IPv4": int(values[names.index("OutNoRoutes")]), "IPv6": int(six["Ip6OutNoRoutes"])}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
