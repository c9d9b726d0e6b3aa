import csv
import io
import itertools
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from course import cli, grading, labels
from course.errors import CourseError
from course.grading import advice, charts, gradebook, inbox, pages, scores, store
from course.grading.policy import Policy, parse_deadline, standings
from course.paths import atomic_write

ROWS = 400
CONFIG = {
    "baseline": {"auc": 0.5, "log_loss": 0.69},
    "reference": {"auc": 0.83, "log_loss": 0.5},
    "implausible_auc": 0.88,
}
NAMES = [f"r{n:04d}" for n in range(ROWS)]
RANDOM = np.random.default_rng(7)
CANCELED = RANDOM.random(ROWS) < 0.4
PUBLIC = RANDOM.random(ROWS) < 0.3
GOOD = 1 / (1 + np.exp(0.5 - CANCELED - RANDOM.normal(size=ROWS)))
DAY = 86_400


@pytest.fixture
def folder(tmp_path):
    """Return a folder with the labels in it and an empty inbox."""
    labels.save(tmp_path / "labels", NAMES, CANCELED, PUBLIC, CONFIG)
    (tmp_path / "inbox").mkdir()
    return tmp_path


def table(probabilities):
    rows = [f"{name},{value!r}\n" for name, value in zip(NAMES, np.asarray(probabilities).tolist(), strict=True)]
    return "id,prob_cancelacion\n" + "".join(rows)


def put(folder, name, content=None, when=None):
    """Hand in a file: a good table unless another content is given."""
    path = folder / "inbox" / name
    path.parent.mkdir(exist_ok=True)
    content = table(GOOD) if content is None else content
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    if when is not None:
        os.utime(path, (when, when))
    return path


def grade(folder, policy=None, roster=None, out="out"):
    return grading.grade(folder / "inbox", folder / "labels", folder / out, policy, roster)


def grades(folder, name="notas.csv", key="student_id"):
    """Return the rows of a grade file by student."""
    with (folder / "out" / name).open(encoding="utf-8-sig", newline="") as stream:
        return {row[key]: row for row in csv.DictReader(stream)}


def rows(path):
    with sqlite3.connect(path) as database:
        return database.execute("SELECT * FROM attempts ORDER BY student, sha256").fetchall()


def feedback(folder, student, kind="html"):
    return (folder / "out" / pages.FEEDBACK / f"{student}.{kind}").read_text(encoding="utf-8")


# Scores


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([2, 5, 1000]), st.integers(10, 80))
def test_the_measures_are_those_of_scikit_learn(seed, levels, count):
    random = np.random.default_rng(seed)
    values, truth = random.integers(0, levels, count) / (levels - 1), random.random(count) < 0.5
    truth[:4], public = [True, False, True, False], np.arange(count) < 2
    both = scores.measure(values, labels.Labels({}, truth, public, CONFIG, ""))
    measured, values, truth = both["private"], values[2:], truth[2:]
    assert measured["auc"] == pytest.approx(metrics.roc_auc_score(truth, values))
    assert measured["log_loss"] == pytest.approx(metrics.log_loss(truth, values))
    assert measured["brier"] == pytest.approx(metrics.brier_score_loss(truth, values))
    assert measured["accuracy"] == pytest.approx(metrics.accuracy_score(truth, values >= 0.5))
    false, true, _ = metrics.roc_curve(truth, values, drop_intermediate=False)
    np.testing.assert_allclose(measured["roc"], np.interp(np.linspace(0, 1, 41), false, true), atol=1e-4)
    assert sum(rows_ for *_, rows_ in measured["calibration"]) == count - 2


def test_calibration_of_a_case_by_hand():
    values = np.array([0.05, 0.05, 0.95, 1.0, 0.5, 0.5])
    truth = np.array([True, False, True, True, True, False])
    measured = scores.measure(values, labels.Labels({}, truth, np.arange(6) > 3, CONFIG, ""))["private"]
    assert measured["calibration"] == [[0.05, 0.5, 2], [0.975, 1.0, 2]]
    assert measured["ece"] == pytest.approx((2 * 0.45 + 2 * 0.025) / 4)
    assert (measured["certain"], measured["rate"]) == (0.25, 0.75)


@pytest.mark.parametrize(
    "auc, loss, expected",
    [(0.5, 0.69, 0), (0.83, 0.5, 10), (0.9, 0.4, 10), (0.3, 9, 0), (0.665, 0.69, 2.5), (0.83, 9, 5), (0.5, 0.595, 2.5)],
)
def test_points_go_from_the_baseline_to_the_reference(auc, loss, expected):
    assert scores.points({"auc": auc, "log_loss": loss}, CONFIG) == pytest.approx(expected)


# Which attempt counts, and what being late costs


def attempt(quality, when, student="ana"):
    measured = {"auc": 0.5 + 0.33 * quality, "log_loss": 0.69 - 0.19 * quality}
    return store.Attempt(student, f"{quality}{when}", when, "f", {"problems": [], "measures": {"public": measured}})


