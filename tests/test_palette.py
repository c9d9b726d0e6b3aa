"""The colours of figures, pages and widgets, computed: contrast, and what colour-blind eyes and grey leave of them.

Distances are those of CAM02-UCS after the simulation of Machado, Oliveira and Fernandes (2009) at its full severity;
in that space 1 is about the least difference that is seen.
"""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE
from matplotlib.colors import to_hex, to_rgb

from course import palette
from course.grading import charts
from course.simulator import static

COURSE = Path(palette.__file__).parent
EYES = ("any", "protanomaly", "deuteranomaly", "tritanomaly")
APART = 19  # of colours that appear together, for every eye
APART_IN_GREY = 12  # of their lightness L*, from 0 to 100
READABLE, VISIBLE = 4.5, 3  # contrast of letters, and of lines and marks (WCAG 2.2)


def seen(color, eye):
    """What an eye sees of a colour, in sRGB from 0 to 1."""
    rgb = np.array(to_rgb(color))
    space = {"name": "sRGB1+CVD", "cvd_type": eye, "severity": 100}
    return rgb if eye == "any" else np.clip(cspace_convert(rgb, space, "sRGB1"), 0, 1)


def distance(one, other, eye):
    return deltaE(seen(one, eye), seen(other, eye), input_space="sRGB1")


def lightness(color):
    return cspace_convert(to_rgb(color), "sRGB1", "CIELab")[0]


def luminance(color):
    channels = np.array(to_rgb(color))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


# What the style sheets and scripts say


def rules(path):
    """Return {selector: {property: value}} of a style sheet or of a page with one, media queries left out."""
    text = path.read_text(encoding="utf-8").partition("<style>")
    text = (text[2] or text[0]).partition("</style>")[0]
    text = re.sub(r"/\*.*?\*/|@\w[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", text, flags=re.DOTALL)
    found = {}
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", text):
        pairs = (line.split(":", 1) for line in body.split(";") if ":" in line)
        values = {name.strip(): value.strip() for name, value in pairs}
        for selector in selectors.split(","):
            found.setdefault(selector.strip(), {}).update(values)
    return found


SCRIPT = (COURSE / "simulator" / "static" / "palette.js").read_text(encoding="utf-8")
SHEET = rules(COURSE / "simulator" / "static" / "widget.css")
PAGE = rules(COURSE / "grading" / "templates" / "base.html.j2")
CANVAS = rules(COURSE / "canvas" / "canvas.css")
PAPERS = {"light": ("#ffffff",), "dark": ("#111111", "#16191d")}  # JupyterLab's and the page's own
THEMES = {"light": SHEET[".simulator"], "dark": {**SHEET[".simulator"], **SHEET['.simulator[data-theme="dark"]']}}
BARS = {"light": ".simulator .scale .bar", "dark": '.simulator[data-theme="dark"] .scale .bar'}
INKS = {"light": "#1a1d21", "dark": "#e8eaed"}


def scale(theme):
    """Return the three colours of the simulator's maps: of −1, 0 and 1."""
    (line,) = re.findall(rf"{theme}: (.*)", SCRIPT)
    return [to_hex(np.array(found.split(","), dtype=int) / 255) for found in re.findall(r"\[([\d, ]+)\]", line)]


TOGETHER = {
    "series": palette.SERIES,
    "best and others": (palette.BLUE, palette.GREY),
    "trials and best": (palette.VERMILLION, palette.GREY),
    **{f"weights, {theme}": (colors["--positive"], colors["--negative"]) for theme, colors in THEMES.items()},
    **{f"losses, {theme}": (INKS[theme], colors["--test"]) for theme, colors in THEMES.items()},
    **{f"map, {theme}": scale(theme) for theme in THEMES},
}


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("colors", TOGETHER.values(), ids=TOGETHER.keys())
def test_colours_that_appear_together_differ_for_every_eye(colors, eye):
    for one, other in combinations(colors, 2):
        assert distance(one, other, eye) >= APART, (one, other)


@pytest.mark.parametrize("colors", TOGETHER.values(), ids=TOGETHER.keys())
def test_colours_that_appear_together_differ_in_grey(colors):
    for one, other in combinations(colors, 2):
        assert abs(lightness(one) - lightness(other)) >= APART_IN_GREY, (one, other)


@pytest.mark.parametrize("eye", EYES)
def test_ten_classes_differ_for_every_eye(eye):
    assert min(distance(*pair, eye) for pair in combinations(palette.CLASSES, 2)) >= APART


