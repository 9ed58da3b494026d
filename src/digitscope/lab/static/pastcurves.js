// Loss and accuracy of a past training, with a cursor at the moment.
import { drawChart, element, roundTicks } from "./charts.js";
import { floorOf, logRange, logTicks, steady } from "./curves.js";
import { seenAt, shownAt } from "./film.js";
import { percent } from "./numbers.js";
import { state, watch } from "./state.js";
import { scrubOver } from "./timeline.js";
import { placeAt } from "./warp.js";

const plots = {
  loss: { place: document.getElementById("past-loss"), write: (v) => v.toFixed(4), scale: 1 },
  accuracy: { place: document.getElementById("past-accuracy"), write: (v) => percent(v, 2), scale: 100 },
};
let waiting = false;

/** Begin. */
export function startPastCurves() {
  watch(["film", "seen", "view"], later);
  watch(["moment", "frame"], point);
  for (const plot of Object.values(plots)) {
    new ResizeObserver(later).observe(plot.place);
    scrubOver(plot.place, (x) => {
      const { left, right } = plot.drawn?.area ?? { left: 0, right: 1 };
      return (x - left) / (right - left);
    });
  }
}

function later() {
  if (waiting || state.view !== "time") return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    if (!state.film?.frames.length) return;
    draw("loss");
    draw("accuracy");
    point();
  });
}

/** The second curve has the first batches too: what their frames are judged. */
function watchedPoints(what) {
  const { film } = state;
  const between = film.frames.map((frame, i) => [frame, seenAt(i)]).filter(([{ batch }, seen]) => batch && seen?.[what] != null);
  const points = [
    ...film.history.map((row) => [row.epoch * film.batches, row[`watched_${what}`]]),
    ...between.map(([{ updates }, seen]) => [updates, seen[what]]),
  ];
  return points.sort(([a], [b]) => a - b);
}

function draw(what) {
  const { film } = state;
  const plot = plots[what];
  const last = film.frames.at(-1).updates;
  const along = (points) =>
    points.filter(([updates, y]) => updates <= last && y !== null).map(([updates, y]) => [placeAt(film, updates), plot.scale * y]);
  const watched = along(watchedPoints(what));
  // From the untrained network to the first epoch a straight line would tell of what nobody measured.
  const measured = film.history.filter(({ epoch }) => epoch > 0 || film.history.length === 1);
  const train = along(measured.map((row) => [row.epoch * film.batches, row[`train_${what}`]]));
  const series = [
    { name: "train", points: train, marks: "circle" },
    { name: "watched", points: watched, marks: "square" },
  ];
  if (what === "loss") series.unshift({ name: "batches", points: along(batches()) });
  const names = epochNames(plot.place);
  plot.drawn = drawChart(plot.place, {
    x: [0, 1],
    ...heights(what, series, [...names.keys()]),
    along: (x) => names.get(x),
    zone: firstBatches(),
    label: `${what} through the training: the first batches, then the epochs`,
    series,
  });
}

/** What comes before the first epoch's end: each of its frames has as much room as an epoch. */
function firstBatches() {
  const { frames, places } = state.film;
  const first = frames.findIndex(({ epoch }) => epoch > 0);
  return frames[1]?.batch ? { to: first === -1 ? 1 : places[first], words: "first batches" } : null;
}

function batches() {
  const { film } = state;
  return film.losses.length ? steady(film.losses).map(([epoch, batch, loss]) => [(epoch - 1) * film.batches + batch, loss]) : [];
}

/** The range of y, and the numbers beside it. */
function heights(what, series, x) {
  const all = series.flatMap(({ points }) => points.map(([, y]) => y)).filter((y) => y > 0);
  if (what === "loss") {
    const y = all.length ? logRange(Math.min(...all), Math.max(...all)) : [0.05, 3];
    return { y, log: true, format: String, ticks: { x, y: logTicks(y) } };
  }
  const y = [floorOf(Math.min(1, ...all.map((value) => value / 100))), 100];
  return { y, format: (v) => `${v} %`, ticks: { x, y: roundTicks(...y, 5) } };
}

/** The epochs that have room for their number, by their place. */
function epochNames(plot) {
  const { frames, places } = state.film;
  const room = (2.4 * parseFloat(getComputedStyle(plot).fontSize)) / plot.clientWidth;
  const names = new Map([[0, "0"]]);
  let free = room;
  frames.forEach(({ epoch }, i) => {
    if (!epoch || places[i] < free) return;
    names.set(places[i], String(epoch));
    free = places[i] + room;
  });
  return names;
}

/** The cursor, and what the curves are there. */
function point() {
  if (!state.film?.frames.length) return;
  const at = shownAt();
  for (const [what, { drawn, write }] of Object.entries(plots)) {
    if (!drawn) continue;
    drawn.svg.querySelector(".cursor")?.remove();
    const x = drawn.to.x(state.film.places[at]);
    drawn.svg.append(element("line", { class: "cursor", x1: x, x2: x, y1: drawn.area.top, y2: drawn.area.bottom }));
    key(what, write, at);
  }
}

function key(what, write, at) {
  const { film } = state;
  const { epoch, batch } = film.frames[at];
  const row = film.history.find((entry) => entry.epoch === epoch);
  const value = (known) => (known == null ? "" : ` ${write(known)}`);
  const watched = batch ? seenAt(at)?.[what] : row?.[`watched_${what}`];
  const entries = [
    ["watched", `${film.watched ?? "validation"}${value(watched)}`],
    ["train", `training${value(batch ? null : row?.[`train_${what}`])}`],
    ...(what === "loss" ? [["batches", "batches"]] : []),
  ];
  document.getElementById(`past-${what}-key`).replaceChildren(
    ...entries.map(([name, words]) => {
      const span = Object.assign(document.createElement("span"), { className: name });
      span.append(document.createElement("i"), words);
      return span;
    }),
  );
}
