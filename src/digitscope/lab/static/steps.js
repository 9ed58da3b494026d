// How a drawing or a photograph becomes the 28x28 that the network gets: a small picture a step.
import { plainPicture } from "./pictures.js";
import { askStages } from "./reading.js";
import { change, state, watch } from "./state.js";

const toggle = document.getElementById("steps-toggle");
const box = document.getElementById("steps");
const list = document.getElementById("steps-list");
const words = document.getElementById("steps-words");
let chosen = "centre"; // the step whose sentence is shown

/** Begin. */
export function startSteps() {
  toggle.addEventListener("click", () => {
    change({ steps: state.steps ? "" : "open" });
    if (state.steps) askStages();
  });
  watch(["steps", "stages", "answer"], show);
  show();
}

function show() {
  const open = state.steps === "open";
  toggle.setAttribute("aria-expanded", String(open));
  box.hidden = !open;
  if (!open) return;
  if (!state.answer) {
    list.replaceChildren();
    words.textContent = "Draw something, and its steps appear here.";
    return;
  }
  if (state.stages === null) return; // the steps before stay until the new ones come
  list.replaceChildren(...state.stages.map(item));
  explain();
}

function item({ name, shape, pixels }) {
  const line = document.createElement("li");
  const button = document.createElement("button");
  const picture = document.createElement("canvas");
  plainPicture(picture, pixels, shape);
  button.append(picture, Object.assign(document.createElement("span"), { textContent: name }));
  button.dataset.step = name;
  button.dataset.help = "step";
  button.addEventListener("click", () => {
    chosen = name;
    explain();
  });
  line.append(button);
  return line;
}

function explain() {
  const step = state.stages.find(({ name }) => name === chosen) ?? state.stages.at(-1);
  words.textContent = step ? step.explanation : "This image is 28×28 already: it is taken as it is.";
  for (const button of list.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.step === step?.name));
  }
}
