"""PP-OCRv6 small by rapidocr: its decoder knows the digits alone, its angle classifier is off.

The package holds the models; nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from reading.readers.lines import Word, to_lines
from reading.readers.pixels import framed, load, upright
from reading.readers.reader import Answer

HEIGHT = 48  # pixels: the height that its recognition takes
STRING_MARGIN = 0.1  # of that height
DIGITS = "0123456789"


class Rapid:
    """The detection and the recognition, both "small", in their own standard settings."""

    def __init__(self, model: str = "") -> None:
        from rapidocr import RapidOCR

        self._whole = RapidOCR(params={"Global.use_cls": False, "Global.log_level": "error"})
        self._recognition = self._whole._load_rec_model()
        self._recognition.session = _Restricted(self._recognition)

    def version(self) -> str:
        """Its version, and its runtime's."""
        return f"rapidocr {version('rapidocr')}, onnxruntime {version('onnxruntime')}"

    def digits(self, paths: Sequence[str], bright: bool) -> list[Answer]:
        """One digit an image."""
        return self._recognize([framed(path, bright) for path in paths])

    def strings(self, paths: Sequence[str], bright: bool) -> list[Answer]:
        """One number an image."""
        from reading.readers.pixels import scaled, with_margin

        margin = round(STRING_MARGIN * HEIGHT)
        images = [scaled(load(path, bright), HEIGHT, by_height=True) for path in paths]
        return self._recognize([with_margin(image, margin) for image in images])

    def page(self, path: str, turn: int) -> list[str]:
        """The lines of a page that is set upright first."""
        found = self._whole(upright(load(path, bright=False), turn))
        boxes = found.boxes if found.boxes is not None else []
        return to_lines(
            Word(text, *box.min(axis=0), *box.max(axis=0))
            for box, text in zip(boxes, found.txts or (), strict=True)
        )

    def _recognize(self, images: list[Any]) -> list[Answer]:
        from rapidocr.ch_ppocr_rec import TextRecInput

        found = self._recognition(TextRecInput(img=images, return_word_box=False))
        return [Answer(text, float(s)) for text, s in zip(found.txts, found.scores, strict=True)]


class _Restricted:
    """Its network, whose probabilities of all but the digits (and of nothing) are set to 0."""

    def __init__(self, recognition: Any) -> None:
        import numpy as np

        self._network = recognition.session
        characters = recognition.postprocess_op.character
        self._kept = np.array([i == 0 or c in DIGITS for i, c in enumerate(characters)])

    def __call__(self, images: Any) -> Any:
        return self._network(images) * self._kept
