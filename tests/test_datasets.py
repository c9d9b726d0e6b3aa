import errno
import gzip
import hashlib
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course import bookings as schema
from course import cache, datasets, synthetic
from course.errors import CourseError
from course.paths import resource

ROOT = Path(__file__).parent.parent
PROFILE = json.loads((resource("data") / "bookings_profile.json").read_bytes()) | {"rows": 400}
TABLE = synthetic.sample(PROFILE, seed=5)
CSV = TABLE.to_csv(index=False, na_rep="NULL").encode()  # stands for the real one, which the project has not
GZIP = gzip.compress(CSV)
SHA256 = hashlib.sha256(CSV).hexdigest()


class Web:
    """A loopback server that answers as told: `answers` are used in turn, the last one for ever."""

    def __init__(self):
        self.answers, self.requests, self.pause = [("/", 200, CSV)], [], 0
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                web.requests.append(self.path)
                answer = web.answers.pop(0) if len(web.answers) > 1 else web.answers[0]
                suffix, code, body, *length = answer
                if not self.path.endswith(suffix) and suffix != "/":
                    code, body, length = 404, b"", []
                if body is None:
                    time.sleep(3)
                    return
                self.send_response(code)
                self.send_header("Content-Length", str(length[0] if length else len(body)))
                self.end_headers()
                time.sleep(web.pause)
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, *answers):
        """Set the answers: (end of the path, status, body[, announced length])."""
        self.answers[:] = answers


@pytest.fixture
def web():
    web = Web()
    yield web
    web.server.shutdown()
    web.server.server_close()


@pytest.fixture
def home(monkeypatch, tmp_path, web):
    """Give an empty cache, a small table in place of the real one, and a public address on this machine."""
    for name in ("COURSE_DATA_DIR", "COURSE_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COURSE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(datasets, "BOOKINGS_SHA256", SHA256)
    monkeypatch.setattr(datasets, "BOOKINGS_URL", f"{web.address}/hotels.csv")
    shipped = datasets._shipped
    small = json.dumps(PROFILE).encode()
    monkeypatch.setattr(datasets, "_shipped", lambda name: small if "profile" in name else shipped(name))
    cache.say.cache_clear()
    datasets._tell_synthetic.cache_clear()
    return tmp_path / "cache"


def is_the_table(table):
    pd.testing.assert_frame_equal(table, schema.typed(TABLE), check_categorical=False)
    assert {name: str(kind) for name, kind in table.dtypes.items()} == {
        name: "category" if isinstance(kind, list) else kind for name, kind in schema.SCHEMA.items()
    }
    return True


def is_synthetic(table, capsys, reason):
    told = capsys.readouterr().out
    assert told.count("SINTÉTICA") == 1
    assert reason in told
    return table.attrs["origin"] == "synthetic" and list(table.columns) == list(schema.SCHEMA)


def files(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


# MNIST


def test_mnist_is_the_canonical_one():
    (x_train, y_train), (x_test, y_test) = datasets.mnist()
    readme = (resource("data") / "README.md").read_text(encoding="utf-8")
    for array, shape, name in (
        (x_train, (60000, 28, 28), "train-images-idx3-ubyte"),
        (y_train, (60000,), "train-labels-idx1-ubyte"),
        (x_test, (10000, 28, 28), "t10k-images-idx3-ubyte"),
        (y_test, (10000,), "t10k-labels-idx1-ubyte"),
    ):
        assert (array.shape, array.dtype) == (shape, np.uint8)
        header = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">i4").tobytes()
        assert f"| `{name}` | `{hashlib.sha256(header + array.tobytes()).hexdigest()}` |" in readme


def test_readme_and_code_name_the_same_hashes_and_the_files_have_them():
    readme = (resource("data") / "README.md").read_text(encoding="utf-8")
    for name, digest in datasets.SHIPPED.items():
        content = (resource("data") / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
        size = f"{len(content):,}".replace(",", " ")
        assert f"| `{name}` | {size} bytes | `{digest}` |" in readme
    assert datasets.BOOKINGS_SHA256 in readme
    assert all(part in readme for part in datasets.BOOKINGS_URL.split("/")[3:6])


def test_drawings_are_four_of_each_digit_inside_the_square():
    strokes, digits = datasets.drawings()
    assert np.bincount(digits).tolist() == [4] * 10
    assert len(strokes) == 40
    assert all(0 <= value <= 1 for drawing in strokes for stroke in drawing for point in stroke for value in point)


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:5000] + b"\x00" + b[5001:], lambda b: b""])
def test_a_damaged_mnist_is_told(monkeypatch, tmp_path, damage):
    (tmp_path / "mnist.npz").write_bytes(damage((resource("data") / "mnist.npz").read_bytes()))
    monkeypatch.setattr(datasets, "resource", lambda name: tmp_path)
    with pytest.raises(CourseError, match=r"mnist\.npz está dañado.*git checkout"):
        datasets.mnist()
    assert not datasets.status()[0].ok


