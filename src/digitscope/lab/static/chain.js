// The chain rule of one weight: factors in boxes, sums with their terms, the finite difference beside
// the gradient, and the line that computes it.
import { stepAsked } from "./backprop.js";
import { on, send } from "./connection.js";
import { plain, typeset } from "./formula.js";
import { exact } from "./numbers.js";
import { change, state, watch } from "./state.js";

const part = (name) => document.getElementById(`chain-${name}`);
let number = 0;

/** Begin. */
export function startChain() {
  on("chain_rule", (message) => {
    if (message.id !== number) return;
    part("error").textContent = "";
    change({ chain: message, weight: `${message.weight}:${message.index}` });
  });
  on("error", ({ about, id, what }) => {
    if (about !== "chain_rule" || id !== number) return;
    change({ chain: null });
    part("error").textContent = what;
  });
  part("layer").addEventListener("change", ({ target }) => change({ weight: target.value, path: "" }));
  part("index").addEventListener("change", ({ target }) => {
    const index = (target.value.match(/\d+/g) ?? []).join();
    change({ weight: index ? `${part("layer").value}:${index}` : part("layer").value, path: "" });
  });
  on("error", sayOnce);
  watch(["walk", "weight", "path"], ask);
  watch(["walk"], fill);
  watch(["chain", "weight"], show);
  show();
}

/** What is wrong with the step stands above it: it is not said of its weight too. */
function sayOnce() {
  if (part("error").textContent === document.getElementById("backprop-error").textContent) part("error").textContent = "";
}

/** The weight that is open; of a layer alone the one with the largest gradient is meant. */
function ask() {
  const { walk, weight, path } = state;
  if (!walk || !weight) {
    change({ chain: null });
    return;
  }
  const [name, index] = weight.split(":");
  number += 1;
  const keys = path ? path.split(",").map(Number) : [];
  send({ do: "chain_rule", id: number, weight: name, index: index ? index.split(",").map(Number) : null, path: keys, ...stepAsked() });
}

function fill() {
  const select = part("layer");
  const { walk } = state;
  const names = walk?.weights.map(([name]) => name) ?? [];
  if (select.dataset.names !== names.join()) {
    select.replaceChildren(new Option("–", ""), ...names.map((name) => new Option(greek(name), name)));
    select.dataset.names = names.join();
  }
  showChoice();
}

function greek(name) {
  return name.replace("gamma", "γ").replace("beta", "β");
}

function showChoice() {
  const [name, index] = state.weight.split(":");
  part("layer").value = name;
  part("index").hidden = !name;
  if (document.activeElement !== part("index")) part("index").value = (index ?? "").replaceAll(",", ", ");
  const shape = state.walk?.weights.find(([known]) => known === name)?.[1];
  part("shape").textContent = shape ? `of ${shape.join(" × ")}` : "";
}

function show() {
  const { chain, weight } = state;
  showChoice();
  part("hint").hidden = weight !== "";
  part("told").hidden = chain === null;
  if (!chain) return;
  showCheck(chain);
  part("rows").replaceChildren(...chain.rows.map((row, i) => rowOf(row, i, chain.rows)));
  part("where").textContent = `${chain.source.file}:${chain.source.line}`;
  part("code").textContent = chain.source.code;
}

/** Gradient and finite difference side by side, and what the update makes of the weight. */
function showCheck({ weight, index, gradient, difference, h, error, value, updated, penalty }) {
  const symbol = `${greek(weight).replace(/(\d+)$/, "_{$1}")}[${index.join(", ")}]`;
  typeset(part("name"), `∂J/∂${symbol}`);
  part("gradient").textContent = exact(gradient, 6);
  part("difference").textContent = exact(difference, 6);
  typeset(part("difference-words"), `(J(w + h) − J(w − h)) / 2h,  h = ${exact(h, 1).replace("1·", "")}`);
  part("agree").textContent = error < 1e-5 ? `✓ they agree: relative difference ${exact(error, 2)}` : `relative difference ${exact(error, 2)}: a kink of ReLU or pooling lies between`;
  part("update").textContent = `${exact(value, 5)} → ${exact(updated, 5)}`;
  part("penalty").textContent = penalty ? `and ${exact(penalty)} from the L2 penalty` : "";
}

