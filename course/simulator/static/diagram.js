// The network: neurons with their heat maps, links with their weights, and the backward pass on the same drawing.

import { h, number, plural, svg } from "./dom.js";
import { Editor, neuronName } from "./editor.js";
import { drawMap, INPUTS, inputMap, SIDE } from "./heatmap.js";
import { offsets, weightIndex } from "./store.js";

const MOST = 24; // neurons of a layer that are drawn
const HEAD = { buttons: 26, activations: 50 }; // pixels above the neurons, for the buttons of each layer
const ROOMY = 64; // pixels from layer to layer below which their buttons take turns in two rows
const NAMES = Object.keys(INPUTS);
const LIMITS = { layers: 8, units: 16 };

export class Diagram {
  constructor(store, which, { onhover, gradients }) {
    Object.assign(this, { store, which, onhover, gradients });
    this.links = svg("svg", { class: "links", "aria-hidden": "true" });
    this.nodes = h("div", {
      class: "nodes",
      role: "group",
      "aria-label": "Red. Las flechas van de neurona en neurona; Intro abre sus pesos, o activa la entrada",
      onkeydown: (event) => this.key(event),
    });
    this.heads = h("div", { class: "heads" });
    this.tip = h("div", { class: "tip", role: "tooltip", hidden: true });
    this.editor = new Editor(store, which);
    this.scene = h("div", { class: "scene" }, this.links, this.nodes, this.heads, this.tip, this.editor.element);
    this.layerCount = h("output", { class: "layer-count" });
    this.caption = h("p", { class: "caption" });
    this.element = h(
      "div",
      { class: "diagram", role: "group", "aria-label": "Red neuronal" },
      h("div", { class: "layer-bar" }, h("span", {}, "Capas ocultas"), this.layerButton(-1), this.layerCount, this.layerButton(1)),
      h("div", { class: "scroller" }, this.scene),
      this.caption,
    );
    this.observer = new ResizeObserver(() => this.experiment && this.update(this.theme));
    this.observer.observe(this.scene);
  }

  get experiment() {
    return this.store.experiments[this.which];
  }

  change(changes) {
    this.store.change(changes, this.which);
  }

  // What a click builds upon; what is drawn is what the experiment has.
  get wanted() {
    return this.store.settings(this.which);
  }

  layerButton(step) {
    const text = step > 0 ? "Añadir una capa oculta" : "Quitar la última capa oculta";
    const act = () => {
      const layers = this.wanted.layers;
      this.change({ layers: step > 0 ? [...layers, 2].slice(0, Math.max(LIMITS.layers, layers.length)) : layers.slice(0, -1) });
    };
    const about = { type: "button", "data-at": `layers,${step}`, "aria-label": text, title: text, onclick: act };
    const button = h("button", about, step > 0 ? "+" : "−");
    this[step > 0 ? "more" : "less"] = button;
    return button;
  }

  // ------------------------------------------------------------------ what there is

  update(theme) {
    this.theme = theme;
    const { settings, units } = this.experiment;
    const key = JSON.stringify([units, settings.inputs, settings.activation, theme, this.scene.clientWidth, this.scene.clientHeight]);
    if (key !== this.key_) this.build();
    this.key_ = key;
    this.paintNodes();
    this.paintLinks();
    if (!this.editor.element.hidden) this.editor.update();
    if (!this.tip.hidden) this.tip.textContent = this.tell();
  }

  build() {
    const { units, settings } = this.experiment;
    this.editor.close(); // first: it gives the focus that it has back to its neuron
    this.leave(); // what was under the mouse may be gone
    const focused = this.element.contains(document.activeElement) ? document.activeElement.dataset.at : null;
    this.layerCount.textContent = settings.layers.length;
    this.less.disabled = settings.layers.length === 0;
    this.more.disabled = settings.layers.length >= LIMITS.layers;
    this.measure();
    this.columns = units.map((count, k) => (k === 0 ? this.inputNodes() : this.unitNodes(k, count)));
    this.nodes.replaceChildren(...this.columns.flat().map((node) => node.element), ...this.leftOut());
    this.heads.replaceChildren(...settings.layers.map((count, at) => this.head(at + 1, count)));
    this.buildLinks();
    const all = this.columns.flat();
    (all.find((node) => node.element.dataset.at === focused) ?? all[0]).element.tabIndex = 0;
    this.refocus(focused);
  }

