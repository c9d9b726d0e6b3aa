import io
import json
import os
import random
import stat
import string
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import cli, submissions
from course.errors import CourseError
from course.submissions import archive, files, notebook, table
from course.submissions.problems import SHOWN, Problems

NAMES = [f"r{n:02d}" for n in range(12)]
IDS = {name.encode(): position for position, name in enumerate(NAMES)}
HEADER = "id,prob_cancelacion"
ROWS = [f"{name},0.{position + 1:02d}" for position, name in enumerate(NAMES)]
GOOD = "\n".join([HEADER, *ROWS, ""])
NOTEBOOK = json.dumps(
    {"cells": [{"cell_type": "code", "execution_count": 1, "source": []}], "metadata": {}, "nbformat": 4}
).encode()


def check(content):
    """Return the probabilities and what is said about a table, given as text or bytes."""
    problems = Problems()
    values = table.read(content.encode() if isinstance(content, str) else content, IDS, problems)
    assert (values is None) == bool(problems)
    return values, "\n".join(problems.lines())


def changed(line, text):
    """Return the good table with a line replaced; line 1 holds the titles."""
    return "\n".join([*(lines := GOOD.splitlines())[: line - 1], text, *lines[line:], ""])


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        GOOD.rstrip("\n"),
        GOOD.replace("\n", "\r\n"),
        "\ufeff" + GOOD,
        "\n".join([HEADER, *reversed(ROWS)]),
        "\n".join(",".join(f'"{field}"' for field in line.split(",")) for line in GOOD.split()),
    ],
    ids=["plain", "no last newline", "CRLF", "BOM", "other order", "quoted"],
)
def test_what_is_right_is_read_in_the_order_of_the_ids(content):
    values, said = check(content)
    assert said == ""
    np.testing.assert_array_equal(values, (np.arange(12) + 1) / 100)


@pytest.mark.parametrize("text, value", [("1", 1), ("0", 0), (".5", 0.5), ("1.", 1), ("2.5E-1", 0.25), ("+0.1", 0.1)])
def test_decimals_may_be_written_in_several_ways(text, value):
    assert check(changed(3, f"r01,{text}"))[0][1] == value


@pytest.mark.parametrize(
    "text", ["nan", "NaN", "inf", "-inf", "0x1", "1_0", "", "si", "0.5%", "1e", "٠.٥", "True", "0.5\0", "0." + "1" * 99]
)
def test_what_is_no_decimal_number_is_refused(text):
    assert "ínea 3" in check(changed(3, f"r01,{text}"))[1]


@pytest.mark.parametrize(
    ("text", "percent"), [("1e400", ""), ("-1e400", ""), ("-0.01", ""), ("700", ""), ("7", "Si son porcentajes")]
)
def test_what_is_outside_0_and_1_is_refused(text, percent):
    told = check(changed(3, f"r01,{text}"))[1]
    assert told.startswith("La probabilidad debe estar entre 0 y 1")
    assert f"(línea 3: «{text}»)" in told
    assert ("porcentajes" in told) == bool(percent)
    assert percent in told


@pytest.mark.parametrize(
    "content, said",
    [
        ("", "está vacío"),
        (" \n\n", "está vacío"),
        (GOOD.encode("utf-16"), "UTF-16"),
        (GOOD.encode("utf-16-le"), "UTF-16"),
        (GOOD.replace("r05", "ró5").encode("latin-1"), "no está en UTF-8: guárdalo como «CSV UTF-8» (línea 7"),
        (GOOD.replace("0.05", "0.\x005"), "carácter nulo (línea 6"),
        (GOOD.replace(",", ";").replace(".", ","), "no con «;»"),
        (GOOD.replace(",", "\t"), "no con tabuladores"),
        (GOOD.replace("\n", "\r"), "Mac antiguos"),
        (GOOD.replace(HEADER, "prob_cancelacion,id"), "otro orden"),
        (GOOD.replace(HEADER, "ID, prob_cancelacion"), "espacios o mayúsculas"),
        (GOOD.replace(HEADER, "id,p"), "La primera línea debe ser exactamente"),
        ("," + GOOD, "index=False"),
        ("\n".join(ROWS), "Falta la línea de los títulos"),
        (",".join(f"c{n}" for n in range(200_000)), "La primera línea debe ser exactamente"),
        (changed(4, "r02,0,5"), "Los decimales se escriben con punto, no con coma (línea 4"),
        (changed(4, 'r02,"0,5"'), "Los decimales se escriben con punto, no con coma (línea 4"),
        (changed(4, "r02,0.5,1"), "dos campos, separados por una coma (línea 4: «r02,0.5,1»"),
        (changed(4, "r02"), "dos campos, separados por una coma (línea 4"),
        (changed(4, ""), "líneas vacías: bórralas (línea 4"),
        (changed(4, "r02, 0.5"), "espacios junto a la probabilidad: bórralos (línea 4"),
        (changed(4, "r02,"), "Falta la probabilidad (línea 4"),
        (changed(4, "02,0.5"), "no están en test.csv (línea 4: «02»"),
        (changed(4, "r01,0.5"), "repetidos (línea 4: «r01», ya en la línea 3"),
        (changed(4, "r01,0.5"), "Faltan ids que están en test.csv («r02»"),
        (GOOD + "r00,0.5\n", "repetidos (línea 14: «r00», ya en la línea 2"),
        (GOOD + "\n" * 5000, "demasiadas líneas: deben ser 13"),
        (b"x" * (table.MAX_BYTES + 1), "pesa demasiado: el máximo son 5 MB"),
    ],
    ids=lambda value: ascii(value)[-60:],  # some have a million characters
)
def test_what_breaks_a_rule_is_named(content, said):
    assert said in check(content)[1]


