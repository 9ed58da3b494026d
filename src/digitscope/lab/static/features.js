// What the first layer looks for, as it learns it.
import { onColours } from "./colours.js";
import { sheet } from "./pictures.js";
import { state, watch } from "./state.js";

const canvas = document.getElementById("features");
const words = document.getElementById("features-words");
const MOST = 60; // pictures: more would be too small to see
let waiting = false;

/** Begin. */
export function startFeatures() {
  watch(["features", "view"], later);
  onColours(later);
  new ResizeObserver(later).observe(canvas.parentElement);
  show();
}

function later() {
  if (waiting || state.view !== "train") return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    show();
  });
}

function show() {
  const { features } = state;
  canvas.hidden = !features;
  if (!features) {
    words.textContent = "What each neuron looks for appears here.";
    return;
  }
  words.textContent = layFeatures(canvas, features);
}

/** The pictures as large as the canvas's parent allows; `limit` has the full colour. What it shows,
 * in words. */
export function layFeatures(canvas, features, limit = 127) {
  const [n, h, w] = features.shape;
  const { clientWidth, clientHeight } = canvas.parentElement;
  const { columns, rows, scale } = fitting(Math.min(n, MOST), clientWidth / (w + 1), clientHeight / (h + 1));
  sheet(canvas, features.values, [rows * columns, h, w], columns, limit);
  canvas.style.width = `${Math.floor(columns * (w + 1) * scale)}px`;
  canvas.style.height = `${Math.floor(rows * (h + 1) * scale)}px`;
  return told(features, rows * columns);
}

/** Full rows of at most n pictures that cover most of a place; its size is measured in pictures. */
function fitting(n, width, height) {
  let best = null;
  for (let columns = 1; columns <= n; columns++) {
    for (const rows of [Math.floor(n / columns), Math.max(1, Math.floor(n / columns) - 1)]) {
      const scale = Math.min(width / columns, height / rows);
      const covered = columns * rows * scale ** 2;
      if (!best || covered > best.covered) best = { covered, columns, rows, scale };
    }
  }
  return best;
}

function told({ kind, of: total }, n) {
  return `${n < total ? `${n} of ${total}` : n} ${kind}s of the first layer`;
}
