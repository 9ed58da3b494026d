// The pad: mouse, pen, finger or keys draw; an image can lie on it instead.
import { markPen, pen, penPoint, steer, steers } from "../../drawing/modules/pen.js";
import { SENT, drawAll, extend, greyOf, movesOf, pointOf } from "../../drawing/modules/stroke.js";
import { change, state, watch } from "./state.js";
import { decode, encode } from "./strokes.js";

const pad = document.getElementById("pad");
const frame = document.getElementById("pad-frame");
const shown = pad.getContext("2d");
const sent = new OffscreenCanvas(SENT, SENT).getContext("2d", { willReadFrequently: true });

let strokes = [];
let drawing = null; // the pointer that draws
let written = ""; // the drawing as the state has it
let moved = () => {};

/** Begin; `onMove(time)` is called after each change of the drawing, with the event's time. */
export function startPad(onMove) {
  moved = onMove;
  pad.addEventListener("pointerdown", down);
  // Raw updates come at once; moves wait for the next frame of the screen.
  pad.addEventListener("onpointerrawupdate" in pad ? "pointerrawupdate" : "pointermove", move);
  for (const name of ["pointerup", "pointercancel"]) pad.addEventListener(name, up);
  pad.addEventListener("keydown", key);
  pad.addEventListener("blur", repaint);
  document.getElementById("undo").addEventListener("click", undo);
  document.getElementById("clear").addEventListener("click", clear);
  addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, select, textarea");
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && !typing && state.view === "draw") {
      event.preventDefault();
      undo();
    }
  });
  new ResizeObserver(repaint).observe(frame);
  watch(["drawing", "image", "file"], follow);
  watch(["answer"], () => /^(test|train|pixels):/.test(state.image) && repaint());
  follow();
}

/** The drawing as grey bytes, SENT x SENT, paper 255; null where nothing is drawn. */
export function drawnBytes() {
  if (!strokes.length) return null;
  if (state.image) drawAll(sent, strokes); // one of its digits lies on the pad
  return { grey: greyOf(sent), side: SENT };
}

/** Whether a pen is on the pad. */
export function penIsDown() {
  return drawing !== null;
}

function down(event) {
  if (drawing !== null || event.button > 0) return;
  drawing = event.pointerId;
  pad.setPointerCapture(drawing);
  if (state.image) {
    strokes = [];
    written = "";
    change({ image: "", drawing: "" });
  }
  strokes.push([]);
  pen.shown = pen.down = false;
  add(event);
}

function move(event) {
  if (event.pointerId !== drawing) return;
  for (const part of movesOf(event)) add(part);
}

function up(event) {
  if (event.pointerId !== drawing) return;
  drawing = null;
  keep();
}

function add(event) {
  if (addPoint(pointOf(event, pad))) moved(event.timeStamp);
}

/** Add a point to the stroke; false where the pen has hardly moved. */
function addPoint(point) {
  if (!extend(strokes.at(-1), point, [shown, sent])) return false;
  frame.classList.remove("blank");
  return true;
}

function key(event) {
  if (!steers(event)) return;
  if (state.image) clear();
  if (steer(event)) strokes.push([]);
  if (pen.down) {
    if (!strokes.length) strokes.push([]);
    addPoint(penPoint());
    keep();
    moved(event.timeStamp);
  }
  repaint();
}

/** End the stroke that is being drawn, if any: what comes of its pen is no part of another. */
function lift() {
  drawing = null;
  pen.down = false;
}

function undo() {
  lift();
  if (state.image) change({ image: state.whole === "file" ? "file" : "" });
  else {
    strokes.pop();
    keep();
  }
  repaint();
  moved(performance.now());
}

/** Empty the pad. */
export function clear() {
  lift();
  strokes = [];
  change({ image: "", drawing: "" });
  written = "";
  repaint();
  moved(performance.now());
}

function keep() {
  written = encode(strokes);
  change({ drawing: written });
}

/** The state's drawing, where it is not the one that lies here already. */
function follow() {
  if (state.drawing !== written) {
    lift();
    written = state.drawing;
    strokes = decode(written);
  }
  repaint();
}

function repaint() {
  const size = Math.round(frame.clientWidth * devicePixelRatio);
  const picture = state.image === "file" ? state.file?.picture : null;
  if (pad.width !== size || pad.height !== size) pad.width = pad.height = size;
  for (const context of [shown, sent]) drawAll(context, state.image ? [] : strokes);
  frame.classList.toggle("blank", !state.image && !strokes.length);
  frame.classList.toggle("photo", Boolean(picture));
  if (picture) layContained(picture, size);
  else if (state.image) layInput(size);
  else markPen(shown);
}

function layContained(bitmap, size) {
  const scale = Math.min(size / bitmap.width, size / bitmap.height);
  const [w, h] = [bitmap.width * scale, bitmap.height * scale];
  shown.imageSmoothingEnabled = true;
  shown.drawImage(bitmap, (size - w) / 2, (size - h) / 2, w, h);
}

/** The image that the network got, ink on paper. */
function layInput(size) {
  const input = state.answer?.input;
  if (!input) return;
  const small = new OffscreenCanvas(28, 28);
  const context = small.getContext("2d");
  const pixels = context.createImageData(28, 28);
  for (let i = 0; i < 784; i++) pixels.data.set([255 - input[i], 255 - input[i], 255 - input[i], 255], 4 * i);
  context.putImageData(pixels, 0, 0);
  shown.imageSmoothingEnabled = false;
  shown.drawImage(small, 0, 0, size, size);
}
