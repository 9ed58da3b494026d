// The confusion matrix of the test set: every cell opens its images.
import { colours, css, mix, onColours } from "./colours.js";
import { chosenCell, NONE } from "./mistakes.js";
import { percent, whole } from "./numbers.js";
import { change, state, watch } from "./state.js";

const byId = (id) => document.getElementById(id);
const table = byId("matrix");
let cells = []; // a row of buttons a digit
let built = ""; // the digits and columns that they stand for
let here = [0, 0]; // the cell that the Tab key comes to

/** Begin. */
export function startMatrix() {
  watch(["judged", "view"], show);
  watch(["cell"], mark);
  onColours(show);
  table.addEventListener("keydown", move);
  show();
}

/** What a column is called. */
export function columnName(column) {
  return column === NONE ? "none" : String(column);
}

function show() {
  const { judged } = state;
  byId("matrix-words").textContent = judged ? told(judged) : "The network reads the test images…";
  byId("matrix-progress").hidden = !judged || judged.judged === judged.images;
  if (!judged) {
    table.replaceChildren();
    built = "";
    return;
  }
  byId("matrix-progress").value = judged.judged / judged.images;
  const form = `${judged.classes} ${judged.columns}`;
  if (form !== built) build(judged);
  built = form;
  const most = Math.max(1, ...judged.matrix.flatMap((row, i) => row.filter((_, j) => j !== i)));
  judged.matrix.forEach((row, i) => {
    const total = row.reduce((a, b) => a + b, 0);
    row.forEach((count, j) => fill(cells[i][j], count, i === j, i === j ? count / (total || 1) : count / most));
    cells[i].words.textContent = total ? percent(row[i] / total) : "";
  });
  mark();
}

/** The whole of it in a line or two. */
function told({ images, judged, right, right_digits: likeliest, wrong, refused, finished, live, classes }) {
  const of = classes.length === 10 ? "test images" : `test images of ${classes.join(" and ")}`;
  const all = `${whole(wrong + refused)} wrong${refused ? `, ${whole(refused)} of them refused as not a digit` : ""}`;
  if (judged < images) return `${whole(judged)} of ${whole(images)} ${of} read so far: ${all}.`;
  const kept = refused
    ? `. By the likeliest digit alone, refused or not, as the menu above and a recipe's evaluation count: ${percent(likeliest / images, 2)}`
    : "";
  const state = live ? "In training, at this moment: " : "";
  const more = finished ? "" : " Looking for doubtful labels…";
  if (!wrong && !refused) return `${state}All ${whole(images)} ${of} are read rightly.${more}`;
  return `${state}${whole(right)} of ${whole(images)} ${of} right (${percent(right / images, 2)}), ${all}${kept}.${more}`;
}

/** The root keeps a single mistake visible beside a cell of fifty. */
function fill(button, count, right, part) {
  const { plus, minus, rest } = colours();
  const strength = right ? 0.8 * part ** 2 : count ? 0.12 + 0.88 * Math.sqrt(part) : 0;
  const ground = mix(rest, right ? plus : minus, strength);
  button.textContent = count || "";
  button.style.backgroundColor = css(ground);
  button.style.color = css(readable(ground));
  const [truth, taken] = button.value.split(",").map(Number);
  const as = right ? "read rightly" : taken === NONE ? "refused as not a digit" : `taken for ${taken}`;
  button.setAttribute("aria-label", `${truth} ${as}: ${count}`);
}

/** Ink or paper, whichever stands out more. */
function readable(ground) {
  const { ink, paper } = colours();
  const light = ([r, g, b]) => 0.3 * r + 0.59 * g + 0.11 * b;
  return Math.abs(light(ink) - light(ground)) > Math.abs(light(paper) - light(ground)) ? ink : paper;
}

function build({ classes, columns }) {
  const body = document.createElement("tbody");
  const head = document.createElement("tr");
  const corner = Object.assign(document.createElement("td"), { className: "corner" });
  head.append(corner, ...columns.map((name) => header("col", columnName(name), `,${name}`)), last("th", "right"));
  cells = classes.map((truth) => {
    const row = body.insertRow();
    row.append(header("row", String(truth), `${truth},`));
    const buttons = columns.map((taken) => {
      const button = document.createElement("button");
      button.value = `${truth},${taken}`;
      button.dataset.help = "matrix-cell";
      button.tabIndex = -1;
      button.addEventListener("click", () => choose(button.value));
      row.insertCell().append(button);
      return button;
    });
    buttons.words = last("td", "");
    row.append(buttons.words);
    return buttons;
  });
  body.prepend(head);
  const caption = Object.assign(document.createElement("caption"), { className: "axes" });
  caption.textContent = "Rows: what they are. Columns: what the network takes them for.";
  table.replaceChildren(caption, body);
  here = [Math.min(here[0], classes.length - 1), Math.min(here[1], columns.length - 1)];
}

/** A row's or a column's name opens its mistakes. */
function header(scope, name, value) {
  const cell = Object.assign(document.createElement("th"), { scope });
  const button = Object.assign(document.createElement("button"), { textContent: name, value });
  button.dataset.help = scope === "row" ? "matrix-row" : name === "none" ? "matrix-none" : "matrix-column";
  const whose = scope === "row" ? `Mistakes of ${name}` : name === "none" ? "Refused as not a digit" : `Mistaken for ${name}`;
  button.setAttribute("aria-label", whose);
  button.addEventListener("click", () => choose(value));
  cell.append(button);
  return cell;
}

function last(kind, textContent) {
  return Object.assign(document.createElement(kind), { textContent, className: "share" });
}

function choose(cell) {
  change({ cell: state.cell === cell ? "" : cell, amount: "", exhibit: "" });
}

/** The chosen cell, and its row and column where they are chosen. */
function mark() {
  const { truth, taken } = chosenCell();
  const { judged } = state;
  if (judged && judged.classes.includes(truth) && judged.columns.includes(taken)) {
    here = [judged.classes.indexOf(truth), judged.columns.indexOf(taken)];
  }
  for (const button of table.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(state.cell !== "" && button.value === state.cell));
  }
  cells.forEach((row, i) => row.forEach((button, j) => (button.tabIndex = i === here[0] && j === here[1] ? 0 : -1)));
}

/** Arrow keys go from cell to cell; Enter opens one, as it does any button. */
function move(event) {
  const way = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -99], End: [0, 99] }[event.key];
  if (!way) return;
  const row = cells.findIndex((buttons) => buttons.includes(event.target));
  if (row < 0) return;
  event.preventDefault();
  const column = cells[row].indexOf(event.target);
  const clamp = (i, n) => Math.max(0, Math.min(n - 1, i));
  const next = [clamp(row + way[0], cells.length), clamp(column + way[1], cells[0].length)];
  cells[here[0]][here[1]].tabIndex = -1;
  here = next;
  const button = cells[next[0]][next[1]];
  button.tabIndex = 0;
  button.focus();
}