def test_damaged_drawings_are_told(monkeypatch, tmp_path):
    (tmp_path / "dibujos.json").write_bytes((resource("data") / "dibujos.json").read_bytes()[:-1])
    monkeypatch.setattr(datasets, "resource", lambda name: tmp_path)
    told = datasets.status()[3]
    assert not told.ok
    assert "dibujos.json está dañado" in told.message


def test_a_missing_mnist_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "resource", lambda name: tmp_path)
    with pytest.raises(CourseError, match=r"Falta el archivo .*mnist\.npz"):
        datasets.mnist()


# Bookings: a mirror


@pytest.mark.parametrize(
    ("name", "content"), [("hotel_bookings.csv", CSV), ("hotel_bookings.csv.gz", GZIP)], ids=["csv", "gzip"]
)
def test_a_mirror_is_a_folder_or_a_file(home, monkeypatch, tmp_path, web, name, content):
    (tmp_path / name).write_bytes(content)
    for named in (tmp_path, str(tmp_path), tmp_path / name):
        table = datasets.bookings(named)
        assert is_the_table(table)
        assert table.attrs == {"origin": "mirror", "location": str(tmp_path / name)}
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    assert datasets.bookings().attrs["origin"] == "mirror"
    assert datasets.status()[1].ok
    assert not web.requests