  // Give the focus to what is now where it was; a button at its limit cannot have it, but the other of the two can.
  refocus(at) {
    const there = this.element.querySelector(`[data-at="${at}"]`);
    (there?.disabled ? there.parentElement.querySelector("button:enabled") : there)?.focus();
  }

  measure() {
    const { units, settings } = this.experiment;
    const tallest = Math.max(NAMES.length, ...units.slice(1).map((count) => Math.min(count, MOST)));
    const row = Array.isArray(settings.activation) ? HEAD.activations : HEAD.buttons;
    const tight = (this.scene.clientWidth - 116) / (units.length - 1) < ROOMY;
    const head = 4 + row * (tight ? 2 : 1);
    const [width, height] = [this.scene.clientWidth, this.scene.clientHeight - head];
    this.pitch = Math.min(44, height / tallest);
    this.size = Math.max(8, Math.min(32, this.pitch - 6));
    const step = (width - 58 - this.size - 26) / (units.length - 1);
    this.x = units.map((_, k) => 58 + k * step);
    this.y = (count, i) => head + (height - count * this.pitch) / 2 + i * this.pitch + (this.pitch - this.size) / 2;
    this.headTop = (k) => 2 + (tight && k % 2 === 0 ? row : 0);
  }

  inputNodes() {
    const { inputs } = this.experiment.settings;
    return NAMES.map((name, place) => {
      const active = inputs.includes(name);
      const toggle = () => {
        const before = this.wanted.inputs;
        this.change({ inputs: NAMES.filter((other) => (other === name) !== before.includes(other)) });
      };
      const node = this.node(0, place, this.x[0], this.y(NAMES.length, place), toggle);
      node.element.setAttribute("aria-pressed", active);
      node.element.setAttribute("aria-label", `Entrada ${INPUTS[name].name}`);
      node.element.append(h("span", { class: "input-name", "aria-hidden": "true" }, INPUTS[name].label));
      drawMap(node.canvas, inputMap(name), SIDE, this.theme, false);
      node.row = inputs.indexOf(name);
      node.map = () => inputMap(name);
      return node;
    });
  }

  unitNodes(k, count) {
    const shown = Math.min(count, MOST);
    return Array.from({ length: shown }, (_, i) => {
      const node = this.node(k, i, this.x[k], this.y(shown, i), () => this.editor.open(node.element, k, i));
      const name = neuronName(this.experiment, k, i);
      node.element.setAttribute("aria-label", `${name[0].toUpperCase()}${name.slice(1)}`);
      node.element.setAttribute("aria-haspopup", "dialog");
      node.row = i;
      node.map = () => this.mapOf(k, i);
      return node;
    });
  }

  node(k, i, x, y, act) {
    const canvas = h("canvas", { width: SIDE, height: SIDE });
    const element = h(
      "button",
      {
        type: "button",
        class: "node",
        tabindex: "-1",
        "data-at": `${k},${i}`,
        style: { left: `${x}px`, top: `${y}px`, width: `${this.size}px`, height: `${this.size}px` },
        onclick: act,
        onmouseenter: () => this.hoverNode(node),
        onmouseleave: () => this.leave(),
        onfocus: () => this.hoverNode(node),
        onblur: () => this.leave(),
      },
      canvas,
    );
    const node = { element, canvas, k, i, x, y, row: i };
    return node;
  }

