// The image that is explained: the drawing, an opened file, or a test image, which can be changed here.
import { typed } from "./images.js";
import { percent } from "./numbers.js";
import { isOneOfThem } from "./several.js";
import { change, state, watch } from "./state.js";
import { outcomeName } from "./whymap.js";

const LAST = 9999; // the test set's last image
const number = document.getElementById("why-number");

/** Begin. */
export function startWhyImage() {
  const now = () => Number(number.value) || 0;
  const pick = (i) => change({ image: `test:${Math.min(LAST, Math.max(0, i))}`, whyFade: "" });
  const any = () => pick(Math.floor(Math.random() * (LAST + 1)));
  number.addEventListener("input", () => typed(number.value, pick));
  number.addEventListener("keydown", ({ key }) => {
    if (key === "ArrowUp") pick(now() + 1);
    if (key === "ArrowDown") pick(now() - 1);
  });
  document.getElementById("why-back").addEventListener("click", () => pick(now() - 1));
  document.getElementById("why-next").addEventListener("click", () => pick(number.value ? now() + 1 : 0));
  document.getElementById("why-any").addEventListener("click", any);
  document.getElementById("why-first").addEventListener("click", any);
  document.getElementById("why-to-pad").addEventListener("click", () => change({ view: "draw" }));
  watch(["image"], follow);
  watch(["evidence", "several"], show);
  watch(["network", "answer"], sayWhatIsMissing);
  follow();
  sayWhatIsMissing();
}

function follow() {
  const found = /^test:(\d+)$/.exec(state.image);
  number.value = found ? found[1] : "";
}

function show() {
  const { evidence, answer } = state;
  if (!evidence || !answer) return;
  const sure = percent(evidence.probabilities[evidence.answer]);
  const read = outcomeName(evidence.outcomes[evidence.answer]);
  const truth = answer.label === null ? "" : read === String(answer.label) ? ", and it is" : `, but it is a ${answer.label}`;
  document.getElementById("why-says").textContent = `${what()}: read as ${read}, ${sure}${truth}.`;
}

function what() {
  const found = /^(test|train):(\d+)$/.exec(state.image);
  if (found) return found[1] === "test" ? `Test image ${found[2]}` : `Training image ${found[2]}`;
  if (state.image === "file") return "Your image";
  if (!state.image) return "Your drawing";
  if (!isOneOfThem()) return "The changed image";
  return state.whole === "file" ? "A digit of your image" : "A digit of your drawing";
}

function sayWhatIsMissing() {
  for (const id of ["why-first", "why-to-pad"]) document.getElementById(id).hidden = !state.network;
  document.getElementById("why-empty-words").textContent = state.network
    ? "Draw a digit, or take a test image: then this page shows which pixels speak for each digit and which against it, and how little must change to make it another."
    : "There is no network here yet: train one first, in the view Train.";
}
