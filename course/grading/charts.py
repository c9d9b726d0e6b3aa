"""The pictures of the feedback, as SVG made of numbers alone: nothing that a student wrote gets into them."""

from markupsafe import Markup

from course.palette import BLUE, GREY, INK, PAPER, VERMILLION

_SIDE, _LEFT, _TOP = 210, 52, 34
_WIDTH, _HEIGHT = 300, 296


def report(measured, part):
    """Return ROC curve and calibration of one part of the test, side by side, as an SVG picture.

    Parameters
    ----------
    measured : dict
        One part of what `course.grading.scores.measure` returns.
    part : str
        Its name, in Spanish.
    """
    heights, groups = measured["roc"], measured["calibration"]
    curve = [(index / (len(heights) - 1), height) for index, height in enumerate(heights)]
    points = [(mean, rate) for mean, rate, _ in groups]
    most = max(count for *_, count in groups)
    marks = "".join(_circle(mean, rate, 2.5 + 5 * (count / most) ** 0.5) for mean, rate, count in groups)
    roc = _panel(f"Curva ROC (AUC {measured['auc']:.3f})", "falsos positivos", "verdaderos positivos")
    calibration = _panel(f"Calibración (ECE {measured['ece']:.3f})", "probabilidad entregada", "frecuencia real")
    label = (
        f"Parte {part}. Curva ROC con área {measured['auc']:.3f}. Calibración en {len(groups)} grupos de probabilidad, "
        f"con error medio {measured['ece']:.3f}."
    )
    body = (
        f"<g>{roc}{_line([(0, 0), *curve], BLUE)}</g>"
        f'<g transform="translate({_WIDTH} 0)">{calibration}{_line(points, VERMILLION)}{marks}</g>'
    )
    return _picture(2 * _WIDTH, _HEIGHT, label, body)


def histogram(counts):
    """Return how many students have each grade, as an SVG picture.

    Parameters
    ----------
    counts : list of int
        Students with a score in [0, 1), [1, 2) … [9, 10].
    """
    most, step = max([1, *counts]), 46
    bars = []
    for index, count in enumerate(counts):
        x, height = 20 + index * step, 130 * count / most
        bars.append(
            f'<rect x="{x}" y="{160 - height:.1f}" width="{step - 6}" height="{height:.1f}" fill="{BLUE}"/>'
            + _text(x + 20, 154 - height, str(count))
            + _text(x + 20, 178, f"{index}–{index + 1}")
        )
    label = "Estudiantes por nota: " + ", ".join(f"{count} de {n} a {n + 1}" for n, count in enumerate(counts)) + "."
    axis = f'<path d="M14 160H{20 + len(counts) * step}" stroke="{INK}"/>' + _text(250, 202, "nota")
    return _picture(30 + len(counts) * step, 210, label, axis + "".join(bars))


def _picture(width, height, label, body):
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{label}" font-family="sans-serif" font-size="12" fill="{INK}">'
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>{body}</svg>'
    )


def _panel(title, across, up):
    """Return axes from 0 to 1 with their diagonal, titled."""
    middle, bottom = _LEFT + _SIDE / 2, _TOP + _SIDE
    ticks = "".join(
        _text(_x(value), bottom + 16, f"{value:g}") + _text(_LEFT - 7, _y(value) + 4, f"{value:g}", "end")
        for value in (0, 0.5, 1)
    )
    return (
        f'<rect x="{_LEFT}" y="{_TOP}" width="{_SIDE}" height="{_SIDE}" fill="none" stroke="{GREY}"/>'
        f'<path d="M{_LEFT} {bottom}L{_LEFT + _SIDE} {_TOP}" stroke="{GREY}" stroke-dasharray="4 4"/>'
        + ticks
        + f'<text x="{middle}" y="20" text-anchor="middle" font-size="14" font-weight="bold">{title}</text>'
        + _text(middle, bottom + 36, across)
        + f'<text transform="translate(16 {_TOP + _SIDE / 2}) rotate(-90)" text-anchor="middle">{up}</text>'
    )


def _line(points, colour):
    path = "L".join(f"{_x(across):.1f} {_y(up):.1f}" for across, up in points)
    return f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _circle(across, up, radius):
    return f'<circle cx="{_x(across):.1f}" cy="{_y(up):.1f}" r="{radius:.1f}" fill="{VERMILLION}" fill-opacity=".8"/>'


def _text(x, y, text, anchor="middle"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def _x(value):
    return _LEFT + _SIDE * value


def _y(value):
    return _TOP + _SIDE * (1 - value)