  leftOut() {
    return this.experiment.units.slice(1).flatMap((count, at) => {
      if (count <= MOST) return [];
      return h("span", { class: "left-out", style: { left: `${this.x[at + 1] + this.size + 2}px` } }, `y ${count - MOST} más`);
    });
  }

  head(k, count) {
    const { settings } = this.experiment;
    const add = (step) => {
      const limited = (units) => Math.max(1, Math.min(LIMITS.units, units + step));
      this.change({ layers: this.wanted.layers.map((units, at) => (at === k - 1 ? limited(units) : units)) });
    };
    const button = (step, text) =>
      h(
        "button",
        {
          type: "button",
          "data-at": `units,${k},${step}`,
          "aria-label": `${step > 0 ? "Añadir una neurona a" : "Quitar una neurona de"} la capa ${k}`,
          disabled: step > 0 ? count >= LIMITS.units : count <= 1,
          onclick: () => add(step),
        },
        text,
      );
    const stepper = h("div", { class: "stepper" }, button(-1, "−"), h("span", { title: plural(count, "neurona") }, count), button(1, "+"));
    const style = { left: `${this.x[k] + this.size / 2}px`, top: `${this.headTop(k)}px` };
    return h(
      "div",
      { class: "head", style, role: "group", "aria-label": `Capa ${k}: ${plural(count, "neurona")}` },
      stepper,
      Array.isArray(settings.activation) ? this.activationOf(k) : null,
    );
  }

  activationOf(k) {
    const { activation } = this.experiment.settings;
    const change = (event) => {
      const before = this.wanted.activation;
      this.change({ activation: before.map((old, at) => (at === k - 1 ? event.target.value : old)) });
    };
    const options = ["relu", "tanh", "sigmoid", "linear"].map((name) => h("option", { value: name, selected: name === activation[k - 1] }, name));
    const about = { class: "layer-activation", "data-at": `activation,${k}`, "aria-label": `Activación de la capa ${k}`, onchange: change };
    return h("select", about, ...options);
  }

  buildLinks() {
    const { units } = this.experiment;
    const starts = this.columns.map((column, k) => (k ? column : column.filter((node) => node.row >= 0)));
    this.edges = [];
    for (let k = 1; k < units.length; k++) {
      for (const from of starts[k - 1]) for (const to of starts[k]) this.edges.push(this.edge(k, from, to));
    }
    this.links.replaceChildren(...this.edges.flatMap((edge) => [edge.line, edge.hit]));
  }

  edge(k, from, to) {
    const [x0, x1] = [from.x + this.size, to.x];
    const [y0, y1] = [from.y + this.size / 2, to.y + this.size / 2];
    const middle = (x0 + x1) / 2;
    const d = `M${x0} ${y0}C${middle} ${y0} ${middle} ${y1} ${x1} ${y1}`;
    const edge = { k, from, to, line: svg("path", { d, class: "link" }) };
    edge.hit = svg("path", {
      d,
      class: "hit",
      onmousemove: (event) => this.hoverLink(edge, event),
      onmouseleave: () => this.leave(),
      onclick: () => this.editor.open(to.element, k, to.row, from.row),
    });
    return edge;
  }

  // ------------------------------------------------------------------ what changes as it trains

  mapOf(k, i) {
    const before = this.experiment.units.slice(0, k).reduce((sum, count) => sum + count, 0);
    return this.experiment.maps.subarray((before + i) * SIDE * SIDE, (before + i + 1) * SIDE * SIDE);
  }

  paintNodes() {
    const { settings, dead, units, biasGradients } = this.experiment;
    const most = Math.max(...biasGradients.map(Math.abs)) || 1;
    const silent = new Set(dead.map(([k, i]) => `${k},${i}`));
    for (const node of this.columns.slice(1).flat()) {
      drawMap(node.canvas, this.mapOf(node.k, node.i), SIDE, this.theme, settings.discretize);
      const isDead = silent.has(node.element.dataset.at);
      node.element.classList.toggle("dead", isDead);
      const gradient = biasGradients[offsets(units, node.k).biases + node.i];
      node.element.classList.toggle("negative", gradient < 0);
      node.element.style.setProperty("--ring", this.gradients() ? `${(1 + (4 * Math.abs(gradient)) / most).toFixed(1)}px` : null);
    }
    this.nodes.classList.toggle("backward", this.gradients());
  }

