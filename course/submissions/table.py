"""The table of a submission: read strictly, without pandas, with every problem told at once.

pandas would accept much that breaks the rules: it takes an extra field for an index, turns ``007`` into 7, inflates
what is compressed, and reads ``nan`` and ``inf``. Here a row is two fields, and a number is written in decimals.
"""

import re

import numpy as np

from course.submissions.files import megabytes, quote

COLUMNS = ("id", "prob_cancelacion")
MAX_BYTES = 5_000_000
BOM = b"\xef\xbb\xbf"

_HEADER = ",".join(COLUMNS)
_COMMA, _NEWLINE = b",\n"
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NUMBER_CHARACTERS = b"0123456789.eE+-"
_LONGEST_NUMBER = 40
_FOREIGN = {
    b"\xff\xfe": "El archivo está en UTF-16: guárdalo como «CSV UTF-8»",
    b"\xfe\xff": "El archivo está en UTF-16: guárdalo como «CSV UTF-8»",
    b"PK\x03\x04": "El archivo es un zip o un libro de Excel, no un CSV: exporta la tabla como CSV, sin comprimir",
    b"\x1f\x8b": "El archivo está comprimido con gzip: entrega el CSV sin comprimir",
    b"BZh": "El archivo está comprimido con bzip2: entrega el CSV sin comprimir",
    b"\xfd7zXZ": "El archivo está comprimido con xz: entrega el CSV sin comprimir",
    b"PAR1": "El archivo es un Parquet, no un CSV: usa to_csv(…, index=False)",
}


def read(content, ids, problems):
    """Return the probabilities of a table, or None with all that is wrong added to `problems`.

    Parameters
    ----------
    content : bytes
        Anything. Right is: UTF-8 (a BOM and CRLF are fine), the header ``id,prob_cancelacion``, and one line for each
        id, in any order, with a number in decimals from 0 to 1. A field may stand in double quotes.
    ids : dict of bytes to int
        The ids of the test, with their positions, which count up from 0.
    problems : course.submissions.problems.Problems

    Returns
    -------
    numpy.ndarray of shape (n,), float64
        In the order of the positions.
    """
    if len(content) > MAX_BYTES:
        problems.add(f"La tabla pesa demasiado: el máximo son {megabytes(MAX_BYTES)}")
        return None
    content = content.removeprefix(BOM)
    values = _plain(content, ids)
    return _careful(content, ids, problems) if values is None else values


def _plain(content, ids):
    """Return the probabilities of a table with nothing odd in it, which is nearly every one; None: look closer.

    Ten times as fast as going line by line, which is only needed to say what is wrong and where.
    """
    text = content.replace(b"\r\n", b"\n").removesuffix(b"\n")
    letters = np.frombuffer(text, np.uint8)
    separators = letters[(letters == _COMMA) | (letters == _NEWLINE)]
    right = len(separators) == 2 * len(ids) + 1 and text.startswith(_HEADER.encode() + b"\n")
    if not right or (separators[::2] != _COMMA).any() or (separators[1::2] != _NEWLINE).any():
        return None
    fields = text.replace(b"\n", b",").split(b",")
    names, numbers = fields[2::2], fields[3::2]
    if b"".join(numbers).translate(None, _NUMBER_CHARACTERS) or max(map(len, numbers)) > _LONGEST_NUMBER:
        return None
    try:
        found = np.fromiter(map(float, numbers), np.float64, len(ids))
        same_order = names == list(ids)  # looking each one up takes longer than all the rest
        positions = slice(None) if same_order else np.fromiter(map(ids.__getitem__, names), np.intp, len(ids))
    except (ValueError, KeyError):
        return None
    values = np.full(len(ids), np.nan)  # a repeated id leaves another one without a value
    values[positions] = found
    return values if ((values >= 0) & (values <= 1)).all() else None


def _careful(content, ids, problems):
    """Go line by line, noting each problem with its line number."""
    text = _decoded(content, problems)
    if text is None:
        return None
    most = 2 * len(ids) + 1000  # beyond it there is nothing to learn from reading on
    lines = text.split("\n", most)
    if lines[-1] == "":
        lines.pop()
    if len(lines) > most:
        problems.add(
            f"Hay demasiadas líneas: deben ser {len(ids) + 1}, con la de los títulos. Miré las primeras {most}"
        )
        lines.pop()
    if not _header_is_right(lines[0] if lines else "", problems):
        return None
    values, seen = np.full(len(ids), np.nan), {}
    for number, line in enumerate(lines[1:], start=2):
        _read_row(line.removesuffix("\r"), number, (ids, values, seen), problems)
    for name in ids:
        if name not in seen:
            problems.add("Faltan ids que están en test.csv", quote(name.decode(errors="replace")))
    return None if problems else values


