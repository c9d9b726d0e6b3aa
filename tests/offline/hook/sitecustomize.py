"""Write down every name that a Python process resolves and every address it talks to, other than this machine's own.

Python imports it at its start, in every process that inherits the drill's PYTHONPATH. The kernel's counters say whether
anything at all asked for the network; this says who, and for what.
"""

import os
import sys
from pathlib import Path

WATCHED = {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
OWN = ("127.", "::1", "localhost", "0.0.0.0")


def watch(event, arguments):
    """Note the host of a watched event; those of Unix sockets are paths, and no host."""
    if event not in WATCHED:
        return
    where = arguments[1] if event in {"socket.connect", "socket.sendto"} else arguments[0]
    host = where[0] if isinstance(where, tuple) else where if event.startswith("socket.get") else None
    host = host.decode() if isinstance(host, bytes) else host
    if host and not host.startswith(OWN):
        with Path(os.environ["DRILL_LOG"]).open("a", encoding="utf-8") as log:
            log.write(f"{event} {host} · {' '.join(sys.orig_argv)[:200]}\n")


if "DRILL_LOG" in os.environ:
    sys.addaudithook(watch)
