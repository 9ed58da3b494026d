// Marks on the network: a ring around a neuron, and what a place of a map looks at.
import { colours } from "./colours.js";
import { cornerOf, placeOf } from "./layout.js";

/** What the open place of a map looks at, in the maps before it. */
export function paintWindow(context, boxes, opened, unit) {
  const box = boxes[opened?.column - 1];
  if (!opened?.window || !box) return;
  const [row, column, side] = opened.window;
  const [h, w, n = 1] = box.shape;
  const [top, left] = [Math.max(0, row), Math.max(0, column)];
  const [bottom, right] = [Math.min(h, row + side), Math.min(w, column + side)];
  context.strokeStyle = colours().text("accent");
  context.lineWidth = Math.max(1, 0.09 * unit);
  for (let map = 0; map < n; map++) {
    if (opened.pools && map !== opened.index) continue; // a pooling looks at its own map alone
    const [x, y] = box.kind === "image" ? [box.x, box.y] : cornerOf(box, map);
    context.strokeRect(x + left * box.cell, y + top * box.cell, (right - left) * box.cell, (bottom - top) * box.cell);
  }
}

/** A ring around a neuron, a frame around a pixel. */
export function ring(context, box, i, colour, unit) {
  const [x, y] = placeOf(box, i);
  context.strokeStyle = colour;
  context.lineWidth = Math.max(1.5, 0.12 * unit);
  context.beginPath();
  if (box.kind === "image" || box.kind === "maps") context.rect(x - box.cell / 2 - 1, y - box.cell / 2 - 1, box.cell + 2, box.cell + 2);
  else context.arc(x, y, 0.5 * box.cell, 0, 2 * Math.PI);
  context.stroke();
}
