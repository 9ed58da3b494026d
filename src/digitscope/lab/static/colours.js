// The colours of canvases: those of style.css, read again when light and dark change.

let known = null;
const listeners = [];
const dark = matchMedia("(prefers-color-scheme: dark)");
dark.addEventListener("change", () => {
  known = null;
  for (const repaint of listeners) repaint();
});

/** Call `repaint` when the colours have changed. */
export function onColours(repaint) {
  listeners.push(repaint);
}

/** Named colours as [r, g, b], and `text` for whatever takes CSS. */
export function colours() {
  if (known) return known;
  const style = getComputedStyle(document.documentElement);
  const named = {};
  for (const name of ["ink", "muted", "line", "paper", "tint", "plus", "minus", "rest", "accent"]) {
    named[name] = parse(style.getPropertyValue(`--${name}`).trim());
  }
  named.text = (name, alpha = 1) => css(named[name], alpha);
  known = named;
  return named;
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

function parse(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}
