// A picture that holds several digits: it is read whole, as `digitscope read` does, beside the answer,
// which is for one. What is asked waits until the pen rests, and no answer waits for it.
import { on, send } from "./connection.js";
import { drawnBytes, penIsDown } from "./pad.js";
import { change, state, watch } from "./state.js";

const REST = 500; // milliseconds: a digit of two strokes is not read in between
const SURE = 0.9; // a drawing that is read so surely, as one mark, is one digit
const NOTICED = 300; // milliseconds: of what takes longer it is said that it is under way

let number = 0; // of the last question
let asked = null; // what was last asked about what lies on the pad
let known = null; // of which of it the answer has come
let later = 0; // the timer of the rest
let sooner = 0; // the timer of the word that a file is being read
let resting = null; // the answer that it began with

/** Begin. */
export function startSeveral() {
  on("numbers", heard);
  on("error", failed);
  watch(["answer", "unread", "network", "drawing"], wait);
  watch(["connected"], () => (asked = null));
  watch(["unreadFile"], () => state.unreadFile && question({ source: "file", file: state.unreadFile }));
  watch(["image"], forget);
}

/** Whether the image is one of the digits of the whole picture: it may also be one that was changed. */
export function isOneOfThem() {
  return state.whole !== "" && (state.several?.images.some((image) => written(image) === state.image) ?? true);
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
  return a?.network === b.network && samePicture(a, b);
}

function samePicture(a, b) {
  const key = b.source === "file" ? "file" : "drawing";
  return a?.source === b.source && a[key] === b[key];
}

function forget() {
  if (state.whole && !state.image.startsWith("pixels:")) change({ whole: "" });
  if (!source() || (source() === "drawing" && known?.source === "file")) drop();
}

function drop() {
  clearTimeout(later);
  later = 0;
  number += 1; // what is under way is no longer wanted
  asked = known = null;
  put(null);
}

function put(several) {
  clearTimeout(sooner);
  sooner = 0;
  change({ several });
}

/** Look once the pen has rested, and a file at once; what is shown already stays so long. */
function wait() {
  if (state.unreadFile || same(asked, here())) return;
  if (source() === "file" && !samePicture(known, here())) begin();
  const id = state.answer?.id ?? null;
  if (later && id !== null && id === resting) return; // told again, by a network in training
  resting = id;
  if (!state.answer && source() !== "file") drop();
  else rest(source() === "file" ? 0 : REST);
}

/** Another file: the digits of what lay there before go at once. */
function begin() {
  const say = () => put({ looking: true, lines: [], images: [] });
  if (state.several) say();
  else if (!sooner) sooner = setTimeout(say, NOTICED); // where it holds one digit, the word would only flash
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
  asked = about;
  question(about);
}

function question(about) {
  clearTimeout(later);
  later = 0;
  const message = { do: "numbers", id: ++number };
  if (about.source === "file") {
    if (about.file) send({ ...message, file: about.file.name }, about.file.bytes);
    return;
  }
  const drawing = drawnBytes();
  if (drawing) send({ ...message, width: drawing.side, height: drawing.side }, drawing.grey);
}

function failed({ about, id }) {
  if (about !== "numbers" || id !== number) return;
  if (state.unreadFile) leave();
  else settle(null);
}

/** A file that was only tried takes nothing away; what it interrupted is asked again. */
function leave() {
  if (!same(known, here())) asked = null;
  change({ unreadFile: null });
  wait();
}

/** What lies on the pad has been read. */
function settle(several) {
  known = asked;
  put(several);
}

function heard(message, buffer) {
  if (message.id !== number) return;
  const images = Array.from({ length: message.bytes / 784 }, (_, i) => new Uint8Array(buffer, 784 * i, 784));
  const { unreadFile: file } = state;
  if (file && !images.length) leave();
  else if (file) lay(file, { ...message, images });
  else {
    const worth = message.cannot ? state.answer?.marks > 1 : images.length > (state.answer ? 1 : 0);
    settle(worth ? { ...message, images } : null);
    wait();
  }
}

/** A file on which no single digit was found, but numbers, comes onto the pad with them. */
function lay(file, several) {
  asked = { ...here(), source: "file", file };
  settle(several);
  change({ unreadFile: null, file, image: "file" });
  wait();
}
