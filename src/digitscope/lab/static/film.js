// The film: the frames of a run. One is asked for at a time: the one that is wanted, then those
// around it, so that soon all are there and the slider need not wait.
import { on, send } from "./connection.js";
import { change, state, watch } from "./state.js";
import { active } from "./training.js";
import { placesOf } from "./warp.js";

const OFTEN = 700; // milliseconds between two looks at a run that is in training

let known = new Map(); // what is seen at each frame of this film
let underWay = null; // the question for a frame
let waiting = 0;
let failed = ""; // why there is no film

/** Begin to listen. */
export function startFilm() {
  on("runs", ({ runs }) => {
    change({ pasts: runs });
    askFilm();
  });
  on("frames", take);
  on("frame", (message, buffer) => {
    const { frames, run } = state.film ?? {};
    const frame = frames?.find(({ updates }) => updates === message.updates);
    if (run === message.run && frame) known.set(keyOf(frame), { ...message, values: new Int8Array(buffer) });
    heard(message.id);
  });
  on("error", complain);
  watch(["view", "connected", "lab"], look);
  watch(["past"], askFilm);
  watch(["moment"], goOn);
  watch(["at", "history", "training"], follow);
}

/** The run that is shown: the one that was chosen, else the one in training, else the one that reads. */
export function shownRun() {
  const ids = (state.pasts ?? []).map(({ id }) => id);
  return state.past || [state.training.run, state.model].find((id) => ids.includes(id)) || ids[0] || "";
}

/** The number of the frame that is shown. */
export function shownAt() {
  const { frames } = state.film;
  if (state.moment === "") return frames.length - 1;
  const after = frames.findIndex(({ updates }) => updates > Number(state.moment));
  return after === -1 ? frames.length - 1 : Math.max(0, after - 1);
}

/** What is seen at the frame `i`; undefined while it is not known. */
export function seenAt(i) {
  const frame = state.film?.frames[i];
  return frame && known.get(keyOf(frame));
}

/** Go to the frame `i`. The last one is followed where it moves on. */
export function goTo(i) {
  const { frames } = state.film;
  const to = Math.min(frames.length - 1, Math.max(0, i));
  change({ moment: to === frames.length - 1 ? "" : String(frames[to].updates) });
}

/** A question is answered: the next. */
function heard(id) {
  if (id === underWay) underWay = null;
  goOn();
}

function look() {
  underWay = null;
  if (state.view === "time" && state.connected) send({ do: "runs" });
}

function askFilm() {
  clearTimeout(waiting);
  waiting = 0;
  const run = shownRun();
  if (state.view !== "time" || !run) return;
  send({ do: "frames", run, id: run });
}

/** Of a run in training there is more and more. */
function follow() {
  if (state.view !== "time" || state.training.run !== state.film?.run) return;
  if (state.film.running || active()) waiting ||= setTimeout(askFilm, OFTEN);
}

function take(message) {
  if (message.run !== shownRun()) return;
  const other = message.run !== state.film?.run;
  if (other) [known, underWay] = [new Map(), null];
  failed = "";
  const film = { ...message, places: placesOf(message.frames) };
  change({ film, ...(other ? { frame: null, through: null } : {}) });
  if (film.running) follow();
  goOn();
}

/** Show what is known of the moment, and ask for what is not. */
function goOn() {
  const { film } = state;
  if (!film?.frames.length) return;
  const frame = seenAt(shownAt());
  change({ seen: known.size, ...(frame ? { frame } : {}) });
  const next = underWay ? null : wanted();
  if (!next || state.view !== "time") return;
  const id = `${keyOf(next)} ${film.run}`;
  if (send({ do: "frame", run: film.run, updates: next.updates, id })) underWay = id;
}

/** The nearest frame that is not known yet. */
function wanted() {
  const at = shownAt();
  const far = (i) => Math.abs(i - at) + (i > at ? 0.5 : 0); // the one before first: it is compared with
  return state.film.frames
    .map((frame, i) => [far(i), frame])
    .filter(([, frame]) => !known.has(keyOf(frame)))
    .sort(([a], [b]) => a - b)[0]?.[1];
}

function complain({ about, id, what }) {
  if (about === "frame" && state.film) {
    const frame = state.film.frames.find((one) => id === `${keyOf(one)} ${state.film.run}`);
    if (frame) known.set(keyOf(frame), { what });
    heard(id);
  }
  if (about === "frames" && id === shownRun()) {
    failed = what;
    known = new Map();
    change({ film: null, frame: null, through: null });
    change({ seen: -1 });
  }
}

/** Why nothing is shown; "" where something is. */
export function whyNone() {
  return failed;
}

function keyOf({ updates, changed }) {
  return `${updates} ${changed}`;
}
