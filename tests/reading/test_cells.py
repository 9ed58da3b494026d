"""Cells of forms: the frames go, what is written in them stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import digitscope
from digitscope.reading.cells import without_cells
from digitscope.reading.light import brighten
from tests.reading.apart import laid_out, texts
from tests.reading.composed import digit, photographed, ruled

PAPER = np.ones((330, 620), np.bool_)


def form(rows: list[str], apart: int = 0, thick: int = 2, size=(56, 70), high=46, margin=40):
    """Frames and ink, both float32 in 0..1; a space is an empty cell."""
    rng = np.random.default_rng(1)
    (wide, tall), step = size, round(1.43 * size[1])
    shape = (2 * margin + step * (len(rows) - 1) + tall, 2 * margin + len(rows[0]) * (wide + apart))
    frames, ink = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for j, row in enumerate(rows):
        y = margin + step * j
        for i, letter in enumerate(row):
            x = margin + i * (wide + apart)
            cv2.rectangle(frames, (x, y), (x + wide, y + tall), 1, thick)
            if letter == " ":
                continue
            drawn = digit(int(letter), rng, high)
            if drawn.shape[1] > wide - 3 * thick:
                drawn = cv2.resize(drawn, (wide - 3 * thick, high), interpolation=cv2.INTER_AREA)
            left, top = x + (wide - drawn.shape[1]) // 2, y + (tall - drawn.shape[0]) // 2
            part = ink[top : top + drawn.shape[0], left : left + drawn.shape[1]]
            np.maximum(part, drawn, out=part)
    return frames, ink


def picture(frames, ink, tone: float = 0.5, **light):
    return photographed(np.maximum(ink, tone * frames), 1, **light)


def read(page):
    """The digits of each line."""
    return [line.text.replace(" ", "") for line in digitscope.read(page).lines]


def cells_of(page):
    """How many cells are taken out of a photo."""
    paper = np.ones(page.shape[:2], np.bool_)
    return without_cells(brighten(page, True, paper)[0], paper)[1]


@pytest.mark.parametrize("apart", [0, 9])
@pytest.mark.parametrize(("thick", "tone"), [(1, 1), (2, 0.5), (2, 0.9), (4, 0.6)])
def test_a_form_is_read_as_if_it_had_no_frames(apart, thick, tone, monkeypatch):
    rows = ["20856431", "68034295"]
    page = picture(*form(rows, apart, thick), tone)
    assert texts(laid_out(page)) == rows
    monkeypatch.setattr("digitscope.reading.page.without_cells", lambda bright, _: (bright, 0))
    assert texts(laid_out(page)) != rows


@pytest.mark.parametrize("size", [(20, 28), (28, 35)])
@pytest.mark.parametrize(("apart", "tone"), [(0, 0.5), (0, 0.9), (3, 0.5)])
def test_cells_hardly_larger_than_their_digits(size, apart, tone):
    frames, ink = form(["20846431", "68034296"], apart, 1, size, high=round(0.75 * size[1]))
    assert read(picture(frames, ink, tone)) == ["20846431", "68034296"]


def stroke(ink, *places, thick=4):
    """Draw through places of the fourth cell."""
    points = np.array([[40 + 3 * 56 + x, 40 + y] for x, y in places], np.int32)
    cv2.polylines(ink, [points], False, 1, thick, cv2.LINE_AA)


@pytest.mark.parametrize("tone", [0.5, 0.9])
@pytest.mark.parametrize(
    ("drawn", "digit"),
    [
        ([[(40, 1), (40, 69)]], "1"),
        ([[(48, 1), (48, 69)]], "1"),
        ([[(48, -4), (44, 74)]], "1"),
        ([[(47, 5), (47, 65)]], "1"),
        ([[(1, 12), (55, 12)], [(50, 12), (25, 62)]], "7"),
        ([[(12, 18), (28, 9), (40, 18), (38, 30), (14, 58), (1, 58), (55, 58)]], "2"),
    ],
    ids=["1", "1 at a side", "1 across", "1 beside a side", "7 from side to side", "foot of a 2"],
)
def test_a_digit_that_reaches_the_frame_stays(drawn, digit, tone):
    """It parts its cell: what is left has another size than the cells beside it."""
    frames, ink = form(["208 643"])
    for places in drawn:
        stroke(ink, *places)
    assert read(picture(frames, ink, tone)) == [f"208{digit}643"]


def test_frames_of_a_broad_pen():
    """Where each cell is drawn by itself, a wall between two has twice the pen's width."""
    frames, ink = form(["208564"], 5, 6, (90, 90), high=50)
    assert read(picture(frames, ink, 0.9)) == ["208564"]


