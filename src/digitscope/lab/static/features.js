// What the first layer looks for, as it learns it.
import { onColours } from "./colours.js";
import { sheet } from "./pictures.js";
import { state, watch } from "./state.js";

const canvas = document.getElementById("features");
const words = document.getElementById("features-words");
const MOST = 60; // pictures: more would be too small to see
const ENOUGH = 0.6; // of the place that fewer pictures would cover
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
  const { columns, rows, shown, scale } = fitting(Math.min(n, MOST), clientWidth / (w + 1), clientHeight / (h + 1));
  sheet(canvas, features.values, [shown, h, w], columns, limit);
  canvas.style.width = `${Math.floor(columns * (w + 1) * scale)}px`;
  canvas.style.height = `${Math.floor(rows * (h + 1) * scale)}px`;
  return told(features, shown);
}

/** Rows of at most n pictures that cover most of a place, whose size is measured in pictures: all of
 * them, unless fewer would be much larger. */
function fitting(n, width, height) {
  const ways = [];
  for (let columns = 1; columns <= n; columns++) {
    const full = Math.floor(n / columns);
    for (const rows of [full, Math.max(1, full - 1), Math.ceil(n / columns)]) {
      const shown = Math.min(n, rows * columns);
      const scale = Math.min(width / columns, height / rows);
      ways.push({ covered: shown * scale ** 2, columns, rows, shown, scale });
    }
  }
  const best = (some) => some.reduce((a, b) => (b.covered > a.covered ? b : a));
  const all = best(ways.filter(({ shown }) => shown === n));
  return all.covered > ENOUGH * best(ways).covered ? all : best(ways);
}

function told({ kind, of: total }, n) {
  return n < total ? `${n} of the first layer's ${total} ${kind}s` : `${n} ${kind}s of the first layer`;
}
