"""Draw examples/numbers.jpg: numbers composed of MNIST's test digits, in blue ink on squared paper
that lies on a desk, half in a shadow; and docs/pictures/page.jpg, what was read there.

    python scripts/draw_page.py
"""

import io
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import digitscope
from digitscope.data.mnist import load_mnist
from digitscope.store import write_atomically
from digitscope.synthesis.strings import compose

HOME = Path(__file__).parent.parent
LINES = ("2048 17", "90125", "31 4159")
HEIGHT, WIDTH, HIGH, PITCH, LEFT, TOP = 560, 760, 3.2, 150, 70, 60  # a digit is 3.2 times MNIST's
SQUARES, QUALITY = 44, 88
PAPER, INK, RULING = (np.array(c) for c in ([226, 238, 240.0], [150, 70, 40.0], [205, 175, 160.0]))
DESK = np.array([52, 60, 74.0])  # blue, green, red
CORNERS = np.array([[150, 92], [905, 40], [985, 640], [110, 700]], np.float32)
SIZE = (1080, 780)


def main() -> None:
    """Write both pictures."""
    rng = np.random.default_rng(4)
    sheet = PAPER * np.ones((HEIGHT, WIDTH, 1))
    for start in range(SQUARES // 2, max(HEIGHT, WIDTH), SQUARES):
        sheet[start : start + 2] = RULING
        sheet[:, start : start + 2] = RULING
    ink = _ink(rng)[..., None]
    picture = _on_desk(sheet * (1 - ink) + INK * ink, rng)
    _, jpeg = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))
    target = HOME / "examples" / "numbers.jpg"
    write_atomically(target, jpeg.tobytes())
    page = digitscope.read(target)
    print(page.text)
    drawn = page.draw().convert("RGB")
    small = io.BytesIO()
    drawn.resize((drawn.width * 3 // 4, drawn.height * 3 // 4)).save(small, "JPEG", quality=QUALITY)
    write_atomically(HOME / "docs" / "pictures" / "page.jpg", small.getvalue())


def _ink(rng: np.random.Generator) -> NDArray[np.float64]:
    """The lines, [HEIGHT, WIDTH] in 0..1."""
    images, labels = load_mnist("test")
    ink = np.zeros((HEIGHT, WIDTH))
    for i, line in enumerate(LINES):
        x = LEFT
        for number in line.split():
            chosen = [images[rng.choice(np.flatnonzero(labels == int(d)))] for d in number]
            small, _ = compose(chosen, [int(gap) for gap in rng.integers(1, 5, len(chosen) - 1)])
            large = cv2.resize(small, None, fx=HIGH, fy=HIGH, interpolation=cv2.INTER_CUBIC)
            stroke = np.clip((cv2.GaussianBlur(large / 255, (0, 0), 1.5) - 0.4) / 0.25, 0, 1)
            y = TOP + i * PITCH
            ink[y : y + large.shape[0], x : x + large.shape[1]] = stroke
            x += large.shape[1] + 90
    return ink


def _on_desk(sheet: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The sheet at an angle on a desk, in a shadow, with the grain of a camera."""
    flat = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
    matrix = cv2.getPerspectiveTransform(flat, CORNERS)
    laid = cv2.warpPerspective(sheet, matrix, SIZE)
    covered = cv2.warpPerspective(np.ones(sheet.shape[:2]), matrix, SIZE)[..., None]
    wood = cv2.GaussianBlur(rng.normal(0, 1, (SIZE[1], SIZE[0])), (0, 0), sigmaX=40, sigmaY=1.5)
    scene = laid * covered + DESK * (1 + 2.5 * wood[..., None]) * (1 - covered)
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    shade = 1 - 0.35 / (1 + np.exp(-(x + 0.7 * y - 1000) / 60))
    grain = rng.normal(0, 2.5, (SIZE[1], SIZE[0], 1))
    return np.clip(np.rint(scene * shade[..., None] + grain), 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
