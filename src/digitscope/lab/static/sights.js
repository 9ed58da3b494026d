// Sights: what the drawing sets off in the network. While the pen moves the answer goes first: it comes
// without, keeps the sights of a moment ago, and the server is asked for them now and then.
import { linksOf } from "./columns.js";
import { on, send } from "./connection.js";
import { penIsDown } from "./pad.js";
import { change, state } from "./state.js";

// Milliseconds between two looks: as many times what the last one took, between two bounds.
const TIMES = 24;
const BREATH = [80, 500];
let seen = null; // the network whose sights the answer has
let looked = 0; // when they were last asked for
let rest = BREATH[0]; // until they are asked for again
let later = 0; // the timer of the next look

/** Begin to listen. */
export function startSights() {
  on("activations", heard);
}

/** The layers that a message tells of, their values an array a column, and the links; null of another network. */
export function sightsOf({ layers: told, connections }, buffer, at) {
  const layers = told.map(({ shape }) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const part = new Float32Array(buffer, at, size);
    at += 4 * size;
    return part;
  });
  const { columns } = state.network;
  if (columns.at(-1).place !== layers.length - 1) return null;
  seen = state.network;
  return { layers, values: columns.map(({ place }) => layers[place]), links: linksOf(connections, columns) };
}

/** Those of the answer before, where they are of this network. */
export function sightsBefore() {
  if (!state.answer || seen !== state.network) return null;
  const { layers, values, links } = state.answer;
  return { layers, values, links };
}

/** Whether the next answer may come without. */
export function mayBeBrief() {
  return penIsDown() && state.answer !== null && seen === state.network;
}

/** Ask for what a brief answer left out, some time after the last look; at once where the pen is lifted. */
export function look() {
  clearTimeout(later);
  if (!state.answer?.brief) return;
  const wait = looked + rest - performance.now();
  if (wait > 0 && penIsDown()) {
    later = setTimeout(look, wait);
    return;
  }
  looked = performance.now();
  send({ do: "activations", id: state.answer.id });
}

function heard(message, buffer) {
  const { answer, network } = state;
  rest = Math.min(BREATH[1], Math.max(BREATH[0], TIMES * (performance.now() - looked)));
  if (!answer?.brief || message.model !== answer.model || message.model !== network.id) return;
  const sights = sightsOf(message, buffer, 0);
  if (sights) change({ answer: { ...answer, ...sights, brief: message.id !== answer.id } });
}
