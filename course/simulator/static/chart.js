// The loss by epoch, on a canvas: with the mouse or the arrow keys one reads any epoch's values.

import { h, number, sharpContext } from "./dom.js";

const MARGIN = { left: 38, right: 8, top: 8, bottom: 20 };

export class Chart {
  constructor() {
    this.cursor = null; // the epoch that is read, or null
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.readout = h("output", { class: "readout", "aria-live": "polite" });
    this.frame = h(
      "div",
      {
        class: "chart-frame",
        tabindex: "0",
        role: "slider",
        "aria-label": "Gráfico de la pérdida por época. Con las flechas se leen los valores de cada época",
        onmousemove: (event) => this.point(event),
        onmouseleave: () => this.read(null),
        onblur: () => this.read(null),
        onkeydown: (event) => this.key(event),
      },
      this.canvas,
    );
    const legend = h(
      "div",
      { class: "legend", "aria-hidden": "true" },
      h("span", { class: "line train" }, "entrenamiento"),
      h("span", { class: "line test" }, "prueba"),
    );
    this.element = h("div", { class: "chart", role: "group", "aria-label": "Pérdida por época" }, legend, this.frame, this.readout);
  }

  update(experiment, theme) {
    [this.experiment, this.theme] = [experiment, theme];
    this.draw();
  }

  get last() {
    return this.experiment.losses.train.length - 1;
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const share = (event.clientX - box.left - MARGIN.left) / (box.width - MARGIN.left - MARGIN.right);
    this.read(Math.round(Math.max(0, Math.min(1, share)) * this.last));
  }

  key(event) {
    const far = Math.max(1, Math.round(this.last / 10));
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -far, PageUp: far, Home: -Infinity, End: Infinity };
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.read(Math.max(0, Math.min(this.last, (this.cursor ?? this.last) + steps[event.key])));
  }

  read(epoch) {
    this.cursor = epoch;
    this.draw();
  }

  draw() {
    if (!this.experiment) return;
    const { train, test } = this.experiment.losses;
    const epoch = this.cursor == null ? null : Math.min(this.cursor, this.last);
    const shown = epoch ?? this.last;
    this.frame.setAttribute("aria-valuemin", 0);
    this.frame.setAttribute("aria-valuemax", this.last);
    this.frame.setAttribute("aria-valuenow", shown);
    const text = `época ${shown}: entrenamiento ${number(train[shown])}, prueba ${number(test[shown])}`;
    this.frame.setAttribute("aria-valuetext", text);
    const reading = epoch == null ? "" : text.replace("entrenamiento", "entr."); // it must fit in one line
    if (this.readout.textContent !== reading) this.readout.textContent = reading;
    const [width, height] = [this.frame.clientWidth, this.frame.clientHeight];
    if (!width || !height) return;
    this.paint(sharpContext(this.canvas, width, height), width, height, epoch);
  }

  paint(context, width, height, epoch) {
    const { train, test } = this.experiment.losses;
    const style = getComputedStyle(this.frame);
    const [inner, outer] = [width - MARGIN.left - MARGIN.right, height - MARGIN.top - MARGIN.bottom];
    const top = this.top([train, test]);
    const x = (at) => MARGIN.left + (this.last ? (at / this.last) * inner : 0);
    const y = (loss) => MARGIN.top + (1 - Math.min(loss, top) / top) * outer;
    this.axes(context, style, { x, y, top, width, height });
    const colors = [style.getPropertyValue("--ink"), style.getPropertyValue("--test")];
    [train, test].forEach((losses, series) => {
      context.strokeStyle = colors[series];
      context.lineWidth = 2;
      context.setLineDash(series ? [5, 3] : []);
      context.beginPath();
      const stride = Math.max(1, Math.floor(losses.length / (2 * inner)));
      for (let at = 0; at <= this.last; at = at < this.last ? Math.min(at + stride, this.last) : at + 1) {
        if (Number.isFinite(losses[at])) context.lineTo(x(at), y(losses[at]));
      }
      context.stroke();
      context.setLineDash([]);
      if (epoch == null) return;
      context.fillStyle = colors[series];
      context.beginPath();
      context.arc(x(epoch), y(losses[epoch]), 3.5, 0, 2 * Math.PI);
      context.fill();
    });
    if (epoch == null) return;
    context.strokeStyle = style.getPropertyValue("--line");
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x(epoch), MARGIN.top);
    context.lineTo(x(epoch), height - MARGIN.bottom);
    context.stroke();
  }

  // A round number above every loss, so that the scale does not move with each picture.
  top(series) {
    let most = 0;
    for (const losses of series) {
      const stride = Math.max(1, Math.floor(losses.length / 2000));
      for (let at = 0; at < losses.length; at += stride) if (losses[at] > most && losses[at] < Infinity) most = losses[at];
    }
    return [0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1, 2, 5, 10].find((round) => round >= most) ?? most;
  }

  axes(context, style, { x, y, top, width, height }) {
    context.font = `11px ${style.fontFamily}`;
    context.fillStyle = style.getPropertyValue("--soft-ink");
    context.strokeStyle = style.getPropertyValue("--line");
    context.lineWidth = 1;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const share of [0, 0.5, 1]) {
      const at = Math.round(y(share * top)) + 0.5;
      context.beginPath();
      context.moveTo(MARGIN.left, at);
      context.lineTo(width - MARGIN.right, at);
      context.stroke();
      context.fillText(String(Number((share * top).toPrecision(2))), MARGIN.left - 5, at);
    }
    context.textBaseline = "alphabetic";
    context.textAlign = "left";
    context.fillText("época 0", MARGIN.left, height - 5);
    context.textAlign = "right";
    if (this.last) context.fillText(String(this.last), width - MARGIN.right, height - 5);
  }
}
