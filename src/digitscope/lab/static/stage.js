// The stage: the formula, its quantities as pictures and numbers, and the line that computes it.
import { largestOf, ravel, unravel } from "./arrays.js";
import { css, onColours, signedColour } from "./colours.js";
import { plain, typeset } from "./formula.js";
import { heatmap } from "./heatmap.js";
import { exact } from "./numbers.js";
import { ratesPlot } from "./rates.js";
import { change, state, watch } from "./state.js";

const FEW = 12; // numbers that are listed one by one
const part = (name) => document.getElementById(`stage-${name}`);

/** Begin. */
export function startStage() {
  watch(["walk"], show);
  watch(["weight"], show);
  onColours(show);
}

function show() {
  const { walk } = state;
  if (!walk) return;
  const { now, source } = walk;
  typeset(part("title"), now.title);
  typeset(part("formula"), now.formula);
  part("words").textContent = now.words;
  const figures = walk.parts.map(figureOf);
  const losses = walk.rates.length ? figures.splice(walk.parts.findIndex(({ kind }) => kind === "number")) : [];
  part("parts").replaceChildren(...figures.flat());
  if (losses.length) part("parts").append(outcomeOf(losses.flat(), walk));
  part("where").textContent = `${source.file}:${source.line}`;
  part("code").textContent = source.code;
}

/** What came of the update: the losses before and after, and under them those of other rates. */
function outcomeOf(losses, walk) {
  const outcome = Object.assign(document.createElement("div"), { className: "outcome" });
  const numbers = Object.assign(document.createElement("div"), { className: "losses" });
  numbers.append(...losses);
  outcome.append(numbers, ratesPlot(walk));
  return outcome;
}

/** A download's name: the quantity, and the stage that it stands in, if that is another. */
function titled(symbol) {
  const { id } = state.walk.now;
  return symbol === id ? id : `${id} ${symbol}`;
}

/** The sign before a quantity, if there is one, and the quantity. */
function figureOf(quantity) {
  const sign = Object.assign(document.createElement("span"), { className: "sign", textContent: quantity.before });
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.append(typeset(document.createElement("b"), quantity.symbol), shapeOf(quantity));
  const readout = Object.assign(document.createElement("p"), { className: "readout muted small", role: "status" });
  const resting = rangeOf(quantity);
  readout.textContent = resting;
  const content = contentOf(quantity, (text) => (readout.textContent = text || resting));
  figure.append(caption, content);
  if (quantity.values.length > FEW || quantity.shape.length > 2) figure.append(readout);
  figure.className = `of-${content.className}`;
  figure.dataset.download = titled(plain(quantity.symbol));
  figure.style.flexGrow = content.dataset.grow ?? "";
  return quantity.before ? [sign, figure] : [figure];
}

function contentOf(quantity, say) {
  const { kind, values, weight, shape } = quantity;
  if (kind === "number") return Object.assign(document.createElement("p"), { className: "number-large", textContent: exact(values[0]) });
  const own = kind === "weight" ? shape : shape.slice(1);
  const pick = weight ? (index) => change({ weight: `${weight}:${unravel(index, own)}`, path: "" }) : null;
  const chosen = weight ? chosenOf(weight, own) : -1;
  const nameOf = (index) => `${plain(quantity.symbol)}[${unravel(index, own).join(", ")}]`;
  if (values.length <= FEW && own.length === 1) return listOf(quantity, pick, chosen, nameOf);
  const { frame, canvas } = heatmap(quantity, values, { say, nameOf, pick, chosen });
  const action = pick ? ", Enter opens the chain rule of one" : "";
  canvas.setAttribute("aria-label", `${plain(quantity.symbol)}, ${shape.join(" × ")}, ${rangeOf(quantity)}. Arrow keys read its numbers${action}.`);
  const detail = 0.6 + Math.log10(values.length) / 4; // what has more to show gets more room
  frame.dataset.grow = detail * Math.min(1.8, Math.max(0.7, canvas.width / canvas.height));
  return frame;
}

/** The place of the weight that is open, if it is one of these. */
function chosenOf(weight, shape) {
  const [name, index] = state.weight.split(":");
  const at = (index ?? "").split(",").map(Number);
  return name === weight && at.length === shape.length ? ravel(at, shape) : -1;
}

/** A few numbers, one a line: their name, a field in their colour, the number. */
function listOf(quantity, pick, chosen, nameOf) {
  const table = document.createElement("table");
  table.className = "numbers";
  const limit = largestOf(quantity.values);
  const names = quantity.kind === "output" ? state.walk.outputs : null;
  quantity.values.forEach((value, i) => {
    const row = table.insertRow();
    const head = Object.assign(document.createElement("th"), { scope: "row", textContent: names?.[i] ?? i });
    const field = document.createElement("td");
    field.className = "field-colour";
    field.style.background = css(signedColour(limit ? value / limit : 0));
    const number = document.createElement("td");
    if (pick) {
      const button = Object.assign(document.createElement("button"), { className: "plain", textContent: exact(value) });
      button.dataset.help = "weight-number";
      button.setAttribute("aria-label", `${nameOf(i)} = ${exact(value)}: its chain rule`);
      button.addEventListener("click", () => pick(i));
      number.append(button);
    } else number.textContent = exact(value);
    row.classList.toggle("chosen", i === chosen);
    row.append(head, field, number);
  });
  return table;
}

function shapeOf({ kind, shape }) {
  const perImage = (kind === "value" || kind === "output") && shape[0] > 1; // of a batch the chosen one is seen
  const row = perImage ? `, row ${state.walk.of + 1} of ${shape[0]}` : "";
  const words = kind === "number" ? "" : ` ${shape.join(" × ")}${row}`;
  return Object.assign(document.createElement("span"), { className: "muted", textContent: words });
}

function rangeOf({ values }) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return `${exact(low, 3)} to ${exact(high, 3)}`;
}
