// Strokes: what the pen did. A point is [x, y, width] in units of which SIDE make the pad's side.

const SIDE = 250;

/** Draw what the stroke gained with its point `i`: a curve from the middle of one pair of points to
 * the middle of the next, so that corners come out round. */
function drawPoint(context, stroke, i, scale) {
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

export { SIDE, drawPoint };
