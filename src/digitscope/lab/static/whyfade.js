// The engine's answers on the way from before to after: a curve for the two digits, a pair of bars for all.
import { percent } from "./numbers.js";
import { outcomeName } from "./whymap.js";

const SVG = "http://www.w3.org/2000/svg";

/** The probabilities of what it was and what it becomes, over the slider. */
export function showCurve(place, { answers, outcomes, probabilities, to }, step) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 100 100");
  svg.setAttribute("preserveAspectRatio", "none");
  const last = Math.max(1, probabilities.length - 1);
  const x = (i) => (100 * i) / last;
  svg.append(path("grid", "M0 0H100M0 50H100M0 100H100"));
  for (const [kind, outcome] of [["before", answers[0]], ["after", to]]) {
    const at = outcomes.indexOf(outcome);
    svg.append(path(`line ${kind}`, `M${probabilities.map((p, i) => `${x(i)} ${100 - 100 * p[at]}`).join("L")}`));
  }
  svg.append(path("axis", `M${x(step)} 0V100`));
  const key = document.createElement("p");
  key.className = "why-key small";
  for (const [kind, outcome] of [["before", answers[0]], ["after", to]]) {
    const name = document.createElement("span");
    name.className = kind;
    name.append(document.createElement("i"), `${outcomeName(outcome)}: ${percent(probabilities[step][outcomes.indexOf(outcome)])}`);
    key.append(name);
  }
  place.replaceChildren(key, svg);
}

function path(kind, d) {
  const drawn = document.createElementNS(SVG, "path");
  drawn.setAttribute("class", kind);
  drawn.setAttribute("d", d);
  drawn.setAttribute("vector-effect", "non-scaling-stroke");
  return drawn;
}

/** For every outcome the probability before, and at the slider. */
export function showBars(place, { outcomes, probabilities, answers }, step) {
  place.classList.toggle("few", outcomes.length < 4);
  if (place.childElementCount !== outcomes.length) place.replaceChildren(...outcomes.map(build));
  outcomes.forEach((outcome, i) => {
    const row = place.children[i];
    const [before, now] = [probabilities[0][i], probabilities[step][i]];
    row.querySelector("b").textContent = outcome === "none" ? "none" : outcome;
    row.querySelector(".before").style.transform = `scaleX(${before})`;
    row.querySelector(".after").style.transform = `scaleX(${now})`;
    row.querySelector("em").textContent = percent(now);
    row.classList.toggle("best", outcome === answers[step]);
    row.setAttribute("aria-label", `${outcomeName(outcome)}: ${percent(before)} before, ${percent(now)} now`);
  });
}

function build() {
  const row = document.createElement("div");
  row.className = "why-bar";
  row.setAttribute("role", "img");
  row.innerHTML = '<b></b><span><i class="before"></i><i class="after"></i></span><em></em>';
  return row;
}
