// Downloads: a figure that says data-download="its name" gets a button, and becomes a picture of what
// it shows, on its own background.
import { pictureOf } from "./figures.js";
import { state } from "./state.js";

const NS = "http://www.w3.org/2000/svg";

/** Begin: the figures that are there, and those that come later. */
export function startDownloads() {
  equip(document.body);
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      for (const node of addedNodes) if (node.nodeType === 1) equip(node);
      if (target.matches("[data-download]")) equip(target); // its view has drawn it anew
    }
  }).observe(document.body, { childList: true, subtree: true });
}

function equip(root) {
  const inside = [...root.querySelectorAll("[data-download]")];
  for (const figure of root.matches("[data-download]") ? [root, ...inside] : inside) {
    if (figure.querySelector(":scope > .download, :scope > figcaption > .download")) continue;
    const title = figure.dataset.download;
    const button = downloadButton(`Download ${title}`);
    button.addEventListener("click", () => save(figure, title));
    const heading = figure.querySelector(":scope > figcaption > h2");
    if (heading) heading.after(button);
    else (figure.querySelector(":scope > figcaption") ?? figure).append(button);
  }
}

/** A round button with an arrow into a tray. */
function downloadButton(label) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "download" });
  button.setAttribute("aria-label", label);
  button.dataset.help = "download";
  const icon = document.createElementNS(NS, "svg");
  icon.setAttribute("viewBox", "0 0 16 16");
  icon.setAttribute("aria-hidden", "true");
  icon.setAttribute("class", "icon");
  const path = document.createElementNS(NS, "path");
  path.setAttribute("d", "M8 2v7.5M4.8 6.5 8 9.7l3.2-3.2M2.5 11v2.5h11V11");
  icon.append(path);
  button.append(icon);
  return button;
}

async function save(figure, title) {
  const picture = await pictureOf(figure);
  if (picture) saveBlob(picture, `${named()}${title.replaceAll(/[ /]+/g, "-")}.${picture.type.includes("svg") ? "svg" : "png"}`);
}

/** What a file's name begins with: the model that is looked at, or the run. */
function named() {
  const id = { train: state.run, time: state.film?.run }[state.view] ?? state.model;
  const name = id.split("/").at(-1).replace(/\.safetensors$/, "");
  return name ? `${name}-` : "";
}

/** Put a file among the user's downloads. */
export function saveBlob(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
