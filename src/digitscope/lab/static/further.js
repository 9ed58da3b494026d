// Training further: a finished run gets more epochs; the run of the model that is chosen can be opened.
import { on, send } from "./connection.js";
import { beginMine } from "./mine.js";
import { expectRun } from "./settings.js";
import { change, state, watch } from "./state.js";
import { active } from "./training.js";

const USUAL = 10; // epochs
const MOST = 9999;

const more = document.getElementById("more-epochs");
const other = document.getElementById("open-run");

/** Begin. */
export function startFurther() {
  more.addEventListener("input", () => change({ more: /^[1-9]\d*$/.test(more.value) ? more.value : "" }));
  more.addEventListener("change", showNumber);
  more.addEventListener("keydown", ({ key }) => {
    const way = { ArrowUp: 1, ArrowDown: -1, Enter: 0 }[key];
    if (way === 0) goOn();
    else if (way) change({ more: String(Math.min(MOST, Math.max(1, wanted() + way))) });
    if (way) showNumber();
  });
  document.getElementById("train-on").addEventListener("click", goOn);
  other.addEventListener("click", () => {
    if (send({ do: "watch", run: state.model })) expectRun("take");
  });
  on("error", ({ about, what }) => {
    if (about === "resume" || about === "watch") document.getElementById("train-error").textContent = what;
  });
  watch(["training", "model", "lab", "connected"], show);
  watch(["more"], () => document.activeElement !== more && showNumber());
  showNumber();
  show();
}

function wanted() {
  return Number(state.more) || USUAL;
}

function goOn() {
  document.getElementById("train-error").textContent = "";
  beginMine({ do: "resume", run: state.training.run, more_epochs: wanted() });
}

function showNumber() {
  more.value = wanted();
}

function show() {
  const { status, run, reason } = state.training;
  const finished = status === "ended" && run !== "" && (reason === "done" || reason === "patience");
  document.getElementById("further").hidden = !finished;
  document.getElementById("train-on").disabled = !state.connected;
  const model = state.lab?.models.find(({ id }) => id === state.model);
  const isRun = model && !model.ships && !model.id.endsWith(".safetensors");
  other.hidden = !isRun || active() || model.id === run;
  other.textContent = `Open ${model?.name}`;
}
