"""`digitscope evaluate --images`: the sets of a labelled folder, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from digitscope.cli.console import percent, print_json
from digitscope.cli.evaluate import describe, draw
from digitscope.cli.read_progress import ReadProgress
from digitscope.data.labelled import find_sets
from digitscope.evaluation.folders import PageResult, SetEvaluation, evaluate_set
from digitscope.models.model import Model

SHOWN = 10  # images that could not be read, by name


def evaluate_images(
    model: Model, folder: Path, mistakes: int, as_json: bool, figures: Path | None
) -> int:
    """Judge a model on every set of a folder, and say so."""
    sets = find_sets(folder)
    read = _reader(model) if any(labelled.pages for labelled in sets) else None
    total = sum(len(labelled.digits) + len(labelled.pages) for labelled in sets)
    with ReadProgress(total) as progress:
        judged = [evaluate_set(model, s, read, mistakes, progress.advance) for s in sets]
    if as_json:
        print_json(to_json(model, folder, judged))
    else:
        print("\n\n".join([*(describe_set(s, model.name) for s in judged), *_overview(judged)]))
    for one in judged:
        if figures is not None and one.evaluation is not None:
            draw(model, one.evaluation, figures / one.name.replace("/", "-"), as_json)
    return 0


def to_json(model: Model, folder: Path, judged: list[SetEvaluation]) -> dict[str, object]:
    """What docs/formats.md fixes."""
    return {
        "format": "digitscope evaluation of images",
        "version": "1.0",
        "model": model.name,
        "folder": str(folder),
        "sets": [one.to_dict() for one in judged],
    }


def describe_set(judged: SetEvaluation, name: str) -> str:
    """A set in words and tables."""
    parts = []
    lost = [image for image in judged.unreadable if image.label is not None]
    if lost:
        low, high = judged.interval
        parts.append(
            f"{judged.name}: {judged.images:,} images of single digits, of which {len(lost):,} "
            f"could not be read and count as wrong\n"
            f"accuracy  {percent(judged.accuracy)}  (95 % interval {percent(low)} to "
            f"{percent(high)})"
        )
    if judged.evaluation is not None:
        parts.append(describe(judged.evaluation, name, judged.names))
    if judged.pages:
        parts.append("\n".join(_pages(judged)))
    if judged.unreadable:
        parts.append("\n".join(_unreadable(judged)))
    return "\n\n".join(parts)


def _pages(judged: SetEvaluation) -> list[str]:
    score = judged.lines
    return [
        f"{judged.name}: {len(judged.pages):,} pages",
        f"lines exact   {score.exact} of {score.lines}  (spaces between numbers right too: "
        f"{score.spaced})",
        f"digit errors  {percent(score.error_rate)}  ({score.errors} of {score.digits:,})",
        *(line for page in judged.pages for line in _page(page)),
    ]


def _page(page: PageResult) -> list[str]:
    s = page.score
    head = f"  {page.page.name}: {s.exact} of {s.lines} lines exact, {s.errors} errors"
    if s.spaced == s.lines and not s.errors:
        return [head]
    rows = [f"    written  {' | '.join(page.page.lines)}", f"    read     {' | '.join(page.read)}"]
    return [head, *rows]


def _unreadable(judged: SetEvaluation) -> list[str]:
    lost = judged.unreadable
    more = [f"  and {len(lost) - SHOWN:,} more"] if len(lost) > SHOWN else []
    return [f"could not be read ({len(lost):,})", *(f"  {u.why}" for u in lost[:SHOWN]), *more]


def _overview(judged: list[SetEvaluation]) -> list[str]:
    """All sets in one table, where there are several."""
    if len(judged) == 1:
        return []
    width = max(len(one.name) for one in judged)
    rows = [f"{'set':<{width}}  {'digits':>7}  {'accuracy':>9}  {'lines exact':>11}  errors"]
    for one in judged:
        right = percent(one.accuracy) if one.images else ""
        lines = f"{one.lines.exact} of {one.lines.lines}" if one.pages else ""
        errors = percent(one.lines.error_rate) if one.pages else ""
        row = f"{one.name:<{width}}  {one.images or '':>7}  {right:>9}  {lines:>11}  {errors}"
        rows.append(row.rstrip())
    return ["\n".join(rows)]


def _reader(model: Model) -> Callable[[Path], Sequence[str]]:
    """What reads the lines of a page."""
    from digitscope.reader import Reader

    reader = Reader(model)
    return lambda path: [line.text for line in reader.read(path).lines]
