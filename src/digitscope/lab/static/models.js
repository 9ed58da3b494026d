// The models: choosing one, and how to come to a first one of one's own.
import { columnsOf } from "./columns.js";
import { on, send } from "./connection.js";
import { beginMine } from "./mine.js";
import { percent, whole } from "./numbers.js";
import { expectRun } from "./settings.js";
import { change, state, watch } from "./state.js";
import { active } from "./training.js";

const FIRST = "speedrun-98"; // takes about a second
const SUFFIX = /\.safetensors$/;
const select = document.getElementById("model");
let asked = ""; // the model that was asked for last
let spoilt = new Set(); // models that could not be read
let later = 0;
let first = false; // whether a first network of one's own is in training, to be drawn with

/** Begin. */
export function startModels() {
  on("hello", (lab) => {
    asked = "";
    spoilt = new Set();
    change({ lab });
    ask();
  });
  on("models", ({ models }) => {
    change({ lab: { ...state.lab, models } });
    ask();
  });
  on("model", (message) => {
    if (message.id !== asked) return; // another was chosen in the meantime
    change({ network: { ...message, columns: columnsOf(message.layers) }, model: message.id });
  });
  watch(["lab", "network"], show);
  watch(["model"], ask);
  watch(["connected"], () => setTimeout(sayConnected, state.connected ? 0 : 600)); // a blink is no news
  watch(["training", "history", "lab"], sayFirst);
  select.addEventListener("change", () => {
    spoilt.delete(select.value); // it may have been mended
    change({ model: select.value, neuron: "", mine: "" });
  });
  document.getElementById("train-first").addEventListener("click", trainFirst);
  on("error", ({ about, id, what }) => {
    if (about === "model" && id === asked) passOver(id, what);
    if (about === "train") {
      document.getElementById("first-error").textContent = what;
      first = false;
    }
  });
}

/** A model that cannot be read: the one before reads on, or another does. */
function passOver(id, what) {
  spoilt.add(id);
  say(what);
  asked = state.network && state.network.id !== id ? state.network.id : "";
  change({ model: asked });
  ask();
  show();
}

/** A line that is gone after a while; one that is still there is said before it. */
function say(text) {
  const line = document.getElementById("model-words");
  const before = line.hidden || line.textContent.includes(text) ? "" : `${line.textContent}. `;
  line.textContent = before + text;
  line.hidden = false;
  clearTimeout(later);
  later = setTimeout(() => (line.hidden = true), 10_000);
}

function usable() {
  return (state.lab?.models ?? []).filter((model) => model.usable);
}

/** The model that the address asks for, else the one that the server proposes. */
function wanted() {
  const models = usable().filter(({ id }) => !spoilt.has(id));
  const known = models.find(({ id }) => id === state.model) ?? models.find(({ id }) => id === state.lab.model) ?? models[0];
  return known?.id ?? "";
}

function ask() {
  const id = wanted();
  if (!id || id === asked) return;
  if (state.model && id !== state.model) say(`${state.model}: is not there any more, so ${id} reads`);
  asked = id;
  send({ do: "model", id });
}

function show() {
  const models = usable();
  document.getElementById("no-model").hidden = !first && models.some(({ ships }) => !ships);
  document.getElementById("bench").hidden = !state.network;
  document.getElementById("model-chooser").hidden = !models.length;
  const names = models.map(({ name }) => name.replace(SUFFIX, ""));
  select.replaceChildren(
    ...models.map(({ id, name, architecture, accuracy, ships }, i) => {
      const alone = names.filter((other) => other === names[i]).length === 1;
      const right = accuracy === null ? "" : ` · ${percent(accuracy, 2)}`;
      return new Option(`${alone ? names[i] : name}${right} · ${ships ? "shipped" : architecture}`, id); // the end may be cut off
    }),
  );
  select.value = state.network?.id ?? "";
  select.title = select.selectedOptions[0]?.textContent ?? ""; // where it is cut off, it is read here
}

function trainFirst() {
  first = beginMine({ do: "train", recipe: FIRST, settings: {} });
  if (first) expectRun("take");
  document.getElementById("first-error").textContent = "";
}

/** Progress of the first training, told where it was asked for. */
function sayFirst() {
  const { training, history } = state;
  const last = history.at(-1);
  const running = active();
  if (first && training.status === "ended" && usable().some(({ id }) => id === training.run)) {
    first = false;
    show();
  }
  document.getElementById("train-first").disabled = running;
  document.getElementById("first-progress").textContent = !running
    ? ""
    : last
      ? `Epoch ${last.epoch} of ${training.epochs}: ${percent(last.watched_accuracy, 2)} right, ${whole(last.images_per_second)} images a second.`
      : "Starting…";
}

function sayConnected() {
  const line = document.getElementById("connection");
  line.hidden = state.connected;
  line.textContent = state.connected ? "" : "The lab has stopped. Start it again, and this page goes on.";
}
