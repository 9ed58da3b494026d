// The page begins: the network is read from it, the pad is laid out, and every stroke is answered.
import { judge, percent, showAnswer, startAnswer } from "./answer.js";
import { makeNetwork } from "./forward.js";
import { drawnBytes, startPad } from "./pad.js";
import { prepare } from "./prepare.js";
import { readWeights } from "./weights.js";

const told = (id) => document.getElementById(id);
const model = JSON.parse(told("model").textContent);
const ask = makeNetwork(model, readWeights(told("weights").textContent, model.arrays));
const refuses = model.spec.layers.at(-1).units === model.classes.length + 1;
let waiting = false;

/** What the network gives for a list of images, each of 784 bytes (ink 255) or of numbers in 0..1: an array each. */
function probabilities(images) {
  const size = model.spec.input_shape.reduce((a, b) => a * b, 1);
  if (!Array.isArray(images)) throw new TypeError("expected a list of images: put a single one in [ ]");
  return images.map((image) => {
    if (image?.length !== size) throw new TypeError(`expected images of ${size} numbers, got ${image?.length ?? typeof image}`);
    const scale = image instanceof Uint8Array ? 255 : 1;
    return Array.from(ask(Float64Array.from(image, (v) => v / scale)));
  });
}

/** Answer the drawing, once a frame of the screen. */
function later() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    read();
  });
}

function read() {
  const drawn = drawnBytes();
  const ready = drawn && prepare(drawn.pixels, drawn.side, drawn.side);
  const answer = ready ? judge(probabilities([ready.image])[0], model.classes) : null;
  showAnswer(answer, ready?.image);
  told("remarks").textContent = (ready?.warnings ?? []).join(" ");
}

function introduce() {
  const { name, architecture, parameters, calibrated, taught, measured, made, digitscope, preparation, page_preparation } = model;
  told("name").textContent = name;
  const all = model.classes.length === 10;
  told("digits").textContent = all ? "the ten digits" : `the digits ${model.classes.join(", ")}`;
  const facts = { network: architecture, weights: `${thousands(parameters)} numbers in ${thousands(Math.round(told("weights").textContent.length * 0.00075))} kB` };
  if (measured.test_accuracy) {
    told("right").textContent = `: right on ${(100 * measured.test_accuracy).toFixed(2)} % of MNIST's test images${all ? "" : " of these"}`;
    facts["right on MNIST's test images"] = accuracy(measured);
  }
  facts["its percentages"] = calibrated ? "calibrated: of answers given with 90 %, about 90 in 100 are right" : "not calibrated: likely too sure";
  if (taught && calibrated) facts["its percentages"] = `calibrated before it was taught ${taught === 1 ? "a drawing" : `${taught} drawings`}: no longer measured`;
  facts["made with"] = `digitscope ${digitscope}, ${new Date(`${made}T12:00`).toLocaleDateString("en", { dateStyle: "long" })}`;
  if (preparation !== page_preparation) facts.note = `its images were prepared by version ${preparation}, these by version ${page_preparation}: answers may be worse`;
  for (const [term, text] of Object.entries(facts)) {
    const entry = document.createElement("div");
    entry.append(Object.assign(document.createElement("dt"), { textContent: term }), Object.assign(document.createElement("dd"), { textContent: text }));
    told("facts").append(entry);
  }
}

function accuracy({ test_accuracy, test_interval_95: interval, test_images: images }) {
  const parts = interval ? ` (95 % interval ${interval.map((v) => (100 * v).toFixed(2)).join(" to ")} %)` : "";
  return `${(100 * test_accuracy).toFixed(2)} %${images ? ` of ${thousands(images)}` : ""}${parts}`;
}

function thousands(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

introduce();
startAnswer(model.classes, refuses);
startPad(later);
globalThis.digitscope = { model, probabilities, prepare, judge: (P) => judge(P, model.classes), drawn: drawnBytes };
