// The colours of canvases. `theme.js` reads them from style.css; a worker, which has no page, is sent them.

let known = null;
const listeners = [];

/** Take named colours {ink: [r, g, b], ...}, and have painted anew what was painted in others. */
export function useColours(named) {
  known = { ...named, text: (name, alpha = 1) => css(named[name], alpha) };
  for (const repaint of listeners) repaint();
}

/** Call `repaint` when the colours have changed. */
export function onColours(repaint) {
  listeners.push(repaint);
}

/** Named colours as [r, g, b], and `text` for whatever takes CSS. */
export function colours() {
  return known;
}

/** Pixels for -255..255 of `signedColour`, from the place 0 on. */
export function signedTable() {
  return (colours().signedTable ??= table(511, (i) => signedColour((i - 255) / 255)));
}

/** Pixels for 0..255 of `inkColour`. */
export function inkTable() {
  return (colours().inkTable ??= table(256, (i) => inkColour(i / 255)));
}

function table(size, colour) {
  const bytes = new Uint8ClampedArray(4 * size);
  for (let i = 0; i < size; i++) bytes.set([...colour(i), 255], 4 * i);
  return new Uint32Array(bytes.buffer);
}

/** From rest to blue for what is above zero, to orange for what is below; `part` is -1..1. */
export function signedColour(part) {
  const { plus, minus, rest } = colours();
  return mix(rest, part < 0 ? minus : plus, Math.min(1, Math.abs(part)));
}

/** From paper to ink; `part` is 0..1. */
export function inkColour(part) {
  const { ink, rest } = colours();
  return mix(rest, ink, part);
}

export function mix(from, to, part) {
  return from.map((value, i) => Math.round(value + (to[i] - value) * part));
}

export function css([r, g, b], alpha = 1) {
  return `rgb(${r} ${g} ${b} / ${alpha})`;
}
