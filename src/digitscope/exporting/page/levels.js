// Grey levels: how far paper, noise and ink are apart. As digitscope/preparation/levels.py, where the
// numbers are explained.
import { gaussianBlur } from "./filters.js";

const LEAST_CONTRAST = 8;
const TWO_GROUPS = 0.77;
const TOO_FEW = 256;
const QUIET = 12;
const SMALLEST_NOISY = 48;

/** Levels of an image whose ink is bright: {paper, noise, contrast, floor, sure, edge(side)}. */
function levelsOf(paper, noise, contrast) {
  const floor = paper + Math.max(5 * noise, LEAST_CONTRAST);
  const edge = (side) => {
    const share = Math.min(0.3, Math.max(0.1, 0.1 + (side - 28) / 500));
    return paper + Math.max(3 * noise, share * contrast);
  };
  return { paper, noise, contrast, floor, sure: Math.max(floor, paper + 0.5 * contrast), edge };
}

/** Paper, noise and contrast of an image {pixels, h, w} with bright ink on dark paper. */
function measure({ pixels }) {
  const counts = histogram(pixels);
  const [top, separation] = otsu(counts);
  const [paper, noise] =
    separation > TWO_GROUPS || pixels.length <= TOO_FEW
      ? medianAndSigma(counts.subarray(0, top + 1), 0.5, 0.6745)
      : grownPaper(counts, top);
  return measured(counts, paper, noise);
}

/** Contrast over the spread of the paper: high if one level is enough. */
function clarity({ pixels }) {
  const counts = histogram(pixels);
  const { contrast, noise } = measured(counts, ...grownPaper(counts, otsu(counts)[0]));
  return contrast / Math.max(noise, 0.5);
}

/** Smooth an image as much as its noise asks for, and not at all where it is quiet. */
function calm(bright) {
  if (Math.max(bright.h, bright.w) < SMALLEST_NOISY) return bright;
  const { contrast, noise } = measure(bright);
  if (contrast >= QUIET * noise) return bright;
  const sigma = Math.sqrt(bright.pixels.length) / 250 + 0.6;
  const smooth = gaussianBlur(bright, sigma, 3);
  return { ...bright, pixels: Uint8Array.from(smooth.pixels, (v) => Math.floor(v + 0.5)) };
}

function histogram(pixels) {
  const counts = new Float64Array(256);
  for (const value of pixels) counts[value] += 1;
  return counts;
}

function measured(counts, paper, noise) {
  const { floor } = levelsOf(paper, noise, 0);
  const above = counts.map((count, level) => (level > floor ? count : 0));
  const all = sum(above);
  return levelsOf(paper, noise, all ? reached(above, 0.9 * all) - paper : 0);
}

function grownPaper(counts, top) {
  for (;;) {
    const [paper, noise] = medianAndSigma(counts.subarray(0, top + 1), 0.8, 1.2816);
    const grown = Math.floor(Math.min(255, paper + Math.max(3 * noise, 2)));
    if (grown <= top) return [paper, noise];
    top = grown;
  }
}

function medianAndSigma(counts, rank, sigmas) {
  const median = reached(counts, sum(counts) / 2);
  const away = new Float64Array(counts.length);
  counts.forEach((count, level) => (away[Math.abs(level - median)] += count));
  return [median, reached(away, rank * sum(away)) / sigmas];
}

/** Otsu's threshold of a histogram, and the share of its variance between the two classes. */
function otsu(counts) {
  const all = sum(counts);
  const mean = counts.reduce((total, count, level) => total + count * level, 0) / all;
  const variance = counts.reduce((total, count, level) => total + count * (level - mean) ** 2, 0) / all;
  if (variance === 0) return [255, 0];
  let [best, most, share, mass] = [0, 0, 0, 0];
  for (let level = 0; level < 255; level++) {
    share += counts[level];
    mass += counts[level] * level;
    const part = share / all;
    const between = (mean * part - mass / all) ** 2 / (part * (1 - part));
    if (Number.isFinite(between) && between > most) [best, most] = [level, between];
  }
  return [best, most / variance];
}

/** The first place at which the numbers so far add up to a value. */
function reached(counts, value) {
  let total = 0;
  const found = counts.findIndex((count) => (total += count) >= value);
  return found < 0 ? counts.length : found;
}

function sum(values) {
  return values.reduce((a, b) => a + b, 0);
}

export { LEAST_CONTRAST, calm, clarity, measure };
