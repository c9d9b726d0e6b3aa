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
    this.selected = 0;
    this.id = Math.random().toString(36).slice(2); // other views of this model have their own
    this.asked = 0;
    this.pending = []; // requests without an answer yet: the controls show them, and quick clicks build upon them
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

  // Send what a state answers; until it comes, what was asked for counts as so.
  ask(kind, body) {
    this.asked += 1;
    const asked = { kind, request: `${this.id}.${this.asked}`, ...body };
    this.pending.push(asked);
    this.model.send(asked);
  }

  // Change settings of one experiment; by default of the one that the controls show.
  change(changes, which = this.selected) {
    this.ask("change", { which, changes });
  }

  // What the settings are, or are about to be.
  settings(which = this.selected) {
    const changes = this.pending.filter((asked) => asked.kind === "change" && asked.which === which);
    return Object.assign({}, this.experiments[which].settings, ...changes.map((asked) => asked.changes));
  }

  get comparing() {
    return this.lastAsked("compare")?.on ?? this.experiments.length > 1;
  }

  get pace() {
    return this.lastAsked("pace")?.epochs ?? this.paceThere;
  }

  lastAsked(kind) {
    return this.pending.findLast((asked) => asked.kind === kind);
  }

  get current() {
    return this.experiments[this.selected];
  }

  take(content, buffer) {
    const arrays = content.layout ? unpack(content.layout, buffer) : {};
    if (content.kind === "datasets") this.datasets = arrays;
    // A state counts once its picture is here: the neurons on the screen would have no weights until then.
    if (content.kind === "state") {
      this.state = [content, arrays];
      return;
    }
    if (content.kind === "frame") {
      if (this.state) this.takeState(...this.state);
      this.takeFrame(content, arrays);
    }
    this.emit(content.kind, content);
  }

  takeState(content, arrays) {
    this.state = null;
    const answered = this.pending.findIndex(({ request }) => request === content.answers);
    this.pending.splice(0, answered + 1);
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
    this.paceThere = content.pace;
    this.emit("state");
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
