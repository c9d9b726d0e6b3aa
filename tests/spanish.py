"""What the project says in Spanish to students and teachers, piece by piece, with the place where it says so."""

import ast
import functools
import io
import keyword
import re
import tokenize
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "data/README.md", "docs/**/*.md")

_CODE = re.compile(
    r"```.*?```|`[^`]*`"  # code, in Markdown
    r"|\$\$.*?\$\$|\$[^$\n]+\$"  # mathematics
    r"|\*[^*\n]+→[^*\n]+\*"  # menus of JupyterLab
    r"|<[^<>\n]*>"  # tags, and what stands for a name: <id>.zip
    r"|\]\([^)\s]*\)|\w+://\S+"  # where a link leads
    r"|\w+=\S+|\b[\w-]+(?:[/\\.:][\w*-]+)+"  # arguments, paths, attributes
    r"|\b\w*[_\d]\w*|(?<!\w)--?[a-z]\S*"  # names with an underscore or a digit, options
    r"|'[\w.-]+'|\"[\w.-]+\"|\w+(?=\()|[$#@]\w+",  # names in quotes, calls, shell variables
    re.DOTALL,
)
_WORD = re.compile(r"[a-záéíóúüñ]{2,}", re.IGNORECASE)
_SENTENCE = re.compile(r"[^\W\d_]{2,}[,;:.]? +[^\W\d_]|[áéíóúñ¿¡]")  # two words at least, or a Spanish letter
_OTHER_LANGUAGES = re.compile(  # SQL, Python, Jinja, a compiler's options, places of matplotlib's legends
    r"^\s*(?:CREATE|INSERT|UPDATE|SELECT|PRAGMA|BEGIN|TEXT|from \w+ import|import|def|class|outside|upper|lower) "
    r"|\{%-|^-target|^###"
)
_ENGLISH = {  # what libraries say, or what has to be said to them
    "already exists",
    "module  0  has no attribute  0 ",
    "module 'course' has no attribute  0 ",
    "module 'course.simulator' has no attribute  0 ",
    "not a notebook",
    "not aligned",
    "positional arguments",
    "truth value of a",
    "unpack|out of range",
}


def _kept(generator):
    """Read the sources once: what a generator yields is kept as a list."""
    return functools.cache(functools.wraps(generator)(lambda: list(generator())))


def prose(text):
    """Return a text without its code."""
    return _CODE.sub(" ", text)


def words(text):
    """Return the words of a text, without its code."""
    return _WORD.findall(prose(text))


@_kept
def documents():
    """Yield place and text of the documents and of the pages' templates."""
    for pattern in DOCUMENTS:
        for path in sorted(ROOT.glob(pattern)):
            yield _name(path), path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "course").rglob("*.j2")):
        text = re.sub(r"\{[{%#].*?[}%#]\}", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        soup = BeautifulSoup(re.sub(r"<(style|code)>.*?</\1>", "", text, flags=re.DOTALL), "html.parser")
        yield _name(path), soup.get_text(" ")


@_kept
def notebooks():
    """Yield place and text of each text cell of the solutions, from which the students' copies are made."""
    for place, cell in _cells():
        if cell.cell_type == "markdown":
            yield place, cell.source


@_kept
def messages():
    """Yield place and text of what programs say: sentences in strings, comments in notebooks, the Makefile's help."""
    for path in sorted((ROOT / "course").rglob("*.py")):
        yield from ((f"{_name(path)}:{line}", text) for line, text in _python_sentences(_source(path)))
    for path in sorted((ROOT / "course").rglob("*.js")):
        yield from ((f"{_name(path)}:{line}", text) for line, text in _javascript_sentences(_source(path)))
    for place, cell in _cells():
        if cell.cell_type == "code":
            yield from ((place, text) for _, text in _python_sentences(cell.source))
            yield from ((place, text) for text in _comments(cell.source))
    make = re.sub(r"\$+\(\$*\(?[^)]*\)+", " ", _source(ROOT / "Makefile"))
    for told in re.findall(r"^[a-z-]+:.*## (.*)|echo \"(.*?)\"", make, re.MULTILINE):
        yield "Makefile", "".join(told)


@functools.cache
def identifiers():
    """Return the names that the project's Python uses: a message may name an argument."""
    sources = [_source(path) for path in (ROOT / "course").rglob("*.py")]
    sources += [cell.source for _, cell in _cells() if cell.cell_type == "code"]
    found = set(keyword.kwlist)
    for node in (node for source in sources for node in ast.walk(ast.parse(source))):
        names = (getattr(node, field, None) for field in ("id", "attr", "arg", "name"))
        found.update(name for name in names if isinstance(name, str))
    return found


@functools.cache
def _source(path):
    return path.read_text(encoding="utf-8")


def _name(path):
    return path.relative_to(ROOT).as_posix()


@functools.cache
def _cells():
    """Return place and cell of all cells of the solutions."""
    paths = sorted((ROOT / "notebooks" / "soluciones").glob("*.ipynb"))
    books = {path.name: nbformat.read(path, as_version=4) for path in paths}
    return [(f"{name}, celda {k}", cell) for name, book in books.items() for k, cell in enumerate(book.cells, 1)]


def _python_sentences(source):
    """Yield line and text of the sentences in a module's strings; docstrings, which are English, are left out."""
    tree, inside = ast.parse(source), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inside.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            inside.update(node.values)
            text = "".join(part.value if isinstance(part, ast.Constant) else " 0 " for part in node.values)
            if _is_sentence(text):
                yield node.lineno, text
        elif isinstance(node, ast.Constant) and node not in inside and _is_sentence(node.value):
            yield node.lineno, node.value


def _is_sentence(text):
    return (
        isinstance(text, str)
        and bool(_SENTENCE.search(text))
        and not _OTHER_LANGUAGES.search(text)
        and text not in _ENGLISH
    )


def _comments(source):
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [
        token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT and "###" not in token.string
    ]


def _javascript_sentences(source):
    for number, line in enumerate(source.splitlines(), 1):
        code = re.sub(r"(?<![:\"'`])//.*|matchMedia\(.*|\bclass: \"[^\"]*\"|model\.o\w+\(.*", "", line)
        for quoted in re.findall(r"\"([^\"]*)\"|`([^`]*)`", code):
            text = re.sub(r"\$\{[^}]*\}", " 0 ", "".join(quoted))
            if _is_sentence(text):
                yield number, text
