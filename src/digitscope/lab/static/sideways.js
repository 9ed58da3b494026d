// Strips that are wider than the window: a button at each edge beyond which there is more.

const SOME = 0.7; // of what is seen, that a press goes on by

/** Begin. */
export function startSideways() {
  for (const frame of document.querySelectorAll(".sideways")) equip(frame);
}

function equip(frame) {
  const strip = frame.querySelector(".strip");
  const [back, on] = [button("‹", "More to the left", -1), button("›", "More to the right", 1)];
  frame.append(back, on);
  const show = () => {
    const rest = strip.scrollWidth - strip.clientWidth - strip.scrollLeft;
    back.hidden = strip.scrollLeft < 2;
    on.hidden = rest < 2;
  };
  strip.addEventListener("scroll", show, { passive: true });
  const watcher = new ResizeObserver(show);
  for (const element of [strip, ...strip.children]) watcher.observe(element);
  new MutationObserver(show).observe(strip, { childList: true });

  function button(sign, label, way) {
    const made = Object.assign(document.createElement("button"), { className: way < 0 ? "more-back" : "more-on", textContent: sign, hidden: true });
    made.setAttribute("aria-label", label);
    made.dataset.help = "sideways";
    made.tabIndex = -1; // keys go through the strip itself, which follows them
    made.addEventListener("click", () => strip.scrollBy({ left: way * SOME * strip.clientWidth, behavior: "smooth" }));
    return made;
  }
}
