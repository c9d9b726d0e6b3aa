// The last row: what shows more, and what opens below it (options, history, link, Keras source).

import { DATASET_NAMES, field, select } from "./controls.js";
import { copyText, h, number } from "./dom.js";

function check(label, name, store) {
  const control = h("input", { type: "checkbox", onchange: () => store.change({ [name]: control.checked }) });
  const show = (settings) => (control.checked = settings[name]);
  return { element: h("label", { class: "check" }, control, h("span", {}, label)), control, show };
}

// `empty` is what a field without text asks for; failing that it asks for nothing.
function text(label, name, store, { kind = "text", empty, ...attributes }) {
  const ask = () => {
    const written = control.value.trim();
    const value = written === "" ? empty : kind === "number" ? Number(written) : written;
    if (value !== undefined) store.change({ [name]: value });
  };
  const show = (settings) => {
    if (document.activeElement !== control) control.value = settings[name] ?? "";
  };
  // What was refused may be corrected while it has the focus; then the field shows again what the network has.
  const control = h("input", { type: kind, ...attributes, onchange: ask, onblur: () => show(store.settings()) });
  return field(label, control, show);
}

export class Footer {
  constructor(store, view) {
    [this.store, this.view] = [store, view];
    this.showTest = check("Mostrar prueba", "show_test", store);
    this.discretize = check("Discretizar", "discretize", store);
    this.gradients = h("input", { type: "checkbox", onchange: () => view.showGradients(this.gradients.checked) });
    this.compare = h("input", { type: "checkbox", onchange: () => store.ask("compare", { on: this.compare.checked }) });
    const tick = (control, label) => h("label", { class: "check" }, control, h("span", {}, label));
    this.drawers = [
      new Options(store),
      new History(store),
      new Share(store),
      new KerasSource(store),
    ];
    this.buttons = this.drawers.map((drawer) => this.opener(drawer));
    this.element = h(
      "div",
      { class: "bottom" },
      h(
        "div",
        { class: "row" },
        this.showTest.element,
        this.discretize.element,
        tick(this.gradients, "Gradiente"),
        tick(this.compare, "Comparar"),
        h("div", { class: "openers" }, ...this.buttons),
      ),
      ...this.drawers.map((drawer) => drawer.element),
    );
  }

  opener(drawer) {
    drawer.element.hidden = true;
    const button = h("button", { type: "button", "aria-expanded": "false", onclick: () => this.toggle(drawer) }, drawer.title);
    drawer.element.setAttribute("role", "region");
    drawer.element.setAttribute("aria-label", drawer.title);
    return button;
  }

  toggle(chosen) {
    this.drawers.forEach((drawer, i) => {
      drawer.element.hidden = drawer !== chosen || !drawer.element.hidden;
      this.buttons[i].setAttribute("aria-expanded", String(!drawer.element.hidden));
    });
    if (!chosen.element.hidden) chosen.open?.();
  }

  show() {
    const settings = this.store.settings();
    this.showTest.show(settings);
    this.discretize.show(settings);
    this.compare.checked = this.store.comparing;
    for (const drawer of this.drawers) drawer.show();
  }
}

class Options {
  constructor(store) {
    [this.store, this.title] = [store, "Opciones"];
    const positive = { kind: "number", min: 0, step: "any" };
    this.fields = [
      select("Función de pérdida", [["half_mse", "½ error cuadrático medio"], ["cross_entropy", "entropía cruzada"]], "loss", store),
      select("Optimizador", [["sgd", "descenso del gradiente"], ["momentum", "con momento"], ["adam", "Adam"]], "optimizer", store),
      text("Momento", "momentum", store, positive),
      text("Dropout", "dropout", store, { ...positive, max: 0.95 }),
      select("Inicialización", [["uniform", "uniforme ±0.5"], ["he", "He"], ["glorot", "Glorot"]], "initializer", store),
      text("Tasa variable", "schedule", store, { placeholder: "step:100,0.5", empty: "constant" }),
      text("Clases", "classes", store, { kind: "number", min: 2, max: 10, step: 1 }),
      text("Parar con pérdida ≤", "target_loss", store, { ...positive, empty: null }),
      text("Paciencia (épocas)", "patience", store, { kind: "number", min: 1, step: 1, empty: null }),
      text("Semilla", "seed", store, { placeholder: "al azar", empty: null }),
    ];
    this.zero = check("Empezar con pesos 0", "init_zero", store);
    this.element = h("div", { class: "drawer options" }, ...this.fields.map((one) => one.element), this.zero.element);
  }

