// Strokes as text: their points are small whole numbers, each 0..SIDE, so that a drawing fits into an
// address and comes back exactly as it was.
import { SIDE } from "../../drawing/modules/stroke.js";

const END = 255; // in place of an x: the stroke is over

/** Text for the address; "" for an empty pad. */
export function encode(strokes) {
  const bytes = strokes.flatMap((stroke) => [...stroke.flat(), END]);
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** The strokes of such a text; none where it is spoilt. */
export function decode(text) {
  let bytes;
  try {
    bytes = [...atob(text.replaceAll("-", "+").replaceAll("_", "/"))].map((c) => c.charCodeAt(0));
  } catch {
    return [];
  }
  const strokes = [];
  let stroke = [];
  for (let i = 0; i < bytes.length; ) {
    if (bytes[i] === END) {
      if (stroke.length) strokes.push(stroke);
      stroke = [];
      i += 1;
    } else {
      const point = bytes.slice(i, i + 3);
      if (point.length < 3 || point.some((value) => value > SIDE)) return [];
      stroke.push(point);
      i += 3;
    }
  }
  return strokes;
}
