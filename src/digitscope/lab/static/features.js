// What the first layer looks for, as it learns it.
import { onColours } from "./colours.js";
import { sheet } from "./pictures.js";
import { state, watch } from "./state.js";

const canvas = document.getElementById("features");
const words = document.getElementById("features-words");
let waiting = false;

/** Begin. */
export function startFeatures() {
  watch(["features", "view"], later);
  onColours(later);
  new ResizeObserver(later).observe(canvas.parentElement);
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
  words.textContent = features ? told(features) : "What each neuron looks for appears here.";
  if (!features) return;
  const [n, h, w] = features.shape;
  const { clientWidth, clientHeight } = canvas.parentElement;
  const columns = fitting(n, (clientWidth * (h + 1)) / (clientHeight * (w + 1)));
  sheet(canvas, features.values, features.shape, columns, 127);
  const rows = Math.ceil(n / columns);
  const scale = Math.min(clientWidth / (columns * (w + 1)), clientHeight / (rows * (h + 1)));
  canvas.style.width = `${Math.floor(columns * (w + 1) * scale)}px`;
  canvas.style.height = `${Math.floor(rows * (h + 1) * scale)}px`;
}

/** Columns for n pictures on a place that is `shape` times as wide as high, measured in pictures. */
function fitting(n, shape) {
  return Math.min(n, Math.max(1, Math.round(Math.sqrt(n * shape))));
}

function told({ kind, shape: [n], of: total }) {
  return `${n < total ? `${n} of ${total}` : n} ${kind}s of the first layer`;
}
