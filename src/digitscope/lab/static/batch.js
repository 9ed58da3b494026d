// What the step is made with: the image and its true digit, how many images, loss, optimizer, rate.
import { typed } from "./images.js";
import { short } from "./numbers.js";
import { change, state, watch } from "./state.js";

const LAST = 9999; // the test set's last image
const NONE = 10; // "not a digit"
let before = {}; // what the true digit was chosen for
const part = (name) => document.getElementById(`batch-${name}`);

/** Begin. */
export function startBatch() {
  part("image").addEventListener("input", ({ target }) => typed(target.value, pick));
  part("image").addEventListener("keydown", ({ key }) => {
    const way = { ArrowUp: 1, ArrowDown: -1 }[key];
    if (!way) return;
    pick((numberOf(state.image) ?? -1) + way);
    part("image").value = numberOf(state.image);
  });
  part("image-back").addEventListener("click", () => pick((numberOf(state.image) ?? 1) - 1));
  part("image-next").addEventListener("click", () => pick((numberOf(state.image) ?? -1) + 1));
  part("truth").addEventListener("change", ({ target }) => change({ truth: target.value }));
  part("size").addEventListener("change", ({ target }) => change({ batch: target.value === "1" ? "" : target.value, of: "" }));
  part("of").addEventListener("change", ({ target }) => change({ of: target.value === "0" ? "" : target.value }));
  part("loss").addEventListener("change", ({ target }) => change({ cost: target.value }));
  part("optimizer").addEventListener("change", ({ target }) => change({ rule: target.value }));
  part("rate").addEventListener("input", ({ target }) => change({ eta: short(10 ** Number(target.value)) }));
  part("rate-number").addEventListener("change", ({ target }) => change({ eta: target.value.trim() }));
  watch(["walk", "image"], show);
  watch(["image", "drawing", "truth"], forget);
  before = { ...state };
}

/** A truth is that of one image: another, or an empty pad, has its own. */
function forget() {
  const { image, drawing, truth } = before;
  before = { ...state };
  const other = state.image !== image || (drawing !== "" && state.drawing === "");
  if (other && truth !== "" && state.truth === truth) change({ truth: "" });
}

function numberOf(image) {
  const found = /^test:(\d+)$/.exec(image);
  return found ? Number(found[1]) : null;
}

function pick(i) {
  change({ image: `test:${Math.min(LAST, Math.max(0, i))}`, truth: "" });
}

function show() {
  if (document.activeElement !== part("image")) part("image").value = numberOf(state.image) ?? "";
  const { walk } = state;
  if (!walk) return;
  const nameOf = (digit) => (digit === NONE ? "none" : String(digit));
  fill(part("truth"), walk.truths.map((digit) => [nameOf(digit), digit]), walk.images[0].truth);
  fill(part("size"), [1, 2, 4, 8, 16, 32].map((n) => [n, n]), walk.images.length);
  fill(part("of"), walk.images.map(({ name, truth }, i) => [`${i + 1}: ${name}, ${nameOf(truth)}`, i]), walk.of);
  part("of").hidden = walk.images.length === 1;
  fill(part("loss"), walk.losses.map((name) => [name.replaceAll("_", " "), name]), walk.loss);
  fill(part("optimizer"), walk.optimizers.map((name) => [name, name]), walk.optimizer);
  part("rate").value = Math.log10(walk.eta);
  if (document.activeElement !== part("rate-number")) part("rate-number").value = short(walk.eta); // one may be typing
}

function fill(select, choices, value) {
  const key = JSON.stringify(choices);
  if (select.dataset.choices !== key) {
    select.replaceChildren(...choices.map(([name, choice]) => new Option(name, choice)));
    select.dataset.choices = key;
  }
  select.value = String(value);
}
