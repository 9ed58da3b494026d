"""A batch as a reader of real handwriting is trained on: MNIST's digits, other hands' digits, and
things that are no digit, all framed as reading frames them.

A recipe names shares: "allographs:0.3 drawn:0.15 coarse:0.1 negatives:0.2".

    allographs   of the 0, 1 and 7: a stroke is added that MNIST's writers leave out
    drawn        of all images: replaced by a digit drawn from strokes
    negatives    of all images: replaced by something that is no digit; its class comes after the
                 digits' own
    cutouts      of all images: replaced by what two cuts leave of a string of digits: a digit, if
                 they were near its ends, or none
    coarse       of all images: made as coarse as a small scan, some of them stretched
    neighbours   of all images: replaced by a segment of a string of them, a digit or none, with
                 what stands around it in sight
"""

from __future__ import annotations

import numpy as np

from digitscope.arrays import Images, Labels
from digitscope.data.amounts import parse_amounts
from digitscope.errors import SettingError
from digitscope.preparation.field import fit, frame
from digitscope.synthesis.cutouts import cutout
from digitscope.synthesis.drawn import drawn_digit, with_added_stroke
from digitscope.synthesis.glyphs import DIGITS
from digitscope.synthesis.negatives import negatives
from digitscope.synthesis.neighbours import neighbours
from digitscope.synthesis.strokes import crop

SHARES = ("allographs", "drawn", "negatives", "cutouts", "coarse", "neighbours")
PALEST = 24  # grey levels that count as ink when an image is framed anew
COARSEST, FINEST = 6, 17  # pixels of the longer side of a coarse image


def parse_synthesis(text: str) -> dict[str, float]:
    """The shares that a recipe names; SettingError for what is unknown.

    >>> parse_synthesis("drawn:0.15 negatives:0.2")
    {'drawn': 0.15, 'negatives': 0.2}
    """
    shares = parse_amounts(text, dict.fromkeys(SHARES, 1.0), "synthesis", "share")
    if sum(shares.get(name, 0) for name in ("drawn", "negatives", "cutouts")) > 0.9:
        raise SettingError(
            "synthesis drawn, negatives and cutouts must leave a tenth of the images to MNIST, got "
            f"{text!r}: lower their shares"
        )
    return shares


def holds_none(shares: dict[str, float]) -> bool:
    """Whether some of the images are no digit.

    >>> holds_none({"cutouts": 0.1}), holds_none({"drawn": 0.1})
    (True, False)
    """
    return any(shares.get(name) for name in ("negatives", "cutouts", "neighbours"))


def mix(
    images: Images,
    labels: Labels,
    classes: tuple[int, ...],
    shares: dict[str, float],
    rng: np.random.Generator,
) -> tuple[Images, Labels]:
    """A batch [n, 28, 28] with its shares of drawn digits and negatives in it, and its labels.

    Labels are class ids: `classes` names their digits, and len(classes) is "not a digit".

    >>> images, labels = np.full((4, 28, 28), 9, np.uint8), np.arange(4, dtype=np.uint8)
    >>> rng = np.random.default_rng(0)
    >>> int(mix(images, labels, tuple(range(10)), {"negatives": 0.5}, rng)[1].max())
    10
    """
    mixed, answers = images.copy(), labels.copy()
    chance = rng.random(len(labels))
    none = shares.get("negatives", 0.0)
    cut = none + shares.get("cutouts", 0.0)
    drawn = cut + shares.get("drawn", 0.0)
    where = np.flatnonzero(chance < none)
    digits = np.array(classes, np.uint8)[labels]
    mixed[where] = negatives(len(where), rng, (images, digits))
    answers[where] = len(classes)
    # Every way of writing is as likely as the next, so digits that are written in more ways are
    # drawn more often.
    ways = np.array([len(DIGITS[digit]) for digit in classes])
    for i in np.flatnonzero((chance >= none) & (chance < cut)):
        mixed[i], digit = cutout(rng, (images, digits))
        answers[i] = len(classes) if digit is None else classes.index(digit)
    for i in np.flatnonzero((chance >= cut) & (chance < drawn)):
        answers[i] = rng.choice(len(classes), p=ways / ways.sum())
        mixed[i] = drawn_digit(classes[answers[i]], rng)
    if added := shares.get("allographs", 0.0):
        for i in np.flatnonzero((chance >= drawn) & (rng.random(len(labels)) < added)):
            mixed[i] = with_added_stroke(images[i], int(digits[i]), rng)
    return mixed, answers


def finish(
    images: Images,
    labels: Labels,
    classes: tuple[int, ...],
    shares: dict[str, float],
    rng: np.random.Generator,
) -> tuple[Images, Labels]:
    """A distorted batch [n, 28, 28] as it is trained on: the first of it as segments among their
    neighbours, if the recipe has a share of them, the others framed anew.

    >>> from digitscope.data.mnist import load_mnist
    >>> images, labels = (part[:32] for part in load_mnist("test"))
    >>> classes, rng = tuple(range(10)), np.random.default_rng(0)
    >>> images, labels = finish(images, labels, classes, {"neighbours": 0.5}, rng)
    >>> images.shape, int(labels.max())
    ((32, 28, 28), 10)
    """
    digits = labels < len(classes)
    among = round(shares.get("neighbours", 0.0) * len(labels)) if digits.any() else 0
    framed = reframe(images[among:], shares, rng)
    if not among:
        return framed, labels
    pool = images[digits], labels[digits]
    segments, answers = neighbours(among, rng, pool, len(classes))
    return np.concatenate([segments, framed]), np.concatenate([answers, labels[among:]])


def reframe(images: Images, shares: dict[str, float], rng: np.random.Generator) -> Images:
    """Distorted images [n, 28, 28] brought to MNIST's frame again, as every image is that is read;
    a share of them by way of a coarse scan.

    >>> reframe(np.full((2, 28, 28), 255, np.uint8), {}, np.random.default_rng(0)).shape
    (2, 28, 28)
    """
    framed = np.zeros_like(images)
    coarse = rng.random(len(images)) < shares.get("coarse", 0.0)
    for i, image in enumerate(images):
        ink = crop(np.where(image > PALEST, image, 0).astype(np.uint8))
        if ink.any():
            ink = np.rint(ink * (255 / ink.max())).astype(np.uint8)
            framed[i] = frame(_coarse(ink, rng) if coarse[i] else ink)
    return framed


def _coarse(ink: Images, rng: np.random.Generator) -> Images:
    """The ink as a small scan holds it, grey or black and white, a half of them stretched to a
    square or nearly so.
    """
    import cv2

    side = int(rng.integers(COARSEST, FINEST))
    height, width = ink.shape
    longer = max(height, width)
    small_height, small_width = (
        max(2, round(side * length / longer)) for length in (height, width)
    )
    if rng.random() < 0.5:
        small_width = max(small_width, round(side * rng.uniform(0.5, 1)))
    small = np.asarray(cv2.resize(ink, (small_width, small_height), interpolation=cv2.INTER_AREA))
    if rng.random() < 0.5:
        small = np.where(small > rng.uniform(60, 150), 255, 0).astype(np.uint8)
    return fit(crop(np.asarray(small, np.uint8))) if small.any() else ink
