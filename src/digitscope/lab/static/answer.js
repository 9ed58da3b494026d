// The answer: the digit, and a bar for the probability of each, and of "not a digit" where the network
// tells that.
import { percent } from "./numbers.js";
import { change, state, watch } from "./state.js";

const bars = document.getElementById("bars");
const digit = document.getElementById("digit");
const sure = document.getElementById("sure");
const note = document.getElementById("answer-note");
const warnings = document.getElementById("warnings");
const spoken = document.getElementById("spoken");
const NONE = "not a digit";
let rows = [];
let later = 0;

/** Begin. */
export function startAnswer() {
  watch(["network"], build);
  watch(["answer", "lessons"], show);
  build();
}

function build() {
  bars.replaceChildren();
  const { classes = [], refuses = false } = state.network ?? {};
  bars.classList.toggle("refusing", refuses);
  rows = (refuses ? [...classes, NONE] : classes).map((name, i) => {
    const row = document.createElement("button");
    row.className = "bar";
    row.dataset.help = "bar";
    row.innerHTML = "<b></b><span><i></i></span><em></em>";
    row.querySelector("b").textContent = name === NONE ? "none" : name;
    row.addEventListener("click", () => change({ neuron: `${state.network.columns.length - 1},${outputOf(i)}` }));
    bars.append(row);
    return { row, fill: row.querySelector("i"), words: row.querySelector("em"), name };
  });
  show();
}

/** The output neuron of a class: two digits may share one. */
function outputOf(i) {
  return Math.min(i, state.network.columns.at(-1).shape[0] - 1);
}

function show() {
  const { answer } = state;
  const said = !answer ? " " : answer.rejected ? NONE : String(answer.digit);
  const p = said === NONE ? answer.not_a_digit : (answer?.judged[answer.classes.indexOf(answer.digit)] ?? 0);
  put(digit, said);
  digit.classList.toggle("words", said === NONE);
  put(sure, answer ? percent(p) : " ");
  rows.forEach(({ row, fill, words, name }, i) => {
    const part = Math.max(answer?.judged[i] ?? 0, 1e-9); // never said to be impossible
    fill.style.transform = `scaleX(${part})`;
    put(words, answer ? percent(part) : "");
    row.classList.toggle("best", answer !== null && String(name) === said);
    row.setAttribute("aria-label", answer ? `${name}: ${percent(part)}` : `${name}`);
  });
  put(note, answer ? describe(answer) : "");
  const told = answer?.warnings ?? [];
  if (warnings.childElementCount || told.length) {
    warnings.replaceChildren(...told.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  }
  clearTimeout(later); // a screen reader hears where the pen rests, not every point of its way
  if (answer) later = setTimeout(() => (spoken.textContent = `${said}, ${percent(p)}`), 400);
}

/** Write a text where it is another one: most stay as they are while the pen moves. */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function describe(answer) {
  const right = answer.label === answer.digit && !answer.rejected;
  const truth = answer.label === null ? "" : right ? `It is a ${answer.label}. ` : `It is a ${answer.label}: wrong. `;
  const before = state.lessons?.last && !state.lessons.last.calibrated;
  const calibrated = before ? "Calibrated before it was taught. " : "Calibrated: of answers given with 90 %, about 90 in 100 are right. ";
  return `${truth}${answer.calibrated ? calibrated : ""}Answered in ${answer.milliseconds.toFixed(1)} ms.`;
}
