// The network: its columns lit by what the drawing sets off, and the strongest connections.
import { colours, onColours } from "./colours.js";
import { outputName, placeName } from "./columns.js";
import { cornerOf, layOut, neuronAt, placeOf, sizeOf } from "./layout.js";
import { light } from "./lights.js";
import { paintLinks, touches } from "./links.js";
import { percent, signed } from "./numbers.js";
import { penIsDown } from "./pad.js";
import { change, state, watch } from "./state.js";

const QUICK = 30; // links into a column while the pen moves: curves are what takes time to paint
const stage = document.getElementById("stage");
const canvas = document.getElementById("network");
const tip = document.getElementById("tip");
const context = canvas.getContext("2d");

let boxes = [];
let unit = 16;
let hovered = null;
let waiting = false;

/** Begin. */
export function startNetwork() {
  watch(["network", "answer", "neuron", "opened", "drawing"], repaint);
  watch(["network"], place);
  watch(["answer"], tell);
  onColours(repaint);
  new ResizeObserver(place).observe(stage);
  canvas.addEventListener("pointermove", (event) => hover(neuronAt(boxes, event.offsetX, event.offsetY)));
  canvas.addEventListener("pointerleave", () => hover(null));
  canvas.addEventListener("click", (event) => open(neuronAt(boxes, event.offsetX, event.offsetY)));
  canvas.addEventListener("keydown", key);
  canvas.addEventListener("blur", () => hover(null));
  place();
}

/** What a column is called. */
export function titleOf(column, i) {
  if (i === 0) return "input";
  if (i === state.network.columns.length - 1) return "output";
  return { max_pool2d: "pooling" }[column.name] ?? (column.shape.length === 3 ? "feature maps" : "hidden");
}

function shortTitle(column, i) {
  return { "feature maps": "maps", pooling: "pool" }[titleOf(column, i)] ?? titleOf(column, i);
}

function open(found) {
  if (!found || found.column === 0) change({ neuron: "" });
  else change({ neuron: `${found.column},${found.index}` });
}

function hover(found) {
  if (found?.column === hovered?.column && found?.index === hovered?.index) return;
  hovered = found;
  canvas.classList.toggle("over", found !== null && found.column > 0);
  tell();
  repaint();
}

/** Arrow keys: up and down in a column, left and right between columns. */
function key(event) {
  if (!boxes.length) return;
  const at = hovered ?? { column: boxes.length - 1, index: 0 };
  const box = boxes[at.column];
  const across = box.kind === "maps" ? box.shape[1] * box.shape[2] : box.across;
  const along = box.kind === "maps" ? box.shape[2] : 1;
  const way = { ArrowUp: -across, ArrowDown: across, ArrowLeft: -along, ArrowRight: along }[event.key];
  if (event.key === "Enter" || event.key === " ") open(at);
  else if (event.key === "Escape") change({ neuron: "" });
  else if (event.key === "PageUp" || event.key === "PageDown") {
    const column = Math.min(boxes.length - 1, Math.max(0, at.column + (event.key === "PageDown" ? 1 : -1)));
    hover({ column, index: 0 });
  } else if (way) hover({ column: at.column, index: Math.min(sizeOf(box) - 1, Math.max(0, at.index + way)) });
  else return;
  event.preventDefault();
}

function tell() {
  tip.hidden = hovered === null;
  if (!hovered) return;
  tip.textContent = `${nameOf(hovered)}${valueOf(hovered)}`;
  const [x, y] = placeOf(boxes[hovered.column], hovered.index);
  const right = x > stage.clientWidth / 2;
  tip.style.left = right ? "" : `${x + unit}px`;
  tip.style.right = right ? `${stage.clientWidth - x + unit}px` : "";
  tip.style.top = `${Math.min(stage.clientHeight - 2 * unit, Math.max(0, y - 2.4 * unit))}px`;
}

function nameOf({ column, index }) {
  const last = state.network.columns.length - 1;
  if (column === last) return `output ${outputName(state.network, index)}`;
  const name = placeName(state.network.columns[column].shape, index);
  return column && name.startsWith("neuron") ? `hidden ${name}` : name;
}

function valueOf({ column, index }) {
  const { answer } = state;
  if (!answer) return "";
  if (column === 0) return `: ${answer.input[index]} of 255`;
  const value = answer.values[column][index];
  return `: ${column === state.network.columns.length - 1 ? percent(value) : signed(value, 2)}`;
}

function place() {
  const { clientWidth: width, clientHeight: height } = stage;
  if (!state.network || !width) return;
  unit = parseFloat(getComputedStyle(stage).fontSize);
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  boxes = layOut(state.network.columns, width, height, unit);
  hovered = null;
  tell();
  paint();
}