def rejected(when):
    return store.Attempt("ana", f"bad{when}", when, "f", {"problems": ["mal"], "measures": None})


@pytest.mark.parametrize(
    "attempts, policy, received, score",
    [
        ([attempt(0.8, 10), attempt(0.6, 20)], Policy(), 10, 8),
        ([attempt(0.8, 10), attempt(0.6, 20)], Policy(attempts="last"), 20, 6),
        ([attempt(0.8, 10), rejected(20)], Policy(attempts="last"), 10, 8),
        ([attempt(0.6, 10), attempt(0.6, 20)], Policy(), 10, 6),
        ([attempt(0.6, 10), attempt(0.7, 100)], Policy(deadline=50, penalty=2), 10, 6),
        ([attempt(0.6, 10), attempt(0.9, 100)], Policy(deadline=50, penalty=2), 100, 7),
        ([attempt(0.9, 50)], Policy(deadline=50), 50, 9),
        ([attempt(0.9, 51)], Policy(deadline=50), 51, 8),
        ([attempt(0.9, 50 + DAY)], Policy(deadline=50), 50 + DAY, 8),
        ([attempt(0.9, 51 + DAY)], Policy(deadline=50), 51 + DAY, 7),
        ([attempt(0.2, 51 + 9 * DAY)], Policy(deadline=50), 51 + 9 * DAY, 0),
    ],
)
def test_the_attempt_that_counts_and_its_score(attempts, policy, received, score):
    (standing,) = standings(attempts, CONFIG, policy)
    assert standing.counted.received == received
    assert standing.score == pytest.approx(score)
    assert standing.raw - standing.penalty == standing.score >= 0


def test_deadlines():
    day = parse_deadline("2026-05-10")
    assert day == parse_deadline("2026-05-11T00:00")
    assert parse_deadline("2026-05-10T12:00+00:00") == 1778414400
    assert parse_deadline("20260510") == parse_deadline("2026-W19-7") == day
    for wrong in ("10/5/2026", "9999-12-31"):
        with pytest.raises(CourseError, match="No entiendo la fecha"):
            parse_deadline(wrong)


