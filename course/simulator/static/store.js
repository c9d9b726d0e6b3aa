// What the browser knows of the experiments, kept up to date by the messages of `session.py`.

const TYPES = { float32: Float32Array, int8: Int8Array, uint8: Uint8Array };

function unpack(layout, buffer) {
  const bytes = buffer ? new Uint8Array(buffer.buffer ?? buffer, buffer.byteOffset ?? 0, buffer.byteLength) : new Uint8Array();
  const whole = bytes.slice().buffer; // a copy: the original need not start where a Float32Array may
  return Object.fromEntries(
    Object.entries(layout).map(([name, [type, place, size]]) => [name, new TYPES[type](whole, place, size)]),
  );
}

export class Store {
  constructor(model) {
    this.model = model;
    this.experiments = [];
    this.runs = [];
    this.datasets = {};
    this.playing = false;
    this.pace = 5;
    this.selected = 0;
    this.wanted = {}; // changes that were asked for and have not come back yet: quick clicks build upon them
    this.asked = 0;
    this.listeners = {};
    this.receive = (content, buffers) => this.take(content, buffers?.[0]);
    model.on("msg:custom", this.receive);
  }

  close() {
    this.model.off("msg:custom", this.receive);
  }

  on(kind, listener) {
    (this.listeners[kind] ??= []).push(listener);
  }

  emit(kind, detail) {
    for (const listener of this.listeners[kind] ?? []) listener(detail);
  }

  send(kind, body = {}) {
    this.model.send({ kind, ...body });
  }

  // Change settings of one experiment; by default of the one that the controls show.
  change(changes, which = this.selected) {
    this.asked += 1;
    Object.assign((this.wanted[which] ??= {}), changes);
    this.send("change", { which, changes });
  }

  // What a setting is, or is about to be.
  setting(which, name) {
    return this.wanted[which]?.[name] ?? this.experiments[which].settings[name];
  }

  get current() {
    return this.experiments[this.selected];
  }

  take(content, buffer) {
    const arrays = content.layout ? unpack(content.layout, buffer) : {};
    if (content.kind === "datasets") this.datasets = arrays;
    if (content.kind === "state") this.takeState(content, arrays);
    if (content.kind === "frame") this.takeFrame(content, arrays);
    this.emit(content.kind, content);
  }

  takeState(content, arrays) {
    this.asked = Math.max(0, this.asked - 1);
    if (!this.asked) this.wanted = {};
    const before = content.whole ? [] : this.experiments;
    this.experiments = content.experiments.map((about, i) => ({
      losses: { train: [], test: [] },
      ...before[i],
      ...about,
      train: arrays[`${i}.train`],
      test: arrays[`${i}.test`],
    }));
    this.selected = Math.min(this.selected, this.experiments.length - 1);
    this.runs = content.runs;
    this.pace = content.pace;
  }

  takeFrame(content, arrays) {
    this.playing = content.playing;
    content.experiments.forEach((about, i) => {
      const experiment = this.experiments[i];
      if (!experiment) return; // a view that is just being set up
      const { losses } = experiment;
      Object.assign(experiment, about, { losses });
      for (const [name, array] of Object.entries(arrays)) {
        const [which, key] = name.split(".");
        if (Number(which) === i && key !== "losses") experiment[key] = array;
      }
      if (!(`${i}.winner` in arrays)) experiment.winner = null;
      const fresh = arrays[`${i}.losses`];
      for (let row = 0; row < fresh.length / 2; row++) {
        losses.train[about.since + row] = fresh[2 * row];
        losses.test[about.since + row] = fresh[2 * row + 1];
      }
    });
  }
}

// Where the weights into layer `k` begin in the flat arrays, and its biases.
export function offsets(units, k) {
  let weights = 0;
  let biases = 0;
  for (let i = 1; i < k; i++) {
    weights += units[i - 1] * units[i];
    biases += units[i];
  }
  return { weights, biases };
}

export function weightIndex(units, k, row, column) {
  return offsets(units, k).weights + row * units[k] + column;
}
