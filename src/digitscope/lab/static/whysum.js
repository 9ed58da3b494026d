// The sum behind a map: what speaks for, what against, and what is there without ink, up to the logit.
import { signed, whole } from "./numbers.js";
import { change, state, watch } from "./state.js";
import { scoreName } from "./why.js";
import { outcomeName } from "./whymap.js";

const against = document.getElementById("why-against");
const rows = document.getElementById("why-rows");

const HOW = {
  linear: "The active neurons make one linear function of the image: a pixel's ink × the weights along all its paths, exactly.",
  rescale: "The activation bends the paths: each is replaced by its chord from empty paper to this image (DeepLIFT), which adds up exactly.",
  occlusion: "A patch of paper hides a part, and the network is asked again: blue is what its log-odds lose. Patches overlap, so this is no sum.",
  missingPath: "What a full pixel would add where paper is, each by itself, while no neuron changes sides.",
  missingOcclusion: "A patch of ink is laid on, and the network is asked again: blue is what its log-odds gain.",
};

/** Begin. */
export function startWhySum() {
  against.addEventListener("change", () => change({ whyAgainst: against.value }));
  watch(["evidence", "view"], show);
}

function show() {
  const { evidence: found } = state;
  if (!found || state.view !== "why") return;
  const names = found.outcomes.map(outcomeName);
  const digit = names[found.digit];
  document.getElementById("why-title").textContent = `Why ${digit}`;
  against.replaceChildren(
    new Option("–", ""),
    ...found.order.filter((place) => place !== found.digit).map((place) => new Option(names[place], found.outcomes[place])),
  );
  against.value = found.against === null ? "" : found.outcomes[found.against];
  rows.replaceChildren(...sumRows(found, names));
  document.getElementById("why-words").textContent = told(found, names);
  document.getElementById("why-how").textContent = how(found);
}

function how({ by, ink, path }) {
  if (ink === "missing") return by === "occlusion" ? HOW.missingOcclusion : HOW.missingPath;
  if (by !== "occlusion") return HOW[path];
  return path ? HOW.occlusion : `${HOW.occlusion} Pools between bent activations leave no exact sum for this network.`;
}

/** A row for each part of the sum, each bar beginning where the one before it ends. */
function sumRows(found, names) {
  const { shown, digit, against: other, path } = found;
  const of = other === null ? `${scoreName(found)} of ${names[digit]}` : `${scoreName(found)}, ${names[digit]} over ${names[other]}`;
  const parts = shown.rest === null
    ? []
    : [
        ["ink that speaks for", shown.for, "plus"],
        ["ink that speaks against", shown.against, "minus"],
        [path === "rescale" ? "empty paper" : "biases, without ink", shown.rest, "rest"],
      ];
  let at = 0;
  const spans = parts.map(([name, value, kind]) => {
    const from = at;
    at += value;
    return { name, value, kind, from, to: at };
  });
  spans.push({ name: parts.length ? `= ${of}` : of, value: shown.total, kind: "total", from: 0, to: shown.total });
  const low = Math.min(0, ...spans.map(({ from, to }) => Math.min(from, to)));
  const high = Math.max(0, ...spans.map(({ from, to }) => Math.max(from, to)));
  return spans.map((span) => sumRow(span, low, high - low || 1));
}

function sumRow({ name, value, kind, from, to }, low, width) {
  const row = document.createElement("div");
  row.className = `why-row ${kind}`;
  row.innerHTML = "<span></span><em></em><div><i></i></div>";
  row.querySelector("span").textContent = name;
  row.querySelector("em").textContent = (value > 0 && kind !== "total" ? "+" : "") + signed(value, 2);
  const bar = row.querySelector("i").style;
  bar.left = `${(100 * (Math.min(from, to) - low)) / width}%`;
  bar.width = `${(100 * Math.abs(to - from)) / width}%`;
  return row;
}

function told({ times, likelier, digit, against: other, shown, temperature }, names) {
  if (other === null) return "";
  const [more, less] = likelier === digit ? [digit, other] : [other, digit];
  const often = times === null || times > 1e6 ? "more than a million" : times < 10 ? times.toFixed(1) : whole(times);
  const how = temperature ? `: e to the ${Math.abs(shown.total / temperature).toFixed(2)}, which is the sum divided by the temperature of its calibration, ${temperature.toFixed(3)}` : "";
  return `The network holds ${names[more]} for ${often} times as probable as ${names[less]}${how}.`;
}
