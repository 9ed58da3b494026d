// Numbers as people read them.

/** A part of 1 in percent, never rounded up to a certainty that was not there. */
export function percent(part, digits = 1) {
  const value = 100 * part;
  const step = 10 ** -digits;
  if (value >= 100) return "100 %";
  if (value > 100 - step / 2) return `>${(100 - step).toFixed(digits)} %`;
  if (value > 0 && value < step / 2) return `<${step.toFixed(digits)} %`;
  return `${value.toFixed(digits)} %`;
}

/** A number of the network, with its sign in one width: "−0.214". */
export function signed(value, digits = 3) {
  if (value === null) return "not a number";
  const text = Math.abs(value) >= 1e4 ? Math.abs(value).toExponential(2) : Math.abs(value).toFixed(digits);
  return value < 0 ? `−${text}` : text;
}

/** A whole number with commas between thousands, as Python writes them. */
export function whole(value) {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A learning rate: as short as it can be said. */
export function short(value) {
  return String(Number(value.toPrecision(3)));
}

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

/** A number to `digits` significant digits, however small or large: "−1.234·10⁻⁶". */
export function exact(value, digits = 4) {
  if (value === null || Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value < 0 ? "−∞" : "∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  if (size >= 0.001 && size < 10 ** digits) return sign + (Number.isInteger(value) ? String(size) : size.toPrecision(digits));
  const [mantissa, exponent] = size.toExponential(digits - 1).split("e");
  return `${sign}${mantissa}·10${[...exponent.replace("+", "")].map((c) => RAISED[c]).join("")}`;
}
