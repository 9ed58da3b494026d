"""Every page of a source: an image is one, a PDF or a TIFF may hold many."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from digitscope.errors import ImageError
from digitscope.preparation import Source, load
from digitscope.preparation.loading import read_stream
from digitscope.preparation.results import Picture

__all__ = ["PDF_LINE", "load_pages"]

PDF_LINE = (
    "a PDF, and nothing here can draw its pages: try 'pip install \"digitscope[pdf]\"', or an "
    "image of the page"
)
HEAD = 1024  # bytes within which a PDF must say that it is one
POINTS = 72  # a PDF's unit: points an inch
DPI = 200  # at most: a pencil's stroke of 0.5 mm is 4 pixels wide
KIND, NO_PAGE = 254, 0b101  # the TIFF tag, and its bits for "smaller copy" and "mask" of another
MOST_PIXELS = 980_000  # a page: A4 at 100 dpi; `load` would shrink what has more than a million


def load_pages(
    source: Source,
    name: str | None = None,
    on_error: Callable[[ImageError], None] | None = None,
) -> Iterator[Picture]:
    """Every page of `source` (see `preparation.load`) as a Picture, one after another.

    The pages of a PDF are drawn by pypdfium2, where that is installed, at 200 dpi or what makes a
    megapixel: A4 at 100 dpi. A Picture's width and height are those of the drawing. Of images only
    TIFF has pages (smaller copies and masks are none): the frames of others are one film, whose
    first is taken. Where there are several pages, each is called by the source's name and its
    number. ImageError says what cannot be read; with `on_error`, that is told of each page that
    cannot be read, and the others follow.

    >>> [page.width for page in load_pages(np.full((30, 40), 255, np.uint8))]
    [40]
    """
    for page in _pages(source, name):
        try:
            picture = page()
        except ImageError as error:
            if on_error is None:
                raise
            on_error(error)
        else:
            yield picture


def _pages(source: Source, name: str | None) -> Iterator[Callable[[], Picture]]:
    """What decodes each page: to be called before the next is asked for."""
    if isinstance(source, bytearray | memoryview):
        source = bytes(source)
    if not isinstance(source, str | os.PathLike | bytes) and hasattr(source, "read"):
        source, name = read_stream(cast("IO[bytes]", source), name)
    head = _head(source)
    if b"%PDF-" in head:
        yield from _pdf_pages(source, name or _called(source, "the PDF"))
    elif head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        yield from _tiff_pages(source, name)
    else:
        yield partial(load, source, name)


def _head(source: Any) -> bytes:
    """The first bytes of a file, or none where there is no file that can be opened."""
    if isinstance(source, bytes):
        return source[:HEAD]
    if not isinstance(source, str | os.PathLike):
        return b""
    try:
        with Path(source).open("rb") as stream:
            return stream.read(HEAD)
    except (OSError, ValueError):
        return b""


def _called(source: Any, else_: str) -> str:
    return str(source) if isinstance(source, str | os.PathLike) else else_


def _pdf_pages(source: Any, name: str) -> Iterator[Callable[[], Picture]]:
    try:
        import pypdfium2
    except ImportError:
        raise ImageError(f"{name}: {PDF_LINE}") from None
    try:
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
        document = pypdfium2.PdfDocument(data)
    except (OSError, RuntimeError, ValueError) as reason:
        raise ImageError(
            f"{name}: a PDF that is damaged or locked ({reason}): try exporting it again"
        ) from reason
    with document:
        for i in range(len(document)):
            page_name = f"{name} page {i + 1}" if len(document) > 1 else name
            yield partial(_drawn, document, i, page_name)


def _drawn(document: Any, i: int, name: str) -> Picture:
    try:
        page = document[i]
        width, height = (max(1.0, side) for side in page.get_size())
        scale = min(DPI / POINTS, float(np.sqrt(MOST_PIXELS / (width * height))))
        image = page.render(scale=scale).to_pil()
    except (RuntimeError, ValueError, MemoryError) as reason:
        raise ImageError(
            f"{name}: this page of a PDF cannot be drawn ({reason}): try exporting it again"
        ) from reason
    return load(image, name)


def _tiff_pages(source: Any, name: str | None) -> Iterator[Callable[[], Picture]]:
    """A TIFF's pages; whatever is wrong with the file or its first page, `load` says."""
    with ExitStack() as stack:
        try:
            image = stack.enter_context(_opened(source))
            frames = _frames(image)
        except Exception:  # Pillow's parsers throw what they like
            frames = [0]
        if frames == [0]:
            yield partial(load, source, name)
            return
        name = name or _called(source, "the TIFF")
        for number, i in enumerate(frames, start=1):
            page_name = f"{name} page {number}" if len(frames) > 1 else name
            yield partial(_frame, image, i, page_name)


def _frames(image: Any) -> list[int]:
    """Which frames of a TIFF are pages; all, if none says that it is one."""
    kinds = []
    for i in range(image.n_frames):
        try:
            image.seek(i)
            kinds.append(int(image.tag_v2.get(KIND, 0)))
        except Exception:  # a damaged page is one still, and says so when it is read
            kinds.append(0)
    return [i for i, kind in enumerate(kinds) if not kind & NO_PAGE] or list(range(len(kinds)))


def _frame(image: Any, i: int, name: str) -> Picture:
    try:
        image.seek(i)
    except Exception as reason:
        raise ImageError(
            f"{name}: damaged or cut short ({reason}): try exporting it again"
        ) from reason
    return load(image, name)


def _opened(source: Any) -> Any:
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of large images; `load` has a limit of its own
        return Image.open(io.BytesIO(source) if isinstance(source, bytes) else source)
