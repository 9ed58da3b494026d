"""Things that are no digit: letters, signs, scrawls, noise, pieces of digits, two digits at once.

A network that has seen nothing but digits takes a horse for a 3, and surely. These teach it the
eleventh answer. Pieces and pairs of MNIST's digits teach it more: where to cut a number apart.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from digitscope.arrays import Images, Labels
from digitscope.preparation.field import FIELD, frame
from digitscope.synthesis.fonts import FONTS, HERSHEY, LETTERS, SIGNS, letter
from digitscope.synthesis.glyphs import LETTERS as LETTER_GLYPHS
from digitscope.synthesis.glyphs import SIGNS as SIGN_GLYPHS
from digitscope.synthesis.glyphs import parse_glyph
from digitscope.synthesis.strokes import crop, draw, smooth, unsteady

Pool = tuple[Images, Labels]  # real digits, uint8 [n, 28, 28], and which they are

LEFT_HALVES = (0, 2, 3, 4, 6, 8, 9)  # digits of which half is none
RIGHT_HALVES = (0, 2)  # of others it is a 1, a 3 or a 5
TURNED = {1: (2, 3, 4, 5, 7), 2: (3, 4, 7), 3: (2, 3, 4, 5, 7)}  # quarters of a turn: digits


def handwritten(rng: np.random.Generator, pool: Pool) -> Images:
    """A letter from strokes."""
    glyph = parse_glyph(LETTER_GLYPHS[rng.integers(len(LETTER_GLYPHS))])
    return draw(unsteady(glyph, rng), rng.uniform(0.03, 0.14))


def sign(rng: np.random.Generator, pool: Pool) -> Images:
    """A sign from strokes."""
    glyph = parse_glyph(SIGN_GLYPHS[rng.integers(len(SIGN_GLYPHS))])
    return draw(unsteady(glyph, rng), rng.uniform(0.03, 0.14))


def printed(rng: np.random.Generator, pool: Pool) -> Images:
    """A letter or a sign of some font."""
    characters = SIGNS if rng.random() < 0.15 else LETTERS
    font = int(rng.integers(len(FONTS) + 2 * HERSHEY))
    if characters is SIGNS and font >= len(FONTS):
        font = 0  # the stroke fonts know only ASCII
    return frame(letter(characters[rng.integers(len(characters))], font, int(rng.integers(2, 9))))


def scribble(rng: np.random.Generator, pool: Pool) -> Images:
    """A pen that runs to and fro."""
    points = rng.uniform(0, 1, (rng.integers(6, 22), 2)) * [rng.uniform(0.6, 1.4), 1]
    if rng.random() < 0.3:  # from side to side, as something is crossed out
        points[:, 0] = np.where(
            np.arange(len(points)) % 2, points[:, 0] * 0.3, 1 - points[:, 0] / 3
        )
    stroke = smooth(points) if rng.random() < 0.7 else points
    return draw([stroke], rng.uniform(0.03, 0.12))


def noise(rng: np.random.Generator, pool: Pool) -> Images:
    """Grains and clouds: noise of some coarseness, cut off at some level."""
    import cv2

    height, width = (int(side) for side in rng.integers(8, 29, 2))
    field = rng.normal(size=(height, width)).astype(np.float32)
    if rng.random() < 0.7:
        field = np.asarray(cv2.GaussianBlur(field, (0, 0), rng.uniform(0.4, 3.5)))
    field = (field - field.mean()) / max(float(field.std()), 1e-6)
    steep = rng.uniform(40, 400)
    grey = np.clip((field - rng.uniform(-0.8, 1.6)) * steep, 0, 255).astype(np.uint8)
    return _framed(grey)


def shape(rng: np.random.Generator, pool: Pool) -> Images:
    """Something filled: a block, a disc, a polygon, a slope of grey, bars or a chequerboard."""
    import cv2

    canvas = np.zeros((64, 64), np.uint8)
    kind = rng.integers(5)
    if kind == 0:
        corners = rng.uniform(4, 60, (rng.integers(3, 7), 2)).astype(np.int32)
        cv2.fillPoly(canvas, [cv2.convexHull(corners)], 255, cv2.LINE_AA)
    elif kind == 1:
        axes = (int(rng.integers(14, 30)), int(rng.integers(10, 30)))
        cv2.ellipse(
            canvas, (32, 32), axes, float(rng.uniform(0, 180)), 0, 360, 255, -1, cv2.LINE_AA
        )
    elif kind == 2:
        slope = np.linspace(0, 255, 64)[None] * np.ones((64, 1))
        canvas = np.rot90(slope, int(rng.integers(4))).astype(np.uint8)
    else:
        period, y, x = int(rng.integers(4, 16)), *np.mgrid[:64, :64]
        bars = (x // period) % 2 if kind == 3 else (x // period + y // period) % 2
        canvas = np.rot90(255 * bars.astype(np.uint8), int(rng.integers(4)))
    return _framed(canvas)


def stroke(rng: np.random.Generator, pool: Pool) -> Images:
    """A dash, a dot or a slope: marks of a pen that are too little for a digit."""
    if rng.random() < 0.4:
        start, end = rng.uniform(0.45, 0.55, (2, 2))  # a dot
        return draw([np.array([start, end])], rng.uniform(0.1, 0.2))
    angle = rng.uniform(-0.7, 0.7)  # far from upright, which would be a 1
    along = np.array([np.cos(angle), np.sin(angle)])
    middle = 0.5 + rng.normal(0, 0.05, 2)
    points = np.array([0.5 - along / 2, middle, 0.5 + along / 2])
    return draw([smooth(points)], rng.uniform(0.03, 0.2))


def half(rng: np.random.Generator, pool: Pool) -> Images:
    """The left or the right half of a digit: what a wrong cut leaves."""
    right = bool(rng.random() < 0.3)
    image = _some(rng, pool, RIGHT_HALVES if right else LEFT_HALVES)
    ink = crop(image)
    at = max(1, round(ink.shape[1] * rng.uniform(0.3, 0.5)))
    return _framed(ink[:, at:] if right else ink[:, :at])


def pair(rng: np.random.Generator, pool: Pool) -> Images:
    """Two digits side by side: what a missing cut leaves."""
    first, second = (crop(_some(rng, pool, range(10))) for _ in range(2))
    narrow = min(first.shape[1], second.shape[1])
    gap = round(rng.uniform(-0.3, 0.4) * narrow)
    return frame(side_by_side(first, second, gap, int(rng.integers(-4, 5))))


def one_and_a_piece(rng: np.random.Generator, pool: Pool) -> Images:
    """A digit and a piece of its neighbour: what a cut in the wrong place leaves."""
    first, second = (crop(_some(rng, pool, range(10))) for _ in range(2))
    part = rng.uniform(0.35, 0.7)
    gap = round(rng.uniform(-0.15, 0.15) * second.shape[1])
    if rng.random() < 0.5:
        piece = crop(second[:, : max(2, round(second.shape[1] * part))])
        return frame(side_by_side(first, piece, gap, int(rng.integers(-3, 4))))
    piece = crop(first[:, -max(2, round(first.shape[1] * part)) :])
    return frame(side_by_side(piece, second, gap, int(rng.integers(-3, 4))))


def turned(rng: np.random.Generator, pool: Pool) -> Images:
    """A digit that lies on its side or stands on its head, where that makes it none."""
    quarters = int(rng.integers(1, 4))
    return frame(crop(np.rot90(_some(rng, pool, TURNED[quarters]), quarters)))


KINDS: dict[Callable[[np.random.Generator, Pool], Images], float] = {
    handwritten: 0.24,
    printed: 0.16,
    sign: 0.05,
    scribble: 0.08,
    noise: 0.07,
    shape: 0.04,
    stroke: 0.03,
    half: 0.08,
    pair: 0.11,
    one_and_a_piece: 0.1,
    turned: 0.04,
}


def negatives(n: int, rng: np.random.Generator, pool: Pool) -> Images:
    """uint8 [n, 28, 28]: things that are no digit, in MNIST's frame, of all kinds.

    `pool` holds real digits, for those that are made of them.

    >>> from digitscope.data.mnist import load_mnist
    >>> negatives(3, np.random.default_rng(0), load_mnist("train")).shape
    (3, 28, 28)
    """
    kinds = list(KINDS)
    which = rng.choice(len(kinds), n, p=list(KINDS.values()))
    made = [kinds[kind](rng, pool) for kind in which]
    return np.stack(made) if made else np.zeros((0, FIELD, FIELD), np.uint8)


def side_by_side(left: Images, right: Images, gap: int, lower: int) -> Images:
    """Two pieces of ink [h, w] beside each other, `gap` pixels between them (overlap where it is
    negative), the right one `lower` pixels down.
    """
    gap = max(gap, 1 - min(left.shape[1], right.shape[1]))
    top_left, top_right = max(0, -lower), max(0, lower)
    height = max(top_left + left.shape[0], top_right + right.shape[0])
    canvas = np.zeros((height, left.shape[1] + gap + right.shape[1]), np.uint8)
    canvas[top_left : top_left + left.shape[0], : left.shape[1]] = left
    part = canvas[top_right : top_right + right.shape[0], canvas.shape[1] - right.shape[1] :]
    np.maximum(part, right, out=part)
    return canvas


def _some(rng: np.random.Generator, pool: Pool, digits: range | tuple[int, ...]) -> Images:
    """A digit of the pool that is one of `digits`; any, where a small pool has none of them."""
    images, labels = pool
    for _ in range(100):
        i = int(rng.integers(len(labels)))
        if labels[i] in digits:
            break
    return images[i]


def _framed(image: Images) -> Images:
    """In MNIST's frame; a dot where nothing was left of it."""
    ink = crop(image)
    return frame(ink if ink.any() else np.full((1, 1), 255, np.uint8))
