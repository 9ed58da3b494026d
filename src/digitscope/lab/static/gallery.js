// The images of the chosen cell, or all mistakes, the surest first.
import { onColours } from "./colours.js";
import { columnName } from "./matrix.js";
import { amount, chosenCell, NONE, PAGE } from "./mistakes.js";
import { percent, whole } from "./numbers.js";
import { inkPicture } from "./pictures.js";
import { change, state, watch } from "./state.js";

const NAMES = ["zeros", "ones", "twos", "threes", "fours", "fives", "sixes", "sevens", "eights", "nines"];

const FEW = 15; // images that are shown larger

const byId = (id) => document.getElementById(id);
const place = byId("gallery");

/** Begin. */
export function startGallery() {
  watch(["shown", "cell"], show);
  watch(["shown", "cell", "judged"], say);
  watch(["judged", "cell"], showFilters);
  watch(["exhibit"], mark);
  watch(["mistakesError"], () => (byId("mistakes-error").textContent = state.mistakesError));
  onColours(show);
  byId("gallery-more").addEventListener("click", () => change({ amount: String(amount() + PAGE) }));
  showFilters();
}

/** All mistakes, those of a digit, or the doubtful labels. */
function showFilters() {
  const { judged } = state;
  const doubtful = judged?.doubtful ?? 0;
  const chips = [
    ["", "All mistakes", "filter-all"],
    ...(judged?.classes ?? []).map((digit) => [`${digit},`, String(digit), "filter-digit"]),
    ["doubtful", `Label doubtful${judged?.finished ? `: ${doubtful}` : ""}`, "filter-doubtful"],
  ];
  const row = byId("filters");
  if (row.childElementCount !== chips.length) row.replaceChildren(...chips.map(() => document.createElement("button")));
  chips.forEach(([cell, text, help], i) => {
    const chip = row.children[i];
    chip.textContent = text;
    chip.dataset.help = help;
    chip.setAttribute("aria-pressed", String(state.cell === cell));
    chip.setAttribute("aria-label", help === "filter-digit" ? `Mistakes of ${text}` : text);
    chip.onclick = () => change({ cell, amount: "", exhibit: "" });
  });
}

/** How many images there are, as the matrix beside them has it. */
function say() {
  const { shown, judged } = state;
  byId("gallery-words").textContent = !judged || !shown || !isCurrent(shown) ? "…" : sentence(shown, judged);
}

function show() {
  const { shown } = state;
  const current = shown && isCurrent(shown);
  byId("gallery-order").textContent = current && shown.images.length > 1 ? order(shown) : "";
  byId("gallery-more").hidden = !current || shown.of <= shown.images.length || shown.images.length >= 1000;
  if (!current) return; // the images before stay until the new ones come
  const focused = place.contains(document.activeElement) ? document.activeElement.value : null;
  place.replaceChildren(...shown.images.map(item));
  place.classList.toggle("few", shown.images.length <= FEW);
  mark();
  if (focused) [...place.children].find(({ value }) => value === focused)?.focus();
}

function isCurrent(shown) {
  const { truth, taken, doubtful } = chosenCell();
  return shown.truth === truth && shown.taken === taken && shown.doubtful === doubtful;
}

/** How many images the matrix has of a cell, or beside the diagonal of a row, a column, or all of it. */
function counted({ classes, columns, matrix }, truth, taken) {
  let sum = 0;
  matrix.forEach((row, i) => row.forEach((count, j) => {
    const wanted = (truth ?? classes[i]) === classes[i] && (taken ?? columns[j]) === columns[j];
    const one = truth !== null && taken !== null;
    if (wanted && (one || classes[i] !== columns[j])) sum += count;
  }));
  return sum;
}

/** What the images are: "7 of the 892 fives are taken for 3." */
function sentence({ truth, taken, of: found, doubtful }, judged) {
  const { classes, columns, matrix, live, finished } = judged;
  const of = doubtful ? found : counted(judged, truth, taken);
  const n = whole(of);
  const are = of === 1 ? "is" : "are";
  if (doubtful) {
    if (live) return "Doubtful labels are looked for when the training has ended.";
    const witnesses = "this network, the model that ships and the nearest training images";
    if (of) return `${of === 1 ? "1 label is" : `${n} labels are`} doubtful: ${witnesses} contradict ${of === 1 ? "it" : "them"}.`;
    return finished ? `No label is doubtful: none is contradicted by ${witnesses} together.` : "Still looking for doubtful labels.";
  }
  if (truth === null && taken === null) return of ? `All ${n} images that were not read rightly.` : "No mistakes. Click the diagonal for what it was least sure of.";
  const total = truth === null ? 0 : (matrix[classes.indexOf(truth)] ?? []).reduce((a, b) => a + b, 0);
  if (truth === null) {
    const as = taken === NONE ? "refused as not a digit" : `taken for ${columnName(taken)}, and ${are} not`;
    return columns.includes(taken) ? `${n} ${of === 1 ? "image is" : "images are"} ${as}.` : "This network does not know that digit.";
  }
  if (!classes.includes(truth)) return "This network does not know that digit.";
  const whose = `${of ? n : "None"} of the ${whole(total)} ${NAMES[truth]} ${of > 1 ? "are" : "is"}`;
  if (taken === null) return `${whose} not read rightly.`;
  if (taken === truth) return `${whose} read rightly.`;
  return `${whose} ${taken === NONE ? "refused as not a digit" : `taken for ${taken}`}.`;
}

function order({ truth, taken }) {
  return truth !== null && truth === taken ? "The least sure first." : "The surest first.";
}

function item({ image, label, answer, confidence, doubtful }, i) {
  const button = document.createElement("button");
  button.className = "mistake";
  button.value = image;
  button.dataset.help = "mistake";
  const picture = document.createElement("canvas");
  inkPicture(picture, state.shown.pixels.subarray(784 * i, 784 * (i + 1)), [28, 28]);
  const words = document.createElement("span");
  words.innerHTML = "<b></b><i>→</i><b></b><em></em>";
  const [from, to] = words.querySelectorAll("b");
  from.textContent = label;
  to.textContent = columnName(answer);
  to.className = label === answer ? "plus" : "minus";
  words.querySelector("em").textContent = percent(confidence, answer === NONE ? 0 : 1); // a word has less room beside it than a digit
  button.append(picture, words);
  if (doubtful) button.append(Object.assign(document.createElement("small"), { textContent: "label doubtful" }));
  const as = answer === NONE ? "refused as not a digit" : `read as ${answer}`;
  button.setAttribute("aria-label", `${image}, labelled ${label}, ${as}, ${percent(confidence)}${doubtful ? ", label doubtful" : ""}`);
  button.addEventListener("click", () => change({ exhibit: state.exhibit === image ? "" : image }));
  return button;
}

function mark() {
  for (const button of place.children) button.setAttribute("aria-pressed", String(button.value === state.exhibit));
}
