// The views: tabs that keys move between, as tabs do.
import { change, state, watch } from "./state.js";

const tabs = [...document.querySelectorAll("[role=tab]")];

/** Begin. */
export function startViews() {
  for (const [i, tab] of tabs.entries()) {
    tab.addEventListener("click", () => change({ view: viewOf(tab) }));
    tab.addEventListener("keydown", ({ key }) => {
      const way = { ArrowLeft: -1, ArrowRight: 1 }[key];
      if (!way) return;
      const next = tabs[(i + way + tabs.length) % tabs.length];
      change({ view: viewOf(next) });
      next.focus();
    });
  }
  watch(["view"], show);
  show();
}

function viewOf(tab) {
  return tab.getAttribute("aria-controls");
}

function show() {
  for (const tab of tabs) {
    const chosen = viewOf(tab) === state.view;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    document.getElementById(viewOf(tab)).hidden = !chosen;
    if (chosen) tab.scrollIntoView({ block: "nearest", inline: "nearest" }); // on a phone they do not all fit
  }
}
