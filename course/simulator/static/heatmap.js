// Heat maps, and points over them.

import { classColor, colorOf, css, pixels } from "./palette.js";

export const SIDE = 25; // of a neuron's small map
export const WHOLE = 100; // of the output's map

export const INPUTS = {
  x: { label: "x", name: "x", value: (x) => x },
  y: { label: "y", name: "y", value: (x, y) => y },
  xSquared: { label: "x²", name: "x al cuadrado", value: (x) => x * x },
  ySquared: { label: "y²", name: "y al cuadrado", value: (x, y) => y * y },
  xTimesY: { label: "x·y", name: "x por y", value: (x, y) => x * y },
  sinX: { label: "sen x", name: "seno de x", value: (x) => Math.sin(x) },
  sinY: { label: "sen y", name: "seno de y", value: (x, y) => Math.sin(y) },
};

// What an input gives over the square, in the same signed bytes as the maps that the engine computes.
export function inputMap(name) {
  const { value } = INPUTS[name];
  const place = (i) => -6 + (12 * i) / (SIDE - 1);
  return Int8Array.from({ length: SIDE * SIDE }, (_, i) => {
    const number = Math.floor(value(place(i % SIDE), -place(Math.floor(i / SIDE))) * 128);
    return Math.max(-128, Math.min(127, number));
  });
}

export function drawMap(canvas, map, side, theme, discretize) {
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const image = new ImageData(side, side);
  const target = new Uint32Array(image.data.buffer);
  const table = pixels(theme, discretize);
  for (let i = 0; i < target.length; i++) target[i] = table[map[i] + 128];
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// Several classes: the colour is the winner's, the paler the closer the race.
export function drawWinners(canvas, winner, confidence, classes, theme, discretize) {
  if (canvas.width !== WHOLE) canvas.width = canvas.height = WHOLE;
  const image = new ImageData(WHOLE, WHOLE);
  const middle = colorOf(0, theme);
  const colors = Array.from({ length: classes }, (_, i) => [1, 3, 5].map((at) => parseInt(classColor(i).slice(at, at + 2), 16)));
  for (let i = 0; i < winner.length; i++) {
    const share = discretize ? 0.8 : Math.max(0, (confidence[i] / 128 - 1 / classes) / (1 - 1 / classes)) * 0.8;
    const rgb = colors[winner[i]].map((high, c) => middle[c] + (high - middle[c]) * share);
    image.data.set([...rgb, 255], 4 * i);
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// The outline of each shape, in the order of the classes; of two, the positive one has discs.
const SHAPES = [
  (context, x, y, r) => context.arc(x, y, r, 0, 2 * Math.PI),
  (context, x, y, r) => context.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r),
  (context, x, y, r) => polygon(context, [[x, y - 1.2 * r], [x + 1.1 * r, y + 0.9 * r], [x - 1.1 * r, y + 0.9 * r]]),
  (context, x, y, r) => polygon(context, [[x, y - 1.3 * r], [x + 1.3 * r, y], [x, y + 1.3 * r], [x - 1.3 * r, y]]),
  (context, x, y, r) => polygon(context, [[x, y + 1.2 * r], [x + 1.1 * r, y - 0.9 * r], [x - 1.1 * r, y - 0.9 * r]]),
];

function polygon(context, corners) {
  for (const corner of corners) context.lineTo(...corner);
  context.closePath();
}

// Points have a shape for each class; those for testing are hollow.
export function drawPoints(context, points, size, { theme, classes, hollow = false, radius = 2.6 }) {
  const place = (value) => ((value + 6) / 12) * size;
  context.lineWidth = hollow ? 1.3 : 0.8;
  for (let i = 0; i < points.length; i += 3) {
    const label = points[i + 2];
    const color = classes > 2 ? classColor(label) : css(colorOf(Math.max(-1, Math.min(1, label)), theme));
    const [x, y] = [place(points[i]), size - place(points[i + 1])];
    context.beginPath();
    SHAPES[classes > 2 ? label % SHAPES.length : label >= 0 ? 0 : 1](context, x, y, radius);
    context.fillStyle = hollow ? (theme === "dark" ? "#000a" : "#fffa") : color;
    const edges = theme === "dark" ? ["#0b0d10", "#ffffff"] : ["#ffffff", "#1a1a1a"]; // light classes need a dark edge
    context.strokeStyle = hollow ? color : edges[Number(classes > 2)];
    context.fill();
    if (radius > 2) context.stroke();
  }
}
