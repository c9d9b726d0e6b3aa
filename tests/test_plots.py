import base64
import itertools
import json
import tomllib
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import nbformat
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from matplotlib.axis import Axis
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.text import Text
from nbclient import NotebookClient
from PIL import Image
from test_palette import contrast

from course import CourseError, bookings, byhand, graph, notebooks, palette, plots
from course.plots import expression, output, style
from course.simulator import Experiment

EXAMPLE = byhand.SLIDE_EXAMPLE
FORWARD = byhand.forward(EXAMPLE.network, EXAMPLE.x)
GRADIENTS = byhand.backward(EXAMPLE.network, FORWARD, EXAMPLE.y)


@pytest.fixture(autouse=True)
def close_figures():
    mpl.use("Agg")
    yield
    plt.close("all")


def neuron(backward=True):
    """The loss of one sigmoid neuron with three inputs: 19 nodes."""
    loss, _ = graph.from_network(byhand.random_network((3, 1), output="sigmoid", seed=2), [[0.7, 0.3, 0.5]], [[1.0]])
    if backward:
        loss.backward()
    return loss


def history(epochs=12):
    epoch = np.arange(1, epochs + 1)
    return pd.DataFrame({"loss": 1 / epoch, "val_loss": 1 / epoch + 0.02 * epoch, "accuracy": 0.5}, index=epoch)


def bowl(w1, w2=0.0):
    return (w1 - 1) ** 2 + 3 * w2**2


def large():
    network = byhand.random_network((784, 128, 10), output="softmax", loss="categorical_crossentropy")
    return plots.network(network, byhand.forward(network, np.ones((1, 784)) / 784))


RUNS = pd.DataFrame(
    {"layers": [(8, 8)] * 3 + [()] * 3, "test_loss": [0.05, 0.1, 0.3, 0.45, 0.5, np.nan], "rate": [1, 2, 3] * 2}
)
AUDIT = pd.DataFrame(
    {
        "known": ["al final", "al reservar", "después", "al reservar"],
        "auc_alone": [1.0, 0.71, 0.7, 0.69],
        "auc_with": [1.0, np.nan, 0.94, np.nan],
    },
    index=["reservation_status", "agent", "country", "lead_time"],
)
AUDIT.attrs = {"auc_without": 0.9, "protocol": "random"}
CHANCES = np.random.default_rng(0).random(400)
CANCELED = np.random.default_rng(1).random(400) < CHANCES
MODELS = {"la red": CHANCES, "la base": np.full(400, 0.4), "tímida": 0.5 + 0.2 * (CHANCES - 0.5)}
RANDOM = np.random.default_rng(2)
RACE = pd.DataFrame(
    [
        (way, k, n, RANDOM.random() + place)
        for place, way in enumerate(("a", "b"))
        for k in range(3)
        for n in range(1, 9)
    ],
    columns=["método", "repetición", "intento", "valor"],
)
TRIALS = pd.DataFrame(
    {
        "valor": [*RANDOM.random(11), np.nan],
        "learning_rate": 10 ** -RANDOM.uniform(1, 4, 12),
        "units": RANDOM.integers(4, 64, 12),
        "activation": ["relu", "tanh"] * 6,
    }
)
CURVES = pd.DataFrame(
    [(0, 1, 0.9, "completo"), (0, 2, 0.5, "completo"), (1, 1, 1.2, "podado"), (2, 1, 2.0, "falló")],
    columns=["intento", "época", "valor", "estado"],
)
SPIRAL = Experiment(dataset="spiral", layers=(4,), seed=1)
CLASSES = Experiment(dataset="gauss", classes=3, layers=(4,), seed=1)
COLUMN, SMALLEST = 11, 8.5  # inches, points
NAMES = ["learning_rate", "units", "activation"]
FIGURES = {
    "architecture": lambda: plots.network(EXAMPLE.network),
    "forward": lambda: plots.network(EXAMPLE.network, FORWARD),
    "backward": lambda: plots.network(EXAMPLE.network, FORWARD, GRADIENTS),
    "negative": lambda: plots.network(byhand.random_network((2, 3, 1), seed=1)),
    "deep": lambda: plots.network(byhand.random_network((2, 8, 8, 1))),
    "large": large,
    "smallest": lambda: plots.network(byhand.random_network((1, 1))),
    "neuron": lambda: plots.graph(neuron()),
    "no gradients": lambda: plots.graph(neuron(backward=False)),
    "one node": lambda: plots.graph(graph.Value(2.0, "a")),
    "activations": plots.activations,
    "losses": lambda: plots.loss_curve([0.9, 0.5, 0.4]),
    "history": lambda: plots.loss_curve(history()),
    "counts": lambda: plots.operation_counts(graph.operation_counts(range(1, 9))),
    "one weight": lambda: plots.descent(bowl, [4.0, 2.5, 1.8, 1.4]),
    "two weights": lambda: plots.descent(bowl, [(3, 2), (2, 0.5), (1.5, 0.1)]),
    "gradients": lambda: plots.gradients({"a mano": [0.1, -0.2], "numérico": [0.1, -0.2]}),
    "images": lambda: plots.images(np.eye(5)[None].repeat(9, axis=0), [f"dice {k}\nduda 0.{k}" for k in range(9)]),
    "signed images": lambda: plots.images(np.linspace(-1, 1, 7 * 81).reshape(7, 9, 9), signed=True),
    "runs": lambda: plots.distributions(RUNS, by="layers", threshold=0.4),
    "leakage": lambda: plots.leakage(AUDIT),
    "calibration": lambda: plots.calibration(CANCELED, MODELS),
    "thresholds": lambda: plots.thresholds(CANCELED, MODELS),
    "race": lambda: plots.race(RACE),
    "trial curves": lambda: plots.trial_curves(CURVES),
    "slices": lambda: plots.slices(TRIALS, NAMES, log=["learning_rate"]),
    "experiment": lambda: plots.experiment(SPIRAL),
    "classes": lambda: plots.experiment(CLASSES),
    "parallel": lambda: plots.parallel(TRIALS, NAMES, log=["learning_rate"]),
}
every_figure = pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES.keys())


