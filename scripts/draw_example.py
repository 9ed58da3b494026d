"""Draw examples/handwritten.jpg: a digit of MNIST's test set in blue ink on a shaded sheet, off its
centre.

    python scripts/draw_example.py
"""

from pathlib import Path

import cv2
import numpy as np

from digitscope.data.mnist import load_mnist
from digitscope.store import write_atomically

NUMBER, HEIGHT, WIDTH, TOP, LEFT, SIZE = 18, 360, 480, 90, 250, 170
QUALITY = (cv2.IMWRITE_JPEG_QUALITY, 88)
PAPER, INK = np.array([238, 240, 232.0]), np.array([120, 62, 30.0])  # blue, green, red


def main() -> None:
    """Write the picture."""
    digit = load_mnist("test").images[NUMBER].astype(np.float32) / 255
    large = cv2.resize(digit, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    stroke = np.clip((cv2.GaussianBlur(large, (0, 0), 2) - 0.35) / 0.2, 0, 1)
    coverage = np.zeros((HEIGHT, WIDTH, 1))
    coverage[TOP : TOP + SIZE, LEFT : LEFT + SIZE, 0] = stroke
    shade = (
        1
        - 0.22
        * np.linspace(0, 1, WIDTH)[None, :, None]
        * np.linspace(0.4, 1, HEIGHT)[:, None, None]
    )
    grain = np.random.default_rng(0).normal(0, 2.0, (HEIGHT, WIDTH, 1))
    picture = (PAPER * (1 - coverage) + INK * coverage) * shade + grain
    _, jpeg = cv2.imencode(".jpg", np.clip(picture, 0, 255).astype(np.uint8), QUALITY)
    target = Path(__file__).parent.parent / "examples" / "handwritten.jpg"
    target.parent.mkdir(exist_ok=True)
    write_atomically(target, jpeg.tobytes())


if __name__ == "__main__":
    main()
