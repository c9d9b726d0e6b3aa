import os
import shutil
import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest
from processes import POSTGRES_BINARIES, launch, wait_until

# A machine that is busy, as forty students' are, is no fault in the code.
hypothesis.settings.register_profile("class", deadline=None)
hypothesis.settings.load_profile("class")


@pytest.fixture(scope="session")
def real_bookings_folder():
    """Return the folder that has the real bookings; skip the test where there is none."""
    named = os.environ.get("COURSE_DATA_DIR") or Path(__file__).parents[2] / "shared" / "data"
    if not (Path(named) / "hotel_bookings.csv.gz").is_file():
        pytest.skip("la tabla real de reservas no está aquí: pon su carpeta en COURSE_DATA_DIR")
    return Path(named)


@pytest.fixture
def dask_cluster(tmp_path):
    """Return a function that starts a scheduler and workers, and returns a client and their processes."""
    distributed = pytest.importorskip("distributed", reason="sin el extra [cluster]")
    with ExitStack() as running:

        def start(count):
            where = tmp_path / "scheduler.json"
            host = ("--host", "127.0.0.1", "--port", 0, "--no-dashboard")
            options = ("--scheduler-file", where, "--no-nanny", "--nthreads", 1, "--no-dashboard")
            scheduler = launch("distributed.cli.dask_scheduler", *host, "--scheduler-file", where)
            running.callback(_end, scheduler)
            workers = [
                launch("distributed.cli.dask_worker", *options, "--local-directory", tmp_path) for _ in range(count)
            ]
            for worker in workers:
                running.callback(_end, worker)
            client = running.enter_context(distributed.Client(scheduler_file=str(where), timeout=300))
            client.wait_for_workers(count, timeout=300)
            return client, scheduler, workers

        yield start


def _end(process):
    process.kill()
    process.wait()


@pytest.fixture
def postgres(postgres_server):
    """Return the address of the tests' PostgreSQL server; what a test leaves connected is closed after it."""
    from sqlalchemy import event
    from sqlalchemy.pool import Pool

    opened = []

    def remember(connection, record):
        opened.append(connection)

    event.listen(Pool, "connect", remember)
    yield postgres_server
    event.remove(Pool, "connect", remember)
    for connection in opened:
        connection.close()


@pytest.fixture(scope="session")
def postgres_server():
    """Return the address of a PostgreSQL server that runs only for these tests."""
    psycopg = pytest.importorskip("psycopg", reason="sin el extra [cluster]")
    if POSTGRES_BINARIES is None:
        pytest.skip("sin un servidor PostgreSQL: make postgres lo instala en Debian y Ubuntu")
    user = {"user": "nobody"} if os.geteuid() == 0 else {}  # it does not start as root
    base = Path(f"/tmp/course-pg-{os.getpid()}")  # a socket's path must be short
    base.mkdir()
    if user:
        shutil.chown(base, "nobody")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **user}
    order = [POSTGRES_BINARIES / "initdb", "-D", base / "d", "-U", "curso", "-A", "trust"]
    subprocess.run(order, check=True, **quiet)
    order = [POSTGRES_BINARIES / "postgres", "-D", base / "d", "-k", base, "-c", "listen_addresses="]
    server = subprocess.Popen(order, **quiet)
    address = f"postgresql://curso@/postgres?host={base}"

    def answers():
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:
            return False
        return True

    try:
        wait_until(answers)
        yield address
    finally:
        server.send_signal(signal.SIGINT)  # without waiting for who is still connected
        server.wait()
        shutil.rmtree(base)


@pytest.fixture(params=["file", "database"])
def kept(request, tmp_path):
    """Where a search is kept: once in a file, once in PostgreSQL."""
    return tmp_path / "s.sqlite" if request.param == "file" else request.getfixturevalue("postgres")
