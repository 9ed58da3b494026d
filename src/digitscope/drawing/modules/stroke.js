// Strokes: what the pen did. A point is [x, y, width] in units of which SIDE make the pad's side.

const SIDE = 250;
const WIDTH = 17; // of the pen
const SENT = 160; // pixels along a side of what is prepared for the network

/** The moves of a pointer since the event before. */
function movesOf(event) {
  const events = event.getCoalescedEvents?.() ?? [];
  return events.length ? events : [event];
}

/** The point where a pointer is on the pad: the harder a pen is pressed, the wider. */
function pointOf(event, pad) {
  const { left, top, width, height } = pad.getBoundingClientRect();
  const pressure = event.pointerType === "pen" ? 0.4 + 1.2 * event.pressure : 1;
  const place = (value, size) => Math.round(Math.min(1, Math.max(0, value / size)) * SIDE);
  return [place(event.clientX - left, width), place(event.clientY - top, height), Math.round(WIDTH * pressure)];
}

/** Add a point to a stroke and draw it on square canvases; false where the pen has hardly moved. */
function extend(stroke, point, contexts) {
  const last = stroke.at(-1);
  if (last && Math.hypot(point[0] - last[0], point[1] - last[1]) < 2) return false;
  stroke.push(point);
  for (const context of contexts) drawPoint(context, stroke, stroke.length - 1);
  return true;
}

/** Draw what the stroke gained with its point `i`: a curve from the middle of one pair of points to
 * the middle of the next, so that corners come out round. */
function drawPoint(context, stroke, i) {
  const scale = context.canvas.width / SIDE;
  const at = (k) => [stroke[k][0] * scale, stroke[k][1] * scale];
  const middle = (k) => stroke[k].map((value, axis) => ((value + stroke[k + 1][axis]) / 2) * scale);
  context.lineWidth = Math.max(1, stroke[i][2] * scale);
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  if (i === 0) {
    context.moveTo(...at(0));
    context.lineTo(...at(0));
  } else {
    const [x, y] = i === 1 ? at(0) : middle(i - 2);
    const [u, v] = middle(i - 1);
    context.moveTo(x, y);
    context.quadraticCurveTo(...at(i - 1), u, v);
    context.lineTo(...at(i));
  }
  context.stroke();
}

/** Strokes in black on white, and nothing else. */
function drawAll(context, strokes) {
  const { width, height } = context.canvas;
  context.fillStyle = "#fff";
  context.strokeStyle = "#000";
  context.fillRect(0, 0, width, height);
  for (const stroke of strokes) stroke.forEach((_, i) => drawPoint(context, stroke, i));
}

/** A canvas as grey bytes, paper 255. */
function greyOf(context) {
  const { width, height } = context.canvas;
  const { data } = context.getImageData(0, 0, width, height);
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i++) grey[i] = data[4 * i];
  return grey;
}

export { SENT, SIDE, WIDTH, drawAll, extend, greyOf, movesOf, pointOf };
