// Even light, and the question what is paper and what is ink. As digitscope/preparation/paper.py.
import { enlargeLinear, gaussianBlur, medianBlur, round, shrink } from "./filters.js";
import { clarity } from "./levels.js";

const UNEVEN = 16;
const SMALLEST_UNEVEN = 48;
const THUMBNAIL = 64;
const CLEAR = 20;
const CLEARER = 1.9;

/** How much the paper's lightness varies along the rim of the image, in grey levels. */
function rimRange({ pixels, h, w }) {
  if (Math.max(h, w) < SMALLEST_UNEVEN || Math.min(h, w) < 8) return 0;
  const rim = [];
  for (let x = 0; x < w; x++) rim.push(pixels[x]);
  for (let y = 0; y < h; y++) rim.push(pixels[y * w + w - 1]);
  for (let x = w - 1; x >= 0; x--) rim.push(pixels[(h - 1) * w + x]);
  for (let y = h - 1; y >= 0; y--) rim.push(pixels[y * w]);
  const points = Array.from({ length: 128 }, (_, i) => rim[Math.floor((i * (rim.length - 1)) / 127)]);
  const smooth = points.map((_, i) => {
    const window = Array.from({ length: 33 }, (_, k) => points[(i + k) % 128]);
    return window.sort((a, b) => a - b)[16];
  });
  return Math.max(...smooth) - Math.min(...smooth);
}

/** The paper made evenly light, where that makes ink and paper clearer. */
function flatten(grey) {
  if (rimRange(grey) <= UNEVEN) return grey;
  const paper = paperOf(grey).map((v) => Math.max(v, 1));
  const level = median(paper);
  const even = Float64Array.from(grey.pixels, (v, i) => (level > 127 ? v * (level / paper[i]) : v - paper[i] + level));
  const flat = { ...grey, pixels: bytes(even) };
  let [before, after] = [thumbnail(grey), thumbnail(flat)];
  if (hasDarkInk(after)) [before, after] = [negative(before), negative(after)];
  const [was, now] = [clarity(before), clarity(after)];
  return was < CLEAR && now > Math.max(CLEAR / 2, CLEARER * was) ? flat : grey;
}

/** The light on the paper, a number a pixel: a first guess, then bettered where no ink is. */
function paperOf(grey) {
  const small = thumbnail(grey);
  const paper = medianPaper(small);
  const left = Float64Array.from(small.pixels, (v, i) => v - paper.pixels[i]);
  const off = left.map((v, i) => Math.abs(v) / Math.max(paper.pixels[i], 255 - paper.pixels[i]));
  const limit = Math.max(0.06, 2.5 * median(off));
  const bare = off.map((v) => (v < limit ? 1 : 0));
  const [above, below] = [left.map((v, i) => v * bare[i]), bare].map((pixels) => gaussianBlur({ ...small, pixels }, 4, 4).pixels);
  const pixels = paper.pixels.map((v, i) => v + above[i] / Math.max(below[i], 0.02));
  return enlargeLinear({ ...small, pixels }, grey.h, grey.w).pixels;
}

/** The median over a third of a thumbnail, smoothed. */
function medianPaper(small) {
  const window = Math.floor(THUMBNAIL / 3);
  const margin = Math.floor(window / 2);
  const calmed = medianBlur(small, 5);
  const [h, w] = [small.h + 2 * margin, small.w + 2 * margin];
  const padded = { pixels: new Float64Array(h * w), h, w };
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) padded.pixels[y * w + x] = Math.floor(Math.min(255, Math.max(0, continued(calmed, y - margin, x - margin))));
  }
  const smooth = gaussianBlur(medianBlur(padded, window), 2.5, 4);
  const pixels = new Float64Array(small.h * small.w);
  for (let y = 0; y < small.h; y++) {
    for (let x = 0; x < small.w; x++) pixels[y * small.w + x] = smooth.pixels[(y + margin) * w + x + margin];
  }
  return { ...small, pixels };
}

/** The value at a place that may lie outside, where the image goes on point-symmetrically. */
function continued({ pixels, h, w }, y, x) {
  const row = (r) => along((c) => pixels[r * w + c], x, w);
  return along(row, y, h);
}

function along(value, i, n) {
  if (n === 1) return value(0);
  if (i < 0) return 2 * value(0) - along(value, -i, n);
  if (i >= n) return 2 * value(n - 1) - along(value, 2 * (n - 1) - i, n);
  return value(i);
}

