// Where the network's columns and neurons stand: pure geometry, in pixels of CSS.
import { unitOf } from "./columns.js";

const HEAD = 2.6; // units above a column, for its name and shape
const NARROW = 6.5; // units a column: with less, the names stand in two rows at the top
const LARGEST = 2.2; // units: a neuron's cell
const GAP = 0.1; // of the width, at least, between two columns
const FINGER = { map: 2, neuron: 1.5 }; // units: what a finger can hit
const WIDEST = 4000; // pixels: phones paint no canvas that is much larger

/** The least width, from that of the window on, at which a finger can hit all that is in every column. */
export function widthForFingers(columns, least, height, unit) {
  for (let width = least; width < WIDEST; width += unit) {
    const { crowded, spare } = roomIn(columns, width, height, unit);
    if (!crowded && spare >= 0) return width;
  }
  return Math.max(least, WIDEST);
}

/**
 * Boxes for columns [{name, shape}] on a stage. `unit` is the height of text.
 * A box: {kind, x, y, width, height, shape, cell, across, gap, head, crowded}; kind is "image", "maps",
 * "neurons" or "outputs", head where its name stands.
 */
export function layOut(columns, width, height, unit) {
  const { crowded, top, inner, body, image, outputs, room, fingers, spare } = roomIn(columns, width, height, unit);
  const middle = top + body / 2;
  const needs = columns.slice(1, -1).map(needOf);
  const shares = needs.map((need) => need / sum(needs));
  const boxes = columns.map((column, i) => {
    if (i === 0) return imageBox(column, image);
    if (i === columns.length - 1) return outputs;
    // Where there is room for all at a finger's size, each has that first.
    const own = spare < 0 ? room * shares[i - 1] : fingers[i - 1] + spare * shares[i - 1];
    return column.shape.length === 3 ? mapsBox(column, own, body, unit) : neuronsBox(column, own, body, unit);
  });
  const rest = inner - sum(boxes.map((box) => box.width));
  let x = 1;
  for (const [i, box] of boxes.entries()) {
    box.x = x;
    box.y = middle - box.height / 2;
    box.crowded = crowded;
    box.head = crowded ? (HEAD * (1 + (i % 2)) - 0.55) * unit : box.y - 0.55 * unit;
    x += box.width + rest / (columns.length - 1);
  }
  return boxes;
}

/** How a stage is divided: what the columns between image and outputs have, and what they want. */
function roomIn(columns, width, height, unit) {
  const crowded = width / columns.length < NARROW * unit;
  const top = (crowded ? 2 * HEAD : HEAD) * unit;
  const inner = width - 1.5 * unit; // the words above the outer columns reach further than these
  const body = height - top - 2;
  const hidden = columns.length - 2;
  const outputs = outputBox(columns.at(-1), body, unit);
  const image = Math.min(0.62 * body, hidden > 4 ? Math.min(9 * unit, Math.max(0.13 * inner, 4.5 * unit)) : Math.max(0.27 * inner, 7 * unit));
  const gap = Math.max(GAP * inner, 1.2 * unit) / Math.max(1, hidden / 2);
  const room = inner - image - outputs.width - (columns.length - 1) * gap;
  const fingers = columns.slice(1, -1).map((column) => forFingers(column, body, unit));
  return { crowded, top, inner, body, image, outputs, room, fingers, spare: room - sum(fingers) };
}

/** The width of a column in which a finger can hit every map or neuron. */
function forFingers({ shape }, body, unit) {
  const [n, side] = shape.length === 3 ? [shape[2], FINGER.map * unit * (1 + gapOf(shape[0]) / shape[0])] : [shape[0], FINGER.neuron * unit];
  const across = Math.ceil(n / Math.max(1, Math.floor(body / side)));
  return Math.max(across * side, shape.length === 3 ? 4 * unit : 0); // its name is as wide
}

