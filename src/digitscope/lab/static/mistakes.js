// The mistakes: what the server is asked about them, and its answers into the state. A network of
// feature maps takes its time, so what is known so far is shown, and asked for again.
import { on, send } from "./connection.js";
import { change, state, watch } from "./state.js";

const SOON = 150; // milliseconds until what was not finished is asked for again
const LIVE = 2000; // the same for a network in training
export const PAGE = 60; // images that are shown at first, and that are added by "more"
export const NONE = 10; // the column of "not a digit"

let number = 0; // of the last question of any kind
const asked = { matrix: 0, cell: 0, neighbours: 0 };
let later = { matrix: 0, neighbours: 0 };

/** Begin to listen. */
export function startMistakes() {
  on("matrix", (message) => {
    if (!awaited("matrix", message)) return;
    change({ judged: message });
    if (!message.finished) again("matrix", SOON, () => askMatrix(false));
    else if (message.live) again("matrix", LIVE, () => !state.exhibit && askMatrix(true));
  });
  on("cell", (message, buffer) => {
    if (awaited("cell", message)) change({ shown: { ...message, pixels: new Uint8Array(buffer) } });
  });
  on("neighbours", (message, buffer) => {
    if (!awaited("neighbours", message)) return;
    change({ exhibited: { ...message, pictures: new Uint8Array(buffer) } });
    if (message.looked < message.among) again("neighbours", 2 * SOON, askNeighbours);
  });
  on("error", ({ id, about, what }) => {
    if (about in asked && id === asked[about]) complain(about, what);
    if (about === "neighbours" && id === asked.neighbours) change({ exhibited: null });
  });
  watch(["network"], () => change({ judged: null, shown: null, exhibited: null }));
  watch(["network", "view", "connected", "training"], begin);
  watch(["judged", "cell", "amount"], askCell);
  watch(["exhibit"], () => {
    complain("neighbours", "");
    if (state.exhibit !== state.exhibited?.image) change({ exhibited: null });
    askNeighbours();
  });
}

/** The digits of the state's cell: {truth, taken, doubtful}; null where any will do. */
export function chosenCell() {
  if (state.cell === "doubtful") return { truth: null, taken: null, doubtful: true };
  const [truth, taken] = state.cell.split(",").map((text) => (/^\d+$/.test(text ?? "") ? Number(text) : null));
  return { truth: truth ?? null, taken: taken ?? null, doubtful: false };
}

function ready() {
  return state.view === "mistakes" && state.network !== null && state.connected;
}

let standing = ""; // the network, and whether it trains, that was asked about

function begin() {
  if (!ready()) {
    standing = "";
    return;
  }
  const { status, run } = state.training;
  const now = `${state.network.id} ${run === state.network.id && status}`;
  if (now === standing) return;
  standing = now;
  askMatrix(true);
  askNeighbours();
}

function ask(kind, question) {
  number += 1;
  asked[kind] = number;
  clearTimeout(later[kind]);
  send({ do: kind, id: number, ...question });
}

/** Whether this is what was asked for last, of the network that is still chosen. */
function awaited(kind, { id, model }) {
  if (id !== asked[kind] || model !== state.network?.id) return false;
  complain(kind, "");
  return true;
}

const complaints = {}; // by kind of question: an answer to one does not silence another

function complain(kind, what) {
  complaints[kind] = what;
  change({ mistakesError: Object.values(complaints).filter(Boolean).join(" ") });
}

function again(kind, after, act) {
  clearTimeout(later[kind]);
  later[kind] = setTimeout(() => ready() && act(), after);
}

function askMatrix(fresh) {
  ask("matrix", { fresh });
}

function askCell() {
  if (ready() && state.judged) ask("cell", { ...chosenCell(), most: amount(), among: state.judged.judged });
}

/** How many images are shown at most. */
export function amount() {
  const given = Number(state.amount);
  return Number.isInteger(given) && given > 0 ? Math.min(given, 1000) : PAGE;
}

function askNeighbours() {
  if (ready() && state.exhibit) ask("neighbours", { image: state.exhibit });
}
