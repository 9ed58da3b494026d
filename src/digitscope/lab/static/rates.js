// What other learning rates would have done: the loss after one update, for every rate.
import { exact } from "./numbers.js";

const [W, H] = [240, 130];

/** A small chart of [rate, loss] pairs, with the loss before and the rate that was taken. */
export function ratesPlot({ rates, J, eta }) {
  const known = rates.filter(([, loss]) => loss !== null);
  const top = 2.2 * J || Math.max(...known.map(([, loss]) => loss), 1e-12);
  const [left, right] = [Math.log10(rates[0][0]), Math.log10(rates.at(-1)[0])];
  const x = (rate) => (W * (Math.log10(rate) - left)) / (right - left);
  const y = (loss) => H - (H * Math.min(top, loss)) / top;
  const figure = document.createElement("figure");
  figure.className = "rates";
  figure.dataset.download = "loss by rate";
  figure.innerHTML = `<figcaption><b>Other rates</b></figcaption>
    <svg viewBox="-4 -8 ${W + 8} ${H + 34}" role="img"><line class="before"/><path class="line"/><line class="taken"/><g></g></svg>`;
  const svg = figure.querySelector("svg");
  svg.setAttribute("aria-label", `The loss after the update for rates from ${rates[0][0]} to ${rates.at(-1)[0]}; before it was ${exact(J)}`);
  set(svg.querySelector(".before"), { x1: 0, x2: W, y1: y(J), y2: y(J) });
  set(svg.querySelector(".taken"), { x1: x(eta), x2: x(eta), y1: 0, y2: H });
  set(svg.querySelector(".line"), { d: known.map(([rate, loss], i) => `${i ? "L" : "M"}${x(rate).toFixed(1)} ${y(loss).toFixed(1)}`).join("") });
  const words = svg.querySelector("g");
  for (const [rate, anchor] of [[rates[0][0], "start"], [0.01, "middle"], [0.1, "middle"], [1, "middle"], [rates.at(-1)[0], "end"]]) {
    words.append(text(short(rate), x(rate), H + 14, anchor));
  }
  words.append(text(`J before: ${exact(J, 3)}`, 0, y(J) - 4, "start"), text("η", W / 2, H + 25, "middle"));
  return figure;
}

function short(rate) {
  return String(Number(rate.toPrecision(1)));
}

function set(element, values) {
  for (const [name, value] of Object.entries(values)) element.setAttribute(name, value);
}

function text(words, x, y, anchor) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", "text");
  set(element, { x, y, "text-anchor": anchor });
  element.textContent = words;
  return element;
}
