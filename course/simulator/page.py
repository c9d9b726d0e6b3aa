"""The simulator as a page of its own: ``course simulator``.

A small server of Tornado (which Jupyter needs anyway) gives the browser the widget's very script and style, and a
WebSocket in place of the notebook's kernel. Voilà would start a Jupyter server, a kernel and a notebook for the same
page: thirteen times as long until it is there (`benchmarks/simulator_page.py`), and another package to install.

It listens on 127.0.0.1 only, and answers only to pages that it served itself: another site open in the same browser
can neither read from it nor talk to it, whatever name it gives to this address.
"""

import asyncio
import json

from tornado import web, websocket

from course import loopback
from course.simulator import link, static
from course.simulator.engine import Experiment
from course.simulator.session import Session
from course.simulator.settings import Settings

_PAGE = """<!doctype html>
<html lang="es">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'self'; style-src 'self'; img-src data:">
<title>Simulador de redes neuronales</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="widget.css">
</head>
<body class="simulator-page">
<main id="simulator"><h1>Simulador de redes neuronales</h1></main>
<script type="module" src="page.js"></script>
</body>
</html>
"""


class _Local(web.RequestHandler):
    """What all answers have in common: only to this machine's own name for itself, and never from a cache."""

    def prepare(self):
        if self.request.host not in self.settings["hosts"]:
            raise web.HTTPError(403)

    def set_default_headers(self):
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")


class _Text(_Local):
    """A text that is there from the start."""

    def initialize(self, text, kind):
        self.text, self.kind = text, kind

    def get(self):
        self.set_header("Content-Type", f"{self.kind}; charset=utf-8")
        self.write(self.text)


class _Socket(websocket.WebSocketHandler):
    """One open page: it has a session of its own, which ends with it."""

    def prepare(self):
        if self.request.host not in self.settings["hosts"]:
            raise web.HTTPError(403)

    def open(self):
        self.loop = asyncio.get_running_loop()
        self.session = Session([Experiment(**self.settings["start"])], self._deliver)

    def on_message(self, message):
        self.session.handle(json.loads(message))

    def on_close(self):
        self.session.playing = False

    def _deliver(self, content, buffer=b""):
        """Send a message as one frame: the length of its JSON, the JSON padded to a multiple of 8, and the buffer."""
        text = json.dumps(content, allow_nan=False).encode()
        text += b" " * (-(len(text) + 4) % 8)
        frame = len(text).to_bytes(4, "little") + text + buffer
        self.loop.call_soon_threadsafe(self._write, frame)  # a WebSocket belongs to the server's own thread

    def _write(self, frame):
        if self.ws_connection is not None:
            self.write_message(frame, binary=True)


def application(hosts, start):
    """Return the page as a Tornado application that refuses whoever calls it by another name.

    Parameters
    ----------
    hosts : collection of str
        ``host:port`` as a browser writes it.
    start : dict
        The settings of the experiment to start with.
    """
    texts = {
        "/": (_PAGE, "text/html"),
        "/widget.css": (static.style(), "text/css"),
        "/widget.js": (static.script(), "text/javascript"),
        "/page.js": (static.page(), "text/javascript"),
    }
    routes = [(path, _Text, {"text": text, "kind": kind}) for path, (text, kind) in texts.items()]
    return web.Application([*routes, ("/socket", _Socket)], hosts=hosts, start=start)


def serve(port=0, url=None, open_browser=True):
    """Serve the page until Ctrl-C.

    Parameters
    ----------
    port : int
        0 takes any that is free.
    url : str, optional
        The link of the experiment to start with.
    open_browser : bool

    Raises
    ------
    CourseError
        Where the port is taken, or the link is wrong.
    """
    start = link.read(url) if url else {}
    Settings(**start)  # a wrong link is told now, not when the page opens
    loopback.serve("El simulador", lambda hosts: application(hosts, start), port, open_browser)
