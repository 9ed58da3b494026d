// Teaching: "Wrong? It is a ..." and what the server is asked for it. What a lesson brought is shown
// by lesson.js.
import { on, send } from "./connection.js";
import { change, state, watch } from "./state.js";

const NONE = 10; // the label of what is no digit
const REST = 900; // milliseconds that an answer stands before the server gets ready for a lesson

const panel = document.getElementById("teach");
const words = document.getElementById("teach-words");
const group = document.getElementById("teach-choices");
const problem = document.getElementById("teach-error");
let buttons = [];
let ready = ""; // the model that the server is ready to teach
let later = 0;
let wanted = ""; // the model to go on with, once the list has it

/** Begin. */
export function startTeach() {
  on("lessons", heard);
  on("judged", ({ model, test }) => {
    const { lessons } = state;
    if (test) send({ do: "models" }); // the list tells the accuracy of what was taught
    if (test && lessons?.model === model && lessons.last) change({ lessons: { ...lessons, last: { ...lessons.last, test } } });
  });
  on("models", goOn);
  on("error", failed);
  watch(["network"], ask);
  watch(["connected"], () => change({ teaching: "" }));
  watch(["image", "drawing"], forget);
  watch(["answer"], () => {
    clearTimeout(later);
    later = setTimeout(getReady, REST);
  });
  watch(["lessons"], build);
  watch(["lessons", "answer", "teaching", "image", "connected"], show);
  panel.addEventListener("pointerenter", getReady);
  panel.addEventListener("focusin", getReady);
  document.getElementById("unteach").addEventListener("click", () => begin("unteach"));
  show();
}

/** What this model was taught so far. */
function ask() {
  ready = "";
  if (!state.network) return;
  if (state.lessons?.model !== state.network.id) {
    change({ lessons: null });
    forget();
  }
  send({ do: "lessons", id: state.network.id });
}

/** What was said of a lesson is no news of another drawing or model. */
function forget() {
  problem.textContent = "";
  change({ lesson: "" });
}

/** Let the server look at what is to be seen again, so that the lesson itself is quick. */
function getReady() {
  const id = state.network?.id;
  if (!id || ready === id || !teachable() || !state.answer || state.view !== "draw") return;
  ready = id;
  send({ do: "rehearse", id });
}

function begin(what, fields = {}) {
  if (state.teaching || !send({ do: what, id: state.answer?.id ?? 0, ...fields })) return;
  problem.textContent = "";
  change({ teaching: what });
}

function heard(message, buffer) {
  const done = message.about !== "lessons";
  if (!done && message.model !== state.network?.id) return; // another was chosen in the meantime
  const drawings = message.drawings.map((row, i) => ({ ...row, pixels: new Uint8Array(buffer, 784 * i, 784) }));
  change({ lessons: { ...message, drawings }, ...(done ? { teaching: "", lesson: message.about } : {}) });
  if (done) goTo(message.model);
  else if (message.last && !message.last.test) send({ do: "judged", id: message.model });
}

/** Go on with the model that has learned: it is a new one after its first lesson. */
function goTo(id) {
  if (id === state.network?.id) {
    send({ do: "model", id });
  } else {
    // The first model is known; one that has just been made is not, until the list is told again.
    if (state.lab.models.some((model) => model.usable && model.id === id)) change({ model: id });
    else wanted = id;
    send({ do: "models" });
  }
}

function goOn({ models }) {
  if (!wanted || !models.some(({ id, usable }) => usable && id === wanted)) return;
  change({ model: wanted });
  wanted = "";
}

function failed({ about, what }) {
  if (!["teach", "unteach", "lessons", "rehearse", "judged"].includes(about)) return;
  problem.textContent = what;
  if (["teach", "unteach"].includes(about)) change({ teaching: "" });
}

function teachable() {
  return Boolean(state.lessons && !state.lessons.cannot);
}

function build() {
  const choices = state.lessons?.choices ?? [];
  if (choices.join() === buttons.map(({ dataset }) => dataset.label).join()) return;
  buttons = choices.map((label) => {
    const button = document.createElement("button");
    button.dataset.label = label;
    button.dataset.help = label === NONE ? "teach-none" : "teach-digit";
    button.textContent = label === NONE ? "not a digit" : label;
    button.setAttribute("aria-label", label === NONE ? "It is not a digit" : `It is a ${label}`);
    button.addEventListener("click", () => begin("teach", { label }));
    return button;
  });
  group.replaceChildren(...buttons);
}

function show() {
  const { lessons, answer, teaching, image, connected } = state;
  panel.hidden = !lessons || !(answer || lessons.last || lessons.cannot);
  const judges = image.startsWith("test:");
  words.textContent = told(lessons, judges, teaching);
  group.hidden = judges || !teachable();
  // While a lesson is under way the buttons only say so: one that is disabled loses its place for keys.
  for (const button of [...buttons, document.getElementById("unteach")]) {
    button.setAttribute("aria-disabled", String(teaching !== ""));
    button.disabled = !connected || (button.id !== "unteach" && !answer);
  }
  panel.setAttribute("aria-busy", String(teaching !== ""));
}

function told(lessons, judges, teaching) {
  if (lessons?.cannot) return lessons.cannot;
  if (teaching) return teaching === "teach" ? "Learning…" : "Taking it back…";
  return judges ? "Test images judge what is learned: draw a digit to teach." : "Wrong? It is a";
}
