// The training's buttons, its learning rate, and where it is.
import { on, send } from "./connection.js";
import { beginMine } from "./mine.js";
import { percent, short, whole } from "./numbers.js";
import { sentence } from "./sentence.js";
import { change, state, watch } from "./state.js";
import { effective, expectRun, startingPoint } from "./settings.js";
import { active, startTraining } from "./training.js";

const byId = (id) => document.getElementById(id);
const WORDS = { idle: "Train", starting: "Starting…", running: "Pause", paused: "Continue", judging: "Judging…" };
const REASONS = {
  done: "Done.",
  patience: "Stopped: no better epoch for a while.",
  message: "Stopped.",
  diverged: "Stopped.",
};

const FINISHED = ["done", "patience", "diverged"];

let then = null; // the step that was asked for before the training stood ready
let before = ""; // the run of that moment
let awaited = ""; // what is said from a click on a step until its first batch
let stood = null; // where the training was at that click
let newRate = null; // a learning rate that is on its way: the slider moves faster than it is told
let later = 0;

/** Begin. */
export function startTrain() {
  startTraining();
  byId("play").addEventListener("click", play);
  byId("step-batch").addEventListener("click", () => step(1));
  byId("step-epoch").addEventListener("click", () => step("epoch"));
  byId("stop").addEventListener("click", () => send({ do: "stop" }));
  byId("try").addEventListener("click", () => change({ model: state.training.run, view: "draw", neuron: "", mine: "" }));
  byId("resume").addEventListener("click", () => beginMine({ do: "resume", run: state.training.run }));
  byId("reset").addEventListener("click", () => send({ do: "forget" }) && change({ mine: "" }));
  byId("rate").addEventListener("input", () => setRate(Number((10 ** byId("rate").value).toPrecision(2))));
  byId("rate-number").addEventListener("change", () => {
    const value = Number(byId("rate-number").value);
    sayError(value > 0 ? "" : "The learning rate must be a number above 0, such as 0.1.");
    if (value > 0) setRate(value);
    else byId("rate-number").value = short(rateNow());
  });
  on("error", ({ about, what }) => {
    if (about !== "train") return;
    then = null; // the step that waits for this training is off too
    arrived();
    sayError(what);
  });
  watch(["training", "connected", "lab", "model"], showButtons);
  watch(["training", "at", "speed", "history"], showFacts);
  watch(["training", "lab", "recipe", "settings"], showRate);
  watch(["training"], goOn);
  watch(["at"], () => state.at && state.at !== stood && arrived());
  watch(["training"], () => awaited && then === null && !active() && arrived()); // stopped before its step
  showButtons();
  showFacts();
}

function play() {
  tellRate();
  const { status } = state.training;
  if (status === "running") send({ do: "pause" });
  else if (status === "paused") send({ do: "continue" });
  else begin(false);
}

function begin(paused) {
  sayError("");
  if (beginMine({ do: "train", ...startingPoint(), paused })) expectRun("keep");
}

function step(batches) {
  tellRate();
  awaited = active() ? "On its way…" : "Starting…";
  stood = state.at;
  showButtons();
  if (active()) {
    send({ do: "advance", batches });
    return;
  }
  then = batches;
  before = state.training.run;
  begin(true);
}

/** The step has been made, or it could not be. */
function arrived() {
  awaited = "";
  showButtons();
}

/** The step that was asked for, once the training stands ready. */
function goOn() {
  if (then === null || state.training.run === before) return;
  if (state.training.status === "paused") {
    const batches = then;
    then = null;
    send({ do: "advance", batches });
  } else if (!active()) then = null;
}

function setRate(value) {
  if (!active()) {
    change({ settings: { ...state.settings, learning_rate: String(value) } });
    return;
  }
  change({ training: { ...state.training, rate: value } });
  newRate = value;
  later ||= setTimeout(tellRate, 60);
}

/** What is asked for after a new rate finds it in force. */
function tellRate() {
  clearTimeout(later);
  later = 0;
  if (newRate !== null) send({ do: "rate", learning_rate: newRate });
  newRate = null;
}

function rateNow() {
  return active() ? (state.training.rate ?? state.training.recipe?.learning_rate) : Number(effective("learning_rate"));
}

function showRate() {
  if (!state.lab) return;
  const value = rateNow();
  if (!value) return;
  if (document.activeElement !== byId("rate-number")) byId("rate-number").value = short(value);
  byId("rate").value = Math.log10(value);
  byId("rate-now").textContent = short(value);
  byId("rate").setAttribute("aria-valuetext", short(value));
}

function showButtons() {
  const { status } = state.training;
  const ready = state.connected && state.lab !== null && status !== "starting" && status !== "judging";
  byId("play").textContent = WORDS[status] ?? "Train again";
  byId("play").disabled = !ready;
  byId("step-batch").disabled = byId("step-epoch").disabled = !ready || status === "running";
  byId("stop").disabled = !state.connected || !active() || status === "judging";
  byId("reset").disabled = !state.connected || status === "idle";
  const left = document.activeElement === byId("stop") && byId("resume").hidden; // whose place Resume takes
  byId("resume").hidden = !(status === "ended" && state.training.run && !FINISHED.includes(state.training.reason));
  if (left && !byId("resume").hidden) byId("resume").focus();
  byId("try").hidden = !state.lab?.models.some(({ id, usable }) => usable && id === state.training.run);
  byId("train-state").textContent = told(state.training);
}

/** Where the training stands, in a line. */
function told({ status, run, what, reason, evaluated, note }) {
  if (awaited && status !== "starting" && !(status === "ended" && what)) return awaited;
  const where = run ? ` Its folder is ${run}.` : "";
  if (status === "idle") return "Press Train, or go step by step.";
  if (status === "starting") return "Reading the images and starting…";
  if (status === "judging") return "Trained. The test set judges it…";
  if (status === "paused") return `Paused.${where}`;
  if (status === "running") return `Training.${where}${note ? ` Note: ${note}.` : ""}`;
  const judged = evaluated?.accuracy ? ` On the test set ${percent(evaluated.accuracy, 2)} are right.` : "";
  const chosen = run && run === state.model ? " It is the model chosen above now." : "";
  return `${REASONS[reason] ?? "Ended."}${judged}${what ? ` ${sentence(what)}` : ""}${where}${chosen}`;
}

function showFacts() {
  const { training, at, speed, history } = state;
  const last = history.at(-1);
  const epochs = training.epochs ?? 0;
  byId("fact-epoch").textContent = last || at ? `${Math.max(at?.epoch ?? 0, last?.epoch ?? 0)} of ${epochs}` : "–";
  const ended = last && last.epoch >= (at?.epoch ?? 0);
  byId("fact-batch").textContent = at ? `${ended ? training.batches : at.batch} of ${training.batches}` : "–";
  byId("fact-speed").textContent = speed ? whole(speed) : "–";
  byId("fact-accuracy-name").textContent = `${training.watched ?? "validation"} accuracy`;
  byId("fact-accuracy").textContent = last ? percent(last.watched_accuracy, 2) : "–";
}

function sayError(what) {
  byId("train-error").textContent = what;
}
