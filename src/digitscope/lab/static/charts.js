// A chart of lines in SVG: axes with round numbers, colours and dashes from style.css.

const NS = "http://www.w3.org/2000/svg";
const FEW = 12; // points that are marked in any line: one alone would not be seen
const MARGIN = { left: 3.4, right: 0.9, top: 0.6, bottom: 1.7 }; // in units of text

/**
 * Draw into `place`. `chart`: {x: [low, high], y: [low, high], log, ticks: {x, y}, format, label,
 * series: [{name, points: [[x, y], ...], marks}]}; `ticks` are values, `format` writes those of y.
 * `along` writes those of x, and `axis` says what they are. `zone`: {to, words} names the part of x
 * that goes there in steps of its own. `note` is said in the middle. The picture, its area and its
 * scales are returned.
 */
export function drawChart(place, chart) {
  const { clientWidth: width, clientHeight: height } = place;
  if (!width || !height) return null;
  const unit = parseFloat(getComputedStyle(place).fontSize);
  const area = {
    left: MARGIN.left * unit,
    right: width - MARGIN.right * unit,
    top: MARGIN.top * unit,
    bottom: height - MARGIN.bottom * unit,
  };
  const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": chart.label });
  const to = scales(chart, area);
  grid(svg, chart, area, to, unit);
  const clip = element("clipPath", { id: `${place.id}-area` });
  clip.append(element("rect", { x: area.left - 6, y: area.top - 6, width: area.right - area.left + 12, height: area.bottom - area.top + 6 }));
  const lines = element("g", { "clip-path": `url(#${place.id}-area)` });
  for (const series of chart.series) line(lines, series, to, unit);
  svg.append(clip, lines);
  place.replaceChildren(svg);
  return { svg, area, to };
}

function scales({ x, y, log }, area) {
  const height = log ? (v) => Math.log10(Math.max(v, 1e-9)) : (v) => v;
  const part = (v, [low, high]) => (v - low) / (high - low || 1);
  return {
    x: (v) => area.left + part(v, x) * (area.right - area.left),
    y: (v) => area.bottom - part(height(v), y.map(height)) * (area.bottom - area.top),
  };
}

function grid(svg, { ticks, format, along = String, axis = "epoch", zone, note }, area, to, unit) {
  if (zone) {
    const width = to.x(zone.to) - area.left;
    svg.append(element("rect", { class: "zone", x: area.left, width, y: area.top, height: area.bottom - area.top }));
    if (width > (0.5 * zone.words.length + 2.5) * unit) svg.append(text(zone.words, area.left + width / 2, area.bottom + 1.3 * unit, "middle"));
  }
  for (const value of ticks.y) {
    const y = to.y(value);
    svg.append(element("line", { class: "grid", x1: area.left, x2: area.right, y1: y, y2: y }));
    svg.append(text(format(value), area.left - 0.5 * unit, y + 0.3 * unit, "end"));
  }
  for (const value of ticks.x) svg.append(text(along(value), to.x(value), area.bottom + 1.3 * unit, "middle"));
  svg.append(text(axis, area.left - 0.9 * unit, area.bottom + 1.3 * unit, "end"));
  if (note) svg.append(text(note, (area.left + area.right) / 2, (area.top + area.bottom) / 2, "middle"));
  svg.append(element("line", { class: "axis", x1: area.left, x2: area.right, y1: area.bottom, y2: area.bottom }));
}

function line(svg, { name, points, marks }, to, unit) {
  const known = points.filter(([, y]) => y !== null);
  if (!known.length) return;
  const places = known.map(([x, y]) => `${to.x(x).toFixed(1)},${to.y(y).toFixed(1)}`);
  svg.append(element("polyline", { class: `line ${name}`, points: places.join(" ") }));
  if (!marks && known.length > FEW) return;
  const every = Math.ceil(known.length / 24);
  known.forEach(([x, y], i) => {
    if (i % every && i !== known.length - 1) return;
    const size = 0.24 * unit;
    svg.append(
      marks === "square"
        ? element("rect", { class: `mark ${name}`, x: to.x(x) - size, y: to.y(y) - size, width: 2 * size, height: 2 * size })
        : element("circle", { class: `mark ${name}`, cx: to.x(x), cy: to.y(y), r: (marks ? 1.1 : 0.7) * size }),
    );
  });
}

function text(words, x, y, anchor) {
  const node = element("text", { x, y, "text-anchor": anchor });
  node.textContent = words;
  return node;
}

/** A node of SVG. */
export function element(name, attributes) {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

/** Round numbers from low to high, about `count` of them. */
export function roundTicks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
