// The answer: the digit, a bar for each, and the 28x28 pixels that the network got.

const MORE_LIKELY_NONE = 0.5; // of "not a digit": from here on no digit is the better answer
const element = (id) => document.getElementById(id);

let rows = [];
let speaking = 0;

/** Bars for the digits, and one for "not a digit" where the network knows of it. */
function startAnswer(classes, refuses) {
  element("bars").classList.toggle("refusing", refuses);
  rows = [...classes, ...(refuses ? ["none"] : [])].map((name) => {
    const row = document.createElement("li");
    row.innerHTML = "<b></b><span><i></i></span><em></em>";
    row.querySelector("b").textContent = name;
    element("bars").append(row);
    return { row, name };
  });
}

/** What a network's probabilities say of an image: those of the digits given that it is one, and that
 * it is none. `P` holds as many as the network has outputs. */
function judge(P, classes) {
  const told = P.length === 1 ? [1 - P[0], P[0]] : [...P];
  const none = told.length > classes.length ? told[classes.length] : 0;
  const digits = told.slice(0, classes.length);
  const all = digits.reduce((a, b) => a + b, 0) || 1;
  const best = digits.indexOf(Math.max(...digits));
  return { digit: classes[best], sure: digits[best] / all, none, told, best, rejected: none > MORE_LIKELY_NONE };
}

/** Show an answer and the image it is about; null for an empty pad. */
function showAnswer(answer, image) {
  const none = answer?.rejected ?? false;
  element("digit").textContent = answer ? (none ? "?" : answer.digit) : " ";
  element("sure").textContent = answer ? (none ? "not a digit" : percent(answer.sure)) : " ";
  rows.forEach(({ row }, i) => {
    const p = answer?.told[i] ?? 0;
    row.querySelector("i").style.transform = `scaleX(${p})`;
    row.querySelector("em").textContent = answer ? percent(p) : "";
    row.classList.toggle("best", answer !== null && i === (none ? answer.told.length - 1 : answer.best));
  });
  paint(image);
  clearTimeout(speaking); // a screen reader hears where the pen rests, not every point of its way
  if (answer) speaking = setTimeout(() => (element("spoken").textContent = none ? "not a digit" : `${answer.digit}, ${percent(answer.sure)}`), 400);
}

function paint(image) {
  const canvas = element("seen");
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(28, 28);
  for (let i = 0; i < 784; i++) pixels.data.set([255, 255, 255, image ? image[i] : 0], 4 * i);
  context.putImageData(pixels, 0, 0);
}

/** A part of 1 in percent, never rounded up to a certainty that was not there. */
function percent(part) {
  const value = 100 * part;
  if (value >= 100) return "100 %";
  if (value > 99.95) return ">99.9 %";
  if (value > 0 && value < 0.05) return "<0.1 %";
  return `${value.toFixed(1)} %`;
}

export { judge, percent, showAnswer, startAnswer };
