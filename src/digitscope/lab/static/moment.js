// The moment: the weights and the confusion matrix of the frame that is shown.
import { onColours } from "./colours.js";
import { confusionTable, fillCell } from "./confusion.js";
import { layFeatures } from "./features.js";
import { seenAt, shownAt } from "./film.js";
import { whole } from "./numbers.js";
import { state, watch } from "./state.js";

const canvas = document.getElementById("past-features");
const words = document.getElementById("past-features-words");
const place = document.getElementById("past-confusion");
const changes = document.getElementById("past-confusion-words");
const NONE = "none";
let cells = [];
let classes = "";
let waiting = false;

/** Begin. */
export function startMoment() {
  watch(["frame", "film", "view", "seen"], later);
  onColours(later);
  new ResizeObserver(later).observe(canvas.parentElement);
}

function later() {
  if (waiting || state.view !== "time") return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    if (!state.film || !state.frame?.weights) return;
    showWeights();
    showConfusion();
  });
}

/** One scale for all frames: what grows is seen to grow. */
function showWeights() {
  const { film, frame } = state;
  const limit = film.largest ? (127 * film.largest) / frame.weights.largest : 127;
  words.textContent = layFeatures(canvas, { ...frame.weights, values: frame.values }, limit);
}

function showConfusion() {
  const { film, frame } = state;
  const columns = [...film.classes.map(String), ...(film.refuses ? [NONE] : [])];
  if (classes !== columns.join()) {
    classes = columns.join();
    cells = confusionTable(place, film.classes, columns);
  }
  const i = film.frames.findIndex(({ updates }) => updates === frame.updates);
  const before = i > 0 ? seenAt(i - 1)?.matrix : null;
  let most = null;
  frame.matrix.forEach((row, r) =>
    row.forEach((count, c) => {
      const was = before ? before[r][c] : count;
      const cell = cells[r][c];
      fillCell(cell, count, r === c, row);
      cell.classList.toggle("more", count > was);
      cell.classList.toggle("less", count < was);
      cell.style.setProperty("--change", Math.min(1, Math.sqrt(Math.abs(count - was) / 40)));
      cell.title = `${film.classes[r]} taken for ${columns[c]}: ${count}${before ? `, before ${was}` : ""}`;
      if (r !== c && count !== was && Math.abs(count - was) > Math.abs(most?.by ?? 0)) most = { r, c, was, count, by: count - was };
    }),
  );
  const right = frame.matrix.reduce((sum, row, r) => sum + row[r], 0);
  const wrong = `${whole(frame.images - right)} of ${whole(frame.images)} wrong`;
  const told = most ? ` · ${film.classes[most.r]} taken for ${columns[most.c]}: ${most.was} → ${most.count}` : "";
  changes.textContent = shownAt() === i ? wrong + told : wrong;
}
