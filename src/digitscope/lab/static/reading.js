// Reading: what lies on the pad goes to the server, and its answer into the state. One question is
// under way at a time; while it is, only the newest change of the drawing waits.
import { linksOf } from "./columns.js";
import { on, send } from "./connection.js";
import { openedFile } from "./images.js";
import { drawnBytes } from "./pad.js";
import { change, state, watch } from "./state.js";

let number = 0; // of the last question
let underWay = null; // {id, time}
let next = null; // the time of the change that waits

/** Begin to listen. */
export function startReading() {
  on("answer", heard);
  on("error", failed);
  on("steps", (message, buffer) => change({ stages: stages(message, buffer) }));
  watch(["connected"], () => (underWay = next = null));
  watch(["network", "image"], () => read());
}

/** Ask for the answer to what lies on the pad; `time` is when it changed. */
export function read(time = performance.now()) {
  if (!state.network || !state.connected) return;
  if (underWay) {
    next = time;
    return;
  }
  const id = ++number;
  if (ask(id)) underWay = { id, time };
  else show(null);
}

/** Send the question; false where there is nothing to read. */
function ask(id) {
  if (asItIs()) return send({ do: "read", id, image: state.image });
  if (state.image === "file") {
    const file = openedFile();
    return file !== null && send({ do: "read", id, file: file.name }, file.bytes);
  }
  const drawn = drawnBytes();
  return drawn !== null && send({ do: "read", id, width: drawn.side, height: drawn.side }, drawn.grey);
}

/** Whether an image lies on the pad that is taken as it is: one of the data set, or one written out. */
function asItIs() {
  return /^(test|train|pixels):/.test(state.image);
}

function heard(message, buffer) {
  const live = message.live && message.id === state.answer?.id && !underWay;
  if (message.id !== underWay?.id && !live) return;
  let at = 784;
  const layers = message.layers.map(({ shape }) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const part = new Float32Array(buffer, at, size);
    at += 4 * size;
    return part;
  });
  const { columns } = state.network;
  if (message.model !== state.network.id || columns.at(-1).place !== layers.length - 1) {
    show(null); // another model has been chosen since
    return;
  }
  const answer = {
    ...message,
    input: new Uint8Array(buffer, 0, 784),
    layers,
    values: columns.map(({ place }) => layers[place]), // an array a column
    links: linksOf(message.connections, columns),
  };
  if (live) change({ answer });
  else show(answer, underWay.time);
}

function failed(message) {
  if (message.about !== "read" || message.id !== underWay?.id) return;
  show(null);
  document.getElementById("read-error").textContent = message.what;
}

function show(answer, time = null) {
  underWay = null;
  document.getElementById("read-error").textContent = "";
  change({ answer, stages: null });
  if (answer && state.steps === "open" && next === null) askStages();
  if (time !== null) afterPainting(() => measure(time));
  if (next !== null) {
    const waited = next;
    next = null;
    read(waited);
  }
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

function afterPainting(act) {
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = act;
    port1.postMessage(null);
  });
}
