// The network: its columns lit by what the drawing sets off, and the strongest connections.
import { colours, css, inkColour, mix, onColours, signedColour } from "./colours.js";
import { placeName, unitOf } from "./columns.js";
import { cornerOf, layOut, neuronAt, placeOf, sizeOf } from "./layout.js";
import { percent, signed } from "./numbers.js";
import { change, state, watch } from "./state.js";

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
  watch(["network", "answer", "neuron", "opened"], repaint);
  watch(["network"], place);
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
  if (column === last) return `output ${outputName(index)}`;
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

function outputName(i) {
  const { classes, columns } = state.network;
  return columns.at(-1).shape[0] === classes.length ? classes[i] : `is it ${classes.at(-1)}?`;
}

function place() {
  const { clientWidth: width, clientHeight: height } = stage;
  if (!state.network || !width) return;
  unit = parseFloat(getComputedStyle(stage).fontSize);
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  boxes = layOut(state.network.columns, width, height, unit);
  hovered = null;
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
  if (!focus) paintLinks(focus);
  boxes.forEach((box, i) => {
    paintHead(box, i);
    const values = state.answer ? (i === 0 ? state.answer.input : state.answer.values[i]) : null;
    ({ image: paintImage, maps: paintMaps, neurons: paintNeurons, outputs: paintOutputs })[box.kind](box, values);
  });
  if (focus) paintLinks(focus); // above the neurons: they lead to one of many
  const chosen = state.neuron.split(",").map(Number);
  if (state.neuron && boxes[chosen[0]]) ring(boxes[chosen[0]], chosen[1], colours().text("ink"));
  if (hovered) ring(boxes[hovered.column], hovered.index, colours().text("accent"));
}

function paintHead(box, i) {
  const column = state.network.columns[i];
  const centre = Math.min(stage.clientWidth - 2 * unit, Math.max(2 * unit, box.x + box.width / 2));
  context.textAlign = "center";
  context.fillStyle = colours().text("ink");
  context.font = `600 ${0.88 * unit}px system-ui, sans-serif`;
  context.fillText(titleOf(column, i), centre, box.head - 1.05 * unit);
  context.fillStyle = colours().text("muted");
  context.font = `${0.8 * unit}px system-ui, sans-serif`;
  const shape = column.shape.join("×");
  context.fillText(i === 0 || column.name === "max_pool2d" ? shape : `${shape} ${column.name}`, centre, box.head);
}

/** The neuron whose links are shown: the hovered one, else the open one; null for those of all. */
function focused() {
  const { opened, answer } = state;
  return hovered ?? (opened && answer ? { column: opened.column, index: opened.position } : null);
}

function paintLinks(focus) {
  const { opened } = state;
  for (const { from, to, lines } of state.answer?.links ?? []) {
    const touches = ([i, j]) => (focus.column === from && focus.index === i) || (focus.column === to && focus.index === j);
    const own = focus === null ? lines : lines.filter(touches);
    paintLines(from, to, own, Math.abs(lines[0]?.[2] ?? 0), focus === null ? 0.75 : 1);
  }
  if (focus && opened && opened.column === focus.column && opened.position === focus.index) {
    const into = opened.incoming;
    paintLines(focus.column - 1, focus.column, into, Math.max(...into.map(([, , product]) => Math.abs(product)), 0), 1);
  }
}

function paintLines(from, to, lines, strongest, alpha) {
  const [left, right] = [boxes[from], boxes[to]];
  if (!left || !right || !strongest) return;
  const { plus, minus } = colours();
  for (const [i, j, value] of [...lines].reverse()) {
    const [x, y] = placeOf(left, i);
    const [u, v] = placeOf(right, j);
    const part = Math.abs(value) / strongest;
    const bend = (u - x) * 0.45;
    context.strokeStyle = css(value < 0 ? minus : plus, alpha * (0.12 + 0.6 * part));
    context.lineWidth = 0.6 + (unit / 9) * part;
    context.beginPath();
    context.moveTo(x, y);
    context.bezierCurveTo(x + bend, y, u - bend, v, u, v);
    context.stroke();
  }
}

function paintImage(box, values) {
  const { x, y, width, cell } = box;
  context.fillStyle = css(inkColour(0));
  context.fillRect(x, y, width, width);
  for (let i = 0; values && i < values.length; i++) {
    if (!values[i]) continue;
    context.fillStyle = css(inkColour(values[i] / 255));
    context.fillRect(x + (i % box.across) * cell, y + Math.floor(i / box.across) * cell, cell, cell);
  }
  outline(x, y, width, width);
}

function paintMaps(box, values) {
  const [h, w, n] = box.shape;
  const limit = values ? largest(values) : 1;
  const small = new OffscreenCanvas(w, h);
  const inner = small.getContext("2d");
  const pixels = inner.createImageData(w, h);
  context.imageSmoothingEnabled = false;
  for (let map = 0; map < n; map++) {
    const [x, y] = cornerOf(box, map);
    for (let i = 0; i < h * w; i++) {
      pixels.data.set([...signedColour(values ? values[i * n + map] / limit : 0), 255], 4 * i);
    }
    inner.putImageData(pixels, 0, 0);
    context.drawImage(small, x, y, w * box.cell, h * box.cell);
    outline(x, y, w * box.cell, h * box.cell);
  }
}

function paintNeurons(box, values) {
  const limit = values ? largest(values) : 1;
  const radius = 0.5 * box.cell - Math.max(0.5, 0.09 * box.cell);
  for (let i = 0; i < box.shape[0]; i++) disc(box, i, radius, values ? values[i] / limit : 0);
}

function paintOutputs(box, values) {
  const radius = 0.41 * box.cell;
  const { ink, paper, plus } = colours();
  for (let i = 0; i < box.shape[0]; i++) {
    const lit = values?.[i] ?? 0;
    disc(box, i, radius, lit);
    const [x, y] = placeOf(box, i);
    context.fillStyle = css(lit > 0.5 ? mix(plus, paper, 1) : ink);
    context.font = `600 ${0.42 * box.cell}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(box.shape[0] === state.network.classes.length ? state.network.classes[i] : "?", x, y + 0.02 * box.cell);
    context.textBaseline = "alphabetic";
  }
}

function disc(box, i, radius, lit) {
  const [x, y] = placeOf(box, i);
  context.beginPath();
  context.arc(x, y, Math.max(0.8, radius), 0, 2 * Math.PI);
  context.fillStyle = css(signedColour(lit));
  context.fill();
  if (radius > 2.5) {
    context.strokeStyle = css(mix(colours().line, lit < 0 ? colours().minus : colours().plus, Math.min(1, Math.abs(lit))));
    context.lineWidth = 1;
    context.stroke();
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

function outline(x, y, width, height) {
  context.strokeStyle = colours().text("line");
  context.lineWidth = 1;
  context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
}

function largest(values) {
  let most = 1e-6;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
