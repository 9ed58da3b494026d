// Where fingers come, the network is as wide as they need, and scrolls sideways in its frame.
import { widthForFingers } from "./layout.js";
import { state, watch } from "./state.js";

const FINGERS = matchMedia("(pointer: coarse), (max-width: 40rem)");
const strip = document.getElementById("stage-strip");
const stage = document.getElementById("stage");
const canvas = document.getElementById("network");
const tip = document.getElementById("tip");

/** Begin. */
export function startFingers() {
  watch(["network"], widen);
  FINGERS.addEventListener("change", widen);
  new ResizeObserver(widen).observe(strip);
  // What the keys have come to is brought into sight.
  canvas.addEventListener("keydown", () => tip.hidden || tip.scrollIntoView({ block: "nearest", inline: "nearest" }));
}

function widen() {
  const { clientWidth: width, clientHeight: height } = strip;
  if (!state.network || !width) return;
  const unit = parseFloat(getComputedStyle(stage).fontSize);
  const wanted = FINGERS.matches ? widthForFingers(state.network.columns, width, height, unit) : width;
  stage.style.minWidth = wanted > width ? `${wanted}px` : "";
}
