"""The widget in JupyterLab, used as a student uses it."""

import json
import re
from statistics import median

import pytest
from conftest import SPIRAL
from playwright.sync_api import expect
from widgets import Simulator, barriers, run_first_cell, watch

from course.simulator import Experiment

PICTURES = """
root => new Promise(done => {
  const times = [];
  const observer = new MutationObserver(() => times.push(performance.now()));
  observer.observe(root.querySelector(".epoch"), {childList: true, characterData: true, subtree: true});
  setTimeout(() => { observer.disconnect(); done((times.length - 1) / (times.at(-1) - times[0]) * 1000); }, 3000);
})"""

PAUSE = """
root => new Promise(done => {
  const button = root.querySelector("button.primary");
  const began = performance.now();
  const observer = new MutationObserver(() => { observer.disconnect(); done(performance.now() - began); });
  observer.observe(button, {childList: true, characterData: true, subtree: true});
  button.click();
})"""

MIDDLE = """
root => {
  const link = [...root.querySelectorAll(".hit")].at(-1);
  const { x, y } = link.getPointAtLength(link.getTotalLength() / 2);
  const box = link.ownerSVGElement.getBoundingClientRect();
  return [box.x + x, box.y + y];
}"""

NAMELESS = """
root => [...root.querySelectorAll("button, input, select, textarea, [role], [tabindex]")]
  .filter(e => !(e.getAttribute("aria-label") || e.labels?.length || e.textContent.trim()) && !e.closest("[hidden]"))
  .filter(e => !["tooltip", "status", "alert"].includes(e.getAttribute("role"))).map(e => e.outerHTML)"""

OUTSIDE = """
root => [...root.querySelectorAll("button, select, input, output, figcaption, canvas")]
  .filter(e => e.offsetParent && !e.closest(".scroller, .history"))
  .filter(e => e.getBoundingClientRect().right > root.getBoundingClientRect().right + 1).map(e => e.outerHTML)"""


def test_training_lowers_the_loss_and_a_pause_stops_it(simulator, lab, notebook, figure):
    before = simulator.loss()
    simulator.train_until(100)
    simulator.button("▶ Entrenar").click()
    figure(f"Imágenes por segundo entrenando [8, 8]: {simulator.root.evaluate(PICTURES):.1f}")
    pauses = []
    for _ in range(5):
        pauses.append(simulator.root.evaluate(PAUSE))
        simulator.button("▶ Entrenar").click()
        simulator.button("❚❚ Pausar").wait_for()
    simulator.pause()
    figure(f"Pausa, del clic a la respuesta: mediana {median(pauses):.0f} ms, máximo {max(pauses):.0f} ms")
    epoch = int(simulator.epoch.inner_text())
    simulator.page.wait_for_timeout(300)
    assert int(simulator.epoch.inner_text()) == epoch == lab.ask("simulator.experiment.epoch", notebook)
    assert simulator.loss() < before
    simulator.screenshot("jupyterlab")


def test_what_is_shown_is_what_the_kernel_holds(simulator, lab, notebook):
    """One step in the browser is one epoch of the engine, with the same digits as in an experiment of one's own."""
    simulator.button("Paso").click()
    expect(simulator.epoch).to_have_text("1")
    other = Experiment.from_url(SPIRAL)
    other.run(1)
    assert tuple(lab.ask("simulator.experiment.losses", notebook)) == other.losses
    assert simulator.loss() == round(other.losses[0], 3)


def test_training_leaves_the_kernel_free(simulator, lab, notebook):
    simulator.button("▶ Entrenar").click()
    expect(simulator.epoch).not_to_have_text("0")
    first = lab.ask("simulator.experiment.epoch", notebook)
    simulator.page.wait_for_timeout(500)
    assert lab.ask("simulator.experiment.epoch", notebook) > first > 0
    simulator.pause()


def test_layers_and_units_change(simulator, lab, notebook):
    simulator.button("Añadir una capa oculta").click()
    expect(simulator.root.get_by_role("group", name="Capa 3: 2 neuronas")).to_be_visible()
    simulator.button("Quitar una neurona de la capa 3").click()
    simulator.button("Añadir una neurona a la capa 1").click()
    expect(simulator.root.get_by_role("group", name="Capa 1: 9 neuronas")).to_be_visible()
    lab.expect("simulator.experiment.settings.layers", [9, 8, 1], notebook)
    for _ in range(3):
        simulator.button("Quitar la última capa oculta").click()
    expect(simulator.button("Quitar la última capa oculta")).to_be_disabled()
    lab.expect("simulator.experiment.settings.layers", [], notebook)


def test_an_edited_weight_is_the_networks_weight(simulator, lab, notebook):
    simulator.button("Neurona 3 de la capa 1").click()
    simulator.write("Peso desde y", "0.123456789")
    lab.expect("simulator.experiment.weights[0][1, 2]", 0.123456789, notebook)
    simulator.write("Sesgo", "-2")
    lab.expect("simulator.experiment.biases[0][2]", -2, notebook)
    simulator.screenshot("pesos")
    simulator.page.keyboard.press("Escape")
    assert simulator.root.get_by_role("dialog").count() == 0


