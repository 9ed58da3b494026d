// Filters on images {pixels, h, w}, one number a pixel: what digitscope's preparation takes from OpenCV.

/** To the nearest whole number, a half to the even one. */
function round(value) {
  const down = Math.floor(value);
  const part = value - down;
  return part > 0.5 || (part === 0.5 && down % 2) ? down + 1 : down;
}

/** A smaller image, each of its pixels the mean of the area that it covers. */
function shrink(image, h, w) {
  if (h === image.h && w === image.w) return image;
  const across = covers(image.w, w);
  const down = covers(image.h, h);
  const rows = new Float64Array(image.h * w);
  for (let y = 0; y < image.h; y++) {
    for (let x = 0; x < w; x++) {
      const { first, shares } = across[x];
      let total = 0;
      for (let k = 0; k < shares.length; k++) total += shares[k] * image.pixels[y * image.w + first + k];
      rows[y * w + x] = total;
    }
  }
  const pixels = new Float64Array(h * w);
  down.forEach(({ first, shares }, y) =>
    shares.forEach((share, k) => {
      for (let x = 0; x < w; x++) pixels[y * w + x] += share * rows[(first + k) * w + x];
    }),
  );
  return { pixels, h, w };
}

/** For each of `n` new places the old ones that it covers, from the first, with their shares. */
function covers(old, n) {
  const scale = old / n;
  return Array.from({ length: n }, (_, i) => {
    const [low, high] = [i * scale, Math.min(old, (i + 1) * scale)];
    const first = Math.floor(low + 1e-9);
    const length = Math.ceil(high - 1e-9) - first;
    const share = (k) => (Math.min(high, k + 1) - Math.max(low, k)) / (high - low);
    return { first, shares: Float64Array.from({ length }, (_, k) => share(first + k)) };
  });
}

/** Smoothed by a Gaussian, whose window reaches `reach` sigmas; mirrored at the edges. */
function gaussianBlur({ pixels, h, w }, sigma, reach) {
  const rim = Math.floor(round(2 * reach * sigma + 1) / 2);
  const kernel = Array.from({ length: 2 * rim + 1 }, (_, i) => Math.exp(-((i - rim) ** 2) / (2 * sigma ** 2)));
  const all = kernel.reduce((a, b) => a + b, 0);
  const along = (values, n, at) => {
    const result = new Float64Array(values.length);
    for (let i = 0; i < values.length; i++) {
      let total = 0;
      for (let k = -rim; k <= rim; k++) total += kernel[k + rim] * values[at(i, (place) => mirrored(place + k, n))];
      result[i] = total / all;
    }
    return result;
  };
  const rows = along(pixels, w, (i, move) => i - (i % w) + move(i % w));
  return { pixels: along(rows, h, (i, move) => move(Math.floor(i / w)) * w + (i % w)), h, w };
}

function mirrored(i, n) {
  if (n === 1) return 0;
  while (i < 0 || i >= n) i = i < 0 ? -i : 2 * (n - 1) - i;
  return i;
}

/** The median over windows of side x side; the rim is continued as it is. */
function medianBlur({ pixels, h, w }, side) {
  const rim = (side - 1) / 2;
  const result = new Float64Array(h * w);
  const found = new Float64Array(side * side);
  const inside = (i, n) => Math.min(n - 1, Math.max(0, i));
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      let n = 0;
      for (let r = y - rim; r <= y + rim; r++) {
        const row = inside(r, h) * w;
        for (let c = x - rim; c <= x + rim; c++) found[n++] = pixels[row + inside(c, w)];
      }
      result[y * w + x] = found.sort()[(side * side - 1) / 2];
    }
  }
  return { pixels: result, h, w };
}

/** A larger image by straight lines between pixels, as of points in their middles. */
function enlargeLinear({ pixels, h, w }, height, width) {
  const place = (i, n, old) => {
    const at = Math.min(old - 1, Math.max(0, ((i + 0.5) * old) / n - 0.5));
    const low = Math.min(Math.floor(at), Math.max(0, old - 2));
    return [low, Math.min(old - 1, low + 1), at - low];
  };
  const result = new Float64Array(height * width);
  const columns = Array.from({ length: width }, (_, x) => place(x, width, w));
  for (let y = 0; y < height; y++) {
    const [above, below, down] = place(y, height, h);
    columns.forEach(([left, right, across], x) => {
      const mixed = (row) => pixels[row * w + left] * (1 - across) + pixels[row * w + right] * across;
      result[y * width + x] = mixed(above) * (1 - down) + mixed(below) * down;
    });
  }
  return { pixels: result, h: height, w: width };
}

/** Enlarged by `scale` to height x width by cubic curves, with zeros around; outer edges coincide. */
function enlargeCubic({ pixels, h, w }, height, width, scale) {
  const places = (n) =>
    Array.from({ length: n }, (_, i) => {
      const at = (i - (scale - 1) / 2) / scale;
      return [Math.floor(at) - 1, cubic(at - Math.floor(at))];
    });
  const [down, across] = [places(height), places(width)];
  const result = new Float64Array(height * width);
  down.forEach(([top, rows], y) =>
    across.forEach(([left, columns], x) => {
      let total = 0;
      for (let r = 0; r < 4; r++) {
        if (top + r < 0 || top + r >= h) continue;
        for (let c = 0; c < 4; c++) {
          if (left + c >= 0 && left + c < w) total += rows[r] * columns[c] * pixels[(top + r) * w + left + c];
        }
      }
      result[y * width + x] = total;
    }),
  );
  return { pixels: result, h: height, w: width };
}

/** Weights of the four neighbours of a point (R. Keys, 1981, with a = -0.75 as in OpenCV). */
function cubic(x) {
  const a = -0.75;
  const far = (t) => ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  const near = (t) => ((a + 2) * t - (a + 3)) * t * t + 1;
  const found = [far(x + 1), near(x), near(1 - x)];
  return [...found, 1 - found[0] - found[1] - found[2]];
}

export { enlargeCubic, enlargeLinear, gaussianBlur, medianBlur, round, shrink };
