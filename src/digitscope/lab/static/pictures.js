// Small pictures: weights in blue and orange, images as ink, on canvases of their own pixels that
// style.css scales.
import { colours, inkColour, signedColour } from "./colours.js";

/** Weights as a picture; `limit` has the full colour. */
export function weightPicture(canvas, values, [h, w], limit) {
  paint(canvas, w, h, (i) => signedColour(values[i] / (limit || 1)));
}

/** An image of the data set: 0 is paper, 255 ink. */
export function inkPicture(canvas, values, [h, w]) {
  paint(canvas, w, h, (i) => inkColour(values[i] / 255));
}

/** A picture as it is, grey or in colours. */
export function plainPicture(canvas, values, [h, w, channels = 1]) {
  paint(canvas, w, h, (i) =>
    channels === 1 ? [values[i], values[i], values[i]] : [values[3 * i], values[3 * i + 1], values[3 * i + 2]],
  );
}

/** Many pictures of [h, w] in rows, a gap of one pixel between them. */
export function sheet(canvas, values, [n, h, w], columns, limit) {
  const rows = Math.ceil(n / columns);
  const { paper } = colours();
  paint(canvas, columns * (w + 1) - 1, rows * (h + 1) - 1, (_, x, y) => {
    const k = Math.floor(y / (h + 1)) * columns + Math.floor(x / (w + 1));
    const [r, c] = [y % (h + 1), x % (w + 1)];
    return k < n && r < h && c < w ? signedColour(values[(k * h + r) * w + c] / (limit || 1)) : paper;
  });
}

function paint(canvas, width, height, colour) {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(width, height);
  for (let i = 0, y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const [r, g, b] = colour(i, x, y);
      pixels.data[4 * i] = r;
      pixels.data[4 * i + 1] = g;
      pixels.data[4 * i + 2] = b;
      pixels.data[4 * i + 3] = 255;
    }
  }
  context.putImageData(pixels, 0, 0);
}