function repaint() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    paint();
  });
}

function paint() {
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context.clearRect(0, 0, stage.clientWidth, stage.clientHeight);
  if (!state.network || boxes.length !== state.network.columns.length) return;
  const focus = focused();
  if (!focus) paintAllLinks(focus);
  const ends = new Map();
  boxes.forEach((box, i) => {
    paintHead(box, i, ends);
    const values = state.answer ? (i === 0 ? state.answer.input : state.answer.values[i]) : null;
    light(context, box, values, state.network);
  });
  paintWindow();
  if (focus) paintAllLinks(focus); // above the neurons: they lead to one of many
  const chosen = state.neuron.split(",").map(Number);
  if (state.neuron && boxes[chosen[0]] && chosen[1] < sizeOf(boxes[chosen[0]])) ring(boxes[chosen[0]], chosen[1], colours().text("ink"));
  if (hovered) ring(boxes[hovered.column], hovered.index, colours().text("accent"));
}

/** A column's name and shape; on a narrow stage only where they fit: resting on it tells them too. */
function paintHead(box, i, ends) {
  const column = state.network.columns[i];
  const centre = Math.min(stage.clientWidth - 2 * unit, Math.max(2 * unit, box.x + box.width / 2));
  const { crowded } = box;
  context.textAlign = "center";
  context.fillStyle = colours().text("ink");
  context.font = `600 ${0.88 * unit}px system-ui, sans-serif`;
  write(crowded ? shortTitle(column, i) : titleOf(column, i), centre, box.head - 1.05 * unit, ends);
  context.fillStyle = colours().text("muted");
  context.font = `${(crowded ? 0.7 : 0.8) * unit}px system-ui, sans-serif`;
  const shape = column.shape.join("×");
  const bare = crowded || i === 0 || column.name === "max_pool2d";
  write(bare ? shape : `${shape} ${column.name}`, centre, box.head, ends);
}

/** Write a word, unless it would touch the one before it in its row, which ends where `ends` says. */
function write(text, centre, y, ends) {
  const half = context.measureText(text).width / 2;
  if (centre - half < (ends.get(y) ?? -Infinity)) return;
  context.fillText(text, centre, y);
  ends.set(y, centre + half + 0.25 * unit);
}

/** The neuron whose links are shown: the hovered one, else the open one; null for those of all. */
function focused() {
  const { opened, answer } = state;
  return hovered ?? (opened && answer ? { column: opened.column, index: opened.position } : null);
}

function paintAllLinks(focus) {
  const { opened } = state;
  for (const group of state.answer?.links ?? []) {
    const { from, to, lines } = group;
    const own = focus === null ? lines.slice(0, penIsDown() ? QUICK : undefined) : lines.filter((link) => touches(group, link, focus, boxes));
    paintLinks(context, [boxes[from], boxes[to]], group, own, Math.abs(lines[0]?.[2] ?? 0), focus !== null ? 1 : boxes[0].crowded ? 0.45 : 0.75, unit);
  }
  if (!focus || !opened || opened.column !== focus.column || opened.position !== focus.index) return;
  const into = opened.incoming;
  const strongest = Math.max(...into.map(([, , product]) => Math.abs(product)), 0);
  paintLinks(context, [boxes[focus.column - 1], boxes[focus.column]], { between: "units" }, into, strongest, 1, unit);
}

/** What the open place of a map looks at, in the maps before it. */
function paintWindow() {
  const { opened } = state;
  const box = boxes[opened?.column - 1];
  if (!opened?.window || !box) return;
  const [row, column, side] = opened.window;
  const [h, w, n = 1] = box.shape;
  const [top, left] = [Math.max(0, row), Math.max(0, column)];
  const [bottom, right] = [Math.min(h, row + side), Math.min(w, column + side)];
  context.strokeStyle = colours().text("accent");
  context.lineWidth = Math.max(1, 0.09 * unit);
  for (let map = 0; map < n; map++) {
    if (!opened.weights && map !== opened.index) continue; // a pooling looks at its own map alone
    const [x, y] = box.kind === "image" ? [box.x, box.y] : cornerOf(box, map);
    context.strokeRect(x + left * box.cell, y + top * box.cell, (right - left) * box.cell, (bottom - top) * box.cell);
  }
}

function ring(box, i, colour) {
  const [x, y] = placeOf(box, i);
  context.strokeStyle = colour;
  context.lineWidth = Math.max(1.5, 0.12 * unit);
  context.beginPath();
  if (box.kind === "image" || box.kind === "maps") context.rect(x - box.cell / 2 - 1, y - box.cell / 2 - 1, box.cell + 2, box.cell + 2);
  else context.arc(x, y, 0.5 * box.cell, 0, 2 * Math.PI);
  context.stroke();
}
