"""Pages composed by program: MNIST digits in lines, on paper with all that photos bring along."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import cv2
import numpy as np

from digitscope.data.mnist import load_mnist


@cache
def held_out() -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of the last 5,000 of MNIST's training part, which no network learns."""
    data = load_mnist("train")
    return data.images[-5000:], data.labels[-5000:]


def digit(label: int, rng: np.random.Generator, high: int) -> np.ndarray:
    """The ink of one digit, float32 [high, w] in 0..1, small digits of their own size."""
    images, labels = held_out()
    image = images[rng.choice(np.flatnonzero(labels == label))]
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    crop = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32) / 255
    crop = np.pad(crop, 2)
    scale = high / (rows[-1] - rows[0] + 1)
    size = (round(crop.shape[1] * scale), round(crop.shape[0] * scale))
    large = cv2.resize(crop, size, interpolation=cv2.INTER_CUBIC)
    return np.clip((large - 0.5) * min(2.0, scale) + 0.5, 0, 1)


@dataclass
class Sheet:
    """Ink in 0..1 on a sheet, and what was written: lines of (text, box)."""

    ink: np.ndarray
    lines: list[str] = field(default_factory=list)


def written(
    lines: list[str],
    seed: int,
    size: tuple[int, int] = (700, 1000),
    high: int = 50,
    pitch: float = 2.0,
    gap: float = 0.25,
    left: int = 60,
    top: int = 60,
    angle: float = 0.0,
) -> Sheet:
    """Lines written on a sheet of (height, width); a space is a gap of two digits.

    `high`, and in parts of it the `pitch` of lines and the `gap` of digits. `angle` turns each
    line about its beginning, down to the right.
    """
    rng = np.random.default_rng(seed)
    sheet = Sheet(np.zeros(size, np.float32), lines)
    for i, text in enumerate(lines):
        strip = np.zeros((3 * high, size[1]), np.float32)
        x = 4
        for letter in text:
            if letter == " ":
                x += 2 * high
                continue
            ink = digit(int(letter), rng, round(high * rng.uniform(0.85, 1.1)))
            y = high + round(high * rng.uniform(-0.06, 0.06))
            part = strip[y : y + ink.shape[0], x : x + ink.shape[1]]
            np.maximum(part, ink[:, : part.shape[1]], out=part)
            x += ink.shape[1] - 4 + round(high * gap * rng.uniform(0.7, 1.3))
        place = (left, top + round(i * pitch * high))
        matrix = cv2.getRotationMatrix2D((0, high), -angle, 1)
        matrix[:, 2] += [place[0], place[1] - high]
        laid = cv2.warpAffine(strip, matrix, size[::-1])
        np.maximum(sheet.ink, laid, out=sheet.ink)
    return sheet


def ruled(size: tuple[int, int], pitch: int, squared: bool = False, width: int = 2) -> np.ndarray:
    """The lines of ruled or squared paper, float32 [h, w] in 0..1."""
    lines = np.zeros(size, np.float32)
    for k in range(width):
        lines[pitch // 2 + k :: pitch] = 1
        if squared:
            lines[:, pitch // 2 + k :: pitch] = 1
    return lines


def photographed(
    ink: np.ndarray,
    seed: int,
    paper: float = 215,
    darkness: float = 0.75,
    ruling: np.ndarray | None = None,
    ruling_darkness: float = 0.25,
    shadow: float = 0.0,
    hard: bool = False,
    noise: float = 2.0,
    blur: float = 0.7,
) -> np.ndarray:
    """Grey of ink on paper, uint8 [h, w]: strokes darken, then light and shadow, lens, grain."""
    rng = np.random.default_rng(seed)
    h, w = ink.shape
    tones = paper * (1 - darkness * ink)
    if ruling is not None:
        tones = tones * (1 - ruling_darkness * ruling)
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    lean = rng.uniform(0, 2 * np.pi)
    side = (x - w / 2) * np.cos(lean) + (y - h / 2) * np.sin(lean)
    edge = 1 / (1 + np.exp(-side / (1.5 if hard else 0.12 * w)))
    tones = cv2.GaussianBlur(tones * (1 - shadow * edge), (0, 0), blur)
    grain = cv2.GaussianBlur(rng.normal(0, 1, (h, w)).astype(np.float32), (0, 0), 0.6) * 2
    return np.clip(np.rint(tones + noise * grain), 0, 255).astype(np.uint8)


def on_desk(
    page: np.ndarray,
    seed: int,
    size: tuple[int, int] = (800, 1100),
    angle: float = 12.0,
    tilt: float = 0.06,
    share: float = 0.62,
    desk: float = 45,
) -> tuple[np.ndarray, np.ndarray]:
    """A page on a dark desk, turned and seen at an angle; and the homography page to picture."""
    rng = np.random.default_rng(seed)
    h, w = page.shape
    height, width = size
    scale = share * min(width / w, height / h)
    corners = np.array([[-w, -h], [w, -h], [w, h], [-w, h]]) / 2 * scale
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    corners = corners @ np.array([[c, s], [-s, c]])
    corners *= 1 + rng.uniform(-tilt, tilt, (4, 1))
    goal = (corners + np.array([width, height]) / 2).astype(np.float32)
    start = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    matrix = cv2.getPerspectiveTransform(start, goal)
    grain = cv2.GaussianBlur(rng.normal(0, 1, size).astype(np.float32), (0, 0), 1.5)
    shine = cv2.GaussianBlur(rng.normal(0, 1, size).astype(np.float32), (0, 0), 90)
    tones = np.clip(desk + 60 * grain + 900 * shine, 5, 200)
    laid = cv2.warpPerspective(page, matrix, (width, height), flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.full((h, w), 1, np.float32), matrix, (width, height))
    picture = mask * laid + (1 - mask) * tones
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8), matrix