  show() {
    for (const { show } of [...this.fields, this.zero]) show(this.store.settings());
  }
}

class History {
  constructor(store) {
    [this.store, this.title] = [store, "Historial"];
    this.element = h("div", { class: "drawer history", tabindex: 0 }); // the keys can scroll it
  }

  show() {
    const { runs } = this.store;
    if (runs.length === this.count) return;
    this.count = runs.length;
    if (!runs.length) {
      this.element.replaceChildren(h("p", {}, "Aquí queda cada entrenamiento que terminas: al reiniciar o al cambiar la red o los datos."));
      return;
    }
    const heads = ["Nº", "Datos", "Ruido", "Capas", "Activación", "Tasa", "Regul.", "Lote", "Semilla", "Épocas", "Entren.", "Prueba", "Acción"];
    const table = h(
      "table",
      {},
      h("caption", {}, "Entrenamientos anteriores"),
      h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, ...runs.toReversed().map((run) => this.row(run))),
    );
    this.element.replaceChildren(table);
  }

  row(run) {
    const s = run.settings;
    const penalty = s.regularization === "none" ? "ninguna" : `${s.regularization} ${s.regularization_rate}`;
    const cells = [run.number, DATASET_NAMES[s.dataset], s.noise, s.layers.join("–") || "ninguna", [s.activation].flat().join(", "), s.learning_rate, penalty];
    cells.push(s.batch_size, s.seed, run.epoch, number(run.train_loss), number(run.test_loss));
    const again = () => this.store.send("again", { which: this.store.selected, settings: s });
    const button = h("button", { type: "button", "aria-label": `Volver a montar el experimento ${run.number}`, onclick: again }, "Repetir");
    return h("tr", {}, ...cells.map((cell) => h("td", {}, cell)), h("td", {}, button));
  }
}

class Share {
  constructor(store) {
    [this.store, this.title] = [store, "Copiar enlace"];
    this.link = h("input", { type: "text", readonly: true, "aria-label": "Enlace de este experimento" });
    this.said = h("output", { "aria-live": "polite" });
    this.other = h("input", { type: "text", placeholder: "https://playground.tensorflow.org/#…", "aria-label": "Enlace que quieres abrir" });
    const open = () => store.send("open", { which: store.selected, url: this.other.value });
    this.element = h(
      "div",
      { class: "drawer share" },
      h("div", { class: "line-of" }, this.link, h("button", { type: "button", onclick: () => this.open() }, "Copiar"), this.said),
      h("div", { class: "line-of" }, this.other, h("button", { type: "button", onclick: open }, "Abrir enlace")),
    );
  }

  show() {
    this.link.value = this.store.current.url ?? "";
    this.said.textContent = this.store.current.url ? "" : "Un enlace no puede llevar tus propios puntos.";
  }

  async open() {
    if (!this.link.value) return;
    this.said.textContent = (await copyText(this.link.value, this.link)) ? "Copiado." : "Selecciónalo y cópialo con Ctrl+C.";
  }
}

class KerasSource {
  constructor(store) {
    [this.store, this.title] = [store, "Exportar a Keras"];
    this.code = h("textarea", { readonly: true, rows: 12, spellcheck: "false", "aria-label": "Código de Keras con los pesos de ahora" });
    this.said = h("output", { "aria-live": "polite" });
    const copy = async () => {
      this.said.textContent = (await copyText(this.code.value, this.code)) ? "Copiado." : "Selecciónalo y cópialo con Ctrl+C.";
    };
    const button = (label, act) => h("button", { type: "button", onclick: act }, label);
    this.element = h(
      "div",
      { class: "drawer keras" },
      h("div", { class: "line-of" }, button("Copiar código", copy), button("Actualizar", () => this.open()), this.said),
      this.code,
    );
    store.on("code", (content) => {
      this.code.value = content.text;
      this.said.textContent = "Los pesos son los de este momento.";
    });
  }

  open() {
    this.store.send("export", { which: this.store.selected });
  }

  show() {}
}
