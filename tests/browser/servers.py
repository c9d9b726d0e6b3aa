"""The servers that the browser talks to, on this machine only."""

import ast
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
from jupyter_client import BlockingKernelClient

TESTS = Path(__file__).parents[1]
THEMES = "@jupyterlab/apputils-extension:themes"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process):
    """Wait until something listens; return the seconds that took."""
    began = time.monotonic()
    while time.monotonic() < began + 60:
        assert process.poll() is None
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return time.monotonic() - began
        except OSError:
            time.sleep(0.05)
    raise TimeoutError


class Lab:
    """A JupyterLab with a folder, settings and kernels of its own; the kernels see no table but the class's own."""

    def __init__(self, folder):
        self.folder, self.port, self.token = folder, free_port(), secrets.token_hex()
        (folder / "files").mkdir()
        homes = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
        options = {
            "IdentityProvider.token": self.token,
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": self.port,
            "ServerApp.root_dir": folder / "files",
            "ServerApp.open_browser": False,
            "ServerApp.allow_root": True,
            "LabApp.news_url": None,
            "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        }
        path = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")]))
        kernels = {"COURSE_OFFLINE": "1", "COURSE_CACHE_DIR": str(folder / "cache"), "PYTHONPATH": path}
        inherited = {name: value for name, value in os.environ.items() if name != "COURSE_DATA_DIR"}
        env = {**inherited, **homes, **kernels}
        words = [f"--{name}={value}" for name, value in options.items()]
        with (folder / "lab.log").open("wb") as log:
            order = [sys.executable, "-m", "jupyterlab", *words]
            self.process = subprocess.Popen(order, stdout=log, stderr=log, env=env)
        wait_for(self.port, self.process)

    def notebook(self, name, *cells):
        """Write a notebook and return its name."""
        document = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        document.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(document, self.folder / "files" / name)
        return name

    def open(self, page, name):
        """Open a notebook in a workspace of its own: none of the tabs that another page had."""
        page.goto(self.url(f"lab/workspaces/{secrets.token_hex(4)}/tree/{name}"))

    def url(self, place):
        return f"http://127.0.0.1:{self.port}/{place}?token={self.token}"

    def api(self, place, method="GET", body=None):
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{place}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or "null")

    def theme(self, name):
        self.api(f"lab/api/settings/{THEMES}", "PUT", {"raw": json.dumps({"theme": name})})

    def session(self, notebook):
        """Return what Jupyter knows of the open notebook and its kernel."""
        return next(session for session in self.api("api/sessions") if session["path"] == notebook)

    def shut(self, notebook):
        """End a notebook's kernel: an open page costs little, a kernel with Keras half a gigabyte."""
        self.api(f"api/sessions/{self.session(notebook)['id']}", "DELETE")

    def ask(self, expression, notebook):
        """Return what an expression is worth in a notebook's kernel, as JSON has it."""
        session = self.session(notebook)
        client = BlockingKernelClient(
            connection_file=str(self.folder / "runtime" / f"kernel-{session['kernel']['id']}.json")
        )
        client.load_connection_file()
        # One question needs no heartbeat, whose thread, if stopped before it has begun, opens sockets without end.
        client.start_channels(iopub=False, stdin=False, hb=False, control=False)
        try:
            code = {"value": f"__import__('json').dumps({expression})"}
            answer = client.execute("", user_expressions=code, reply=True, timeout=20)["content"]["user_expressions"]
            assert answer["value"]["status"] == "ok", answer
            return json.loads(ast.literal_eval(answer["value"]["data"]["text/plain"]))
        finally:
            client.stop_channels()

    def expect(self, expression, value, notebook):
        """Wait until an expression is worth `value` in the kernel, which hears of a click a moment later."""
        until = time.monotonic() + 5
        while (found := self.ask(expression, notebook)) != value and time.monotonic() < until:
            time.sleep(0.05)
        assert found == value

    def close(self):
        self.process.terminate()
        self.process.wait(30)
