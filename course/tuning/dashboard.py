"""Optuna's dashboard on this machine only: it answers to pages that it served itself, as the simulator's page does."""

import asyncio
import webbrowser
from concurrent.futures import ThreadPoolExecutor

from optuna_dashboard import wsgi
from tornado import httpserver, ioloop, netutil
from tornado.wsgi import WSGIContainer

from course.errors import CourseError
from course.tuning import storage

HOST = "127.0.0.1"


def application(kept, hosts):
    """Return the dashboard of a storage as a WSGI application that refuses whoever calls it by another name.

    Parameters
    ----------
    kept : optuna.storages.BaseStorage
    hosts : collection of str
        ``host:port`` as a browser writes it.
    """
    app = wsgi(kept)
    origins = {f"http://{host}" for host in hosts}

    def local(environ, start_response):
        foreign = environ.get("HTTP_ORIGIN") not in {None, *origins}
        if environ.get("HTTP_HOST") not in hosts or foreign:
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [b""]
        return app(environ, start_response)

    return local


def serve(place, port=0, open_browser=True):
    """Serve the dashboard of a storage until Ctrl-C.

    Parameters
    ----------
    place : path-like or str
        As in `course.tuning.storage.look`.
    port : int
        0 takes any that is free.
    open_browser : bool

    Raises
    ------
    CourseError
        Where the port is taken, or the storage does not exist or cannot be used.
    """
    kept = storage.look(place)
    asyncio.run(_serve(kept, port, open_browser))


async def _serve(kept, port, open_browser):
    try:
        sockets = netutil.bind_sockets(port, HOST)
    except OSError as error:
        raise CourseError(
            f"El puerto {port} está ocupado, o lo reserva el sistema. Elige otro con --port, o ninguno y se busca uno."
        ) from error
    port = sockets[0].getsockname()[1]
    app = application(kept, {f"{HOST}:{port}", f"localhost:{port}"})
    with ThreadPoolExecutor(4) as pool:
        server = httpserver.HTTPServer(WSGIContainer(app, executor=pool))
        server.add_sockets(sockets)
        address = f"http://{HOST}:{port}/"
        print(f"El tablero de Optuna está en {address} (Ctrl-C para terminar)", flush=True)
        if open_browser:
            ioloop.IOLoop.current().run_in_executor(None, webbrowser.open, address)
        await asyncio.Event().wait()
