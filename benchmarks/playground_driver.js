// Times the public playground's own engine (its src/nn.ts, transpiled to the file named first) and prints epochs per
// CPU-second. Called by simulator_speed.py: node playground_driver.js nn.js '{"layers": [4], "mode": 0, …}'
"use strict";
const nn = require(require("path").resolve(process.argv[2]));
const { layers, mode, seconds, train, test } = JSON.parse(require("fs").readFileSync(0));

// The page keeps seven inputs, of which x and y are on, and asks for each point which ones are: so does this.
const INPUTS = {
  x: (x, y) => x, y: (x, y) => y, xSquared: (x, y) => x * x, ySquared: (x, y) => y * y,
  xTimesY: (x, y) => x * y, sinX: (x, y) => Math.sin(x), sinY: (x, y) => Math.sin(y),
};
const chosen = { x: true, y: true };
const network = nn.buildNetwork(
  [2, ...layers, 1], nn.Activations.RELU, nn.Activations.TANH, null, Object.keys(chosen));

function inputs(x, y) {
  const values = [];
  for (const name in INPUTS) if (chosen[name]) values.push(INPUTS[name](x, y));
  return values;
}

function loss(points) {
  let sum = 0;
  for (const [x, y, label] of points) sum += nn.Errors.SQUARE.error(nn.forwardProp(network, inputs(x, y)), label);
  return sum / points.length;
}

const maps = {};
nn.forEachNode(network, true, (node) => { maps[node.id] = Array.from({ length: 100 }, () => new Array(100)); });

function heatMaps() {
  for (let i = 0; i < 100; i++) {
    for (let j = 0; j < 100; j++) {
      nn.forwardProp(network, inputs(-6 + (12 * i) / 99, 6 - (12 * j) / 99));
      nn.forEachNode(network, true, (node) => { maps[node.id][i][j] = node.output; });
    }
  }
}

function epoch() {
  train.forEach(([x, y, label], i) => {
    nn.forwardProp(network, inputs(x, y));
    nn.backProp(network, label, nn.Errors.SQUARE);
    if ((i + 1) % 10 === 0) nn.updateWeights(network, 0.1, 0);
  });
  if (mode >= 1) { loss(train); loss(test); }
  if (mode >= 2) heatMaps();
}

function rate(limit) {
  const start = process.cpuUsage();
  for (let epochs = 1; ; epochs++) {
    epoch();
    const used = process.cpuUsage(start);
    const spent = (used.user + used.system) / 1e6;
    if (spent > limit) return epochs / spent;
  }
}

rate(seconds / 2); // the compiler's warm-up
console.log(rate(seconds));
