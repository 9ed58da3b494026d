// The settings of the next training: a recipe, and what differs from it.
import { change, state, watch } from "./state.js";
import { active } from "./training.js";

const FIRST = ["hidden", "activation", "loss", "output", "optimizer", "batch_size", "epochs", "engine"];
const TOLD = ["name", "description", "source"]; // what a recipe says of itself
const ELSEWHERE = [...TOLD, "learning_rate"]; // the rate has its own place
const USUAL = "lesson"; // the recipe where none is chosen
const LONG = 20; // letters of a choice for which there is no room beside its name
const NAMES = { hidden: "hidden layers", batch_size: "batch", l2: "L2 penalty", init: "first weights" };

const form = document.getElementById("settings");
const toggle = document.getElementById("settings-toggle"); // where a phone has no room beside the curves
const fields = new Map();
let shown = null; // the run whose settings were looked at last
let taken = chosen("", {}); // what was taken from a run; what differs from it was chosen here
let next = ""; // "take" or "keep": what the next run is to do with the settings here

/** Begin. */
export function startSettings() {
  form.addEventListener("submit", (event) => event.preventDefault());
  watch(["lab"], build);
  watch(["training", "lab"], takeFromRun);
  watch(["recipe", "settings", "training", "form"], show);
  toggle.addEventListener("click", () => change({ form: state.form ? "" : "open" }));
}

/** The next run that is shown was asked for by name ("take" its settings), or begins with these ("keep"). */
export function expectRun(what) {
  next = what;
}

/** The settings of the run that is shown, unless others were chosen here. */
function takeFromRun() {
  const { run, recipe: used } = state.training;
  if (!state.lab || !run || !used || run === shown) return;
  shown = run;
  const own = chosen(state.recipe, state.settings) !== taken;
  const keep = next === "keep" || (next !== "take" && own);
  next = "";
  if (keep) return;
  const base = state.lab.recipes.find(({ name }) => name === used.name) ?? state.lab.recipes.find(({ name }) => name === USUAL);
  const names = state.lab.settings.map(({ name }) => name).filter((name) => name in used && String(used[name]) !== String(base[name]));
  const settings = Object.fromEntries(names.map((name) => [name, String(used[name])]));
  for (const name of TOLD) delete settings[name];
  if (base.engine === "auto" && used.engine === "fast") delete settings.engine; // which "auto" means
  taken = chosen(base.name, settings);
  change({ recipe: base.name, settings });
}

function chosen(recipe, settings) {
  return JSON.stringify([recipe, Object.entries(settings).sort()]);
}

/** The recipe that is chosen. */
function recipe() {
  const { recipes } = state.lab;
  return recipes.find(({ name }) => name === state.recipe) ?? recipes.find(({ name }) => name === USUAL);
}

/** The value that a setting has for the next training. */
export function effective(name) {
  return state.settings[name] ?? String(recipe()[name]);
}

/** What the server is told to train. */
export function startingPoint() {
  return { recipe: recipe().name, settings: state.settings };
}

function build() {
  if (fields.size) return;
  const more = document.createElement("details");
  more.append(Object.assign(document.createElement("summary"), { textContent: "More settings" }));
  more.firstChild.dataset.help = "more";
  form.append(recipeField());
  const known = new Map(state.lab.settings.map((setting) => [setting.name, setting]));
  for (const name of FIRST) if (known.has(name)) form.append(field(known.get(name)));
  for (const [name, setting] of known) {
    if (!FIRST.includes(name) && !ELSEWHERE.includes(name)) more.append(field(setting));
  }
  form.append(more);
  show();
}

function recipeField() {
  const select = document.createElement("select");
  select.dataset.help = "recipe";
  for (const { name } of state.lab.recipes) select.append(new Option(name, name));
  select.addEventListener("change", () => change({ recipe: select.value, settings: {} }));
  const line = labelled("recipe", "recipe", select);
  const words = Object.assign(document.createElement("p"), { className: "muted small", id: "recipe-words" });
  const both = document.createElement("div");
  both.append(line, words);
  fields.set("recipe", select);
  return both;
}

function field(setting) {
  const control = setting.kind === "choice" || setting.kind === "flag" ? choices(setting) : written(setting);
  control.dataset.help = `setting ${setting.name}`;
  control.addEventListener("input", () => take(setting.name, control.value.trim()));
  fields.set(setting.name, control);
  return labelled(setting.name, NAMES[setting.name] ?? setting.name.replaceAll("_", " "), control);
}

function choices(setting) {
  const select = document.createElement("select");
  for (const value of setting.kind === "flag" ? ["true", "false"] : setting.choices) {
    const option = new Option(value.replaceAll("_", " "), value);
    const engine = setting.name === "engine" && state.lab.engines.find(({ name }) => name === value);
    if (engine?.lacking) {
      option.disabled = true;
      option.title = engine.lacking;
    }
    select.append(option);
  }
  return select;
}

function written({ kind }) {
  const input = document.createElement("input");
  input.inputMode = { whole: "numeric", real: "decimal" }[kind] ?? "text";
  input.spellcheck = false;
  return input;
}

function labelled(name, words, control) {
  control.id = `set-${name}`;
  const line = document.createElement("div");
  line.className = "field";
  line.classList.toggle("long", [...(control.options ?? [])].some(({ text }) => text.length > LONG));
  const label = Object.assign(document.createElement("label"), { htmlFor: control.id, textContent: words });
  line.append(label, control);
  return line;
}

function take(name, value) {
  const settings = { ...state.settings, [name]: value };
  if (value === String(recipe()[name])) delete settings[name];
  change({ settings });
}

/** While a training runs, what it runs with; else what the next one would. */
function show() {
  if (!fields.size) return;
  const busy = active();
  const running = busy ? state.training.recipe : null;
  const shownRecipe = running?.name ?? recipe().name;
  for (const [name, control] of fields) {
    control.disabled = busy;
    control.classList.toggle("changed", !busy && name in state.settings);
    if (control === document.activeElement && !busy) continue; // somebody is writing there
    if (name === "recipe") control.value = shownRecipe;
    else control.value = running ? String(running[name]) : effective(name);
  }
  const told = state.lab.recipes.find(({ name }) => name === shownRecipe);
  document.getElementById("recipe-words").textContent = told?.description ?? "";
  const changes = busy ? 0 : Object.keys(state.settings).length;
  toggle.textContent = `Settings: ${shownRecipe}${changes ? `, ${changes} changed` : ""}`;
  toggle.setAttribute("aria-expanded", String(state.form === "open"));
}
