// Sentences: what the engine says in one line, for the shell, stands on the page among sentences.

/** A line as a sentence; the name of a file or a setting that it begins with stays as it is written. */
export function sentence(line) {
  const plain = /^[a-z]+[ ,]/.test(line) && !/^[^:]*\.\w+: /.test(line);
  const begun = plain ? line[0].toUpperCase() + line.slice(1) : line;
  return /[.!?…]$/.test(begun) || !begun ? begun : `${begun}.`;
}
