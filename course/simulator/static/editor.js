// The card of a neuron: its bias and its incoming weights, to read and to write.

import { h, number } from "./dom.js";
import { weightIndex, offsets } from "./store.js";
import { INPUTS } from "./heatmap.js";

export function neuronName(experiment, k, i) {
  const last = experiment.units.length - 1;
  if (k === 0) return INPUTS[experiment.settings.inputs[i]].name;
  if (k === last) return experiment.units[last] > 1 ? `salida ${i}` : "salida";
  return `neurona ${i + 1} de la capa ${k}`;
}

export class Editor {
  constructor(store, which) {
    [this.store, this.which] = [store, which];
    this.fields = [];
    this.element = h("div", {
      class: "card",
      role: "dialog",
      hidden: true,
      onkeydown: (event) => {
        if (event.key === "Escape") this.close();
      },
    });
  }

  get experiment() {
    return this.store.experiments[this.which];
  }

  // Show neuron `i` of layer `k` near `anchor`, with the weight from `row` (or the bias) ready to be written.
  open(anchor, k, i, row = null) {
    [this.k, this.i, this.anchor] = [k, i, anchor];
    const title = neuronName(this.experiment, k, i);
    const rows = Array.from({ length: this.experiment.units[k - 1] }, (_, j) => j);
    this.fields = [null, ...rows].map((j) => this.field(j));
    this.element.setAttribute("aria-label", `Pesos de: ${title}`);
    this.element.replaceChildren(
      h("div", { class: "card-title" }, h("strong", {}, title), h("button", { type: "button", "aria-label": "Cerrar", onclick: () => this.close() }, "×")),
      h("div", { class: "card-head", "aria-hidden": "true" }, h("span", {}, ""), h("span", {}, "valor"), h("span", {}, "gradiente")),
      ...this.fields.map((field) => field.line),
    );
    this.element.hidden = false;
    this.place();
    this.update();
    const { input } = this.fields[row == null ? 0 : row + 1];
    input.focus();
    input.select();
  }

  close() {
    if (this.element.hidden) return;
    const focused = this.element.contains(document.activeElement);
    this.element.hidden = true;
    this.fields = [];
    if (focused && this.anchor.isConnected) this.anchor.focus();
  }

  field(row) {
    const name = row == null ? "sesgo" : `desde ${neuronName(this.experiment, this.k - 1, row)}`;
    const input = h("input", {
      type: "number",
      step: "0.1",
      "aria-label": row == null ? "Sesgo" : `Peso ${name}`,
      onchange: () => this.write(row, input.value),
    });
    const gradient = h("span", { class: "gradient" });
    return { row, input, gradient, line: h("label", {}, h("span", {}, name), input, gradient) };
  }

  write(row, text) {
    if (text.trim() === "") return this.update();
    const where = { which: this.which, layer: this.k - 1, row, column: this.i };
    this.store.send("edit", { ...where, value: Number(text) });
  }

  // Fresh values, except in the field that is being written.
  update() {
    for (const { row, input, gradient } of this.fields) {
      const { units } = this.experiment;
      const bias = row == null;
      const at = bias ? offsets(units, this.k).biases + this.i : weightIndex(units, this.k, row, this.i);
      const value = this.experiment[bias ? "biases" : "weights"][at];
      if (document.activeElement !== input || !this.store.playing) input.value = Number(value.toPrecision(5));
      gradient.textContent = number(this.experiment[bias ? "biasGradients" : "weightGradients"][at], 4);
    }
  }

  place() {
    const box = this.element.offsetParent.getBoundingClientRect();
    const anchor = this.anchor.getBoundingClientRect();
    const right = anchor.right - box.left + 8;
    const left = right + this.element.offsetWidth < box.width ? right : anchor.left - box.left - this.element.offsetWidth - 8;
    const top = Math.min(anchor.top - box.top, box.height - this.element.offsetHeight - 4);
    this.element.style.left = `${Math.max(4, left)}px`;
    this.element.style.top = `${Math.max(4, top)}px`;
  }
}
