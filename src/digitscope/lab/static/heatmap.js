// A heatmap: an array as a picture, whose numbers are read by mouse, touch or key.
import { gridOf, largestOf } from "./arrays.js";
import { colours, inkColour, signedColour } from "./colours.js";
import { exact } from "./numbers.js";

/** Paint `values` on a canvas of a pixel a number; ink where `inked`. */
export function paintGrid(canvas, grid, values, limit, inked = false) {
  [canvas.width, canvas.height] = [grid.width, grid.height];
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(grid.width, grid.height);
  const { paper } = colours();
  for (let y = 0, i = 0; y < grid.height; y++) {
    for (let x = 0; x < grid.width; x++, i += 4) {
      const index = grid.indexAt(x, y);
      const part = values[index] / (limit || 1);
      const [r, g, b] = index < 0 ? paper : inked ? inkColour(values[index]) : signedColour(part);
      pixels.data.set([r, g, b, index < 0 ? 0 : 255], i);
    }
  }
  context.putImageData(pixels, 0, 0);
}

/**
 * A heatmap of a part with its `values`. `say(text)` is told what is pointed at ("" for nothing),
 * `nameOf(index)` names a number, `pick(index)` is called for the one that is chosen, if any can be.
 */
export function heatmap(part, values, { say, nameOf, pick = null, chosen = -1, limit = null }) {
  const grid = gridOf(part);
  const frame = document.createElement("div");
  frame.className = "heatmap";
  const canvas = document.createElement("canvas");
  const mark = document.createElement("i");
  const ring = document.createElement("i");
  ring.className = "chosen";
  frame.append(canvas, ring, mark);
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.dataset.help = pick ? "weight-picture" : "number-picture";
  canvas.classList.toggle("over", pick !== null);
  paintGrid(canvas, grid, values, limit ?? largestOf(values), part.symbol === "X");

  const box = () => {
    const [w, h] = [canvas.clientWidth, canvas.clientHeight];
    const scale = Math.min(w / grid.width, h / grid.height);
    return { scale, left: (w - scale * grid.width) / 2, top: (h - scale * grid.height) / 2 };
  };
  const lay = (element, index) => {
    const place = index < 0 ? null : grid.placeOf(index);
    element.hidden = place === null;
    if (!place) return;
    const { scale, left, top } = box();
    const side = Math.max(scale, 5);
    element.style.transform = `translate(${left + (place[0] + 0.5) * scale - side / 2}px, ${top + (place[1] + 0.5) * scale - side / 2}px)`;
    element.style.width = element.style.height = `${side}px`;
  };
  let pointed = -1;
  const point = (index) => {
    pointed = index;
    lay(mark, index);
    say(index < 0 ? "" : `${nameOf(index)} = ${exact(values[index])}`);
  };
  const indexAt = ({ offsetX, offsetY }) => {
    const { scale, left, top } = box();
    return grid.indexAt(Math.floor((offsetX - left) / scale), Math.floor((offsetY - top) / scale));
  };
  canvas.addEventListener("pointermove", (event) => point(indexAt(event)));
  canvas.addEventListener("pointerleave", () => point(-1));
  canvas.addEventListener("blur", () => point(-1));
  canvas.addEventListener("click", (event) => {
    const index = indexAt(event);
    point(index);
    if (pick && index >= 0) pick(index);
  });
  canvas.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (way) point(step(grid, pointed < 0 && chosen >= 0 ? chosen : pointed, way));
    else if (event.key === "Enter" && pick && pointed >= 0) pick(pointed);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  new ResizeObserver(() => {
    lay(ring, chosen);
    canvas.classList.toggle("shrunk", box().scale * devicePixelRatio < 1); // no row of pixels may be left out
  }).observe(canvas);
  mark.hidden = ring.hidden = true;
  return { frame, canvas };
}

/** The next number in a direction, over the gaps between tiles; the same one at an edge. */
function step(grid, from, [dx, dy]) {
  const place = from < 0 ? null : grid.placeOf(from);
  if (!place) return grid.indexAt(0, 0);
  let [x, y] = place;
  for (;;) {
    [x, y] = [x + dx, y + dy];
    if (x < 0 || y < 0 || x >= grid.width || y >= grid.height) return from;
    const index = grid.indexAt(x, y);
    if (index >= 0) return index;
  }
}
