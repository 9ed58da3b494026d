"""Cells of forms: the frames go, what is written in them stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitscope.reading.cells import find_cells, without_cells
from digitscope.reading.light import brighten
from tests.reading.apart import laid_out, texts
from tests.reading.composed import digit, photographed, ruled

SIDE, HIGH = 56, 70
PAPER = np.ones((330, 620), np.bool_)


def form(rows: list[str], apart: int = 0, thick: int = 2, at: int = 40, seed: int = 1):
    """Frames and ink, both float32 [330, 620] in 0..1; a space is an empty cell."""
    rng = np.random.default_rng(seed)
    frames, ink = np.zeros(PAPER.shape, np.float32), np.zeros(PAPER.shape, np.float32)
    for j, row in enumerate(rows):
        y = 40 + 100 * j
        for i, letter in enumerate(row):
            x = at + i * (SIDE + apart)
            cv2.rectangle(frames, (x, y), (x + SIDE, y + HIGH), 1, thick)
            if letter == " ":
                continue
            drawn = digit(int(letter), rng, 46)[:, : SIDE - 10]
            left, top = x + (SIDE - drawn.shape[1]) // 2, y + 10
            part = ink[top : top + drawn.shape[0], left : left + drawn.shape[1]]
            np.maximum(part, drawn, out=part)
    return frames, ink


def picture(frames, ink, tone: float = 0.5, **light):
    return photographed(np.maximum(ink, tone * frames), 1, **light)


@pytest.mark.parametrize("apart", [0, 9])
@pytest.mark.parametrize(("thick", "tone"), [(1, 0.9), (2, 0.25), (4, 0.6)])
def test_a_form_is_read_as_if_it_had_no_frames(apart, thick, tone):
    rows = ["2085643", "6808450"]
    layout = laid_out(picture(*form(rows, apart, thick), tone))
    assert texts(layout) == rows


def test_empty_cells_go_too():
    frames, ink = form(["28 45 ", " 6003 "])
    layout = laid_out(picture(frames, ink))
    assert texts(layout) == ["2845", "6003"]
    bright = brighten(picture(frames, ink), True, PAPER)[0]
    free, cells = without_cells(bright, PAPER)
    assert cells == 12
    assert np.mean(free[(frames > 0) & (ink == 0)] > 60) < 0.02


@pytest.mark.parametrize("angle", [-4, 3])
def test_a_form_that_lies_askew(angle):
    frames, ink = form(["20856", "68034"])
    turn = cv2.getRotationMatrix2D((310, 165), angle, 1)
    turned = [cv2.warpAffine(part, turn, PAPER.shape[::-1]) for part in (frames, ink)]
    assert texts(laid_out(picture(*turned))) == ["20856", "68034"]


def test_a_stroke_that_crosses_frames_stays():
    """It parts the cell in the middle; the halves of that are no cells, and the others go."""
    frames, ink = form(["2 4"], apart=12)
    cv2.line(ink, (85, 75), (190, 75), 1, 5)  # from the first cell to the last
    bright = brighten(picture(frames, ink), True, PAPER)[0]
    free, _ = without_cells(bright, PAPER)
    crossing = (ink > 0.9) & (frames > 0)
    assert np.mean(free[crossing] > 0.5 * bright[crossing]) > 0.9
    frames[:, 104:168] = 0
    assert np.mean(free[(frames > 0) & (ink == 0)] > 60) < 0.02


def test_digits_of_straight_strokes_are_no_cells():
    """The paper in an 8 and in a 0 is a rectangle, and nothing is written in it."""
    page = np.zeros(PAPER.shape, np.uint8)
    for x in (40, 120, 200):
        cv2.rectangle(page, (x, 40), (x + 50, 140), 200, 6)
    cv2.line(page, (40, 90), (90, 90), 200, 6)
    free, cells = without_cells(page, PAPER)
    assert cells == 0
    assert free is page


def test_squared_paper_is_left_to_those_who_rule_it():
    grid = ruled(PAPER.shape, 34, squared=True)
    page = brighten(photographed(np.zeros(PAPER.shape), 1, ruling=grid), True, PAPER)[0]
    page[100:120, 100:110] = 200
    assert find_cells(page, PAPER) == ([], [])


@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (9, 9), (12, 400)])
def test_small_and_empty_images_have_none(shape):
    for value in (0, 255):
        page = np.full(shape, value, np.uint8)
        assert without_cells(page, np.ones(shape, np.bool_))[1] == 0
    assert without_cells(page, np.zeros(shape, np.bool_))[1] == 0


@pytest.mark.parametrize("pitch", [14, 25])
def test_of_fine_squares_no_side_is_looked_at(pitch, monkeypatch):
    """There are thousands: they are told by their number and by how much of the page they are."""
    page = np.zeros((1000, 1000), np.uint8)
    page[::pitch] = page[:, ::pitch] = 90
    page[100:120, 100:104] = 200
    monkeypatch.setattr("digitscope.reading.cells.read_band", None)
    assert find_cells(page, np.ones(page.shape, np.bool_)) == ([], [])
