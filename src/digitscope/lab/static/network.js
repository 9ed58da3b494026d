// The network: its columns lit by what the drawing sets off, and the strongest connections. Here is
// where they stand, and what pointer and keys do; a worker paints (painter.js).
import { onColours } from "./colours.js";
import { outputName, placeName } from "./columns.js";
import { layOut, neuronAt, placeOf, sizeOf } from "./layout.js";
import { percent, signed } from "./numbers.js";
import { penIsDown } from "./pad.js";
import { afterPainting } from "./painting.js";
import { change, state, watch } from "./state.js";
import { themeColours } from "./theme.js";

const stage = document.getElementById("stage");
const canvas = document.getElementById("network");
const tip = document.getElementById("tip");
const painter = new Worker(new URL("painter.js", import.meta.url), { type: "module" });

let boxes = [];
let unit = 16;
let hovered = null;
let waiting = false;

/** Begin. */
export function startNetwork() {
  const paper = canvas.transferControlToOffscreen();
  painter.postMessage({ paper }, [paper]);
  sendColours();
  watch(["network", "neuron", "opened", "drawing"], repaint);
  watch(["answer"], () => state.answer?.brief || repaint()); // a brief one lights nothing
  watch(["network"], place);
  watch(["answer"], tell);
  onColours(sendColours);
  new ResizeObserver(place).observe(stage);
  canvas.addEventListener("pointermove", (event) => hover(neuronAt(boxes, event.offsetX, event.offsetY)));
  canvas.addEventListener("pointerleave", () => hover(null));
  canvas.addEventListener("click", (event) => open(neuronAt(boxes, event.offsetX, event.offsetY)));
  canvas.addEventListener("keydown", key);
  canvas.addEventListener("blur", () => hover(null));
  place();
}

function sendColours() {
  painter.postMessage({ colours: themeColours() });
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

/** Send the painter all that it needs: only plain values, and of the state only what is drawn. */
function paint() {
  const { answer, network, opened } = state;
  const { clientWidth: width, clientHeight: height } = stage;
  const drawn = network && boxes.length === network.columns.length;
  const [column, index] = state.neuron.split(",").map(Number);
  painter.postMessage({
    width,
    height,
    ratio: devicePixelRatio,
    unit,
    boxes: drawn ? boxes : [],
    network: drawn && { columns: network.columns, classes: network.classes, refuses: network.refuses },
    values: answer && [answer.input, ...answer.values.slice(1)],
    links: answer?.links ?? [],
    hurried: penIsDown(),
    hovered,
    chosen: state.neuron ? { column, index } : null,
    opened: opened && { column: opened.column, position: opened.position, index: opened.index, window: opened.window, pools: !opened.weights, incoming: opened.incoming },
  });
}
