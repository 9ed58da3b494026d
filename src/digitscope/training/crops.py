"""The user's own digits, labelled: a folder a digit, or the filled-in CSV of `read --crops`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from digitscope.arrays import Images, Labels
from digitscope.data.labelled import find_sets
from digitscope.errors import DataError, ImageError
from digitscope.preparation import load, prepare
from digitscope.reading.classifier import NONE
from digitscope.reading.crops import from_crop

__all__ = ["LABELS", "Crops", "read_crops"]

LABELS = "labels.csv"
DIGITS = tuple("0123456789")
LEFT_OUT = ("", "?")  # labels of crops that nobody has labelled
NO_DIGIT = "none"  # the label of a crop that shows no digit


@dataclass(frozen=True, eq=False)
class Crops:
    """Prepared digits, uint8 [n, 28, 28], with their labels [n] (10 for what is no digit); one line
    for each that could not be read, and how many had no label.
    """

    images: Images
    labels: Labels
    unreadable: tuple[str, ...] = ()
    unlabelled: int = 0


def read_crops(source: str | Path) -> Crops:
    """The labelled digits of a folder (see `data.labelled`), or of the labels.csv in it.

    A CSV has the columns file and label; a row whose label is empty or ? is left out, and "none" is
    the label of what is no digit; a guess that stands beside it is not looked at. Crops that
    `digitscope read --crops` wrote are taken as the network was given them; any other image is
    prepared. DataError where there are none, or a label is none.
    """
    source = Path(source)
    path = source / LABELS if source.is_dir() else source
    unlabelled = 0
    rows: list[tuple[str, Any, int]] = []
    if path.is_file():
        labelled = list(_csv_rows(path))
        rows = [(str(f), f, _class(label)) for f, label in labelled if label not in LEFT_OUT]
        unlabelled = len(labelled) - len(rows)
    else:
        rows = [(d.name, d.source, d.label) for found in find_sets(source) for d in found.digits]
    images, labels, unreadable = [], [], []
    for name, image, digit in rows:
        try:
            images.append(_prepared(image, name))
            labels.append(digit)
        except ImageError as error:
            unreadable.append(str(error))
    if not images:
        raise DataError(f"{source}: {_none(len(rows), unlabelled)}")
    return Crops(np.stack(images), np.array(labels, np.uint8), tuple(unreadable), unlabelled)


def _none(labelled: int, unlabelled: int) -> str:
    """Why there are no crops."""
    if unlabelled and not labelled:
        return (
            f"none of {unlabelled:,} crops has a label: write the digit that each shows into the "
            f"column label, or {NO_DIGIT} (what is left empty is left out)"
        )
    return "no labelled digit could be read: sort images into FOLDER/<digit>/"


def _prepared(source: Any, name: str) -> Images:
    pixels = load(source, name).pixels
    image = from_crop(pixels) if pixels.ndim == 2 else None
    return prepare(pixels, name).image if image is None else image


def _class(label: str) -> int:
    return NONE if label == NO_DIGIT else int(label)


def _csv_rows(path: Path) -> Iterator[tuple[Path, str]]:
    """(file, label) of every row; a spreadsheet may have put semicolons between them."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text in UTF-8"
        raise DataError(f"{path}: cannot be read: {reason}") from None
    heading = text.partition("\n")[0]
    # A quoted name may have a line break within it: the lines are csv's own to part.
    lines = io.StringIO(text, newline="")
    table = csv.DictReader(lines, delimiter=";" if ";" in heading else ",")
    try:
        if not {"file", "label"} <= set(table.fieldnames or ()):
            raise DataError(f"{path}: expected the columns file and label, got {heading.strip()!r}")
        rows = [(table.line_num, row) for row in table]
    except csv.Error as error:
        raise DataError(
            f"{path}: line {table.line_num + 1}: not a CSV ({error}): save it again"
        ) from None
    for line, row in rows:
        label = (row["label"] or "").strip()
        if label not in (*LEFT_OUT, *DIGITS, NO_DIGIT):
            raise DataError(
                f"{path}: line {line}: expected a digit, {NO_DIGIT} for what is no "
                f"digit, or ? to leave this crop out, got {label!r}"
            )
        yield path.parent / (row["file"] or ""), label
