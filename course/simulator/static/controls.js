// The controls: one row above, the data at the left. They show and change the selected experiment.

import { h, sharpContext } from "./dom.js";
import { drawPoints } from "./heatmap.js";

const RATES = [0.00001, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const PENALTIES = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const DATASETS = {
  classification: { circle: "Círculo", xor: "XOR", gauss: "Dos nubes", spiral: "Espiral" },
  regression: { "reg-plane": "Plano", "reg-gauss": "Colinas" },
};
const OWN = { classification: "own", regression: "reg-own" };
const OWN_NAME = "Tus puntos";
export const DATASET_NAMES = { ...DATASETS.classification, ...DATASETS.regression, own: OWN_NAME, "reg-own": OWN_NAME };
const PACES = { 1: "1 época", 5: "5 épocas", 25: "25 épocas", 0: "sin límite" };
const PER_LAYER = "per-layer";

const problemOf = ({ dataset }) => (dataset.startsWith("reg-") ? "regression" : "classification");

// A labelled control: `show(settings)` puts the present value in it.
export function field(label, control, show, extra = {}) {
  return { element: h("label", { class: "field", ...extra }, h("span", {}, label), control), control, show };
}

export function select(label, options, name, store, { value = (settings) => settings[name], change } = {}) {
  const control = h("select", {
    onchange: () => (change ? change(control.value) : store.change({ [name]: control.value })),
  });
  const add = (key, text) => control.append(h("option", { value: key }, text));
  for (const [key, text] of options) add(key, text);
  return field(label, control, (settings) => {
    const wanted = String(value(settings));
    if (![...control.options].some((option) => option.value === wanted)) add(wanted, wanted);
    control.value = wanted;
  });
}

export function numbers(label, values, name, store) {
  const options = values.map((value) => [String(value), value < 0.001 && value ? value.toFixed(5).replace(/0+$/, "") : String(value)]);
  return select(label, options, name, store, { change: (text) => store.change({ [name]: Number(text) }) });
}

function range(label, name, store, { min, max, step, unit = "" }) {
  const shown = h("span", { class: "value", "aria-hidden": "true" });
  let held = false; // while it is dragged, what comes back from the engine must not move it
  const control = h("input", {
    type: "range",
    ...{ min, max, step },
    oninput: () => {
      held = true;
      shown.textContent = `${control.value}${unit}`;
    },
    onchange: () => {
      held = false;
      store.change({ [name]: Number(control.value) });
    },
  });
  const show = (settings) => {
    if (held) return;
    if (settings[name] > Number(control.max)) control.max = settings[name];
    control.value = settings[name];
    shown.textContent = `${settings[name]}${unit}`;
    control.setAttribute("aria-valuetext", shown.textContent);
  };
  return { element: h("label", { class: "range" }, h("span", {}, label), shown, control), show };
}

export class TopBar {
  constructor(store) {
    this.store = store;
    const button = (text, title, act, kind = "") => h("button", { type: "button", class: kind, title, onclick: act }, text);
    this.playButton = button("▶ Entrenar", "Entrenar", () => store.send(store.playing ? "pause" : "play"), "primary");
    this.epoch = h("output", { class: "epoch", "aria-label": "Época" });
    const activations = ["relu", "tanh", "sigmoid", "linear"].map((name) => [name, name === "linear" ? "lineal" : name]);
    this.fields = [
      numbers("Tasa de aprendizaje", RATES, "learning_rate", store),
      select("Activación", [...activations, [PER_LAYER, "por capa"]], "activation", store, {
        value: (settings) => (Array.isArray(settings.activation) ? PER_LAYER : settings.activation),
        change: (value) => this.activate(value),
      }),
      select("Regularización", [["none", "ninguna"], ["L1", "L1"], ["L2", "L2"]], "regularization", store),
      numbers("Tasa de regul.", PENALTIES, "regularization_rate", store),
      select("Problema", [["classification", "clasificación"], ["regression", "regresión"]], "problem", store, {
        value: problemOf,
        change: (value) => store.change({ dataset: value === "regression" ? "reg-plane" : "circle" }),
      }),
      select("Por imagen", Object.entries(PACES).sort((a, b) => (Number(a[0]) || 1e9) - (Number(b[0]) || 1e9)), "pace", store, {
        value: () => store.pace,
        change: (value) => store.ask("pace", { epochs: Number(value) }),
      }),
    ];
    this.element = h(
      "div",
      { class: "top", role: "group", "aria-label": "Controles del entrenamiento" },
      h(
        "div",
        { class: "transport" },
        this.playButton,
        button("Paso", "Entrenar una época", () => store.send("step")),
        button("↺ Reiniciar", "Volver a la época 0 con los mismos pesos iniciales", () => store.send("reset", { newWeights: false })),
        button("Pesos nuevos", "Volver a la época 0 con otros pesos iniciales", () => store.send("reset", { newWeights: true })),
        h("div", { class: "counter" }, h("span", {}, "Época"), this.epoch),
      ),
      h("div", { class: "fields" }, ...this.fields.map((one) => one.element)),
    );
  }

  activate(value) {
    const settings = this.store.settings();
    const first = [settings.activation].flat()[0] ?? "tanh";
    this.store.change({ activation: value === PER_LAYER ? settings.layers.map(() => first) : value });
  }

  show() {
    const settings = this.store.settings();
    for (const { show } of this.fields) show(settings);
    this.tick();
  }

  tick() {
    const { playing, current } = this.store;
    const text = playing ? "❚❚ Pausar" : "▶ Entrenar";
    if (this.playButton.textContent !== text) this.playButton.textContent = text;
    this.playButton.title = playing ? "Pausar" : "Entrenar";
    this.epoch.textContent = String(current.epoch ?? 0);
  }
}

export class DataColumn {
  constructor(store, view) {
    [this.store, this.view] = [store, view];
    this.sets = h("div", { class: "sets", role: "radiogroup", "aria-label": "Conjunto de datos" });
    this.ranges = [
      range("Ruido", "noise", store, { min: 0, max: 50, step: 5 }),
      range("Entrenamiento", "train_percent", store, { min: 10, max: 90, step: 10, unit: " %" }),
      range("Lote", "batch_size", store, { min: 1, max: 30, step: 1 }),
    ];
    const again = h("button", { type: "button", title: "Otros puntos y otros pesos, con otra semilla", onclick: () => store.change({ seed: null }) }, "Otros datos");
    this.element = h(
      "section",
      { class: "data", "aria-label": "Datos" },
      this.sets,
      h("div", { class: "ranges" }, ...this.ranges.map((one) => one.element)),
      again,
    );
  }

  show(theme) {
    const { current } = this.store;
    const settings = this.store.settings();
    const problem = problemOf(settings);
    for (const { show } of this.ranges) show(settings);
    this.own ??= current.own ? current.settings.dataset : null; // the student's own points stay at hand
    const names = { ...DATASETS[problem] };
    if (this.own === OWN[problem]) names[this.own] = OWN_NAME;
    const key = JSON.stringify([names, settings.dataset, theme, Object.keys(this.store.datasets).length]);
    if (key === this.key) return;
    this.key = key;
    const focused = this.sets.contains(document.activeElement);
    this.sets.replaceChildren(...Object.entries(names).map(([name, text]) => this.option(name, text, settings.dataset)));
    for (const option of this.sets.children) this.picture(option, theme);
    if (focused) this.sets.querySelector("input:checked")?.focus();
  }

  option(name, text, chosen) {
    const input = h("input", {
      type: "radio",
      name: `simulator-set-${this.view.id}`,
      value: name,
      checked: name === chosen,
      onchange: () => this.store.change({ dataset: name }),
    });
    return h("label", { class: "set", title: text }, input, h("canvas", { "aria-hidden": "true" }), h("span", {}, text));
  }

  picture(option, theme) {
    const points = this.store.datasets[option.querySelector("input").value];
    const canvas = option.querySelector("canvas");
    const size = canvas.clientWidth;
    if (points && size) drawPoints(sharpContext(canvas, size, size), points, size, { theme, classes: 2, radius: 1.5 });
  }
}
