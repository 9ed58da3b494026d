"""Images of the user's own, with what stands on them: a folder, read without pickle.

    FOLDER/7/anything.png      one digit, a 7; any image format, any size
    FOLDER/labels.json         pages: {"page.jpg": ["12 345", "678"]}, a string a line
    FOLDER/scans.npz           single digits: arrays `images` and `labels`
    FOLDER/elsewhere/...       a set of its own, built the same way

The layout is described in docs/formats.md. Nothing is decoded here: a digit's source is a path or
an array, which the preparation takes as it is.
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitscope.errors import DataError

__all__ = ["LABELS", "LabelledDigit", "LabelledPage", "LabelledSet", "find_sets", "sets_in"]

LABELS = "labels.json"
DIGITS = tuple("0123456789")
EXPECTED = f"FOLDER/<digit>/*.png, {LABELS} with lines, or *.npz with images and labels"


class LabelledDigit(NamedTuple):
    """One digit: what messages call it, its image (a file, or an array [h, w] or [h, w, 3]), and
    what it is.
    """

    name: str
    source: Path | NDArray[Any]
    label: int


class LabelledPage(NamedTuple):
    """One page: its file, its lines from top to bottom (a space parts two numbers), a word on its
    kind, and, where the labels say so, by how many degrees counter-clockwise it is turned upright.
    """

    name: str
    path: Path
    lines: tuple[str, ...]
    kind: str
    turn: int | None


@dataclass(frozen=True, eq=False)
class LabelledSet:
    """What one folder, or one file of arrays, holds: digits, pages, or both. Of the sets that are
    found together each has a name of its own.
    """

    name: str
    digits: tuple[LabelledDigit, ...]
    pages: tuple[LabelledPage, ...]


def find_sets(folder: str | Path) -> list[LabelledSet]:
    """The sets of a labelled folder, in the order of their paths; at least one. A set is called as
    its folder or file; by its path within `folder`, where two would be called the same.

    DataError, in one line, for a folder that is none or holds nothing labelled, and for labels
    that cannot be understood. Whether an image can be decoded is found out by whoever decodes it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     images, labels = np.zeros((2, 8, 8), np.uint8), np.array([3, 4])
    ...     np.savez(Path(folder, "mine.npz"), images=images, labels=labels)
    ...     found = find_sets(folder)
    >>> [(s.name, len(s.digits), s.digits[1].name, s.digits[1].label) for s in found]
    [('mine', 2, 'mine.npz[1]', 4)]
    """
    sets = sets_in(folder)
    if not sets:
        raise DataError(f"{folder}: holds no labelled images, expected {EXPECTED}")
    return sets


def sets_in(folder: str | Path) -> list[LabelledSet]:
    """The same, but none where nothing in the folder is labelled.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sets_in(folder)
    []
    """
    folder = Path(folder)
    try:
        if not folder.is_dir():
            what = "is a file, expected a folder" if folder.exists() else "no such folder"
            raise DataError(f"{folder}: {what} of labelled images: {EXPECTED}")
        found = list(_sets_of(folder))
    except OSError as error:
        raise DataError(f"{error.filename or folder}: cannot be read: {error.strerror}") from None
    names = _names([path for path, _ in found], folder)
    return [replace(one, name=name) for name, (_, one) in zip(names, found, strict=True)]


def _names(paths: list[Path], folder: Path) -> list[str]:
    """A name for each path in a folder: the shortest that no other of them has.

    >>> _names([Path("f/a/scans.npz"), Path("f/b/scans.npz"), Path("f/b/more.npz")], Path("f"))
    ['a/scans', 'b/scans', 'more']
    """
    root = folder.resolve().name
    longer = []  # of each path, from short to long; the last is the path itself
    for path in paths:
        within = path.relative_to(folder)
        stem = within if path.is_dir() else within.with_suffix("")
        whole = f"{root}/{within.as_posix()}"
        known = [stem.name, stem.as_posix(), within.as_posix(), whole]
        longer.append(known if path != folder else [root] * len(known))
    names = [known[0] for known in longer]
    for length in range(1, len(longer[0]) if longer else 0):
        often = Counter(names)
        names = [
            known[length] if often[name] > 1 else name
            for name, known in zip(names, longer, strict=True)
        ]
    return names


def _sets_of(folder: Path) -> Iterator[tuple[Path, LabelledSet]]:
    """The set that a folder is itself, then those in it, each with its folder or file."""
    entries = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    within = [p for p in entries if p.is_dir()]
    digits = tuple(d for p in within if p.name in DIGITS for d in _digits_of(p))
    pages = _pages_of(folder / LABELS) if (folder / LABELS).is_file() else ()
    if digits or pages:
        yield folder, LabelledSet(folder.name, digits, pages)
    for path in entries:
        if path.is_file() and path.suffix.lower() == ".npz":
            yield path, LabelledSet(path.stem, _digits_in(path), ())
    for path in within:
        if path.name not in DIGITS:
            yield from _sets_of(path)


def _digits_of(folder: Path) -> Iterator[LabelledDigit]:
    """The images in the folder of one digit: files with a name that Pillow takes for an image's."""
    from PIL import Image

    known = Image.registered_extensions()
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith(".")
        if path.suffix.lower() in known and path.is_file() and not hidden:
            yield LabelledDigit(str(path), path, int(folder.name))