/** How many pixels of a map are left between two: of small maps less. */
function gapOf(h) {
  return Math.min(2, h / 4);
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

/** How much room a column asks for, beside others: a deep network has many. */
function needOf({ shape }) {
  const [n, area] = shape.length === 3 ? [shape[2], shape[0] * shape[1]] : [shape[0], 16];
  return Math.sqrt(n * area);
}

function imageBox({ name, shape }, width) {
  const side = Math.max(2, Math.floor(width / shape[1])) * shape[1];
  return { kind: "image", name, shape, width: side, height: side, cell: side / shape[1], across: shape[1] };
}

function outputBox({ name, shape }, body, unit) {
  const cell = Math.min(body / shape[0], 3 * unit);
  return { kind: "outputs", name, shape, width: cell, height: cell * shape[0], cell, across: 1 };
}

/** Neurons in rows: the largest cells that fit, full rectangles rather than ragged ones. */
function neuronsBox({ name, shape: [n] }, room, body, unit) {
  let best = null;
  for (let across = 1; across <= n; across++) {
    const rows = Math.ceil(n / across);
    const cell = Math.min(LARGEST * unit, room / across, body / rows);
    // Narrow columns leave room for the connections; ragged ones look like a mistake.
    const merit = cell * (1 - (0.4 * across * cell) / room) * (n % across ? 0.85 : 1);
    if (!best || merit > best.merit) best = { merit, across, rows, cell };
  }
  const { across, rows, cell } = best;
  return { kind: "neurons", name, shape: [n], width: across * cell, height: rows * cell, cell, across };
}

/** Feature maps in rows. `cell` is a pixel of a map, `side` a map with the gap after it. */
function mapsBox({ name, shape }, room, body, unit) {
  const [h, w, n] = shape;
  const gap = gapOf(h);
  const most = Math.max(0.5, FINGER.map / h) * unit;
  let best = null;
  for (let across = 1; across <= n; across++) {
    const rows = Math.ceil(n / across);
    const cell = Math.min(room / (across * (w + gap) - gap), body / (rows * (h + gap) - gap), most);
    if (!best || cell > best.cell * 1.02) best = { across, rows, cell };
  }
  const { across, rows, cell } = best;
  const width = (across * (w + gap) - gap) * cell;
  return { kind: "maps", name, shape, width, height: (rows * (h + gap) - gap) * cell, cell, across, gap };
}

/** The middle of neuron `i` of a box. */
export function placeOf(box, i) {
  if (box.kind === "maps") {
    const { unit, at } = unitOf(box, i);
    const [x, y] = cornerOf(box, unit);
    return [x + (at[1] + 0.5) * box.cell, y + (at[0] + 0.5) * box.cell];
  }
  return [box.x + ((i % box.across) + 0.5) * box.cell, box.y + (Math.floor(i / box.across) + 0.5) * box.cell];
}

/** The upper left corner of a map. */
export function cornerOf(box, map) {
  const [h, w] = box.shape;
  const [row, column] = [Math.floor(map / box.across), map % box.across];
  return [box.x + column * (w + box.gap) * box.cell, box.y + row * (h + box.gap) * box.cell];
}

/** The neuron under a point, as {column, index}; null where there is none. */
export function neuronAt(boxes, x, y) {
  for (const [column, box] of boxes.entries()) {
    const [u, v] = [x - box.x, y - box.y];
    if (u < 0 || v < 0 || u >= box.width || v >= box.height) continue;
    const index = box.kind === "maps" ? pixelAt(box, u, v) : Math.floor(v / box.cell) * box.across + Math.floor(u / box.cell);
    if (index !== null && index < sizeOf(box)) return { column, index };
  }
  return null;
}

function pixelAt(box, u, v) {
  const [h, w, n] = box.shape;
  const [c, r] = [u / box.cell, v / box.cell];
  const map = Math.floor(r / (h + box.gap)) * box.across + Math.floor(c / (w + box.gap));
  const [row, column] = [Math.floor(r % (h + box.gap)), Math.floor(c % (w + box.gap))];
  return map < n && row < h && column < w ? (row * w + column) * n + map : null;
}

export function sizeOf(box) {
  return box.shape.reduce((a, b) => a * b, 1);
}
