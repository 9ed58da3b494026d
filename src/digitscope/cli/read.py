"""`digitscope read`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from digitscope.cli.console import new_file, print_json, save_figure
from digitscope.cli.read_files import Annotations, CropFolder, find_images
from digitscope.cli.read_progress import ReadProgress
from digitscope.errors import DigitscopeError, ImageError, SettingError
from digitscope.reader import READER, RUNTIMES, Reader
from digitscope.reading.tree import NOTHING, VERSION, Page, to_csv
from digitscope.store import free, write_atomically

EPILOG = """
A ? stands for a mark that is no digit, or for a digit less sure than --reject-below.

With --pattern, --length or --checksum a digit that looks like another is repaired where the number
then fits, and a note says so. A number that no likely reading fits stays as it looks.

Notes, how many numbers do not fit, and errors go to standard error. The exit code is 1 if some
images or pages could not be read, 2 if none could; a number that does not fit changes nothing.
"""
IN_PART, BAD_INPUT = 1, 2
STDOUT = Path("-")


def command(
    images: list[str] = typer.Argument(
        help="Images (any format; PDF and TIFF of many pages too), folders of them, - for stdin."
    ),
    model: Path = typer.Option(
        Path(READER),
        help="A model that ships, committee for three of them, a model file, a run folder.",
    ),
    pattern: str | None = typer.Option(
        None, help="What each number looks like: d is a digit, as in dd.dd.dddd."
    ),
    length: int | None = typer.Option(None, help="How many digits each number has."),
    checksum: str | None = typer.Option(None, help="The check that numbers pass, such as luhn."),
    reject_below: float = typer.Option(
        0.0, help="Print ? for digits less sure than this (0 to 1)."
    ),
    runtime: str = typer.Option(
        RUNTIMES[0], help="Who computes: numpy, or onnxruntime where that is installed."
    ),
    as_json: bool = typer.Option(
        False, "--json", help="Print JSON: pages, lines, numbers, digits."
    ),
    csv: Path | None = typer.Option(None, help="Write a row a number to a new file, - for stdout."),
    annotate: Path | None = typer.Option(
        None,
        help="Draw what was read: a new PNG file (x.png; of more pages x-2.png, ...), or a new "
        "folder for many images.",
    ),
    crops: Path | None = typer.Option(
        None, help="Keep unsure digits in a new folder, with a labels.csv to fill in for adapt."
    ),
    crops_below: float = typer.Option(
        0.99, min=0, max=1, help="Digits less sure than this go there."
    ),
    explain: Path | None = typer.Option(
        None, help="Draw every step of the way (of the first page)."
    ),
) -> int:
    """Read the numbers on images of pages: on standard output a text line a line, no more.

    Notes, how many numbers do not fit, and errors go to standard error; see EPILOG.
    """
    if as_json and csv == STDOUT:
        raise SettingError("--json and --csv - both print: give --csv a file")
    files, failed = find_images(images)
    several = len(files) > 1
    if explain and (several or len(images) > 1):
        raise SettingError("--explain draws one page: give one image, or leave it out")
    reader = Reader(
        model,
        pattern=pattern,
        length=length,
        checksum=checksum,
        reject_below=reject_below,
        runtime=runtime,
    )
    wanted = Wanted(reader, as_json, csv, annotate, crops, crops_below, explain, several)
    for error in failed:
        _complain(error)

    def fail(error: ImageError) -> None:
        _complain(error)
        failed.append(error)

    read = 0
    with wanted.closed_at_the_end(), ReadProgress(len(files)) as progress:
        for file in files:
            try:
                for page in _pages(reader, file, fail):
                    wanted.add(page, progress)
                    read += 1
            except ImageError as error:
                fail(error)
            progress.advance(file)
    return BAD_INPUT if failed and not read else IN_PART if failed else 0


class Wanted:
    """What was asked for, page by page; files that are there already are known of at once."""

    def __init__(
        self,
        reader: Reader,
        as_json: bool,
        csv: Path | None,
        annotate: Path | None,
        crops: Path | None,
        crops_below: float,
        explain: Path | None,
        named: bool,
    ) -> None:
        if csv and csv != STDOUT:
            free(csv)
        if explain:
            new_file(explain)
        self.reader, self.named = reader, named
        self.as_json, self.csv, self.explain = as_json, csv, explain
        self.drawn = Annotations(annotate, named) if annotate else None
        self.crops = CropFolder(crops, crops_below) if crops else None
        self.pages: list[dict[str, Any]] = []
        self.rows: list[tuple[Any, ...]] = []
        self.fits: list[bool] = []

    def add(self, page: Page, progress: ReadProgress) -> None:
        """One page: printed, or kept until the end; drawn, cropped, explained."""
        if self.as_json:
            self.pages.append(page.to_dict())
        elif self.csv != STDOUT:
            for line in page.lines:
                progress.print(f"{page.name}: {line.text}" if self.named else line.text)
        if self.csv:
            self.rows += page.rows()
        _tell(page)
        self.fits += [number.fits for number in page.numbers if number.fits is not None]
        if self.drawn:
            self.drawn.add(page)
        if self.crops:
            self.crops.add(page)
        if self.explain:
            save_figure(self._explained(page), self.explain, quiet=True)
            self.explain = None  # of many pages the first

    def _explained(self, page: Page) -> Any:
        from digitscope.figures.table import FIGURES

        return FIGURES["reading_steps"](page, self.reader.explain(page))

    @contextmanager
    def closed_at_the_end(self) -> Iterator[None]:
        """What was read until then is kept, even if the reading was interrupted."""
        try:
            yield
        finally:
            try:
                self._tell_files()
            finally:
                self._write()
                self._count_misfits()

    def _write(self) -> None:
        """JSON and CSV."""
        if self.as_json:
            print_json(_json(self.reader.name, self.pages))
        if self.csv == STDOUT:
            print(to_csv(self.rows), end="")
        elif self.csv:
            write_atomically(self.csv, to_csv(self.rows).encode("utf-8", "replace"))

    def _count_misfits(self) -> None:
        """A line for whoever has a field, and does not look at each note."""
        misfits = self.fits.count(False)
        if misfits and self.reader.field:
            many = f"{misfits:,} of {len(self.fits):,} numbers {'does' if misfits == 1 else 'do'}"
            many = "the number does" if len(self.fits) == 1 else many
            print(f"digitscope: {many} not fit {self.reader.field.told}", file=sys.stderr)

    def _tell_files(self) -> None:
        if self.drawn and (told := self.drawn.told()):
            print(told, file=sys.stderr)
        if self.crops:
            labels, count = self.crops.close(), len(self.crops.rows)
            print(f"crops: {count:,} unsure digits, listed in {labels}", file=sys.stderr)


def _pages(reader: Reader, file: str, fail: Callable[[ImageError], None]) -> Iterator[Page]:
    if file != "-":
        yield from reader.read_pages(file, on_error=fail)
        return
    data = sys.stdin.buffer.read()
    if not data:
        raise ImageError("standard input: expected an image, got nothing: try cat IMAGE | ... -")
    yield from reader.read_pages(data, "standard input", fail)


def _tell(page: Page) -> None:
    for note in (*page.warnings, *(note for line in page.lines for note in line.notes)):
        print(f"digitscope: note: {page.name}: {note}", file=sys.stderr)
    if not page.lines:
        print(f"digitscope: note: {page.name}: {NOTHING}", file=sys.stderr)


def _complain(error: DigitscopeError) -> None:
    print(f"digitscope: error: {error}", file=sys.stderr)


def _json(model: str, pages: list[dict[str, Any]]) -> dict[str, Any]:
    """The pages as docs/formats.md fixes them."""
    return {"format": "digitscope reading", "version": VERSION, "model": model, "pages": pages}