  paintLinks() {
    const { units, weights, weightGradients, cut } = this.experiment;
    const backward = this.gradients();
    const values = backward ? weightGradients : weights;
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const scale = backward ? 6 / (largest || 1) : 2.4;
    for (const edge of this.edges) {
      const at = weightIndex(units, edge.k, edge.from.row, edge.to.row);
      edge.value = weights[at];
      edge.gradient = weightGradients[at];
      edge.cut = cut[at] === 1;
      edge.line.style.strokeWidth = Math.min(9, 0.4 + Math.abs(values[at]) * scale).toFixed(2);
      edge.line.setAttribute("class", `link ${edge.cut ? "cut" : values[at] < 0 ? "negative" : "positive"}`);
    }
    this.caption.classList.toggle("backward", backward);
    this.caption.textContent = backward
      ? `← Hacia atrás: cada línea es ∂L/∂w y el borde de cada neurona ∂L/∂u; la más gruesa vale ${number(largest, 4)}.`
      : "Azul continua: peso positivo. Naranja discontinua: negativo. Clic: leerlo o cambiarlo.";
  }

  // ------------------------------------------------------------------ mouse and keyboard

  hoverNode(node) {
    this.onhover(node.k === 0 && node.row < 0 ? null : node);
    if (node.k === 0) return;
    this.showTip(node.x + this.size / 2, node.y, () => {
      const { units, biases, biasGradients, activations } = this.experiment;
      const at = offsets(units, node.k).biases + node.i;
      const extra = this.gradients() ? ` · ∂L/∂u ${number(biasGradients[at], 4)}` : "";
      const dead = node.element.classList.contains("dead") ? " · neurona muerta" : "";
      return `sesgo ${number(biases[at])} · ${activations[node.k - 1]}${extra}${dead}`;
    });
  }

  hoverLink(edge, event) {
    const box = this.scene.getBoundingClientRect();
    const from = neuronName(this.experiment, edge.k - 1, edge.from.row);
    const ends = `${from} → ${neuronName(this.experiment, edge.k, edge.to.row)}`;
    this.showTip(event.clientX - box.left, event.clientY - box.top - 8, () => {
      const extra = edge.cut ? " · cortado por L1" : this.gradients() ? ` · ∂L/∂w = ${number(edge.gradient, 4)}` : "";
      return `${ends}: w = ${number(edge.value)}${extra}`;
    });
  }

  // `tell` returns the text, which is told anew as long as the tip is there: weights change while it trains.
  showTip(x, y, tell) {
    this.tell = tell;
    this.tip.textContent = tell();
    this.tip.hidden = false;
    const half = this.tip.offsetWidth / 2;
    this.tip.style.left = `${Math.max(half + 2, Math.min(this.scene.clientWidth - half - 2, x))}px`;
    this.tip.style.top = `${Math.max(this.tip.offsetHeight + 4, y - 4)}px`;
  }

  leave() {
    this.tip.hidden = true;
    this.onhover(null);
  }

  key(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (!(event.key in moves) || !event.target.dataset.at) return;
    event.preventDefault();
    const [k, i] = event.target.dataset.at.split(",").map(Number);
    const [dk, di] = moves[event.key];
    const column = this.columns[Math.max(0, Math.min(this.columns.length - 1, k + dk))];
    const target = column[Math.max(0, Math.min(column.length - 1, i + di))];
    for (const node of this.columns.flat()) node.element.tabIndex = -1;
    target.element.tabIndex = 0;
    target.element.focus();
  }

  close() {
    this.observer.disconnect();
  }
}
