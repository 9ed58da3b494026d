// Figures as files: a chart or a table as SVG, canvases as PNG, with the page's paper behind them, so
// that they are readable wherever they are pasted.

const NS = "http://www.w3.org/2000/svg";
const KEPT = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "stroke-linecap", "opacity", "font-size", "font-family", "font-weight", "text-anchor", "dominant-baseline", "vector-effect"];
const LEAST = 640; // pixels along the longer side of a picture of few

/** A figure's picture as a Blob; null where it shows none yet. */
export async function pictureOf(figure) {
  const visible = (selector) => [...figure.querySelectorAll(selector)].filter((e) => e.checkVisibility() && e.clientWidth !== 0);
  const [chart] = visible("svg:not(.icon, canvas ~ svg)"); // what lies over a canvas is no chart
  if (chart) return asSvg(chartCopy(chart), chart.getBoundingClientRect());
  const [table] = visible("table");
  const canvases = figure.matches("canvas") ? [figure] : visible("canvas");
  if (table && !canvases.length) return tablePicture(table, visible(".axes").map((e) => e.textContent).join(", "));
  if (!canvases.length) return null;
  const canvas = canvases.length === 1 ? alone(canvases[0]) : together(canvases);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

function paper() {
  return getComputedStyle(document.body).backgroundColor;
}

function asSvg(content, { width, height }) {
  const svg = element("svg", { xmlns: NS, width: Math.round(width), height: Math.round(height), viewBox: `0 0 ${width} ${height}` });
  svg.append(element("rect", { width: "100%", height: "100%", fill: paper() }), ...content);
  return new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" });
}

/** What a chart consists of, with the styles that style.css gives it. */
function chartCopy(chart) {
  const copy = chart.cloneNode(true);
  const parts = [...copy.querySelectorAll("*")];
  [...chart.querySelectorAll("*")].forEach((part, i) => {
    const style = getComputedStyle(part);
    for (const name of KEPT) parts[i].setAttribute(name, style.getPropertyValue(name));
  });
  const { width, height } = chart.getBoundingClientRect();
  for (const [name, value] of Object.entries({ width, height })) copy.setAttribute(name, value);
  return [copy];
}

/** A table's cells, beneath them what its rows and columns are. */
function tablePicture(table, axes) {
  const { top, width } = table.getBoundingClientRect();
  const bottom = Math.max(...[...table.rows].map((row) => row.getBoundingClientRect().bottom)) - top;
  const { fontSize, fontFamily, color } = getComputedStyle(table);
  const unit = parseFloat(fontSize);
  const words = element("text", { x: width / 2, y: bottom + 1.2 * unit, fill: color, "font-size": fontSize, "font-family": fontFamily, "text-anchor": "middle" });
  words.textContent = axes;
  return asSvg([...tableCopy(table), words], { width, height: bottom + 2 * unit });
}

/** A table's cells, or the buttons in them, as rectangles with words. */
function tableCopy(table) {
  const { left, top } = table.getBoundingClientRect();
  return [...table.querySelectorAll("td, th")].flatMap((place) => {
    const cell = place.querySelector("button") ?? place;
    const at = cell.getBoundingClientRect();
    const style = getComputedStyle(cell);
    const [x, y] = [at.left - left, at.top - top];
    const words = element("text", {
      x: x + at.width / 2,
      y: y + at.height / 2,
      fill: style.color,
      "font-size": style.fontSize,
      "font-family": style.fontFamily,
      "font-weight": style.fontWeight,
      "text-anchor": "middle",
      "dominant-baseline": "central",
    });
    words.textContent = cell.textContent;
    return [element("rect", { x, y, width: at.width, height: at.height, rx: parseFloat(style.borderRadius) || 0, fill: style.backgroundColor }), words];
  });
}

/** One canvas on paper; one of few pixels with each of them as a square. */
function alone(canvas) {
  const factor = Math.max(1, Math.ceil(LEAST / Math.max(canvas.width, canvas.height)));
  const { context } = sheet(canvas.width * factor, canvas.height * factor);
  context.drawImage(canvas, 0, 0, canvas.width * factor, canvas.height * factor);
  return context.canvas;
}

/** Many canvases as they lie on the page. */
function together(canvases) {
  const boxes = canvases.map((canvas) => canvas.getBoundingClientRect());
  const [left, top] = [Math.min(...boxes.map((box) => box.left)), Math.min(...boxes.map((box) => box.top))];
  const [right, bottom] = [Math.max(...boxes.map((box) => box.right)), Math.max(...boxes.map((box) => box.bottom))];
  const factor = Math.max(2, devicePixelRatio);
  const { context } = sheet((right - left) * factor, (bottom - top) * factor);
  canvases.forEach((canvas, i) => {
    const { left: x, top: y, width, height } = boxes[i];
    context.drawImage(canvas, (x - left) * factor, (y - top) * factor, width * factor, height * factor);
  });
  return context.canvas;
}

function sheet(width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(width), height: Math.round(height) });
  const context = canvas.getContext("2d");
  context.fillStyle = paper();
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  return { context };
}

function element(name, attributes) {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}