def written(figure):
    """The texts that the figure shows; matplotlib also keeps labels of unused ticks, and of ticks outside the axes."""
    figure.canvas.draw()
    texts = set(figure.findobj(Text))
    for axis in figure.findobj(Axis):
        texts -= set(axis.findobj(Text)) - {axis.label}
        if axis.axes.axison:
            low, high = sorted(axis.get_view_interval())
            texts |= {tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high}
    return [text for text in texts if text.get_visible() and text.get_text().strip()]


def words(figure):
    return [text.get_text() for text in written(figure)]


# What all figures have in common


@every_figure
def test_letters_are_large_and_dark_enough(draw):
    """Large where they are shown, too: a figure wider than a notebook's column or a slide shrinks with its letters."""
    figure = draw()
    shrunk = min(1, COLUMN / figure.get_figwidth())
    for text in written(figure):
        assert text.get_fontsize() >= 11, text
        assert text.get_fontsize() * shrunk >= SMALLEST, text
        assert to_rgb(text.get_color()) in {to_rgb(color) for color in (*palette.TEXT, "black")}, text


@every_figure
def test_no_text_lies_on_another_or_outside_the_figure(draw):
    figure = draw()
    boxes = [(text.get_text(), text.get_window_extent()) for text in written(figure)]
    for name, box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1, name
    for (name, a), (other, b) in itertools.combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        up = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert across <= 1 or up <= 4, f"{name} lies on {other}"  # symbols with indices reach into the next line


@every_figure
def test_every_figure_tells_itself_with_numbers(draw):
    figure = draw()
    assert figure.alt_text == plots.alt_text(figure)
    assert any(letter.isdigit() for letter in figure.alt_text)
    assert figure.alt_text.endswith(".")


@every_figure
def test_pyplot_shows_each_figure_once(draw):
    figure = draw()
    assert [plt.figure(number) for number in plt.get_fignums()] == [figure]


@every_figure
def test_a_stored_png_is_small(draw):
    data, metadata = output.png(draw())
    assert 1_000 < len(base64.b64decode(data)) < 80_000
    assert list(metadata) == ["alt"]


@every_figure
def test_the_settings_of_the_user_stay(draw):
    mpl.rcParams["font.size"] = 7
    before = dict(mpl.rcParams)
    draw()
    assert dict(mpl.rcParams) == before
    mpl.rcdefaults()
    mpl.use("Agg")


def test_the_style_of_the_user_does_not_reach_the_figures():
    with plt.style.context("dark_background"):
        data, _ = output.png(plots.loss_curve([1, 2]))
    picture = Image.open(BytesIO(base64.b64decode(data))).convert("RGB")
    assert picture.getpixel((0, 0)) == (255, 255, 255)


# What colour says is said without it too; `tests/test_palette.py` computes the colours themselves


