// The pad: mouse, pen, finger or keys draw.
import { SIDE, drawPoint } from "./strokes.js";

const SENT = 224; // pixels along a side of what is prepared, as in the lab
const WIDTH = 17; // of the pen

const pad = document.getElementById("pad");
const frame = document.getElementById("frame");
const shown = pad.getContext("2d");
const sent = Object.assign(document.createElement("canvas"), { width: SENT, height: SENT }).getContext("2d", { willReadFrequently: true });
const pen = { x: SIDE / 2, y: SIDE / 4, down: false, shown: false };

let strokes = [];
let drawing = null; // the pointer that draws
let moved = () => {};

/** Begin; `onMove()` is called after each change of the drawing. */
function startPad(onMove) {
  moved = onMove;
  pad.addEventListener("pointerdown", begin);
  pad.addEventListener("pointermove", follow);
  for (const name of ["pointerup", "pointercancel"]) pad.addEventListener(name, lift);
  pad.addEventListener("keydown", steer);
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
  const { data } = sent.getImageData(0, 0, SENT, SENT);
  return { pixels: Uint8Array.from({ length: SENT * SENT }, (_, i) => data[4 * i]), side: SENT };
}

function begin(event) {
  if (drawing !== null || event.button > 0) return;
  drawing = event.pointerId;
  pad.setPointerCapture(drawing);
  strokes.push([]);
  pen.shown = false;
  add(event);
}

function follow(event) {
  if (event.pointerId !== drawing) return;
  const events = event.getCoalescedEvents?.() ?? [];
  for (const part of events.length ? events : [event]) add(part);
}

function lift(event) {
  if (event.pointerId === drawing) drawing = null;
}

function add(event) {
  const { left, top, width, height } = pad.getBoundingClientRect();
  const pressure = event.pointerType === "pen" ? 0.4 + 1.2 * event.pressure : 1;
  const place = (value, size) => Math.round(Math.min(1, Math.max(0, value / size)) * SIDE);
  addPoint([place(event.clientX - left, width), place(event.clientY - top, height), Math.round(WIDTH * pressure)]);
}

function addPoint(point) {
  const stroke = strokes.at(-1);
  const last = stroke.at(-1);
  if (last && Math.hypot(point[0] - last[0], point[1] - last[1]) < 2) return;
  stroke.push(point);
  drawPoint(shown, stroke, stroke.length - 1, pad.width / SIDE);
  drawPoint(sent, stroke, stroke.length - 1, SENT / SIDE);
  frame.classList.remove("blank");
  moved();
}

function steer(event) {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!way && event.key !== " ") return;
  event.preventDefault();
  pen.shown = true;
  if (way) {
    const step = event.shiftKey ? 3 : 10;
    pen.x = Math.min(SIDE, Math.max(0, pen.x + step * way[0]));
    pen.y = Math.min(SIDE, Math.max(0, pen.y + step * way[1]));
  } else {
    pen.down = !pen.down;
    if (pen.down) strokes.push([]);
  }
  if (pen.down) addPoint([Math.round(pen.x), Math.round(pen.y), WIDTH]);
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
  shown.fillStyle = sent.fillStyle = "#fff";
  shown.strokeStyle = sent.strokeStyle = "#000";
  shown.fillRect(0, 0, size, size);
  sent.fillRect(0, 0, SENT, SENT);
  frame.classList.toggle("blank", !strokes.length);
  for (const stroke of strokes) {
    stroke.forEach((_, i) => {
      drawPoint(shown, stroke, i, size / SIDE);
      drawPoint(sent, stroke, i, SENT / SIDE);
    });
  }
  if (!pen.shown || document.activeElement !== pad) return;
  shown.save();
  shown.strokeStyle = pen.down ? "#d55e00" : "#0072b2";
  shown.lineWidth = (1.5 * size) / SIDE;
  shown.beginPath();
  shown.arc((pen.x * size) / SIDE, (pen.y * size) / SIDE, (0.7 * WIDTH * size) / SIDE, 0, 2 * Math.PI);
  shown.stroke();
  shown.restore();
}

export { drawnBytes, startPad };