@pytest.mark.parametrize("start", list(table._FOREIGN))
def test_other_formats_are_named(start):
    assert check(start + GOOD.encode())[1].startswith("El archivo est") or check(start)[1].startswith("El archivo es ")


def test_every_row_with_one_field_too_many_is_refused():
    """pandas would take the first one as an index and read the rest one column to the left."""
    assert "dos campos" in check("\n".join([HEADER, *(f"x,{row}" for row in ROWS)]))[1]
    assert "dos campos" in check("\n".join([HEADER, *(f"{row}," for row in ROWS)]))[1]


def test_all_problems_come_at_once_and_long_lists_are_cut():
    lines = ["r00,uno", "r01,2", "r01,0.5", "zzz,0.5", *(f"{name},nan" for name in NAMES[2:])]
    told = check("\n".join([HEADER, *lines]))[1].splitlines()
    assert len(told) == 4
    assert told[0].endswith(f"línea 9: «nan»; y {len(NAMES) - 1 - SHOWN} más).")
    assert Problems().lines() == []


def test_the_quick_reading_takes_what_pandas_writes(tmp_path):
    import pandas as pd

    values = np.random.default_rng(0).random(len(NAMES)) ** 9
    pd.DataFrame({"id": NAMES, "prob_cancelacion": values}).to_csv(tmp_path / "p.csv", index=False)
    np.testing.assert_array_equal(table._plain((tmp_path / "p.csv").read_bytes(), IDS), values)


mutations = st.lists(
    st.tuples(st.integers(0, len(GOOD)), st.integers(0, 4), st.text(string.printable + "é\0٣;", max_size=4)), max_size=4
)


def mutated(cuts):
    content = GOOD
    for start, length, put in cuts:
        content = content[:start] + put + content[start + length :]
    return content.encode()


def obeys_the_rules(content):
    """The rules once more, in a way of their own: split by lines and fields, numbers by `float`."""
    lines = content.decode("utf-8-sig").replace("\r\n", "\n").removesuffix("\n").split("\n")
    rows = [[field.strip('"') for field in line.split(",")] for line in lines]
    return (
        rows[0] == ["id", "prob_cancelacion"]
        and sorted(row[0] for row in rows[1:]) == NAMES
        and all(len(row) == 2 and set(row[1]) <= set("0123456789.eE+-") for row in rows[1:])
        and all(0 <= float(row[1]) <= 1 for row in rows[1:])
    )


@settings(max_examples=400, deadline=None)
@given(mutations.map(mutated) | st.binary(max_size=300) | st.text().map(lambda text: f"{HEADER}\n{text}".encode()))
def test_the_validator_never_raises_and_never_accepts_what_breaks_a_rule(content):
    values, _ = check(content)
    if values is not None:
        assert obeys_the_rules(content)
        assert values.shape == (len(IDS),) and ((values >= 0) & (values <= 1)).all()


@settings(max_examples=400, deadline=None)
@given(mutations.map(mutated))
def test_the_quick_reading_and_the_careful_one_agree(content):
    content, problems = content.removeprefix(table.BOM), Problems()
    quick, careful = table._plain(content, IDS), table._careful(content, IDS, problems)
    if quick is not None:
        np.testing.assert_array_equal(quick, careful)


