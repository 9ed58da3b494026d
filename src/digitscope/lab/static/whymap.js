// The maps: pixels that speak for a digit in blue, against it in orange, with the outline of the ink; the
// chosen one large, where each pixel can be read.
import { colours, css, onColours, signedColour } from "./colours.js";
import { signed } from "./numbers.js";
import { change, state, watch } from "./state.js";

const SIDE = 28;
const INK = 100; // grey level from which a pixel is inside the outline

const canvas = document.getElementById("why-map");
const words = document.getElementById("why-pixel");
let hovered = null;

/** What an outcome is called. */
export function outcomeName(outcome) {
  return outcome === "none" ? "not a digit" : String(outcome);
}

/** Begin. */
export function startWhyMap() {
  canvas.addEventListener("pointermove", (event) => hover(pixelAt(event)));
  canvas.addEventListener("pointerleave", () => hover(null));
  canvas.addEventListener("pointerdown", (event) => change({ whyPixel: pixelAt(event).join(",") }));
  canvas.addEventListener("keydown", key);
  watch(["evidence", "whyPixel", "view"], show);
  new ResizeObserver(show).observe(canvas);
  onColours(show);
}

/** A map, as sharp as its place on the screen, and the outline of the ink over it. */
export function paintMap(place, values, input, scale) {
  const size = Math.max(1, Math.floor(((place.clientWidth || 84) * devicePixelRatio) / SIDE));
  if (place.width !== size * SIDE) place.width = place.height = size * SIDE;
  const context = place.getContext("2d");
  for (let i = 0; i < SIDE * SIDE; i++) {
    context.fillStyle = css(signedColour(values[i] / (scale || 1)));
    context.fillRect((i % SIDE) * size, Math.floor(i / SIDE) * size, size, size);
  }
  outline(context, input, size);
  return { context, size };
}

function outline(context, input, size) {
  const inside = (r, c) => r >= 0 && c >= 0 && r < SIDE && c < SIDE && input[SIDE * r + c] >= INK;
  context.strokeStyle = colours().text("ink", 0.55);
  context.lineWidth = Math.max(1, size / 9);
  context.beginPath();
  for (let r = 0; r <= SIDE; r++) {
    for (let c = 0; c <= SIDE; c++) {
      if (inside(r, c) !== inside(r - 1, c)) line(context, c, r, c + 1, r, size);
      if (inside(r, c) !== inside(r, c - 1)) line(context, c, r, c, r + 1, size);
    }
  }
  context.stroke();
}

function line(context, x, y, u, v, size) {
  context.moveTo(x * size, y * size);
  context.lineTo(u * size, v * size);
}

function pixelAt({ clientX, clientY }) {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const at = (value, size) => Math.min(SIDE - 1, Math.max(0, Math.floor((value / size) * SIDE)));
  return [at(clientY - top, height), at(clientX - left, width)];
}

function pinned() {
  const [r, c] = state.whyPixel.split(",").map(Number);
  return state.whyPixel && r >= 0 && c >= 0 && r < SIDE && c < SIDE ? [r, c] : null;
}

function hover(pixel) {
  if (String(pixel) === String(hovered)) return;
  hovered = pixel;
  show();
}

function key(event) {
  const way = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (event.key === "Escape") change({ whyPixel: "" });
  if (!way) return;
  event.preventDefault();
  hovered = null;
  const [r, c] = pinned() ?? [13, 13];
  const inside = (value) => Math.min(SIDE - 1, Math.max(0, value));
  change({ whyPixel: `${inside(r + way[0])},${inside(c + way[1])}` });
}

function show() {
  const { evidence: found } = state;
  if (!found || state.view !== "why") return;
  const { context, size } = paintMap(canvas, found.map, found.input, found.shown.scale);
  const pixel = hovered ?? pinned();
  words.textContent = pixel ? read(found, ...pixel) : "Point at a pixel, or touch it, to read what it says.";
  if (!pixel) return;
  context.strokeStyle = colours().text("ink");
  context.lineWidth = Math.max(2, size / 5);
  context.strokeRect(pixel[1] * size, pixel[0] * size, size, size);
}

/** A pixel in words, with its numbers. */
function read({ map, weights, input, by, ink, patch }, r, c) {
  const i = SIDE * r + c;
  const place = `Row ${r}, column ${c}`;
  const value = (map[i] < 0 ? "" : "+") + signed(map[i]);
  if (by === "occlusion") {
    const how = ink === "missing" ? `ink on ${patch}×${patch} pixels here adds` : `the ${patch}×${patch} pixels here are worth`;
    return `${place}: ${how} ${value}.`;
  }
  const x = (input[i] / 255).toFixed(2);
  const w = signed(weights[i]);
  if (ink === "missing") return `${place}: ${(1 - input[i] / 255).toFixed(2)} of ink missing × weight ${w} = ${value}.`;
  return `${place}: ink ${x} × weight ${w} = ${value}.`;
}
