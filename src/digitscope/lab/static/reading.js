// Reading: what lies on the pad goes to the server, and its answer into the state. One question is
// under way at a time; while it is, only the newest change of the drawing waits.
import { on, send } from "./connection.js";
import { drawnBytes } from "./pad.js";
import { afterPainting } from "./painting.js";
import { look, mayBeBrief, sightsBefore, sightsOf } from "./sights.js";
import { change, state, watch } from "./state.js";

let number = 0; // of the last question
let underWay = null; // {id, time, file, said}: the file that is tried, the line that stays
let next = null; // the time of the change that waits
let own = ""; // what was last said here: the next answer takes it away, and leaves what others say
let lack = ""; // why what lies on the pad has no answer
let laying = false; // whether what was just read is being laid on the pad: it need not be read again

/** Begin to listen. */
export function startReading() {
  on("answer", heard);
  on("error", failed);
  on("steps", (message, buffer) => change({ stages: stages(message, buffer) }));
  watch(["connected"], () => (underWay = next = null));
  watch(["image", "file"], () => laying || drawn());
  watch(["network"], () => read());
  watch(["trying"], () => state.trying && read());
  watch(["unread"], sayUnread);
  watch(["several"], () => holdsNumbers() && state.unread === lack && change({ unread: "" }));
  // Of a file that was only tried the other views need not know: an answer stands without it.
  watch(["view"], () => state.answer && change({ unread: "" }));
  sayUnread();
}

/** The drawing has changed, at `time`: a file that was being tried is no longer wanted. */
export function drawn(time = performance.now()) {
  change({ trying: null, unread: "", unreadFile: null });
  read(time);
}

/** Ask for the answer to what lies on the pad, or is to lie there; `said` is a line that stays. */
function read(time = performance.now(), said = "") {
  if (!state.network || !state.connected) return;
  if (underWay) {
    next = time;
    return;
  }
  const id = ++number;
  if (ask(id)) underWay = { id, time, said, file: state.trying };
  else show(null, null, said);
}

/** Send the question; false where there is nothing to read. */
function ask(id) {
  if (state.trying) return askFile(id, state.trying);
  if (asItIs()) return send({ do: "read", id, image: state.image });
  if (state.image === "file") return state.file !== null && askFile(id, state.file);
  const drawing = drawnBytes();
  if (drawing === null) return false;
  const size = { width: drawing.side, height: drawing.side };
  return send({ do: "read", id, ...size, brief: mayBeBrief() }, drawing.grey);
}

function askFile(id, { name, bytes }) {
  return send({ do: "read", id, file: name }, bytes);
}

/** Whether an image lies on the pad that is taken as it is: one of the data set, or one written out. */
function asItIs() {
  return /^(test|train|pixels):/.test(state.image);
}

function heard(message, buffer) {
  const again = message.id === state.answer?.id && !underWay; // the weights are others now
  if (message.id !== underWay?.id && !again) return;
  if (!again && overtaken()) return;
  const brief = !message.layers;
  const sights = brief ? sightsBefore() : sightsOf(message, buffer, 784);
  if (message.model !== state.network.id || !sights) {
    show(null); // another model has been chosen since
    return;
  }
  const answer = { ...message, input: new Uint8Array(buffer, 0, 784), ...sights, brief };
  if (again) change({ answer });
  else show(answer, underWay.time, underWay.said);
}

/** What cannot be read: a file that was tried leaves all as it was. */
function failed({ about, id, what }) {
  if (about !== "read" || id !== underWay?.id || overtaken()) return;
  if (!underWay.file) {
    lack = what;
    show(null, null, underWay.said || (holdsNumbers() ? "" : what));
    return;
  }
  const { file } = underWay;
  underWay = next = null;
  own = what;
  change({ trying: null, unread: what, unreadFile: file });
  read(performance.now(), what); // the server has only the file in mind
}

/** Whether numbers are shown on the pad's file: nobody misses the one digit there. */
function holdsNumbers() {
  return state.image === "file" && state.several?.images.length > 0;
}

/** Whether the pen has moved on since a file was tried: what is said of it does not count. */
function overtaken() {
  if (underWay.file === state.trying) return false;
  underWay = null;
  goOn();
  return true;
}

function show(answer, time = null, said = "") {
  const file = underWay?.file;
  const unread = said || (answer && file) || state.unread === own ? said : state.unread;
  own = said;
  underWay = null;
  laying = true;
  change({ answer, stages: null, unread, ...(answer && file ? { file, image: "file", trying: null } : {}) });
  laying = false;
  if (answer && state.steps === "open" && next === null) askStages();
  if (time !== null) afterPainting(() => measure(time));
  goOn();
  look();
}

/** The change that has waited. */
function goOn() {
  if (next === null) return;
  const waited = next;
  next = null;
  read(waited);
}

/** Every view that shows the image says why there is none. */
function sayUnread() {
  for (const line of document.querySelectorAll(".unread")) line.textContent = state.unread;
}

/** Ask for the steps of the preparation of what was read last. */
export function askStages() {
  if (!state.answer) return;
  if (asItIs()) change({ stages: [] });
  else send({ do: "steps", id: state.answer.id });
}

function stages({ steps }, buffer) {
  let at = 0;
  return steps.map((step) => {
    const size = step.shape.reduce((a, b) => a * b, 1);
    const pixels = new Uint8Array(buffer, at, size);
    at += size;
    return { ...step, pixels };
  });
}

/** How long it took from the pen to the answer on the screen, for whoever profiles the page. */
function measure(start) {
  if (performance.getEntriesByName("pen to answer").length > 2000) performance.clearMeasures();
  performance.measure("pen to answer", { start, end: performance.now() });
}
