// Loss and accuracy, as they grow.
import { drawChart, roundTicks } from "./charts.js";
import { percent } from "./numbers.js";
import { state, watch } from "./state.js";
import { active } from "./training.js";

const loss = document.getElementById("loss");
const accuracy = document.getElementById("accuracy");
let waiting = false;

/** Begin. */
export function startCurves() {
  watch(["training", "history", "losses", "view", "lab"], later);
  for (const place of [loss, accuracy]) new ResizeObserver(later).observe(place);
}

function later() {
  if (waiting || state.view !== "train") return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    drawLoss();
    drawAccuracy();
  });
}

/** The whole training; of one that stands near its beginning, what there is, larger. */
function span() {
  const { training, losses, history } = state;
  const epochs = training.epochs || 10;
  const done = Math.max(losses.length ? place(losses.at(-1)) : 0, history.at(-1)?.epoch ?? 0);
  const near = ["paused", "ended"].includes(training.status) && done > 0 && done < epochs / 8;
  return near ? [0, 1.25 * done] : [0, epochs];
}

function place([epoch, batch]) {
  return epoch - 1 + batch / (state.training.batches || 1);
}

/** The axis of x: in epochs, or within the first one in batches. */
function axisOf(x) {
  const { batches } = state.training;
  const most = loss.clientWidth < 300 ? 4 : 6;
  if (x[1] > 1 || !batches) return { x, axis: "epoch", along: String, of: roundTicks(0, x[1], most) };
  const whole = roundTicks(0, x[1] * batches, most).filter(Number.isInteger);
  return { x, axis: "batch", along: (v) => String(Math.round(v * batches)), of: whole.map((batch) => batch / batches) };
}

function drawLoss() {
  const { history, losses } = state;
  const { of, ...along } = axisOf(span());
  const batches = steady(losses).map((entry) => [place(entry), entry[2]]);
  const all = [...batches.map(([, y]) => y), ...history.flatMap((e) => [e.train_loss, e.watched_loss])].filter((y) => y > 0);
  const y = all.length ? logRange(Math.min(...all), Math.max(...all)) : [0.05, 3];
  drawChart(loss, {
    ...along,
    y,
    log: true,
    ticks: { x: of, y: logTicks(y) },
    format: (v) => String(v),
    label: `Loss over the epochs. ${words("loss", (v) => v.toFixed(4))}`,
    series: [
      { name: "batches", points: batches },
      { name: "train", points: history.map((e) => [e.epoch, e.train_loss]), marks: "circle" },
      { name: "watched", points: history.map((e) => [e.epoch, e.watched_loss]), marks: "square" },
    ],
  });
  key("loss-key", "loss", (v) => v.toFixed(4), losses.length > 0);
}

function drawAccuracy() {
  const { history, losses } = state;
  const { of, ...along } = axisOf(span());
  const later = history.filter((e) => e.epoch > 0);
  const least = later.length ? Math.min(...later.flatMap((e) => [e.train_accuracy, e.watched_accuracy])) : 0;
  const low = later.length > 1 ? floorOf(least) : 0; // with one epoch the way from the untrained network is the line
  const points = (what) => (low ? later : history).map((e) => [e.epoch, 100 * e[`${what}_accuracy`]]);
  drawChart(accuracy, {
    ...along,
    y: [low, 100],
    note: losses.length && !later.length && active() ? "The next point comes after epoch 1." : "",
    ticks: { x: of, y: roundTicks(low, 100, 5) },
    format: (v) => `${v} %`,
    label: `Accuracy over the epochs. ${words("accuracy", (v) => percent(v, 2))}`,
    series: [
      { name: "train", points: points("train"), marks: "circle" },
      { name: "watched", points: points("watched"), marks: "square" },
    ],
  });
  key("accuracy-key", "accuracy", (v) => percent(v, 2));
}

/** Where an axis of accuracies begins, in percent. */
export function floorOf(least) {
  return [98, 95, 90, 80, 50, 0].find((limit) => 100 * least >= limit) ?? 0;
}

function words(what, write) {
  const last = state.history.at(-1);
  if (!last) return "No training yet.";
  const value = (name) => (last[`${name}_${what}`] === null ? "not a number" : write(last[`${name}_${what}`]));
  return `After epoch ${last.epoch}: training ${value("train")}, ${state.training.watched} ${value("watched")}.`;
}

/** Which line is which, with its last value. */
function key(id, what, write, withBatches = false) {
  const last = state.history.at(-1);
  const value = (name) => (last && last[`${name}_${what}`] !== null ? ` ${write(last[`${name}_${what}`])}` : "");
  const entries = [
    ["watched", `${state.training.watched ?? "validation"}${value("watched")}`],
    ["train", `training${value("train")}`],
    ...(withBatches ? [["batches", "batches"]] : []),
  ];
  document.getElementById(id).replaceChildren(
    ...entries.map(([name, text]) => {
      const span = Object.assign(document.createElement("span"), { className: name });
      span.append(document.createElement("i"), text);
      return span;
    }),
  );
}

/** Without the means over few images that come between those over many: they are noise. */
export function steady(losses) {
  const most = Math.max(...losses.map(([, , , images]) => images));
  return losses.filter(([epoch, , , images]) => epoch === 1 || 8 * images >= most);
}

/** A range with room around it, on a logarithmic axis. */
export function logRange(low, high) {
  return [low / 1.25, high * 1.4];
}

/** Round numbers on a logarithmic axis, not too many. */
export function logTicks([low, high]) {
  const all = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const digit of [1, 2, 5]) all.push(Number((digit * 10 ** power).toPrecision(3)));
  }
  const within = all.filter((v) => v >= low && v <= high);
  const few = within.filter((v) => /^0*\.?0*1/.test(String(v)) || v === 1 || v === 10);
  if (within.length < 3) return roundTicks(low, high, 4);
  return within.length > 7 && few.length > 1 ? few : within;
}
