// One image of the gallery: what the network says of it, and the training images that are most like it.
import { onColours } from "./colours.js";
import { columnName } from "./matrix.js";
import { NONE } from "./mistakes.js";
import { percent, whole } from "./numbers.js";
import { inkPicture } from "./pictures.js";
import { change, state, watch } from "./state.js";

const panel = document.getElementById("exhibit");
const part = (name) => panel.querySelector(`.${name}`);
let opened = ""; // the image that was shown last

/** Begin. */
export function startExhibit() {
  part("close").addEventListener("click", close);
  part("before").addEventListener("click", () => step(-1));
  part("after").addEventListener("click", () => step(1));
  part("through").addEventListener("click", () => change({ image: state.exhibit, view: "draw" }));
  part("ask-why").addEventListener("click", () => change({ image: state.exhibit, view: "why" }));
  panel.addEventListener("keydown", ({ key }) => key === "Escape" && close());
  watch(["exhibit", "exhibited", "shown"], show);
  onColours(show);
  show();
}

function close() {
  const image = state.exhibit;
  change({ exhibit: "" });
  [...document.querySelectorAll(".mistake")].find(({ value }) => value === image)?.focus();
}

function places() {
  return (state.shown?.images ?? []).map(({ image }) => image);
}

/** The image before or after this one in the gallery. */
function step(way) {
  const images = places();
  const next = images[images.indexOf(state.exhibit) + way];
  if (next) change({ exhibit: next });
}

function show() {
  const { exhibit, exhibited } = state;
  panel.hidden = !exhibit;
  document.getElementById("mistakes").classList.toggle("open", exhibit !== "");
  if (!exhibit) {
    opened = "";
    return;
  }
  part("title").textContent = nameOf(exhibit);
  const at = places().indexOf(exhibit);
  part("before").disabled = at < 1;
  part("after").disabled = at < 0 || at >= places().length - 1;
  part("content").hidden = !exhibited;
  if (!exhibited) return;
  inkPicture(part("large"), exhibited.pictures.subarray(0, 784), [28, 28]);
  part("verdict").replaceChildren(...verdict(exhibited));
  part("chances").replaceChildren(...chances(exhibited));
  part("doubt").hidden = !exhibited.doubt;
  part("doubt-words").textContent = exhibited.doubt;
  showNeighbours(exhibited);
  if (opened !== exhibit) panel.scrollIntoView({ block: "nearest" });
  opened = exhibit;
}

/** "Test image 123", "Training image 7". */
function nameOf(image) {
  const [kind, i] = image.split(":");
  return `${kind === "train" ? "Training" : "Test"} image ${i}`;
}

function verdict({ label, answer, confidence, image, classes }) {
  const line = (name, value, kind) => {
    const row = document.createElement("p");
    row.append(Object.assign(document.createElement("span"), { textContent: name }), Object.assign(document.createElement("b"), { textContent: value, className: kind }));
    return row;
  };
  const unknown = classes.includes(label) ? "" : `The network knows ${classes.join(" and ")} alone.`;
  const note = image.startsWith("train:") && !unknown ? "The network may have been trained on it." : unknown;
  const notes = note ? [Object.assign(document.createElement("p"), { className: "muted small", textContent: note })] : [];
  const read = line("read as", columnName(answer), answer === label ? "plus" : "minus");
  read.append(Object.assign(document.createElement("em"), { textContent: percent(confidence) }));
  return [line("labelled", label, ""), read, ...notes];
}

function chances({ classes, probabilities, not_a_digit: none, label, answer }) {
  const rows = classes.map((digit, i) => [digit, probabilities[i] * (1 - (none ?? 0))]);
  if (none !== null) rows.push([NONE, none]);
  return rows.map(([digit, p]) => {
    const row = document.createElement("div");
    row.className = `chance${digit === answer ? (answer === label ? " plus" : " minus") : ""}${digit === label ? " label" : ""}`;
    row.innerHTML = "<b></b><span><i></i></span><em></em>";
    row.querySelector("b").textContent = columnName(digit);
    row.querySelector("i").style.transform = `scaleX(${p})`;
    row.querySelector("em").textContent = percent(Math.max(p, 1e-9)); // never said to be impossible
    return row;
  });
}

function showNeighbours(told) {
  const { pixels, seen, pictures, looked, among, of, features } = told;
  const picture = (i) => pictures.subarray(784 * (i + 1), 784 * (i + 2));
  part("as-pixels").replaceChildren(...pixels.map((known, i) => neighbour(known, picture(i), told)));
  part("as-seen").replaceChildren(...seen.map((known, i) => neighbour(known, picture(pixels.length + i), told)));
  part("pixels-words").textContent = `${votes(pixels)}Euclidean distance`;
  const through = looked < among ? `${whole(looked)} of ${whole(among)} looked at so far; ` : among < of ? `among ${whole(among)} of ${whole(of)}, drawn by chance; ` : "";
  part("seen-words").textContent = `${through}${votes(seen)}${features ? "" : "no hidden layer: "}cosine distance`;
}

/** Which labels the neighbours have: "6 × 3, 2 × 5; ". */
function votes(neighbours) {
  const counts = new Map();
  for (const { label } of neighbours) counts.set(label, (counts.get(label) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.length ? `${sorted.map(([label, n]) => `${n} × ${label}`).join(", ")}; ` : "";
}

function neighbour({ image, label, distance }, pixels, told) {
  const button = document.createElement("button");
  button.className = `neighbour${label === told.label ? " plus" : label === told.answer ? " minus" : ""}`;
  button.value = image;
  button.dataset.help = "neighbour";
  const canvas = document.createElement("canvas");
  inkPicture(canvas, pixels, [28, 28]);
  const words = document.createElement("span");
  words.innerHTML = "<b></b><em></em>";
  words.querySelector("b").textContent = label;
  words.querySelector("em").textContent = distance.toFixed(distance < 1 ? 3 : 1);
  button.append(canvas, words);
  button.setAttribute("aria-label", `${nameOf(image)}, labelled ${label}, distance ${distance.toFixed(3)}`);
  button.addEventListener("click", () => change({ exhibit: image }));
  return button;
}
