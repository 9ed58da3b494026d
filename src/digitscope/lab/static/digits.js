// The digits of a picture that holds several: each as the network was given it, in numbers and lines,
// with how sure it is. One can be taken alone, for all views. On the picture a box surrounds each.
import { onColours } from "./colours.js";
import { percent, whole } from "./numbers.js";
import { inkPicture } from "./pictures.js";
import { sentence } from "./sentence.js";
import { take, takeWhole, written } from "./several.js";
import { state, watch } from "./state.js";

const part = (name) => document.getElementById(`several${name}`);
const boxes = document.getElementById("pad-boxes");
const MANY = 24; // digits from which on they are shown small, and how sure is said of the others alone
const SURELY = 0.99;
let buttons = [];

/** Begin. */
export function startDigits() {
  part("-whole").addEventListener("click", takeWhole);
  part("-lines").addEventListener("keydown", walk);
  watch(["several"], show);
  watch(["several", "image"], mark);
  onColours(() => {
    show();
    mark();
  });
}

function show() {
  const { several } = state;
  part("").hidden = !several;
  buttons = [];
  if (!several) return;
  part("").classList.toggle("many", several.images.length > MANY);
  let i = 0;
  const lines = several.lines.map(({ numbers, text, confidence }) => {
    const line = document.createElement("li");
    const words = document.createElement("p");
    words.innerHTML = "<b></b><span></span>";
    words.firstChild.textContent = text;
    words.lastChild.textContent = percent(confidence);
    line.append(words, ...numbers.map(({ digits }) => group(digits.map((digit) => button(digit, i++)))));
    return line;
  });
  part("-lines").replaceChildren(...lines);
  part("-words").textContent = told(several);
  part("-notes").replaceChildren(...(several.warnings ?? []).map((textContent) => Object.assign(document.createElement("li"), { textContent })));
}

function told({ looking, cannot, lines, images }) {
  if (looking) return "Reading the picture…";
  if (cannot) return `More than one digit? ${sentence(cannot)}`;
  const digits = images.length === 1 ? "1 digit" : `${whole(images.length)} digits`;
  return lines.length === 1 ? `${digits}, read as ${lines[0].text}` : `${digits} in ${whole(lines.length)} lines`;
}

function group(inside) {
  const place = document.createElement("span");
  place.className = "together";
  place.append(...inside);
  return place;
}

function button({ text, confidence, refused }, i) {
  const place = document.createElement("button");
  place.className = confidence > SURELY ? "thumb surely" : "thumb";
  place.dataset.help = "several-digit";
  const picture = document.createElement("canvas");
  inkPicture(picture, state.several.images[i], [28, 28]);
  const words = document.createElement("span");
  words.innerHTML = "<b></b><em></em>";
  words.firstChild.textContent = text;
  words.lastChild.textContent = percent(confidence, 0);
  place.append(picture, words);
  place.setAttribute("aria-label", `${refused ? "not a digit" : text}, ${percent(confidence)}`);
  place.addEventListener("click", () => (isAlone(i) ? takeWhole() : take(i)));
  for (const [name, on] of [["pointerenter", true], ["focus", true], ["pointerleave", false], ["blur", false]]) {
    place.addEventListener(name, () => boxes.children[i]?.classList.toggle("near", on));
  }
  buttons.push(place);
  return place;
}

/** The arrow keys go from digit to digit. */
function walk(event) {
  const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const next = way && buttons[buttons.indexOf(document.activeElement) + way];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

/** Which digit is looked at alone; where none is, the boxes stand on the picture. */
function mark() {
  const { several } = state;
  const alone = state.image.startsWith("pixels:");
  const read = several !== null && several.images.length > 1;
  document.getElementById("bench").classList.toggle("of-several", read && !alone); // what stands out is what all of them say
  part("-whole").hidden = !alone;
  part("-hint").hidden = alone || !buttons.length;
  buttons.forEach((place, i) => place.setAttribute("aria-pressed", String(isAlone(i))));
  const digits = several && !alone ? several.lines.flatMap(({ numbers }) => numbers.flatMap((number) => number.digits)) : [];
  boxes.replaceChildren(...digits.map(({ box }) => rectangle(box)));
  if (digits.length) boxes.setAttribute("viewBox", several.box.join(" "));
}

function isAlone(i) {
  return written(state.several.images[i]) === state.image;
}

function rectangle(box) {
  const place = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  ["x", "y", "width", "height"].forEach((name, i) => place.setAttribute(name, box[i]));
  return place;
}
