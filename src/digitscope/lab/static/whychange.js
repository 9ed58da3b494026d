// The smallest change: before, the change, after; a slider between them, and the engine's answer at
// each of its steps.
import { onColours } from "./colours.js";
import { on, send } from "./connection.js";
import { percent, whole } from "./numbers.js";
import { inkPicture, weightPicture } from "./pictures.js";
import { written } from "./several.js";
import { change, state, watch } from "./state.js";
import { showBars, showCurve } from "./whyfade.js";
import { outcomeName } from "./whymap.js";

const QUIET = 250; // milliseconds: the search takes about a second, and waits for a drawing to rest
const part = (name) => document.getElementById(`why-${name}`);
let number = 0;
let later = 0;
let asked = null; // what the search is of: the model, the image, what it is to become
let searching = false;
let held = false; // whether it stands while the network trains on

/** Begin. */
export function startWhyChange() {
  part("target").addEventListener("change", () => change({ whyTarget: part("target").value, whyFade: "" }));
  part("kind").addEventListener("change", () => change({ whyKind: part("kind").value, whyFade: "" }));
  part("fade").addEventListener("input", () => {
    const { value, max } = part("fade");
    change({ whyFade: value === max ? "" : value });
  });
  part("pad").addEventListener("click", putOnPad);
  on("searching", ({ id, ...way }) => id === number && sayHowFar(way));
  on("smallest_change", (message, buffer) => {
    if (message.id !== number || !state.answer) return;
    searching = false;
    change({ turning: turning(message, buffer) });
  });
  on("error", ({ about, what, id }) => {
    if (about !== "smallest_change" || id !== number) return;
    searching = false;
    change({ turning: null });
    say(what);
  });
  watch(["view", "answer", "whyTarget", "whyKind"], wait);
  watch(["training"], release);
  watch(["turning", "whyFade", "view"], show);
  watch(["evidence"], showTargets);
  onColours(show);
}

/** A network in training answers anew all the time: what is searched, or was found, stays meanwhile. */
function stays() {
  const { answer, network, training, view, whyTarget: target, whyKind: kind } = state;
  if (view !== "why" || !answer || training.status !== "running" || training.run !== network?.id) return false;
  return asked?.model === network.id && asked.target === target && asked.kind === kind && asked.input.every((ink, i) => ink === answer.input[i]);
}

/** The training pauses, or has ended: now it is asked what the network has become. */
function release() {
  if (held && state.training.status !== "running") wait();
}

function wait() {
  held = stays();
  if (held) {
    if (state.turning && !searching) show();
    return;
  }
  asked = null;
  searching = false;
  clearTimeout(later);
  number += 1; // what is under way is no longer wanted
  if (!state.answer) change({ turning: null });
  if (state.view !== "why" || !state.answer) return;
  asked = { model: state.network?.id, input: state.answer.input, target: state.whyTarget, kind: state.whyKind };
  searching = true;
  say("Searching…");
  part("progress").removeAttribute("value"); // how much there is to do is not known yet
  part("progress").hidden = false;
  part("change").classList.add("stale");
  later = setTimeout(ask, QUIET);
}

function ask() {
  send({ do: "smallest_change", id: number, target: state.whyTarget, kind: state.whyKind });
}

function turning(message, buffer) {
  const frames = message.answers.map((_, i) => new Uint8Array(buffer, 4 * 784 + 784 * i, 784));
  return { ...message, difference: new Float32Array(buffer, 0, 784), frames };
}

function say(words) {
  part("searching").textContent = words;
  part("progress").hidden = true;
  part("part").textContent = "";
}

/** What is searched, of how much; only for the eye: it changes often. */
function sayHowFar({ done, of, to }) {
  part("progress").hidden = false;
  if (of > 1) part("progress").value = done / of; // one way alone has no parts: the bar only moves
  part("part").textContent = `the way to ${outcomeName(to)}${of > 1 ? `, ${done + 1} of ${of}` : ""}`;
}

function showTargets() {
  const { evidence } = state;
  if (!evidence) return;
  const others = evidence.outcomes.filter((_, place) => place !== evidence.answer);
  part("target").replaceChildren(
    new Option("another digit", ""),
    ...others.map((outcome) => new Option(outcome === "none" ? "not a digit" : `a ${outcome}`, outcome)),
  );
  part("target").value = state.whyTarget;
  if (part("target").selectedIndex < 0) part("target").append(new Option(outcomeName(state.whyTarget), state.whyTarget, true, true));
  part("kind").value = state.whyKind;
}

/** The step at the slider. */
function stepOf({ frames }) {
  const last = frames.length - 1;
  return /^\d+$/.test(state.whyFade) ? Math.min(last, Number(state.whyFade)) : last;
}

function show() {
  const { turning: found } = state;
  part("change").classList.toggle("none", !found?.found);
  part("pad").disabled = !found?.found;
  part("fade").disabled = !found?.found;
  if (!found || state.view !== "why") return;
  part("change").classList.toggle("stale", searching);
  if (!searching) sayFound(found);
  const step = stepOf(found);
  const last = found.frames.length - 1;
  part("fade").max = last;
  part("fade").value = step;
  part("fade").setAttribute("aria-valuetext", `${percent(step / (last || 1), 0)} of the change: ${outcomeName(found.answers[step])}`);
  inkPicture(part("before"), found.frames[0], [28, 28]);
  weightPicture(part("difference"), found.difference, [28, 28], found.largest);
  inkPicture(part("after"), found.frames[step], [28, 28]);
  part("before-words").textContent = `before: ${outcomeName(found.answers[0])}`;
  part("difference-words").textContent = found.found ? `change, at most ${found.largest}` : "";
  part("after-words").textContent = `${step === last ? "after" : percent(step / last, 0)}: ${outcomeName(found.answers[step])}`;
  part("change-words").textContent = found.found ? told(found) : "";
  showCurve(part("curve"), found, step);
  showBars(part("bars"), found, step);
}

function sayFound({ found, to }) {
  const none = found ? "" : `None was found that makes it ${outcomeName(to)}. `;
  say(`${none}${held ? "The network trains on: this stays until it pauses." : ""}`);
}

function told({ pixels, levels, length, ink, confirmed, probabilities, outcomes }) {
  const sure = (outcome) => percent(probabilities.at(-1)[outcomes.indexOf(outcome)]);
  const refusal = outcomes.includes("none") && confirmed !== "none" ? `; not a digit: ${sure("none")}` : "";
  const part_ = ink ? `, ${percent(length / ink, 0)} of the ink's length` : "";
  return `The whole change: ${whole(pixels)} of 784 pixels, by ${levels < 10 ? levels.toFixed(1) : levels.toFixed(0)} of 255 grey levels on average${part_}. `
    + `With it the engine answers ${outcomeName(confirmed)}, ${sure(confirmed)}${refusal}. In the change blue is ink added, orange ink taken away.`;
}

/** The image at the slider, byte for byte, in an address. */
function putOnPad() {
  const { turning: found } = state;
  change({ image: written(found.frames[stepOf(found)]), view: "draw" });
}
