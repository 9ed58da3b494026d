"""What everyone is asked to read: image files, made once in a temporary folder.

MNIST's test images and those of the given folder, as they are; numbers composed of MNIST's test
images; pages; and things that are no digit. Everything that is drawn by lot has a seed.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.data.labelled import LabelledPage, LabelledSet, find_sets
from digitscope.data.mnist import load_mnist
from digitscope.synthesis.strings import KINDS, compose_strings
from reading import photos
from reading.others import OTHERS

SEED = 20261122
STRINGS = 3000
NONE = 1000  # of each kind of thing that is no digit
PHOTOS = 20  # of each kind of paper
COMPOSED = "composed, "  # begins the name of a set of pages that was made here


@dataclass(frozen=True)
class Task:
    """Images of one kind, and what stands on them."""

    name: str
    paths: tuple[str, ...]
    truth: tuple[str, ...]
    bright: bool = False


@dataclass(frozen=True)
class Work:
    """All that is asked."""

    digits: tuple[Task, ...]
    strings: tuple[Task, ...]
    others: tuple[Task, ...]
    pages: dict[str, tuple[LabelledPage, ...]]


def make_work(images: Path | None, folder: Path, most: int | None = None) -> Work:
    """Write the work into a folder. Without labelled `images` there is MNIST alone. `most` bounds
    how many images there are of each set and kind; which ones is drawn by lot, the same every time.
    """
    sets = find_sets(images) if images is not None else []
    return Work(
        digits=(_mnist(folder, most), *(_digits(s, folder, most) for s in sets if s.digits)),
        strings=tuple(_strings(folder, min(STRINGS, most or STRINGS))),
        others=tuple(
            _task(name, (make(_rng(name, i)) for i in range(min(NONE, most or NONE))), folder)
            for name, make in OTHERS.items()
        ),
        pages={s.name: s.pages for s in sets if s.pages}
        | {
            COMPOSED + kind: _photos(kind, folder, min(PHOTOS, most or PHOTOS))
            for kind in photos.KINDS
        },
    )


def _mnist(folder: Path, most: int | None) -> Task:
    """MNIST's test images as the files have them: 28x28, bright ink."""
    data = load_mnist("test")
    chosen = _sample("mnist", len(data.labels), most)
    truth = [str(data.labels[i]) for i in chosen]
    return _task("MNIST test", (data.images[i] for i in chosen), folder, truth, bright=True)


def _digits(labelled: LabelledSet, folder: Path, most: int | None) -> Task:
    """A set of the given folder. Files stay where they are."""
    chosen = [labelled.digits[i] for i in _sample(labelled.name, len(labelled.digits), most)]
    truth = [str(digit.label) for digit in chosen]
    arrays = [digit.source for digit in chosen if isinstance(digit.source, np.ndarray)]
    if len(arrays) == len(chosen):
        bright = bool(np.mean([image.mean() for image in arrays]) < 128)
        return _task(labelled.name, map(_bytes, arrays), folder, truth, bright)
    return Task(labelled.name, tuple(str(digit.source) for digit in chosen), tuple(truth))


def _strings(folder: Path, n: int) -> Iterable[Task]:
    """Numbers of 3 to 6 digits, the kinds in equal parts."""
    made = compose_strings(n, _rng("strings"), *load_mnist("test"))
    for kind in KINDS:
        some = [one for one in made if one.kind == kind]
        images, truth = (one.image for one in some), [one.label for one in some]
        yield _task(kind, images, folder, truth, bright=True)


def _photos(kind: str, folder: Path, n: int) -> tuple[LabelledPage, ...]:
    """Pages of one kind, composed of MNIST's test digits."""
    made = [photos.compose_photo(kind, _rng(kind, i), *load_mnist("test")) for i in range(n)]
    files = _task(kind, (photo.image for photo in made), folder).paths
    return tuple(
        LabelledPage(Path(path).name, Path(path), photo.lines, kind, None)
        for path, photo in zip(files, made, strict=True)
    )


def _task(
    name: str,
    images: Iterable[NDArray[Any]],
    folder: Path,
    truth: Iterable[str] | None = None,
    bright: bool = False,
) -> Task:
    """Images as PNG files in a folder of the task's own."""
    from PIL import Image

    place = Path(tempfile.mkdtemp(dir=folder))  # a set may be called as a kind is
    paths = []
    for i, image in enumerate(images):
        paths.append(str(place / f"{i:06}.png"))
        Image.fromarray(image).save(paths[-1], compress_level=1)
    return Task(name, tuple(paths), tuple(truth) if truth is not None else (), bright)


def _bytes(image: NDArray[Any]) -> NDArray[np.uint8]:
    from digitscope.preparation.values import to_bytes

    return to_bytes(image, "an image")


def _sample(name: str, n: int, most: int | None) -> list[int]:
    """All of n, or so many by lot, in their order."""
    if most is None or n <= most:
        return list(range(n))
    return sorted(int(i) for i in _rng(name).permutation(n)[:most])


def _rng(name: str, i: int = 0) -> np.random.Generator:
    return np.random.default_rng([SEED, zlib.crc32(name.encode()), i])
