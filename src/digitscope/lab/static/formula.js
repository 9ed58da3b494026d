// Formulas: text in which _{...} is a subscript and ^{...} a superscript, as elements.

/** Fill an element with a formula; symbols of one letter stand in italics, as in print. */
export function typeset(element, text) {
  element.replaceChildren(...nodesOf(text));
  return element;
}

/** A formula as plain text, for those who hear it. */
export function plain(text) {
  return text.replaceAll(/[_^]\{([^{}]*)\}/g, "$1").replaceAll(/[{}]/g, "");
}

function nodesOf(text) {
  const nodes = [];
  let plainly = "";
  const flush = () => {
    for (const piece of plainly.split(/(\p{L}+′?)/u)) {
      if (/^(?:d?\p{L}̂?|\p{L})$/u.test(piece)) nodes.push(Object.assign(document.createElement("var"), { textContent: piece }));
      else if (piece) nodes.push(document.createTextNode(piece));
    }
    plainly = "";
  };
  for (let i = 0; i < text.length; i++) {
    if ((text[i] !== "_" && text[i] !== "^") || text[i + 1] !== "{") {
      plainly += text[i];
      continue;
    }
    flush();
    const end = closing(text, i + 1);
    const small = document.createElement(text[i] === "_" ? "sub" : "sup");
    small.append(...nodesOf(text.slice(i + 2, end)));
    nodes.push(small);
    i = end;
  }
  flush();
  return nodes;
}

/** Where the brace that opens at `start` is closed. */
function closing(text, start) {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    if (text[i] === "{") depth += 1;
    if (text[i] === "}" && --depth === 0) return i;
  }
  return text.length;
}