@every_figure
def test_letters_contrast_with_what_they_lie_on(draw):
    """The paper under each text, as it was really drawn: the commonest colour there once the texts are gone."""
    figure = draw()
    places = [(text, text.get_window_extent()) for text in written(figure)]
    for text, _ in places:
        text.set_visible(False)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[::-1, :, :3]
    for text, box in places:
        under = pixels[int(box.y0) : int(box.y1) + 1, int(box.x0) : int(box.x1) + 1].reshape(-1, 3)
        colors, counts = np.unique(under, axis=0, return_counts=True)
        assert contrast(text.get_color(), colors[counts.argmax()] / 255) >= 4.5, text


def looks(artist):
    """What is seen of a line, of marks or of a bar in grey print; lightness is left out, as print loses it."""
    if isinstance(artist, Line2D):
        hollow = artist.get_markerfacecolor() == "none"
        return artist.get_linestyle(), artist.get_marker(), hollow, artist.get_linewidth() >= 2.5
    if isinstance(artist, PathCollection):
        return artist.get_paths()[0].vertices.tobytes()
    return getattr(artist, "get_hatch", type(artist))()


@every_figure
def test_nothing_is_told_by_colour_alone(draw):
    for axes in draw().axes:
        named = [artist for artist in axes.lines if not artist.get_label().startswith("_")]
        legend = axes.get_legend()
        for artists in (named, legend.legend_handles if legend else []):
            seen = [looks(artist) for artist in artists]
            assert len(set(seen)) == len(seen), axes.get_title()


def test_classes_have_a_mark_each():
    _, plane, _ = FIGURES["classes"]().axes
    assert len({looks(points) for points in plane.collections}) == len(plane.collections) == 3


# The network


def test_the_forward_pass_of_the_slides_is_on_the_diagram():
    figure = FIGURES["forward"]()
    texts = words(figure)
    for layer in (["0.7", "0.3", "0.5"], ["0.43", "0.44"], ["0.33", "1.217"], ["0.3764"]):
        assert set(layer) <= set(texts)
    assert texts.count("1.217") == texts.count("0.3764") == 2  # as u and as h
    names = ["Capa de entrada", "1.ª capa oculta", "2.ª capa oculta", "Capa de salida"]
    assert set(names) <= set(texts)
    assert "17 parámetros" in texts[[t.startswith("Red") for t in texts].index(True)]
    assert "Salida 0.3764" in figure.alt_text and "u 0.33; 1.217" in figure.alt_text


def test_every_weight_and_bias_of_the_slides_is_written():
    texts = words(FIGURES["architecture"]())
    parameters = np.concatenate([np.ravel(p) for p in (*EXAMPLE.network.weights, *EXAMPLE.network.biases)])
    expected = [style.number(p) for p in parameters]
    assert len(expected) == 17
    for value in set(expected) - {"1"}:
        assert texts.count(value) == expected.count(value)
    assert texts.count("1") == expected.count("1") + 3  # and the three neurons of the biases


def test_every_gradient_is_on_the_diagram():
    figure = FIGURES["backward"]()
    found = sorted(text for text in words(figure) if text.startswith("∂ "))
    parts = (*GRADIENTS.u, *GRADIENTS.h, *GRADIENTS.weights, *GRADIENTS.biases)
    assert found == sorted(f"∂ {style.number(value)}" for part in parts for value in np.ravel(part))
    assert f"salida {style.number(GRADIENTS.h[-1][0, 0])}" in figure.alt_text


def test_the_row_is_the_one_asked_for():
    x = [[0.7, 0.3, 0.5], [1.0, 1.0, 1.0]]
    forward = byhand.forward(EXAMPLE.network, x)
    output = style.number(forward.output[1, 0])
    assert output in words(plots.network(EXAMPLE.network, forward, row=1))
    assert output not in words(plots.network(EXAMPLE.network, forward, row=0))


def test_the_sign_of_a_weight_is_its_line_style():
    network = byhand.Network([[[2.0], [-1.0]]], [[0.5]], ["linear"])
    figure = plots.network(network)
    links = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 2]
    assert [line.get_linestyle() for line in links] == ["-", "--", "-"]
    widths = [line.get_linewidth() for line in links]
    assert widths[0] > widths[1] > widths[2]
    assert "peso o sesgo < 0" in words(figure)
    assert "peso o sesgo < 0" not in words(FIGURES["forward"]())


