// The network: its columns lit by what the drawing sets off, and the strongest connections.
import { colours, onColours } from "./colours.js";
import { outputName, placeName } from "./columns.js";
import { paintHead } from "./heads.js";
import { layOut, neuronAt, placeOf, sizeOf } from "./layout.js";
import { light } from "./lights.js";
import { paintLinks, touches } from "./links.js";
import { percent, signed } from "./numbers.js";
import { penIsDown } from "./pad.js";
import { afterPainting } from "./painting.js";
import { paintWindow, ring } from "./rings.js";
import { change, state, watch } from "./state.js";

const QUICK = 20; // links into a column while the pen moves: curves are what takes time to paint
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
  watch(["network", "neuron", "opened", "drawing"], repaint);
  watch(["answer"], () => state.answer?.brief || repaint()); // a brief one lights nothing
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
  const act = () => {
    waiting = false;
    paint();
  };
  if (penIsDown()) afterPainting(act); // the answer of this frame does not wait for it
  else requestAnimationFrame(act);
}

function paint() {
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context.clearRect(0, 0, stage.clientWidth, stage.clientHeight);
  if (!state.network || boxes.length !== state.network.columns.length) return;
  const focus = focused();
  if (!focus) paintAllLinks(focus);
  const ends = new Map();
  boxes.forEach((box, i) => {
    paintHead(context, stage.clientWidth, box, i, unit, ends);
    const values = state.answer ? (i === 0 ? state.answer.input : state.answer.values[i]) : null;
    light(context, box, values, state.network);
  });
  paintWindow(context, boxes, unit);
  if (focus) paintAllLinks(focus); // above the neurons: they lead to one of many
  const chosen = state.neuron.split(",").map(Number);
  if (state.neuron && boxes[chosen[0]] && chosen[1] < sizeOf(boxes[chosen[0]])) ring(context, boxes[chosen[0]], chosen[1], colours().text("ink"), unit);
  if (hovered) ring(context, boxes[hovered.column], hovered.index, colours().text("accent"), unit);
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
