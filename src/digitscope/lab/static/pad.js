// The pad: mouse, pen, finger or keys draw; an image can lie on it instead.
import { change, state, watch } from "./state.js";
import { SIDE, decode, drawPoint, encode } from "./strokes.js";

const SENT = 224; // pixels along a side of what the network's preparation gets
const WIDTH = 17; // of the pen, in units of strokes.js

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
  const { data } = sent.getImageData(0, 0, SENT, SENT);
  const grey = new Uint8Array(SENT * SENT);
  for (let i = 0; i < grey.length; i++) grey[i] = data[4 * i];
  return { grey, side: SENT };
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
  const events = event.getCoalescedEvents?.() ?? [];
  for (const part of events.length ? events : [event]) add(part);
}

function up(event) {
  if (event.pointerId !== drawing) return;
  drawing = null;
  keep();
}

function add(event) {
  const { left, top, width, height } = pad.getBoundingClientRect();
  const pressure = event.pointerType === "pen" ? 0.4 + 1.2 * event.pressure : 1;
  const place = (value, size) => Math.round(Math.min(1, Math.max(0, value / size)) * SIDE);
  const point = [place(event.clientX - left, width), place(event.clientY - top, height), Math.round(WIDTH * pressure)];
  if (addPoint(point)) moved(event.timeStamp);
}

/** Add a point to the stroke; false where the pen has hardly moved. */
function addPoint(point) {
  const stroke = strokes.at(-1);
  const last = stroke.at(-1);
  if (last && Math.hypot(point[0] - last[0], point[1] - last[1]) < 2) return false;
  stroke.push(point);
  drawPoint(shown, stroke, stroke.length - 1, pad.width / SIDE);
  drawPoint(sent, stroke, stroke.length - 1, SENT / SIDE);
  frame.classList.remove("blank");
  return true;
}

/** The pen of the keyboard. */
const pen = { x: SIDE / 2, y: SIDE / 4, down: false, shown: false };

function key(event) {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!way && event.key !== " ") return;
  event.preventDefault();
  pen.shown = true;
  if (state.image) clear();
  if (!way) {
    pen.down = !pen.down;
    if (pen.down) strokes.push([]);
  } else {
    const step = event.shiftKey ? 3 : 10;
    pen.x = Math.min(SIDE, Math.max(0, pen.x + step * way[0]));
    pen.y = Math.min(SIDE, Math.max(0, pen.y + step * way[1]));
  }
  if (pen.down) {
    if (!strokes.length) strokes.push([]);
    addPoint([Math.round(pen.x), Math.round(pen.y), WIDTH]);
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
  if (state.image) change({ image: "" });
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
  shown.fillStyle = sent.fillStyle = "#fff";
  shown.strokeStyle = sent.strokeStyle = "#000";
  shown.fillRect(0, 0, size, size);
  sent.fillRect(0, 0, SENT, SENT);
  frame.classList.toggle("blank", !state.image && !strokes.length);
  frame.classList.toggle("photo", Boolean(picture));
  if (state.image) {
    if (picture) layContained(picture, size);
    else layInput(size);
    return;
  }
  for (const stroke of strokes) {
    stroke.forEach((_, i) => {
      drawPoint(shown, stroke, i, size / SIDE);
      drawPoint(sent, stroke, i, SENT / SIDE);
    });
  }
  if (pen.shown && document.activeElement === pad) markPen(size / SIDE);
}

function markPen(scale) {
  shown.save();
  shown.strokeStyle = pen.down ? "#d55e00" : "#0072b2";
  shown.lineWidth = 1.5 * scale;
  shown.beginPath();
  shown.arc(pen.x * scale, pen.y * scale, 0.7 * WIDTH * scale, 0, 2 * Math.PI);
  shown.stroke();
  shown.restore();
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
