// A picture that holds several digits: it is read whole, as `digitscope read` does, beside the answer,
// which is for one. What is asked waits until the pen rests, and no answer waits for it.
import { on, send } from "./connection.js";
import { drawnBytes, penIsDown } from "./pad.js";
import { change, state, watch } from "./state.js";

const REST = 500; // milliseconds: a digit of two strokes is not read in between
const SURE = 0.9; // a drawing that is read so surely, as one mark, is one digit

let number = 0; // of the last question
let asked = null; // what it is about
let later = 0; // the timer of the rest
let resting = null; // the answer that it began with

/** Begin. */
export function startSeveral() {
  on("numbers", heard);
  on("error", failed);
  watch(["answer", "unread", "network", "drawing"], wait);
  watch(["connected"], () => (asked = null));
  watch(["unreadFile"], () => state.unreadFile && ask({ ...here(), source: "file", file: state.unreadFile }));
  watch(["image"], forget);
}

/** The digit `i` alone, as the network was given it. */
export function take(i) {
  change({ whole: source(), image: written(state.several.images[i]) });
}

/** Back to the whole picture. */
export function takeWhole() {
  change({ image: state.whole === "file" ? "file" : "" });
}

/** An image's 784 bytes in an address. */
export function written(bytes) {
  const text = btoa(String.fromCharCode(...bytes));
  return `pixels:${text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/** What the digits are looked for on: the pad's drawing, its file, or what a digit was taken from. */
function source() {
  if (state.image === "file") return "file";
  if (!state.image) return "drawing";
  return state.image.startsWith("pixels:") ? state.whole : "";
}

function here() {
  return { source: source(), network: state.network, drawing: state.drawing, file: state.file };
}

function same(a, b) {
  const key = a?.source === "file" ? "file" : "drawing";
  return a !== null && a.source === b.source && a.network === b.network && a[key] === b[key];
}

function forget() {
  if (state.whole && !state.image.startsWith("pixels:")) change({ whole: "" });
  if (!source()) drop();
}

function drop() {
  clearTimeout(later);
  later = 0;
  number += 1; // what is under way is no longer wanted
  asked = null;
  change({ several: null });
}

/** Look once the pen has rested, and a file at once; what is shown already stays so long. */
function wait() {
  if (state.unreadFile || same(asked, here())) {
    if (asked?.source === "file" && state.several?.images.length && state.image === "file") change({ unread: "" });
    return;
  }
  const id = state.answer?.id ?? null;
  if (later && id !== null && id === resting) return; // told again, by a network in training
  resting = id;
  if (!state.answer && source() !== "file") drop();
  else rest(source() === "file" ? 0 : REST);
}

function rest(milliseconds) {
  clearTimeout(later);
  later = setTimeout(look, milliseconds);
}

function look() {
  later = 0;
  if (penIsDown()) rest(REST);
  else if (!mayBeSeveral()) drop();
  else if (!same(asked, here())) ask(here());
}

function mayBeSeveral() {
  const { answer } = state;
  if (source() !== "drawing" || state.image) return source() !== "";
  return answer !== null && (answer.marks > 1 || answer.rejected || Math.max(...answer.judged) < SURE);
}

function ask(about) {
  clearTimeout(later);
  later = 0;
  const question = { do: "numbers", id: ++number };
  asked = about;
  if (about.source === "file") {
    if (about.file) send({ ...question, file: about.file.name }, about.file.bytes);
    return;
  }
  const drawing = drawnBytes();
  if (drawing) send({ ...question, width: drawing.side, height: drawing.side }, drawing.grey);
}

/** A file that was only tried takes nothing away: what lies on the pad is looked at again. */
function failed({ about, id }) {
  if (about !== "numbers" || id !== number) return;
  if (!state.unreadFile) {
    change({ several: null });
    return;
  }
  change({ unreadFile: null });
  wait();
}

function heard(message, buffer) {
  if (message.id !== number) return;
  const images = Array.from({ length: message.bytes / 784 }, (_, i) => new Uint8Array(buffer, 784 * i, 784));
  const { unreadFile: file } = state; // no single digit was found on it
  const marks = state.answer?.marks ?? 1;
  const worth = message.cannot ? marks > 1 : images.length > (file || (state.unread && !state.answer) ? 0 : 1);
  const several = worth ? { ...message, images, source: asked.source } : null;
  change({ several, unreadFile: null, ...(file && several ? { file, image: "file" } : {}) });
  wait();
}
