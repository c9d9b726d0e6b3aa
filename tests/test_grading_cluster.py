"""Grading over a Dask cluster and into PostgreSQL: real processes, one of them killed. Without the extra, skipped."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from processes import LOCAL

from course import grading, labels
from course.errors import CourseError
from course.grading import cluster, store

COUNT, ROWS = 120, 2000
NAMES = [f"r{n:05d}" for n in range(ROWS)]
CONFIG = {
    "baseline": {"auc": 0.5, "log_loss": 0.69},
    "reference": {"auc": 0.83, "log_loss": 0.5},
    "implausible_auc": 0.88,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with labels, an inbox, and what grading it here gives."""
    folder, random = tmp_path_factory.mktemp("cluster"), np.random.default_rng(0)
    canceled = random.random(ROWS) < 0.4
    labels.save(folder / "labels", NAMES, canceled, random.random(ROWS) < 0.3, CONFIG)
    (folder / "inbox").mkdir()
    for number in range(COUNT):
        chances = np.clip(canceled * 0.3 + random.random(ROWS) * 0.7, 0, 1).tolist()
        lines = ["id,prob_cancelacion", *(f"{name},{chance!r}" for name, chance in zip(NAMES, chances, strict=True))]
        path = folder / "inbox" / f"e{number:03d}.csv"
        path.write_text("\n".join(lines))
        os.utime(path, (1000, 1000))
    (folder / "inbox" / "malo.csv").write_text("x")
    grade(folder, "calm")
    return folder


def grade(folder, out, **options):
    return grading.grade(folder / "inbox", folder / "labels", folder / out, **options)


def rows(path):
    with sqlite3.connect(path) as database:
        return database.execute("SELECT * FROM attempts ORDER BY student, sha256").fetchall()


def count(path):
    """Return how many attempts a store has, 0 before it is one."""
    try:
        return len(rows(path)) if path.exists() else 0
    except sqlite3.OperationalError:
        return 0


def same_pages(folder, out):
    names = ("notas.csv", "clasificacion.html", "estadisticas.html")
    return all((folder / out / name).read_bytes() == (folder / "calm" / name).read_bytes() for name in names)


@pytest.fixture
def dask(dask_cluster):
    """Return a client of a scheduler and two workers, each a process, and the workers' processes."""
    client, _, workers = dask_cluster(2)
    return client, workers


def test_a_cluster_gives_what_one_process_gives(folder, dask):
    client, _ = dask
    assert grade(folder, "both", client=client).graded == COUNT + 1
    assert rows(folder / "both" / "calificaciones.sqlite") == rows(folder / "calm" / "calificaciones.sqlite")
    assert same_pages(folder, "both")
    assert grade(folder, "both", client=client).graded == 0


def test_a_worker_killed_midway_loses_and_doubles_nothing(folder, dask):
    client, workers = dask
    kept = folder / "killed" / "calificaciones.sqlite"
    done = []
    run = threading.Thread(target=lambda: done.append(grade(folder, "killed", client=client)))
    run.start()
    while count(kept) < 10:
        assert run.is_alive()
        time.sleep(0.005)
    os.kill(workers[0].pid, signal.SIGKILL)
    at_the_kill = count(kept)
    run.join(timeout=300)
    assert 10 <= at_the_kill < COUNT
    assert done[0].graded == COUNT + 1
    assert rows(kept) == rows(folder / "calm" / "calificaciones.sqlite")
    assert same_pages(folder, "killed")


def test_a_scheduler_that_is_gone_is_told_and_the_next_run_goes_on(folder, dask_cluster):
    distributed = pytest.importorskip("distributed", reason="sin el extra [cluster]")
    patient, scheduler, _ = dask_cluster(1)
    kept = store.Store.add

    def kill_and_add(self, attempt):
        scheduler.kill()
        kept(self, attempt)

    with distributed.Client(patient.scheduler.address, timeout=2) as client:
        with pytest.MonkeyPatch.context() as patch, pytest.raises(CourseError, match="Se perdió la conexión"):
            patch.setattr(store.Store, "add", kill_and_add)
            grade(folder, "gone", client=client)
        with pytest.raises(CourseError, match="Se perdió la conexión"):  # and when it is gone from the start
            grade(folder, "gone", client=client)
    assert grade(folder, "gone").known > 0
    assert same_pages(folder, "gone")


def test_workers_of_another_version_are_refused(folder, dask, monkeypatch):
    monkeypatch.setattr(dask[0], "run", lambda call: {"tcp://uno": call(), "tcp://otro": "otra"})
    with pytest.raises(CourseError, match="otra versión del curso"):
        grade(folder, "other", client=dask[0])


def test_what_is_missing_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for call in (lambda: cluster.connect("tcp://127.0.0.1:1"), lambda: store.open_store("postgresql://x/y", "")):
        with pytest.raises(CourseError, match=r"\[cluster\]"):
            call()


def test_both_names_of_postgresql_are_known(monkeypatch):
    """A file of that name, which each grader would have for itself, was made where the address said ``postgres``."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(CourseError, match=r"\[cluster\]"):
        store.open_store("postgres://x/y", "")


@pytest.mark.parametrize("kind", ["mysql", "postgresql+psycopg", "POSTGRESQL", "sqlite"])
def test_an_address_of_another_kind_is_no_file(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CourseError, match=re.escape(f"«{kind}://…»") + ".*--store postgresql://") as error:
        store.open_store(f"{kind}://curso:secreta@servidor/notas", "")
    assert "secreta" not in str(error.value)
    assert not list(tmp_path.iterdir())


GRADER = """
import sys
from course import grading
grading.grade(*sys.argv[1:4], store=sys.argv[4])
"""


def test_postgresql_keeps_the_same_and_two_graders_share_it(folder, postgres):
    places = [str(folder / name) for name in ("inbox", "labels", "pg")]
    pair = [subprocess.Popen([sys.executable, "-c", GRADER, *places, postgres], env=LOCAL) for _ in range(2)]
    assert [grader.wait(timeout=300) for grader in pair] == [0, 0]
    assert same_pages(folder, "pg")
    kept = store.open_store(postgres, labels.load(folder / "labels").digest)
    calm = store.open_store(folder / "calm" / "calificaciones.sqlite", labels.load(folder / "labels").digest)
    assert list(kept.attempts()) == list(calm.attempts())
    assert kept.seen("e000", next(kept.attempts()).sha256, 5, "antes.csv")
    assert next(kept.attempts())[2:4] == (5, "antes.csv")
    assert next(kept.attempts(last=True)) == next(calm.attempts())
    kept.add(next(calm.attempts())._replace(received=5000, file="después.csv"))
    assert next(kept.attempts(last=True))[2:4] == (5000, "después.csv")
    for each in (kept, calm):
        each.close()


def test_a_database_that_is_not_there_is_told_without_its_password(folder, postgres):
    with pytest.raises(CourseError, match="No se pudo usar la base de datos PostgreSQL") as error:
        grade(folder, "none", store="postgresql://curso:secreta@/nada?host=/nowhere")
    assert "secreta" not in str(error.value)