function rowOf(row, i, rows) {
  const item = document.createElement("li");
  const head = document.createElement("p");
  head.className = "row-head";
  typeset(head, `${row.symbol} =`);
  item.append(head);
  if (row.terms.length) item.append(termsOf(row, rows.slice(0, i).filter(({ terms }) => terms.length).length));
  else item.append(boxesOf(row));
  if (row.words) item.append(Object.assign(document.createElement("p"), { className: "muted small", textContent: row.words }));
  return item;
}

/** Factors as boxes that multiply; where they make the value in another way, the formula says how. */
function boxesOf({ factors, formula, value }) {
  const boxes = document.createElement("div");
  boxes.className = "boxes";
  factors.forEach((factor, i) => {
    if (i) boxes.append(unbroken(sign(formula && i === 1 ? "−" : "×"), box(factor)));
    else boxes.append(box(factor));
  });
  const divided = /\/ (\d+)/.exec(formula);
  if (divided) boxes.append(sign(`÷ ${divided[1]}`));
  boxes.append(unbroken(sign("="), box({ symbol: "", value, words: "" }, "result")));
  return boxes;
}

/** What stands in one line: a sign begins a new one with what it belongs to. */
function unbroken(...inside) {
  const place = Object.assign(document.createElement("span"), { className: "unbroken" });
  place.append(...inside);
  return place;
}

function box({ symbol, value, words }, kind = "") {
  const element = document.createElement("span");
  element.className = `box ${kind} ${value < 0 ? "minus" : value > 0 ? "plus" : "nought"}`;
  element.append(typeset(document.createElement("small"), symbol), Object.assign(document.createElement("b"), { textContent: exact(value) }));
  if (words) element.title = words;
  return element;
}

function sign(text) {
  return Object.assign(document.createElement("span"), { className: "sign", textContent: text });
}

/** The largest terms of a sum; the one that is followed further down is marked, a click takes another. */
function termsOf({ terms, others, rest, value, followed }, depth) {
  const table = document.createElement("table");
  table.className = "terms";
  for (const { key, left, right, value: product } of terms) {
    const row = table.insertRow();
    row.className = `${product < 0 ? "minus" : "plus"}${key === followed ? " followed" : ""}`;
    const head = row.insertCell();
    const button = document.createElement("button");
    button.className = "plain";
    button.dataset.help = "chain-term";
    const [from, to] = [left, right].map(({ symbol }) => typeset(unbroken(), symbol));
    button.append(from, " · ", to);
    button.setAttribute("aria-pressed", String(key === followed));
    button.setAttribute("aria-label", `${plain(left.symbol)} times ${plain(right.symbol)}: follow it`);
    button.disabled = followed < 0;
    button.addEventListener("click", () => follow(depth, key));
    head.append(button);
    for (const text of [`${exact(left.value, 3)} × ${exact(right.value, 3)}`, exact(product)]) row.insertCell().textContent = text;
  }
  if (others) closing(table, others === 1 ? "1 other" : `${others} others`, exact(rest));
  closing(table, "sum", exact(value), "total");
  return table;
}

function closing(table, name, value, kind = "") {
  const row = table.insertRow();
  row.className = kind;
  row.insertCell().textContent = name;
  row.insertCell();
  row.insertCell().textContent = value;
}

/** Another term of a sum is followed; the sums before it keep theirs, those behind begin anew. */
function follow(depth, key) {
  const before = state.chain.rows.filter(({ terms, followed }) => terms.length && followed >= 0).map(({ followed }) => followed);
  change({ path: [...before.slice(0, depth), key].join() });
}