/** At most 64 pixels a side, by averaging. */
function thumbnail(grey) {
  const scale = Math.min(1, THUMBNAIL / Math.max(grey.h, grey.w));
  const [h, w] = [grey.h, grey.w].map((side) => Math.max(1, round(side * scale)));
  const small = shrink(grey, h, w);
  return { ...small, pixels: bytes(small.pixels) };
}

/** Whether the ink is darker than the paper: three hints, added up. */
function hasDarkInk(grey) {
  const small = thumbnail(grey);
  const { pixels, h, w } = small;
  const mean = pixels.reduce((a, b) => a + b, 0) / pixels.length;
  const deviation = Math.sqrt(pixels.reduce((total, v) => total + (v - mean) ** 2, 0) / pixels.length);
  if (!deviation) return true;
  const values = Float64Array.from(pixels, (v) => (v - mean) / deviation);
  const lean = -values.reduce((total, v) => total + v ** 3, 0) / values.length;
  const rim = values.filter((_, i) => i < w || i >= (h - 1) * w || i % w === 0 || i % w === w - 1);
  const threshold = twoClasses(pixels);
  const light = pixels.map((v) => (v > threshold ? 1 : 0));
  const widths = [light, light.map((v) => 1 - v)].map((mask) => width({ pixels: mask, h, w }));
  return lean + (2 * rim.reduce((a, b) => a + b, 0)) / rim.length + 2 * Math.log(widths[0] / widths[1]) > 0;
}

/** Otsu's threshold, as OpenCV finds it. */
function twoClasses(pixels) {
  const share = new Float64Array(256);
  for (const value of pixels) share[value] += 1 / pixels.length;
  const mean = share.reduce((total, p, level) => total + p * level, 0);
  let [best, most, below, mass] = [0, 0, 0, 0];
  for (let level = 0; level < 256; level++) {
    below += share[level];
    mass += share[level] * level;
    if (Math.min(below, 1 - below) < 1.2e-7) continue;
    const apart = below * (1 - below) * (mass / below - (mean - mass) / (1 - below)) ** 2;
    if (apart > most) [best, most] = [level, apart];
  }
  return best;
}

/** Mean distance from a pixel of the mask to the nearest outside it, in steps of 1, 1.4 and 2.1969
 * (G. Borgefors, 1986), as OpenCV measures it; the mask goes on for a pixel around it. */
function width(mask) {
  const [h, w] = [mask.h + 2, mask.w + 2];
  const row = w + 4; // two more on each side, so that no neighbour is missing
  const far = new Float64Array((h + 4) * row).fill(1e9);
  const within = (i, n) => Math.min(n - 1, Math.max(0, i - 1));
  for (let y = 0; y < h; y++) {
    const from = within(y, mask.h) * mask.w;
    for (let x = 0; x < w; x++) if (!mask.pixels[from + within(x, mask.w)]) far[(y + 2) * row + x + 2] = 0;
  }
  const places = [1, row, row + 1, row - 1, row + 2, row - 2, 2 * row + 1, 2 * row - 1];
  const steps = [1, 1, 1.4, 1.4, 2.1969, 2.1969, 2.1969, 2.1969];
  const look = (i, way) => {
    let least = far[i];
    for (let k = 0; k < 8; k++) {
      const over = far[i - way * places[k]] + steps[k];
      if (over < least) least = over;
    }
    far[i] = least;
  };
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) look((y + 2) * row + x + 2, 1);
  for (let y = h - 1; y >= 0; y--) for (let x = w - 1; x >= 0; x--) look((y + 2) * row + x + 2, -1);
  let [total, n] = [0, 0];
  for (const value of far) {
    if (value > 0 && value < 1e9) {
      total += value;
      n += 1;
    }
  }
  return total / Math.max(1, n) + 1e-6;
}

function median(values) {
  const ordered = Float64Array.from(values).sort();
  const half = ordered.length >> 1;
  return ordered.length % 2 ? ordered[half] : (ordered[half - 1] + ordered[half]) / 2;
}

/** Numbers as whole ones in 0..255. */
function bytes(values) {
  return Uint8Array.from(values, (v) => round(Math.min(255, Math.max(0, v))));
}

function negative(image) {
  return { ...image, pixels: image.pixels.map((v) => 255 - v) };
}

export { bytes, flatten, hasDarkInk, negative };
