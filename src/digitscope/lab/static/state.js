// The state of the page, in one place. Who wants to know of a change watches its keys.

// What a reload keeps: it is mirrored in the address, after the #.
const STEP = ["stage", "truth", "cost", "rule", "eta", "batch", "of", "weight", "path"]; // of back-propagation
const LASTING = ["view", "model", "image", "drawing", "whole", "neuron", "steps", "recipe", "settings", "form", "run", "mine", "more", "cell", "amount", "exhibit", "taught", "past", "moment", "pace",
  "whyDigit", "whyAgainst", "whyBy", "whyInk", "whyPixel", "whyTarget", "whyKind", "whyFade", ...STEP];

const VIEWS = ["draw", "train", "backprop", "time", "mistakes", "why"];

export const state = {
  view: VIEWS[0],
  model: "", // the id of the model that is asked
  image: "", // "test:100", "file" (kept by the tab), or "" for the drawing
  drawing: "", // the strokes, as strokes.js writes them
  whole: "", // "drawing" or "file": the picture of several digits of which the image is one
  neuron: "", // "column,index" of the neuron that is open
  steps: "", // "open" where the preparation is shown
  recipe: "", // the recipe that training starts from
  settings: {}, // what differs from it
  form: "", // "open" where a phone shows the settings
  run: "", // the training that is shown
  mine: "", // the training that was begun here: when it has ended, its network is the model
  more: "", // by how many epochs it would be trained further, if not 10
  cell: "", // "5,3": fives taken for 3; "5," or ",3"; "doubtful"; "" for all mistakes
  amount: "", // how many images of it are shown, if more than at first
  exhibit: "", // the image that is looked at: "test:123", "train:7"
  taught: "", // "open" where the drawings that the model was taught are shown
  past: "", // the run in the time machine; "" is the one that is trained or read with
  moment: "", // updates of the weights before the frame that is shown there; "" is the last frame
  pace: "", // frames a second, where they are played
  stage: "", // where the batch step is paused: "dW1"
  truth: "", // the true digit, where it is not the label
  cost: "", // the loss, where it is not that of the model's training
  rule: "", // the optimizer, the same
  eta: "", // the learning rate, the same
  batch: "", // how many images the step has, where it is not one
  of: "", // which of them is shown
  weight: "", // "W1:300,17": the weight whose chain rule is open
  path: "", // which terms of its sums are followed

  whyDigit: "", // whose map is large; "" is the answer's
  whyAgainst: "", // rather than what
  whyBy: "", // "path" or "occlusion"; "" is what suits the model
  whyInk: "", // "missing", or "" for the ink that is there
  whyPixel: "", // "row,column" that is read
  whyTarget: "", // what the change is to make of it; "" is the nearest digit
  whyKind: "", // "smooth", "few", or "" for faint
  whyFade: "", // the step from before to after; "" is after

  connected: false,
  lab: null, // the server's hello: models, recipes, settings, engines
  network: null, // the model that answers: its columns, its classes
  answer: null, // the newest answer, with its arrays
  file: null, // the opened file: {name, bytes, picture}, and no picture where the browser knows none
  trying: null, // a file that is not on the pad yet: first it must be known that it can be read
  unread: "", // why the image that is wanted cannot be read
  unreadFile: null, // the file that was tried, in which there may be numbers still
  several: null, // what stands on a picture of several digits: its lines, and the image of each digit
  stages: null, // the steps of the preparation, once asked for
  opened: null, // the arithmetic of the open neuron
  exciting: null, // the test images that excite it
  lessons: null, // what the model that answers was taught
  teaching: "", // "teach" or "unteach" while that is under way
  lesson: "", // the one that was done last
  walk: null, // the batch step at its stage, with its arrays
  chain: null, // the chain rule of the open weight
  training: { status: "idle", run: "", recipe: null, what: "" },
  history: [], // an entry an epoch
  losses: [], // [epoch, batch, loss, images]: the mean loss over these images
  evidence: null, // what speaks for and against each digit
  turning: null, // the smallest change that makes it another
  at: null, // {epoch, batch}: where the training is
  speed: null, // images a second
  features: null,
  confusion: null,
  judged: null, // the confusion matrix of the test set
  shown: null, // the images of the chosen cell
  exhibited: null, // what is known of the image that is looked at
  mistakesError: "",
  pasts: null, // the runs that the time machine can go to
  film: null, // the frames of one of them, and its curves
  frame: null, // what is seen at the frame that is shown
  seen: 0, // how many of its frames are known
  through: null, // what every frame says of what was read last
};

const watchers = [];
const SELDOM = 300; // milliseconds: browsers limit how often an address may change, in the long run
let writing = 0;
let spare = 20; // changes that may be written at once: a reload then finds the last of them
let counted = 0; // when the spare ones were counted
let written = ""; // the view of the address: another is a step that the browser's Back takes back

/** Take new values; whoever watches one that is really new is called, once. */
export function change(values) {
  const changed = Object.keys(values).filter((key) => state[key] !== values[key]);
  if (!changed.length) return;
  Object.assign(state, values);
  for (const [keys, tell] of watchers) {
    if (keys.some((key) => changed.includes(key))) tell(state);
  }
  if (changed.some((key) => LASTING.includes(key)) && !writing) {
    if (maySpend()) write();
    else writing = setTimeout(write, SELDOM);
  }
}

/** Whether the address may change at once; one more change may every while. */
function maySpend() {
  const earned = Math.floor((performance.now() - counted) / SELDOM);
  counted += earned * SELDOM;
  spare = Math.min(20, spare + earned);
  if (spare === 0) return false;
  spare -= 1;
  return true;
}

/** Call `tell` whenever one of the keys has changed. */
export function watch(keys, tell) {
  watchers.push([keys, tell]);
}

/** The lasting part of the state from the address. */
export function restore() {
  const given = new URLSearchParams(location.hash.slice(1));
  const values = { settings: {} };
  for (const key of LASTING) if (key !== "settings") values[key] = given.get(key) ?? "";
  for (const [key, value] of given) {
    if (key.startsWith("set.")) values.settings[key.slice(4)] = value;
  }
  if (!VIEWS.includes(values.view)) values.view = VIEWS[0];
  if (JSON.stringify(values.settings) === JSON.stringify(state.settings)) delete values.settings;
  written = values.view;
  change(values);
}

function write() {
  clearTimeout(writing);
  writing = 0;
  const kept = new URLSearchParams();
  for (const key of LASTING) if (key !== "settings" && state[key]) kept.set(key, state[key]);
  for (const [name, value] of Object.entries(state.settings)) kept.set(`set.${name}`, value);
  if (written === state.view) history.replaceState(null, "", `#${kept}`);
  else history.pushState(null, "", `#${kept}`);
  written = state.view;
}

addEventListener("hashchange", restore);
addEventListener("pagehide", () => {
  written = state.view; // on the way out nothing is added to where one has been
  write();
});
