// From grey pixels to the 28x28 that the network gets: version 1 of digitscope's preparation
// (digitscope/preparation/pipeline.py), step by step.
import { centre, fit } from "./field.js";
import { findMarks, strengthen } from "./ink.js";
import { calm, measure } from "./levels.js";
import { flatten, hasDarkInk, negative } from "./paper.js";

const FAINT = 50;
const SMALL = 10;

/** {image: 784 bytes, ink 255 on paper 0, warnings} of grey bytes; null where there is no ink. */
function prepare(pixels, h, w) {
  const even = flatten({ pixels, h, w });
  const quiet = calm(hasDarkInk(even) ? negative(even) : even);
  const levels = measure(quiet);
  const marks = findMarks(quiet, levels);
  if (marks === null) return null;
  const image = centre(fit(strengthen(quiet, levels, marks)));
  return { image, warnings: remarks(quiet, levels, marks) };
}

function remarks({ h, w }, { contrast }, { box: [x, y, width, height], rivals }) {
  const found = [];
  if (x === 0 || y === 0 || x + width === w || y + height === h) {
    found.push("The ink touches the edge: a part of the digit may be missing.");
  }
  if (contrast < FAINT) found.push("The ink is faint.");
  if (Math.max(width, height) < SMALL) found.push("A small digit: draw it larger.");
  if (rivals) found.push("More than one mark of digit size: this reads one digit.");
  return found;
}

export { prepare };
