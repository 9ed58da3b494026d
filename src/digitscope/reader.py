"""The verb that reads: any image of handwritten numbers to a page of lines, numbers, digits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from digitscope.errors import ImageError, SettingError, nearest
from digitscope.models.committee import Committee, load_committee, mean_of
from digitscope.models.model import Model, find_model, load
from digitscope.models.neighbours import load_neighbours
from digitscope.models.prediction import check_limit, preparation_warnings
from digitscope.models.shipped import COMMITTEE
from digitscope.preparation import Source
from digitscope.preparation.results import Picture, Step
from digitscope.reading.classifier import Classifier
from digitscope.reading.documents import load_pages
from digitscope.reading.explain import explain
from digitscope.reading.field import parse_field
from digitscope.reading.page import Layout, find_lines
from digitscope.reading.reading import Reading
from digitscope.reading.results import to_line
from digitscope.reading.strings import read_strips
from digitscope.reading.tree import Page
from digitscope.reading.turning import read_upright
from digitscope.reading.words import warn_of_words

__all__ = ["READER", "Reader", "read", "read_pages"]

READER = "reader"  # the model that ships
RUNTIMES = ("numpy", "onnxruntime")

AnyModel = Model | Committee | Classifier | str | Path
"""Who may judge images, or its name."""


class Reader:
    """A model made ready to read many images.

    `model` is the name of one that ships, "committee" (three that ship: slower, mostly with fewer
    errors), a model file, a run folder, a `Model`, a `Committee`, or any callable that judges
    images (see `reading.classifier`). Where digits touch, a network that ships for this judges them
    a second time, with their neighbours in sight; beside a callable it does not. `pattern`
    ("dd.dd.dddd"), `length` and `checksum` ("luhn") say what is known of the numbers, which are
    then read so that they fit where that can be; the lines' notes say what was repaired. A digit
    less sure than `reject_below` is refused.
    `runtime` is who computes: "numpy", or "onnxruntime" where that is installed, with the same
    answers. SettingError for what cannot be.

    >>> import numpy as np
    >>> from digitscope.data.mnist import load_mnist
    >>> page = np.hstack(load_mnist("test").images[[0, 1, 4]])  # light ink on dark paper
    >>> reader = Reader(length=3)
    >>> [reader.read(image).text for image in (page, 255 - page)]
    ['724', '724']
    """

    def __init__(
        self,
        model: AnyModel = READER,
        *,
        pattern: str | None = None,
        length: int | None = None,
        checksum: str | None = None,
        reject_below: float = 0.0,
        runtime: str = RUNTIMES[0],
    ) -> None:
        self.field = parse_field(pattern=pattern, length=length, checksum=checksum)
        self.reject_below = check_limit(reject_below)
        if runtime not in RUNTIMES:
            raise SettingError(f"unknown runtime {runtime!r}: {nearest(runtime, RUNTIMES)}")
        self.warnings: tuple[str, ...] = ()
        self.name = "the given classifier"
        if isinstance(model, str | Path):
            model = _load(model)
        if isinstance(model, Model | Committee):
            members = (model,) if isinstance(model, Model) else model.members
            told = [warning for member in members for warning in preparation_warnings(member)]
            self.name, self.warnings = model.name, tuple(dict.fromkeys(told))
            self._classify: Classifier = mean_of([_classifier(m, runtime) for m in members])
            self._among: Classifier | None = _classifier(load_neighbours(), runtime)
        elif runtime == RUNTIMES[0]:
            self._classify, self._among = model, None
        else:
            raise SettingError(
                f"runtime {runtime!r} computes models, got a classifier: leave it out"
            )

    def read(self, source: Source, name: str | None = None) -> Page:
        """The page on an image: a path, bytes, a stream, a Pillow image, an array, a PDF of a page.

        ImageError says, in one line, why an image cannot be read; a blank one is a page without
        lines. Of many pages `read_pages` reads each.
        """
        pages = list(islice(load_pages(source, name), 2))
        if len(pages) > 1:
            first = pages[0].name.removesuffix(" page 1")
            raise ImageError(f"{first}: has several pages, expected one: try read_pages")
        return self.read_picture(pages[0])

    def read_pages(
        self,
        source: Source,
        name: str | None = None,
        on_error: Callable[[ImageError], None] | None = None,
    ) -> Iterator[Page]:
        """Every page of a PDF or TIFF, one after another; of any other image its one page.

        The first page that cannot be read raises its ImageError; with `on_error`, that is told of
        each such page, and the others are read. A file that has no pages raises in any case.
        """
        for picture in load_pages(source, name, on_error):
            try:
                page = self.read_picture(picture)
            except ImageError as error:
                if on_error is None:
                    raise
                on_error(error)
            else:
                yield page

    def explain(self, page: Page) -> tuple[Step, ...]:
        """The steps of a page that was read, each saying what would be read without those after
        it; see `reading.explain`.

        The way is walked once more: a page does not keep its pictures, some 10 MB of them.
        """
        way = find_lines(page.picture, self._classify, page.rotation).steps
        return explain(page, way, self._classify)

    def read_picture(self, picture: Picture) -> Page:
        """The page on an image that is decoded already."""
        layout, readings = self.read_layout(picture)
        lines = [
            to_line(strip, reading, (picture.width, picture.height), self.reject_below)
            for strip, reading in zip(layout.strips, readings, strict=True)
        ]
        marks = [mark for reading in readings for mark in reading.marks]
        return Page(
            lines=tuple(line for line in lines if line.numbers),
            picture=picture,
            rotation=layout.rotation,
            warnings=(*self.warnings, *picture.warnings, *layout.warnings, *warn_of_words(marks)),
        )

    def read_layout(self, picture: Picture) -> tuple[Layout, list[Reading]]:
        """The strips of a page and what each was read as, with its lattice: to be drawn."""

        def lay_out(rotation: int) -> Layout:
            return find_lines(picture, self._classify, rotation)

        def read(layout: Layout) -> list[Reading]:
            return read_strips(layout.strips, self._classify, self.field, self._among)

        return read_upright(find_lines(picture, self._classify), lay_out, read)


def _load(name: str | Path) -> Model | Committee:
    """A model by its name or path; a file or run folder called "committee" comes first."""
    if str(name) == COMMITTEE and not Path(name).exists():
        return load_committee()
    return load(find_model(Path(name), also=(COMMITTEE,)))


def _classifier(model: Model, runtime: str) -> Classifier:
    """The model's judgement, computed by one of the runtimes."""
    if runtime == "numpy":
        return model.judge
    from digitscope.exporting.onnx_classifier import OnnxClassifier

    return OnnxClassifier(model)


