// The columns' pictures: an image, feature maps, neurons and outputs, lit by what a drawing sets off.
import { colours, css, inkTable, mix, signedColour, signedTable } from "./colours.js";
import { outputName } from "./columns.js";
import { cornerOf, placeOf } from "./layout.js";

const PAINTERS = { image: paintImage, maps: paintMaps, neurons: paintNeurons, outputs: paintOutputs };
let small = new OffscreenCanvas(1, 1); // pixels of pictures, before they are made large
let sheet = new ImageData(1, 1);

/** Light a column's box by its values; null where there are none yet. */
export function light(context, box, values, network) {
  PAINTERS[box.kind](context, box, values, network);
}

function paintImage(context, box, values) {
  const { x, y, width, shape } = box;
  const table = inkTable();
  const pixels = pixelsOf(shape[1], shape[0]);
  for (let i = 0; i < pixels.length; i++) pixels[i] = table[values ? values[i] : 0];
  settle(context);
  context.drawImage(small, 0, 0, shape[1], shape[0], x, y, width, width);
  outline(context, x, y, width, width);
}

/** All maps on one sheet of their own pixels, from which each goes to its place. */
function paintMaps(context, box, values) {
  const [h, w, n] = box.shape;
  const table = signedTable();
  const scale = values ? 255 / largest(values) : 0;
  const pixels = pixelsOf(w, h * n);
  for (let map = 0, p = 0; map < n; map++) {
    for (let i = map; i < h * w * n; i += n, p++) pixels[p] = table[255 + (values ? Math.round(values[i] * scale) : 0)];
  }
  settle(context);
  for (let map = 0; map < n; map++) {
    const [x, y] = cornerOf(box, map);
    context.drawImage(small, 0, map * h, w, h, x, y, w * box.cell, h * box.cell);
  }
  context.strokeStyle = colours().text("line");
  context.lineWidth = 1;
  context.beginPath();
  for (let map = 0; map < n; map++) {
    const [x, y] = cornerOf(box, map);
    context.rect(x - 0.5, y - 0.5, w * box.cell + 1, h * box.cell + 1);
  }
  context.stroke();
}

/** The pixels of a picture of w x h, to be filled. */
function pixelsOf(w, h) {
  if (sheet.width !== w || sheet.height !== h) sheet = new ImageData(w, h);
  if (small.width < w || small.height < h) small = new OffscreenCanvas(Math.max(w, small.width), Math.max(h, small.height));
  return new Uint32Array(sheet.data.buffer);
}

function settle(context) {
  small.getContext("2d").putImageData(sheet, 0, 0);
  context.imageSmoothingEnabled = false;
}

function paintNeurons(context, box, values) {
  const limit = values ? largest(values) : 1;
  const radius = 0.5 * box.cell - Math.max(0.5, 0.09 * box.cell);
  for (let i = 0; i < box.shape[0]; i++) disc(context, box, i, radius, values ? values[i] / limit : 0);
}

function paintOutputs(context, box, values, network) {
  const radius = 0.41 * box.cell;
  const { ink, paper } = colours();
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let i = 0; i < box.shape[0]; i++) {
    const lit = values?.[i] ?? 0;
    disc(context, box, i, radius, lit);
    const [x, y] = placeOf(box, i);
    const name = outputName(network, i);
    context.fillStyle = css(lit > 0.5 ? paper : ink);
    context.font = `600 ${(name === "none" ? 0.26 : 0.42) * box.cell}px system-ui, sans-serif`;
    context.fillText(name.length > 4 ? "?" : name, x, y + 0.02 * box.cell);
  }
  context.textBaseline = "alphabetic";
}

function disc(context, box, i, radius, lit) {
  const [x, y] = placeOf(box, i);
  context.beginPath();
  context.arc(x, y, Math.max(0.8, radius), 0, 2 * Math.PI);
  context.fillStyle = css(signedColour(lit));
  context.fill();
  if (radius > 2.5) {
    context.strokeStyle = css(mix(colours().line, lit < 0 ? colours().minus : colours().plus, Math.min(1, Math.abs(lit))));
    context.lineWidth = 1;
    context.stroke();
  }
}

function outline(context, x, y, width, height) {
  context.strokeStyle = colours().text("line");
  context.lineWidth = 1;
  context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
}

function largest(values) {
  let most = 1e-6;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
