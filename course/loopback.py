"""Pages served on this machine alone: the simulator's, and Optuna's dashboard."""

import asyncio
import webbrowser

from tornado import httpserver, ioloop, netutil

from course.errors import CourseError

HOST = "127.0.0.1"


def serve(title, application, port=0, open_browser=True):
    """Serve pages on 127.0.0.1 until Ctrl-C, and say where.

    Parameters
    ----------
    title : str
        What is served, to begin the message with.
    application : callable
        Takes the names of the server, a set of ``host:port`` as a browser writes them, and returns what answers:
        a `tornado.web.Application` or a `tornado.wsgi.WSGIContainer`. It must refuse whoever uses another name.
    port : int
        0 takes any that is free.
    open_browser : bool

    Raises
    ------
    CourseError
        Where the port is taken.
    """
    asyncio.run(_serve(title, application, port, open_browser))


async def _serve(title, application, port, open_browser):
    try:
        sockets = netutil.bind_sockets(port, HOST)
    except OSError as error:
        raise CourseError(
            f"El puerto {port} está ocupado, o lo reserva el sistema. Elige otro con --port, o ninguno y se busca uno."
        ) from error
    port = sockets[0].getsockname()[1]
    server = httpserver.HTTPServer(application({f"{HOST}:{port}", f"localhost:{port}"}))
    server.add_sockets(sockets)
    address = f"http://{HOST}:{port}/"
    print(f"{title} está en {address} (Ctrl-C para terminar)", flush=True)
    if open_browser:
        ioloop.IOLoop.current().run_in_executor(None, webbrowser.open, address)
    await asyncio.Event().wait()
