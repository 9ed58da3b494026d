"""Photos composed by program, so that pages too can be measured by anyone: lines of MNIST's test
digits on paper of five kinds, as a camera might see them.

A page has 1 to 5 lines of 3 to 10 digits, 30 to 70 pixels high, in one pen: its colour, and how
thin it is (a level below which MNIST's enlarged ink is paper). A line stands anywhere across the
page and is turned by a degree or two. Light falls from one side; one photo in three has the edge
of a shadow; all have grain, a little blur, and JPEG's own traces. The kinds:

    plain     paper of one tone
    lined     ruled lines, where it pleases them
    squared   lines both ways
    desk      a sheet in perspective on a dark or a wooden desk
    form      a cell a digit, in rows

Nothing was chosen by how these pages are read: neither weights nor settings.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images, Labels

__all__ = ["KINDS", "ComposedPhoto", "compose_photo"]

KINDS = ("plain", "lined", "squared", "desk", "form")
Grey = NDArray[np.float32]  # [h, w]: how much ink, 0 to 1
Colour = NDArray[np.float32]  # [h, w, 3], 0 to 255

PENS = ((30, 30, 35), (40, 55, 140), (95, 95, 100), (165, 40, 50))
RULED = ((170, 190, 220), (200, 200, 200), (215, 170, 170))
DESKS = ((120, 85, 60), (60, 60, 65), (90, 110, 120))
HEIGHTS, LENGTHS, LINES = (30, 70), (3, 10), (1, 5)
BOX = 20  # of MNIST's 28 pixels: a digit's height


class ComposedPhoto(NamedTuple):
    """One photo uint8 [h, w, 3], and its lines from top to bottom."""

    image: Images
    lines: tuple[str, ...]


class _Digits:
    """Draws digits from a collection, in one pen."""

    def __init__(self, rng: np.random.Generator, images: Images, labels: Labels) -> None:
        self.rng, self.images, self.labels = rng, images, labels
        self.level = rng.uniform(0.05, 0.5)

    def one(self, height: float) -> tuple[str, Grey]:
        """A digit, and its ink cut close."""
        import cv2

        i = int(self.rng.integers(len(self.labels)))
        k = height / BOX * self.rng.uniform(0.9, 1.1)
        large = cv2.resize(self.images[i], None, fx=k, fy=k, interpolation=cv2.INTER_CUBIC)
        ink = np.clip((large / 255 - self.level) / (0.8 - self.level), 0, 1).astype(np.float32)
        rows, columns = (np.flatnonzero(ink.max(axis=axis) > 0) for axis in (1, 0))
        return str(self.labels[i]), ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def compose_photo(
    kind: str, rng: np.random.Generator, images: Images, labels: Labels
) -> ComposedPhoto:
    """One photo of a kind, of digits `images` [m, 28, 28]; the generator's seed fixes it all."""
    digits = _Digits(rng, images, labels)
    height = rng.uniform(*HEIGHTS)
    compose = _form if kind == "form" else _lines
    ink, printed, lines = compose(digits, rng, height)
    paper = rng.uniform(215, 250) - np.array([0, rng.uniform(0, 8), rng.uniform(0, 25)])
    sheet = np.ones((*ink.shape, 3), np.float32) * paper.astype(np.float32)
    if kind in ("lined", "squared"):
        printed = _ruling(ink.shape, rng, height, both=kind == "squared")
    tone = np.array(RULED[rng.integers(len(RULED))] if kind != "form" else (110, 110, 115))
    pen = np.array(PENS[rng.integers(len(PENS))])
    for mask, colour in ((printed, tone), (ink, pen)):
        sheet = sheet * (1 - mask[..., None]) + colour * mask[..., None]
    sheet += _texture(rng, ink.shape, 60, 5)[..., None]
    if kind == "desk":
        sheet = _on_desk(sheet, rng)
    return ComposedPhoto(_photographed(sheet, rng), tuple(lines))


def _lines(
    digits: _Digits, rng: np.random.Generator, height: float
) -> tuple[Grey, Grey, list[str]]:
    """Lines of digits below one another on a sheet without print."""
    rows = [_line(digits, rng, height) for _ in range(rng.integers(LINES[0], LINES[1] + 1))]
    width = int(max(row.shape[1] for row, _ in rows) * rng.uniform(1.1, 1.8))
    step = [int(row.shape[0] * rng.uniform(0.9, 1.2)) for row, _ in rows]
    ink = np.zeros((sum(step) + int(2 * height), width), np.float32)
    top = int(height / 2)
    for (row, _), down in zip(rows, step, strict=True):
        left = int(rng.integers(0, width - row.shape[1] + 1))
        part = ink[top : top + row.shape[0], left : left + row.shape[1]]
        np.maximum(part, row[: part.shape[0]], out=part)
        top += down
    return ink, np.zeros_like(ink), [text for _, text in rows]


