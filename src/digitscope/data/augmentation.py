"""Augmentation: small distortions of the training images that leave the digit what it is.

A recipe names transforms with their strength: "shift:2 rotate:10 elastic:6". For each image of a
batch every transform draws its own amount, uniformly between minus and plus the strength. The
geometric ones are composed into one matrix, and the elastic one into the same look-up, so that an
image is resampled only once.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from digitscope.arrays import Images
from digitscope.data.amounts import parse_amounts
from digitscope.data.pen import PEN

Matrices = NDArray[
    np.float32
]  # [n, 3, 3]: from a place (x, y, 1) of the new image to one of the old
CENTRE = 13.5


def shift(amounts: Matrices) -> Matrices:
    """Move by dx and dy pixels."""
    M = _identities(len(amounts))
    M[:, :2, 2] = amounts[:, :2]
    return M


def rotate(amounts: Matrices) -> Matrices:
    """Turn by degrees about the centre."""
    M = _identities(len(amounts))
    angle = np.radians(amounts[:, 0])
    M[:, 0, 0] = M[:, 1, 1] = np.cos(angle)
    M[:, 0, 1] = -np.sin(angle)
    M[:, 1, 0] = np.sin(angle)
    return _about_centre(M)


def scale(amounts: Matrices) -> Matrices:
    """Widen and heighten, each on its own, by parts: 0.1 is up to 10 %."""
    M = _identities(len(amounts))
    M[:, 0, 0] = 1 + amounts[:, 0]
    M[:, 1, 1] = 1 + amounts[:, 1]
    return _about_centre(M)


def shear(amounts: Matrices) -> Matrices:
    """Slant: 0.2 moves the top and the bottom by up to 0.2 pixels a pixel of height."""
    M = _identities(len(amounts))
    M[:, 0, 1] = amounts[:, 0]
    return _about_centre(M)


def nudge(amounts: Matrices) -> Matrices:
    """Move by dx and dy, rounded to whole pixels: nothing is blurred, and alone it takes hardly any
    time.
    """
    return shift(np.rint(amounts))


GEOMETRIC: dict[str, Callable[[Matrices], Matrices]] = {
    "shift": shift,
    "nudge": nudge,
    "rotate": rotate,
    "scale": scale,
    "shear": shear,
}
LIMITS = {
    "shift": 14.0,
    "nudge": 14.0,
    "rotate": 180.0,
    "scale": 0.9,
    "shear": 1.0,
    "elastic": 30.0,
    "stroke": 1.0,
    "blur": 1.0,
    "grain": 1.0,
}
AUGMENTATIONS = tuple(LIMITS)


def parse_augmentation(text: str) -> dict[str, float]:
    """The transforms that a recipe names, with their strengths; SettingError for what is unknown.

    >>> parse_augmentation("shift:2 rotate:10")
    {'shift': 2.0, 'rotate': 10.0}
    """
    return parse_amounts(text, LIMITS, "augmentation", "strength")


def augment(
    images: Images, strengths: dict[str, float], rng: np.random.Generator, sigma: float = 4.0
) -> Images:
    """Distorted copies of images [n, 28, 28]; the same generator state gives the same copies.

    "elastic" is a smooth random field of displacements, Gaussian with `sigma` pixels, its strength
    the factor alpha of Simard, Steinkraus, Platt (2003), "Best practices for convolutional neural
    networks".

    >>> augment(np.zeros((2, 28, 28), np.uint8), {"shift": 2.0}, np.random.default_rng(0)).shape
    (2, 28, 28)
    """
    M = _identities(len(images))
    for name, matrices in GEOMETRIC.items():
        if strength := strengths.get(name, 0.0):
            amounts = rng.uniform(-strength, strength, (len(images), 2)).astype(np.float32)
            M = matrices(amounts) @ M
    n, h, w = images.shape
    if not any(strengths[name] for name in strengths if name not in ("nudge", *PEN)):
        return _penned(_moved(images, M[:, :2, 2].astype(int)), strengths, rng)
    ys, xs = np.mgrid[:h, :w].astype(np.float32)
    places = np.stack([xs, ys, np.ones_like(xs)]).reshape(3, -1)
    maps = (M[:, :2].reshape(2 * n, 3) @ places).reshape(n, 2, h, w)
    if alpha := strengths.get("elastic", 0.0):
        noise = _smooth_noise(rng, (n, h, w, 2), sigma)
        noise *= np.float32(alpha)
        maps += noise.transpose(0, 3, 1, 2)
    # OpenCV holds places in 16 bits: at most about 1,000 images in one strip.
    moved = np.concatenate(
        [_resample(images[i : i + 512], maps[i : i + 512]) for i in range(0, n, 512)]
    )
    return _penned(moved, strengths, rng)


def _penned(images: Images, strengths: dict[str, float], rng: np.random.Generator) -> Images:
    """The images with other strokes, blurred and grainy, as far as the recipe says so."""
    for name, change in PEN.items():
        if strength := strengths.get(name, 0.0):
            amounts = rng.uniform(-strength, strength, (len(images), 1, 1)).astype(np.float32)
            images = change(images, amounts, rng)
    return images


def _smooth_noise(
    rng: np.random.Generator, shape: tuple[int, int, int, int], sigma: float
) -> NDArray[np.float32]:
    """Uniform noise in -1..1 [n, h, w, 2], blurred with `sigma` pixels.

    It is drawn and blurred on every second pixel, an eighth of the work; there a blur averages a
    quarter of the numbers, which leaves twice the displacement, hence the half. All fields lie in
    one strip: where two meet they share some of it. Each serves four images, mirrored left to
    right, top to bottom, and both: noise looks the same from every side.
    """
    import cv2

    n, h, w, _ = shape
    q = -(-n // 4)
    noise = rng.random((q * (-(-h // 2)), -(-w // 2), 2), np.float32) - np.float32(0.5)
    blurred = cv2.GaussianBlur(noise, (0, 0), sigma / 2)
    fields = np.asarray(cv2.resize(blurred, (w, q * h)), np.float32).reshape(q, h, w, 2)
    mirrored = (fields, fields[:, :, ::-1], fields[:, ::-1], fields[:, ::-1, ::-1])
    return np.concatenate(mirrored)[:n]


def _moved(images: Images, by: NDArray[np.int_]) -> Images:
    """Each image at the places (x + dx, y + dy) [n, 2]; paper outside."""
    n, h, w = images.shape
    far = int(np.abs(by).max(initial=0))
    padded = np.zeros((n, h + 2 * far, w + 2 * far), np.uint8)
    padded[:, far : far + h, far : far + w] = images
    every = sliding_window_view(padded, (h, w), (1, 2))
    return every[np.arange(n), far + by[:, 1], far + by[:, 0]]


def _resample(images: Images, maps: NDArray[np.float32]) -> Images:
    """The images at the places x and y of `maps` [n, 2, h, w], bilinear; paper outside.

    One call for all, on a strip of the images with a blank row between them: a call an image takes
    longer to start than to do. Places beyond an image are held to the blank rows and columns around
    it.
    """
    import cv2

    n, h, w = images.shape
    strip = np.zeros((n, h + 2, w + 2), np.uint8)
    strip[:, 1:-1, 1:-1] = images
    xs, ys = np.clip(maps[:, 0], -1, w), np.clip(maps[:, 1], -1, h)
    xs += 1
    ys += np.arange(n, dtype=np.float32).reshape(n, 1, 1) * (h + 2) + 1
    flat = strip.reshape(n * (h + 2), w + 2)
    out = cv2.remap(flat, xs.reshape(-1, w), ys.reshape(-1, w), cv2.INTER_LINEAR)
    return np.asarray(out, np.uint8).reshape(n, h, w)


def _identities(n: int) -> Matrices:
    return np.tile(np.eye(3, dtype=np.float32), (n, 1, 1))


def _about_centre(M: Matrices) -> Matrices:
    """The same map with the image's centre as its fixed point: x -> M (x - c) + c."""
    c = np.array([CENTRE, CENTRE], np.float32)
    M[:, :2, 2] += c - M[:, :2, :2] @ c
    return M
