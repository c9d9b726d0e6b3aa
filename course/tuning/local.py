"""A search by several processes of this machine."""

import multiprocessing
import os
import pickle
import signal
import sys
import time
from contextlib import contextmanager, suppress

from course.errors import CourseError
from course.tuning import budget, storage
from course.tuning import study as studies
from course.tuning.loop import work

_POLL = 0.2  # seconds
_PATIENCE = 15  # seconds that the processes have to stop at the end of an epoch
_THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "PJRT_NPROC", "OMP_NUM_THREADS")  # of all the backends


def run(study, job, count, show):
    """Search with `count` processes; return True once it is over.

    A process that dies is not missed: the others run its trial again. Ctrl-C stops all at the end of their epoch.

    Raises
    ------
    CourseError
        If a process could not go on, none is left, or the problem is not one that processes can import.
    """
    _expect_importable(job)
    context = multiprocessing.get_context("spawn")  # a forked TensorFlow hangs
    processes, pipes = [], []
    for _ in range(count):
        ours, theirs = context.Pipe()  # of its own: a lock that all share would be lost with a process that is killed
        processes.append(context.Process(target=_worker, args=(job, theirs), daemon=True))
        with _threads(max(1, _cores() // count)):
            processes[-1].start()
        theirs.close()
        pipes.append(ours)
    try:
        _watch(processes, pipes, show)
    finally:
        _stop(pipes)
        _gather(processes)
    _expect_done(study, job, pipes)
    return True


def _expect_importable(job):
    """Refuse what only this process has: a lambda, or a function that was written in a notebook."""
    try:
        only_here = b"__main__" in pickle.dumps(job) and not hasattr(sys.modules["__main__"], "__file__")
    except (pickle.PicklingError, AttributeError, TypeError):
        only_here = True
    if only_here:
        raise CourseError(
            "Varios procesos solo pueden buscar con una función que todos puedan importar. Escríbela con def en un "
            "archivo de Python e impórtala aquí, o busca con un solo proceso (workers=1)."
        )


def _watch(processes, pipes, show):
    """Wait while all is well: the first process that cannot go on ends it for all."""
    while any(process.is_alive() for process in processes):
        show()
        time.sleep(_POLL)
        if any(process.exitcode == 1 for process in processes):
            _stop(pipes)


def _stop(pipes):
    for pipe in pipes:
        with suppress(OSError):  # its process has ended
            pipe.send("stop")


def _gather(processes):
    """Wait for the processes to stop, and end those that do not: their trials will be repeated."""
    deadline = time.monotonic() + _PATIENCE
    for process in processes:
        process.join(max(0, deadline - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()


def _expect_done(study, job, pipes):
    for pipe in pipes:
        with suppress(EOFError, OSError):  # it had nothing to say
            raise CourseError(pipe.recv())
    if budget.step(study.get_trials(deepcopy=False), job.trials) != "done":
        raise CourseError(
            "Los procesos de la búsqueda se cerraron antes de terminar. ¿Se acabó la memoria? Los intentos terminados "
            "están a salvo: repite la misma orden, con menos procesos (--workers)."
        )


def _cores():
    """Return how many of the machine's cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _threads(count):
    """Give the processes that are born meanwhile `count` threads each, unless the user has said how many.

    They inherit it: once they run it is late, for what they are to do may import Keras.
    """
    added = {name: str(count) for name in _THREADS if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _worker(job, pipe):
    """Take part in a search, as a process of its own, until the pipe brings a word or nobody is at its other end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C, and tells
    parent = multiprocessing.parent_process()
    try:
        with storage.told(job.place):
            work(studies.join(job), job, lambda: not parent.is_alive() or pipe.poll())
    except KeyboardInterrupt:
        pass  # told to stop in the middle of a trial
    except CourseError as error:
        pipe.send(str(error))
        raise SystemExit(1) from None
    except Exception as error:  # whatever the problem's data can raise when they are loaded
        pipe.send(f"Un proceso de la búsqueda no pudo seguir ({type(error).__name__}: {error}).")
        raise
