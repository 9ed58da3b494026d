// A scene: the network as it is painted, from plain values alone, so that a worker can do it.
import { colours } from "./colours.js";
import { paintHead } from "./heads.js";
import { sizeOf } from "./layout.js";
import { light } from "./lights.js";
import { paintLinks, touches } from "./links.js";
import { paintWindow, ring } from "./rings.js";

const QUICK = 20; // links into a column while the pen moves: curves are what takes time to paint

/**
 * Paint on a clean canvas. A scene: {width, height, ratio, unit, boxes, network, values, links, hurried,
 * hovered, chosen, opened}; sizes in pixels of CSS, `ratio` what the screen makes of one; the boxes as
 * layout.js lays them out; `values` an array a column or null; hovered and chosen a neuron {column,
 * index} or null; opened one with its sum. Without boxes nothing is painted.
 */
export function paintScene(context, scene) {
  const { width, ratio, unit, boxes, network, values, hovered, chosen, opened } = scene;
  if (!boxes.length) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const focus = focusOf(scene);
  if (!focus) paintAllLinks(context, scene, focus);
  const ends = new Map();
  boxes.forEach((box, i) => {
    paintHead(context, width, box, network.columns, i, unit, ends);
    light(context, box, values?.[i] ?? null, network);
  });
  paintWindow(context, boxes, opened, unit);
  if (focus) paintAllLinks(context, scene, focus); // above the neurons: they lead to one of many
  if (chosen && boxes[chosen.column] && chosen.index < sizeOf(boxes[chosen.column])) ring(context, boxes[chosen.column], chosen.index, colours().text("ink"), unit);
  if (hovered) ring(context, boxes[hovered.column], hovered.index, colours().text("accent"), unit);
}

/** The neuron whose links are shown: the hovered one, else the open one; null for those of all. */
function focusOf({ hovered, opened, values }) {
  return hovered ?? (opened && values ? { column: opened.column, index: opened.position } : null);
}

function paintAllLinks(context, { boxes, links, hurried, opened, unit }, focus) {
  for (const group of links) {
    const { from, to, lines } = group;
    const own = focus === null ? lines.slice(0, hurried ? QUICK : undefined) : lines.filter((link) => touches(group, link, focus, boxes));
    paintLinks(context, [boxes[from], boxes[to]], group, own, Math.abs(lines[0]?.[2] ?? 0), focus !== null ? 1 : boxes[0].crowded ? 0.45 : 0.75, unit);
  }
  if (!focus || !opened || opened.column !== focus.column || opened.position !== focus.index) return;
  const into = opened.incoming;
  const strongest = Math.max(...into.map(([, , product]) => Math.abs(product)), 0);
  paintLinks(context, [boxes[focus.column - 1], boxes[focus.column]], { between: "units" }, into, strongest, 1, unit);
}
