"""The files of `digitscope read`: which it reads, and which it writes. Nothing is overwritten."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path, PurePath
from typing import Any

from digitscope.errors import ImageError, SettingError, StorageError
from digitscope.reading.crops import COLUMNS, crop_name, to_crop
from digitscope.reading.tree import Page
from digitscope.store import free, unwritable, write_atomically

LABELS = "labels.csv"
MOST_NAMED = 5  # files of pages that are named one by one


def find_images(names: list[str]) -> tuple[list[str], list[ImageError]]:
    """Files, and the images of folders (and of those in them) in the order of their names; and
    what is wrong with folders that have none.
    """
    known = image_suffixes()
    found, errors = [], []
    for name in names:
        if name == "-" or not Path(name).is_dir():
            found.append(name)
            continue
        own = [
            path
            for path in sorted(Path(name).rglob("*"))
            if path.suffix.lower() in known and path.is_file() and not _hidden(path, Path(name))
        ]
        if not own:
            errors.append(ImageError(f"{name}: a folder without images: give one that has some"))
        found += map(str, own)
    return found, errors


def image_suffixes() -> set[str]:
    """How the names of images end, in lower case."""
    from PIL import Image

    return {*Image.registered_extensions(), ".pdf"}


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def stem_of(page: Page) -> str:
    """What a page's files are called: `scan-page-2` for page 2 of a/b/scan.pdf."""
    name = PurePath(page.name).name
    found = re.fullmatch(r"(.*\.\w+) page (\d+)", name)
    return f"{PurePath(found[1]).stem}-page-{found[2]}" if found else PurePath(name).stem


def _make_empty(folder: Path) -> Path:
    """A folder that is empty, made if it is not there."""
    try:
        folder.mkdir(exist_ok=True)
        full = any(folder.iterdir())
    except OSError as error:
        raise StorageError(unwritable(folder, error)) from None
    if full:
        raise StorageError(f"{folder}: is not empty, nothing is overwritten: choose another")
    return folder


class Annotations:
    """Annotated pages: a PNG file of one image, or a new folder, named as their images.

    Where the one image has several pages, the others lie beside the file: out-2.png, ...
    """

    def __init__(self, path: Path, several: bool) -> None:
        is_file = path.suffix.lower() == ".png"
        if not is_file and path.suffix.lower() in image_suffixes():
            raise SettingError(
                f"--annotate {path}: pictures are PNG files: name it {path.stem}.png, or give a "
                "new folder"
            )
        if is_file and several:
            raise SettingError(f"--annotate {path} is one file: give many images a new folder")
        self.folder = None if is_file else _make_empty(path)
        self.path = free(path) if is_file else path
        self.written: list[Path] = []

    def add(self, page: Page) -> Path:
        """Draw one page, and keep it."""
        if self.folder:
            path = _unique(self.folder, stem_of(page), ".png")
        else:
            path = _unique(self.path.parent, self.path.stem, self.path.suffix)
        write_atomically(path, png(page.draw()))
        self.written.append(path)
        return path

    def told(self) -> str:
        """Where the pages are, in a sentence; "" where there is none."""
        count = len(self.written)
        if count == 0:
            return ""
        if self.folder:
            return f"annotated: {count:,} {'page' if count == 1 else 'pages'}, in {self.folder}"
        names = [path.name for path in self.written]
        if count == 1:
            return f"annotated: {self.path}"
        shown = names if count <= MOST_NAMED else [*names[: MOST_NAMED - 2], "...", names[-1]]
        return f"annotated: {count:,} pages, a file each, in {self.path.parent}: {', '.join(shown)}"


class CropFolder:
    """The uncertain digits of some pages, as pictures, with a labels.csv to be filled in: what was
    guessed has a column of its own, so that no guess is ever taken for a label.
    """

    def __init__(self, folder: Path, below: float) -> None:
        self.folder, self.below = _make_empty(folder), below
        self.rows: list[tuple[Any, ...]] = []

    def add(self, page: Page) -> None:
        """Keep those digits of a page that are refused, or less sure than the limit."""
        from PIL import Image

        for i, line in enumerate(page.lines, start=1):
            for k, number in enumerate(line.numbers, start=1):
                for place, digit in enumerate(number.digits, start=1):
                    guess, confidence = digit.guess
                    if not digit.refused and confidence >= self.below:
                        continue
                    name = crop_name(stem_of(page), i, k, place, digit)
                    path = _unique(self.folder, Path(name).stem, ".png")
                    write_atomically(path, png(Image.fromarray(to_crop(digit.image))))
                    sure = f"{confidence:.4f}"
                    row = (path.name, "", guess, sure, page.name, i, k, place)
                    self.rows.append(row)

    def close(self) -> Path:
        """Write the labels.csv."""
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([COLUMNS, *self.rows])
        write_atomically(self.folder / LABELS, out.getvalue().encode("utf-8", "replace"))
        return self.folder / LABELS


def _unique(folder: Path, stem: str, suffix: str) -> Path:
    """A free name: two images may be called the same in different folders."""
    path, count = folder / f"{stem}{suffix}", 1
    while path.exists() or path.is_symlink():
        count += 1
        path = folder / f"{stem}-{count}{suffix}"
    return path


def png(image: Any) -> bytes:
    """A Pillow image as the bytes of a PNG file."""
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
