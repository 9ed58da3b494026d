"""Predictions: what a model says of one image, and how far to trust it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats, Images
from digitscope.data.mnist import SIZES, load_mnist
from digitscope.errors import ImageError, SettingError
from digitscope.models.model import NONE, Model, load
from digitscope.preparation import PREPARATION_VERSION, Preparation, Source, prepare

MORE_LIKELY_NONE = 0.5  # of "not a digit": from here on no digit is the better answer


@dataclass(frozen=True)
class Prediction:
    """One answer. `probabilities` follow `classes` and add up to 1: given that it is a digit. Those
    that count that it may be none are the `shares`.

    `not_a_digit` is the probability that it is none, where the model tells that (else 0).
    `calibrated` says whether they were fitted to how often the model is right; `rejected` whether
    the answer should not be taken: it is more likely no digit than one, or less sure than the
    limit that was asked for.
    """

    digit: int
    probabilities: tuple[float, ...]
    classes: tuple[int, ...]
    calibrated: bool
    rejected: bool
    warnings: tuple[str, ...] = ()
    not_a_digit: float = 0.0

    @property
    def confidence(self) -> float:
        """The probability of the digit: that it is one, and this one."""
        return self.probabilities[self.classes.index(self.digit)] * (1 - self.not_a_digit)

    @property
    def shares(self) -> dict[str, float]:
        """The probability of every digit and of "none", where the model tells that: they add up to
        1, and the confidence is one of them.

        >>> Prediction(7, (0.25, 0.75), (1, 7), True, False, not_a_digit=0.5).shares
        {'1': 0.125, '7': 0.375, 'none': 0.5}
        """
        none = self.not_a_digit
        found = {
            str(c): p * (1 - none) for c, p in zip(self.classes, self.probabilities, strict=True)
        }
        return found | {"none": none} if none > 0 else found  # who refuses never rules it out

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; see docs/formats.md."""
        return {
            "digit": self.digit,
            "confidence": self.confidence,
            "probabilities": self.shares,
            "not_a_digit": self.not_a_digit,
            "calibrated": self.calibrated,
            "rejected": self.rejected,
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, eq=False)
class Input:
    """An image ready for a model: uint8 [28, 28], its name, its true digit and preparation where
    there are such.
    """

    name: str
    image: Images
    label: int | None = None
    preparation: Preparation | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the preparation noticed."""
        return self.preparation.warnings if self.preparation else ()


def predict(
    model: Model | str | Path, source: Source | Input, reject_below: float = 0.0
) -> Prediction:
    """The digit on an image: a path, bytes, a Pillow image, an array, or "test:100" for test image
    100.

    ImageError says why an image cannot be read; ModelFileError why a model cannot.

    >>> from digitscope.network.network import Network
    >>> predict(Model(Network.initialize("784-16-10")), "test:0").classes
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    """
    model = model if isinstance(model, Model) else load(model)
    given = source if isinstance(source, Input) else take_input(source)
    Z = model.network.logits(given.image[None])
    return prediction_of(model, Z, given, reject_below)


def prediction_of(model: Model, Z: Floats, given: Input, reject_below: float = 0.0) -> Prediction:
    """The digit that the logits Z [1, n_out] of an image tell."""
    (p,) = model.probabilities_of(Z)
    none = float(model.judgement_of(Z)[0, NONE])
    return Prediction(
        digit=model.classes[int(p.argmax())],
        probabilities=tuple(float(x) for x in p),
        classes=model.classes,
        calibrated=model.calibrated,
        rejected=none > MORE_LIKELY_NONE or bool(p.max() * (1 - none) < reject_below),
        warnings=preparation_warnings(model) + given.warnings,
        not_a_digit=none,
    )


def take_input(source: Source) -> Input:
    """An image from wherever it is: test images of MNIST as they are, everything else prepared.

    >>> take_input("train:7").label
    3
    """
    if isinstance(source, str) and (found := re.fullmatch(r"(test|train):(.*)", source)):
        return _mnist_image(found[1], found[2])
    preparation = prepare(source)
    return Input(preparation.name, preparation.image, None, preparation)


def preparation_warnings(model: Model) -> tuple[str, ...]:
    """A warning if the model's images were prepared by another version than this one."""
    if model.preparation == PREPARATION_VERSION:
        return ()
    return (
        f"model {model.name} was trained for version {model.preparation} of the preparation of "
        f"images, this is "
        f"version {PREPARATION_VERSION}: answers may be worse",
    )


def check_limit(value: float) -> float:
    """A limit for rejection; SettingError unless it is a probability."""
    if not isinstance(value, int | float | np.number) or not 0 <= value <= 1:
        raise SettingError(f"reject-below must be a number from 0 up to 1, got {value!r}")
    return value


def _mnist_image(part: str, number: str) -> Input:
    size = SIZES[part]
    if not re.fullmatch(r"\d{1,9}", number) or int(number) >= size:
        raise ImageError(
            f"{part}:{number}: expected an image of MNIST from {part}:0 to {part}:{size - 1}"
        )
    data = load_mnist(part)
    i = int(number)
    return Input(f"{part}:{i}", np.asarray(data.images[i]), int(data.labels[i]))


def stack_images(inputs: list[Input]) -> NDArray[np.uint8]:
    """The images of some inputs as one batch [n, 28, 28]."""
    return np.stack([given.image for given in inputs])
