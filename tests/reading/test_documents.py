"""Sources of one page and of many."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitscope.errors import ImageError
from digitscope.preparation.decoding import WORKING_PIXELS
from digitscope.reader import Reader
from digitscope.reading.documents import DPI, MOST_PIXELS, load_pages

GREYS = (250, 100, 10)


def several(format: str, **options: object) -> bytes:
    first, *rest = [Image.new("L", (90, 60), grey) for grey in GREYS]
    out = io.BytesIO()
    first.save(out, format, save_all=True, append_images=rest, **options)
    return out.getvalue()


def test_an_image_is_one_page(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("L", (30, 20), 9).save(path)
    for source in (path, str(path), path.read_bytes(), path.open("rb"), Image.open(path)):
        (page,) = load_pages(source)
        assert (page.width, page.height) == (30, 20)
        if hasattr(source, "close"):
            source.close()
    (page,) = load_pages(np.zeros((20, 30), np.uint8), "mine")
    assert page.name == "mine"


def test_a_tiff_of_many_pages(tmp_path: Path) -> None:
    path = tmp_path / "scan.tiff"
    path.write_bytes(several("TIFF"))
    for source in (path, path.read_bytes(), io.BytesIO(path.read_bytes())):
        pages = list(load_pages(source, "scan"))
        assert [page.name for page in pages] == ["scan page 1", "scan page 2", "scan page 3"]
        assert [int(page.pixels.mean()) for page in pages] == list(GREYS)
    assert next(load_pages(path)).name == f"{path} page 1"


@pytest.mark.parametrize("kind", [1, 3, 4])  # smaller copy of an image, of a page; mask
def test_thumbnails_and_masks_of_a_tiff_are_no_pages(kind: int) -> None:
    page, small = Image.new("L", (90, 60), 250), Image.new("L", (9, 8), 10)
    out, alone = io.BytesIO(), io.BytesIO()
    small.encoderinfo = {"tiffinfo": {254: kind}}  # type: ignore[attr-defined]
    page.save(out, "TIFF", save_all=True, append_images=[small, page])
    names = [(page.name, page.width) for page in load_pages(out.getvalue(), "scan")]
    assert names == [("scan page 1", 90), ("scan page 2", 90)]
    page.save(alone, "TIFF", save_all=True, append_images=[small])
    assert [(page.name, page.width) for page in load_pages(alone.getvalue(), "a")] == [("a", 90)]
    only = io.BytesIO()
    small.save(only, "TIFF", tiffinfo={254: kind})
    assert [page.width for page in load_pages(only.getvalue())] == [9]


def test_a_film_is_its_first_frame() -> None:
    for format in ("GIF", "PNG", "WEBP"):
        (page,) = load_pages(several(format))
        assert int(page.pixels.mean()) == pytest.approx(GREYS[0], abs=1)
        (warning,) = page.warnings
        assert warning.startswith("the image is a film: one frame was read")
        assert Reader().read(several(format)).warnings == (warning,)
    assert all(page.warnings == () for page in load_pages(several("TIFF")))


def test_a_cut_tiff_says_which_page() -> None:
    with pytest.raises(ImageError, match=r"scan page 3: .*cut short|scan.*: .*cut short"):
        list(load_pages(several("TIFF")[:-40], "scan"))


def test_a_bad_page_does_not_end_the_rest() -> None:
    out, errors = io.BytesIO(), list[ImageError]()
    noise = np.random.default_rng(0).integers(0, 256, (60, 90), np.uint8)
    first, *rest = [Image.fromarray(page) for page in (noise, 255 - noise, noise)]
    first.save(out, "TIFF", save_all=True, append_images=rest, compression="tiff_adobe_deflate")
    data = bytearray(out.getvalue())
    with Image.open(io.BytesIO(data)) as image:
        image.seek(1)
        (at,), (count,) = image.tag_v2[273], image.tag_v2[279]  # type: ignore[attr-defined]
    data[at : at + count] = bytes(count)
    pages = list(load_pages(bytes(data), "scan", errors.append))
    assert [page.name for page in pages] == ["scan page 1", "scan page 3"]
    for page in pages:
        np.testing.assert_array_equal(page.pixels, noise)
    assert [str(error).partition(":")[0] for error in errors] == ["scan page 2"]
    with pytest.raises(ImageError, match="scan page 2"):
        list(load_pages(bytes(data), "scan"))


def test_a_pdf_is_drawn_page_by_page(tmp_path: Path) -> None:
    path = tmp_path / "form.pdf"
    path.write_bytes(several("PDF", resolution=72.0))
    pages = list(load_pages(path))
    assert [page.name for page in pages] == [f"{path} page {i}" for i in (1, 2, 3)]
    assert [round(float(page.pixels.mean())) for page in pages] == pytest.approx(GREYS, abs=3)
    assert pages[0].width == pytest.approx(90 * DPI / 72, abs=2)


def test_a_huge_page_of_a_pdf_is_drawn_within_bounds() -> None:
    out = io.BytesIO()
    Image.new("L", (8, 8)).save(out, "PDF", resolution=0.01)
    (page,) = load_pages(out.getvalue())
    assert page.width * page.height <= 1.1 * MOST_PIXELS


@pytest.mark.parametrize("size", [(595, 842), (842, 1191), (300, 3000), (612, 792)])  # points
def test_a_page_of_a_pdf_is_drawn_as_it_is_read(size: tuple[int, int]) -> None:
    out = io.BytesIO()
    Image.new("L", size, 250).save(out, "PDF", resolution=72.0)
    (page,) = load_pages(out.getvalue())
    assert page.factors == (1, 1)  # nothing is drawn that is thrown away
    assert page.pixels.shape[:2] == (page.height, page.width)
    assert page.width * page.height > 0.9 * WORKING_PIXELS
    assert page.width / page.height == pytest.approx(size[0] / size[1], rel=0.01)


@pytest.mark.parametrize("data", [b"%PDF-1.4 nonsense", several("PDF")[:200]])
def test_a_damaged_pdf_is_one_line(data: bytes) -> None:
    with pytest.raises(ImageError, match="damaged or locked") as caught:
        list(load_pages(data, "form.pdf"))
    assert "\n" not in str(caught.value)


def test_without_a_renderer_a_pdf_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(
        ImageError, match=r"form.pdf: a PDF, .* 'pip install \"digitscope\[pdf\]\"'"
    ):
        list(load_pages(several("PDF"), "form.pdf"))


def test_bad_sources_are_told_as_load_tells_them(tmp_path: Path) -> None:
    for source, words in (
        (tmp_path / "none.png", "no such file"),
        (tmp_path, "folder"),
        (b"", "empty"),
        (b"II*\0 not a TIFF", "not an image"),
        (io.StringIO("text"), "binary stream"),
        (17, "expected a path"),
    ):
        with pytest.raises(ImageError, match=words):
            list(load_pages(source))  # type: ignore[arg-type]
