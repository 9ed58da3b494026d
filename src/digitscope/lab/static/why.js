// Why: which pixels speak for and against each digit, asked of the engine for what was read last.
import { on, send } from "./connection.js";
import { percent, signed } from "./numbers.js";
import { inkPicture } from "./pictures.js";
import { change, state, watch } from "./state.js";
import { onColours } from "./colours.js";
import { startWhyChange } from "./whychange.js";
import { startWhyImage } from "./whyimage.js";
import { outcomeName, paintMap, startWhyMap } from "./whymap.js";
import { startWhySum } from "./whysum.js";

const WAYS = { path: "along paths", occlusion: "under patches" };
const QUESTION = ["view", "answer", "whyDigit", "whyAgainst", "whyBy", "whyInk"];

const by = document.getElementById("why-by");
const ink = document.getElementById("why-ink");
const maps = document.getElementById("why-maps");
let number = 0;

/** Begin. */
export function startWhy() {
  startWhyImage();
  startWhyMap();
  startWhySum();
  startWhyChange();
  by.addEventListener("change", () => change({ whyBy: by.selectedIndex ? by.value : "" }));
  ink.addEventListener("change", () => change({ whyInk: ink.value }));
  maps.addEventListener("keydown", goTo);
  on("contributions", (message, buffer) => {
    if (message.id === number && state.answer) change({ evidence: evidence(message, buffer) });
  });
  on("error", ({ about, what, id }) => {
    if (about === "contributions" && id === number) say(what);
  });
  watch(QUESTION, ask);
  watch(["evidence", "view"], show);
  onColours(show);
  show();
}

function ask() {
  if (!state.answer) change({ evidence: null });
  if (state.view !== "why" || !state.answer) {
    show();
    return;
  }
  number += 1;
  const { whyDigit: digit, whyAgainst: against, whyBy, whyInk } = state;
  send({ do: "contributions", id: number, digit, against, by: whyBy, ink: whyInk });
}

function evidence(message, buffer) {
  const n = message.outcomes.length;
  const part = (i) => new Float32Array(buffer, 4 * 784 * i, 784);
  const weights = message.bytes > 4 * 784 * (n + 1) ? part(n + 1) : null;
  return { ...message, maps: message.outcomes.map((_, i) => part(i)), map: part(n), weights, input: state.answer.input };
}

function say(words) {
  document.getElementById("why-error").textContent = words;
}

function show() {
  const { evidence: found } = state;
  document.getElementById("why-empty").hidden = found !== null;
  document.getElementById("why-bench").hidden = found === null;
  if (!found || state.view !== "why") return;
  say("");
  inkPicture(document.getElementById("why-image"), found.input, [28, 28]);
  by.replaceChildren(...found.ways.map((way) => new Option(WAYS[way], way)));
  by.value = found.by;
  ink.value = state.whyInk;
  showTiles(found);
}

function showTiles(found) {
  if (maps.childElementCount !== found.outcomes.length) build(found);
  maps.classList.toggle("few", found.outcomes.length < 4);
  const focused = maps.contains(document.activeElement) ? document.activeElement : null;
  const tiles = [...maps.children].sort((a, b) => a.dataset.place - b.dataset.place);
  for (const place of found.order) {
    const tile = tiles[place];
    paintMap(tile.querySelector("canvas"), found.maps[place], found.input, found.scale);
    const name = outcomeName(found.outcomes[place]);
    tile.querySelector("b").textContent = place === found.outcomes.length - 1 && name === "not a digit" ? "none" : name;
    tile.querySelector("em").textContent = percent(found.probabilities[place]);
    tile.setAttribute("aria-pressed", String(place === found.digit));
    tile.setAttribute("aria-label", `${name}: ${percent(found.probabilities[place])}, ${scoreName(found)} ${signed(found.scores[place], 2)}`);
    maps.append(tile);
  }
  focused?.focus();
}

/** What the numbers of a way add up to. */
export function scoreName({ by: way, outcomes }) {
  return way === "occlusion" || outcomes.length === 2 && oneOutput() ? "log-odds" : "logit";
}

function oneOutput() {
  return state.network?.columns.at(-1).shape[0] === 1;
}

function build({ outcomes }) {
  maps.replaceChildren(
    ...outcomes.map((_, place) => {
      const tile = document.createElement("button");
      tile.className = "why-tile";
      tile.dataset.help = "why-tile";
      tile.dataset.place = place;
      tile.innerHTML = "<canvas></canvas><span><b></b><em></em></span>";
      tile.addEventListener("click", () => choose(place));
      return tile;
    }),
  );
}

/** The answer's map is the one that is shown without asking. */
function choose(place) {
  const { answer, outcomes } = state.evidence;
  change({ whyDigit: place === answer ? "" : String(outcomes[place]) });
}

/** Arrow keys move between the maps. */
function goTo(event) {
  const way = { ArrowLeft: "previousElementSibling", ArrowRight: "nextElementSibling" }[event.key];
  const next = way && document.activeElement[way];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