def read(
    source: Source,
    model: AnyModel = READER,
    *,
    pattern: str | None = None,
    length: int | None = None,
    checksum: str | None = None,
    reject_below: float = 0.0,
    runtime: str = RUNTIMES[0],
) -> Page:
    """The handwritten numbers on an image: a tree of lines, numbers and digits.

    `source` is a path, the bytes of a file, a binary stream, a Pillow image, an array, or a PDF of
    one page where pypdfium2 is installed. The other arguments are those of `Reader`, which is the
    one to use for many images. ImageError, SettingError and ModelFileError say what does not work.

    >>> from digitscope.data.mnist import load_mnist
    >>> number = read(load_mnist("test").images[0]).numbers[0]
    >>> number.value, number.confidence > 0.9, len(number.box)
    (7, True, 4)
    """
    reader = Reader(
        model,
        pattern=pattern,
        length=length,
        checksum=checksum,
        reject_below=reject_below,
        runtime=runtime,
    )
    return reader.read(source)


def read_pages(
    source: Source,
    model: AnyModel = READER,
    *,
    pattern: str | None = None,
    length: int | None = None,
    checksum: str | None = None,
    reject_below: float = 0.0,
    runtime: str = RUNTIMES[0],
) -> Iterator[Page]:
    """Every page of a PDF or TIFF, one after another, of any other image its one page.

    The arguments are `read`'s, and complained of at once; pages are read as they are asked for.

    >>> import numpy as np
    >>> [page.text for page in read_pages(np.full((60, 80), 240, np.uint8))]  # blank
    ['']
    """
    reader = Reader(
        model,
        pattern=pattern,
        length=length,
        checksum=checksum,
        reject_below=reject_below,
        runtime=runtime,
    )
    return reader.read_pages(source)
