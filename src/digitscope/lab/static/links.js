// The connections: curves between what they connect, the stronger the wider, blue or orange.
import { colours, css } from "./colours.js";
import { unitOf } from "./columns.js";
import { cornerOf, placeOf } from "./layout.js";

/** Whether a link [from, to, ...] between two columns leads to or from the neuron {column, index}. */
export function touches({ from, to, between }, [i, j], { column, index }, boxes) {
  const own = between === "maps" && boxes[column].shape.length === 3 ? unitOf(boxes[column], index).unit : index;
  return (column === from && (i === own || (between === "maps" && column === 0))) || (column === to && j === own);
}

/** Draw the links [[i, j, value], ...] of two boxes; `strongest` has the full width. */
export function paintLinks(context, [left, right], { between }, lines, strongest, alpha, unit) {
  if (!left || !right || !strongest) return;
  const { plus, minus } = colours();
  for (const [i, j, value] of [...lines].reverse()) {
    const [x, y] = endOf(left, i, between, 1);
    const [u, v] = endOf(right, j, between, 0);
    const part = Math.abs(value) / strongest;
    const bend = 0.45 * (u - x);
    context.strokeStyle = css(value < 0 ? minus : plus, alpha * (0.12 + 0.6 * part));
    context.lineWidth = 0.6 + (unit / (left.crowded ? 14 : 9)) * part;
    context.beginPath();
    context.moveTo(x, y);
    context.bezierCurveTo(x + bend, y, u - bend, v, u, v);
    context.stroke();
  }
}

/** Where a link ends: the middle of a neuron, or of that side of a map at which it leaves or comes. */
function endOf(box, i, between, side) {
  if (between !== "maps") return placeOf(box, i);
  const [h, w] = box.shape;
  const [x, y] = box.kind === "image" ? [box.x, box.y] : cornerOf(box, i);
  return [x + side * w * box.cell, y + (h * box.cell) / 2];
}
