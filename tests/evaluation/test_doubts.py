"""Labels that were falsified on purpose are found, and nothing is doubted without good reason."""

from __future__ import annotations

import numpy as np
import pytest

from digitscope.data.mnist import Dataset, load_mnist
from digitscope.evaluation.doubts import Doubt, doubtful_labels, self_confidence
from digitscope.evaluation.nearest import nearest_images
from digitscope.models.model import load

SAMPLE, FALSE = 2000, 40


@pytest.fixture(scope="module")
def known() -> Dataset:
    return load_mnist("train")


@pytest.fixture(scope="module")
def judged() -> tuple[Dataset, np.ndarray]:
    """A sample of the test set, and what a network that was never trained on it says."""
    images, labels = load_mnist("test")
    chosen = np.random.default_rng(5).choice(len(labels), SAMPLE, replace=False)
    return Dataset(images[chosen], labels[chosen]), load("reader").probabilities(images[chosen])


@pytest.mark.parametrize("seed", [0, 1])
def test_falsified_labels_are_found(
    judged: tuple[Dataset, np.ndarray], known: Dataset, seed: int
) -> None:
    data, P = judged
    rng = np.random.default_rng(seed)
    false = rng.choice(SAMPLE, FALSE, replace=False)
    labels = data.labels.copy()
    labels[false] = (labels[false] + rng.integers(1, 10, FALSE)) % 10
    found = doubtful_labels(data.images, P, labels, known)
    hits = [doubt for doubt in found if doubt.index in false]
    precision, recall = len(hits) / len(found), len(hits) / FALSE
    print(f"precision {precision:.3f}, recall {recall:.3f}")
    assert precision >= 0.9
    assert recall >= 0.8
    # What is found is put right, too.
    assert np.mean([doubt.answer == data.labels[doubt.index] for doubt in hits]) >= 0.95
    assert [doubt.confidence for doubt in found] == sorted(
        (doubt.confidence for doubt in found), reverse=True
    )


def test_a_doubt_has_both_its_witnesses(judged: tuple[Dataset, np.ndarray], known: Dataset) -> None:
    """Worked out anew, image by image, for labels of which every twentieth is wrong."""
    data, P = judged
    labels = data.labels.copy()
    labels[::20] = (labels[::20] + 1) % 10
    found = {doubt.index: doubt for doubt in doubtful_labels(data.images, P, labels, known)}
    able = [P[labels == digit, digit].mean() for digit in range(10)]
    np.testing.assert_allclose(self_confidence(P, labels), able, rtol=1e-6)
    wrong = np.arange(0, SAMPLE, 20)
    nearest = nearest_images(data.images[wrong], known.images, 10).indices
    for i, indices in zip(wrong, nearest, strict=True):
        sure = [digit for digit in range(10) if P[i, digit] >= able[digit]]
        answer = max(sure, key=lambda digit: P[i, digit], default=labels[i])
        near = known.labels[indices]
        votes = (near == answer).sum(), (near == labels[i]).sum()
        expected = answer != labels[i] and votes[0] >= 5 and votes[1] <= 2
        assert (i in found) == expected
        if expected:
            assert (found[i].for_answer, found[i].for_label) == votes


def test_a_network_that_is_often_wrong_doubts_nothing(
    judged: tuple[Dataset, np.ndarray], known: Dataset
) -> None:
    data, P = judged
    labels = data.labels.copy()
    labels[: SAMPLE // 8] = (labels[: SAMPLE // 8] + 1) % 10
    assert doubtful_labels(data.images, P, labels, known) == []
    assert doubtful_labels(data.images[:0], P[:0], labels[:0], known) == []


def test_a_class_without_images_is_never_the_better_label() -> None:
    P = np.array([[0.1, 0.9], [0.2, 0.8]])
    np.testing.assert_allclose(self_confidence(P, np.zeros(2, np.uint8)), [0.15, np.inf])


def test_the_reason_is_a_sentence() -> None:
    told = Doubt(7, 3, 5, 0.98765, 8, 2).reason(tuple(range(10)))
    assert told == (
        "The network is 98.8 % sure of a 5, and of the 10 nearest training images 8 are 5, 2 3."
    )
