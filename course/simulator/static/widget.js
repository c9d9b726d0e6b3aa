// The whole: top row, data, one or two panels, last row. `render` is what anywidget calls for each view.

import { DataColumn, TopBar } from "./controls.js";
import { h, number } from "./dom.js";
import { Footer } from "./drawers.js";
import { themeOf } from "./palette.js";
import { Panel } from "./panel.js";
import { Store } from "./store.js";

const SPOKEN = 5000; // milliseconds from one spoken epoch to the next

class View {
  constructor(model, el) {
    this.id = Math.random().toString(36).slice(2);
    this.gradients = false;
    this.store = new Store(model);
    this.top = new TopBar(this.store);
    this.data = new DataColumn(this.store, this);
    this.footer = new Footer(this.store, this);
    this.panels = [];
    this.stage = h("div", { class: "stage" });
    this.error = h("p", { class: "error", role: "alert", hidden: true });
    this.spoken = h("p", { class: "spoken", role: "status", "aria-live": "polite" });
    const parts = [this.top.element, this.error, h("div", { class: "middle" }, this.data.element, this.stage), this.footer.element, this.spoken];
    this.element = h("div", { class: "simulator", lang: "es", hidden: true }, ...parts);
    this.element.addEventListener("keydown", (event) => {
      // Jupyter takes plain keys for its own (Enter opens the cell, D D deletes it); Ctrl+S and the like may pass.
      if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
    });
    el.append(this.element);
    this.listen();
    this.store.send("hello");
  }

  listen() {
    const { store } = this;
    store.on("datasets", () => this.later(true));
    store.on("state", () => this.later(true));
    store.on("selected", () => this.later(true));
    store.on("frame", ({ number }) => {
      this.number = number;
      this.later();
    });
    store.on("error", ({ text }) => this.fail(text));
    const rethemed = () => this.later(true);
    this.watcher = new MutationObserver(rethemed);
    this.watcher.observe(document.body, { attributes: true });
    this.media = matchMedia("(prefers-color-scheme: dark)");
    this.media.addEventListener("change", rethemed);
    this.rethemed = rethemed;
    this.sizes = new ResizeObserver(() => this.later(true));
    this.sizes.observe(this.element);
  }

  // Draw once per picture of the screen, however many messages come; in a hidden tab, which has no pictures, at once.
  later(settings = false) {
    this.stale ||= settings;
    if (document.hidden) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.draw(), 0);
    } else {
      cancelAnimationFrame(this.request);
      this.request = requestAnimationFrame(() => this.draw());
    }
  }

  draw() {
    const { store } = this;
    if (store.current) {
      this.element.hidden = false;
      const theme = (this.element.dataset.theme = themeOf(this.element));
      this.arrange();
      if (this.stale) {
        this.top.show();
        this.data.show(theme);
        this.footer.show();
        this.stale = false;
      }
      this.top.tick();
      for (const panel of this.panels) panel.update(theme);
      this.speak();
    }
    if (this.number) store.send("seen", { number: this.number });
    this.number = 0;
  }

  arrange() {
    const count = this.store.experiments.length;
    if (count === this.panels.length) return;
    for (const panel of this.panels) panel.close();
    this.panels = Array.from({ length: count }, (_, i) => new Panel(this.store, i, this));
    this.stage.replaceChildren(...this.panels.map((panel) => panel.element));
    this.element.classList.toggle("comparing", count > 1);
  }

  showGradients(on) {
    this.gradients = on;
    this.later();
  }

  // What a screen reader says while it trains: the epoch and the losses, every few seconds and at each pause.
  speak() {
    const { current, playing } = this.store;
    const now = Date.now();
    if (playing && now - (this.spokenAt ?? 0) < SPOKEN) return;
    this.spokenAt = now;
    const text = `Época ${current.epoch}. Pérdida de entrenamiento ${number(current.trainLoss)}, de prueba ${number(current.testLoss)}.`;
    if (this.spoken.textContent !== text) this.spoken.textContent = text;
  }

  fail(text) {
    this.error.replaceChildren(text, h("button", { type: "button", "aria-label": "Cerrar el aviso", onclick: () => (this.error.hidden = true) }, "×"));
    this.error.hidden = false;
    clearTimeout(this.errorTimer);
    this.errorTimer = setTimeout(() => (this.error.hidden = true), 12000);
  }

  close() {
    this.store.close();
    this.watcher.disconnect();
    this.sizes.disconnect();
    this.media.removeEventListener("change", this.rethemed);
    for (const panel of this.panels) panel.close();
  }
}

export default {
  render({ model, el }) {
    const view = new View(model, el);
    return () => view.close();
  },
};
