// The pad: mouse, pen, finger or keys draw.
import { markPen, pen, penPoint, steer, steers } from "../../drawing/modules/pen.js";
import { SENT, drawAll, extend, greyOf, movesOf, pointOf } from "../../drawing/modules/stroke.js";

const pad = document.getElementById("pad");
const frame = document.getElementById("frame");
const shown = pad.getContext("2d");
const sent = Object.assign(document.createElement("canvas"), { width: SENT, height: SENT }).getContext("2d", { willReadFrequently: true });

let strokes = [];
let drawing = null; // the pointer that draws
let moved = () => {};

/** Begin; `onMove()` is called after each change of the drawing. */
function startPad(onMove) {
  moved = onMove;
  pad.addEventListener("pointerdown", begin);
  pad.addEventListener("pointermove", follow);
  for (const name of ["pointerup", "pointercancel"]) pad.addEventListener(name, lift);
  pad.addEventListener("keydown", press);
  pad.addEventListener("blur", repaint);
  document.getElementById("undo").addEventListener("click", undo);
  document.getElementById("clear").addEventListener("click", clear);
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key !== "z") return;
    event.preventDefault();
    undo();
  });
  new ResizeObserver(repaint).observe(frame);
  repaint();
}

/** The drawing as grey bytes, SENT x SENT, paper 255; null where nothing is drawn. */
function drawnBytes() {
  if (!strokes.length) return null;
  return { pixels: greyOf(sent), side: SENT };
}

function begin(event) {
  if (drawing !== null || event.button > 0) return;
  drawing = event.pointerId;
  pad.setPointerCapture(drawing);
  strokes.push([]);
  pen.shown = false;
  add(pointOf(event, pad));
}

function follow(event) {
  if (event.pointerId !== drawing) return;
  for (const part of movesOf(event)) add(pointOf(part, pad));
}

function lift(event) {
  if (event.pointerId === drawing) drawing = null;
}

function add(point) {
  if (!extend(strokes.at(-1), point, [shown, sent])) return;
  frame.classList.remove("blank");
  moved();
}

function press(event) {
  if (!steers(event)) return;
  if (steer(event)) strokes.push([]);
  if (pen.down) add(penPoint());
  repaint();
}

function undo() {
  pen.down = false;
  drawing = null; // the stroke that it draws is taken away
  strokes.pop();
  repaint();
  moved();
}

function clear() {
  pen.down = false;
  drawing = null;
  strokes = [];
  repaint();
  moved();
}

function repaint() {
  const size = Math.max(1, Math.round(frame.clientWidth * devicePixelRatio));
  if (pad.width !== size) pad.width = pad.height = size;
  for (const context of [shown, sent]) drawAll(context, strokes);
  frame.classList.toggle("blank", !strokes.length);
  markPen(shown);
}

export { drawnBytes, startPad };