def test_a_link_tells_its_weight_and_opens_it(simulator):
    weight = simulator.root.evaluate(MIDDLE)
    simulator.page.mouse.move(*weight)
    tip = simulator.root.get_by_role("tooltip")
    tip.wait_for()
    assert tip.inner_text().startswith("neurona 8 de la capa 2 → salida: w = ")
    simulator.page.mouse.click(*weight)
    expect(simulator.root.get_by_label("Peso desde neurona 8 de la capa 2")).to_be_focused()
    simulator.page.keyboard.press("Escape")


def test_the_keras_source_is_the_experiments(simulator, lab, notebook):
    simulator.button("Paso").click()
    simulator.button("Exportar a Keras").click()
    code = simulator.root.get_by_label("Código de Keras con los pesos de ahora")
    expect(code).to_have_value(re.compile("keras.Sequential"))
    simulator.screenshot("keras")
    assert code.input_value() == lab.ask("simulator.experiment.to_code()", notebook)
    compile(code.input_value(), "exported", "exec")
    simulator.button("Exportar a Keras").click()


def test_the_link_is_the_experiments(simulator):
    simulator.choose("Tasa de aprendizaje", "0.03")
    simulator.button("Copiar enlace").click()
    link = simulator.root.get_by_label("Enlace de este experimento")
    expect(link).to_have_value(re.compile("learningRate=0.03"))
    assert Experiment.from_url(link.input_value()).settings == Experiment.from_url(SPIRAL, learning_rate=0.03).settings
    simulator.button("Copiar enlace").click()


CONTROLS = [  # label, value chosen, setting, value there
    ("Activación", "tanh", "activation", "tanh"),
    ("Regularización", "L2", "regularization", "L2"),
    ("Tasa de regul.", "0.01", "regularization_rate", 0.01),
    ("Tasa de aprendizaje", "1", "learning_rate", 1),
    ("Problema", "regression", "dataset", "reg-plane"),
]


@pytest.mark.parametrize(("label", "choice", "setting", "value"), CONTROLS, ids=[row[0] for row in CONTROLS])
def test_a_control_changes_its_setting(simulator, lab, notebook, label, choice, setting, value):
    simulator.choose(label, choice)
    lab.expect(f"simulator.experiment.settings.{setting}", value, notebook)


def test_data_inputs_and_display_change(simulator, lab, notebook):
    simulator.root.get_by_label("XOR").check(force=True)
    simulator.button("Entrada x por y").click()
    simulator.root.get_by_label("Ruido").fill("40")
    simulator.root.get_by_label("Lote").fill("7")
    simulator.root.get_by_role("slider", name="Entrenamiento", exact=True).fill("80")
    simulator.root.get_by_label("Mostrar prueba").check()
    simulator.root.get_by_label("Discretizar").check()
    names = ("dataset", "inputs", "noise", "batch_size", "train_percent", "show_test", "discretize")
    settings = ["xor", ["x", "y", "xTimesY"], 40, 7, 80, True, True]
    lab.expect(f"[getattr(simulator.experiment.settings, name) for name in {names}]", settings, notebook)
    simulator.screenshot("xor")


def test_more_options(simulator, lab, notebook):
    simulator.button("Opciones").click()
    simulator.choose("Optimizador", "adam")
    simulator.choose("Función de pérdida", "cross_entropy")
    simulator.write("Dropout", "0.25")
    simulator.write("Clases", "4")
    names = ("optimizer", "loss", "dropout", "classes")
    settings = f"[getattr(simulator.experiment.settings, name) for name in {names}]"
    lab.expect(settings, ["adam", "cross_entropy", 0.25, 4], notebook)
    simulator.train_until(60)
    simulator.screenshot("clases")
    simulator.write("Dropout", "7")
    expect(simulator.root.get_by_role("alert")).to_contain_text(
        "dropout (la proporción de Dropout) debe ser un número entre 0 y 0.95"
    )
    simulator.button("Cerrar el aviso").click()
    simulator.button("Opciones").click()


def test_a_finished_run_is_in_the_history(simulator, lab, notebook):
    before = lab.ask("len(simulator.runs)", notebook)
    simulator.button("Paso").click()
    simulator.button("Paso").click()
    simulator.button("↺ Reiniciar").click()
    expect(simulator.epoch).to_have_text("0")
    simulator.button("Historial").click()
    rows = simulator.root.locator(".history tbody tr")
    expect(rows).to_have_count(before + 1)
    expect(rows.first).to_contain_text("spiral")
    lab.expect("len(simulator.runs)", before + 1, notebook)
    simulator.screenshot("historial")
    simulator.button("Historial").click()


