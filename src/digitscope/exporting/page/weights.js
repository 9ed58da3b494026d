// The weights: float32 in the file, float64 in the arithmetic.

/** The arrays of each layer, by symbol, from the text that holds them. */
function readWeights(text, order) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  const take = (shape) => {
    const array = new Float64Array(shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < array.length; i++, at += 4) array[i] = view.getFloat32(at, true);
    return array;
  };
  return order.map((layer) => Object.fromEntries(Object.entries(layer).map(([symbol, shape]) => [symbol, take(shape)])));
}

export { readWeights };