def test_a_large_network_leaves_out_neurons_and_weights():
    figure = FIGURES["large"]()
    texts = words(figure)
    assert texts.count("⋮") == 2
    assert len(figure.axes[0].lines) == (6 + 1) * 6 + (6 + 1) * 10
    assert "101\u00a0770 parámetros" in figure.alt_text
    numbers = [text for text in texts if text.replace(".", "").isdigit() and text != "1"]
    assert len(numbers) == 6 + 6 + 10  # the activations, and no weight


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("red",), "network es de tipo str"),
        ((EXAMPLE,), "SLIDE_EXAMPLE.network"),
        ((EXAMPLE.network, GRADIENTS), "forward es de tipo Gradients"),
        ((EXAMPLE.network, FORWARD, FORWARD), "gradients es de tipo Forward"),
        ((EXAMPLE.network, None, GRADIENTS), "Pasa también forward"),
        ((byhand.random_network((3, 2, 1)), FORWARD), "forward es de una red 3-2-2-1 y network, una 3-2-1"),
        ((EXAMPLE.network, FORWARD, None, 1), "row=1 no existe"),
        ((EXAMPLE.network, FORWARD, None, -1), "row=-1"),
        ((EXAMPLE.network, FORWARD, None, 0.5), "row=0.5"),
    ],
)
def test_what_is_no_network_or_not_of_it(arguments, message):
    with pytest.raises(CourseError, match=message):
        plots.network(*arguments)
    assert not plt.get_fignums()


# The computational graph


def test_values_and_gradients_are_on_the_graph():
    loss = neuron()
    figure = plots.graph(loss)
    texts = words(figure)
    for node in loss.nodes():
        assert style.number(node.data) in texts
        assert f"∂ {style.number(node.grad)}" in texts
    assert {"$x_{1}$", "$w_{11}^{(1)}$", "sigmoid", "×", "ŷ"} <= set(texts)
    assert "19 nodos (hojas: 9; operaciones: 10). Resultado: L = " in figure.alt_text
    assert "x1 = 0.7 (∂ " in figure.alt_text


def test_gradients_are_not_shown_before_they_are_computed():
    texts = words(plots.graph(neuron(backward=False)))
    assert not any(text.startswith("∂") for text in texts)
    assert "Gradientes: aún sin calcular" in texts


def test_the_slides_network_fits_and_a_larger_one_is_refused():
    loss, _ = graph.from_network(EXAMPLE.network, EXAMPLE.x, EXAMPLE.y)
    assert "54 nodos" in plots.graph(loss).alt_text
    loss, _ = graph.from_network(byhand.random_network((4, 4, 4, 1)), [[1, 2, 3, 4]], [[1]])
    with pytest.raises(CourseError, match="se leen hasta 60"):
        plots.graph(loss)
    with pytest.raises(CourseError, match=r"graph\.Value"):
        plots.graph(3.0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=25))
def test_nodes_never_share_a_place(choices):
    values = [graph.Value(0.5), graph.Value(0.25)]
    for a, b in choices:
        values.append(values[a % len(values)] + values[b % len(values)])
    nodes = values[-1].nodes()
    columns = expression._columns(nodes)
    rows = expression._rows(values[-1], columns)
    assert set(rows) == set(nodes)
    for node in nodes:
        assert all(columns[parent] < columns[node] for parent in node.parents)
    for a, b in itertools.combinations(nodes, 2):
        assert columns[a] != columns[b] or abs(rows[a] - rows[b]) > 0.999


# Curves


def test_activations_and_their_derivatives():
    figure = plots.activations(["relu", "sigmoid", "tanh"])
    assert [axes.get_title() for axes in figure.axes] == ["relu", "sigmoid", "tanh"]
    for axes in figure.axes:
        curve, slope = axes.lines[0].get_xydata(), axes.lines[1].get_xydata()
        measured = np.diff(curve[:, 1]) / np.diff(curve[:, 0])
        middle = (slope[1:, 1] + slope[:-1, 1]) / 2
        np.testing.assert_allclose(measured[~np.isnan(middle)], middle[~np.isnan(middle)], atol=1e-3)
    assert "sigmoid: f(−4) = 0.018, f(0) = 0.5" in figure.alt_text
    assert "su derivada, entre 0.0177 y 0.25." in figure.alt_text
    assert len(plots.activations("linear").axes) == 1


@pytest.mark.parametrize("names", ["softmax", ["relu", "ReLU"], [], [3], None])
def test_activations_that_have_no_curve(names):
    with pytest.raises(CourseError, match=r"names.*: relu, sigmoid, tanh, linear"):
        plots.activations(names)


@pytest.mark.parametrize("losses", [[0.9, 0.5, 0.25], (0.9, 0.5, 0.25), np.array([0.9, 0.5, 0.25])])
def test_losses_of_several_kinds(losses):
    figure = plots.loss_curve(losses)
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_xydata(), [[1, 0.9], [2, 0.5], [3, 0.25]])
    assert figure.alt_text == "Pérdida por época: entrenamiento, de 0.9 en la época 1 a 0.25 en la 3."


