"""Everyone is asked everything; what they answer becomes figures."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from common.asking import Candidate
from digitscope.data.labelled import LabelledPage
from digitscope.evaluation.lines import add_scores, score_lines
from reading.readers.reader import Answer
from reading.scores import figures, limit, refused
from reading.work import Task, Work

Say = Callable[[str], None]
Keep = Callable[[str, Sequence[Answer], Task], None]


PARTS = ("digits", "strings", "pages")


def ask_all(
    candidate: Candidate, work: Work, parts: Sequence[str], say: Say, keep: Keep
) -> dict[str, Any]:
    """The figures of one reader, of all parts or some. `keep` is given the answers, for pictures of
    what failed.
    """
    found = {"version": candidate.ask(what="version")["version"]}
    say(f"{candidate.name}: {found['version']}")
    if "digits" in parts:
        found["digits"], below = _digits(candidate, work, say, keep)
        found["refused"] = _refused(candidate, work, say, below)
    if "strings" in parts:
        found["strings"] = _strings(candidate, work, say, keep)
    if "pages" in parts:
        found["pages"] = {name: _pages(candidate, p, say) for name, p in work.pages.items()}
    return found


def _digits(candidate: Candidate, work: Work, say: Say, keep: Keep) -> tuple[dict[str, Any], float]:
    """Every set of single digits; and the limit of refusal that the first, MNIST's, sets."""
    found, below = {}, 0.0
    for task in work.digits:
        answers, seconds = _ask(candidate, "digits", task)
        if not found:
            below = limit(answers)
        found[task.name] = figures(answers, task.truth, seconds) | {
            "refused": refused(answers, below)
        }
        say(f"  {task.name}: {100 * found[task.name]['accuracy']:.2f} %")
        keep("digits", answers, task)
    return found, below


def _strings(candidate: Candidate, work: Work, say: Say, keep: Keep) -> dict[str, Any]:
    """The strings of every kind, and all of them."""
    found, every, truth, total = {}, [], [], 0.0
    for task in work.strings:
        answers, seconds = _ask(candidate, "strings", task)
        found[task.name] = figures(answers, task.truth, seconds)
        say(f"  strings, {task.name}: {100 * found[task.name]['accuracy']:.2f} %")
        keep("strings", answers, task)
        every, truth, total = every + answers, truth + list(task.truth), total + seconds
    return found | {"all": figures(every, truth, total)}


def _refused(candidate: Candidate, work: Work, say: Say, below: float) -> dict[str, float]:
    """What part of each kind of thing that is no digit is refused."""
    found = {}
    for task in work.others:
        found[task.name] = refused(_ask(candidate, "digits", task)[0], below)
        say(f"  refused, {task.name}: {100 * found[task.name]:.1f} %")
    return found | {"limit": below}


def _pages(candidate: Candidate, pages: Sequence[LabelledPage], say: Say) -> dict[str, Any]:
    """The pages of a set, one by one; the first is read once before, so that all is loaded."""
    rows, scores = [], []
    candidate.ask(what="page", path=str(pages[0].path), turn=pages[0].turn or 0)
    for page in pages:
        answer = candidate.ask(what="page", path=str(page.path), turn=page.turn or 0)
        scores.append(score_lines(page.lines, answer["answers"]))
        times = {key: answer[key] for key in ("seconds", "processor")}
        rows.append({"page": page.path.name, **times, **scores[-1].to_dict()})
        say(f"  {page.path.name}: {scores[-1].exact} of {scores[-1].lines} lines")
    seconds = [row["seconds"] for row in rows]
    return {
        **add_scores(scores).to_dict(),
        "seconds": statistics.median(seconds),
        "slowest": max(seconds),
        "processor": statistics.median(row["processor"] for row in rows),
        "pages": rows,
    }


def _ask(candidate: Candidate, what: str, task: Task) -> tuple[list[Answer], float]:
    answer = candidate.ask(what=what, paths=task.paths, bright=task.bright)
    return [Answer(*one) for one in answer["answers"]], answer["seconds"]
