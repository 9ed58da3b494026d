// The pen of the keyboard: arrow keys move it, the space bar puts it down and lifts it.
import { SIDE, WIDTH } from "./stroke.js";

const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const pen = { x: SIDE / 2, y: SIDE / 4, down: false, shown: false };

/** Whether a key is one of the pen's. */
function steers(event) {
  return event.key in WAYS || event.key === " ";
}

/** Do what a key of the pen says; true where a stroke begins. */
function steer(event) {
  event.preventDefault();
  pen.shown = true;
  const way = WAYS[event.key];
  if (!way) {
    pen.down = !pen.down;
    return pen.down;
  }
  const step = event.shiftKey ? 3 : 10;
  pen.x = Math.min(SIDE, Math.max(0, pen.x + step * way[0]));
  pen.y = Math.min(SIDE, Math.max(0, pen.y + step * way[1]));
  return false;
}

/** The point at which the pen is. */
function penPoint() {
  return [Math.round(pen.x), Math.round(pen.y), WIDTH];
}

/** Show where the pen is, and whether it draws; only while its pad is in use. */
function markPen(context) {
  if (!pen.shown || document.activeElement !== context.canvas) return;
  const scale = context.canvas.width / SIDE;
  context.save();
  context.strokeStyle = pen.down ? "#d55e00" : "#0072b2";
  context.lineWidth = 1.5 * scale;
  context.beginPath();
  context.arc(pen.x * scale, pen.y * scale, 0.7 * WIDTH * scale, 0, 2 * Math.PI);
  context.stroke();
  context.restore();
}

export { markPen, pen, penPoint, steer, steers };
