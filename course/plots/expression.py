"""The computational graph of an expression, drawn with matplotlib alone: no graphviz needed."""

from course.errors import CourseError
from course.palette import BLUE, INK, PAPER, SHADE, SOFT, VERMILLION
from course.plots.output import describe
from course.plots.style import LINE, SMALL, box, canvas, counted, number, styled, symbol, text_width, write
from course.value import Value

MAX_NODES = 60  # the slides' network has 54
_BOX, _COLUMN, _MARGIN, _TOP = 0.94, 1.3, 0.3, 0.8  # inches
_NAMED = 12  # named nodes that the alt text tells one by one


@styled()
def graph(value):
    """Draw the computational graph that ends in `value`, left to right.

    A box is a node: its name, its value and, once ``value.backward()`` has run, its gradient after the sign ∂. The
    label on its corner is the operation that made it; a node without one is a leaf, and its box is white.

    Parameters
    ----------
    value : course.graph.Value
        The end of the graph: an output or a loss.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CourseError
        If `value` is no `Value`, or its graph has more than 60 nodes, which nobody could read.
    """
    if not isinstance(value, Value):
        raise CourseError(f"value={value!r} no es un nodo de un grafo. Pasa un graph.Value, por ejemplo la pérdida.")
    nodes = value.nodes()
    if len(nodes) > MAX_NODES:
        raise CourseError(
            f"El grafo de value tiene {len(nodes)} nodos y se leen hasta {MAX_NODES}. Dibuja una parte: un nodo "
            "intermedio, o la misma expresión con menos entradas."
        )
    backward = any(node.grad for node in nodes)
    columns = _columns(nodes)
    rows = _rows(value, columns)
    pitch = (3 if backward else 2) * LINE + 0.4
    places = {
        node: (_MARGIN + _BOX / 2 + columns[node] * _COLUMN, _MARGIN + (rows[node] + 0.5) * pitch) for node in nodes
    }
    width, height = (max(axis) for axis in zip(*places.values(), strict=True))
    fig, ax = canvas(max(width + _BOX / 2 + _MARGIN, 6.2), height + pitch / 2 + _TOP)
    for node in nodes:
        for parent in node.parents:
            _draw_edge(ax, places[parent], places[node])
        _draw_node(ax, node, *places[node], backward)
    _draw_title(ax, len(nodes), backward)
    return describe(fig, _description(value, nodes, backward))


def _columns(nodes):
    """Return each node's column: one before the first node that uses it; the last node's is the largest."""
    before_end = {nodes[-1]: 0}
    for node in reversed(nodes):
        for parent in node.parents:
            before_end[parent] = max(before_end.get(parent, 0), before_end[node] + 1)
    deepest = max(before_end.values())
    return {node: deepest - steps for node, steps in before_end.items()}


def _rows(value, columns):
    """Return each node's row, counted from below: amid its neighbours, and at least 1 from those in its column.

    The order within a column is that of the expression, so that the edges of a tree never cross. Then, for some
    rounds, every node moves towards the mean of the nodes that it is joined to.
    """
    rows = {node: float(place) for place, node in enumerate(_reading_order(value))}
    neighbours = {node: list(node.parents) for node in rows}
    for node in rows:
        for parent in node.parents:
            neighbours[parent].append(node)
    for _ in range(60):
        for column in set(columns.values()):
            members = sorted((node for node in rows if columns[node] == column), key=rows.get)
            wished = [sum(rows[n] for n in neighbours[node]) / max(len(neighbours[node]), 1) for node in members]
            placed = []
            for wish in wished:
                placed.append(max(wish, placed[-1] + 1) if placed else wish)
            shift = (sum(wished) - sum(placed)) / len(placed)
            rows.update({node: place + shift for node, place in zip(members, placed, strict=True)})
    lowest = min(rows.values())
    return {node: row - lowest for node, row in rows.items()}


def _reading_order(value):
    """Return the nodes so that what hangs from a node stays together, the last operand first."""
    order, seen, pending = [], set(), [value]
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            order.append(node)
            pending.extend(node.parents)
    return order


def _draw_edge(ax, start, end):
    """Draw the line along which a number flows: straight on past other columns, then to the node that uses it."""
    (x, y), (x_end, y_end) = start, end
    turn = max(x_end - _COLUMN + _BOX / 2, x + _BOX / 2)
    ax.plot([x, turn, x_end - _BOX / 2], [y, y, y_end], color=BLUE, linewidth=1.4, zorder=1)


def _draw_node(ax, node, x, y, backward):
    """Draw a node: box, operation, name, value, gradient."""
    lines = [(symbol(node.label), BLUE)] if node.label else []
    lines.append((number(node.data), INK))
    if backward:
        lines.append((f"∂ {number(node.grad)}", VERMILLION))
    tall = (3 if backward else 2) * LINE + 0.14
    box(ax, x, y, _BOX, tall, facecolor=SOFT if node.op else PAPER)
    write(ax, x, y, lines)
    if node.op:
        name = {"neg": "−", "-": "−"}.get(node.op, node.op)
        wide, top = max(0.28, text_width(name) + 0.1), y + tall / 2 + 0.1
        left = x - _BOX / 2 + wide / 2 - 0.08
        box(ax, left, top, wide, 0.25, facecolor=SHADE, rounding=0.12, zorder=4)
        write(ax, left, top - 0.01, [(name, INK)])


def _draw_title(ax, count, backward):
    note = "∂: derivada del último nodo respecto de cada uno" if backward else "Gradientes: aún sin calcular"
    top = ax.get_ylim()[1]
    title = f"Grafo de cálculo · {counted(count, 'nodo')}"
    ax.text(_MARGIN, top - 0.25, title, fontsize=14, weight="bold", va="center")
    ax.text(_MARGIN, top - 0.53, note, fontsize=SMALL, color=VERMILLION if backward else INK, va="center")


def _description(value, nodes, backward):
    leaves = sum(not node.op for node in nodes)
    text = f"Grafo de cálculo con {counted(len(nodes), 'nodo')} (hojas: {leaves}; operaciones: {len(nodes) - leaves})."
    text += f" Resultado: {value.label + ' = ' if value.label else ''}{number(value.data)}."
    named = [node for node in nodes if node.label and node is not value]
    told = [f"{n.label} = {number(n.data)}" + (f" (∂ {number(n.grad)})" if backward else "") for n in named[:_NAMED]]
    more = "; …" if len(named) > _NAMED else "."
    return text + (f" Con nombre: {'; '.join(told)}{more}" if told else "")
