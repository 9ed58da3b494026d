// Help: every control says in one sentence what it does, to whoever rests on it, comes to it by key,
// or asks for it with the question mark.
import { state } from "./state.js";

const SENTENCES = {
  draw: "Draw a digit and watch the network read it.",
  train: "Train a network of your own and watch it learn.",
  backprop: "Go through one training step of one image: forward, loss, backward, update, with every number.",
  time: "Go back to any moment of a training: its curves, its weights, its answers.",
  mistakes: "The test images that the network gets wrong, by what they are and what it takes them for.",
  why: "What in the image speaks for and against each digit, and the smallest change that makes it another.",
  model: "Which network answers: every run in the folder runs, or one that ships; its accuracy is that on MNIST's test images, each taken for its likeliest digit, also where the network would refuse it.",
  explain: "Turns explaining on or off: while it is on, a click on a control says what it does, and does nothing else.",
  "train-first": "Trains the recipe speedrun-98: 256 hidden neurons, four passes over 55,000 images, about a second.",
  pad: "Draw one digit with mouse, pen or finger; a pen's pressure makes the line wider.",
  undo: "Takes back the last stroke (Ctrl+Z).",
  clear: "Empties the pad.",
  open: "Reads an image file, a photograph or a scan, of one digit or of many; dropping or pasting one does the same.",
  "test-number": "Puts one of MNIST's 10,000 test images on the pad; the network has never been trained on these.",
  "test-back": "The test image before this one.",
  "test-next": "The next test image.",
  "test-any": "Any test image, by chance.",
  "several-digit": "Takes this digit alone, as the network was given it: the answer, Why and every other view are about it then; again, and the whole picture is back.",
  "several-whole": "Goes back from one digit to the whole picture.",
  steps: "Shows each step from your drawing to the 28×28 pixels that the network gets.",
  step: "Says what this step found and did.",
  "teach-digit": "Teaches the network that your drawing is this digit: it learns in about a second, into a model file of its own.",
  "teach-none": "Teaches the network that this is not a digit.",
  unteach: "Takes the last lesson back: the model is again what it was before it.",
  taught: "Shows all drawings that this model was taught, and how it reads each now.",
  network: "Every circle is a neuron, lit by its activation; point at one for its connections, click or touch it for its arithmetic.",
  sideways: "Goes on to what lies beyond this edge; a finger can also push it.",
  bar: "The network's probability for this digit; click it for the arithmetic of its output neuron.",
  close: "Closes the arithmetic.",
  thumb: "Puts this test image on the pad.",
  play: "Starts the training, makes it pause, or lets it go on.",
  "step-batch": "Trains on one batch, makes one update of the weights, and pauses.",
  "step-epoch": "Trains to the end of one pass over all training images, and pauses.",
  stop: "Ends the training here; what was learned is kept in its folder.",
  resume: "Goes on with a training that was stopped, from where it was.",
  "more-epochs": "How many epochs are added to those that this training had.",
  "train-on": "Trains this finished run further, by so many epochs more; its folder grows, nothing is lost.",
  "open-run": "Shows the training of the model that is chosen above: its curves, and a way to train it further.",
  try: "Lets this network read your drawing, as it is now.",
  reset: "Forgets this training, so that another can begin; its folder stays.",
  rate: "How far each update goes; it may be changed while the network trains.",
  features: "What each neuron of the first layer looks for: ink on blue excites it, ink on orange calms it.",
  confusion: "Each row is a digit, each column an answer: what stands off the diagonal are mistakes.",
  "matrix-cell": "Shows the images of this digit that the network takes for that one; on the diagonal those it reads rightly.",
  "matrix-row": "Shows all images of this digit that are not read rightly.",
  "matrix-column": "Shows all images that are taken for this digit and are another.",
  "matrix-none": "Shows all digits that the network refuses as not a digit.",
  "filter-all": "Shows every mistake of the network, the surest first.",
  "filter-digit": "Shows the mistakes of this digit alone.",
  "filter-doubtful": "Shows the images whose label is probably wrong: the network, the model that ships and the nearest training images all say another digit.",
  mistake: "Opens this image: its probabilities, and the training images nearest to it.",
  "gallery-more": "Shows 60 images more.",
  "exhibit-before": "Opens the image before this one in the list.",
  "exhibit-after": "Opens the next image of the list.",
  "exhibit-close": "Closes the image.",
  through: "Puts this image on the pad of Draw, where you see every neuron that it excites.",
  "near-pixels": "Of all training images those with the least Euclidean distance: the root of the summed squares of the differences between pixels, each in 0 to 1.",
  "near-seen": "The training images that excite the last hidden layer most alike: 1 − cos of the angle between the activations, 0 for the same direction.",
  "ask-why": "Shows what in this image speaks for and against each digit.",
  neighbour: "Opens this training image.",
  share: "Downloads this network as one HTML file to draw on: it opens in any browser, without the lab and without the internet.",
  "model-file": "Downloads this network as its model file, which every command of digitscope takes.",
  download: "Downloads this figure as it is now, as a picture.",
  "seen-png": "Downloads the 28×28 pixels that the network got, as a PNG.",
  "run-zip": "Downloads this run as a zip: recipe, results, events, weights, and the report where there is one.",
  "time-train": "Opens the view in which a network is trained.",
  past: "Whose training to go through: every run in the folder runs, those of sweeps too.",
  moment: "Goes to any moment that was kept: the arrow keys go from one to the next, Home and End to the first and the last.",
  roll: "Plays the training from here like a film, or stops it (space).",
  pace: "How many moments a second are played.",
  ways: "What each moment says of your drawing: the bar is its probability then (not calibrated), the area how that ran; press into an area to go there.",
  "past-curve": "Press or drag in the curve to go to that moment.",
  "past-features": "What each neuron of the first layer looked for then; the colours mean the same at every moment.",
  "past-confusion": "Rows are digits, columns answers; a frame marks what changed since the moment before: solid where it grew, dashed where it shrank.",
  "backprop-draw": "Goes to the pad; what you draw there is the image of the step.",
  "backprop-test": "Takes a test image that the network is unsure of: of one that it is sure of there is next to nothing to learn.",
  "batch-unsure": "Looks for a test image that the network is unsure of, and takes it: there the loss and its gradients are large.",
  "step-first": "Goes to the beginning of the step (Home).",
  "step-back": "Goes one stage back (left arrow).",
  "step-next": "Goes one stage on (right arrow).",
  "step-last": "Goes to the end of the step (End).",
  "step-play": "Goes through the stages one by one, or pauses.",
  pipeline: "Goes to this stage; above is the way forward, below the way back, then gradients and updates of the weights.",
  "batch-image": "The test image that the step is made with; empty means your drawing.",
  "batch-image-back": "The test image before this one.",
  "batch-image-next": "The next test image.",
  "batch-truth": "What the image really shows: the loss measures the answer against it. Choose another to see what the network would learn.",
  "batch-size": "How many images the step has: this one and those that follow it in MNIST; gradients are their mean.",
  "batch-of": "Which image of the batch is shown; gradients of weights are those of the whole batch.",
  "batch-loss": "How the error is measured; at first as in the model's own training.",
  "batch-optimizer": "What makes updates of gradients; it begins here, without a memory of earlier batches.",
  "batch-rate": "How far the update goes.",
  "weight-picture": "Every number of the array, blue above zero, orange below; click a weight for its chain rule.",
  "number-picture": "Every number of the array, blue above zero, orange below; point at one, or touch it, to read it.",
  "weight-number": "Opens the chain rule of this weight.",
  "chain-layer": "Which weights: those of a layer; the one with the largest gradient is opened.",
  "chain-index": "Which of them, by its place: for W1 the input and the neuron.",
  "chain-term": "Follows this term of the sum further to the loss.",
  more: "Shows the rest of the settings: data, first weights, schedule, penalty, chance.",
  "settings-toggle": "Shows or hides the settings of the training.",
  recipe: "A recipe is a set of settings that work well together; change any of them below.",
  "why-number": "Explains the answer to one of MNIST's 10,000 test images.",
  "why-by": "How evidence is found: as the exact sum of what every pixel says, or by hiding a patch and asking again.",
  "why-ink": "Explains the ink that is there, or what ink would say where there is only paper.",
  "why-tile": "Shows the map of this digit large; all maps have one scale of colours.",
  "why-map": "Every pixel's part in this answer: point at one, touch it, or go there with the arrow keys, to read its number.",
  "why-against": "Compares two digits: what speaks for the one rather than the other.",
  "why-target": "What the image is to become; the nearest is the digit that takes the smallest change.",
  "why-kind": "Which changes are searched: any, those that a blur leaves, or few pixels set to ink or paper.",
  "why-fade": "Goes from the image to the changed one in small steps; the network answers at each.",
  "why-pad": "Puts the image at the slider on the pad, byte for byte, so that every other view can open it.",
};

