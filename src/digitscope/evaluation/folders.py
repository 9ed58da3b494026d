"""A model on images of the user's own: digits through the preparation, pages through the reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from digitscope.data.labelled import LabelledPage, LabelledSet
from digitscope.data.mnist import Dataset
from digitscope.errors import ImageError
from digitscope.evaluation.evaluate import Evaluation, evaluate
from digitscope.evaluation.lines import LineScore, add_scores, score_lines
from digitscope.evaluation.metrics import wilson_interval
from digitscope.models.model import Model
from digitscope.preparation import prepare

Read = Callable[[Path], Sequence[str]]


@dataclass(frozen=True)
class Unreadable:
    """An image that is labelled and cannot be read: what it is called, what it shows, and why."""

    name: str
    label: int | None
    why: str


@dataclass(frozen=True, eq=False)
class PageResult:
    """One page: what stands on it, what was read, and how far they agree."""

    page: LabelledPage
    read: tuple[str, ...]
    score: LineScore

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "image": self.page.name,
            "kind": self.page.kind,
            "written": list(self.page.lines),
            "read": list(self.read),
            **self.score.to_dict(),
        }


@dataclass(frozen=True, eq=False)
class SetEvaluation:
    """One labelled set, judged.

    `evaluation` is that of the single digits that could be prepared, None where there was none;
    its mistakes count in `names`. The `unreadable` digits count as wrong.
    """

    name: str
    evaluation: Evaluation | None
    names: tuple[str, ...]
    unreadable: tuple[Unreadable, ...]
    pages: tuple[PageResult, ...]

    @property
    def images(self) -> int:
        """Single digits, whether they could be read or not."""
        lost = sum(image.label is not None for image in self.unreadable)
        return (self.evaluation.images if self.evaluation else 0) + lost

    @property
    def correct(self) -> int:
        """Single digits that were read rightly."""
        return self.evaluation.correct if self.evaluation else 0

    @property
    def accuracy(self) -> float:
        """Right answers a single digit, those that could not be read among them."""
        return self.correct / max(1, self.images)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy."""
        return wilson_interval(self.correct, self.images)

    @property
    def lines(self) -> LineScore:
        """What became of the lines of all pages."""
        return add_scores(page.score for page in self.pages)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; see docs/formats.md."""
        return {
            "set": self.name,
            "images": self.images,
            "correct": self.correct,
            "accuracy": self.accuracy,
            "interval_95": list(self.interval),
            "evaluation": self.evaluation.to_dict() if self.evaluation else None,
            "unreadable": [
                {"image": u.name, "label": u.label, "because": u.why} for u in self.unreadable
            ],
            "lines": self.lines.to_dict() if self.pages else None,
            "pages": [page.to_dict() for page in self.pages],
        }


def evaluate_set(
    model: Model,
    labelled: LabelledSet,
    read: Read | None = None,
    mistakes: int = 10,
    advance: Callable[[], object] = lambda: None,
) -> SetEvaluation:
    """Judge a model on a labelled set (see `digitscope.data.labelled.find_sets`).

    `read` gives the lines on the image of a path; without it pages are passed over. An image that
    cannot be decoded, or on which no ink is found, is wrong and stands in `unreadable`, a page with
    all of its lines missed. `advance` is called after every image.
    """
    names, images, labels, lost = [], [], [], []
    for digit in labelled.digits:
        if digit.label in model.classes:
            try:
                images.append(prepare(digit.source, digit.name).image)
                names.append(digit.name)
                labels.append(digit.label)
            except ImageError as error:
                lost.append(Unreadable(digit.name, digit.label, str(error)))
        advance()
    pages = []
    for page in labelled.pages if read else ():
        lines: tuple[str, ...] = ()
        try:
            lines = tuple(read(page.path)) if read else ()
        except ImageError as error:
            lost.append(Unreadable(page.name, None, str(error)))
        pages.append(PageResult(page, lines, score_lines(page.lines, lines)))
        advance()
    evaluation = None
    if images:
        data = Dataset(np.stack(images), np.array(labels, np.uint8))
        evaluation = evaluate(model, data, labelled.name, mistakes)
    return SetEvaluation(labelled.name, evaluation, tuple(names), tuple(lost), tuple(pages))
