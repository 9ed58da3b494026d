// One neuron: its weights as a picture, its sum with the numbers of this drawing, and the test images
// that excite it most.
import { onColours } from "./colours.js";
import { outputName, placeName, unitOf } from "./columns.js";
import { on, send } from "./connection.js";
import { percent, signed, whole } from "./numbers.js";
import { inkPicture, sheet } from "./pictures.js";
import { change, state, watch } from "./state.js";

const FORMULAS = {
  relu: "a = max(0, z)",
  sigmoid: "a = 1 / (1 + e⁻ᶻ)",
  tanh: "a = tanh(z)",
  linear: "a = z",
  softmax: "a = eᶻ / Σ eᶻ",
  batch_norm: "normalized",
};
const LINES = 8; // products that are shown one by one
const MOST = 9; // images that are told

const panel = document.getElementById("neuron");
let number = 0;
let asked = ""; // the neuron and model that are open, and whether that is in training
let first = 0; // the first question about these
let question = null; // which neuron, as the server counts

/** Begin. */
export function startNeuron() {
  on("neuron", (message, buffer) => {
    if (message.id === number && asked) change({ opened: opened(message, new Float32Array(buffer)) });
  });
  on("favourites", (message, buffer) => {
    if (message.id < first || !asked) return;
    const seen = state.exciting?.searched ?? 0;
    change({ exciting: { ...message, pixels: new Uint8Array(buffer) } });
    if (message.searched < message.of && message.searched > seen) send({ do: "favourites", ...question, id: number });
  });
  on("hello", () => (asked = "")); // what was looked for is to be asked for again
  watch(["neuron", "answer", "network"], ask);
  watch(["opened", "exciting"], show);
  onColours(show);
}

/** The message, with what the page needs to place it. */
function opened(message, numbers) {
  const [column, position] = state.neuron.split(",").map(Number);
  const size = message.field.reduce((a, b) => a * b, 1);
  const picture = numbers.subarray(0, message.weights ? size : 0);
  const terms = (message.strongest ?? []).slice(0, LINES);
  const { shape } = state.network.columns[column];
  const whole = shape.length === 1; // a dense layer sees all of the column before
  const incoming = whole ? (message.strongest ?? []).map(([i, , , product]) => [i, position, product]) : [];
  return { ...message, column, position, picture, inputs: numbers.subarray(picture.length), terms, incoming };
}

/** Ask for the arithmetic again whenever the drawing has changed. */
function ask() {
  const [column, index] = state.neuron.split(",").map(Number);
  const known = state.network?.columns[column];
  if (!/^\d+,\d+$/.test(state.neuron) || !known || column === 0 || index >= known.shape.reduce((a, b) => a * b, 1) || !state.answer) {
    asked = "";
    change({ opened: null, exciting: null });
    return;
  }
  const { unit, at } = unitOf(known, index);
  question = { layer: known.place, index: unit, ...(at ? { at } : {}) };
  number += 1;
  send({ do: "neuron", id: number, ...question });
  const which = `${state.neuron} ${state.network.id} ${state.answer.live}`;
  if (which === asked) return;
  asked = which;
  first = number;
  change({ exciting: null });
  send({ do: "favourites", id: number, ...question });
}

function show() {
  const { opened: neuron } = state;
  const opens = panel.hidden && neuron !== null;
  panel.hidden = neuron === null;
  if (!neuron) return;
  if (!panel.firstChild) build();
  const part = (name) => panel.querySelector(`.${name}`);
  part("title").textContent = titleOf(neuron);
  part("picture").hidden = panel.querySelector("thead").hidden = !neuron.picture.length;
  if (neuron.picture.length) showWeights(part("picture"), neuron);
  part("caption").textContent = caption(neuron);
  part("terms").replaceChildren(...neuron.terms.map((term) => termRow(neuron, term)), ...closingRows(neuron));
  showExciting(part("images"), part("exciting-words"));
  if (opens) panel.scrollIntoView({ block: "nearest" }); // on a phone it opens below the fold
}

function build() {
  panel.innerHTML = `
    <header><h2 class="title"></h2><button class="round close" aria-label="Close the neuron" data-help="close">×</button></header>
    <div class="weights" data-download="neuron weights"><canvas class="picture" role="img" aria-label="The neuron's weights as a picture"></canvas><p class="caption muted small"></p></div>
    <div class="sum"><table><caption class="hidden-words">The sum with its numbers</caption>
      <thead><tr><th scope="col">from</th><th scope="col">input</th><th scope="col">weight</th><th scope="col">product</th></tr></thead>
      <tbody class="terms"></tbody></table></div>
    <div class="exciting"><p class="exciting-words muted small"></p><div class="images"></div></div>`;
  panel.querySelector(".close").addEventListener("click", () => change({ neuron: "" }));
}

