// The timeline: the run, the slider with its marks, playing, and the keys.
import { goTo, seenAt, shownAt, shownRun, startFilm, whyNone } from "./film.js";
import { percent, whole } from "./numbers.js";
import { change, state, watch } from "./state.js";
import { frameNear } from "./warp.js";

const byId = (id) => document.getElementById(id);
const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5, Home: -Infinity, End: Infinity };
const PACE = "4"; // frames a second, unless another is chosen
const PATIENCE = 60; // milliseconds until a frame that is not there yet is looked for again

let playing = 0;

/** Begin. */
export function startTimeline() {
  startFilm();
  byId("past").addEventListener("change", () => change({ past: byId("past").value, moment: "" }));
  byId("pace").addEventListener("change", () => change({ pace: byId("pace").value === PACE ? "" : byId("pace").value }));
  byId("time-train").addEventListener("click", () => change({ view: "train" }));
  byId("roll").addEventListener("click", () => (playing ? stop() : play()));
  byId("moment").addEventListener("input", () => {
    stop();
    if (state.film?.frames.length) goTo(frameNear(state.film.places, Number(byId("moment").value)));
    place();
  });
  addEventListener("keydown", key);
  watch(["pasts", "film"], showRuns);
  watch(["film", "view"], mark);
  watch(["film", "moment", "frame", "seen", "pasts"], show);
  watch(["pace"], show);
  watch(["view", "past"], stop);
  new ResizeObserver(mark).observe(byId("marks"));
  show();
}

/** Let a picture move the moment too: a press or a drag over `element`; `partOf(x)` is 0..1. */
export function scrubOver(element, partOf) {
  const move = (event) => {
    if (!state.film?.frames.length) return;
    stop();
    const { left } = element.getBoundingClientRect();
    goTo(frameNear(state.film.places, partOf(event.clientX - left)));
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    element.setPointerCapture(event.pointerId);
    move(event);
  });
  element.addEventListener("pointermove", (event) => element.hasPointerCapture(event.pointerId) && move(event));
}

function key(event) {
  const { target } = event;
  const here = target === document.body || (byId("time").contains(target) && !target.matches("select, canvas"));
  if (state.view !== "time" || !here || event.altKey || event.ctrlKey || event.metaKey || !state.film?.frames.length) return;
  if (event.key === " " && !target.matches("button")) byId("roll").click();
  else if (event.key in KEYS) {
    stop();
    goTo(shownAt() + KEYS[event.key]);
  } else return;
  event.preventDefault();
}

function play() {
  if (!state.film?.frames.length) return;
  if (shownAt() === state.film.frames.length - 1) goTo(0);
  playing = setTimeout(step, 1000 / Number(state.pace || PACE));
  byId("roll").textContent = "Pause";
}

function step() {
  const next = shownAt() + 1;
  if (next >= state.film.frames.length) {
    stop();
    return;
  }
  const there = seenAt(next) !== undefined;
  if (there) goTo(next);
  playing = setTimeout(step, there ? 1000 / Number(state.pace || PACE) : PATIENCE);
}

function stop() {
  clearTimeout(playing);
  playing = 0;
  byId("roll").textContent = "Play";
}

function showRuns() {
  const runs = [...(state.pasts ?? [])];
  const run = shownRun();
  if (run && state.pasts && !runs.some(({ id }) => id === run)) runs.unshift({ id: run, name: run, frames: 0, architecture: "", accuracy: null });
  byId("past").replaceChildren(
    ...runs.map(({ id, name, architecture, accuracy, frames }) => {
      const right = accuracy === null ? "" : ` · ${percent(accuracy, 2)}`;
      return new Option(`${name}${right} · ${frames || "no"} frames · ${architecture}`, id); // the end may be cut off
    }),
  );
  byId("past").value = run;
}

function show() {
  const { pasts, film, frame } = state;
  const none = pasts !== null && !pasts.length && !state.past;
  byId("time-empty").hidden = !none;
  byId("machine").hidden = none || pasts === null;
  const bare = film !== null && !film.frames.length;
  byId("scenes").hidden = byId("track").hidden = !film || bare;
  byId("roll").disabled = byId("moment").disabled = !film || bare;
  byId("pace").value = state.pace || PACE;
  const waits = film?.running ? "The first frame comes as soon as the training begins." : "";
  const empty = bare ? waits || `${film.run} has no frames: its folder frames is empty. Choose another run, or train again.` : "";
  byId("time-error").textContent = whyNone() || empty || frame?.what || (film?.damaged[0] ?? "");
  if (film && !bare) place();
}

/** The slider, and where it stands in words. */
function place() {
  const at = shownAt();
  const { frames, places, running } = state.film;
  const { epoch, batch, updates } = frames[at];
  const slider = byId("moment");
  slider.value = places[at];
  slider.style.setProperty("--part", places[at]);
  const words = batch ? `after ${batch} ${batch === 1 ? "batch" : "batches"}` : epoch ? `after epoch ${epoch}` : "before training";
  slider.setAttribute("aria-valuetext", `${words}, frame ${at + 1} of ${frames.length}`);
  byId("when").textContent = words[0].toUpperCase() + words.slice(1);
  byId("updates").textContent = `${whole(updates)} ${updates === 1 ? "update" : "updates"} of the weights${running && at === frames.length - 1 ? ", in training now" : ""}`;
  const seen = seenAt(at);
  byId("scenes").classList.toggle("waiting", !seen);
  byId("moment-accuracy").textContent = seen?.accuracy === undefined ? "–" : percent(seen.accuracy, 2);
  byId("moment-loss").textContent = seen?.loss == null ? "–" : seen.loss.toFixed(4);
  if (!seen?.images) return;
  const of = seen.images < seen.part_images ? `${whole(seen.images)} of the ${whole(seen.part_images)} ${seen.part} images` : `${whole(seen.images)} ${seen.part} images`;
  byId("judged-on").textContent = `on ${of}`;
}

/** A mark for every frame, numbers where there is room. */
function mark() {
  const { film } = state;
  const marks = byId("marks");
  if (!film?.frames.length || !marks.clientWidth) return;
  const unit = parseFloat(getComputedStyle(marks).fontSize);
  let free = -Infinity;
  const nodes = film.frames.map(({ epoch, batch }, i) => {
    const line = document.createElement("i");
    line.className = epoch ? "epoch" : "batch";
    line.style.left = `${100 * film.places[i]}%`;
    const x = film.places[i] * marks.clientWidth;
    const name = batch || epoch;
    if (x - free >= (1.1 + 0.6 * String(name).length) * unit) {
      line.dataset.name = name;
      free = x;
    }
    return line;
  });
  marks.replaceChildren(...nodes);
  const first = film.frames.findIndex(({ epoch }) => epoch > 0);
  byId("spans").style.setProperty("--first", first === -1 ? 1 : film.places[first]);
  byId("span-epochs").hidden = first === -1 || film.places[first] === 1;
  byId("span-batches").hidden = !first;
}
