// Strokes: what the pen did, as small whole numbers, so that a drawing fits into an address and comes
// back exactly as it was.

export const SIDE = 250; // units along a side of the pad; a point is [x, y, width], each 0..SIDE
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

/** Draw what the stroke gained with its point `i`: a curve from the middle of one pair of points to
 * the middle of the next, so that corners come out round. */
export function drawPoint(context, stroke, i, scale) {
  const at = (k) => [stroke[k][0] * scale, stroke[k][1] * scale];
  const middle = (k) => stroke[k].map((value, axis) => ((value + stroke[k + 1][axis]) / 2) * scale);
  context.lineWidth = Math.max(1, stroke[i][2] * scale);
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  if (i === 0) {
    context.moveTo(...at(0));
    context.lineTo(...at(0));
  } else {
    const [x, y] = i === 1 ? at(0) : middle(i - 2);
    const [u, v] = middle(i - 1);
    context.moveTo(x, y);
    context.quadraticCurveTo(...at(i - 1), u, v);
    context.lineTo(...at(i));
  }
  context.stroke();
}
