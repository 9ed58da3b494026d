// The stepper: first, back, play, next, last; keys do the same.
import { change, state, watch } from "./state.js";

const PACE = 1800; // milliseconds a stage while it plays
const part = (name) => document.getElementById(`step-${name}`);
let playing = 0;

/** Begin. */
export function startStepper() {
  part("first").addEventListener("click", () => go(0));
  part("back").addEventListener("click", () => go(place() - 1));
  part("next").addEventListener("click", () => go(place() + 1));
  part("last").addEventListener("click", () => go(Infinity));
  part("play").addEventListener("click", () => (playing ? stop() : play()));
  addEventListener("keydown", key);
  watch(["walk"], show);
  watch(["view", "image", "model"], stop);
}

function place() {
  const { walk, stage } = state;
  return Math.max(0, walk?.stages.findIndex(({ id }) => id === stage) ?? 0);
}

/** Go to a stage by its number, as far as there are any. */
function go(k) {
  if (playing) stop();
  move(k);
}

function move(k) {
  const stages = state.walk?.stages;
  if (stages) change({ stage: stages[Math.min(stages.length - 1, Math.max(0, k))].id });
}

function play() {
  if (place() === state.walk.stages.length - 1) move(0);
  playing = setInterval(() => {
    if (place() < state.walk?.stages.length - 1) move(place() + 1);
    else stop();
  }, PACE);
  show();
}

function stop() {
  clearInterval(playing);
  playing = 0;
  show();
}

function key(event) {
  if (state.view !== "backprop" || !state.walk || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.target.closest?.("input, select, [role=tab]")) return;
  const to = { ArrowLeft: place() - 1, ArrowRight: place() + 1, Home: 0, End: Infinity }[event.key];
  if (to === undefined) return;
  go(to);
  event.preventDefault();
}

function show() {
  const { walk } = state;
  const last = walk ? walk.stages.length - 1 : 0;
  const at = walk?.stage ?? 0;
  part("first").disabled = part("back").disabled = !walk || at === 0;
  part("next").disabled = part("last").disabled = !walk || at === last;
  part("play").disabled = !walk;
  part("play").textContent = playing ? "Pause" : "Play";
  part("where").textContent = walk ? `${at + 1} of ${last + 1}` : "";
}
