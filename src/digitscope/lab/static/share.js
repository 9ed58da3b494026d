// Taking things along: the model as a page of its own or as its file, the run, the network's 28×28.
import { on, send } from "./connection.js";
import { saveBlob } from "./download.js";
import { state, watch } from "./state.js";

const KINDS = { share: "text/html", file: "application/octet-stream" };
const button = { share: document.getElementById("share"), file: document.getElementById("model-file") };
const words = document.getElementById("share-words");
const run = document.getElementById("run-zip");
const seen = document.getElementById("seen-png");
let later = 0;

/** Begin. */
export function startShare() {
  for (const kind of Object.keys(KINDS)) {
    button[kind].addEventListener("click", () => send({ do: kind }) && (button[kind].disabled = true));
    on(kind, ({ name }, buffer) => {
      saveBlob(new Blob([buffer], { type: KINDS[kind] }), name);
      say(kind === "share" ? `${name}: opens in any browser, without the lab` : `${name} saved`);
    });
  }
  on("error", ({ about, what }) => about in KINDS && say(what));
  seen.addEventListener("click", saveSeen);
  watch(["network", "connected"], show);
  watch(["training"], showRun);
  watch(["answer"], () => (seen.hidden = !state.answer));
  show();
  showRun();
}

function say(text) {
  show();
  words.textContent = text;
  words.hidden = false;
  clearTimeout(later);
  later = setTimeout(() => (words.hidden = true), 6000);
}

function show() {
  for (const kind of Object.keys(KINDS)) {
    button[kind].hidden = !state.network;
    button[kind].disabled = !state.connected;
  }
}

function showRun() {
  const { run: id, status } = state.training;
  run.hidden = !id || status === "starting";
  run.href = `archive/${id.split("/").map(encodeURIComponent).join("/")}`;
  run.download = `${id.split("/").at(-1)}.zip`;
}

/** The 28×28 pixels that the network got, each one pixel of a PNG, ink on paper. */
function saveSeen() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 28, height: 28 });
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(28, 28);
  state.answer.input.forEach((ink, i) => pixels.data.set([255 - ink, 255 - ink, 255 - ink, 255], 4 * i));
  context.putImageData(pixels, 0, 0);
  canvas.toBlob((blob) => saveBlob(blob, `${state.image.replace(":", "-") || "drawing"}-28x28.png`));
}
