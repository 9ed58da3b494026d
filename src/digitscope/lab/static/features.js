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
  const [n, h, w] = features.shape;
  const { clientWidth, clientHeight } = canvas.parentElement;
  const most = Math.min(n, MOST);
  const columns = fitting(most, (clientWidth * (h + 1)) / (clientHeight * (w + 1)));
  const rows = Math.max(1, Math.floor(most / columns)); // full rows only
  sheet(canvas, features.values, [rows * columns, h, w], columns, 127);
  words.textContent = told(features, rows * columns);
  const scale = Math.min(clientWidth / (columns * (w + 1)), clientHeight / (rows * (h + 1)));
  canvas.style.width = `${Math.floor(columns * (w + 1) * scale)}px`;
  canvas.style.height = `${Math.floor(rows * (h + 1) * scale)}px`;
}

/** Columns for n pictures on a place that is `shape` times as wide as high, measured in pictures. */
function fitting(n, shape) {
  return Math.min(n, Math.max(1, Math.round(Math.sqrt(n * shape))));
}

function told({ kind, of: total }, n) {
  return `${n < total ? `${n} of ${total}` : n} ${kind}s of the first layer`;
}
