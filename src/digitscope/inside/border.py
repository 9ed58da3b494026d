"""The search for the nearest image at a target's border, by any pixels or by smooth changes.

The margin f is above 0 where the target is the answer. Around an image the network is nearly
linear, f(x + d) = f(x) + w d, so the shortest d that makes f zero goes along w (DeepFool:
Moosavi-Dezfooli, Fawzi, Frossard 2016, arXiv:1511.04599), here cut off where a pixel is full or
blank. Steps are taken until the border is crossed, and the way to the original is halved down to
the border. From there the linear picture is drawn again, and the original carried straight onto it,
as long as that brings the border nearer. Where no slope leads across, training images of the target
point the way.
"""

from __future__ import annotations

import numpy as np

from digitscope.arrays import Floats
from digitscope.data.mnist import load_mnist
from digitscope.inside.change import Kind, length_of
from digitscope.inside.margin import Margin

__all__ = ["approach", "reach", "refine", "steepest"]

CROSSING = 40  # steps to the border at most
BOLDER = 0.1  # by so much does each step aim farther than the one before it
LONGEST = 2.0  # of one step: a network is linear only nearby (an MNIST digit's length is about 9)
REFINING = 12  # times that the linear picture is drawn anew
WORTH_IT = 0.005  # the part by which the border must come nearer for another try
BLUR = 1.3  # pixels: the standard deviation of the blur that `smooth` must survive
POINTERS = 500  # training images among which one is looked for to point the way


def approach(margin: Margin, x0: Floats, kind: Kind) -> Floats | None:
    """An image at the border of the target, on a way from x0; None where no way leads there."""
    start = reach(margin, x0, kind)
    if start is None:
        pointer = _pointer(margin, x0)
        start = None if pointer is None else _shrink(margin, x0, pointer)
    return start


def reach(margin: Margin, x0: Floats, kind: Kind) -> Floats | None:
    """An image at the border, by steps along the slope; None where they do not get there."""
    crossed = _cross(margin, x0, kind)
    return None if crossed is None else _shrink(margin, x0, crossed)


def refine(margin: Margin, x0: Floats, best: Floats, kind: Kind) -> Floats:
    """A place of the border that is nearer to x0, as long as the linear picture finds one."""
    size = length_of(best - x0)
    for _ in range(REFINING):
        f, w = margin.slope(best)
        onto = _carry(x0, w, float((w * (best - x0)).sum()) - f, kind)
        crossed = _cross(margin, onto, kind)
        if crossed is None:
            break
        nearer = _shrink(margin, x0, crossed)
        gained = size - length_of(nearer - x0)
        if gained > 0:
            best, size = nearer, size - gained
        if gained < WORTH_IT * size:
            break
    return best


def _cross(margin: Margin, x: Floats, kind: Kind) -> Floats | None:
    """Steps along the slope from x until the target is the answer; None if they never get there."""
    for i in range(CROSSING):
        f, w = margin.slope(x)
        if f > 0:
            return x
        if not np.any(w):
            return None
        step = _carry(x, w, (1.02 + BOLDER * i) * -f + 1e-4, kind) - x
        length = length_of(step)
        if length < 1e-9:
            return None
        x = np.clip(x + step * min(1, LONGEST / length), 0, 1)
    return None


def _carry(x: Floats, w: Floats, gain: float, kind: Kind) -> Floats:
    """The image nearest to x on which w gains that much, pixels kept in 0..1: x + t w, cut off; or
    the farthest along that way, if no image gains as much.
    """
    way = steepest(w, kind)
    way = way * (gain / max(float((w * way).sum()), 1e-30))

    def along(t: float) -> Floats:
        return np.clip(x + t * way, 0, 1)

    low, high = 0.0, 1.0
    while float((w * (along(high) - x)).sum()) < gain and high < 1e4:
        low, high = high, 2 * high
    for _ in range(25):
        middle = (low + high) / 2
        reached = float((w * (along(middle) - x)).sum()) >= gain
        low, high = (low, middle) if reached else (middle, high)
    return along(high)


def steepest(w: Floats, kind: Kind) -> Floats:
    """The steepest way up: the slope itself; among smooth changes, the slope blurred twice (B B' w
    is the way of steepest gain where every change is a blurred one, B u).
    """
    if kind != "smooth":
        return w
    return np.asarray(_BLUR @ w @ _BLUR.T)


def _blur(sigma: float) -> Floats:
    """A Gaussian blur along one axis as a matrix [28, 28], applied twice."""
    at = np.arange(28)
    B = np.exp(-((at[:, None] - at) ** 2) / (2 * sigma**2))
    B /= B.sum(axis=1, keepdims=True)
    return np.asarray(B @ B.T)


_BLUR = _blur(BLUR)


def _shrink(margin: Margin, x0: Floats, x: Floats) -> Floats:
    """The nearest image to x0 on the way from x, where the target is still the answer."""
    low, high = 0.0, 1.0
    for _ in range(2):  # a grid, and a finer one in the first cell that crosses
        parts = np.linspace(low, high, 17)[1:]
        f = margin.values(x0 + parts[:, None, None] * (x - x0))
        crossed = int(np.argmax(f > 0)) if (f > 0).any() else len(parts) - 1
        low, high = np.concatenate([[low], parts])[crossed], parts[crossed]
    return np.asarray(x0 + high * (x - x0))


def _pointer(margin: Margin, x0: Floats) -> Floats | None:
    """The training image nearest to x0 that is answered with the target; None if none is."""
    images = load_mnist("train").images[:POINTERS] / np.float32(255)
    images = images[margin.values(images) > 0]
    if not len(images):
        return None
    nearest = ((images - x0) ** 2).sum(axis=(1, 2)).argmin()
    return np.asarray(images[nearest], np.float64)