const tip = document.getElementById("help");
const button = document.getElementById("explain");
let later = 0;
let explaining = false;
let used = null; // the control that was just clicked: it needs no explaining

/** Begin. */
export function startHelp() {
  button.addEventListener("click", () => explain(!explaining));
  addEventListener("pointerover", ({ target, pointerType }) => {
    hide();
    const control = target.closest?.("[data-help]");
    if (control !== used) used = null;
    if (control && control !== used && pointerType === "mouse" && !quiet(control)) later = setTimeout(() => show(control), 700);
  });
  addEventListener("pointerdown", ({ target }) => {
    hide();
    used = target.closest?.("[data-help]");
  }, true);
  addEventListener("focusin", ({ target }) => {
    const control = target.closest("[data-help]");
    if (control === target) describe(control);
    if (control && target.matches(":focus-visible") && !target.matches("input, canvas")) later = setTimeout(() => show(control), 700);
  });
  addEventListener("focusout", hide);
  addEventListener("keydown", ({ key }) => {
    if (key === "Escape") explain(false);
    hide();
  });
  addEventListener("click", answerInstead, true);
  for (const name of ["pointerdown", "mousedown"]) addEventListener(name, (event) => explaining && holdBack(event), true);
}

/** The pad and the network are looked at while one rests on them: they explain themselves when asked. */
function quiet(control) {
  return control.matches("canvas") && !explaining;
}