def test_the_best_epoch_is_marked():
    figure = plots.loss_curve(history())
    assert "mínimo: 0.283 (época 7)" in words(figure)
    assert "validación, de 1.02 en la época 1 a 0.323 en la 12, mínimo: 0.283 (época 7)" in figure.alt_text


def test_a_training_that_went_wrong_is_drawn_too():
    assert "a NaN en la 3" in plots.loss_curve([1.0, np.inf, np.nan]).alt_text
    nowhere = {"loss": [1.0, 2.0], "val_loss": [np.nan, np.nan]}
    assert "mínimo" not in plots.loss_curve(nowhere).alt_text


def test_axes_of_the_user_are_drawn_in_and_told_together():
    figure, (left, right) = plt.subplots(1, 2)
    assert plots.loss_curve([2.0, 1.0], ax=left) is figure
    plots.operation_counts(graph.operation_counts([1, 2]), ax=right)
    assert figure.alt_text.startswith("Pérdida por época")
    assert "Operaciones" in figure.alt_text
    assert len(plt.get_fignums()) == 1


INTO_AXES = {
    "losses": lambda ax: plots.loss_curve(history(), ax=ax),
    "counts": lambda ax: plots.operation_counts(graph.operation_counts([1, 2]), ax=ax),
    "one weight": lambda ax: plots.descent(bowl, [4.0, 2.5], ax=ax),
    "gradients": lambda ax: plots.gradients({"a mano": [0.1], "numérico": [0.1]}, ax=ax),
    "runs": lambda ax: plots.distributions(RUNS, by="layers", threshold=0.4, ax=ax),
    "calibration": lambda ax: plots.calibration(CANCELED, MODELS, ax=ax),
    "thresholds": lambda ax: plots.thresholds(CANCELED, MODELS, ax=ax),
    "race": lambda ax: plots.race(RACE, ax=ax),
    "trial curves": lambda ax: plots.trial_curves(CURVES, ax=ax),
}


@pytest.mark.parametrize("draw", INTO_AXES.values(), ids=INTO_AXES.keys())
def test_in_axes_of_the_user_lines_look_the_same(draw):
    """Axes keep the styles that their lines take turns in from when they were made."""
    own = [looks(line) for line in draw(None).axes[0].lines]
    with plt.rc_context({"axes.prop_cycle": mpl.cycler(linestyle=[":", "-."])}):
        _, ax = plt.subplots()
        assert [looks(line) for line in draw(ax).axes[0].lines] == own


def test_operation_counts_tell_both_growths():
    table = graph.operation_counts()
    figure = plots.operation_counts(table)
    assert figure.axes[0].get_yscale() == "log"
    slow, fast = (line.get_ydata() for line in figure.axes[0].lines)
    assert list(slow) == [row["by_paths"] for row in table]
    assert list(fast) == [row["memoized"] for row in table]
    assert f"a {style.integer(table[-1]['by_paths'])};" in figure.alt_text
    assert plots.operation_counts(pd.DataFrame(table)).alt_text == figure.alt_text


def test_descent_tells_where_it_went():
    assert plots.descent(bowl, [4.0, 2.0, 1.5]).alt_text == (
        "Descenso del gradiente en 2 pasos: de peso 4 a 1.5, y de pérdida 9 a 0.25."
    )
    assert "de peso 3 y 2 a 1 y 0," in plots.descent(bowl, [(3, 2), (1, 0)]).alt_text
    assert plots.descent(lambda w: 1.0, [2.0]).alt_text.startswith("Descenso del gradiente en 0 pasos")