function titleOf({ column, position }) {
  const { columns } = state.network;
  const { shape, name } = columns[column];
  if (column === columns.length - 1) return `Output ${outputName(state.network, position)}`;
  const place = placeName(shape, position);
  if (shape.length === 1) return `Hidden ${place}`;
  return name === "max_pool2d" ? `Pooled ${place}` : place[0].toUpperCase() + place.slice(1);
}

/** Weights as a picture: of the shape that they look at; of a kernel, a square for every channel. */
function showWeights(canvas, { picture, field }) {
  const limit = picture.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
  const [h, w, n] = field.length === 1 ? inRows(field[0]) : [...field, 1];
  const values = new Float32Array(h * w * n);
  for (let i = 0; i < picture.length; i++) values[(i % n) * h * w + Math.floor(i / n)] = picture[i];
  sheet(canvas, values, [n, h, w], Math.ceil(Math.sqrt(n)), limit);
}

function inRows(n) {
  const w = [16, 12, 10, 8].find((side) => n > 2 * side && n % side === 0) ?? Math.ceil(Math.sqrt(n));
  return [Math.ceil(n / w), w, 1];
}

function caption({ picture, weights, field }) {
  if (!picture.length) return "Pooling has no weights: it keeps the largest of its window.";
  const limit = picture.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
  return `${weights}, ${field.join("×")}: blue excites, orange calms; the full colour is ${signed(limit, 2)}`;
}

/** What a term comes from: a pixel or neuron of the column before, or a place of a kernel's window. */
function sourceOf({ field, column }, i) {
  const { shape } = state.network.columns[column];
  return `${shape.length === 3 ? "window " : ""}${placeName(field, i)}`;
}

function termRow(neuron, [i, x, w, product]) {
  return row(product < 0 ? "minus" : "plus", sourceOf(neuron, i), signed(x), signed(w), signed(product));
}

function closingRows(neuron) {
  const { chain, terms, bias, sum, inputs } = neuron;
  if (!terms.length) return [result("a = the largest of", `${[...inputs].map((x) => signed(x, 2)).join(", ")}`)];
  const others = neuron.picture.length - terms.length;
  const rest = sum - terms.reduce((total, [, , , product]) => total + product, 0);
  const rows = others > 0 ? [row("", `${others} others`, "", "", signed(rest))] : [];
  rows.push(row("", "bias b", "", "", signed(bias)), row("total", "z = Σ x w + b", "", "", signed(chain[0].value)));
  for (const step of chain.slice(1)) rows.push(result(FORMULAS[step.name] ?? step.name, valueOf(step, chain[0].value)));
  const { answer, network } = state;
  if (answer?.calibrated && neuron.column === network.columns.length - 1 && network.columns.at(-1).shape[0] === answer.judged.length) {
    rows.push(result("calibrated", percent(answer.judged[neuron.position], 2)));
  }
  return rows;
}

function valueOf({ name, value, denominator }, z) {
  if (name !== "softmax") return signed(value);
  const fraction = denominator ? `e^${signed(z, 2)} / ${denominator >= 1e5 ? denominator.toExponential(2) : denominator.toFixed(1)} = ` : "";
  return `${fraction}${percent(value, 2)}`;
}

function row(kind, name, ...numbers) {
  const line = document.createElement("tr");
  line.className = kind;
  const head = Object.assign(document.createElement("th"), { scope: "row", textContent: name });
  line.append(head, ...numbers.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
  return line;
}

function result(formula, value) {
  const line = row("total", formula, value);
  line.lastChild.colSpan = 3;
  return line;
}

function showExciting(place, words) {
  const { exciting } = state;
  const looking = exciting && exciting.searched < exciting.of;
  words.textContent = looking
    ? `The most exciting of ${whole(exciting.searched)} test images, ${state.answer?.live ? "a moment ago:" : "looking on…"}`
    : exciting ? "The test images that excite it most:" : "Looking through the test images…";
  place.replaceChildren(...(exciting ? exciting.images.map(excitingImage) : Array.from({ length: MOST }, room)));
}

/** Room for an image that is still looked for: nothing moves when it comes. */
function room() {
  const place = Object.assign(document.createElement("span"), { className: "thumb-room" });
  place.append(Object.assign(document.createElement("canvas"), { width: 28, height: 28 }), Object.assign(document.createElement("span"), { textContent: "\u00a0" }));
  return place;
}

function excitingImage({ image, label, value }, i) {
  const button = document.createElement("button");
  button.className = "thumb";
  button.dataset.help = "thumb";
  button.setAttribute("aria-label", `${image}, a ${label}, sum ${signed(value, 2)}`);
  const picture = document.createElement("canvas");
  inkPicture(picture, state.exciting.pixels.subarray(784 * i, 784 * (i + 1)), [28, 28]);
  button.append(picture, Object.assign(document.createElement("span"), { textContent: signed(value, 1) }));
  button.addEventListener("click", () => change({ image }));
  return button;
}
