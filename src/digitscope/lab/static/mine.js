// The training that was begun on this page: when it has ended, its network is the model here. Other
// pages of the lab keep theirs, and so does this one where another was chosen in the meantime.
import { on, send } from "./connection.js";
import { change, state, watch } from "./state.js";
import { active } from "./training.js";

let begun = null; // {run, before}: its name, "" of a new one, and which run was shown before

/** Begin a training, or go on with one; false where nobody listens. */
export function beginMine(message) {
  if (!send(message)) return false;
  begun = { run: message.run ?? "", before: state.training.run };
  change({ mine: "" });
  return true;
}

/** Begin to listen. */
export function startMine() {
  watch(["training"], notice);
  watch(["training", "lab"], take);
  on("error", ({ about }) => {
    if (["train", "resume"].includes(about)) begun = null;
  });
}

/** It has begun, or it could not. */
function notice() {
  const { run, status } = state.training;
  if (!begun) return;
  if (begun.run ? run === begun.run && active() : run && run !== begun.before) {
    begun = null;
    change({ mine: run });
  } else if (!run && status === "ended") begun = null;
}

function take() {
  const { mine, training, lab } = state;
  if (!mine || !training.run || (training.run === mine && training.status !== "ended")) return;
  if (training.run === mine && training.reason === "diverged") change({ mine: "" });
  else if (lab?.models.some(({ id, usable }) => usable && id === mine)) change({ model: mine, mine: "", neuron: "" });
}
