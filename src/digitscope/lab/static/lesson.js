// A lesson: what it changed, what the test set says of it, and all that the model was taught.
import { onColours } from "./colours.js";
import { percent, whole } from "./numbers.js";
import { inkPicture } from "./pictures.js";
import { change, state, watch } from "./state.js";

const NONE = 10;
const MOVING = 1500; // milliseconds in which the bars have gone to their new places

let still = 0;

const byId = (id) => document.getElementById(id);

/** Begin. */
export function startLesson() {
  byId("taught-toggle").addEventListener("click", () => {
    change({ taught: state.taught ? "" : "open" });
    if (state.taught) byId("taught").scrollIntoView({ block: "nearest" });
  });
  watch(["lessons", "taught", "lesson"], show);
  watch(["answer"], showWords);
  watch(["teaching"], move);
  onColours(show);
  show();
}

/** The bars move to what was learned, instead of jumping as they do behind a pen. */
function move() {
  clearTimeout(still);
  if (state.teaching) byId("bars").classList.add("moving");
  else still = setTimeout(() => byId("bars").classList.remove("moving"), MOVING);
}

function show() {
  const last = state.lessons?.last ?? null;
  byId("lesson").hidden = !last;
  showWords();
  if (!last) return;
  inkPicture(byId("lesson-picture"), state.lessons.drawings.at(-1).pixels, [28, 28]);
  const { test } = last;
  byId("own-before").textContent = `${last.right_before} of ${last.drawings}`;
  byId("own-after").textContent = `${last.right_after} of ${last.drawings}`;
  byId("test-before").textContent = test ? percent(test.right_before / test.images, 2) : "…";
  byId("test-after").textContent = test ? percent(test.right_after / test.images, 2) : "…";
  const counted = state.network?.refuses ? " Counted by the likeliest digit, refused or not." : "";
  byId("lesson-verdict").textContent = test ? `${verdict(test)}${counted}` : "The whole test set is being read…";
  byId("lesson-verdict").classList.toggle("error", worse(test));
  showTaught();
}

/** What the lesson brought; where another drawing is looked at, with the picture of its own. */
function showWords() {
  const last = state.lessons?.last;
  const taught = last ? state.lessons.drawings.at(-1).pixels : null;
  const own = taught !== null && state.answer?.input.every((ink, i) => ink === taught[i]);
  byId("lesson-picture").hidden = taught === null || own === true;
  const back = state.lesson === "unteach";
  if (!last) byId("lesson-words").textContent = back ? "Taken back: the model is the first again." : "";
  else if (back) byId("lesson-words").textContent = `Taken back. The last lesson is now: ${shortly(last)}`;
  else byId("lesson-words").textContent = own ? learned(last) : `The last lesson: ${shortly(last)}`;
}

function shortly({ label, after }) {
  return after.right ? `${named(label)}, ${percent(after.probability)}.` : `${named(label)}, not learned.`;
}

function learned({ label, steps, sure, seconds, prepared_seconds: prepared, after }) {
  if (!steps) return `It was sure of ${named(label)} already; the drawing is kept.`;
  const time = `${seconds.toFixed(1)} s${prepared > 0.3 ? `, after ${prepared.toFixed(1)} s of getting ready` : ""}`;
  if (sure) return `Learned in ${time}: ${named(label)}, ${percent(after.probability)}.`;
  if (after.right) return `Not sure yet after ${time}: ${named(label)}, ${percent(after.probability)}.`;
  return `Not learned in ${time}: still ${after.refused ? "not a digit" : `a ${after.digit}`}, ${percent(after.probability)}. Undo, or draw it again.`;
}

function named(label) {
  return label === NONE ? "not a digit" : `a ${label}`;
}

function worse(test) {
  return Boolean(test) && (test.change < 0 || test.change_from_first < 0 || test.change_of_refused > 0);
}

/** What the test set says, in a line; chance is judged by the server. */
function verdict(test) {
  const of = `Of ${whole(test.images)} test images`;
  const lost = test.right_before - test.right_after;
  if (test.change < 0) return `${of} ${whole(lost)} fewer are right: worse, by more than chance. Undo?`;
  if (test.change_of_refused > 0)
    return `${of} ${whole(test.refused_after - test.refused_before)} more are refused: worse, by more than chance. Undo?`;
  if (test.change_from_first < 0)
    return `${of} ${whole(test.right_first - test.right_after)} fewer are right than before the first lesson: more than chance. Undo?`;
  if (test.change > 0) return `${of} ${whole(-lost)} more are right: better by more than chance.`;
  return `${of}: no more change than chance explains.`;
}

function showTaught() {
  const { drawings } = state.lessons;
  const open = state.taught === "open";
  byId("taught-toggle").setAttribute("aria-expanded", String(open));
  byId("taught-toggle").textContent = `Taught: ${drawings.length} ${drawings.length === 1 ? "drawing" : "drawings"}`;
  byId("taught").hidden = !open;
  if (open) byId("taught").replaceChildren(...drawings.toReversed().map(item));
}

function item({ label, digit, refused, probability, right, pixels }) {
  const line = document.createElement("li");
  const picture = document.createElement("canvas");
  inkPicture(picture, pixels, [28, 28]);
  picture.setAttribute("aria-hidden", "true");
  const read = refused ? "not a digit" : digit;
  const words = document.createElement("span");
  words.textContent = `${label === NONE ? "none" : label} ${right ? "✓" : "✗"}`;
  words.setAttribute("aria-hidden", "true");
  const spoken = document.createElement("span");
  spoken.className = "hidden-words";
  spoken.textContent = `Taught: ${named(label)}. Read now: ${read}, ${percent(probability)}.`;
  line.title = spoken.textContent;
  line.classList.toggle("wrong", !right);
  line.append(picture, words, spoken);
  return line;
}