def test_the_gradient_view_and_a_dead_unit(simulator):
    simulator.root.get_by_role("checkbox", name="Gradiente").check()
    expect(simulator.root.locator(".caption")).to_contain_text("∂L/∂w")
    simulator.button("Neurona 1 de la capa 1").click()
    simulator.write("Sesgo", "-100")
    expect(simulator.root.locator(".warning")).to_contain_text("capa 1: 1.")
    simulator.page.keyboard.press("Escape")
    simulator.screenshot("gradiente")


def test_two_experiments_side_by_side(simulator, lab, notebook):
    simulator.root.get_by_label("Comparar").check()
    simulator.root.get_by_role("radio", name="Experimento B").check()
    simulator.choose("Activación", "tanh")
    expect(simulator.root.locator(".summary").last).to_contain_text("tanh")
    simulator.train_until(50)
    expression = "[[e.settings.activation, e.epoch] for e in simulator.experiments]"
    epoch = int(simulator.epoch.inner_text())
    assert lab.ask(expression, notebook) == [["relu", epoch], ["tanh", epoch]]
    simulator.screenshot("dos")


def test_the_keyboard_reaches_and_does_everything(simulator, lab, notebook):
    """No mouse: train, pause, edit a weight, toggle an input, read the chart; and Jupyter takes none of the keys."""
    page, keys = simulator.page, simulator.page.keyboard
    cells = page.locator(".jp-Cell").count()
    simulator.button("▶ Entrenar").focus()
    keys.press("Space")
    expect(simulator.button("❚❚ Pausar")).to_be_visible()
    keys.press("Enter")
    expect(simulator.button("▶ Entrenar")).to_be_visible()
    node = simulator.root.locator(".node:focus")
    for _ in range(40):
        keys.press("Tab")
        if node.count():
            break
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "Enter"):
        keys.press(key)
    assert "capa 1" in simulator.root.get_by_role("dialog").get_attribute("aria-label")
    keys.type("0.75")
    keys.press("Enter")
    lab.expect("0.75 in simulator.experiment.biases[0]", True, notebook)
    keys.press("Escape")
    expect(node).to_have_count(1)
    for key in ("ArrowLeft", "ArrowDown", "ArrowDown", "ArrowDown", "Space"):
        keys.press(key)
    lab.expect("len(simulator.experiment.settings.inputs)", 3, notebook)
    expect(node).to_have_count(1)
    simulator.button("Paso").focus()
    keys.press("Space")
    expect(simulator.epoch).to_have_text("1")
    simulator.root.locator(".chart-frame").focus()
    keys.press("Home")
    expect(simulator.root.locator(".readout")).to_contain_text("época 0: entr. 0.")
    for key in "abxdd":  # Jupyter's own: new cell, cut, delete
        keys.press(key)
    assert page.locator(".jp-Cell").count() == cells


def test_the_chart_tells_its_values(simulator):
    simulator.train_until(40)
    box = simulator.root.locator(".chart-frame").bounding_box()
    simulator.page.mouse.move(box["x"] + box["width"] - 4, box["y"] + 20)  # right of the last epoch, however many
    reading = f"época {simulator.epoch.inner_text()}: entr. {simulator.loss():.3f}"
    expect(simulator.root.locator(".readout")).to_contain_text(reading)


@pytest.mark.parametrize("width", [1280, 1024, 800])
def test_nothing_is_nameless_or_out_of_sight(simulator, width):
    simulator.page.set_viewport_size({"width": width, "height": 600})
    simulator.page.wait_for_timeout(300)
    assert simulator.root.evaluate(NAMELESS) == []
    assert simulator.root.evaluate(OUTSIDE) == []
    simulator.root.scroll_into_view_if_needed()
    simulator.screenshot(f"ancho-{width}")


def test_nothing_of_it_has_a_barrier(simulator):
    for state in simulator.states():
        assert barriers(simulator.page, ".simulator") == [], state


def test_it_comes_back_after_a_reload_and_in_the_dark(simulator, lab):
    simulator.train_until(20)
    epoch = simulator.epoch.inner_text()
    page = simulator.page
    page.keyboard.press("Control+s")
    page.wait_for_timeout(1000)
    lab.theme("JupyterLab Dark")
    try:
        page.reload()
        page.locator(".simulator[data-theme=dark] .node").first.wait_for(timeout=60_000)
        again = Simulator(page)
        assert again.epoch.inner_text() == epoch
        again.screenshot("jupyterlab-oscuro")
    finally:
        lab.theme("JupyterLab Light")


def test_notebook_7_shows_it_too(browser, lab, errors):
    name = lab.notebook("siete.ipynb", f"from course.simulator import Simulator\nSimulator({json.dumps(SPIRAL)})")
    page = browser.new_page(viewport={"width": 1024, "height": 600})
    page.goto(lab.url(f"notebooks/{name}"))
    page.locator(".jp-CodeCell").first.wait_for(timeout=60_000)
    watch(page, errors)  # from here on: Notebook has complaints of its own as it starts
    run_first_cell(page)
    widget = Simulator(page)
    widget.train_until(20)
    widget.screenshot("notebook-7")
    page.close()
