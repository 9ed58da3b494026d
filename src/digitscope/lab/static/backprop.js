// Back-propagation: one batch step of the image that was read last. It is asked for again whenever the
// image, the network, a setting or the stage has changed.
import { sizeOfShape } from "./arrays.js";
import { on, send } from "./connection.js";
import { change, state, watch } from "./state.js";

const SETTINGS = ["truth", "cost", "rule", "eta", "batch", "of"];
const error = document.getElementById("backprop-error");
let number = 0;
let unsure = 0; // the last search for an image that the network is unsure of

/** Begin. */
export function startBackprop() {
  on("backprop", (message, buffer) => {
    if (message.id !== number) return;
    error.textContent = "";
    change({ walk: walkOf(message, buffer) });
  });
  on("error", ({ about, id, what }) => {
    if ((about === "backprop" && id === number) || (about === "unsure" && id === unsure)) error.textContent = what;
  });
  watch(["answer", "view", "stage", ...SETTINGS], ask);
  watch(["answer", "view"], showEmpty);
  document.getElementById("backprop-draw").addEventListener("click", () => change({ view: "draw" }));
  for (const id of ["backprop-test", "batch-unsure"]) document.getElementById(id).addEventListener("click", askUnsure);
  on("unsure", ({ id, image }) => id === unsure && change({ image, truth: "" }));
  showEmpty();
}

/** What a question about the step says of it. */
export function stepAsked() {
  const { truth, cost, rule, eta, batch, of } = state;
  return {
    truth: truth === "" ? "" : Number(truth),
    loss: cost,
    optimizer: rule,
    eta,
    batch: Number(batch) || 1,
    of: Number(of) || 0,
  };
}

function ask() {
  number += 1;
  if (!state.answer) change({ walk: null });
  else if (state.view === "backprop") send({ do: "backprop", id: number, stage: state.stage, ...stepAsked() });
}

/** Of an image that the network is sure of there is next to nothing to learn: every gradient is near 0. */
function askUnsure() {
  unsure += 1;
  send({ do: "unsure", id: unsure });
}

function showEmpty() {
  document.getElementById("backprop-empty").hidden = state.answer !== null;
  document.getElementById("backprop-bench").hidden = state.answer === null;
}

/** The message with its arrays: `values` and `gradients` a column, and the parts of the stage. */
function walkOf(message, buffer) {
  let at = 0;
  const take = (shape) => {
    const part = new Float32Array(buffer, at, sizeOfShape(shape));
    at += part.byteLength;
    return part;
  };
  const { columns } = message;
  const values = columns.slice(0, -1).map(({ shape }) => take(shape));
  const gradients = columns.slice(0, -2).map(({ shape }) => take(shape));
  const perImage = (kind) => kind === "value" || kind === "output";
  const parts = message.parts.map((part) => ({ ...part, values: take(perImage(part.kind) ? part.shape.slice(1) : part.shape) }));
  return { ...message, values, gradients, parts, now: message.stages[message.stage] };
}
