// MNIST's own frame: a box of 20x20, centred by its mass in a field of 28x28. As
// digitscope/preparation/field.py.
import { enlargeCubic, round, shrink } from "./filters.js";
import { bytes } from "./paper.js";

const FIELD = 28;
const BOX = 20;
const CENTRE = FIELD / 2;

/** Scale a cropped digit to a longer side of 20, its aspect kept. */
function fit(ink) {
  const scale = BOX / Math.max(ink.h, ink.w);
  if (scale === 1) return ink;
  const [h, w] = [ink.h, ink.w].map((side) => Math.max(1, round(side * scale)));
  const small = scale < 1 ? reduced(ink, h, w, scale) : enlarged(ink, h, w, scale);
  return { ...small, pixels: bytes(small.pixels.map((v) => 255 * v)) };
}

/** Steepen the edges of ink in 0..1: from grey as it is (share 0) to nearly black and white. */
function steeper(pixels, share) {
  const cut = 0.3 * share;
  return pixels.map((v) => Math.min(1, Math.max(0, (v - cut) / (1 - 2 * cut))));
}

/** Every new pixel is the mean of its area; the strong quarter of the ink is brightened to 1. */
function reduced(ink, h, w, scale) {
  const pixels = steeper(Float64Array.from(ink.pixels, (v) => v / 255), 1 - scale);
  const small = shrink({ ...ink, pixels }, h, w);
  const most = Math.max(...small.pixels);
  const strong = Math.max(quarter(small.pixels.filter((v) => v >= 0.3 * most)), 1 / 255);
  return { ...small, pixels: small.pixels.map((v) => v / strong) };
}

/** What three quarters of the values are at most. */
function quarter(values) {
  const ordered = values.sort();
  const at = 0.75 * (ordered.length - 1);
  const low = ordered[Math.floor(at)];
  return low + (at - Math.floor(at)) * (ordered[Math.ceil(at)] - low);
}

/** Cubic curves between the pixels, with paper around the ink. */
function enlarged(ink, h, w, scale) {
  const large = enlargeCubic(ink, h, w, scale);
  const most = Math.max(...large.pixels, 1);
  const within = large.pixels.map((v) => Math.min(1, Math.max(0, v / most)));
  return { ...large, pixels: steeper(within, 1 - 1 / scale) };
}

/** Put ink of at most 20x20 into the field, its centre of mass on pixel (14, 14). */
function centre({ pixels, h, w }) {
  let [mass, rows, columns] = [0, 0, 0];
  pixels.forEach((v, i) => {
    mass += v;
    rows += v * Math.floor(i / w);
    columns += v * (i % w);
  });
  mass = Math.max(mass, 1e-9);
  const place = (at, side) => Math.min(FIELD - side, Math.max(0, Math.ceil(CENTRE - at / mass - 0.5)));
  const [top, left] = [place(rows, h), place(columns, w)];
  const field = new Uint8Array(FIELD * FIELD);
  for (let y = 0; y < h; y++) field.set(pixels.subarray(y * w, (y + 1) * w), (top + y) * FIELD + left);
  return field;
}

export { centre, fit };
