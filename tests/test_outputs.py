import base64
import io

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from course import notebooks, outputs, runner


def png(color="white", size=(20, 10), dots=0):
    image = Image.new("RGB", size, color)
    for x in range(dots):
        image.putpixel((x, 0), (255, 255, 254))
    image.save(stream := io.BytesIO(), "png")
    return base64.b64encode(stream.getvalue()).decode()


def notebook(*printed, tags=()):
    """A notebook with a cell for each text that it printed."""
    cells = [new_code_cell("x", metadata={"tags": [*tags]}, outputs=[new_output("stream", text=t)]) for t in printed]
    return new_notebook(cells=[new_markdown_cell("# Título"), *cells])


def with_figures(*pictures, alt="Una recta."):
    data = [{"image/png": picture, "text/plain": "<Figure size 1x1>"} for picture in pictures]
    shown = [new_output("display_data", one, metadata={"image/png": {"alt": alt}}) for one in data]
    return new_notebook(cells=[new_code_cell("plt.show()", outputs=shown)])


def told(stored, executed):
    return [(change.kind, change.lines) for change in outputs.changes(stored, executed)]


# --- what changed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("pérdida 0.25", "pérdida 0.26", "número"),
        ("pérdida 0.25", "pérdida -0.25", "número"),
        ("pérdida 0.25", "pérdida −0.25", "número"),
        ("1e-3", "1e-4", "número"),
        ("3 de 4", "3", "número"),
        ("sí", "1", "número"),
        ("float32", "float64", "número"),
        ("✔ exactitud ≥ 0.98: True", "✔ exactitud ≥ 0.98: False", "número"),
        ("✅ Correcto: 3.", "❌ Todavía no: 3.", "número"),
        ("pérdida 0.25", "pérdida: 0.25", "texto"),
        ("0.50", "0.5", "texto"),
        ("sí", "no", "texto"),
        ("[1 2]", "[1, 2]", "texto"),
    ],
)
def test_a_number_that_moved_is_told_apart_from_a_change_of_words(before, after, kind):
    assert told(notebook("igual 1", before), notebook("igual 1", after)) == [(kind, (f"- {before}", f"+ {after}"))]


def test_nothing_is_told_where_nothing_changed():
    assert outputs.changes(notebook("0.25\n", "sí"), notebook("0.25\n", "sí")) == []
    assert outputs.changes(with_figures(png()), with_figures(png())) == []


def test_times_are_not_compared():
    times = [notebook(text, tags=["nbval-ignore-output"]) for text in ("2.4 s", "3.1 s")]
    assert outputs.changes(*times) == []


def test_what_a_cell_displays_is_compared_too():
    shown = [new_output("execute_result", {"text/plain": text}, execution_count=1) for text in ("17", "18")]
    stored, executed = (new_notebook(cells=[new_code_cell("x", outputs=[output])]) for output in shown)
    assert told(stored, executed) == [("número", ("- 17", "+ 18"))]


def test_a_figure_that_is_drawn_differently_is_told_with_how_much_of_it():
    assert told(with_figures(png()), with_figures(png(dots=10))) == [("figura", ("cambia el 5.0 % de los píxeles",))]
    other_size = with_figures(png(size=(21, 10)))
    assert told(with_figures(png()), other_size) == [("figura", ("antes 20×10 píxeles, ahora 21×10",))]


def test_a_figure_that_is_lost_and_a_number_in_its_alt_text_count_as_numbers():
    assert told(with_figures(png(), png()), with_figures(png())) == [
        ("texto", ("- Una recta.",)),
        ("número", ("figuras: antes 2, ahora 1",)),
    ]
    described = [with_figures(png(), alt=f"Una recta de pendiente {slope}.") for slope in (2, 3)]
    assert [kind for kind, _ in told(*described)] == ["número"]


def test_a_long_difference_is_cut():
    many = [notebook("\n".join(f"{word} {n}" for n in range(20))) for word in ("a", "b")]
    (change,) = outputs.changes(*many)
    lines = str(change).splitlines()
    assert lines[0] == "  celda 1, texto:"
    assert len(lines) == outputs.MAX_LINES + 2
    assert lines[-1].endswith("… y 28 líneas más")


# --- the update --------------------------------------------------------------------------------------------------


def write(folder, name, source, printed, tags=()):
    """Write a notebook of one cell that had printed something."""
    cell = new_code_cell(source, metadata={"tags": [*tags]}, outputs=[new_output("stream", text=printed)])
    cells = [new_markdown_cell("# Título"), cell]
    path = folder / "soluciones" / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(notebooks.to_bytes(new_notebook(cells=cells)))
    return path


def update(folder, **options):
    return outputs.update(folder=folder, output=folder / "build", **options)


def test_new_words_are_kept_and_a_number_that_moved_stops_all_until_it_is_accepted(tmp_path, capsys):
    words = write(tmp_path, "a", "print('exactitud:', 0.5)", "exactitud 0.5\n")
    moved = write(tmp_path, "b", "print('pérdida', 0.26)", "pérdida 0.25\n")
    before = [words.read_bytes(), moved.read_bytes()]
    assert update(tmp_path) == 1
    printed = capsys.readouterr().out
    assert "  celda 1, texto:\n    - exactitud 0.5\n    + exactitud: 0.5\n" in printed
    assert "  celda 1, número:\n    - pérdida 0.25\n    + pérdida 0.26\n" in printed
    assert "✘ Se movió un número en: b.\n  No se cambió ningún cuaderno" in printed
    assert [words.read_bytes(), moved.read_bytes()] == before
    assert {path.name for path in (tmp_path / "build").iterdir()} == {"a.ipynb", "a.html", "b.ipynb", "b.html"}
    assert update(tmp_path, names=["a"]) == 0
    assert "exactitud: 0.5" in notebooks.printed(notebooks.read(words).cells[1])
    assert update(tmp_path, names=["b"], accept=True) == 0
    assert notebooks.printed(notebooks.read(moved).cells[1]) == "pérdida 0.26\n"


def test_a_notebook_that_only_shows_other_times_stays_as_it_is(tmp_path, capsys):
    path = write(tmp_path, "a", "print('3.1 s')", "2.4 s\n", tags=["nbval-ignore-output"])
    before = path.read_bytes()
    assert update(tmp_path) == 0
    assert path.read_bytes() == before
    assert "  sin cambios\n✔ Ningún problema; cuadernos con salidas nuevas: 0." in capsys.readouterr().out


def test_a_notebook_that_fails_stops_all_even_when_numbers_are_accepted(tmp_path, monkeypatch, capsys):
    def run(notebook, name, *options):
        return runner.Run(name, [], runner.tell, error="ZeroDivisionError" if name == "b" else "")

    monkeypatch.setattr(runner, "run_notebook", run)
    paths = [write(tmp_path, name, "x", "1\n") for name in "ab"]
    before = [path.read_bytes() for path in paths]
    assert update(tmp_path, accept=True) == 1
    assert [path.read_bytes() for path in paths] == before
    printed = capsys.readouterr().out
    assert "✘ No llegaron al final: b." in printed
    assert "--accept" not in printed, "it would not help"
