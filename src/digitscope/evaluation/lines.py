"""How well a page was read: lines that are wholly right, and errors a digit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from digitscope.reading.tree import REFUSED


@dataclass(frozen=True)
class LineScore:
    """What became of some lines.

    `exact` of the true `lines` were read digit for digit; in `spaced` of them the spaces between
    numbers were right too. `errors` is the least number of digits to change, add or take away
    until what was read is what was written, `digits` how many were written.
    """

    lines: int
    exact: int
    spaced: int
    digits: int
    errors: int

    @property
    def error_rate(self) -> float:
        """Errors a written digit; above 1 where more was read than was written."""
        return self.errors / max(1, self.digits)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "lines": self.lines,
            "exact": self.exact,
            "spaced": self.spaced,
            "digits": self.digits,
            "errors": self.errors,
            "error_rate": self.error_rate,
        }


def edit_distance(a: Sequence[Any], b: Sequence[Any]) -> int:
    """How many items of `a` to change, add or take away, at the least, to get `b`.

    d[i, j] = min(d[i-1, j] + 1, d[i, j-1] + 1, d[i-1, j-1] + (a[i] != b[j])). Source: Levenshtein
    (1966); Wagner, Fischer (1974).

    >>> edit_distance("1203", "123"), edit_distance("17", "71")
    (1, 2)
    """
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above, row = row, [i]
        for j, y in enumerate(b, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y)))
    return row[-1]


def digits_of(line: str) -> str:
    """What counts of a line: its digits, and marks that were refused; not what stands between.

    >>> digits_of("24.12. 20?6")
    '241220?6'
    """
    return "".join(c for c in line if c in "0123456789" or c == REFUSED)


def score_lines(truth: Sequence[str], read: Sequence[str]) -> LineScore:
    """The lines of one page, from top to bottom, against those that were read.

    Lines are paired in their order so that the errors are the fewest: a line that was missed costs
    all of its digits, one that is not there all that was read in it. A line without digits, written
    or read, does not count.

    >>> score = score_lines(["12 34", "567"], ["1234", "8", "567"])
    >>> score.exact, score.spaced, score.errors
    (2, 1, 1)
    """
    truth, read = ([" ".join(x.split()) for x in lines if digits_of(x)] for lines in (truth, read))
    written, answers = ([digits_of(line) for line in lines] for lines in (truth, read))
    # Of each beginning of both: (errors, -exact, -spaced), the least of which is the best pairing.
    row = [(0, 0, 0)]
    for answer in answers:
        row.append((row[-1][0] + len(answer), 0, 0))
    for i, line in enumerate(written):
        above, row = row, [(row[0][0] + len(line), 0, 0)]
        for j, answer in enumerate(answers):
            wrong = edit_distance(line, answer)
            same = truth[i] == read[j]
            row.append(
                min(
                    _plus(above[j + 1], len(line)),
                    _plus(row[j], len(answer)),
                    _plus(above[j], wrong, not wrong, not wrong and same),
                )
            )
    errors, exact, spaced = row[-1]
    return LineScore(len(truth), -exact, -spaced, sum(map(len, written)), errors)


def add_scores(scores: Iterable[LineScore]) -> LineScore:
    """The scores of several pages as one."""
    rows = [(s.lines, s.exact, s.spaced, s.digits, s.errors) for s in scores]
    return LineScore(*(sum(column) for column in zip((0, 0, 0, 0, 0), *rows, strict=True)))


def _plus(
    cost: tuple[int, int, int], errors: int, exact: bool = False, spaced: bool = False
) -> tuple[int, int, int]:
    return cost[0] + errors, cost[1] - exact, cost[2] - spaced
