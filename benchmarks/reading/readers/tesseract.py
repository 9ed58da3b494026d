"""Tesseract, with nothing but digits on its list of characters."""

from __future__ import annotations

import csv
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reading.readers.lines import Word, to_lines
from reading.readers.pixels import framed, load, scaled, upright, with_margin
from reading.readers.reader import Answer

ONE_CHARACTER, ONE_LINE, PAGE = "10", "7", "11"  # sparse text: it finds the most of a page
DPI = "96"  # what it would otherwise guess, with a remark
HEIGHT = 48  # pixels


class Tesseract:
    """The program of that name, asked once for many images. It has one thread: with small images a
    second waits more than it works.
    """

    def __init__(self, model: str = "") -> None:
        self._run("--version")  # fails at once where it is not installed

    def version(self) -> str:
        """Its version."""
        return self._run("--version").partition("\n")[0]

    def digits(self, paths: Sequence[str], bright: bool) -> list[Answer]:
        """One digit an image."""
        return self._read([framed(path, bright) for path in paths], ONE_CHARACTER)

    def strings(self, paths: Sequence[str], bright: bool) -> list[Answer]:
        """One number an image."""
        images = [scaled(load(path, bright), HEIGHT, by_height=True) for path in paths]
        return self._read([with_margin(image, HEIGHT // 4) for image in images], ONE_LINE)

    def page(self, path: str, turn: int) -> list[str]:
        """The lines of a page that is set upright first."""
        words = self._words([upright(load(path, bright=False), turn)], PAGE)
        return to_lines(
            Word(
                row["text"],
                left := float(row["left"]),
                top := float(row["top"]),
                left + float(row["width"]),
                top + float(row["height"]),
            )
            for _, row in words
        )

    def _read(self, images: list[Any], mode: str) -> list[Answer]:
        """The text of each image, and the least confidence of its words."""
        texts, sure = [""] * len(images), [1.0] * len(images)
        for i, row in self._words(images, mode):
            texts[i] += row["text"]
            sure[i] = min(sure[i], float(row["conf"]) / 100)
        return [Answer(t, s if t else 0.0) for t, s in zip(texts, sure, strict=True)]

    def _words(self, images: list[Any], mode: str) -> Iterator[tuple[int, dict[str, str]]]:
        """The words of all images, each with the number of its image."""
        import cv2

        with tempfile.TemporaryDirectory() as folder:
            paths = [str(Path(folder, f"{i:06}.png")) for i in range(len(images))]
            for path, image in zip(paths, images, strict=True):
                cv2.imwrite(path, image)
            listed = Path(folder, "list.txt")
            listed.write_text("\n".join(paths) + "\n", "utf-8")
            whitelist = ("-c", "tessedit_char_whitelist=0123456789")
            options = ("--psm", mode, "--dpi", DPI, *whitelist)
            table = self._run(str(listed), "stdout", *options, "tsv")
        for row in csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["level"] == "5" and (row["text"] or "").strip():
                yield int(row["page_num"]) - 1, row | {"text": row["text"].strip()}

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tesseract", *arguments],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
        return done.stdout