def test_gradients_tell_how_far_they_are_from_each_other():
    ways = pd.DataFrame({"a mano": [0.5, -1.0], "numérico": [0.5, -0.75]}, index=["w1_11", "b1_1"])
    figure = plots.gradients(ways)
    assert {"$w_{11}^{(1)}$", "$b_{1}^{(1)}$", "a mano", "numérico"} <= set(words(figure))
    assert "2 derivadas, de 2 formas (a mano, numérico)" in figure.alt_text
    assert "de −1 a 0.5; la mayor diferencia entre formas es 0.25" in figure.alt_text


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.loss_curve({"accuracy": [1]}), "no tiene la columna 'loss': tiene accuracy"),
        (lambda: plots.loss_curve(["baja", "sube"]), "no son números"),
        (lambda: plots.loss_curve([]), "una lista con una pérdida por época"),
        (lambda: plots.loss_curve(3.0), "una lista con una pérdida por época"),
        (lambda: plots.loss_curve([1, 2], ax=3), "ax=3 no son unos ejes"),
        (lambda: plots.operation_counts([]), "graph.operation_counts"),
        (lambda: plots.operation_counts(4), "graph.operation_counts"),
        (lambda: plots.operation_counts([{"depth": 1}]), "graph.operation_counts"),
        (lambda: plots.descent(bowl, [[1, 2, 3]]), "3 columnas"),
        (lambda: plots.descent(bowl, [1.0, np.nan]), "finitos"),
        (lambda: plots.descent(3, [1.0, 2.0]), "función de un número"),
        (lambda: plots.descent(lambda w: w, [[1.0, 2.0]]), "función de dos números"),
        (lambda: plots.gradients([1, 2]), "una a cuatro columnas"),
        (lambda: plots.gradients({str(k): [1] for k in range(5)}), "una a cuatro columnas"),
        (lambda: plots.gradients({"a": [1, 2], "b": [1]}), "distinto largo"),
        (lambda: plots.gradients(pd.Series([0.1, 0.2])), "Pasa un DataFrame"),
        (lambda: plots.operation_counts(np.ones((2, 3))), "operation_counts"),
        (lambda: plots.operation_counts(pd.Series([1.0, 2.0])), "operation_counts"),
        (lambda: plots.descent(lambda w: 1 / (w - 1), [1.0, 2.0]), "falló con: .*division"),
        (lambda: plots.descent(lambda w: "alta", [1.0, 2.0]), "falló con: .*alta"),
        (lambda: plots.experiment(None), r"None no es un experimento.*simulator\.Experiment"),
        (lambda: plots.race(RACE.head(0)), "compara 0 métodos"),
        (lambda: plots.race(pd.concat([RACE, RACE])), "dos veces el mismo intento"),
        (lambda: plots.race(TRIALS), "faltan columnas: método, repetición, intento"),
        (lambda: plots.race(pd.concat([RACE.assign(método=str(k)) for k in range(5)])), "5 métodos"),
        (lambda: plots.trial_curves(RACE), "faltan columnas: época, estado"),
        (lambda: plots.slices(TRIALS, ["capas"]), "faltan columnas: capas"),
        (lambda: plots.slices(TRIALS.tail(1), NAMES), "ningún intento con valor"),
        (lambda: plots.slices(TRIALS, []), "de uno a cuatro"),
        (lambda: plots.parallel(TRIALS, ["units"]), "al menos dos"),
        (lambda: plots.describe("figura", "texto"), "no es una figura"),
        (lambda: plots.describe(plt.Figure(), "  "), "no describe nada"),
        (lambda: plots.describe(plt.Figure(), None), "no describe nada"),
    ],
)
def test_wrong_input_is_told_and_leaves_no_figure(draw, message):
    with pytest.raises(CourseError, match=message):
        draw()
    assert not plt.get_fignums()


# Numbers and names


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.43, "0.43"),
        (-1.5, "−1.5"),
        (1.0, "1"),
        (100.0, "100"),
        (0.37640000000000001, "0.3764"),
        (-0.0, "0"),
        (5.5e-17, "0"),
        (1.24e-5, "1.2·10⁻⁵"),
        (-2e7, "−2·10⁷"),
        (99999.99999, "100000"),
        (np.nan, "NaN"),
        (-np.inf, "−∞"),
    ],
)
def test_numbers_are_spanish(value, text):
    assert style.number(value) == text


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("w1_23", "$w_{23}^{(1)}$"),
        ("w1_2,13", "$w_{2,13}^{(1)}$"),
        ("u2_1", "$u_{1}^{(2)}$"),
        ("x3", "$x_{3}$"),
        ("x12", "$x_{12}$"),
        ("ŷ", "ŷ"),
        ("100 $", r"100 \$"),
        ("un nombre largo", "un nombr…"),
    ],
)
def test_names_are_those_of_the_slides(label, text):
    assert style.symbol(label) == text


# Alt text


def test_a_figure_without_alt_text_gets_one_from_its_labels():
    figure, axes = plt.subplots()
    axes.plot([1, 2], label="tren")
    axes.set(title="Mi curva", xlabel="época", ylabel="pérdida $L$")
    assert plots.alt_text(figure) == ("Figura: Mi curva; eje horizontal: época; eje vertical: pérdida L; series: tren.")
    assert plots.alt_text(plt.Figure()) == "Figura: sin título ni rótulos en los ejes."
    assert plots.alt_text(plots.describe(figure, " Una recta\n que sube. ")) == "Una recta que sube."


def test_outside_ipython_there_is_nowhere_to_install():
    assert plots.install() is False


