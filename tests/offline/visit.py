"""Start a server, visit the page that it announces as a browser would, and end the server.

    visit.py COMMAND…

Fetches the page and each script, style and picture that it names, and prints how many answered; fails where one does
not, or is on another machine.
"""

import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

TIMEOUT = 60  # seconds


class Names(HTMLParser):
    """The addresses that a page makes a browser fetch."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        """Keep what a browser would load by itself: not what it would only follow when asked."""
        attributes = dict(attributes)
        name = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
        if name and not name.startswith("data:"):
            self.found.append(name)


def visit(address):
    """Return how many files the page at `address` is made of, itself included."""
    with _first_answer(address) as answer:
        names = Names()
        names.feed(answer.read().decode())
        parts = {urljoin(answer.url, name) for name in names.found}
    for part in sorted(parts):
        if urlsplit(part).netloc != urlsplit(address).netloc:
            sys.exit(f"the page fetches from another machine: {part}")
        urllib.request.urlopen(part, timeout=TIMEOUT).close()
    return 1 + len(parts)


def _first_answer(address):
    """Open a page; a server may announce its address a moment before it listens there."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            return urllib.request.urlopen(address, timeout=TIMEOUT)
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError) or time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def main(*command):
    """Run the server for as long as the visit takes."""
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    try:
        lines = []
        for line in server.stdout:
            lines.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+\S*", line):
                print(visit(found[0]), "files")
                return
        sys.exit(f"the server announced no address:\n{''.join(lines)}")
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
