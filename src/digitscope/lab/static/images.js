// Images from elsewhere: opened, dropped, pasted, or picked from the test set.
import { change, state, watch } from "./state.js";

const LAST = 9999; // the test set's last image
const KEPT = "digitscope opened file"; // in the tab's own storage, so that a reload finds it

const number = document.getElementById("test-number");

/** Begin. */
export async function startImages() {
  const input = document.getElementById("file");
  document.getElementById("open").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    if (input.files[0]) take(input.files[0]);
    input.value = "";
  });
  addEventListener("paste", ({ clipboardData }) => {
    const file = [...(clipboardData?.files ?? [])][0];
    if (file) take(file);
  });
  listenToDrops();
  listenToNumbers();
  watch(["image"], follow);
  watch(["file"], keep);
  follow();
  if (state.image === "file" || state.whole === "file") await reopen();
}

function listenToDrops() {
  const curtain = document.getElementById("drop");
  const carries = ({ dataTransfer }) => [...dataTransfer.types].includes("Files");
  addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    curtain.hidden = false;
  });
  addEventListener("dragleave", ({ relatedTarget }) => (curtain.hidden = relatedTarget === null || curtain.hidden));
  addEventListener("drop", (event) => {
    curtain.hidden = true;
    if (!carries(event)) return;
    event.preventDefault();
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
}

function listenToNumbers() {
  const now = () => Number(number.value) || 0;
  const pick = (i) => change({ image: `test:${Math.min(LAST, Math.max(0, i))}`, view: "draw" });
  number.addEventListener("input", () => typed(number.value, pick));
  number.addEventListener("keydown", ({ key }) => {
    if (key === "ArrowUp") pick(now() + 1);
    if (key === "ArrowDown") pick(now() - 1);
  });
  document.getElementById("test-back").addEventListener("click", () => pick(now() - 1));
  document.getElementById("test-next").addEventListener("click", () => pick(number.value ? now() + 1 : 0));
  document.getElementById("test-any").addEventListener("click", () => pick(Math.floor(Math.random() * (LAST + 1))));
}

/** A number that is being typed: it picks an image, or a line says which there are. */
export function typed(text, pick) {
  if (!/^\d+$/.test(text)) return;
  const i = Number(text);
  if (i <= LAST) pick(i);
  change({ unread: i <= LAST ? "" : `There is no test image ${text}: they are 0 to ${LAST}.` });
}

function follow() {
  const found = /^test:(\d+)$/.exec(state.image);
  number.value = found ? found[1] : "";
}

/** A file is tried first: one that cannot be read leaves the pad and the answer as they are. */
async function take(file) {
  const name = file.name || "pasted";
  const most = state.lab?.limits.bytes;
  if (file.size > most) {
    change({ view: "draw", unread: `${name}: has ${megabytes(file.size)} MB, at most ${megabytes(most)} are read: make it smaller.` });
    return;
  }
  change({ view: "draw", trying: await opened(file, name) });
}

function megabytes(bytes) {
  return Math.ceil(bytes / 1e6);
}

/** What this browser cannot decode the server may still know. */
async function opened(blob, name) {
  const picture = await createImageBitmap(blob).catch(() => null);
  return { name, bytes: await blob.arrayBuffer(), picture };
}

function keep() {
  const bytes = new Uint8Array(state.file.bytes);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  try {
    sessionStorage.setItem(KEPT, JSON.stringify({ name: state.file.name, bytes: btoa(text) }));
  } catch {
    sessionStorage.removeItem(KEPT); // too large for the tab: a reload asks for it again
  }
}

async function reopen() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  if (!kept) {
    change(state.image === "file" ? { image: "" } : { whole: "" });
    return;
  }
  change({ file: await opened(new Blob([Uint8Array.from(atob(kept.bytes), (c) => c.charCodeAt(0))]), kept.name) });
}