function explain(on) {
  explaining = on;
  button.setAttribute("aria-pressed", String(on));
  document.body.classList.toggle("explaining", on);
  hide();
}

function holdBack(event) {
  if (!button.contains(event.target) && event.target.closest?.("[data-help]")) {
    event.preventDefault();
    event.stopPropagation();
  }
}

/** While explaining, a click on a control tells and does not act. */
function answerInstead(event) {
  if (!explaining || button.contains(event.target)) return;
  const control = event.target.closest("[data-help]");
  event.preventDefault();
  event.stopPropagation();
  if (control) show(control);
  else hide();
}

function sentence(name) {
  if (!name.startsWith("setting ")) return SENTENCES[name];
  const setting = state.lab?.settings.find((known) => known.name === name.slice(8));
  return setting && `${setting.name.replaceAll("_", " ")}: ${setting.help}.`;
}

/** The sentence for those who hear the page: it follows the control's name. */
function describe(control) {
  control.setAttribute("aria-description", sentence(control.dataset.help) ?? "");
}

function show(control) {
  const text = sentence(control.dataset.help);
  if (!text) return;
  tip.textContent = text;
  tip.hidden = false;
  const at = control.getBoundingClientRect();
  const below = at.bottom + tip.offsetHeight + 12 < innerHeight;
  const inside = at.height > innerHeight / 3; // a large surface: within it, at its top
  tip.style.left = `${Math.max(8, Math.min(innerWidth - tip.offsetWidth - 8, at.left))}px`;
  tip.style.top = `${inside ? at.top + 8 : below ? at.bottom + 6 : at.top - tip.offsetHeight - 6}px`;
}

function hide() {
  clearTimeout(later);
  tip.hidden = true;
}
