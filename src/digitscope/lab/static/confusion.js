// The confusion matrix: a row for each digit, a column for each answer.
import { colours, css, mix, onColours } from "./colours.js";
import { whole } from "./numbers.js";
import { state, watch } from "./state.js";

const place = document.getElementById("confusion");
const words = document.getElementById("confusion-words");
let cells = [];
let built = ""; // the digits and columns of the table

/** Begin. */
export function startConfusion() {
  watch(["confusion", "view"], show);
  onColours(show);
  show();
}

function show() {
  const { confusion } = state;
  if (!confusion) {
    place.replaceChildren();
    cells = [];
    built = "";
    words.textContent = "Which digit is taken for which appears here.";
    return;
  }
  const { matrix, part, images, part_images: all } = confusion;
  const classes = [...(state.training.recipe?.digits ?? "0123456789")];
  const columns = matrix[0].length > classes.length ? [...classes, "none"] : classes;
  if (built !== `${classes}|${columns}`) cells = confusionTable(place, classes, columns);
  built = `${classes}|${columns}`;
  const wrong = matrix.flat().reduce((a, b) => a + b, 0) - matrix.reduce((sum, row, i) => sum + row[i], 0);
  const of = images < all ? ` of ${whole(images)}` : ""; // a large network is judged by some of them
  words.textContent = `${moment(confusion)}: ${whole(wrong)}${of} ${part} images wrong`;
  matrix.forEach((row, i) => row.forEach((count, j) => fillCell(cells[i][j], count, i === j, row)));
}

/** When it was counted: after an epoch; a run that ended within its first one has but batches. */
function moment({ epoch, batch }) {
  if (epoch) return `epoch ${epoch}`;
  return batch ? `after ${batch} ${batch === 1 ? "batch" : "batches"}` : "before training";
}

/** The number and the colour of one cell. */
export function fillCell(cell, count, right, row) {
  const { plus, minus, rest, ink } = colours();
  const share = count / (row.reduce((a, b) => a + b, 0) || 1);
  // The roots keep a few mistakes among thousands visible.
  const part = right ? 0.75 * share : Math.min(1, 2.2 * Math.sqrt(share));
  cell.textContent = count || "";
  cell.style.backgroundColor = css(mix(rest, right ? plus : minus, count ? part : 0));
  cell.style.color = css(part > 0.62 ? colours().paper : ink);
}

/** An empty table in a place, its cells by row and column; `columns` may be more than the digits. */
export function confusionTable(place, classes, columns = classes) {
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  head.append(header("", "col"), ...columns.map((name) => header(name, "col")));
  const body = table.createTBody();
  const cells = classes.map((name) => {
    const row = body.insertRow();
    row.append(header(name, "row"));
    return columns.map(() => row.insertCell());
  });
  const caption = table.createCaption();
  caption.className = "hidden-words";
  caption.textContent = "Confusion matrix: rows are the digits, columns the answers";
  place.replaceChildren(table);
  return cells;
}

function header(name, scope) {
  return Object.assign(document.createElement("th"), { textContent: name, scope });
}
