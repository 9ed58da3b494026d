// Arrays as pictures: where each number of an array stands. A map, or all weights of one unit, is a
// tile; tiles stand in rows with a gap between them.

const WIDE = 1.7; // a sheet of tiles is about this much wider than high

/** The grid of a part: {width, height, indexAt(x, y) or -1, placeOf(index)}. */
export function gridOf({ kind, shape, field }) {
  if (kind === "weight" && shape.length > 1) return weightGrid(field, shape.at(-1));
  const sizes = kind === "weight" ? shape : shape.slice(1); // the first axis is the batch
  if (sizes.length === 3) return tiles(sizes[0], sizes[1], sizes[2], (y, x, c) => (y * sizes[1] + x) * sizes[2] + c);
  const across = acrossOf(sizes[0]);
  return tiles(Math.ceil(sizes[0] / across), across, 1, (y, x) => (y * across + x < sizes[0] ? y * across + x : -1));
}

/** A weight: a tile for each unit, which shows its inputs where they are. */
function weightGrid([h, w, c], units) {
  const n = h * w * c;
  if (h > 1 || c > 1) {
    const across = besideOf(c, Math.sqrt(c)); // its channels, side by side
    return tiles(h * Math.ceil(c / across), w * across, units, (y, x, unit) => {
      const channel = Math.floor(y / h) * across + Math.floor(x / w);
      return channel < c ? (((y % h) * w + (x % w)) * c + channel) * units + unit : -1;
    });
  }
  const across = acrossOf(n);
  return tiles(Math.ceil(n / across), across, units, (y, x, unit) => (y * across + x < n ? (y * across + x) * units + unit : -1));
}

/** How many numbers of a row stand beside each other: a rectangle if there is one. */
function acrossOf(n) {
  const side = Math.sqrt(n);
  if (Number.isInteger(side) && side > 4) return side;
  for (let w = Math.ceil(side); w <= 4 * side; w++) if (n % w === 0) return w;
  return Math.ceil(side);
}

/** How many tiles stand beside each other: about as many as wished, rather in full rows. */
function besideOf(n, wished) {
  const near = Math.min(n, Math.max(1, Math.round(wished)));
  for (let away = 0; away < near / 2; away++) {
    for (const across of [near - away, near + away]) if (across <= n && n % across === 0) return across;
  }
  return near;
}

function tiles(h, w, n, index) {
  const across = besideOf(n, Math.sqrt((WIDE * n * h) / w));
  const gap = Math.max(1, Math.round(Math.max(h, w) / 9));
  const [right, down] = [w + gap, h + gap];
  const size = { width: across * right - gap, height: Math.ceil(n / across) * down - gap };
  const places = new Map();
  const indexAt = (x, y) => {
    if (x < 0 || y < 0 || x >= size.width || y >= size.height) return -1;
    const k = Math.floor(y / down) * across + Math.floor(x / right);
    const [r, c] = [y % down, x % right];
    return k < n && r < h && c < w ? index(r, c, k) : -1;
  };
  const placeOf = (wanted) => {
    if (!places.size) {
      for (let y = 0; y < size.height; y++) for (let x = 0; x < size.width; x++) places.set(indexAt(x, y), [x, y]);
    }
    return places.get(wanted) ?? null;
  };
  return { ...size, indexAt, placeOf };
}

/** The index of a number by axis: [300, 17]. */
export function unravel(index, shape) {
  const found = [];
  for (const size of [...shape].reverse()) {
    found.unshift(index % size);
    index = Math.floor(index / size);
  }
  return found;
}

export function ravel(indices, shape) {
  return indices.reduce((sum, i, axis) => sum * shape[axis] + i, 0);
}

export function sizeOfShape(shape) {
  return shape.reduce((a, b) => a * b, 1);
}

/** The largest size among numbers. */
export function largestOf(values) {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
