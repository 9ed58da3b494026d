// Columns: the layers of an answer that are drawn. What only leads up to an activation (a sum, a
// normalization) or rearranges numbers has the neurons of the column it belongs to.

const PART_OF_ANOTHER = new Set(["dense", "conv2d", "flatten", "dropout", "batch_norm"]);

/** The columns [{name, shape, place}] of an answer's layers; `place` counts those. */
export function columnsOf(layers) {
  return layers
    .map(({ name, shape }, place) => ({ name, shape: place ? shape : [28, 28], place }))
    .filter(({ name, place }) => place === layers.length - 1 || !PART_OF_ANOTHER.has(name));
}

/** The strongest connections between columns, of units or of maps: [{from, to, between, lines: [[i, j,
 * input x weight], ...]}]. */
export function linksOf(connections, columns) {
  return connections.map(({ into, between, links }) => ({
    between,
    from: columns.findLastIndex(({ place }) => place < into),
    to: columns.findIndex(({ place }) => place >= into),
    lines: links,
  }));
}

/** Where the neuron `index` of a column is: {unit, at}; `at` is [row, column] of a map, else null. */
export function unitOf({ shape }, index) {
  if (shape.length === 1) return { unit: index, at: null };
  const [, w, n] = shape;
  const pixel = Math.floor(index / n);
  return { unit: index % n, at: [Math.floor(pixel / w), pixel % w] };
}

/** What the number `index` in a shape is called: "pixel (3, 7)", "neuron 12", "map 2 (3, 7)". */
export function placeName(shape, index) {
  if (shape.length === 1) return `neuron ${index}`;
  if (shape.length === 2) return `pixel (${Math.floor(index / shape[1])}, ${index % shape[1]})`;
  const { unit, at } = unitOf({ shape }, index);
  return shape[2] === 1 ? `pixel (${at[0]}, ${at[1]})` : `map ${unit} (${at[0]}, ${at[1]})`;
}

/** What the output neuron `i` of a network says: a digit, "none", or where there is only one, its question. */
export function outputName({ classes, columns, refuses }, i) {
  if (i < classes.length && columns.at(-1).shape[0] >= classes.length) return String(classes[i]);
  return refuses ? "none" : `is it ${classes.at(-1)}?`;
}
