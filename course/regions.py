"""What a student copy leaves out: the regions between `BEGIN` and `END` (nbgrader's own markers), cell by cell."""

import ast
import re
import symtable
import textwrap

from course.errors import CourseError

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
PLACEHOLDER = "...  # Tu código aquí"

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_INNER = (*_SCOPES, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def parse(source, where="la celda"):
    """Return the syntax tree of a cell; IPython's magics and shell lines count as ``pass``.

    Raises
    ------
    CourseError
        It is not Python.
    """
    try:
        return ast.parse(_without_magics(source))
    except SyntaxError as error:
        raise CourseError(f"{where}: no es Python válido ({error.msg}, línea {error.lineno}).") from error


def without_regions(source, later=(), where="la celda"):
    """Return the cell with a placeholder for each region, or one for each name that code after it reads.

    A region outside of functions needs none where the code given before it has a ``...`` of its own.

    Parameters
    ----------
    source : str
        The cell of the solution notebook.
    later : set of str
        Names that later cells read.
    where : str
        What messages call the cell.

    Raises
    ------
    CourseError
        A marker is unbalanced, nested or misspelt, or a region is not Python by itself.
    """
    lines, result, done = source.splitlines(), [], 0
    tree = parse(source, where)
    for begin, end in regions(source, where):
        region = parse(textwrap.dedent("\n".join(lines[begin + 1 : end])), where)
        wanted = _names_after(tree, begin + 1, end + 1, later)
        indent = lines[begin][: -len(lines[begin].lstrip())]
        bound = [f"{name} = " for name in _names_bound(region) if name in wanted]
        given = not indent and _has_dots(parse("\n".join(lines[done:begin]), where))
        result += lines[done:begin] + [indent + name + PLACEHOLDER for name in bound or [""] * (not given)]
        done = end + 1
    return "\n".join(result + lines[done:])


def regions(source, where="la celda"):
    """Return the regions as ``(line of BEGIN, line of END)``, counted from 0; errors as `without_regions`."""
    found, begin = [], None
    for number, line in enumerate(source.splitlines()):
        if not re.search(r"(BEGIN|END)\s+SOLUTION", line, re.IGNORECASE):
            continue
        mark, place = line.strip(), f"{where}, línea {number + 1}"
        if mark not in (BEGIN, END):
            raise CourseError(f"{place}: la marca {mark!r} está mal escrita; debe ser {BEGIN!r} o {END!r}.")
        if (mark == BEGIN) != (begin is None):
            raise CourseError(f"{place}: {mark!r} no tiene pareja o está dentro de otra región.")
        if mark == END:
            found.append((begin, number))
        begin = number if mark == BEGIN else None
    if begin is not None:
        raise CourseError(f"{where}, línea {begin + 1}: {BEGIN!r} no tiene su {END!r}.")
    return found


def names_needed(source, where="la celda"):
    """Return the names that a cell reads and does not bind itself: what it takes from the cells before it."""
    try:
        top = symtable.symtable(_without_magics(source), where, "exec")
    except SyntaxError as error:  # what parses and still makes no sense, such as nonlocal outside a function
        raise CourseError(f"{where}: no es Python válido ({error.msg}, línea {error.lineno}).") from error
    bound = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    tables, needed = [top], set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        needed |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global() or table is top}
    return needed - bound


def _without_magics(source):
    if source.startswith("%%"):
        return ""
    return "\n".join(re.sub(r"^(\s*)[%!].*", r"\1pass", line) for line in source.splitlines())


def _has_dots(tree):
    return any(isinstance(node, ast.Constant) and node.value is ... for node in ast.walk(tree))


def _names_after(tree, begin, end, later):
    """Return the names read after a region: in its function, or, outside of any, in this cell and the later ones."""
    around = [node for node in ast.walk(tree) if isinstance(node, _SCOPES) and node.lineno <= begin <= node.end_lineno]
    last = min((node.end_lineno for node in around), default=float("inf"))
    loads = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    return {node.id for node in loads if end < node.lineno <= last} | (set() if around else set(later))


def _names_bound(tree):
    """Return the names that the statements bind in their own scope, in order."""
    names, pending = [], list(reversed(tree.body))
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
        elif isinstance(node, _SCOPES):
            names.append(node.name)
        elif isinstance(node, ast.alias):
            names.append((node.asname or node.name).partition(".")[0])
        if not isinstance(node, _INNER):
            pending += reversed(list(ast.iter_child_nodes(node)))
    return list(dict.fromkeys(names))
