// One experiment on the screen: its network, what it gives over the plane, and its losses.

import { Chart } from "./chart.js";
import { Diagram } from "./diagram.js";
import { h, number, plural, sharpContext } from "./dom.js";
import { neuronName } from "./editor.js";
import { drawMap, drawPoints, drawWinners, SIDE, WHOLE } from "./heatmap.js";

const LETTERS = ["A", "B"];

export class Panel {
  constructor(store, which, view) {
    [this.store, this.which] = [store, which];
    this.hovered = null;
    this.diagram = new Diagram(store, which, {
      onhover: (node) => {
        this.hovered = node;
        this.paintOutput();
      },
      gradients: () => view.gradients,
    });
    this.map = h("canvas", { class: "map" });
    this.points = h("canvas", { class: "points" });
    this.mapTitle = h("figcaption", {});
    this.plane = h("div", { class: "plane", role: "img" }, this.map, this.points);
    this.scale = h("div", { class: "scale", "aria-hidden": "true" }, h("span", {}, "−1"), h("span", { class: "bar" }), h("span", {}, "1"));
    this.stats = Object.fromEntries(["train", "test", "accuracy"].map((name) => [name, h("output", {})]));
    this.warning = h("p", { class: "warning", role: "status" });
    this.chart = new Chart();
    this.choice = h(
      "label",
      { class: "choice" },
      h("input", { type: "radio", name: `simulator-choice-${view.id}`, onchange: () => this.choose() }),
      h("span", {}, `Experimento ${LETTERS[which]}`),
    );
    this.summary = h("span", { class: "summary" });
    const stat = (name, text) => h("div", { class: "stat" }, h("span", {}, text), this.stats[name]);
    this.element = h(
      "div",
      { class: "panel", role: "group", "aria-label": `Experimento ${LETTERS[which]}` },
      h("div", { class: "panel-head" }, this.choice, this.summary),
      this.diagram.element,
      h(
        "div",
        { class: "side" },
        h("figure", { class: "output" }, this.mapTitle, this.plane, this.scale),
        h(
          "div",
          { class: "numbers" },
          h("div", { class: "stats" }, stat("train", "Entrenamiento"), stat("test", "Prueba"), stat("accuracy", "Exactitud")),
          this.chart.element,
        ),
      ),
      this.warning,
    );
  }

  get experiment() {
    return this.store.experiments[this.which];
  }

  choose() {
    this.store.selected = this.which;
    this.store.emit("selected");
  }

  update(theme) {
    this.theme = theme;
    const { experiment } = this;
    this.choice.querySelector("input").checked = this.store.selected === this.which;
    const { settings } = experiment;
    this.summary.textContent = `${[settings.activation].flat().join(", ")} · tasa ${settings.learning_rate}`;
    this.stats.train.textContent = number(experiment.trainLoss);
    this.stats.test.textContent = number(experiment.testLoss);
    this.stats.accuracy.parentElement.hidden = experiment.accuracy == null;
    this.stats.accuracy.textContent = `${Math.round(100 * (experiment.accuracy ?? 0))} %`;
    this.diagram.update(theme);
    this.paintOutput();
    this.chart.update(experiment, theme);
    this.warn();
  }

  paintOutput() {
    const { experiment, hovered, theme } = this;
    if (!experiment) return; // it was taken away, and so will be this panel
    const { settings } = experiment;
    const classes = experiment.problem === "regression" ? 2 : settings.classes;
    const output = hovered == null || hovered.k === experiment.units.length - 1;
    if (!output) drawMap(this.map, hovered.map(), SIDE, theme, settings.discretize);
    else if (experiment.winner) drawWinners(this.map, experiment.winner, experiment.output, classes, theme, settings.discretize);
    else drawMap(this.map, experiment.output, WHOLE, theme, settings.discretize);
    this.scale.hidden = output && experiment.winner != null;
    const name = output ? "salida de la red" : hovered.k ? neuronName(experiment, hovered.k, hovered.i) : `entrada ${neuronName(experiment, 0, hovered.row)}`;
    this.mapTitle.textContent = name[0].toUpperCase() + name.slice(1);
    this.plane.setAttribute("aria-label", this.describe(name));
    const size = this.plane.clientWidth;
    if (!size) return;
    const context = sharpContext(this.points, size, size);
    const look = { theme, classes, radius: experiment.train.length > 1500 ? 2.1 : 2.7 };
    drawPoints(context, experiment.train, size, look);
    if (settings.show_test) drawPoints(context, experiment.test, size, { ...look, hollow: true });
  }

  describe(name) {
    const { trainCount, testCount, settings } = this.experiment;
    const tests = settings.show_test ? ` y ${plural(testCount, "punto")} de prueba, huecos` : "";
    return `Mapa de calor de la ${name} en el cuadrado de −6 a 6, con ${plural(trainCount, "punto")} de entrenamiento${tests}`;
  }

  warn() {
    const { dead, stopped } = this.experiment;
    const layers = Map.groupBy(dead, ([k]) => k);
    const where = [...layers].map(([k, units]) => `capa ${k}: ${units.map(([, i]) => i + 1).join(", ")}`).join("; ");
    const silent = dead.length ? `⚠ Neuronas ReLU muertas (dan 0 en todos los puntos), ${where}.` : "";
    const text = [stopped, silent].filter(Boolean).join(" ");
    if (this.warning.textContent !== text) this.warning.textContent = text;
  }

  close() {
    this.diagram.close();
  }
}
