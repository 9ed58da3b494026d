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

/** A whole number with thin spaces between thousands. */
export function whole(value) {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, " ");
}

/** A learning rate: as short as it can be said. */
export function short(value) {
  return String(Number(value.toPrecision(3)));
}
