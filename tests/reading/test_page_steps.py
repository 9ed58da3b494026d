"""The steps of a page one by one: sheet, light, ruling, marks, rows, strips."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from digitscope.reading.light import brighten, dark_ink
from digitscope.reading.lines import Row, find_rows
from digitscope.reading.marks import find_marks, ink_levels
from digitscope.reading.outline import find_outline
from digitscope.reading.ruling import without_ruling
from digitscope.reading.sheet import find_sheet
from digitscope.reading.sieve import digit_size, sieve
from digitscope.reading.straight import cut_strip
from digitscope.reading.strays import without_strays
from tests.reading.composed import on_desk, photographed, ruled, written

SIZE = (420, 640)
PAPER = np.ones(SIZE, np.bool_)
INK = written(["6808456", "2902354"], 1, size=SIZE, high=42, left=50, top=50).ink


def bars(shape, *boxes):
    """Marks of full ink: uint8 with a bar for each (x, y, w, h)."""
    page = np.zeros(shape, np.uint8)
    for x, y, w, h in boxes:
        page[y : y + h, x : x + w] = 200
    return page


def marks_of(bright):
    paper = np.ones(bright.shape, np.bool_)
    return find_marks(bright, ink_levels(bright, paper))


@pytest.mark.parametrize(("seed", "angle"), [(1, 3), (2, -20), (5, 40)])
def test_the_corners_of_a_sheet(seed, angle):
    picture, matrix = on_desk(photographed(INK, 1, shadow=0.4), seed, (620, 860), angle)
    corners, region = find_outline(picture, picture)
    h, w = SIZE
    truth = cv2.perspectiveTransform(np.float32([[[0, 0], [w, 0], [w, h], [0, h]]]), matrix)[0]
    for corner in truth:
        assert np.linalg.norm(corners - corner, axis=1).min() < 7
    inside = cv2.fillConvexPoly(np.zeros(picture.shape, np.uint8), truth.astype(np.int32), 255)
    assert np.mean(inside != region) < 0.02


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_sheet_half_in_a_shadow_no_lighter_there_than_the_desk_in_the_light(seed):
    picture, matrix = on_desk(photographed(INK, seed), seed, (620, 860), 6, desk=100)
    x = np.arange(860)
    shade = 1 - 0.6 / (1 + np.exp((430 - x) / 40))
    dim = np.rint(picture * shade).astype(np.uint8)
    found = find_outline(dim, dim)
    assert found is not None
    h, w = SIZE
    truth = cv2.perspectiveTransform(np.float32([[[0, 0], [w, 0], [w, h], [0, h]]]), matrix)[0]
    for corner in truth:
        assert np.linalg.norm(found[0] - corner, axis=1).min() < 14  # 4 of the 256 it is sought on


def test_a_light_box_on_a_light_page_is_no_sheet():
    page = np.full((600, 800), 235, np.uint8)
    page[100:560, 120:700] = 90
    page[150:450, 200:600] = 225
    assert find_outline(page, page) is None


def test_neither_a_shadow_nor_a_frame_is_a_sheet():
    shadow = photographed(INK, 2, shadow=0.5, hard=True)
    assert find_outline(shadow, shadow) is None
    framed = INK.copy()
    cv2.rectangle(framed, (25, 25), (600, 390), 1, 5)
    page = photographed(framed, 1)
    assert find_outline(page, page) is None
    assert find_sheet(page, page).paper.all()


def test_the_light_leaves_paper_dark_and_ink_even():
    page = photographed(INK, 1, shadow=0.6, noise=0)
    bright, evened = brighten(page, True, PAPER)
    assert evened
    assert np.percentile(bright[INK < 0.01], 99) < 15
    strong = bright[INK > 0.99].astype(float)
    assert strong.mean() == pytest.approx(0.75 * 255, abs=15)
    assert strong.std() < 15


@pytest.mark.parametrize("shadow", [0.0, 0.5])
def test_polarity(shadow):
    page = photographed(INK, 1, shadow=shadow)
    assert dark_ink(page)
    assert not dark_ink(255 - page)


@pytest.mark.parametrize("shadow", [0.0, 0.4])
@pytest.mark.parametrize("high", [28, 44])
def test_one_short_line_on_a_large_page_is_ink(high: int, shadow: float) -> None:
    """The gaps between its strokes are wider than the strokes, and lighter than the ink around."""
    ink = written(["3870248"], 3, (1160, 1000), high=high, gap=0.15, left=130, top=40).ink
    page = photographed(ink, 3, shadow=shadow, darkness=0.85)
    assert dark_ink(page)
    assert not dark_ink(255 - page)


def test_what_lies_around_the_paper_says_nothing_of_the_ink() -> None:
    page = photographed(written(["42"], 1, SIZE, high=40, left=300, top=200).ink, 1)
    paper = PAPER.copy()
    paper[:, :60] = False
    page[:, :60] = 20
    page[:, 5:55:10] = page[:, 6:55:10] = 250
    assert not dark_ink(page)
    assert dark_ink(page, paper)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_blank_page_is_paper_for_dark_ink(value: int) -> None:
    assert dark_ink(np.full((500, 400), value, np.uint8))


@pytest.mark.parametrize("size", [20, 28])
def test_fine_print_on_a_large_page_is_ink(size: int) -> None:
    """Its strokes vanish on a page made small, and the gaps between them with them."""
    page = Image.new("L", (900, 500), 255)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size)
    for i, line in enumerate(("123456 7890", "31415926", "2718281828")):
        pen.text((30, 30 + 45 * i), line, fill=0, font=font)
    grey = np.asarray(page)
    assert dark_ink(grey)
    assert not dark_ink(255 - grey)


def test_light_digits_on_a_dark_banner_of_a_white_page_are_ink() -> None:
    page = np.full((500, 900), 255, np.uint8)
    page[40:100, 50:550] = 20
    for x in range(80, 520, 40):
        page[50:90, x : x + 6] = 240
    assert not dark_ink(page)


def test_ruling_goes_and_what_crosses_it_stays():
    grid = ruled(SIZE, 34, squared=True)
    page = brighten(photographed(INK, 1, ruling=grid, ruling_darkness=0.4, noise=1), True, PAPER)[0]
    clean = brighten(photographed(INK, 1, noise=1), True, PAPER)[0]
    free, lines = without_ruling(page, PAPER)
    assert lines == len(range(17, 420, 34)) + len(range(17, 640, 34))
    off = INK < 0.01
    assert np.mean(page[off] > 50) > 0.05
    assert np.mean(free[off] > 50) < 0.003
    strokes = (INK > 0.9) & (grid > 0)
    assert np.mean(free[strokes] > 0.5 * clean[strokes]) > 0.9


@pytest.mark.parametrize("size", [(1090, 910), (1000, 1340)])
def test_every_line_of_fine_squared_paper_goes(size):
    """Lines of one pixel, wherever they fall once the page is made small to look for them."""
    grid = ruled(size, 25, squared=True, width=1)
    page = brighten(
        photographed(np.zeros(size), 1, ruling=grid, noise=0.5, blur=0.2), True, grid >= 0
    )[0]
    free, _ = without_ruling(page, grid >= 0)
    left = free[grid > 0]
    assert np.mean(left > 15) < 0.01


def test_strokes_as_long_as_the_image_are_no_ruling():
    page = bars((300, 300), (80, 10, 4, 280), (180, 10, 4, 280))
    free, lines = without_ruling(page, np.ones((300, 300), np.bool_))
    assert lines == 0
    assert np.array_equal(free, page)


def test_the_sieve_names_what_it_drops():
    page = bars((300, 400), (50, 50, 30, 60), (100, 50, 30, 60), (150, 50, 30, 60), (210, 80, 4, 4))
    page[200:203, 20:390] = 200
    marks, dropped = sieve(marks_of(page), page, np.ones(page.shape, np.bool_))
    assert marks.boxes[:, 0].tolist() == [50, 100, 150]
    assert dropped == {"long lines": 1, "specks": 1}
    assert digit_size(marks) == 60


def test_a_speck_that_touches_a_stroke_stays():
    page = bars((300, 400), (50, 50, 30, 60), (100, 50, 30, 60), (134, 60, 8, 8))
    marks, _ = sieve(marks_of(page), page, np.ones(page.shape, np.bool_))
    assert len(marks) == 3


def test_rows_from_top_to_bottom_and_left_to_right():
    page = bars(
        (300, 400),
        (150, 50, 20, 40),
        (100, 53, 20, 40),
        (50, 48, 20, 40),
        (60, 150, 20, 40),
        (300, 152, 20, 40),
    )
    marks = marks_of(page)
    rows = find_rows(marks, 0)
    lefts = [[int(marks.boxes[i, 0]) for i in row.marks] for row in rows]
    assert lefts == [[50, 100, 150], [60, 300]]


def test_a_long_tail_stands_in_the_line_of_its_head():
    page = bars(
        (300, 400),
        (50, 50, 25, 40),
        (100, 50, 25, 40),
        (150, 50, 8, 95),
        (180, 50, 25, 40),
        (50, 160, 25, 40),
        (100, 160, 25, 40),
        (200, 160, 25, 40),
    )
    rows = find_rows(marks_of(page), 0)
    assert [len(row.marks) for row in rows] == [4, 3]


@pytest.mark.parametrize("at", [90, 190, 290])
def test_a_digit_that_stands_higher_in_a_gap_of_its_line_is_in_it(at):
    line = [(x, 100, 20, 40) for x in range(40, 360, 50) if x != at]
    page = bars((300, 420), *line, (at, 74, 20, 40), *((x, 190, 20, 40) for x in (40, 90, 140)))
    rows = find_rows(marks_of(page), 0)
    assert [len(row.marks) for row in rows] == [7, 3]


def test_two_chains_in_the_gaps_of_each_other_are_one_line():
    """A 2, a 5 whose bar is off, 3 4, a 1 whose foot is off, 6 5 8; and a line below."""
    page = bars(
        (420, 560),
        *((74, 279, 31, 43), (121, 295, 26, 38), (152, 278, 30, 8), (239, 264, 46, 52)),
        *((290, 261, 33, 55), (341, 266, 20, 37), (328, 314, 44, 8), (377, 279, 31, 43)),
        *((424, 270, 47, 43), (475, 257, 45, 60)),
        *((x, 390, 30, 44) for x in (66, 128, 182, 297, 335, 375, 430, 472)),
    )
    rows = find_rows(marks_of(page), 0)
    assert [len(row.marks) for row in rows] == [10, 8]


def test_a_number_whose_digits_all_touch_is_no_dash():
    page = bars((300, 420), *((x, 40, 20, 40) for x in (40, 80, 120)))
    page[110:150, 60:230:25] = page[128:132, 60:212] = 200  # seven strokes on a bar
    page[200:206, 60:140] = 200  # a dash
    marks = marks_of(page)
    rows = without_strays(marks, find_rows(marks, 0))
    assert [len(row.marks) for row in rows] == [3, 1]


def test_a_digit_in_two_pieces_does_not_part_its_line():
    page = bars(
        (300, 400),
        *((x, 50, 8, 40) for x in (40, 80, 120)),
        *((155, 50, 30, 12), (150, 78, 30, 12)),  # upper and lower half of a 3
        *((x, 50, 8, 40) for x in (215, 255)),
        *((x, 130, 8, 40) for x in (40, 90, 140)),
    )
    rows = find_rows(marks_of(page), 0)
    assert [len(row.marks) for row in rows] == [7, 3]


def test_several_broken_lines_are_each_made_whole():
    """In each of three lines the bar of a 5 is off its body, and above the line."""
    page = bars(
        (400, 400),
        *(
            box
            for y in (30, 130, 230)
            for box in (
                *((x, y, 8, 40) for x in (40, 80, 120, 215, 255)),
                (155, y - 8, 30, 7),
                (155, y + 8, 30, 32),
            )
        ),
    )
    rows = find_rows(marks_of(page), 0)
    assert [len(row.marks) for row in rows] == [7, 7, 7]


@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_a_strip_and_its_way_back(quarter):
    """Marks of four heights: the strip has them upright in order, and leads back to their boxes."""
    upright = bars(
        (200, 300), (40, 60, 10, 40), (80, 65, 10, 30), (120, 61, 10, 38), (160, 70, 10, 20)
    )
    page = np.ascontiguousarray(np.rot90(upright, -quarter))
    marks = marks_of(page)
    (row,) = find_rows(marks, quarter)
    strip = cut_strip(page, marks, row, np.diag([2.0, 2.0, 1.0]))
    assert np.array_equal(strip.ink, upright[58:102, 38:172])
    x, y, w, h = strip.box((2, 2, 10, 40))
    there = np.zeros_like(page)
    there[y // 2 : (y + h) // 2, x // 2 : (x + w) // 2] = 200
    assert np.array_equal(np.rot90(there, quarter), bars((200, 300), (40, 60, 10, 40)))


@pytest.mark.parametrize("slope", [-47.0, 44.0, 46.0])
@pytest.mark.parametrize("quarter", [0, 1, 3])
def test_upright_digits_on_a_steep_line_stay_upright(quarter, slope):
    """Slopes of rows are searched to 48 degrees, beyond the half of a quarter."""
    down = np.tan(np.radians(slope))
    boxes = [(100 + 30 * i, round(200 + 30 * (i - 2) * down), 8, 40) for i in range(5)]
    page = np.ascontiguousarray(np.rot90(bars((440, 440), *boxes), -quarter))
    marks = marks_of(page)
    centre = marks.boxes[:, :2] + marks.boxes[:, 2:] / 2
    order = np.argsort(centre @ [(1, 0), (0, 1), (-1, 0), (0, -1)][quarter])
    middle = (float(centre[:, 0].mean()), float(centre[:, 1].mean()))
    row = Row(tuple(int(i) for i in order), slope + 90 * quarter, middle, quarter)
    strip = cut_strip(page, marks, row, np.eye(3), leaning=True)
    _, _, stats, _ = cv2.connectedComponentsWithStats((strip.ink > 96).astype(np.uint8))
    assert len(stats) == 6
    assert (stats[1:, 3] > 3 * stats[1:, 2]).all()
    assert np.ptp(stats[1:, 1]) <= 3