BROKEN = {
    "missing": None,
    "empty": b"",
    "cut": CSV[: len(CSV) // 2],
    "one byte changed": CSV.replace(b"A", b"B", 1),
    "gzip cut": GZIP[:-100],
    "gzip damaged": GZIP[:1000] + bytes(100) + GZIP[1100:],
    "another table": gzip.compress(CSV + b"\n"),
    "a web page": b"<!DOCTYPE html><html><body>Inicia sesi\xc3\xb3n</body></html>",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_mirror_is_an_error_even_with_a_good_cache_and_network(home, monkeypatch, tmp_path, web, content):
    assert is_the_table(datasets.bookings())
    kept = files(home)
    web.requests.clear()
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    if content is not None:
        (mirror / "hotel_bookings.csv.gz").write_bytes(content)
    monkeypatch.setenv("COURSE_DATA_DIR", str(mirror))
    with pytest.raises(CourseError, match=f"espejo de las reservas {re.escape(str(mirror))}.*COURSE_DATA_DIR"):
        datasets.bookings()
    assert not datasets.status()[1].ok
    assert (files(home), web.requests) == (kept, [])


def test_a_mirror_may_be_an_address(home, web):
    web.answer(("hotel_bookings.csv.gz", 200, GZIP))
    table = datasets.bookings(f"{web.address}/data")
    assert is_the_table(table)
    assert table.attrs == {"origin": "mirror", "location": f"{web.address}/data/hotel_bookings.csv.gz"}
    assert (home / "hotel_bookings.csv").read_bytes() == CSV
    assert datasets.bookings(f"{web.address}/data").attrs["origin"] == "cache"
    assert len(web.requests) == 1


def test_an_address_with_the_plain_csv_and_one_of_the_file(home, web):
    web.answer(("/hotel_bookings.csv", 200, CSV))
    assert datasets.bookings(f"{web.address}/data/").attrs["location"].endswith("/data/hotel_bookings.csv")
    for path in home.iterdir():
        path.unlink()
    web.answer(("/hotels.csv", 200, CSV))
    assert datasets.bookings(f"{web.address}/hotels.csv").attrs["location"].endswith("/hotels.csv")


def test_a_broken_address_is_an_error(home, web, monkeypatch):
    web.answer(("/", 404, b""))
    with pytest.raises(CourseError, match="responde con el error 404"):
        datasets.bookings(f"{web.address}/data")
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    with pytest.raises(CourseError, match="COURSE_OFFLINE"):
        datasets.bookings(f"{web.address}/data")


# Bookings: the download and the cache


def test_downloaded_once_then_from_the_cache(home, web, capsys):
    first = datasets.bookings()
    assert is_the_table(first)
    assert first.attrs == {"origin": "download", "location": datasets.BOOKINGS_URL}
    again = datasets.bookings()
    assert is_the_table(again)
    assert again.attrs == {"origin": "cache", "location": str(home)}
    assert len(web.requests) == 1
    assert {Path(name).suffix for name in files(home)} == {".csv", ".parquet"}
    assert "SINTÉTICA" not in capsys.readouterr().out


def test_a_slow_download_shows_its_progress_on_stdout(home, web, capsys):
    web.pause = 0.7
    datasets.bookings()
    told = capsys.readouterr()
    assert re.search(r"Descarga: [\d.]+kB", told.out)
    assert told.out.endswith("\r")  # and then it clears its line
    assert told.err == ""


def test_a_download_that_is_cut_starts_over(home, web):
    web.answer(("/", 200, CSV[:3000], len(CSV)), ("/", 200, CSV))
    assert is_the_table(datasets.bookings())
    assert len(web.requests) == 2


BAD_ANSWERS = {
    "cut": (("/", 200, CSV[:3000], len(CSV)), "se cortó"),
    "another table": (("/", 200, CSV + b"\n"), "SHA-256 no coincide"),
    "a web page": (("/", 200, b"\n<html>Inicia sesi\xc3\xb3n</html>"), "página web"),
    "damaged gzip": (("/", 200, GZIP[:-100]), "SHA-256 no coincide"),
    "not found": (("/", 404, b""), "error 404"),
    "server error": (("/", 503, b""), "error 503"),
    "silence": (("/", 200, None), "No hay conexión con 127.0.0.1"),
}


@pytest.mark.parametrize(("answer", "reason"), BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_a_bad_download_ends_in_the_synthetic_table(home, web, monkeypatch, capsys, answer, reason):
    monkeypatch.setattr(cache, "_TIMEOUT", (1, 0.5))
    web.answer(answer)
    assert is_synthetic(datasets.bookings(), capsys, reason)
    assert [name.split("-")[0] for name in files(home)] == ["synthetic_bookings"]
    web.answer(("/", 200, CSV))
    assert is_the_table(datasets.bookings())


def test_no_network(home, monkeypatch, capsys):
    monkeypatch.setattr(datasets, "BOOKINGS_URL", "http://127.0.0.1:9/hotels.csv")
    assert is_synthetic(datasets.bookings(), capsys, "No hay conexión con 127.0.0.1:9")


def test_offline_on_purpose_and_told_once(home, monkeypatch, capsys, web):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    assert is_synthetic(datasets.bookings(), capsys, "COURSE_OFFLINE")
    pd.testing.assert_frame_equal(datasets.bookings(), datasets.bookings("synthetic"))
    assert "SINTÉTICA" not in capsys.readouterr().out
    assert not web.requests


def test_a_damaged_cache_is_made_again_without_the_network(home, web):
    datasets.bookings()
    (parquet,) = home.glob("*.parquet")
    good = parquet.read_bytes()
    for damaged in (good[: len(good) // 2], b"", good[:-500] + bytes(500)):
        parquet.write_bytes(damaged)
        assert is_the_table(datasets.bookings())
        assert parquet.read_bytes() == good
    assert len(web.requests) == 1


def test_a_damaged_csv_in_the_cache_is_downloaded_again(home, web):
    datasets.bookings()
    next(home.glob("*.parquet")).unlink()
    (home / "hotel_bookings.csv").write_bytes(CSV[:3000])
    assert datasets.bookings().attrs["origin"] == "download"
    assert (home / "hotel_bookings.csv").read_bytes() == CSV


def test_a_bad_download_leaves_good_copies_alone(home, web, capsys):
    datasets.bookings()
    (parquet,) = home.glob("*.parquet")
    good = parquet.read_bytes()
    parquet.write_bytes(good[:100])
    (home / "hotel_bookings.csv").rename(home / "aside")
    web.answer(("/", 200, b"<html>"))
    assert is_synthetic(datasets.bookings(), capsys, "página web")
    (home / "aside").rename(home / "hotel_bookings.csv")
    assert is_the_table(datasets.bookings())
    assert (home / "hotel_bookings.csv").read_bytes() == CSV


def test_a_file_half_written_by_another_process_is_not_read(home, web):
    datasets.bookings()
    (parquet,) = home.glob("*.parquet")
    half = home / f".{parquet.name}.abcd1234"  # as `atomic_write` names it before the last rename
    parquet.rename(half)
    (home / "hotel_bookings.csv").unlink()
    assert datasets.bookings().attrs["origin"] == "download"
    assert half.exists()


@pytest.mark.parametrize("mirrored", [True, False])
def test_a_cache_that_cannot_be_written(home, web, monkeypatch, tmp_path, capsys, mirrored):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("COURSE_CACHE_DIR", str(tmp_path / "file" / "cache"))
    (tmp_path / "hotel_bookings.csv").write_bytes(CSV)
    table = datasets.bookings(tmp_path if mirrored else None)
    assert is_the_table(table)
    assert table.attrs["origin"] == ("mirror" if mirrored else "download")
    told = capsys.readouterr().out
    assert told.count("no se puede guardar en la caché") == 1
    assert "no es una carpeta" in told
    assert len(datasets.status()) == 4


def test_a_read_only_cache(home, web, monkeypatch, capsys):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    home.mkdir()
    monkeypatch.setattr(cache, "atomic_write", refuse)
    monkeypatch.setattr("pooch.core.make_local_storage", lambda path: refuse() if path == str(home) else None)
    assert is_the_table(datasets.bookings())
    assert capsys.readouterr().out.count("no tienes permiso de escritura") == 1
    assert files(home) == []


def test_the_disk_fills_up_while_the_parsed_table_is_written(home, web, monkeypatch, capsys):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert is_the_table(datasets.bookings())
    assert "no queda espacio en el disco" in capsys.readouterr().out
    assert files(home) == ["hotel_bookings.csv"]
    assert is_the_table(datasets.bookings())


@pytest.mark.parametrize("everywhere", [True, False])
def test_the_disk_fills_up_during_the_download(home, web, monkeypatch, capsys, everywhere):
    request = cache._request

    def half(url, output_file, registry):
        if everywhere or Path(output_file).is_relative_to(home):
            Path(output_file).write_bytes(CSV[:3000])
            raise OSError(errno.ENOSPC, "No space left on device")
        request(url, output_file, registry)

    monkeypatch.setattr(cache, "_request", half)
    table = datasets.bookings()
    if everywhere:
        assert is_synthetic(table, capsys, "no queda espacio en el disco")
    else:
        assert is_the_table(table)
        assert "no queda espacio en el disco" in capsys.readouterr().out
    assert "hotel_bookings.csv" not in files(home)


LOAD = """
import sys
from course import datasets
datasets.BOOKINGS_SHA256, datasets.BOOKINGS_URL = sys.argv[1:]
sys.stdin.readline()  # all start together
table = datasets.bookings()
print(table.attrs["origin"], len(table), int(table["lead_time"].sum()))
"""


def test_processes_that_fill_the_cache_at_the_same_moment(home, web):
    order = [sys.executable, "-c", LOAD, SHA256, datasets.BOOKINGS_URL]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    processes = [subprocess.Popen(order, **pipes) for _ in range(3)]
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        said = process.communicate(timeout=300)[0].splitlines()[-1].split()
        assert said[0] in {"download", "cache"}
        assert said[1:] == [str(len(TABLE)), str(TABLE["lead_time"].sum())]
    assert is_the_table(datasets.bookings())
    assert {Path(name).suffix for name in files(home)} == {".csv", ".parquet"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_random_corruption_never_gives_wrong_data(home, data):
    table = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "y"]})
    cache.keep("small", table)
    (path,) = home.glob("small-*.parquet")
    content = bytearray(path.read_bytes())
    cut = data.draw(st.integers(0, len(content)))
    place, change = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(0, 255))
    content[place] ^= change
    path.write_bytes(content[:cut] if data.draw(st.booleans()) else content)
    found = cache.recall("small")
    if found is not None:
        pd.testing.assert_frame_equal(found, table, check_dtype=False)


def test_a_whole_file_that_is_no_parquet_counts_as_absent(home):
    home.mkdir()
    content = b"whole, but not a table"
    (home / f"small-{cache.sha256(content)}.parquet").write_bytes(content)
    assert cache.recall("small") is None


# What is where


def test_status_of_a_new_machine_and_after_the_download(home, web):
    mnist, bookings, made_up, drawn = datasets.status()
    assert (mnist.ok, bookings.ok, made_up.ok, drawn.ok) == (True, None, True, True)
    assert "COURSE_DATA_DIR" in bookings.message
    datasets.bookings()
    assert datasets.status()[1].ok
    next(home.glob("*.parquet")).write_bytes(b"")
    (home / "hotel_bookings.csv").write_bytes(b"")
    assert not datasets.status()[1].ok
    assert len(web.requests) == 1


def test_neither_import_nor_status_loads_what_is_heavy():
    code = (
        "import sys, course.datasets\n"
        "light = sorted({'numpy', 'pandas', 'pooch', 'keras', 'tensorflow'} & set(sys.modules))\n"
        "course.datasets.status()\n"
        "print(light, sorted({'pandas', 'requests', 'keras', 'tensorflow'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split("\n")[0] == "[] []"


# The real table, where it is at hand


def test_the_real_table(monkeypatch, tmp_path, real_bookings_folder):
    monkeypatch.setenv("COURSE_CACHE_DIR", str(tmp_path))
    table = datasets.bookings(real_bookings_folder)
    assert table.shape == (119390, 32)
    assert table["is_canceled"].sum() == 44224
    missing = table.isna().sum()
    assert missing[missing > 0].to_dict() == {"children": 4, "country": 488, "agent": 16340, "company": 112593}
    assert table["agent"].cat.categories.size == 333
    for name, kind in schema.SCHEMA.items():
        if isinstance(kind, list):
            assert table[name].notna().all()  # the vocabulary is complete
    assert str(table["reservation_status_date"].max().date()) == "2017-09-14"
