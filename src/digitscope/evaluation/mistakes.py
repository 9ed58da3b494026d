"""The most confident mistakes, and what sets them apart from the images that were read rightly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats, Images, Labels

AT_ONCE = 1000  # images made floats of


@dataclass(frozen=True)
class Mistake:
    """One wrong answer: the image's index in its part of the data, and what the model thought."""

    index: int
    digit: int
    taken_for: int
    confidence: float
    of_truth: float


def hardest_mistakes(
    P: Floats,
    truth: Labels,
    classes: tuple[int, ...],
    indices: NDArray[np.intp] | None = None,
    most: int = 10,
) -> list[Mistake]:
    """The wrong answers of which the model was surest, the surest first.

    P [n, n_classes] are the probabilities, `truth` [n] the true classes, `indices` [n] the images'
    numbers in their part of MNIST where that is not simply 0, 1, 2, ...

    >>> P = np.array([[0.9, 0.1], [0.6, 0.4]])
    >>> hardest_mistakes(P, np.array([1, 1], np.uint8), (4, 9))[0].taken_for
    4
    """
    predicted = P.argmax(axis=1)
    confidence = P.max(axis=1)
    wrong = np.flatnonzero(predicted != truth)
    order = wrong[np.argsort(-confidence[wrong], kind="stable")][:most]
    return [
        Mistake(
            int(i if indices is None else indices[i]),
            classes[truth[i]],
            classes[predicted[i]],
            float(confidence[i]),
            float(P[i, truth[i]]),
        )
        for i in order
    ]


def image_traits(images: Images) -> dict[str, Floats]:
    """What can be measured of a digit without reading it; each [n].

    ink: the mean darkness. slant: how far the strokes lean to the right, in pixels a pixel of
    height, from the second moments. width: the ink's width as a part of its height.
    """
    # All of them as floats would be the most memory that a training takes.
    parts = [_some_traits(images[i : i + AT_ONCE]) for i in range(0, max(1, len(images)), AT_ONCE)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _some_traits(images: Images) -> dict[str, Floats]:
    X = images.astype(np.float32) / 255
    h, w = X.shape[1:]
    mass = np.maximum(X.sum(axis=(1, 2)), 1e-6)
    ys, xs = np.arange(h, dtype=np.float32), np.arange(w, dtype=np.float32)
    cy = (X.sum(axis=2) @ ys) / mass
    cx = (X.sum(axis=1) @ xs) / mass
    dy = ys - cy[:, None]
    dx = xs - cx[:, None]
    covariance = np.einsum("nhw,nh,nw->n", X, dy, dx, optimize=True) / mass
    variance = np.maximum((X.sum(axis=2) * dy**2).sum(axis=1) / mass, 1e-6)
    inked = images > 64
    width = inked.any(axis=1).sum(axis=1)
    height = np.maximum(inked.any(axis=2).sum(axis=1), 1)
    return {"ink": mass / (h * w), "slant": -covariance / variance, "width": width / height}


def common_traits(
    images: Images, P: Floats, truth: Labels, classes: tuple[int, ...], mistakes: list[Mistake]
) -> list[str]:
    """Sentences on what the wrong answers have in common, each with its numbers.

    All wrong answers are compared with all right ones; a trait is named where the difference of the
    means is more than twice its standard error.
    """
    predicted = P.argmax(axis=1)
    wrong = predicted != truth
    n_wrong = int(wrong.sum())
    if n_wrong == 0:
        return ["There are none: every image was read rightly."]
    sentences = [_second_choice(P, truth, wrong, n_wrong)] if len(classes) > 2 else []
    sentences += [_hardest_digit(truth, wrong, classes)]
    sentences += [_doubt(P, wrong)]
    if n_wrong >= 10:
        sentences += _different_traits(images, wrong)
    certain = sum(m.confidence > 0.99 for m in mistakes)
    if certain:
        sentences.append(
            f"In {certain} of the {len(mistakes)} shown the model was over 99 % sure: is the label "
            f"right?"
        )
    return sentences


def _second_choice(P: Floats, truth: Labels, wrong: NDArray[np.bool_], n_wrong: int) -> str:
    second = np.argsort(P[wrong], axis=1)[:, -2]
    n = int((second == truth[wrong]).sum())
    return f"In {n} of {n_wrong} ({100 * n / n_wrong:.0f} %) the true digit was the second choice."


def _hardest_digit(truth: Labels, wrong: NDArray[np.bool_], classes: tuple[int, ...]) -> str:
    counts = np.bincount(truth, minlength=len(classes))
    rates = np.bincount(truth[wrong], minlength=len(classes)) / np.maximum(counts, 1)
    hard, easy = int(rates.argmax()), int(rates.argmin())
    return (
        f"{classes[hard]} is missed most often ({100 * (rates[hard]):.1f} % of its images), "
        f"{classes[easy]} least ({100 * (rates[easy]):.1f} %)."
    )


def _doubt(P: Floats, wrong: NDArray[np.bool_]) -> str:
    sure = P.max(axis=1)
    right = float(sure[~wrong].mean()) if (~wrong).any() else 0.0
    unsure = float(sure[wrong].mean())
    return (
        f"The model was {100 * unsure:.0f} % sure of them on average, "
        f"{100 * right:.0f} % where it was right."
    )


def _different_traits(images: Images, wrong: NDArray[np.bool_]) -> list[str]:
    words = {
        "ink": ("more ink", "less ink", "{:.3f} of the field inked, {:.3f} where it was right"),
        "slant": (
            "lean further right",
            "lean further left",
            "slant {:+.2f}, {:+.2f} where it was right",
        ),
        "width": (
            "are wider",
            "are narrower",
            "width {:.2f} of the height, {:.2f} where it was right",
        ),
    }
    sentences = []
    for trait, values in image_traits(images).items():
        bad, good = values[wrong].astype(np.float64), values[~wrong].astype(np.float64)
        if len(good) < 10:
            continue
        error = np.sqrt(bad.var() / len(bad) + good.var() / len(good))
        if abs(bad.mean() - good.mean()) > 2 * error:
            more, less, figures = words[trait]
            verb = more if bad.mean() > good.mean() else less
            verb = f"have {verb}" if trait == "ink" else verb
            sentences.append(f"They {verb}: {figures.format(bad.mean(), good.mean())}.")
    return sentences
