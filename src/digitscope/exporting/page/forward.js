// The forward pass: layers one after another, as in digitscope/network/layers. Numbers are float64
// within; the weights are the float32 of the file. Channels stand last.

/** What each layer does in prediction: (settings, input shape, its own arrays) -> {shape, run}. */
const LAYERS = {
  dense: ({ units }, [n], { W, b }) => {
    const Z = new Float64Array(units);
    return { shape: [units], run: (X) => products(X, [0], n, n, 1, W, b, Z) };
  },
  conv2d: convolution,
  max_pool2d: pooling,
  flatten: (_, shape) => ({ shape: [size(shape)], run: (X) => X }),
  dropout: (_, shape) => ({ shape, run: (X) => X }),
  batch_norm: normalization,
  activation: ({ function: name }, shape) => {
    const g = activation(name);
    const A = new Float64Array(size(shape));
    return { shape, run: (Z) => g(Z, A, shape.at(-1)) };
  },
};

/** Activations A = g(Z), into A; only softmax looks at a row (the last axis) as a whole. */
const ACTIVATIONS = {
  linear: each((z) => z),
  relu: each((z) => (z > 0 ? z : 0)),
  tanh: each(Math.tanh),
  sigmoid: each((z) => {
    const e = Math.exp(-Math.abs(z));
    return (z >= 0 ? 1 : e) / (1 + e);
  }),
  log_sigmoid: each((z) => Math.min(z, 0) - Math.log1p(Math.exp(-Math.abs(z)))),
  softmax: (Z, A, row) => {
    for (let start = 0; start < Z.length; start += row) {
      let [largest, sum] = [-Infinity, 0];
      for (let i = start; i < start + row; i++) largest = Math.max(largest, Z[i]);
      for (let i = start; i < start + row; i++) sum += A[i] = Math.exp(Z[i] - largest);
      for (let i = start; i < start + row; i++) A[i] /= sum;
    }
    return A;
  },
};

/** A network ready to be asked: from an input in 0..1 to what its output gives. */
function makeNetwork({ spec, output }, arrays) {
  let shape = spec.input_shape;
  const layers = [...spec.layers, ...output.map((name) => ({ layer: "activation", function: name }))];
  const steps = layers.map((settings, i) => {
    const make = LAYERS[settings.layer];
    if (!make) throw new Error(`unknown layer ${settings.layer}`);
    const made = make(settings, shape, arrays[i] ?? {});
    shape = made.shape;
    return made.run;
  });
  return (X) => steps.reduce((values, run) => run(values), X).slice();
}

function each(g) {
  return (Z, A) => {
    for (let i = 0; i < Z.length; i++) A[i] = g(Z[i]);
    return A;
  };
}

function activation(name) {
  if (!ACTIVATIONS[name]) throw new Error(`unknown activation ${name}`);
  return ACTIVATIONS[name];
}

function size(shape) {
  return shape.reduce((a, b) => a * b, 1);
}

function convolution({ filters, size: k, same }, [h, w, c], { W, b }) {
  const rim = same ? Math.floor(k / 2) : 0;
  const [ph, pw] = [h + 2 * rim, w + 2 * rim];
  const [oh, ow] = [ph - k + 1, pw - k + 1];
  const padded = new Float64Array(ph * pw * c);
  const Z = new Float64Array(oh * ow * filters);
  const starts = new Int32Array(oh * ow);
  for (let i = 0; i < starts.length; i++) starts[i] = (Math.floor(i / ow) * pw + (i % ow)) * c;
  const run = (X) => {
    if (!rim) return products(X, starts, k * c, pw * c, k, W, b, Z);
    for (let r = 0; r < h; r++) padded.set(X.subarray(r * w * c, (r + 1) * w * c), ((r + rim) * pw + rim) * c);
    return products(padded, starts, k * c, pw * c, k, W, b, Z);
  };
  return { shape: [oh, ow, filters], run };
}

/**
 * Z = R W + b, where the rows of R are windows of X: one begins at each of `starts`, and is `rows`
 * stretches of `length` numbers, `stride` apart. Four outputs of two windows are added up at a time,
 * so that most of the work is done on numbers that are at hand.
 */
function products(X, starts, length, stride, rows, W, b, Z) {
  const n = b.length;
  for (let i = 0; i < starts.length; i += 2) {
    const s = starts[i];
    const t = i + 1 < starts.length ? starts[i + 1] : s;
    for (let j = 0; j < n; j += 4) {
      const left = Math.min(4, n - j);
      const [p1, p2, p3] = [Math.min(1, left - 1), Math.min(2, left - 1), Math.min(3, left - 1)];
      let a0 = b[j], a1 = b[j + p1], a2 = b[j + p2], a3 = b[j + p3];
      let c0 = a0, c1 = a1, c2 = a2, c3 = a3;
      let w = j;
      for (let r = 0; r < rows; r++) {
        const end = s + r * stride + length;
        for (let k = s + r * stride, m = t + r * stride; k < end; k++, m++, w += n) {
          const x = X[k], y = X[m];
          const w0 = W[w], w1 = W[w + p1], w2 = W[w + p2], w3 = W[w + p3];
          a0 += x * w0; a1 += x * w1; a2 += x * w2; a3 += x * w3;
          c0 += y * w0; c1 += y * w1; c2 += y * w2; c3 += y * w3;
        }
      }
      const z = i * n + j;
      Z[z] = a0; Z[z + p1] = a1; Z[z + p2] = a2; Z[z + p3] = a3;
      if (t === s) continue;
      Z[z + n] = c0; Z[z + n + p1] = c1; Z[z + n + p2] = c2; Z[z + n + p3] = c3;
    }
  }
  return Z;
}

function pooling({ size: k }, [h, w, c]) {
  const [oh, ow] = [Math.floor(h / k), Math.floor(w / k)];
  const Y = new Float64Array(oh * ow * c);
  const run = (X) => {
    Y.fill(-Infinity);
    for (let r = 0; r < oh * k; r++) {
      for (let q = 0; q < ow * k; q++) {
        const to = (Math.floor(r / k) * ow + Math.floor(q / k)) * c;
        const from = (r * w + q) * c;
        for (let i = 0; i < c; i++) if (X[from + i] > Y[to + i]) Y[to + i] = X[from + i];
      }
    }
    return Y;
  };
  return { shape: [oh, ow, c], run };
}

function normalization({ epsilon }, shape, { gamma, beta, mean, variance }) {
  const c = shape.at(-1);
  const scale = gamma.map((g, i) => g / Math.sqrt(variance[i] + epsilon));
  const Y = new Float64Array(size(shape));
  const run = (X) => {
    for (let i = 0; i < X.length; i++) Y[i] = (X[i] - mean[i % c]) * scale[i % c] + beta[i % c];
    return Y;
  };
  return { shape, run };
}

export { makeNetwork };