def test_classes_that_share_a_mark_differ_in_grey():
    """Ten greys cannot be told apart; five marks in two greys can."""
    count = len(palette.MARKS)
    for k, one in enumerate(palette.CLASSES):
        for other in palette.CLASSES[k + count :: count]:
            assert abs(lightness(one) - lightness(other)) >= 2 * APART_IN_GREY, (one, other)


def test_the_widget_has_the_same_colours_and_shapes():
    (line,) = re.findall(r"CLASSES = \[(.*)\]", SCRIPT)
    assert tuple(re.findall(r'"(.*?)"', line)) == palette.CLASSES
    shapes = re.search(r"SHAPES = \[(.*?)\n\];", static.script(), re.DOTALL)[1]
    assert shapes.count("=>") == len(palette.MARKS)
    for theme, selector in {
        "light": ".simulator .scale .bar",
        "dark": '.simulator[data-theme="dark"] .scale .bar',
    }.items():
        stops = re.findall(r"rgb\(([\d ]+)\)", SHEET[selector]["background"])
        assert [to_hex(np.array(stop.split(), dtype=int) / 255) for stop in stops] == scale(theme)


LETTERS = {
    **{f"{ink} on {paper}": (ink, paper) for ink in palette.TEXT for paper in (palette.PAPER, palette.SOFT)},
    "a label on its shade": (palette.INK, palette.SHADE),
    "page": (PAGE["body"]["color"].split()[0], "#ffffff"),
    "page, soft": (PAGE[".soft"]["color"], "#ffffff"),
    "page, a box": (PAGE["body"]["color"], PAGE[".box"]["background"]),
    "page, a warning": (PAGE["body"]["color"], PAGE[".warn"]["background"]),
    "drawing": (CANVAS[".lienzo"]["color"], CANVAS[".lienzo"]["background"]),
    "drawing, a bar": (CANVAS[".lienzo"]["color"], re.search("#\\w+", CANVAS[".lienzo li"]["background"])[0]),
    "drawing, a button": (CANVAS[".lienzo button"]["color"], CANVAS[".lienzo button"]["background"]),
    "disconnected": tuple(SHEET[".simulator-page .disconnected"][name] for name in ("color", "background")),
}
for theme, colors in THEMES.items():
    LETTERS |= {
        f"primary, {theme}": (colors["--on-accent"], colors["--accent"]),
        f"alarm, {theme}": (colors["--alarm"], colors["--alarm-paper"]),
        f"button, {theme}": (INKS[theme], colors["--raised"]),
        f"field, {theme}": (colors["--soft-ink"], colors["--raised"]),
        **{f"ink on {paper}": (INKS[theme], paper) for paper in PAPERS[theme]},
        **{f"soft ink on {paper}": (colors["--soft-ink"], paper) for paper in PAPERS[theme]},
    }


@pytest.mark.parametrize(("letters", "paper"), LETTERS.values(), ids=LETTERS.keys())
def test_letters_are_read_on_their_paper(letters, paper):
    assert contrast(letters, paper) >= READABLE


LINES = [(color, palette.PAPER) for color in (*palette.SERIES, palette.GREY)]
LINES += [
    (colors[name], paper)
    for theme, colors in THEMES.items()
    for name in ("--positive", "--negative", "--test", "--accent")
    for paper in PAPERS[theme]
]


@pytest.mark.parametrize(("line", "paper"), LINES)
def test_lines_are_seen_on_their_paper(line, paper):
    assert contrast(line, paper) >= VISIBLE


def test_the_page_and_its_pictures_use_the_palette():
    named = {to_hex(color) for name, color in vars(palette).items() if isinstance(color, str) and color.startswith("#")}
    result = {"roc": [0, 0.5, 1], "auc": 0.8, "ece": 0.1, "calibration": [(0.2, 0.3, 5), (0.7, 0.6, 9)]}
    pictures = charts.report(result, "pública") + charts.histogram([1] * 10)
    used = {to_hex(color) for color in re.findall(r'(?:fill|stroke)="(#\w+)"', pictures)}
    assert used and used <= named
    assert PAGE[".box"]["border-left"].endswith(palette.BLUE.lower())
    assert PAGE[".warn"]["border-color"] == palette.VERMILLION.lower()


def test_the_measures_are_those_that_are_known():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert lightness("#777777") == pytest.approx(50, abs=0.1)
    red_and_green = ("#b22222", "#556b2f")
    assert distance(*red_and_green, "any") > 2 * distance(*red_and_green, "deuteranomaly")
