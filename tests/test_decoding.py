"""Decoding: large images are brought to the working limit, and their boxes back."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from digitscope.preparation import load, prepare
from digitscope.preparation.decoding import NEARLY, WORKING_PIXELS

SIZES = [(1203, 1000), (3000, 4001), (300, 20000), (20000, 300), (60, 30000), (1166, 1911)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("turn", [1, 3, 6, 8])
def test_a_far_corner_comes_back_where_it_was(size: tuple[int, int], turn: int) -> None:
    height, width = size
    pixels = np.full(size, 230, np.uint8)
    side = min(size) // 2
    pixels[-side - 5 : -5, -side - 5 : -5] = 20
    exif = Image.Exif()
    exif[0x0112] = turn
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", exif=exif)
    picture = load(stream.getvalue())
    turned = np.rot90(pixels, {1: 0, 3: 2, 6: -1, 8: 1}[turn])
    assert (picture.height, picture.width) == turned.shape
    limit = WORKING_PIXELS * NEARLY**2
    assert 0.95 * min(limit, height * width) / NEARLY**2 <= picture.pixels.size <= limit
    rows, columns = (np.flatnonzero((picture.pixels < 128).any(axis=axis)) for axis in (1, 0))
    box = (columns[0], rows[0], len(columns), len(rows))
    x, y, w, h = picture.original(tuple(int(v) for v in box))  # type: ignore[arg-type]
    rows, columns = (np.flatnonzero((turned < 128).any(axis=axis)) for axis in (1, 0))
    across, down = picture.factors
    assert (x, x + w) == pytest.approx((columns[0], columns[-1] + 1), abs=across)
    assert (y, y + h) == pytest.approx((rows[0], rows[-1] + 1), abs=down)


@pytest.mark.parametrize("shape", [(4_100_000, 4), (4, 24_000_000), (1_000_000, 6)])
def test_a_strip_keeps_a_pixel_of_width_and_its_boxes_stay_inside(shape: tuple[int, int]) -> None:
    picture = load(np.full(shape, 200, np.uint8))
    h, w = picture.pixels.shape
    assert w * h <= WORKING_PIXELS * NEARLY**2
    for box in ((0, 0, w, h), (w - 1, h - 1, 1, 1), (0, max(0, h - 10), 1, 10)):
        x, y, width, height = picture.original(box)
        assert min(x, y) >= 0
        assert min(width, height) >= 1
        assert x + width <= shape[1]
        assert y + height <= shape[0]


@pytest.mark.parametrize("size", [(990, 1000), (1000, 1200), (1200, 1300), (2000, 2100)])
@pytest.mark.parametrize("ink", [0, 255])
def test_transparent_images_are_put_on_paper_before_they_are_shrunk(
    size: tuple[int, int], ink: int
) -> None:
    """The rim of a stroke, half transparent, is no ink of its own."""
    pixels = np.zeros((*size, 4), np.uint8)
    for x in range(60, size[1] - 40, 80):
        pixels[100 : size[0] - 100, x : x + 9] = (ink, ink, ink, 255)
    shown = load(pixels).pixels[..., 0].astype(int)
    paper = 255 - ink
    middle = shown[shown.shape[0] // 2]
    assert np.median(middle) == paper
    assert np.abs(middle - paper).max() > 230


def test_what_is_hardly_above_the_limit_stays_as_it_is() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (1001, 1000)).astype(np.uint8)
    picture = load(pixels)
    np.testing.assert_array_equal(picture.pixels, pixels)
    assert "shrunk" not in picture.note


def test_a_photo_of_just_above_a_megapixel_keeps_its_fine_strokes() -> None:
    """A digit 30 pixels high on 1.2 megapixels is 27 high for the work, and not 15."""
    picture = load(np.full((1200, 1000), 255, np.uint8))
    assert picture.pixels.size > 0.95 * WORKING_PIXELS
    page = np.full((1200, 1000), 240, np.uint8)
    page[600:630, 500:504] = 30
    assert prepare(page).box == pytest.approx((500, 600, 4, 30), abs=2)