CELLS = {
    "install": "from matplotlib import pyplot as plt\nfrom course import plots\nplots.install()",
    "show": "plots.loss_curve([0.9, 0.25])\nplt.show()",
    "returned": "plots.loss_curve([0.9, 0.25])",
    "forgotten": "figure = plots.loss_curve([0.9, 0.25])",
    "two": "plots.loss_curve([0.9, 0.25])\nplots.activations('relu')\nplt.show()",
    "own": "plt.plot([1, 2])\nplt.title('Mía')\nplt.show()",
    "again": "%matplotlib inline\nplots.install()\nplt.plot([1, 2])\nplt.title('Mía')\nplt.show()",
    "described": "fig, ax = plt.subplots()\nax.plot([1, 2])\nplots.describe(fig, 'Sube de 1 a 2.')\nplt.show()",
    "empty": "plt.figure()\nplt.show()",
    "style": "plt.rcParams['lines.linewidth'] = 5\nplots.install()\nfig, ax = plt.subplots()\n"
    "lines = [ax.plot([0, k], label=k)[0] for k in range(8)]\nax.set(title='t', xlabel='x', ylabel='y')\n"
    "texts = [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.legend().texts, *ax.get_xticklabels()]\nplt.show()\n"
    "print(min(t.get_fontsize() for t in texts), len({(x.get_color(), x.get_linestyle()) for x in lines}))\n"
    "print(len({x.get_linestyle() for x in lines[:4]}), plt.rcParams['lines.linewidth'])",
}