def _decoded(content, problems):
    """Return the content as text, or None: it is empty, in another format or in another encoding."""
    if not content.strip():
        problems.add("El archivo está vacío")
        return None
    for start, told in _FOREIGN.items():
        if content.startswith(start):
            problems.add(told)
            return None
    if b"\0" in content:
        line = content[: content.index(0)].count(b"\n") + 1
        half = content[:1000].count(0) * 3 > len(content[:1000])  # text in UTF-16 is half NUL
        told = "El archivo parece UTF-16: guárdalo como «CSV UTF-8»" if half else "El archivo tiene un carácter nulo"
        problems.add(told, f"línea {line}")
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        problems.add("El archivo no está en UTF-8: guárdalo como «CSV UTF-8»", f"línea {line}")
        return None


def _header_is_right(line, problems):
    fields = [_unquoted(field) for field in line.removesuffix("\r").split(",", 10)]
    if tuple(fields) == COLUMNS:
        return True
    problems.add(_header_problem(fields, line), f"línea 1: {quote(line, 60)}")
    return False


def _header_problem(fields, line):
    if "\r" in line.removesuffix("\r"):
        return "Las líneas terminan como en los Mac antiguos (CR): guarda el archivo con finales LF o CRLF"
    if ";" in line:
        return f"Las columnas se separan con comas, no con «;», y los decimales con punto. Se esperaba «{_HEADER}»"
    if "\t" in line:
        return f"Las columnas se separan con comas, no con tabuladores. Se esperaba «{_HEADER}»"
    if fields[0] in ("", "Unnamed: 0") and tuple(fields[1:]) == COLUMNS:
        return f"Sobra la columna del índice: usa to_csv(…, index=False). Se esperaba «{_HEADER}»"
    if tuple(fields) == COLUMNS[::-1]:
        return f"Las columnas están en otro orden. Se esperaba «{_HEADER}»"
    if len(fields) == len(COLUMNS) and _NUMBER.fullmatch(fields[1]):
        return f"Falta la línea de los títulos: la primera debe ser «{_HEADER}»"
    if [field.strip().casefold() for field in fields] == list(COLUMNS):
        return f"Los títulos tienen espacios o mayúsculas de más. Se esperaba «{_HEADER}»"
    return f"La primera línea debe ser exactamente «{_HEADER}»"


def _read_row(line, number, table, problems):
    ids, values, seen = table
    fields = [_unquoted(field) for field in line.split(",", 4)]
    if len(fields) != len(COLUMNS):
        problems.add(_width_problem(line, fields), f"línea {number}: {quote(line)}")
    name = fields[0].encode()  # a row of another width has still answered for its id
    if name not in ids:
        if line.strip():
            problems.add("Hay ids que no están en test.csv", f"línea {number}: {quote(fields[0])}")
        return
    if name in seen:
        problems.add("Hay ids repetidos", f"línea {number}: {quote(fields[0])}, ya en la línea {seen[name]}")
        return
    seen[name] = number
    if len(fields) == len(COLUMNS):
        values[ids[name]] = _probability(fields[1], number, problems)


def _width_problem(line, fields):
    if not line.strip():
        return "Hay líneas vacías: bórralas"
    if ";" in line:
        return "Hay líneas con «;»: separa con comas y escribe los decimales con punto"
    if len(fields) == 3 and fields[1].strip('" ').isdigit() and fields[2].strip('" ').isdigit():
        return "Los decimales se escriben con punto, no con coma"
    return "Cada línea debe tener dos campos, separados por una coma"


def _probability(text, number, problems):
    """Return the number that a field says; NaN, with the problem noted, if it says none from 0 to 1."""
    case = f"línea {number}: {quote(text)}"
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        missing = "Falta la probabilidad" if not text.strip() else None
        spaces = "Hay espacios junto a la probabilidad: bórralos" if _NUMBER.fullmatch(text.strip()) else None
        decimal = "La probabilidad debe ser un número decimal con punto, como 0.25"
        problems.add(missing or spaces or decimal, case)
        return np.nan
    value = float(text)
    if 0 <= value <= 1:
        return value
    percent = ". Si son porcentajes, divide entre 100" if 1 < value <= 100 else ""
    problems.add(f"La probabilidad debe estar entre 0 y 1{percent}", case)
    return np.nan


def _unquoted(field):
    return field[1:-1] if len(field) >= 2 and field[0] == field[-1] == '"' else field
