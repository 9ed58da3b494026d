// The answer: the digit, and a bar for the probability of each.
import { percent } from "./numbers.js";
import { change, state, watch } from "./state.js";

const bars = document.getElementById("bars");
const digit = document.getElementById("digit");
const sure = document.getElementById("sure");
const note = document.getElementById("answer-note");
const spoken = document.getElementById("spoken");
let rows = [];
let later = 0;

/** Begin. */
export function startAnswer() {
  watch(["network"], build);
  watch(["answer"], show);
  build();
}

function build() {
  bars.replaceChildren();
  rows = (state.network?.classes ?? []).map((name, i) => {
    const row = document.createElement("button");
    row.className = "bar";
    row.dataset.help = "bar";
    row.innerHTML = "<b></b><span><i></i></span><em></em>";
    row.querySelector("b").textContent = name;
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
  digit.textContent = answer ? answer.digit : " ";
  const best = answer ? Math.max(...answer.probabilities) : 0;
  sure.textContent = answer ? percent(best) : " ";
  rows.forEach(({ row, fill, words, name }, i) => {
    const p = Math.max(answer?.probabilities[i] ?? 0, 1e-9); // never said to be impossible
    fill.style.transform = `scaleX(${p})`;
    words.textContent = answer ? percent(p) : "";
    row.classList.toggle("best", answer !== null && name === answer.digit);
    row.setAttribute("aria-label", answer ? `${name}: ${percent(p)}` : `${name}`);
  });
  note.textContent = answer ? told(answer) : "";
  const warnings = document.getElementById("warnings");
  warnings.replaceChildren(
    ...(answer?.warnings ?? []).map((text) => Object.assign(document.createElement("li"), { textContent: text })),
  );
  clearTimeout(later); // a screen reader hears where the pen rests, not every point of its way
  if (answer) later = setTimeout(() => (spoken.textContent = `${answer.digit}, ${percent(best)}`), 400);
}

function told(answer) {
  const truth = answer.label === null ? "" : answer.label === answer.digit ? `It is a ${answer.label}. ` : `It is a ${answer.label}: wrong. `;
  const trust = answer.calibrated ? "Calibrated: of answers given with 90 %, about 90 in 100 are right. " : "";
  return `${truth}${trust}Answered in ${answer.milliseconds.toFixed(1)} ms.`;
}
