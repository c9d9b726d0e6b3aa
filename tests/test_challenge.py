import io
import json
import math
import os
import subprocess
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from course import challenge, cli, datasets, labels
from course.errors import CourseError

SECRET = "un secreto de prueba"
ROOT = Path(__file__).parents[1]


def build(folder, **options):
    return challenge.build(folder / "reto", **{"secret": SECRET, "source": "synthetic", **options})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the folder of a challenge made of the synthetic table."""
    build(folder := tmp_path_factory.mktemp("challenge"))
    return folder


@pytest.fixture(scope="module")
def tables(made):
    return [pd.read_csv(made / "reto" / name, keep_default_na=False, dtype=str) for name in ("train.csv", "test.csv")]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.glob("reto*/*")}


def test_train_is_before_the_cut_and_test_is_after(tables):
    months = {
        month: number for number, month in enumerate(pd.date_range("2020", periods=12, freq="MS").month_name(), 1)
    }
    for table, late in zip(tables, (False, True), strict=True):
        days = pd.to_datetime(
            {
                "year": table.arrival_date_year.astype(int),
                "month": table.arrival_date_month.map(months),
                "day": table.arrival_date_day_of_month.astype(int),
            }
        )
        assert ((days >= challenge.CUT) == late).all()
    assert sum(map(len, tables)) == len(datasets.bookings("synthetic"))


def test_the_test_tells_nothing_of_the_outcome(tables):
    train, test = tables
    assert set(train.columns) - set(test.columns) == {*challenge.OUTCOME, *challenge.AFTER_BOOKING}
    assert set(test.columns) - set(train.columns) == {"id"}
    assert test["id"].str.fullmatch("r[0-9a-f]{11}").all()


def test_ids_and_order_tell_nothing_of_the_row(made, tables):
    _, late = challenge.split(datasets.bookings("synthetic"))
    test = tables[1]
    assert test["id"].is_unique and test["id"].is_monotonic_increasing
    same = (test["lead_time"].astype(int).to_numpy() == late["lead_time"].to_numpy()).mean()
    assert same < 0.1  # in the table's own order it would be 1
    other = made / "otro"
    build(other, secret="otro secreto de prueba")
    assert not set(pd.read_csv(other / "reto" / "test.csv")["id"]) & set(test["id"])


def test_labels_are_those_of_the_same_rows(made, tables):
    test, loaded = tables[1], labels.load(made / "reto-profesor")
    assert list(loaded.ids) == [name.encode() for name in test["id"]]
    assert list(loaded.ids.values()) == list(range(len(test)))
    assert loaded.public.sum() == round(challenge.PUBLIC_SHARE * len(test))
    _, late = challenge.split(datasets.bookings("synthetic"))
    shared = [name for name in test.columns if name != "id"]
    ours = test[shared].assign(y=loaded.canceled.astype(int))
    written = late[[*shared, "is_canceled"]].to_csv(index=False, na_rep="NULL")
    theirs = pd.read_csv(io.StringIO(written), keep_default_na=False, dtype=str)
    ours, theirs = (sorted(map("|".join, table.astype(str).to_numpy())) for table in (ours, theirs))
    assert ours == theirs


def test_the_same_secret_makes_the_same_files_and_another_one_other_parts(made, tmp_path):
    build(tmp_path)
    assert contents(tmp_path) == contents(made)
    build(tmp_path / "otro", secret="otro secreto de prueba")
    public = [labels.load(folder / "reto-profesor").public for folder in (made, tmp_path / "otro")]
    assert 0.3 < (public[0] == public[1]).mean() < 0.75


def test_what_is_recorded(made):
    config = json.loads((made / "reto-profesor" / "config.json").read_text())
    assert config["origin"] == "synthetic"
    assert config["baseline"]["auc"] == 0.5
    from sklearn.metrics import log_loss

    loaded = labels.load(made / "reto-profesor")
    expected = log_loss(loaded.canceled, np.full(len(loaded.canceled), config["train_rate"]))
    assert config["baseline"]["log_loss"] == pytest.approx(expected)
    assert SECRET not in json.dumps(config)
    assert loaded.digest == config["sha256"]["etiquetas.csv"]


def test_only_the_owner_reads_the_labels_and_git_takes_none(made):
    folder = made / "reto-profesor"
    if os.name != "nt":  # Windows has its own permissions
        assert folder.stat().st_mode & 0o077 == 0
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    assert subprocess.run([*git, "ls-files"], capture_output=True, check=True).stdout == b""


def packed():
    """Return the files that are in a commit, or that the wheel or the source archive would take (no bytecode)."""
    build_ = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]
    names = {*build_["sdist"]["include"], *build_["wheel"]["packages"], *build_["wheel"]["force-include"]}
    paths = [path for name in names for path in [ROOT / name, *(ROOT / name).rglob("*")]]
    files = [path for path in paths if path.is_file() and "__pycache__" not in path.parts]
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout
    return {*files, *(ROOT / name for name in listed.decode().split("\0") if name)}


def test_labels_are_in_no_commit_no_wheel_and_no_student_bundle(made):
    names = [path for path in packed() if path.is_file()]
    assert len(names) > 50
    for path in names:
        assert path.name != "etiquetas.csv"
        assert b"\nid,is_canceled," not in b"\n" + path.read_bytes(), path
    for path in (made / "reto").iterdir():
        header = path.read_bytes().split(b"\n", 1)[0].split(b",")
        assert (b"id" in header) != (b"is_canceled" in header)
    assert sorted(path.name for path in (made / "reto").iterdir()) == ["test.csv", "train.csv"]


def test_labels_are_not_written_where_students_would_get_them(tmp_path):
    inside = [tmp_path / "reto", tmp_path / "reto" / "x", tmp_path]
    shipped = [ROOT / "course" / "x", ROOT / "data", ROOT / "notebooks" / "y"]
    for folder in (*inside, *shipped):
        with pytest.raises(CourseError, match="Las etiquetas no pueden ir en"):
            build(tmp_path, labels=folder)
    assert list(tmp_path.iterdir()) == []


def test_another_secret_does_not_write_over_a_challenge(tmp_path):
    build(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(CourseError, match=r"reto-profesor tiene las etiquetas de otro desafío"):
        build(tmp_path, secret=SECRET + " y otro")
    assert contents(tmp_path) == before
    (tmp_path / "reto-profesor" / "config.json").write_text("", encoding="utf-8")  # damaged: nothing to lose
    build(tmp_path)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("file", ["reto", "reto-profesor"])
def test_a_folder_that_cannot_be_written_is_told(tmp_path, file):
    (tmp_path / file).write_text("", encoding="utf-8")
    with pytest.raises(CourseError, match=f"No se pudo escribir el desafío: .*{file} no es una carpeta"):
        build(tmp_path)
    with pytest.raises(CourseError, match=f"No se pudo escribir el desafío: .*{file} no es una carpeta"):
        build(tmp_path / file, labels=tmp_path / "etiquetas")
    assert [path.name for path in tmp_path.iterdir()] == [file]  # no labels of no challenge


def test_a_disk_that_is_full_is_told(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("course.challenge.atomic_write", full)
    with pytest.raises(CourseError, match=r"No se pudo escribir el desafío: .*No space left"):
        build(tmp_path)


@pytest.mark.parametrize("secret", [None, "", "corto"])
def test_a_secret_is_needed(tmp_path, monkeypatch, secret):
    monkeypatch.delenv("COURSE_CHALLENGE_SECRET", raising=False)
    with pytest.raises(CourseError, match=r"Falta el secreto.*COURSE_CHALLENGE_SECRET"):
        build(tmp_path, secret=secret)


@pytest.mark.parametrize("year, told", [(2015, "llegada desde el 2017-04-01"), (2017, "llegada antes del 2017-04-01")])
def test_a_table_with_nothing_on_one_side_is_told(tmp_path, monkeypatch, year, told):
    table = datasets.bookings("synthetic")
    table = table[table["arrival_date_year"] == year]
    if year == 2017:
        table = table[table["arrival_date_month"] == "July"]
    monkeypatch.setattr(datasets, "bookings", lambda source: table)
    with pytest.raises(CourseError, match=told):
        build(tmp_path)


@pytest.mark.parametrize(
    "anchors",
    [
        {"reference": (0.4, 0.3)},
        {"reference": (0.8, math.nan)},
        {"baseline": (0.5, math.inf)},
        {"baseline": (-math.inf, 0.7)},
    ],
    ids=str,
)
def test_a_reference_no_better_than_the_baseline_and_what_is_no_measure_are_refused(anchors, tmp_path):
    told = r"La referencia \(AUC .* y entropía cruzada .*\) debe superar a la base"
    with pytest.raises(CourseError, match=told):
        build(tmp_path, **anchors)


def test_labels_that_were_touched_or_are_missing_are_refused(made, tmp_path):
    build(tmp_path)
    path = tmp_path / "reto-profesor" / "etiquetas.csv"
    path.write_bytes(path.read_bytes().replace(b",0,1\n", b",1,1\n", 1))
    with pytest.raises(CourseError, match="cambió desde que se creó"):
        labels.load(path.parent)
    for broken in ("{}", "[]", "nada"):
        (path.parent / "config.json").write_text(broken)
        with pytest.raises(CourseError, match="no es la carpeta de etiquetas"):
            labels.load(path.parent)
    with pytest.raises(CourseError, match="no es la carpeta de etiquetas"):
        labels.load(made / "reto")


def test_the_command_builds_and_students_hand_in_what_the_grader_takes(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_CHALLENGE_SECRET", SECRET)
    monkeypatch.setattr(datasets, "bookings", lambda source, real=datasets.bookings: real("synthetic"))
    monkeypatch.chdir(tmp_path)
    assert cli.main(["challenge", "build", "--out", "reto/"]) == 0
    assert "no las compartas" in capsys.readouterr().out
    ids = pd.read_csv("reto/test.csv")["id"]
    pd.DataFrame({"id": ids, "prob_cancelacion": 0.4}).to_csv("p.csv", index=False)
    assert cli.main(["submit", "p.csv", "--id", "Ana", "--out", "entregas"]) == 0
    assert zipfile.ZipFile("entregas/ana.zip").namelist() == ["ana.csv"]
    assert cli.main(["submit", "reto/test.csv", "--id", "ana"]) == 1
    assert "todavía no se puede entregar" in capsys.readouterr().err
    order = ["grade", "entregas", "--labels", "reto-profesor", "--deadline", "2000-01-01"]
    assert cli.main([*order, "--final"]) == 0
    assert "1 ahora, 0 de antes o repetidas. Estudiantes: 1." in capsys.readouterr().out
    assert Path("notas/retroalimentacion/ana.html").is_file()
    for date in ("mañana", ""):
        assert cli.main([*order[:-1], date]) == 1
        assert "No entiendo la fecha" in capsys.readouterr().err
    assert cli.main([*order, "--roster", ""]) == 1
    assert "No puedo leer la lista" in capsys.readouterr().err


def test_the_real_table_gives_an_honest_test(tmp_path, real_bookings_folder):
    config = build(tmp_path, source=str(real_bookings_folder))
    assert config["rows"] == {"train": 91_531, "test": 27_859, "public": 8_358}
