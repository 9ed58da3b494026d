"""What the doctor says of digits whose peculiarity is known."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from digitscope.arrays import Images
from digitscope.data.augmentation import parse_augmentation
from digitscope.data.mnist import load_mnist
from digitscope.errors import DataError
from digitscope.evaluation.advice import IMAGES, READER, SHAPES, WARNINGS
from digitscope.evaluation.doctor import Diagnosis, diagnose
from digitscope.evaluation.traits import OF_IMAGES, aspect, slant, stroke_width
from digitscope.evaluation.traits import SHAPES as SHAPE_TRAITS
from digitscope.preparation import frame
from digitscope.training.recipe import load_recipe

TRAIN = load_mnist("train").images[5000:5030]


def large(image: Images, k: int = 4) -> Images:
    return cv2.resize(np.pad(image, 4), None, fx=k, fy=k, interpolation=cv2.INTER_CUBIC)


def examined(folder: Path, change: Callable[[Images], Images]) -> Diagnosis:
    for i, image in enumerate(TRAIN):
        cv2.imwrite(str(folder / f"{i}.png"), change(image))
    return diagnose(folder)


def said(found: Diagnosis) -> str:
    return " | ".join(finding.what for finding in found.findings)


def test_mnists_own_digits_are_as_the_training_data(tmp_path: Path) -> None:
    found = examined(tmp_path, lambda image: 255 - large(image))
    assert found.findings == ()
    assert found.dark_ink == 1
    assert found.images == len(TRAIN)
    for measure in found.measures[:3]:
        assert measure.outside is not None
        assert measure.outside < 0.1
        assert measure.percentile is not None
        assert 25 < measure.percentile < 75


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda i: cv2.dilate(large(i), np.ones((13, 13), np.uint8)), "stroke width: thicker than"),
        (lambda i: cv2.erode(large(i), np.ones((6, 6), np.uint8)), "stroke width: thinner than"),
        (
            lambda i: cv2.warpAffine(large(i), np.float32([[1, 0.9, -65], [0, 1, 0]]), (144, 144)),
            "slant: more to the left than",
        ),
        (
            lambda i: cv2.warpAffine(large(i), np.float32([[1, -0.9, 65], [0, 1, 0]]), (144, 144)),
            "slant: more to the right than",
        ),
        (lambda i: cv2.resize(large(i), (400, 144)), "aspect: wider than"),
        (lambda i: cv2.resize(large(i), (60, 144)), "aspect: narrower than"),
        (lambda i: cv2.resize(i, (14, 14), interpolation=cv2.INTER_AREA), "size of the digit: "),
        (lambda i: (large(i) / 255 * 30 + 90).astype(np.uint8), "contrast: paper and ink are less"),
        (lambda i: large(i[4:24, 4:24])[16:-16, 16:-16], "touches the edge"),
        (lambda i: np.hstack([large(i), large(i)]), "more than one mark of a digit's size"),
    ],
    ids=[
        *("thick", "thin", "left", "right", "wide", "narrow", "small", "faint", "cropped", "two"),
    ],
)
def test_a_peculiarity_is_found(
    tmp_path: Path, change: Callable[[Images], Images], words: str
) -> None:
    found = examined(tmp_path, change)
    assert words in said(found), found
    assert all(finding.advice for finding in found.findings)


def test_a_shadow_and_noise_are_found(tmp_path: Path) -> None:
    shadow = np.tile(np.linspace(0.4, 1, 144), (144, 1))
    found = examined(tmp_path, lambda i: ((255 - large(i)) * shadow).astype(np.uint8))
    assert "light: along the rim" in said(found)
    rng = np.random.default_rng(0)
    found = examined(
        tmp_path,
        lambda i: np.clip(220 - 0.8 * large(i) + rng.normal(0, 16, (144, 144)), 0, 255).astype(
            np.uint8
        ),
    )
    assert "noise: the paper varies" in said(found)


def test_there_is_advice_on_every_trait() -> None:
    directions = {(t.name, word) for t in SHAPE_TRAITS for word in (t.lower, t.higher)}
    assert directions == set(SHAPES)
    assert {trait.name for trait in OF_IMAGES} == set(IMAGES)
    assert all(what and advice for what, advice in WARNINGS.values())


def test_the_advised_retraining_can_be_run_and_is_stronger_than_the_readers() -> None:
    reader = load_recipe("reader")
    assert parse_augmentation(reader.augment) == READER
    for advice in SHAPES.values():
        words = shlex.split(next(w for w in advice.split("; ") if w.startswith("retrain: "))[9:])
        assert words[:-1] == ["digitscope", "train", "--recipe", "reader", "--augment"]
        changed = reader.with_settings({"augment": words[-1]})
        strengths = parse_augmentation(changed.augment)
        assert list(strengths) == list(READER)
        assert all(strengths[name] >= amount for name, amount in READER.items())
        assert strengths != READER


def test_traits_by_hand() -> None:
    bar = np.zeros((28, 28), np.uint8)
    bar[4:24, 12:15] = 255
    assert stroke_width(bar) == pytest.approx(3, abs=0.5)
    assert aspect(bar) == pytest.approx(3 / 20)
    assert slant(bar) == 0
    leaning = np.zeros((28, 28), np.uint8)
    for row in range(4, 24):
        leaning[row, 14 + (14 - row) // 2] = 255  # one to the right for every two up
    assert slant(leaning) == pytest.approx(np.degrees(np.arctan(0.5)), abs=1)
    assert slant(leaning[:, ::-1]) == pytest.approx(-np.degrees(np.arctan(0.5)), abs=1)
    assert stroke_width(frame(np.full((40, 4), 255, np.uint8))) == pytest.approx(2, abs=0.5)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        diagnose(tmp_path / "none")
    with pytest.raises(DataError, match="a folder without images"):
        diagnose(tmp_path)


def test_labels_that_cannot_be_understood_are_not_passed_over(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "page.png"), 255 - large(TRAIN[0]))
    (tmp_path / "labels.json").write_text("{")
    with pytest.raises(DataError, match=r"labels\.json: not JSON"):
        diagnose(tmp_path)
    (tmp_path / "labels.json").write_text('{"page.png": ["7"]}')
    with pytest.raises(DataError, match="holds labelled pages and no single digits"):
        diagnose(tmp_path)
    (tmp_path / "labels.json").unlink()
    (tmp_path / "mine.npz").write_bytes(b"PK nothing of the kind")
    with pytest.raises(DataError, match=r"mine\.npz: cannot be read as \.npz"):
        diagnose(tmp_path)


def test_hidden_images_are_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / ".thumbnails").mkdir()
    for name in ("a.png", ".b.png", ".thumbnails/c.png"):
        cv2.imwrite(str(tmp_path / name), 255 - large(TRAIN[0]))
    assert diagnose(tmp_path).images == 1
