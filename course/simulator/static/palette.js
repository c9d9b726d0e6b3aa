// Blue for positive and orange for negative: told apart with any kind of colour blindness, in light and in dark.

const SCALES = {
  light: { low: [221, 107, 0], middle: [246, 246, 246], high: [0, 92, 175] },
  dark: { low: [255, 150, 50], middle: [38, 42, 48], high: [77, 166, 255] },
};

// Okabe and Ito's, for more than two classes.
const CLASSES = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999", "#7a5195", "#666633"];

export function themeOf(element) {
  for (let at = element; at; at = at.parentElement) {
    const found = /rgba?\((\d+), (\d+), (\d+)(?:, ([\d.]+))?/.exec(getComputedStyle(at).backgroundColor);
    if (found && found[4] !== "0") return 0.3 * found[1] + 0.6 * found[2] + 0.1 * found[3] < 128 ? "dark" : "light";
  }
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

// The colour of a value in [-1, 1] as [red, green, blue].
export function colorOf(value, theme, discretize = false) {
  const { low, middle, high } = SCALES[theme];
  const clipped = discretize ? (value >= 0 ? 1 : -1) : Math.max(-1, Math.min(1, value));
  const end = clipped < 0 ? low : high;
  return middle.map((from, i) => Math.round(from + (end[i] - from) * Math.abs(clipped)));
}

export function classColor(label) {
  return CLASSES[label % CLASSES.length];
}

export function css([red, green, blue]) {
  return `rgb(${red} ${green} ${blue})`;
}

const tables = new Map();

// The 256 colours of a heat map's signed bytes, as pixels.
export function pixels(theme, discretize) {
  const key = `${theme}${discretize}`;
  if (!tables.has(key)) {
    const bytes = new Uint8ClampedArray(1024);
    for (let i = 0; i < 256; i++) bytes.set([...colorOf((i - 128) / 127, theme, discretize), 255], 4 * i);
    tables.set(key, new Uint32Array(bytes.buffer));
  }
  return tables.get(key);
}
