"""digitscope: single digits by the preparation, everything else by `digitscope.read`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

import digitscope
from digitscope.arrays import Images
from digitscope.errors import ImageError
from digitscope.evaluation.lines import digits_of
from digitscope.models.committee import Committee, load_committee
from digitscope.models.model import Model, load
from digitscope.preparation import prepare
from digitscope.reader import Reader
from digitscope.reading.classifier import NONE
from reading.readers.reader import Answer

BATCH = 500  # images judged at once


class Ours:
    """The model that ships, or another by its name or file."""

    def __init__(self, model: str) -> None:
        self.model = self.load(model)
        self.judge = self.model.judge
        self.reader = Reader(self.model)

    def load(self, model: str) -> Model | Committee:
        """Whoever judges."""
        return load(model)

    def version(self) -> str:
        """The version, and the model."""
        return f"digitscope {digitscope.__version__}, model {self.model.name}"

    def digits(self, paths: Sequence[str], bright: bool) -> list[Answer]:
        """One digit an image; whether its ink is bright is found out, not told. An image that
        cannot be prepared, or shows no ink, is refused.
        """
        answers = [Answer("", 0.0)] * len(paths)
        for first in range(0, len(paths), BATCH):
            prepared: dict[int, Images] = {}
            for i in range(first, min(first + BATCH, len(paths))):
                try:
                    prepared[i] = prepare(paths[i]).image
                except ImageError:
                    continue
            if not prepared:
                continue
            P = self.judge(np.stack(list(prepared.values())))[:, :NONE]
            for i, p in zip(prepared, P, strict=True):
                answers[i] = Answer(str(int(p.argmax())), float(p.max()))
        return answers

    def strings(self, paths: Sequence[str], bright: bool) -> list[Answer]:
        """One number an image: found as on any page."""
        pages = [self.reader.read(path) for path in paths]
        return [
            Answer(
                "".join(digits_of(line.text) for line in page.lines),
                math.prod(line.confidence for line in page.lines) if page.lines else 0.0,
            )
            for page in pages
        ]

    def page(self, path: str, turn: int) -> list[str]:
        """The lines of a page as it is."""
        return [line.text for line in self.reader.read(path).lines]


class OurCommittee(Ours):
    """The networks that ship, judging together."""

    def load(self, model: str) -> Model | Committee:
        """The committee, whichever model is measured beside it."""
        return load_committee()