@pytest.mark.parametrize("margin", [3, 5])
def test_frames_at_the_edge_of_the_picture(margin):
    assert texts(laid_out(picture(*form(["2085643"], margin=margin)))) == ["2085643"]


def test_a_row_of_many_cells_is_not_squared_paper():
    row = "6808456290235410001916"
    page = picture(*form([row], 0, 2, (30, 44), high=30, margin=12), 1)
    assert read(page) == [row]


def test_a_box_around_a_whole_number():
    frames, ink = form(["20854"])
    frames[:] = 0
    cv2.rectangle(frames, (25, 30), (335, 120), 1, 2)
    page = picture(frames, ink)
    assert cells_of(page) == 1
    assert texts(laid_out(page)) == ["20854"]


def test_empty_cells_go_too():
    frames, ink = form(["28 45 ", " 6003 "])
    layout = laid_out(picture(frames, ink))
    assert texts(layout) == ["2845", "6003"]
    paper = np.ones(ink.shape, np.bool_)
    free, cells = without_cells(brighten(picture(frames, ink), True, paper)[0], paper)
    assert cells == 12
    assert np.mean(free[(frames > 0) & (ink == 0)] > 60) < 0.02


@pytest.mark.parametrize("angle", [-4, 3])
def test_a_form_that_lies_askew(angle):
    frames, ink = form(["20856", "68034"])
    turn = cv2.getRotationMatrix2D((310, 165), angle, 1)
    turned = [cv2.warpAffine(part, turn, PAPER.shape[::-1]) for part in (frames, ink)]
    assert texts(laid_out(picture(*turned))) == ["20856", "68034"]


def test_a_stroke_that_crosses_frames_stays():
    """It parts the cell in the middle, whose frame goes as well as the others."""
    frames, ink = form(["2 4"], apart=12)
    cv2.line(ink, (85, 75), (190, 75), 1, 5)  # from the first cell to the last
    paper = np.ones(ink.shape, np.bool_)
    bright = brighten(picture(frames, ink), True, paper)[0]
    free, cells = without_cells(bright, paper)
    assert cells == 3
    crossing = (ink > 0.9) & (frames > 0)
    assert np.mean(free[crossing] > 0.5 * bright[crossing]) > 0.9
    assert np.mean(free[(frames > 0) & (ink == 0)] > 60) < 0.02


@pytest.mark.parametrize("noise", [0, 2, 4])
@pytest.mark.parametrize("barred", [False, True])
def test_digits_of_straight_strokes_are_no_cells(noise, barred):
    """The paper in an 8 and in a 0 is a rectangle, and grain is nothing written."""
    ink = np.zeros((200, 620), np.float32)
    for x in range(40, 560, 75):
        cv2.rectangle(ink, (x, 60), (x + 34, 116), 1, 4)
        if barred:
            cv2.line(ink, (x, 88), (x + 34, 88), 1, 4)
    assert cells_of(photographed(ink, 1, noise=noise)) == 0


def test_a_strip_longer_than_opencv_samples():
    page = np.zeros((30, 33_000), np.uint8)
    for x in range(100, 200, 20):
        cv2.rectangle(page, (x, 4), (x + 20, 26), 170, 1)
        page[10:20, x + 9 : x + 11] = 210
    free, cells = without_cells(page, np.ones(page.shape, np.bool_))
    assert cells == 5
    assert free[4:27, 100:221].max(axis=1)[0] == 0


def test_squared_paper_is_left_to_those_who_rule_it():
    grid = ruled(PAPER.shape, 34, squared=True)
    page = brighten(photographed(np.zeros(PAPER.shape), 1, ruling=grid), True, PAPER)[0]
    page[100:120, 100:110] = 200
    assert without_cells(page, PAPER)[1] == 0


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
    assert without_cells(page, np.ones(page.shape, np.bool_))[1] == 0