@pytest.mark.skipif(os.name == "nt", reason="the time zone of a process cannot be set")
@pytest.mark.parametrize(
    "zone, day, hours",
    [
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29", 23),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25", 25),
        ("<-04>4<-03>,M9.1.6/24,M4.1.6/24", "2026-04-04", 25),  # Chile: the clock goes back at midnight
        ("UTC0", "2026-03-29", 24),
    ],
)
def test_the_whole_day_counts_where_clocks_change(zone, day, hours, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert parse_deadline(day) - parse_deadline(f"{day}T00:00") == hours * 3600
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("penalty", [float("nan"), float("inf"), -0.5])
def test_a_penalty_that_is_none_is_told(folder, penalty):
    put(folder, "ana.csv", when=1000)
    with pytest.raises(CourseError, match=f"son {penalty:g}: deben ser un número, 0 o más"):
        grade(folder, Policy(deadline=500, penalty=penalty))
    grade(folder, Policy(deadline=500, penalty=1e300))
    assert grades(folder)["ana"]["score"] == "0.00"


@pytest.mark.parametrize("penalty, content", [(0, None), (1, table(1 - GOOD))])
def test_late_is_late_though_it_costs_no_point(folder, penalty, content):
    put(folder, "ana.csv", content, when=2 * DAY)
    put(folder, "beto.csv", when=0)
    grade(folder, Policy(deadline=DAY, penalty=penalty))
    told = {name: row["Retroalimentación"] for name, row in grades(folder, "notas_moodle.csv", "Número de ID").items()}
    assert told == {"ana": "Intentos: 1; con retraso", "beto": "Intentos: 1"}
    assert "con retraso, 1;" in (folder / "out" / "estadisticas.html").read_text(encoding="utf-8")
    assert float(grades(folder)["ana"]["late_submission_penalty"]) == 0


def test_the_private_part_chooses_nothing_and_decides_the_final_grade(folder):
    """One attempt is good on the public part only, the other on the private one only."""
    put(folder, "ana/a.csv", table(np.where(PUBLIC, CANCELED * 0.8 + 0.1, 0.5)))
    put(folder, "ana/b.csv", table(np.where(PUBLIC, 0.5, CANCELED * 0.8 + 0.1)))
    grade(folder)
    assert float(grades(folder)["ana"]["score"]) == 10
    assert "privada" not in feedback(folder, "ana").replace("se calcula con la parte privada", "")
    grade(folder, Policy(final=True))
    assert float(grades(folder)["ana"]["score"]) < 1
    assert "Parte privada" in feedback(folder, "ana")


# The inbox


def test_the_folder_says_whose_a_file_is(folder):
    for name in ("ana.csv", "ana.ipynb", "beto.ZIP", "carla/1.csv", "carla/2.zip", "eva.CSV", "eva.ipynb", ".DS_Store"):
        put(folder, name, "x")
    for name in ("<script>.csv", "=1+1.zip", "solo.ipynb", "leeme.txt", "x y/uno.csv", "a.b/otro.pkl"):
        put(folder, name, "x")
    found, strays = inbox.find(folder / "inbox")
    names = [f"{student} {path.name}" for student, path in found]
    assert names == ["ana ana.csv", "beto beto.ZIP", "carla 1.csv", "carla 2.zip", "eva eva.CSV"]
    assert strays == ["<script>.csv", "=1+1.zip", "a.b/otro.pkl", "leeme.txt", "solo.ipynb", "x y/uno.csv"]


def test_a_folder_that_is_not_there_is_told(folder):
    for place in (folder / "nada", put(folder, "ana.csv")):
        with pytest.raises(CourseError, match=r"No puedo leer la carpeta de entregas .* y que sea una carpeta"):
            grading.grade(place, folder / "labels", folder / "out")


def test_a_file_where_the_grades_go_is_told_as_that(folder):
    (folder / "lista.csv").write_text("")
    with pytest.raises(CourseError, match=r"lista\.csv no es una carpeta, y ahí van las notas"):
        grade(folder, out="lista.csv")


@pytest.mark.parametrize(
    "labels_at, out, roster",
    [
        ("labels", "inbox/notas", None),
        ("labels", "inbox", None),
        ("inbox/labels", "out", None),
        ("labels", "out", "inbox/lista.csv"),
    ],
)
def test_the_teacher_s_own_files_are_not_among_the_submissions(folder, labels_at, out, roster):
    places = [folder / "inbox", folder / labels_at, folder / out]
    with pytest.raises(CourseError, match="está en la carpeta de entregas"):
        grading.grade(*places, roster=folder / roster if roster else None)
    assert not list((folder / "inbox").iterdir())


def zip_of(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(name, content)
    return stream.getvalue()


@pytest.mark.skipif(os.name == "nt", reason="pipes and links")
def test_hostile_files_are_turned_down_and_harm_nobody_else(folder):
    """Each in a class of two honest students, whose grades must be as if it were not there."""
    for name in ("ana", "zoe"):
        put(folder, f"{name}.csv", when=1000)
    grade(folder)
    alone = {name: grades(folder)[name] for name in ("ana", "zoe")}
    put(folder, "bomba.zip", zip_of(**{"bomba.csv": b"0" * 20_000_000}))
    put(folder, "slip.zip", zip_of(**{"../../ana.csv": table(GOOD), "slip.csv": table(GOOD)}))
    put(folder, "ajena.zip", zip_of(**{"ana.csv": table(GOOD)}))
    put(folder, "profunda.zip", zip_of(**{"profunda.csv": table(GOOD), "profunda.ipynb": b"[" * 100_000}))
    put(folder, "html.csv", table(GOOD).replace("r0001", "<img src=x onerror=alert(1)>"))
    put(folder, "formula.csv", table(GOOD).replace("r0001", "=cmd|'/c calc'!A1"))
    put(folder, "pickle.zip", b"\x80\x04cos\nsystem\n")
    os.mkfifo(folder / "inbox" / "fifo.csv")
    (folder / "inbox" / "enlace.csv").symlink_to(folder / "labels" / "etiquetas.csv")
    (folder / "inbox" / "carpeta").symlink_to(folder / "labels")
    (folder / "inbox" / "duro.csv").hardlink_to(folder / "labels" / "etiquetas.csv")
    (folder / "inbox" / os.fsdecode(b"\xff\xfe.csv")).write_text("x")
    done = grade(folder)
    assert {name: grades(folder)[name] for name in ("ana", "zoe")} == alone
    bad = {"bomba", "slip", "ajena", "profunda", "html", "formula", "pickle", "fifo", "enlace", "duro"}
    assert {name for name, row in grades(folder).items() if row["timestamp"] == ""} == bad
    assert (done.rejected, len(done.strays)) == (len(bad), 2)
    for name in ("enlace", "duro"):
        assert "is_canceled" not in feedback(folder, name)
    assert "<img" not in feedback(folder, "html") and "&lt;img" in feedback(folder, "html")
    assert "<img" not in feedback(folder, "html", "md")
    assert not list(folder.rglob("../ana.csv")) and not (folder.parent / "ana.csv").exists()


# The store


def test_a_second_run_grades_only_what_is_new_with_the_same_result(folder):
    for name in ("ana", "beto"):
        put(folder, f"{name}.csv", when=1000)
    assert grade(folder).graded == 2
    first = {path: path.read_bytes() for path in (folder / "out").rglob("*.*") if "sqlite" not in path.name}
    done = grade(folder)
    assert (done.graded, done.known) == (0, 2)
    assert {path: path.read_bytes() for path in first} == first
    put(folder, "ana.csv", table(GOOD**2), when=2000)
    assert grade(folder).graded == 1
    assert len(rows(folder / "out" / "calificaciones.sqlite")) == 3


def test_whoever_has_nothing_left_in_the_inbox_keeps_the_grade_and_is_told(folder):
    path = put(folder, "pedro.csv")
    grade(folder)
    statistics = folder / "out" / "estadisticas.html"
    assert "conservan su nota" not in statistics.read_text(encoding="utf-8")
    path.rename(path.with_name("maria.csv"))
    grade(folder)
    assert set(grades(folder)) == {"maria", "pedro"}
    assert "conservan su nota" in (text := statistics.read_text(encoding="utf-8")) and "<p>pedro</p>" in text


def test_the_same_file_twice_is_one_attempt_of_the_earlier_time(folder):
    put(folder, "ana/b.csv", when=500)
    put(folder, "ana/a.csv", when=900)
    assert grade(folder).graded == 1
    put(folder, "ana/c.csv", when=100)
    grade(folder)
    ((student, _, _, _, received, file, _),) = rows(folder / "out" / "calificaciones.sqlite")
    assert (student, received, file) == ("ana", 100, "ana/c.csv")


def test_content_handed_in_again_is_the_last_attempt_and_as_late_as_it_was_then(folder):
    """The good table on the first day, a worse one on the second, the good one again on the third."""
    for day, power in enumerate((1, 4, 1), 1):
        put(folder, "ana.csv", table(GOOD**power), when=day * DAY)
        grade(folder, Policy(attempts="last"))
    good, policy = grades(folder)["ana"], Policy(deadline=2 * DAY, penalty=0.5, attempts="last")
    assert good["timestamp"] == "1970-01-04 00:00:00"
    grade(folder, policy)
    late = grades(folder)["ana"]
    assert (late["raw_score"], late["late_submission_penalty"]) == (good["raw_score"], "0.50")
    assert "cuenta" in re.search(r"1970-01-04.*\n.*\n<td>(.*)</td>", feedback(folder, "ana"))[1]
    grade(folder, policy._replace(attempts="best"))
    assert grades(folder)["ana"]["timestamp"] == "1970-01-02 00:00:00"
    shutil.rmtree(folder / "out")
    grade(folder, policy)
    assert grades(folder)["ana"] == late


def test_of_files_with_the_same_time_the_last_by_name_counts(folder):
    for powers in ((1, 4), (4, 1), (2, 4), (4, 2)):
        for name, power in zip(("1.csv", "2.csv"), powers, strict=True):
            put(folder, f"ana/{name}", table(GOOD**power), when=1000)
        grade(folder, Policy(attempts="last"))
        assert re.findall(r'"counts"><td>.*?</td><td class="any">(.*?)</td>', feedback(folder, "ana")) == ["ana/2.csv"]
        shutil.rmtree(folder / "out")


@pytest.mark.parametrize("order", list(itertools.permutations([(300, "a"), (100, "b"), (200, "c")])))
def test_first_and_last_time_do_not_depend_on_the_order_in_which_they_are_seen(tmp_path, order):
    kept = store.Store(tmp_path / "s.sqlite", "")
    for received, file in order[:2]:  # added twice, as when two graders find it at once
        kept.add(store.Attempt("ana", "x", received, file, {}))
    assert kept.seen("ana", "x", *order[2]) and not kept.seen("ana", "y", 400, "d")
    assert [each[2:4] for each in kept.attempts()] == [(100, "b")]
    assert [each[2:4] for each in kept.attempts(last=True)] == [(300, "a")]
    kept.close()


def test_a_store_from_before_last_times_goes_on(folder):
    put(folder, "ana.csv", when=1000)
    grade(folder)
    with sqlite3.connect(folder / "out" / "calificaciones.sqlite") as database:
        database.execute("DROP TABLE latest")
    put(folder, "ana.csv", when=2000)
    assert grade(folder, Policy(attempts="last")).known == 1
    assert grades(folder)["ana"]["timestamp"] == "1970-01-01 00:33:20"


def test_other_labels_and_another_grader_grade_anew(folder, monkeypatch):
    put(folder, "ana.csv")
    grade(folder)
    labels.save(folder / "labels", NAMES, ~CANCELED, PUBLIC, CONFIG)
    assert grade(folder).graded == 1
    assert float(grades(folder)["ana"]["score"]) == 0
    monkeypatch.setattr(store, "version", lambda: "otra")
    assert grade(folder).graded == 1


GRADER = """
import sys
from course import grading
grading.grade(*sys.argv[1:])
"""


def start(folder, out, **options):
    order = [sys.executable, "-c", GRADER, *(str(folder / name) for name in ("inbox", "labels", out))]
    return subprocess.Popen(order, stderr=subprocess.PIPE, text=True, **options)


def many(folder, count=150):
    for number in range(count):
        put(folder, f"e{number:03d}.csv", table(np.clip(GOOD + number / 1000, 0, 1)), when=1000 + number)
    put(folder, "malo.csv", "x", when=1)


def wait_for_rows(path, count):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if path.exists():
            try:
                if len(rows(path)) >= count:
                    return
            except sqlite3.OperationalError:  # the table is not there yet
                pass
        time.sleep(0.002)
    raise AssertionError("the grader did not start")


def test_kill_9_loses_nothing_and_the_next_run_ends_the_same(folder):
    many(folder)
    kept, left = folder / "killed" / "calificaciones.sqlite", []
    for count in (1, 40, 90):
        grader = start(folder, "killed")
        wait_for_rows(kept, count)
        os.kill(grader.pid, signal.SIGKILL)
        grader.communicate()
        left.append(len(rows(kept)))
    assert 1 <= left[0] <= left[1] <= left[2] <= 151 and left[0] < 151
    done = grade(folder, out="killed")
    assert done.graded == 151 - left[2]
    grade(folder, out="calm")
    assert rows(kept) == rows(folder / "calm" / "calificaciones.sqlite")
    for name in ("notas.csv", "clasificacion.html", "estadisticas.html"):
        assert (folder / "killed" / name).read_bytes() == (folder / "calm" / name).read_bytes()


def test_two_graders_at_once_neither_corrupt_nor_double(folder):
    many(folder)
    pair = [start(folder, "shared") for _ in range(2)]
    assert [(grader.communicate()[1], grader.returncode) for grader in pair] == [("", 0)] * 2
    shared = folder / "shared" / "calificaciones.sqlite"
    with sqlite3.connect(shared) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    grade(folder, out="calm")
    assert rows(shared) == rows(folder / "calm" / "calificaciones.sqlite")
    assert (folder / "shared" / "notas.csv").read_bytes() == (folder / "calm" / "notas.csv").read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="no file size limits")
def test_a_full_disk_is_told_and_what_was_graded_is_kept(folder):
    """No file may grow beyond the limit, which fails each write as a full disk does."""
    import resource

    many(folder, 60)
    limit = 120_000
    grader = start(folder, "full", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    error = grader.communicate()[1]
    assert grader.returncode == 1
    assert "CourseError: No se pudo" in error
    kept = folder / "full" / "calificaciones.sqlite"
    before = len(rows(kept))
    assert 0 < before < 61
    assert grade(folder, out="full").known == before
    grade(folder, out="calm")
    assert rows(kept) == rows(folder / "calm" / "calificaciones.sqlite")


def test_pages_that_cannot_be_written_are_told_and_the_old_grades_stay(folder):
    put(folder, "ana.csv")
    grade(folder)
    before = (folder / "out" / "notas.csv").read_bytes()
    shutil.rmtree(folder / "out" / pages.FEEDBACK)
    (folder / "out" / pages.FEEDBACK).write_text("en medio")
    put(folder, "beto.csv")
    with pytest.raises(CourseError, match="No se pudo escribir en"):
        grade(folder)
    assert (folder / "out" / "notas.csv").read_bytes() == before
    (folder / "out" / pages.FEEDBACK).unlink()
    assert (grade(folder).known, len(grades(folder))) == (2, 2)


def test_pages_of_whom_another_store_knew_are_told_and_stay(folder, capsys):
    for student in ("ana", "luis"):
        put(folder, f"{student}.csv")
    assert grade(folder).stale == []
    (folder / "inbox" / "luis.csv").unlink()
    assert grade(folder).stale == [], "it is graded still"
    (folder / "out" / "calificaciones.sqlite").unlink()
    places = [str(folder / name) for name in ("inbox", "labels", "out")]
    assert cli.main(["grade", places[0], "--labels", places[1], "--out", places[2]]) == 0
    assert "⚠ Retroalimentación de antes, de quien ya no se califica: luis.\n" in capsys.readouterr().out
    assert "luis" in feedback(folder, "luis")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is always full")
def test_grade_files_change_all_or_none(folder, monkeypatch):
    """A small class is written when the files are closed: the disk is full from the second one on."""
    put(folder, "ana.csv", when=1000)
    grade(folder)
    before = {path.name: path.read_bytes() for path in (folder / "out").glob("notas*.csv")}
    opened = []

    @contextmanager
    def on_a_full_disk(path, *args, **options):
        with atomic_write(path, *args, **options) as stream:
            opened.append(stream)
            if len(opened) == 2:
                with Path("/dev/full").open("wb") as full:
                    os.dup2(full.fileno(), stream.fileno())
            yield stream

    monkeypatch.setattr(gradebook, "atomic_write", on_a_full_disk)
    with pytest.raises(CourseError, match="No se pudo escribir en"):
        grade(folder, Policy(deadline=500))
    assert {path.name: path.read_bytes() for path in (folder / "out").glob("*notas*.csv*")} == before
    assert len(before) == 3


def test_a_store_that_is_none_is_told(folder):
    (folder / "out").mkdir()
    (folder / "out" / "calificaciones.sqlite").write_text("no soy una base de datos" * 100)
    with pytest.raises(CourseError, match="no es un registro de calificaciones"):
        grade(folder)


# Grade files


def test_nbgrader_columns_and_the_class_list(folder):
    put(folder, "ana.csv", when=1_700_000_000)
    roster = folder / "lista.csv"
    text = 'id,nombre,apellidos,correo\nAna,Ana María,"Núñez, Peña",ana@u.cl\nzoé,=HYPERLINK("x"),@SUM(1),+z@u.cl\n'
    roster.write_text(text, encoding="utf-8")
    grade(folder, Policy(deadline=1_699_990_000, penalty=0.5, final=True), roster)
    ana, zoe = grades(folder)["ana"], grades(folder)["zoé"]
    assert list(ana) == [
        *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
        *("raw_score", "late_submission_penalty", "score", "max_score"),
    ]
    assert (ana["last_name"], ana["first_name"]) == ("Núñez, Peña", "Ana María")
    assert (ana["timestamp"], ana["duedate"]) == ("2023-11-14 22:13:20", "2023-11-14 19:26:40")
    assert float(ana["raw_score"]) - 0.5 == pytest.approx(float(ana["score"]), abs=0.011)
    assert (ana["late_submission_penalty"], ana["max_score"]) == ("0.50", "10")
    assert (zoe["first_name"], zoe["last_name"], zoe["email"]) == ('\'=HYPERLINK("x")', "'@SUM(1)", "'+z@u.cl")
    assert zoe["score"] == "0.00"
    assert pd.read_csv(folder / "out" / "notas.csv")["student_id"].tolist() == ["ana", "zoé"]
    assert "zoé" in (folder / "out" / "estadisticas.html").read_text(encoding="utf-8")
    moodle = grades(folder, "notas_moodle.csv", "Número de ID")["ana"]
    assert moodle["Apellido(s)"] == "Núñez, Peña" and moodle["Retroalimentación"] == "Intentos: 1; con retraso"
    canvas = grades(folder, "notas_canvas.csv", "Student")
    assert next(iter(canvas)) == "    Points Possible"
    assert canvas["Núñez, Peña, Ana María"]["SIS Login ID"] == "ana@u.cl"
    assert canvas["Núñez, Peña, Ana María"]["Desafío: cancelación de reservas"] == ana["score"]


def test_whoever_is_not_in_the_class_list_is_told(folder):
    put(folder, "ana.csv")
    put(folder, "anna.csv")
    statistics, roster = folder / "out" / "estadisticas.html", folder / "lista.csv"
    grade(folder)
    assert "fuera de la lista" not in statistics.read_text(encoding="utf-8")
    roster.write_text("id,nombre,apellidos,correo\nAna,A,B,c\nzoe,A,B,c\n", encoding="utf-8")
    grade(folder, roster=roster)
    assert "<p>anna</p>" in statistics.read_text(encoding="utf-8")


@given(st.text())
def test_no_field_is_a_formula(text):
    safe = gradebook.neutral(text)
    assert safe.endswith(text)
    assert not safe.lstrip().startswith(("=", "+", "-", "@", "|"))
    assert not safe.startswith(("\t", "\r", "\n"))


@pytest.mark.parametrize(
    "text, told",
    [
        ("id,nombre\nana,Ana\n", "le falta alguna columna"),
        ("", "le falta alguna columna"),
        ("id;nombre;apellidos;correo\nana;A;B;c\n", "separada con comas y no con «;»"),
        ("id,nombre,apellidos,correo\nana,A,B\n", "La línea 2 de .*lista.csv no tiene tantos campos"),
        ("id,nombre,apellidos,correo\nana,A,Peña, Díaz,c\n", "La línea 2 de .*lista.csv no tiene tantos campos"),
        ("id,nombre,apellidos,correo\n\nana,A,B,c\nANA,A,B,c\n", "La línea 4 de .*repite el identificador ana"),
        ("id,nombre,apellidos,correo\n<b>,A,B,c\n", "Línea 2 de .*lista.csv: El identificador «<b>»"),
        ("id,nombre,apellidos,correo\nana,A,B,c\n,,,\n", "Línea 3 de .*lista.csv: El identificador «»"),
        ("id,nombre,apellidos,correo\nana,Peña,B,c\n".encode("latin-1"), "UTF-8"),
    ],
)
def test_a_class_list_that_is_wrong_is_told(folder, text, told):
    path = put(folder, "lista.csv", text)
    with pytest.raises(CourseError, match=told):
        gradebook.read_roster(path)
    with pytest.raises(CourseError, match=r"No puedo leer la lista .*nada\.csv\. Revisa que exista"):
        gradebook.read_roster(folder / "nada.csv")


@pytest.mark.parametrize("names, told", [(["ana.csv"], False), (["Ana Pérez_1/ana.csv"], True), (["ana.zip"], True)])
def test_the_order_says_where_what_was_not_graded_is_named(folder, names, told, capsys):
    """A folder as Moodle gives it is nobody's: the order only counted what it had not looked at."""
    for name in names:
        put(folder, name)
    places = [str(folder / name) for name in ("inbox", "labels", "out")]
    assert cli.main(["grade", places[0], "--labels", places[1], "--out", places[2]]) == 0
    where = f"Cuáles, y por qué: {folder / 'out' / 'estadisticas.html'}"
    assert (where in capsys.readouterr().out) == told


# Pages


def test_feedback_shows_measures_pictures_and_what_to_improve(folder):
    put(folder, "ana.csv", table(GOOD**4))
    grade(folder)
    html, markdown, picture = (feedback(folder, "ana", kind) for kind in ("html", "md", "svg"))
    public = scores.measure(GOOD**4, labels.load(folder / "labels"))["public"]
    for name in ("auc", "log_loss", "brier", "ece", "accuracy"):
        assert f"{public[name]:.3f}" in html and f"{public[name]:.3f}" in markdown
    assert picture in html and "![Curva ROC y calibración](ana.svg)" in markdown
    assert "aria-label" in picture and "<script" not in html
    assert "tiran hacia abajo" in html and "tiran hacia abajo" in markdown
    for text in (html, (folder / "out" / "clasificacion.html").read_text(encoding="utf-8")):
        assert not re.findall(r"(?:src|href)=", text)  # it opens offline


def test_too_good_to_be_true_is_flagged_and_not_ranked(folder):
    put(folder, "ana.csv")
    put(folder, "tramposa.csv", table(CANCELED * 0.98 + 0.01))
    grade(folder)
    board = (folder / "out" / "clasificacion.html").read_text(encoding="utf-8")
    assert "<td>ana</td>" in board and "tramposa" not in board and "no aparecen: 1" in board
    assert "tramposa" in (folder / "out" / "estadisticas.html").read_text(encoding="utf-8")
    assert "mejor de lo que este problema permite" in feedback(folder, "tramposa")
    assert "mejor de lo que este problema permite" not in feedback(folder, "ana")


def test_the_attempt_that_is_too_good_is_named_though_another_counts(folder):
    put(folder, "eva/1.csv", table(CANCELED * 0.98 + 0.01), when=1)
    put(folder, "eva/2.csv", when=2)
    grade(folder, Policy(attempts="last"))
    statistics = (folder / "out" / "estadisticas.html").read_text(encoding="utf-8")
    assert '<td class="n">1.0000</td><td class="any">eva/1.csv</td>' in statistics
    assert "Un intento tuyo es mejor de lo que este problema permite" in feedback(folder, "eva")


def test_the_leaderboard_is_in_order(folder):
    for name, power in {"b": 4, "a": 1, "c": 1.7}.items():
        put(folder, f"{name}.csv", table(GOOD**power))
    grade(folder)
    board = (folder / "out" / "clasificacion.html").read_text(encoding="utf-8")
    raw = {name: float(row["raw_score"]) for name, row in grades(folder).items()}
    assert re.findall(r"<td>([abc])</td>", board) == sorted(raw, key=raw.get, reverse=True)
    assert len(set(raw.values())) == 3


def test_equal_results_share_a_place_and_are_pointed_out_to_the_teacher(folder):
    for name, power in {"a": 4, "b": 4, "c": 2, "d": 1}.items():
        put(folder, f"{name}.csv", table(GOOD**power))
    put(folder, "c/otra.csv", table(GOOD**4))  # a second attempt of c's
    grade(folder)
    board = (folder / "out" / "clasificacion.html").read_text(encoding="utf-8")
    places = {name: place for place, name in re.findall(r'<td class="n">(\d+)</td><td>([abcd])</td>', board)}
    assert places == {"d": "1", "c": "2", "a": "3", "b": "3"}
    statistics = (folder / "out" / "estadisticas.html").read_text(encoding="utf-8")
    assert re.findall(r"<li>(.*)</li>", statistics) == ["a, b, c"]


def test_equal_predictions_are_pointed_out_though_two_processors_measured_them(folder, monkeypatch):
    """These differ in the last digit, as sums do that are added up in another order."""
    put(folder, "a.csv")
    grade(folder)

    def elsewhere(probabilities, task):
        both = scores.measure(probabilities, task)
        return {part: measured | {"brier": np.nextafter(measured["brier"], 1)} for part, measured in both.items()}

    put(folder, "b.csv")
    put(folder, "c.csv", table(np.where(np.arange(ROWS) == 7, 0.5, GOOD)))
    monkeypatch.setattr(grading, "scores", type("Scores", (), {"measure": staticmethod(elsewhere)}))
    grade(folder)
    statistics = (folder / "out" / "estadisticas.html").read_text(encoding="utf-8")
    assert re.findall(r"<li>(.*)</li>", statistics) == ["a, b"]


def test_names_of_files_are_escaped_in_all_pages(folder):
    bad = "<b onclick=x>[a](javascript:1)`|.csv"
    put(folder, f"ana/{bad}", "x")
    put(folder, "<i>.csv", "x")
    grade(folder)
    for path in (folder / "out").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "<b onclick" not in text and "<i>" not in text
    markdown = feedback(folder, "ana", "md")
    assert r"\[a\]\(javascript:1\)\`\|" in markdown and "<b" not in markdown


def test_an_empty_inbox_makes_empty_pages(folder):
    done = grade(folder)
    assert (done.graded, done.students, done.rejected) == (0, 0, 0)
    assert "Todavía no hay entregas válidas" in (folder / "out" / "clasificacion.html").read_text(encoding="utf-8")


def test_the_notebook_is_counted_and_never_shown(folder):
    cell = {"cell_type": "code", "execution_count": 1, "source": "<script>alert(1)</script>", "outputs": []}
    notebook = f'{{"cells": [{cell}, {cell | {"execution_count": None}}], "nbformat": 4}}'
    put(folder, "ana.csv")
    put(folder, "ana.ipynb", notebook.replace("'", '"').replace("None", "null"))
    grade(folder)
    assert "1 de 2 celdas ejecutadas" in feedback(folder, "ana")
    assert not any(b"alert(1)" in path.read_bytes() for path in (folder / "out").rglob("*.*"))


@pytest.mark.parametrize(
    "values, told",
    [
        (1 - GOOD, "al revés"),
        ((RANDOM.random(ROWS) < 0.8) == CANCELED, "es 0 o 1"),
        (np.full(ROWS, 0.4), "la misma probabilidad"),
        (np.clip(GOOD * 3 - 1, 0.0001, 0.9999), "peor que la de la línea de base"),
        (CANCELED * 0.2 + 0.3, "se desvían de las frecuencias reales en 0.38 de media, y son demasiado tímidas"),
        (np.where(RANDOM.random(ROWS) < 0.75, CANCELED, ~CANCELED) * 0.9 + 0.05, "y son demasiado extremas"),
        (CANCELED * 0.2 + 0.7, "y tiran hacia arriba"),
        (0.4 + (GOOD - 0.4) / 9 + RANDOM.normal(size=ROWS) / 30, "puede subir"),
        (np.where(np.random.default_rng(2).random(ROWS) < 0.87, CANCELED, ~CANCELED) * 0.74 + 0.08, "Muy bien"),
    ],
)
def test_what_to_improve_follows_from_the_measures(values, told):
    assert told in "\n".join(advised(values))


def advised(values):
    task = labels.Labels({}, CANCELED, PUBLIC, CONFIG, "")
    return advice.advice(scores.measure(np.asarray(values, float), task)["private"], CONFIG)


@pytest.mark.parametrize(
    "values, told",
    [
        (1 - np.clip(GOOD * 3 - 1, 0.0001, 0.9999), "al revés"),
        (np.random.default_rng(2).permutation(np.clip(GOOD * 3 - 1, 0.0001, 0.9999)), "es el de ordenar al azar"),
        (np.where(CANCELED, 0.97, 0.01), "no se alcanza con lo que se sabe al reservar"),
    ],
)
def test_a_wrong_order_and_one_too_good_to_be_true_are_told_alone(values, told):
    (sentence,) = advised(values)
    assert told in sentence


def test_pictures_are_well_formed():
    from xml.etree import ElementTree

    measured = scores.measure(GOOD, labels.Labels({}, CANCELED, PUBLIC, CONFIG, ""))["public"]
    for picture in (charts.report(measured, "pública"), charts.histogram([0] * 10), charts.histogram([3] * 10)):
        assert ElementTree.fromstring(picture).attrib["aria-label"]
    assert f"{measured['auc']:.3f}" in charts.report(measured, "pública")


def test_statistics_of_scores_by_hand():
    summary = pages._summary([2.0, 4.0, 9.0])
    assert summary["media"] == 5 and summary["mediana"] == 4 and summary["mínimo"] == 2 and summary["máximo"] == 9
    assert pages._summary([7.0])["tercer cuartil"] == 7
    assert pages._summary([]) is None
    assert pages._histogram([0, 0.99, 1, 10, 9.5]) == [2, 1, *[0] * 7, 2]


def test_the_templates_travel_with_the_package():
    folder = Path(grading.__file__).parent / "templates"
    assert {path.name for path in folder.iterdir()} == {
        *("base.html.j2", "feedback.html.j2", "feedback.md.j2", "leaderboard.html.j2", "statistics.html.j2")
    }