def zipped(*members, **flags):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = flags.get("compression", zipfile.ZIP_DEFLATED)
            entry.external_attr = flags.get("mode", 0) << 16
            out.writestr(entry, content)
    return stream.getvalue()


def hand_in(folder, content, name="ana.zip"):
    """Return what `read` makes of a file of Ana's."""
    (path := folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return submissions.read(path, "ana", IDS)


def said(submission):
    assert (submission.probabilities is None) == bool(submission.problems)
    return "\n".join(submission.problems)


def test_a_zip_with_table_and_notebook_is_read(tmp_path):
    result = hand_in(tmp_path, zipped(("ana.csv", GOOD), ("ana.ipynb", NOTEBOOK)))
    assert result.problems == []
    assert result.notebook == {"cells": 1, "code_cells": 1, "run_cells": 1}
    assert result.probabilities[11] == 0.12


@pytest.mark.parametrize(
    "name",
    [
        "../ana.csv",
        "/etc/ana.csv",
        "C:\\ana.csv",
        "..\\ana.csv",
        "sub/ana.csv",
        "ana.csv/",
        "beto.csv",
        "otro.zip",
        "__MACOSX/._ana.csv",
        "<script>.csv",
        "=1+1.csv",
        "ana.csv_.exe",
        "ana.pkl",
        "ana.keras",
    ],
)
def test_a_member_by_another_name_is_refused(tmp_path, name):
    before = sorted(tmp_path.parent.rglob("*"))
    content = zipped(("ana.csv", GOOD), (name, "x")).replace(b"csv_.exe", b"csv\0.exe")
    assert "no se llama ana.csv ni ana.ipynb" in said(hand_in(tmp_path, content))
    assert sorted(set(tmp_path.parent.rglob("*")) - set(before)) == [tmp_path / "ana.zip"]


def test_a_name_with_its_accent_apart_as_macos_writes_it_is_the_same(tmp_path):
    (path := tmp_path / "josé.zip").write_bytes(zipped(("jose\u0301.csv", GOOD), ("jose\u0301.ipynb", NOTEBOOK)))
    result = submissions.read(path, submissions.student_id("josé"), IDS)
    assert result.problems == [] and result.notebook["cells"] == 1


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_comes_twice_is_refused(tmp_path):
    assert "viene dos veces" in said(hand_in(tmp_path, zipped(("ana.csv", GOOD), ("ana.csv", GOOD))))


def test_links_encryption_and_odd_compressions_in_a_zip_are_refused(tmp_path):
    assert "no es un archivo normal" in said(
        hand_in(tmp_path, zipped(("ana.csv", "/etc/passwd"), mode=stat.S_IFLNK | 0o777))
    )
    assert "compresión" in said(hand_in(tmp_path, zipped(("ana.csv", GOOD), compression=zipfile.ZIP_BZIP2)))
    locked = bytearray(zipped(("ana.csv", GOOD)))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert "está cifrado" in said(hand_in(tmp_path, bytes(locked)))


def test_a_zip_in_the_zip_is_not_opened(tmp_path):
    inner = zipped(("ana.csv", GOOD))
    assert "es un zip" in said(hand_in(tmp_path, zipped(("ana.csv", inner))))
    assert "es un zip" in said(hand_in(tmp_path, inner, "ana.csv"))


def test_a_bomb_is_stopped_at_the_limit_whatever_the_zip_says_of_its_size(tmp_path):
    bomb = zipped(("ana.csv", b"0" * 30_000_000))
    assert "ocupa demasiado" in said(hand_in(tmp_path, bomb))
    lying = bomb.replace((30_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert hand_in(tmp_path, lying).problems
    small = zipped(("ana.csv", b"0" * 4_000_000))
    assert "200 veces lo comprimido" in said(hand_in(tmp_path, small))


def test_a_zip_of_many_members_is_not_even_listed(tmp_path):
    assert "demasiados archivos" in said(hand_in(tmp_path, zipped(*((f"{n}", "") for n in range(200)))))
    assert "le falta la tabla ana.csv" in said(hand_in(tmp_path, zipped()))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.integers(0, 2**32), st.integers(0, 400))
def test_a_damaged_zip_never_raises(noise, cut):
    content = bytearray(zipped(("ana.csv", GOOD), ("ana.ipynb", NOTEBOOK)))
    if isinstance(noise, bytes):
        content[cut : cut + len(noise)] = noise
    else:
        for place in random.Random(noise).choices(range(len(content)), k=cut % 8 + 1):
            content[place] ^= 1 << noise % 8
    problems = Problems()
    csv, _ = archive.unpack(bytes(content), "ana", problems)
    assert problems or csv == GOOD.encode()


@pytest.mark.parametrize(
    "content, told",
    [
        (b"{", "no es un cuaderno"),
        (b"[]", "no es un cuaderno"),
        (b'{"cells": [{"cell_type": "html"}], "nbformat": 4}', "no es un cuaderno"),
        (b'{"cells": 7, "nbformat": 4}', "no es un cuaderno"),
        (b'{"cells": [{"cell_type": []}], "nbformat": 4}', "no es un cuaderno"),
        (b"1" * 100_000, "no es un cuaderno"),
        (b"[" * 100_000 + b"]" * 100_000, "niveles anidados"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "niveles anidados"),
        (b"[" + b"[]," * 400_000 + b"[]]", "demasiadas partes"),
        (b'"' + b'\\"' * 1_000_000, "no es un cuaderno"),
        (b" " * (notebook.MAX_BYTES + 1), "pesa demasiado"),
        ("{}".encode("utf-16"), "no es un cuaderno"),
    ],
    ids=range(12),
)
def test_what_is_no_notebook_is_refused(tmp_path, content, told):
    problems = Problems()
    assert notebook.scan(content, problems) is None
    assert told in problems.lines()[0]
    (tmp_path / "ana.ipynb").write_bytes(content)
    assert told in said(hand_in(tmp_path, GOOD, "ana.csv"))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.recursive(st.none() | st.text(), st.lists).map(json.dumps).map(str.encode))
def test_the_notebook_scan_never_raises(content):
    problems = Problems()
    assert (notebook.scan(content, problems) is None) == bool(problems)


def test_a_huge_notebook_is_refused_without_reading_it(tmp_path):
    with (tmp_path / "ana.ipynb").open("wb") as stream:
        stream.truncate(1_000_000_000)  # sparse: it takes no room
    assert "pesa demasiado" in said(hand_in(tmp_path, GOOD, "ana.csv"))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes in folders, and links need a privilege")
def test_only_plain_files_are_read(tmp_path):
    secret = tmp_path / "secreto.csv"
    secret.write_text(GOOD)
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "link.csv").symlink_to(secret)
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "nothing")
    (tmp_path / "hard.csv").hardlink_to(secret)
    told = {name: said(submissions.read(tmp_path / f"{name}.csv", "ana", IDS)) for name in ("pipe", "folder", "link")}
    assert "tubería" in told["pipe"] and "carpeta" in told["folder"] and "enlace" in told["link"]
    for name, word in {"dangling": "enlace", "hard": "enlace duro", "none": "no existe", "a\0b": "no existe"}.items():
        assert word in said(submissions.read(tmp_path / f"{name}.csv", "ana", IDS))
    assert "dispositivo" in said(submissions.read("/dev/full", "ana", IDS))
    assert files.exists(tmp_path / "dangling.csv") and not files.exists(tmp_path / "none")


