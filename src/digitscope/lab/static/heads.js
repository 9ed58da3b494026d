// What stands above a column of the network: its name and its shape.
import { colours } from "./colours.js";

function titleOf(columns, i) {
  const column = columns[i];
  if (i === 0) return "input";
  if (i === columns.length - 1) return "output";
  return { max_pool2d: "pooling" }[column.name] ?? (column.shape.length === 3 ? "feature maps" : "hidden");
}

function shortTitle(columns, i) {
  const title = titleOf(columns, i);
  return { "feature maps": "maps", pooling: "pool" }[title] ?? title;
}

/** A column's name and shape, of `columns` the one at `i`; on a narrow stage only where they fit: resting on it tells them too. */
export function paintHead(context, width, box, columns, i, unit, ends) {
  const column = columns[i];
  const centre = Math.min(width - 2 * unit, Math.max(2 * unit, box.x + box.width / 2));
  const { crowded } = box;
  context.textAlign = "center";
  context.fillStyle = colours().text("ink");
  context.font = `600 ${0.88 * unit}px system-ui, sans-serif`;
  write(context, crowded ? shortTitle(columns, i) : titleOf(columns, i), centre, box.head - 1.05 * unit, unit, ends);
  context.fillStyle = colours().text("muted");
  context.font = `${(crowded ? 0.7 : 0.8) * unit}px system-ui, sans-serif`;
  const shape = column.shape.join("×");
  const bare = crowded || i === 0 || column.name === "max_pool2d";
  write(context, bare ? shape : `${shape} ${column.name}`, centre, box.head, unit, ends);
}

/** Write a word, unless it would touch the one before it in its row, which ends where `ends` says. */
function write(context, text, centre, y, unit, ends) {
  const half = context.measureText(text).width / 2;
  if (centre - half < (ends.get(y) ?? -Infinity)) return;
  context.fillText(text, centre, y);
  ends.set(y, centre + half + 0.25 * unit);
}