def _digits_in(path: Path) -> tuple[LabelledDigit, ...]:
    """The digits in a file of arrays."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            images, labels = np.asarray(arrays["images"]), np.asarray(arrays["labels"])
    except KeyError:
        raise DataError(f"{path}: expected the arrays images and labels in it") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, MemoryError) as error:
        raise DataError(f"{path}: cannot be read as .npz ({error}): save it again") from None
    except Exception as error:  # zlib's and zipfile's own, for bytes that are damaged inside
        raise DataError(f"{path}: damaged ({error}): copy it again") from None
    if labels.ndim != 1 or images.ndim not in (3, 4) or len(images) != len(labels):
        raise DataError(
            f"{path}: expected images [n, h, w] or [n, h, w, 3] and labels [n], got "
            f"{list(images.shape)} and {list(labels.shape)}"
        )
    if labels.dtype.kind not in "iu" or not ((labels >= 0) & (labels <= 9)).all():
        raise DataError(f"{path}: labels must be whole numbers from 0 to 9, got {_odd(labels)}")
    return tuple(
        LabelledDigit(f"{path.name}[{i}]", image, int(label))
        for i, (image, label) in enumerate(zip(images, labels, strict=True))
    )


def _odd(labels: NDArray[Any]) -> str:
    if labels.dtype.kind not in "iu":
        return f"dtype {labels.dtype}"
    return str(labels[(labels < 0) | (labels > 9)][0])


def _pages_of(path: Path) -> tuple[LabelledPage, ...]:
    """The pages that a labels.json names."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON ({error}): expected {_SHORT}") from None
    if not isinstance(found, dict):
        raise DataError(f"{path}: expected {_SHORT}, got a {type(found).__name__}")
    return tuple(_page(path, name, entry) for name, entry in found.items())


_SHORT = '{"page.jpg": ["12 345", "678"]}'


def _page(path: Path, name: str, entry: Any) -> LabelledPage:
    image = path.parent / name
    if not image.is_file():
        raise DataError(f"{path}: names {name!r}, and there is no such file beside it")
    told = entry if isinstance(entry, dict) else {"lines": entry}
    lines = told.get("lines")
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise DataError(f"{path}: {name!r} must have a list of lines, such as {_SHORT}")
    turn = told.get("rotate_ccw_to_upright")
    return LabelledPage(
        name=str(image),
        path=image,
        lines=tuple(lines),
        kind=str(told.get("kind", "")),
        turn=turn if isinstance(turn, int) and turn in (0, 90, 180, 270) else None,
    )
