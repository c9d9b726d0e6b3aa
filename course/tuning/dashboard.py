"""Optuna's dashboard on this machine only: it answers to pages that it served itself, as the simulator's page does."""

from concurrent.futures import ThreadPoolExecutor

from optuna_dashboard import wsgi
from tornado.wsgi import WSGIContainer

from course import loopback
from course.tuning import storage


def application(kept, hosts):
    """Return the dashboard of a storage as a WSGI application that refuses whoever calls it by another name.

    Parameters
    ----------
    kept : course.tuning.trials.Storage
    hosts : collection of str
        ``host:port`` as a browser writes it.
    """
    app = wsgi(kept.database)  # what others delete and make anew is not in a cache
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
    with ThreadPoolExecutor(4) as pool:
        loopback.serve(
            "El tablero de Optuna",
            lambda hosts: WSGIContainer(application(kept, hosts), executor=pool),
            port,
            open_browser,
        )