def _line(digits: _Digits, rng: np.random.Generator, height: float) -> tuple[Grey, str]:
    """One line, slightly turned, with the paper around it."""
    import cv2

    free = rng.uniform(0.1, 0.5)  # of the height: what is between two digits, more or less
    row = np.zeros((int(2 * height), int((LENGTHS[1] + 2) * 1.9 * height)), np.float32)
    left, text = height / 2, ""
    for _ in range(rng.integers(LENGTHS[0], LENGTHS[1] + 1)):
        label, ink = digits.one(height)
        top = int(1.5 * height + rng.normal(0, 0.04 * height)) - ink.shape[0]
        part = row[top : top + ink.shape[0], int(left) : int(left) + ink.shape[1]]
        np.maximum(part, ink, out=part)
        left += ink.shape[1] + height * free * rng.uniform(0.7, 1.3)
        text += label
    row = row[:, : int(left + height / 2)]
    turn = cv2.getRotationMatrix2D((row.shape[1] / 2, height), rng.normal(0, 1.2), 1)
    room = int(row.shape[1] * 0.04)
    turn[1, 2] += room
    size = (row.shape[1], row.shape[0] + 2 * room)
    return np.asarray(cv2.warpAffine(row, turn, size), np.float32), text


def _form(digits: _Digits, rng: np.random.Generator, height: float) -> tuple[Grey, Grey, list[str]]:
    """Rows of cells that touch or stand apart, a digit in each."""
    import cv2

    side, tall = int(1.5 * height), int(1.7 * height)
    apart = int(rng.choice([0, 0.15 * height]))
    n, k = int(rng.integers(1, 4)), int(rng.integers(3, 9))
    pen = int(rng.integers(1, 4))
    ink = np.zeros((n * 2 * tall + side, k * (side + apart) + 2 * side), np.float32)
    frames, lines = np.zeros_like(ink), list[str]()
    for i in range(n):
        top, text = side // 2 + 2 * i * tall, ""
        for j in range(k):
            left = side + j * (side + apart)
            cv2.rectangle(frames, (left, top), (left + side, top + tall), (1.0,), pen)
            label, digit = digits.one(height)
            digit = digit[:, : side - 2 * pen - 4]
            y = top + (tall - digit.shape[0]) // 2 + int(rng.normal(0, 0.03 * height))
            x = left + (side - digit.shape[1]) // 2 + int(rng.normal(0, 0.03 * height))
            ink[y : y + digit.shape[0], x : x + digit.shape[1]] = digit
            text += label
        lines.append(text)
    return ink, frames, lines


def _ruling(shape: tuple[int, ...], rng: np.random.Generator, height: float, both: bool) -> Grey:
    """Thin lines at one distance, across or both ways."""
    printed = np.zeros(shape, np.float32)
    pitch, thick = int(height * rng.uniform(0.6, 1.3)), int(rng.integers(1, 3))
    for offset in range(thick):
        printed[pitch // 2 + offset :: pitch] = 1
        if both:
            printed[:, pitch // 3 + offset :: pitch] = 1
    return printed


def _texture(rng: np.random.Generator, shape: tuple[int, ...], size: int, much: float) -> Grey:
    """Clouds of about this size, so far up and down."""
    import cv2

    coarse = rng.normal(0, 1, (shape[0] // size + 2, shape[1] // size + 2)).astype(np.float32)
    wide = cv2.resize(coarse, shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(wide * much / 2, np.float32)


def _on_desk(sheet: Colour, rng: np.random.Generator) -> Colour:
    """The sheet on a desk, seen a little from the side, with its shadow."""
    import cv2

    h, w = sheet.shape[:2]
    size = np.array([w, h])
    field = (1.4 * size).astype(int)
    desk = np.ones((field[1], field[0], 3), np.float32) * DESKS[rng.integers(len(DESKS))]
    desk += (
        _texture(rng, desk.shape, 20, 12)[..., None] + _texture(rng, desk.shape, 150, 20)[..., None]
    )
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    seen = corners + 0.2 * size + rng.uniform(-0.05, 0.05, (4, 2)) * size
    turn = cv2.getRotationMatrix2D(tuple(float(x) for x in field / 2), rng.normal(0, 4), 1)
    seen = seen @ turn[:, :2].T + turn[:, 2]
    way = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    goal = (int(field[0]), int(field[1]))
    laid = cv2.warpPerspective(sheet, way, goal)
    covered = cv2.warpPerspective(np.ones((h, w), np.float32), way, goal)
    shadow = cv2.GaussianBlur(covered, (0, 0), w / 60)[..., None]
    covered = covered[..., None]
    return np.asarray(desk * (1 - 0.35 * shadow) * (1 - covered) + laid * covered, np.float32)


def _photographed(scene: Colour, rng: np.random.Generator) -> Images:
    """Light from one side, perhaps a shadow, blur, grain, JPEG."""
    import cv2

    h, w = scene.shape[:2]
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:h, 0:w]
    across = (x / w - 0.5) * np.cos(angle) + (y / h - 0.5) * np.sin(angle)
    light = 1 - rng.uniform(0, 0.5) * (across + 0.5)
    if rng.random() < 1 / 3:
        edge, soft = rng.uniform(-0.3, 0.3), rng.uniform(0.005, 0.05)
        light = light * (1 - rng.uniform(0.2, 0.45) / (1 + np.exp(-(across - edge) / soft)))
    seen = cv2.GaussianBlur(
        scene * light[..., None].astype(np.float32), (0, 0), rng.uniform(0.3, 1)
    )
    seen = seen + rng.normal(0, rng.uniform(1, 5), seen.shape)
    bgr = np.clip(seen, 0, 255).astype(np.uint8)[..., ::-1]
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 95))]
    stored = cv2.imdecode(cv2.imencode(".jpg", bgr, quality)[1], cv2.IMREAD_COLOR)
    return np.ascontiguousarray(stored[..., ::-1], np.uint8)
