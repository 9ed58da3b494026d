"""Strips read the simplest way, a mark a digit: enough for digits that do not touch."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

import digitscope
from digitscope.preparation import Picture, frame, load
from digitscope.reading.page import Layout, find_lines
from digitscope.reading.strip import Strip


@cache
def classifier():
    return digitscope.load("reader").judge


def laid_out(pixels: np.ndarray) -> Layout:
    picture: Picture = load(pixels)
    return find_lines(picture, classifier())


def read_apart(strip: Strip) -> str:
    """The digits of a strip in which no two touch and none is broken."""
    _, names, stats, _ = cv2.connectedComponentsWithStats((strip.ink > 60).astype(np.uint8))
    high = 0.3 * np.median(stats[1:, cv2.CC_STAT_HEIGHT])
    order = sorted(
        (i for i in range(1, len(stats)) if stats[i, cv2.CC_STAT_HEIGHT] > high),
        key=lambda i: stats[i, 0] + stats[i, 2] / 2,
    )
    frames = []
    for i in order:
        x, y, w, h = stats[i, :4]
        own = names[y : y + h, x : x + w] == i
        frames.append(frame(np.where(own, strip.ink[y : y + h, x : x + w], np.uint8(0))))
    digits = classifier()(np.stack(frames))[:, :10].argmax(axis=1)
    return "".join(str(digit) for digit in digits)


def texts(layout: Layout) -> list[str]:
    return [read_apart(strip) for strip in layout.strips]