@pytest.fixture(scope="module")
def pictures():
    """The alt texts and the PNGs of a notebook's cells, by name."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS.values()])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    found = {}
    for name, cell in zip(CELLS, notebook.cells, strict=True):
        outputs = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        found[name] = [(o.metadata["image/png"]["alt"], base64.b64decode(o.data["image/png"])) for o in outputs]
        found["printed", name] = notebooks.printed(cell)
    return found


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("show", ["Pérdida por época: entrenamiento, de 0.9"]),
        ("returned", ["Pérdida por época: entrenamiento, de 0.9"]),
        ("forgotten", ["Pérdida por época: entrenamiento, de 0.9"]),
        ("two", ["Pérdida por época: entrenamiento, de 0.9", "Activación relu"]),
        ("own", ["Figura: Mía."]),
        ("again", ["Figura: Mía."]),
        ("described", ["Sube de 1 a 2."]),
        ("empty", []),
    ],
)
def test_a_notebook_keeps_each_figure_once_with_its_alt_text(pictures, cell, expected):
    assert len(pictures[cell]) == len(expected)
    for (alt, _), start in zip(pictures[cell], expected, strict=True):
        assert alt.startswith(start)


def test_a_notebook_keeps_figures_of_few_colours(pictures):
    [(_, png)] = pictures["show"]
    assert len(Image.open(BytesIO(png)).convert("RGB").getcolors()) <= output.COLORS


def test_a_notebooks_own_figures_have_the_class_style_and_the_users_settings(pictures):
    """Letters from 11 points, eight lines that differ, four of them by their dashes alone; a width set by the user."""
    assert pictures["printed", "style"] == "11.0 8\n4 5.0\n"


def test_the_extension_of_jupyterlab_is_installed_under_its_own_name():
    """JupyterLab looks it up by the name in its package.json, which must be that of its folder and of its module."""
    folder = Path(__file__).parents[1] / "course" / "labextension"
    project = tomllib.loads((folder.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    installed = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]["course/labextension"]
    package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    assert installed == f"share/jupyter/labextensions/{package['name']}"
    assert package["version"] == project["project"]["version"]
    script = folder / package["jupyterlab"]["_build"]["load"]
    assert f'const NAME = "{package["name"]}";' in script.read_text(encoding="utf-8")


def test_runs_are_dots_with_their_median_and_how_many_reach_the_threshold():
    figure = plots.distributions(RUNS, by="layers", threshold=0.4)
    assert "8-8, mediana 0.1, 3 de 3 bajo 0.4; ninguna, mediana 0.475, 0 de 3 bajo 0.4." in figure.alt_text
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert sorted(dots[0].get_ydata()) == [0.05, 0.1, 0.3]
    assert len(dots[1].get_ydata()) == 2


def test_runs_that_are_no_table_or_no_numbers_are_refused():
    for wrong in (None, 3, [RUNS]):
        with pytest.raises(CourseError, match="runs no tiene corridas"):
            plots.distributions(wrong, by="layers")
    with pytest.raises(CourseError, match="'test_loss' no tiene números"):
        plots.distributions(RUNS.assign(test_loss="baja"), by="layers")


@pytest.mark.parametrize("columns", [0, None, 2.5])
def test_pictures_go_in_a_whole_number_of_columns(columns):
    with pytest.raises(CourseError, match=f"columns={columns}"):
        plots.images(np.zeros((2, 2, 2)), columns=columns)


@pytest.mark.parametrize("options", [{"by": "capas"}, {"by": "layers", "value": "perdida"}])
def test_runs_without_the_column_are_refused(options):
    with pytest.raises(CourseError, match=r"capas|perdida"):
        plots.distributions(RUNS, **options)


# --- pictures ------------------------------------------------------------------------------------------------------


def test_images_share_one_scale_and_white_means_no_ink():
    figure = plots.images([np.full((2, 2), 0.25), np.eye(2)])
    scales = {ax.images[0].get_clim() for ax in figure.axes}
    assert scales == {(0, 1)}
    assert figure.axes[0].images[0].cmap(0)[:3] == (1, 1, 1)


def test_signed_images_are_white_at_zero():
    picture = plots.images([[[-3.0, 0.0, 1.0]]], signed=True).axes[0].images[0]
    assert picture.get_clim() == (-3, 3)
    assert min(picture.to_rgba([[0.0]])[0, 0][:3]) > 0.95


@pytest.mark.parametrize(
    ("pictures", "titles", "words"),
    [
        (np.zeros((2, 784)), None, "reshape"),
        ([], None, "imágenes"),
        ([[["a"]]], None, "imágenes"),
        (np.full((1, 2, 2), np.nan), None, "imágenes"),
        (np.zeros((2, 2, 2)), ["uno"], "1 títulos"),
    ],
)
def test_what_is_no_picture_is_told(pictures, titles, words):
    with pytest.raises(CourseError, match=words):
        plots.images(pictures, titles)


def test_a_race_tells_how_each_method_ends_and_a_slice_where_the_best_are():
    best = RACE.groupby(["método", "repetición"]).valor.min().groupby("método").mean()
    told = plots.alt_text(plots.race(RACE))
    assert "3 búsquedas" in told
    assert f"a, {style.number(best['a'], 3)} ±" in told
    assert (
        f"b, {style.number(RACE[RACE.método == 'b'].groupby('repetición').valor.max().mean(), 3)} ±"
        in plots.alt_text(plots.race(RACE, maximize=True))
    )
    told = plots.alt_text(plots.slices(TRIALS, NAMES, maximize=True))
    assert f"El mejor vale {style.number(TRIALS.valor.max())}" in told
    assert "11 intentos" in told, "a trial without a value is left out"
    assert "1 completo y 1 podado" in plots.alt_text(plots.trial_curves(CURVES))


# --- the bookings --------------------------------------------------------------------------------------------------


def test_the_audit_shows_every_suspect_and_the_most_telling_of_the_others():
    texts = words(plots.leakage(AUDIT, most=1))
    assert {"reservation_status", "agent", "country"} <= set(texts) and "lead_time" not in texts
    assert "country 0.94" in plots.leakage(AUDIT).alt_text


def test_the_cheapest_threshold_and_the_calibration_error_are_told():
    figure = plots.thresholds(CANCELED, {"tímida": MODELS["tímida"]})
    best = bookings.best_threshold(CANCELED, MODELS["tímida"])
    (mark,) = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 1]
    assert mark.get_xydata().tolist() == [[best, bookings.expected_cost(CANCELED, MODELS["tímida"], best)]]
    assert f"el umbral {style.number(best, 2)} es el mejor" in figure.alt_text
    never = plots.thresholds(CANCELED, {"la base": MODELS["la base"]})
    assert "la base: lo mejor es no revender nunca." in never.alt_text
    assert all(len(line.get_xdata()) > 1 for line in never.axes[0].lines)
    ece = bookings.evaluate(CANCELED, CHANCES)["ece"]
    assert f"(ECE) {style.number(ece, 3)}" in plots.calibration(CANCELED, {"la red": CHANCES}).alt_text


def test_what_is_no_audit_or_no_models_is_told():
    for wrong in ([0.5], AUDIT.drop(columns="known"), pd.DataFrame(AUDIT.to_dict())):
        with pytest.raises(CourseError, match="audit no es lo que devuelve"):
            plots.leakage(wrong)
    for draw in (plots.calibration, plots.thresholds):
        for wrong in ({}, CHANCES, dict.fromkeys("abcde", CHANCES)):
            with pytest.raises(CourseError, match="de 1 a 4 modelos"):
                draw(CANCELED, wrong)