@pytest.fixture
def test_csv(tmp_path):
    path = tmp_path / "test.csv"
    path.write_text("\n".join(["id,hotel", *(f'{name},"City, Hotel"' for name in NAMES)]), encoding="utf-8")
    return path


def test_build_makes_a_zip_that_the_grader_reads_the_same_each_time(tmp_path, test_csv):
    (tmp_path / "p.csv").write_text(GOOD)
    (tmp_path / "n.ipynb").write_bytes(NOTEBOOK)
    made = submissions.build(tmp_path / "p.csv", "Ana", test_csv, tmp_path / "n.ipynb", tmp_path / "out")
    assert made == tmp_path / "out" / "ana.zip"
    first = made.read_bytes()
    result = submissions.read(made, "ana", submissions.test_ids(test_csv))
    assert (result.problems, result.notebook["cells"]) == ([], 1)
    assert submissions.build(tmp_path / "p.csv", "ana", test_csv, tmp_path / "n.ipynb", made.parent) == made
    assert made.read_bytes() == first


def test_build_says_all_that_is_wrong_and_leaves_no_zip_or_that_of_before(tmp_path, test_csv):
    (tmp_path / "p.csv").write_text(GOOD.replace("0.01", "nan").replace("r03", "r02"))
    with pytest.raises(CourseError) as error:
        submissions.build(tmp_path / "p.csv", "ana", test_csv, out=tmp_path)
    assert str(error.value).count("·") == 3
    (tmp_path / "p.csv").write_text(GOOD)
    bomb = NOTEBOOK.replace(b'"metadata": {', b'"metadata": {"x": "' + b"0" * 15_000_000 + b'"')
    (tmp_path / "n.ipynb").write_bytes(bomb)
    with pytest.raises(CourseError, match="ocupa demasiado"):
        submissions.build(tmp_path / "p.csv", "ana", test_csv, tmp_path / "n.ipynb", tmp_path)
    with pytest.raises(CourseError, match="no existe"):
        submissions.build(tmp_path / "nada.csv", "ana", test_csv, out=tmp_path)
    with pytest.raises(CourseError, match="Cambia TU_ID por tu identificador"):
        submissions.build(tmp_path / "p.csv", "TU_ID", test_csv, out=tmp_path)
    assert not (tmp_path / "ana.zip").exists()
    before = submissions.build(tmp_path / "p.csv", "ana", test_csv, out=tmp_path).read_bytes()
    with pytest.raises(CourseError, match="ocupa demasiado"):
        submissions.build(tmp_path / "p.csv", "ana", test_csv, tmp_path / "n.ipynb", tmp_path)
    assert (tmp_path / "ana.zip").read_bytes() == before


