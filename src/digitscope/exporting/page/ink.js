// Ink on paper: where it is, and which marks belong to the digit. As digitscope/preparation/ink.py.
import { round } from "./filters.js";
import { LEAST_CONTRAST } from "./levels.js";

const LEAST_CLARITY = 7;
const [SPECK, LARGE] = [0.02, 0.2];
const NEAR = 0.15;
const NEARLY_FULL = 240;

/** The marks of the digit {mask, box, rivals}, or null where there is no ink. */
function findMarks(bright, levels) {
  const { pixels, h, w } = bright;
  if (levels.contrast < Math.max(LEAST_CONTRAST, LEAST_CLARITY * levels.noise)) return null;
  const edge = levels.edge(Math.max(h, w));
  const { names, boxes } = components(pixels.map((v) => (v > edge ? 1 : 0)), h, w);
  const sure = new Float64Array(boxes.length);
  names.forEach((name, i) => name && pixels[i] > levels.sure && (sure[name] += 1));
  const main = sure.indexOf(Math.max(...sure));
  const [, , mainWidth, mainHeight] = boxes[main] ?? [0, 0, 0, 0];
  if (sure[main] < 2 || Math.max(mainWidth, mainHeight) < Math.max(3, Math.sqrt(pixels.length) / 80)) return null;
  const kept = boxes
    .map((_, i) => i)
    .filter((i) => i && sure[i] >= Math.max(1, SPECK * sure[main]))
    .filter((i) => sure[i] >= LARGE * sure[main] || gap(boxes[i], boxes[main]) <= NEAR * Math.max(mainWidth, mainHeight));
  const wanted = boxes.map((_, i) => (kept.includes(i) ? 1 : 0));
  const mask = names.map((name) => wanted[name]);
  const rivals = kept.filter((i) => i !== main && beside(boxes[i], boxes[main])).length;
  return { mask, box: around(kept.map((i) => boxes[i])), rivals };
}

function gap([x, y, w, h], [X, Y, W, H]) {
  return Math.max(X - (x + w), x - (X + W), Y - (y + h), y - (Y + H), 0);
}

/** Whether a mark beside the main one is tall enough for a digit of its own. */
function beside([x, , w, h], [X, , W, H]) {
  return h >= 0.6 * H && Math.max(X - (x + w), x - (X + W)) >= 0;
}

function around(boxes) {
  const [left, top] = [0, 1].map((axis) => Math.min(...boxes.map((box) => box[axis])));
  const [right, bottom] = [0, 1].map((axis) => Math.max(...boxes.map((box) => box[axis] + box[axis + 2])));
  return [left, top, right - left, bottom - top];
}

/** What hangs together, corners included: a name for each pixel, 0 for none, and each name's box. */
function components(mask, h, w) {
  const names = new Int32Array(h * w);
  const boxes = [null];
  const waiting = new Int32Array(h * w);
  for (let start = 0; start < mask.length; start++) {
    if (!mask[start] || names[start]) continue;
    const name = boxes.length;
    let left = w, top = h, right = 0, bottom = 0, n = 0;
    names[start] = name;
    waiting[n++] = start;
    while (n) {
      const i = waiting[--n];
      const y = Math.floor(i / w), x = i % w;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      if (y < top) top = y;
      if (y >= bottom) bottom = y + 1;
      for (let r = Math.max(0, y - 1); r <= y + 1 && r < h; r++) {
        for (let k = r * w + Math.max(0, x - 1); k <= r * w + Math.min(w - 1, x + 1); k++) {
          if (!mask[k] || names[k]) continue;
          names[k] = name;
          waiting[n++] = k;
        }
      }
    }
    boxes.push([left, top, right - left, bottom - top]);
  }
  return { names, boxes };
}

/** The ink within its box alone, {pixels, h, w}: paper 0, full ink 255, and one pixel around the
 * marks, which holds the palest part of their edges. */
function strengthen({ pixels, h, w }, { paper, contrast }, { mask, box }) {
  const [left, top, width, height] = box;
  const scale = Math.fround(255 / (contrast >= NEARLY_FULL ? 255 : contrast));
  const near = (y, x) => {
    for (let r = Math.max(0, y - 1); r <= Math.min(h - 1, y + 1); r++) {
      for (let c = Math.max(0, x - 1); c <= Math.min(w - 1, x + 1); c++) if (mask[r * w + c]) return true;
    }
    return false;
  };
  const ink = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = pixels[(top + y) * w + left + x];
      if (value <= paper || !near(top + y, left + x)) continue;
      ink[y * width + x] = Math.min(255, round(Math.fround(Math.fround(value - paper) * scale)));
    }
  }
  return { pixels: ink, h: height, w: width };
}

export { findMarks, strengthen };
