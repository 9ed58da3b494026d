"""How a user's images differ from the training data, in figures and in words, and what mends it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.data.labelled import sets_in
from digitscope.data.mnist import load_mnist
from digitscope.errors import DataError, ImageError
from digitscope.evaluation.advice import advice_on_image, advice_on_shape, advice_on_warning
from digitscope.evaluation.traits import OF_IMAGES, SHAPES, Trait
from digitscope.preparation import Preparation, Source, prepare

__all__ = ["Diagnosis", "Finding", "Measure", "diagnose"]

TRAINING_IMAGES = 2_000  # of MNIST's 60,000, the same ones every time
USUAL = (1.0, 99.0)  # percentiles of the training data between which a digit is usual
OFTEN = 0.1  # of the user's images: what befalls so many is worth a word
EXTREME = 0.1  # a median in the lowest or highest tenth of the training data is too


@dataclass(frozen=True)
class Measure:
    """One trait: the user's 5th, 50th and 95th percentile, and the training data's; of the image
    itself there is none. `percentile` is where the user's median stands in the training data, and
    `outside` the share of their images beyond 98 of 100 training images.
    """

    name: str
    unit: str
    theirs: tuple[float, float, float]
    training: tuple[float, float, float] | None
    percentile: float | None
    outside: float | None


@dataclass(frozen=True)
class Finding:
    """What differs, in one sentence, the share of images that it is true of, and what mends it."""

    what: str
    share: float
    advice: str


@dataclass(frozen=True)
class Diagnosis:
    """All that was found. `unreadable` has a line for each image without a digit."""

    images: int
    dark_ink: float
    measures: tuple[Measure, ...]
    findings: tuple[Finding, ...]
    unreadable: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; see docs/formats.md."""
        return {"format": "digitscope diagnosis", "version": "1.0", **asdict(self)}


def diagnose(
    folder: str | Path, advance: Callable[[int, int], None] = lambda done, total: None
) -> Diagnosis:
    """Look at the single digits in a folder, labelled or not, and compare them with MNIST's.

    Each is prepared as for `predict`. `advance` is told how many of how many are done. DataError
    where there are no images, or none of them shows a digit.
    """
    sources = _sources(Path(folder))
    prepared: list[Preparation] = []
    unreadable = []
    for i, (name, source) in enumerate(sources):
        try:
            prepared.append(prepare(source, name))
        except ImageError as error:
            unreadable.append(str(error))
        advance(i + 1, len(sources))
    if not prepared:
        raise DataError(f"{folder}: none of {len(sources)} images shows a digit: {unreadable[0]}")
    training = load_mnist("train").images[:TRAINING_IMAGES]
    measures, findings = [], []
    for trait, measured in SHAPES.items():
        theirs = np.array([measured(p.image) for p in prepared])
        usual = np.array([measured(image) for image in training])
        measures.append(_compared(trait, theirs, usual))
        findings += _differs(trait, measures[-1], theirs, usual)
    for trait, seen in OF_IMAGES.items():
        theirs = np.array([seen(p) for p in prepared])
        measures.append(Measure(trait.name, trait.unit, _spread(theirs), None, None, None))
        findings += _hard(trait, theirs)
    findings += _warned(prepared)
    dark = sum(p.inverted for p in prepared) / len(prepared)
    ordered = tuple(sorted(findings, key=lambda finding: -finding.share))
    return Diagnosis(len(prepared), dark, tuple(measures), ordered, tuple(unreadable))


def _sources(folder: Path) -> list[tuple[str, Source]]:
    """The labelled digits of a folder, or else every image in it: names and sources. Labels that
    cannot be understood are the caller's to mend: nothing is taken for unlabelled instead.
    """
    sets = sets_in(folder)
    if not sets:
        return _images_of(folder)
    found: list[tuple[str, Source]] = [(d.name, d.source) for one in sets for d in one.digits]
    if not found:
        raise DataError(
            f"{folder}: holds labelled pages and no single digits: give a folder of single digits, "
            "such as digitscope read --crops writes"
        )
    return found


def _images_of(folder: Path) -> list[tuple[str, Source]]:
    from PIL import Image

    known = Image.registered_extensions()
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in known and path.is_file() and not _hidden(path, folder)
    ]
    if not files:
        raise DataError(f"{folder}: a folder without images: give one of images of single digits")
    return [(str(path), path) for path in files]


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _spread(values: NDArray[np.float64]) -> tuple[float, float, float]:
    low, middle, high = (round(float(x), 3) for x in np.percentile(values, (5, 50, 95)))
    return low, middle, high


def _compared(trait: Trait, theirs: NDArray[np.float64], usual: NDArray[np.float64]) -> Measure:
    low, high = np.percentile(usual, USUAL)
    outside = float(((theirs < low) | (theirs > high)).mean())
    stands = float((usual < np.median(theirs)).mean() + (usual <= np.median(theirs)).mean()) / 2
    return Measure(trait.name, trait.unit, _spread(theirs), _spread(usual), 100 * stands, outside)


def _differs(
    trait: Trait, measure: Measure, theirs: NDArray[np.float64], usual: NDArray[np.float64]
) -> list[Finding]:
    """A finding for each side on which the user's digits leave the training data."""
    low, high = np.percentile(usual, USUAL)
    assert measure.percentile is not None
    stands = measure.percentile / 100
    found = []
    for word, share, is_extreme in (
        (trait.lower, float((theirs < low).mean()), stands < EXTREME),
        (trait.higher, float((theirs > high).mean()), stands > 1 - EXTREME),
    ):
        if share < OFTEN and not is_extreme:
            continue
        middle, wanted = measure.theirs[1], measure.training[1] if measure.training else 0.0
        what = (
            f"{trait.name}: {word} than in the training data: {middle:.3g} {trait.unit} in the "
            f"middle, there {wanted:.3g}"
        )
        found.append(Finding(what, share, advice_on_shape(trait.name, word)))
    return found


def _hard(trait: Trait, theirs: NDArray[np.float64]) -> list[Finding]:
    """A finding where a trait of the images makes reading hard."""
    found = []
    for hard, what, advice in advice_on_image(trait.name):
        share = float(np.mean([hard(value) for value in theirs]))
        if share >= OFTEN:
            found.append(Finding(what, share, advice))
    return found


def _warned(prepared: list[Preparation]) -> list[Finding]:
    """A finding for each warning of the preparation that many images have in common."""
    kinds = Counter(kind for p in prepared for kind in {advice_on_warning(w) for w in p.warnings})
    return [
        Finding(what, count / len(prepared), advice)
        for (what, advice), count in kinds.items()
        if what and count / len(prepared) >= OFTEN
    ]
