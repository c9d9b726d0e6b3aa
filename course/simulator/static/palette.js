// Blue for positive and orange for negative: told apart with any kind of colour blindness and in grey, in light and in
// dark. The dashes of a line and the shape of a point tell the same. `tests/test_palette.py` computes it.

const SCALES = {
  light: { low: [221, 107, 0], middle: [246, 246, 246], high: [0, 92, 175] },
  dark: { low: [217, 119, 6], middle: [38, 42, 48], high: [109, 182, 255] },
};

// For more than two classes: those of `course/palette.py`.
const CLASSES = ["#0055AA", "#D46A00", "#2AEAFF", "#554015", "#AA80FF", "#40AAAA", "#BFD4AA", "#956A6A", "#FFBF15", "#801555"];

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
