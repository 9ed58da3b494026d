// The theme: the colours of style.css, for canvases; read again when light and dark change.
import { useColours } from "./colours.js";

const NAMES = ["ink", "muted", "line", "paper", "tint", "plus", "minus", "rest", "accent"];
const dark = matchMedia("(prefers-color-scheme: dark)");

/** Begin. */
export function startTheme() {
  dark.addEventListener("change", read);
  read();
}

function read() {
  useColours(themeColours());
}

/** Named colours as [r, g, b]. */
export function themeColours() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name, parse(style.getPropertyValue(`--${name}`).trim())]));
}

function parse(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}
