// The pipeline: the whole step at a glance. Above, what the image sets off, from left to right; under
// it what the loss says of the same numbers, from right to left; then gradients and updates of the
// weights. What has been computed is lit.
import { gridOf, largestOf } from "./arrays.js";
import { onColours } from "./colours.js";
import { plain, typeset } from "./formula.js";
import { paintGrid } from "./heatmap.js";
import { exact } from "./numbers.js";
import { change, state, watch } from "./state.js";

const LANES = { forward: 1, loss: 1, backward: 2, gradients: 3, update: 4 };
const WORDS = ["forward →", "← backward", "gradients", "update"];
const strip = document.getElementById("pipeline");
let drawn = ""; // the stages that stand there
let buttons = [];

/** Begin. */
export function startPipeline() {
  watch(["walk"], show);
  onColours(() => state.walk && paintAll());
}

function laneOf({ id, phase }) {
  return phase === "backward" && /^d(W|gamma)\d/.test(id) ? LANES.gradients : LANES[phase];
}

function show() {
  const { walk } = state;
  if (!walk) return;
  const key = walk.stages.map(({ id, column }) => `${id}@${column}`).join();
  if (key !== drawn) build(walk);
  drawn = key;
  for (const [k, button] of buttons.entries()) {
    button.classList.toggle("done", k < walk.stage);
    button.classList.toggle("current", k === walk.stage);
    button.setAttribute("aria-current", k === walk.stage ? "step" : "false");
  }
  strip.querySelector(".turn").classList.toggle("done", walk.stages.findIndex(({ id }) => id === "J") < walk.stage);
  paintAll();
  scroll(buttons[walk.stage]);
}

function build({ stages, columns }) {
  strip.style.setProperty("--columns", columns.length);
  strip.classList.toggle("long", columns.length > 12);
  const labels = WORDS.map((words, lane) => {
    const label = Object.assign(document.createElement("span"), { className: "lane muted", textContent: words });
    label.style.gridArea = `${lane + 1} / 1`;
    return label;
  });
  const turn = Object.assign(document.createElement("span"), { className: "turn" });
  turn.style.gridArea = `2 / ${columns.length} / 3 / ${columns.length + 2}`;
  buttons = stages.map((stage) => {
    const button = document.createElement("button");
    const lane = laneOf(stage);
    button.className = `cell lane-${lane}`;
    button.dataset.help = "pipeline";
    button.style.gridArea = `${lane} / ${stage.column + 2}`;
    button.setAttribute("aria-label", `${stage.phase}: ${stage.title}, ${plain(stage.formula)}`);
    if (lane < LANES.gradients && stage.id !== "J") button.append(document.createElement("canvas"));
    if (stage.id === "J") button.append(Object.assign(document.createElement("b"), { className: "loss" }));
    button.append(typeset(document.createElement("span"), symbolOf(stage)));
    button.addEventListener("click", () => change({ stage: stage.id }));
    return button;
  });
  strip.replaceChildren(...labels, turn, ...buttons);
}

function symbolOf({ id }) {
  return id === "after" ? "new J" : id.replace("gamma", "γ").replace(/^(\D+)(\d+'*)$/, "$1_{$2}");
}

function paintAll() {
  const { stages, columns, values, gradients, J } = state.walk;
  const loss = exact(J, 3);
  strip.style.setProperty("--letters", loss.length); // the line to it ends before it
  for (const [k, { id, column, phase }] of stages.entries()) {
    const canvas = buttons[k].querySelector("canvas");
    if (id === "J") buttons[k].querySelector(".loss").textContent = loss;
    if (!canvas) continue;
    const { shape } = columns[column];
    const numbers = phase === "forward" ? values[column] : gradients[column];
    paintGrid(canvas, gridOf({ kind: "value", shape: [1, ...shape] }), numbers, largestOf(numbers), id === "X");
  }
}

/** Where the strip is longer than the page, the stage is kept in sight. */
function scroll(button) {
  if (strip.scrollWidth <= strip.clientWidth) return;
  strip.scrollTo({ left: button.offsetLeft - strip.clientWidth / 2, behavior: "smooth" });
}