def test_build_says_that_a_file_is_no_folder(tmp_path, test_csv):
    (tmp_path / "p.csv").write_text(GOOD)
    with pytest.raises(CourseError, match="no es una carpeta"):
        submissions.build(tmp_path / "p.csv", "ana", test_csv, out=tmp_path / "p.csv")
    with pytest.raises(CourseError, match=r"No se pudo escribir .*sub.ana\.zip.*--out"):
        submissions.build(tmp_path / "p.csv", "ana", test_csv, out=tmp_path / "p.csv" / "sub")
    assert (tmp_path / "p.csv").read_text() == GOOD


@pytest.mark.parametrize(
    ("values", "told"), [([0.3, 0.3], "Todas tus probabilidades son 0.3"), ([0, 1], "son 0 o 1"), ([0, 0.5], "")]
)
def test_submit_points_out_what_is_odd_and_breaks_no_rule(values, told, tmp_path, test_csv, capsys):
    rows = [f"{name},{value}" for name, value in zip(NAMES, values * len(NAMES), strict=False)]
    (tmp_path / "p.csv").write_text("\n".join([HEADER, *rows]))
    order = ["submit", tmp_path / "p.csv", "--id", "ana", "--test", test_csv, "--out", tmp_path]
    assert cli.main([str(word) for word in order]) == 0
    printed = capsys.readouterr().out
    assert "cumple todas las reglas" in printed
    assert told in printed
    assert ("⚠" in printed) == bool(told)


@pytest.mark.parametrize(
    "text", ["", "../x", "a/b", "=1+1", "<b>", "a b", "-ana", "ana.", "x" * 65, "𒀀" * 40, "a\n", "@a"]
)
def test_an_id_that_could_harm_is_refused(text):
    with pytest.raises(CourseError, match="identificador"):
        submissions.student_id(text)


def test_an_id_has_one_spelling():
    assert submissions.student_id("Jose\u0301.Muñoz@uni.cl") == "josé.muñoz@uni.cl"


@pytest.mark.parametrize("content", ["", "id\n", "x,y\nr00,1", "id,y\nr00,1\nr00,2"])
def test_what_is_no_test_csv_is_refused(tmp_path, content):
    (tmp_path / "test.csv").write_text(content)
    with pytest.raises(CourseError, match=r"no es el test\.csv"):
        submissions.test_ids(tmp_path / "test.csv")
    with pytest.raises(CourseError, match="--test"):
        submissions.test_ids(tmp_path / "nada.csv")


def test_a_notebook_that_was_refused_is_part_of_the_hash(tmp_path):
    """Else the same table without it would be taken for the rejected one, seen already."""
    (tmp_path / "ana.ipynb").mkdir()
    refused = hand_in(tmp_path, GOOD, "ana.csv")
    (tmp_path / "ana.ipynb").rmdir()
    assert refused.problems
    assert hand_in(tmp_path, GOOD, "ana.csv").sha256 != refused.sha256


def test_the_hash_tells_contents_apart(tmp_path):
    first = hand_in(tmp_path, GOOD, "ana.csv").sha256
    assert hand_in(tmp_path, GOOD, "ana.csv").sha256 == first
    assert hand_in(tmp_path, GOOD + "\n", "ana.csv").sha256 != first
    Path(tmp_path / "ana.ipynb").write_bytes(NOTEBOOK)
    assert hand_in(tmp_path, GOOD, "ana.csv").sha256 != first
