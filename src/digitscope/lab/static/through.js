// Your drawing through the training: the answer of the moment, and how each digit's probability ran.
import { element } from "./charts.js";
import { on, send } from "./connection.js";
import { shownAt } from "./film.js";
import { percent } from "./numbers.js";
import { clear } from "./pad.js";
import { change, state, watch } from "./state.js";
import { scrubOver } from "./timeline.js";

const byId = (id) => document.getElementById(id);
const pad = byId("pad-frame");
const home = pad.parentElement;
const slot = byId("time-pad");
const list = byId("ways");
let rows = [];
let names = "";
let asked = ""; // what was asked last: an answer, and frames

/** Begin. */
export function startThrough() {
  on("through", (message, buffer) => {
    if (message.run === state.film?.run) change({ through: { ...message, values: new Float32Array(buffer) } });
  });
  on("hello", () => (asked = ""));
  byId("time-clear").addEventListener("click", clear);
  byId("time-any").addEventListener("click", () => change({ image: `test:${Math.floor(Math.random() * 10000)}` }));
  watch(["view"], lend);
  watch(["answer", "film", "view"], ask);
  watch(["through", "film", "moment", "answer"], show);
  scrubOver(list, (x) => {
    const strip = rows[0]?.strip.getBoundingClientRect();
    return strip ? (x + list.getBoundingClientRect().left - strip.left) / strip.width : 0;
  });
  lend();
}

/** The one pad lies in the view that is open. */
function lend() {
  if (state.view === "time") slot.append(pad);
  else if (slot.contains(pad)) home.prepend(pad);
}

function ask() {
  const { film, answer, view } = state;
  if (!answer) {
    asked = "";
    if (state.through) change({ through: null });
    return;
  }
  if (view !== "time" || !film?.frames.length) return;
  const about = [answer.id, film.run, ...film.frames.map(({ updates, changed }) => `${updates}.${changed}`)].join();
  if (about === asked) return;
  if (send({ do: "through", run: film.run, id: answer.id })) asked = about;
}

function show() {
  const { film, through, answer } = state;
  if (!film?.frames.length) return;
  build(film);
  const [n, width] = through?.shape ?? [0, 0];
  const { updates } = film.frames[shownAt()];
  const row = through ? through.updates.indexOf(updates) : -1;
  const at = (frame, digit) => through.values[frame * width + digit];
  const known = row >= 0 && Number.isFinite(at(row, 0));
  const all = known ? rows.map((_, digit) => at(row, digit)) : [];
  const best = all.indexOf(Math.max(...all));
  rows.forEach(({ name, line, fill, words, way }, digit) => {
    const p = known ? all[digit] : 0;
    fill.style.transform = `scaleX(${Math.max(p, 1e-9)})`;
    words.textContent = known ? percent(p) : "";
    line.classList.toggle("best", digit === best);
    line.setAttribute("aria-label", known ? `${name}: ${percent(p)}` : name);
    way.setAttribute("d", through ? areaOf(film, through, digit, n, at) : "");
  });
  byId("time-digit").textContent = known ? rows[best].name : " ";
  byId("time-sure").textContent = known ? percent(all[best]) : " ";
  const calibrated = answer?.calibrated && known ? "Not calibrated; Draw's answer is." : "";
  byId("time-truth").textContent = `${truth(answer, known ? rows[best].name : null)} ${calibrated}`.trim();
  list.style.setProperty("--at", film.places[shownAt()]);
}

/** What it really is, where that is known; what to do, where nothing is drawn. */
function truth(answer, digit) {
  if (!answer) return state.network ? "Draw a digit: every moment of the training answers." : "";
  if (answer.label === null || digit === null) return "";
  return `It is a ${answer.label}${String(answer.label) === digit ? "." : ": wrong."}`;
}

/** The probability of a digit over the time axis, as an area in a box of 100 x 100. */
function areaOf(film, through, digit, n, at) {
  const points = [];
  for (let i = 0; i < n; i++) {
    const k = film.frames.findIndex(({ updates }) => updates === through.updates[i]);
    const p = at(i, digit);
    if (k >= 0 && Number.isFinite(p)) points.push([100 * film.places[k], 100 - 100 * p]);
  }
  if (!points.length) return "";
  const path = points.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join("L");
  return `M${points[0][0].toFixed(2)} 100L${path}L${points.at(-1)[0].toFixed(2)} 100Z`;
}

function build(film) {
  const all = [...film.classes.map(String), ...(film.refuses ? ["none"] : [])];
  if (names === all.join()) return;
  names = all.join();
  rows = all.map((name) => {
    const line = Object.assign(document.createElement("li"), { className: "way" });
    line.innerHTML = "<b></b><span><i></i></span><em></em>";
    line.querySelector("b").textContent = name;
    const strip = element("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" });
    const way = element("path", {});
    strip.append(way);
    line.append(strip);
    return { name, line, strip, way, fill: line.querySelector("i"), words: line.querySelector("em") };
  });
  list.replaceChildren(...rows.map(({ line }) => line));
}
