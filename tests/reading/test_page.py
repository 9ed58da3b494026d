"""Pages to lines: on composed pages, whatever a photo brings along."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

from digitscope.preparation import load
from digitscope.reader import Reader
from digitscope.reading.page import find_lines
from tests.reading.apart import classifier, laid_out, texts
from tests.reading.composed import held_out, on_desk, photographed, ruled, written
from tests.reading.pages import compose_page

LINES = ["6808456", "2902354", "1000191"]
SIZE = (420, 640)
SHEET = written(LINES, 1, size=SIZE, high=42, left=50, top=50)
INK = SHEET.ink


def turned_by(pixels, degrees):
    """Turned clockwise, so that `degrees` counter-clockwise set it upright again."""
    return np.ascontiguousarray(np.rot90(pixels, -degrees // 90))


LIGHT = {
    "plain": photographed(INK, 1),
    "light on dark": 255 - photographed(INK, 1),
    "one bit": np.where(photographed(INK, 1) > 128, 255, 0).astype(np.uint8),
    "pencil": photographed(INK, 1, darkness=0.22, noise=3),
    "soft shadow": photographed(INK, 1, shadow=0.5),
    "hard shadow": photographed(INK, 2, shadow=0.5, hard=True),
    "pencil in a hard shadow": photographed(INK, 3, shadow=0.5, hard=True, darkness=0.3),
    "grain": photographed(INK, 1, noise=12),
    "lined": photographed(INK, 1, ruling=ruled(SIZE, 60)),
    "lined in black": photographed(INK, 1, ruling=ruled(SIZE, 90), ruling_darkness=0.7),
    "squared": photographed(INK, 1, ruling=ruled(SIZE, 34, squared=True)),
    "squared in a shadow": photographed(
        INK, 4, ruling=ruled(SIZE, 34, squared=True), ruling_darkness=0.4, shadow=0.4
    ),
}


@pytest.mark.parametrize("kind", LIGHT)
def test_light_paper_and_pens(kind):
    layout = laid_out(LIGHT[kind])
    assert texts(layout) == LINES
    assert layout.rotation == 0
    assert layout.warnings == ()


def test_colours():
    grey = photographed(INK, 1, noise=0).astype(np.float32) / 255
    blue_on_yellow = np.stack([230 * grey, 215 * grey, 120 + 60 * (1 - grey)], axis=2)
    assert texts(laid_out(blue_on_yellow.astype(np.uint8))) == LINES


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_quarters_are_found(rotation):
    layout = laid_out(turned_by(LIGHT["soft shadow"], rotation))
    assert layout.rotation == rotation
    assert texts(layout) == LINES


@pytest.mark.parametrize("angle", [-42, -20, 8, 30, 42])
def test_slanted_lines_are_set_straight(angle):
    lines = LINES[:2]
    top = 70 if angle > 0 else 460
    sheet = written(lines, 2, (640, 640), high=42, left=90, top=top, angle=angle, pitch=2.6)
    layout = laid_out(photographed(sheet.ink, 2))
    assert texts(layout) == lines
    assert layout.rotation == 0


@pytest.mark.parametrize("slope", [-0.5, 0.5])
def test_upright_digits_on_a_slanted_line(slope):
    sheet = written(["685234"], 7, (640, 640), high=42, left=90, top=300, gap=0.5)
    shear = np.array([[1, 0, 0], [slope, 1, -slope * 320]])
    ink = np.zeros_like(sheet.ink)
    _, names, stats, middles = cv2.connectedComponentsWithStats((sheet.ink > 0.2).astype(np.uint8))
    for i in range(1, len(stats)):  # each mark as it is, moved up or down
        down = round((shear @ [*middles[i], 1])[1] - middles[i][1])
        ink = np.maximum(ink, np.roll(np.where(names == i, sheet.ink, 0), down, axis=0))
    layout = laid_out(photographed(ink, 2))
    assert texts(layout) == ["685234"]
    strip = layout.strips[0]
    assert strip.ink.shape[0] < 1.6 * 42
    rows, columns = np.nonzero(strip.ink > 127)
    back = strip.to_page @ np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))])
    rows, columns = np.nonzero(ink > 0.5)
    goal = [columns.mean() + 0.5, rows.mean() + 0.5]
    assert (back[:2] / back[2]).mean(axis=1) == pytest.approx(goal, abs=2)


def test_each_line_has_its_own_slope():
    up = written(LINES[:1], 2, (600, 640), high=42, left=60, top=160, angle=-12).ink
    down = written(LINES[1:2], 3, (600, 640), high=42, left=60, top=330, angle=9).ink
    assert texts(laid_out(photographed(np.maximum(up, down), 2))) == LINES[:2]


@pytest.mark.parametrize(("seed", "angle"), [(1, 5), (2, -14), (3, 28), (4, -38), (6, 60)])
def test_a_page_on_a_desk(seed, angle):
    """The desk, its grain and shine, and the edge of the sheet are no ink."""
    page = photographed(INK, 1, shadow=0.3)
    picture, matrix = on_desk(page, seed, (620, 860), angle)
    layout = laid_out(picture)
    assert texts(layout) == LINES
    start, end = cv2.perspectiveTransform(np.float32([[[50, 70], [300, 70]]]), matrix)[0]
    onward = layout.strips[0].to_page @ np.array([[10, 10, 1], [90, 10, 1]]).T
    onward = (onward[:2] / onward[2]).T
    lean = [np.arctan2(*(b - a)[::-1]) for a, b in ((start, end), (onward[0], onward[1]))]
    assert lean[0] == pytest.approx(lean[1], abs=np.radians(4))


def test_strips_lead_back_to_the_picture():
    """The centre of a strip's ink lies where that line's ink lies on the picture."""
    page = photographed(INK, 1, shadow=0.3)
    picture, matrix = on_desk(page, 2, (620, 860), -14)
    picture = cv2.resize(picture, None, fx=2, fy=2)  # it is shrunk for the work
    matrix = np.diag([2.0, 2.0, 1.0]) @ matrix
    layout = laid_out(picture)
    assert texts(layout) == LINES
    for i, strip in enumerate(layout.strips):
        line = np.zeros_like(INK)
        line[40 + 84 * i : 110 + 84 * i] = INK[40 + 84 * i : 110 + 84 * i]
        rows, columns = np.nonzero(line > 0.5)
        there = matrix @ np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))])
        goal = (there[:2] / there[2]).mean(axis=1)
        rows, columns = np.nonzero(strip.ink > 127)
        back = strip.to_page @ np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))])
        assert (back[:2] / back[2]).mean(axis=1) == pytest.approx(goal, abs=4)


def test_a_strip_of_desk_at_the_rim():
    page = photographed(INK, 1)
    page[:, -14:] = 35
    page[:6] = 60
    assert texts(laid_out(page)) == LINES


def test_columns_far_apart_are_one_line():
    sheet = written(["123 678", "901 235"], 3, (300, 900), high=44, left=30)
    layout = laid_out(photographed(sheet.ink, 3))
    assert texts(layout) == ["123678", "901235"]


def test_many_tight_lines():
    rng = np.random.default_rng(3)
    lines = ["".join(str(rng.integers(2, 9)) for _ in range(8)) for _ in range(10)]
    sheet = written(lines, 3, (520, 480), high=28, pitch=1.5, left=20, top=30, gap=0.4)
    layout = laid_out(photographed(sheet.ink, 3))
    assert len(layout.strips) == 10
    right = sum(a == b for a, b in zip(texts(layout), lines, strict=True))
    assert right >= 9  # a hand's two strokes may be apart


def test_dirt_is_dropped_and_a_small_zero_stays():
    ink = written(LINES[:2], 1, SIZE, high=42, left=50, top=50).ink
    cv2.circle(ink, (600, 90), 2, 1, -1)  # a dot beside
    cv2.circle(ink, (200, 118), 2, 1, -1)  # a decimal point's size, between the lines
    cv2.line(ink, (560, 395), (585, 388), 1, 4)  # a staple in the corner
    ink[:, :3] = 1  # the edge of the page
    cv2.line(ink, (20, 300), (620, 306), 1, 2)  # a line under it all
    cv2.ellipse(ink, (480, 76), (8, 10), 0, 0, 360, 1, 3)  # a zero half as high as the rest
    layout = laid_out(photographed(ink, 1))
    found = texts(layout)
    assert found[:2] == [LINES[0] + "0", LINES[1]]
    assert len(found) == 2


def test_what_reads_both_ways_stays_with_a_warning():
    six = written(["6"], 4, (120, 90), high=60, left=20, top=30, gap=0).ink
    zero = np.zeros_like(six)
    cv2.ellipse(zero, (45, 60), (19, 29), 0, 0, 360, 1, 7)
    page = photographed(np.hstack([six, zero, six]), 1, noise=0)
    read = Reader().read(page)
    assert read.rotation == 0
    assert read.warnings == (
        "the page reads nearly as well upside down: it was left as it is; turn the image if that "
        "is wrong",
    )


@pytest.mark.parametrize(("part", "seed"), [("train", 12), ("train", 41), ("test", 49)])
def test_digits_that_stand_upright_bring_no_warning(part, seed):
    """Three of four read well on their heads too; that the fourth does not is enough."""
    page = compose_page(["0405"], seed=seed, part=part)
    assert Reader().read(page).text == "0405"
    assert Reader().read(page).warnings == ()


@pytest.mark.parametrize("ruling", [None, ruled(SIZE, 40), ruled(SIZE, 30, squared=True)])
def test_blank_pages_have_no_lines(ruling):
    blank = photographed(np.zeros(SIZE, np.float32), 5, shadow=0.4, ruling=ruling)
    layout = laid_out(blank)
    assert layout.strips == ()
    assert layout.rotation == 0
    assert layout.warnings == ()


@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize("shape", [(8, 8), (4, 8), (60, 8), (8, 400), (300, 300)])
def test_one_grey_throughout_has_no_lines(shape, value):
    assert laid_out(np.full(shape, value, np.uint8)).strips == ()


def test_small_images_of_one_digit():
    images, labels = held_out()
    right = 0
    for image, label in zip(images[:30], labels[:30], strict=True):
        for pixels in (image, 255 - image):
            right += texts(laid_out(pixels)) == [str(label)]
    assert right >= 57


def test_a_digit_that_fills_its_image():
    for label, seed in (("0", 5), ("1", 5), ("7", 3), ("3", 1)):
        ink = written([label], seed, (300, 300), high=280, left=20, top=8).ink
        assert texts(laid_out(photographed(ink, 3))) == [label]


def test_pages_below_the_limit_of_pixels():
    ink = cv2.resize(INK, None, fx=5, fy=5)
    assert texts(laid_out(photographed(ink, 1, shadow=0.3, blur=2))) == LINES


def test_noise_ends_in_bounded_time():
    noise = np.random.default_rng(1).integers(0, 256, (900, 900), np.uint8)
    start = time.process_time()
    laid_out(noise)
    assert time.process_time() - start < 10


@pytest.mark.parametrize("many", [1500, 1600])
def test_marks_beyond_the_limit_are_left_out_with_a_warning(many):
    page = np.full((1120, 1140), 250, np.uint8)
    for i in range(many):
        x, y = 20 + 18 * (i % 60), 20 + 40 * (i // 60)
        page[y : y + 14, x : x + 4] = 20
    layout = find_lines(load(page), lambda images: np.full((len(images), 11), 1 / 11))
    found = sum(cv2.connectedComponents(s.ink)[0] - 1 for s in layout.strips)
    assert found == 1500
    told = [warning for warning in layout.warnings if "marks" in warning]
    assert len(told) == (many > 1500)
    if told:
        assert "1,600 marks, and the 100 smallest were left out" in told[0]


def test_steps_are_told_and_drawn():
    layout = laid_out(LIGHT["squared"])
    names = [step.name for step in layout.steps]
    assert names == ["load", "grey", "sheet", "light", "ruling", "marks", "upright", "lines"]
    for step in layout.steps:
        assert step.image.dtype == np.uint8
        assert step.explanation.endswith(".")
    assert "ruled lines" in layout.steps[4].explanation


def test_the_classifier_is_asked_once_for_level_lines():
    asked = []

    def counting(images):
        asked.append(len(images))
        return classifier()(images)

    find_lines(load(LIGHT["plain"]), counting)
    assert len(asked) == 1
    assert asked[0] <= 4 * 24
