// Images from elsewhere: opened, dropped, pasted, or picked from the test set.
import { layPicture } from "./pad.js";
import { change, state, watch } from "./state.js";

const LAST = 9999; // the test set's last image
const KEPT = "digitscope opened file"; // in the tab's own storage, so that a reload finds it

const number = document.getElementById("test-number");
let opened = null; // {name, bytes}

/** The opened file; null where there is none. */
export function openedFile() {
  return opened;
}

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
  follow();
  if (state.image === "file") await reopen();
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
  number.addEventListener("input", () => /^\d+$/.test(number.value) && pick(now()));
  number.addEventListener("keydown", ({ key }) => {
    if (key === "ArrowUp") pick(now() + 1);
    if (key === "ArrowDown") pick(now() - 1);
  });
  document.getElementById("test-back").addEventListener("click", () => pick(now() - 1));
  document.getElementById("test-next").addEventListener("click", () => pick(number.value ? now() + 1 : 0));
  document.getElementById("test-any").addEventListener("click", () => pick(Math.floor(Math.random() * (LAST + 1))));
}

function follow() {
  const found = /^test:(\d+)$/.exec(state.image);
  number.value = found ? found[1] : "";
}

async function take(file) {
  const most = state.lab?.limits.bytes;
  if (file.size > most) {
    change({ view: "draw" });
    document.getElementById("read-error").textContent = `${file.name || "pasted"}: has ${megabytes(file.size)} MB, at most ${megabytes(most)} are read: make it smaller`;
    return;
  }
  opened = { name: file.name || "pasted", bytes: await file.arrayBuffer() };
  keep();
  change({ image: "", view: "draw" }); // so that a second file is a change too
  await lay(file);
  change({ image: "file" });
}

function megabytes(bytes) {
  return Math.ceil(bytes / 1e6);
}

/** The picture on the pad; what this browser cannot decode the server may still know. */
async function lay(blob) {
  const picture = await createImageBitmap(blob).catch(() => null);
  layPicture(picture);
}

function keep() {
  const bytes = new Uint8Array(opened.bytes);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  try {
    sessionStorage.setItem(KEPT, JSON.stringify({ name: opened.name, bytes: btoa(text) }));
  } catch {
    sessionStorage.removeItem(KEPT); // too large for the tab: a reload asks for it again
  }
}

async function reopen() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  if (!kept) {
    change({ image: "" });
    return;
  }
  opened = { name: kept.name, bytes: Uint8Array.from(atob(kept.bytes), (c) => c.charCodeAt(0)).buffer };
  await lay(new Blob([opened.bytes]));
}
