"""Labels that were falsified on purpose are found, and nothing is doubted without good reason."""

from __future__ import annotations

import numpy as np
import pytest

from digitscope.arrays import Floats, Images
from digitscope.data.mnist import Dataset, load_mnist
from digitscope.evaluation.doubts import Doubt, Witness, doubtful_labels
from digitscope.evaluation.nearest import nearest_images
from digitscope.models.model import Model, load
from digitscope.training.train import train
from tests.helpers import small_recipe

SAMPLE, FALSE = 2000, 40
MISLABELLED = 9729  # a 6 labelled 5, which anybody sees


@pytest.fixture(scope="module")
def known() -> Dataset:
    return load_mnist("train")


@pytest.fixture(scope="module")
def reader() -> Model:
    return load("reader")


@pytest.fixture(scope="module")
def weak() -> Model:
    """Right in about 93 of 100."""
    return train(small_recipe(train=20_000, hidden=64, epochs=4)).model


@pytest.fixture(scope="module")
def data() -> Dataset:
    """A sample of the test set."""
    images, labels = load_mnist("test")
    chosen = np.random.default_rng(5).choice(len(labels), SAMPLE, replace=False)
    return Dataset(images[chosen], labels[chosen])


@pytest.fixture(scope="module")
def read(data: Dataset, reader: Model) -> Floats:
    """What the reader says of the sample."""
    return reader.probabilities(data.images)


def repeating(images: Images, P: Floats) -> Witness:
    """A witness that says again what is known."""
    said = dict(zip((image.tobytes() for image in images), P, strict=True))
    return lambda asked: np.array([said[image.tobytes()] for image in asked])


@pytest.mark.parametrize(("seed", "by"), [(0, "weak"), (1, "weak"), (0, "reader")])
def test_falsified_labels_are_found(
    data: Dataset, known: Dataset, weak: Model, read: Floats, seed: int, by: str
) -> None:
    rng = np.random.default_rng(seed)
    false = rng.choice(SAMPLE, FALSE, replace=False)
    labels = data.labels.copy()
    labels[false] = (labels[false] + rng.integers(1, 10, FALSE)) % 10
    P = weak.probabilities(data.images) if by == "weak" else read
    witness = repeating(data.images, read) if by == "weak" else None
    found = doubtful_labels(data.images, P, labels, known, witness)
    hits = [doubt for doubt in found if doubt.index in false]
    precision, recall = len(hits) / len(found), len(hits) / FALSE
    print(f"precision {precision:.3f}, recall {recall:.3f}")
    assert precision >= 0.97
    assert recall >= 0.8
    # What is found is put right, too.
    assert np.mean([doubt.answer == data.labels[doubt.index] for doubt in hits]) >= 0.95
    assert [doubt.confidence for doubt in found] == sorted(
        (doubt.confidence for doubt in found), reverse=True
    )


def test_a_network_that_is_often_wrong_marks_no_clear_image(
    known: Dataset, weak: Model, reader: Model
) -> None:
    """The whole test set as it is: hundreds of mistakes, and not one taken for a wrong label."""
    images, labels = load_mnist("test")
    P = weak.probabilities(images)
    assert 0.9 < np.mean(P.argmax(axis=1) == labels) < 0.95
    found = doubtful_labels(images, P, labels, known, reader.probabilities)
    assert [(doubt.index, doubt.label, doubt.answer) for doubt in found] == [(MISLABELLED, 5, 6)]


def test_a_doubt_has_all_its_witnesses(
    data: Dataset, known: Dataset, weak: Model, read: Floats
) -> None:
    """Worked out anew, image by image, for labels of which every fifth is wrong."""
    labels = data.labels.copy()
    labels[::5] = (labels[::5] + 1) % 10
    P, Q = weak.probabilities(data.images), read
    witness = repeating(data.images, read)
    found = {
        doubt.index: doubt for doubt in doubtful_labels(data.images, P, labels, known, witness)
    }
    wrong = np.union1d(np.arange(0, SAMPLE, 5), np.flatnonzero(P.argmax(axis=1) != labels))
    nearest = nearest_images(data.images[wrong], known.images, 10).indices
    missing = set[str]()
    for i, indices in zip(wrong, nearest, strict=True):
        answer, near = int(P[i].argmax()), known.labels[indices]
        votes = (near == answer).sum(), (near == labels[i]).sum()
        lacks = {
            "model": answer == labels[i] or P[i, answer] < 0.5,
            "witness": Q[i, answer] < 0.9,
            "neighbours": votes[0] < 5 or votes[1] > 2,
        }
        assert (i in found) == (not any(lacks.values())), i
        if sum(lacks.values()) == 1:
            missing |= {name for name, lack in lacks.items() if lack}
        if i in found:
            doubt = found[i]
            assert (doubt.for_answer, doubt.for_label) == votes
            assert doubt.confidence == pytest.approx(P[i, answer])
            assert doubt.witness == pytest.approx(Q[i, answer])
    assert len(found) > 300
    assert set(found) <= set(wrong.tolist())
    assert missing == {"model", "witness", "neighbours"}  # each alone is enough to spare a label


def test_without_a_witness_the_model_must_be_as_sure_itself(known: Dataset) -> None:
    images, labels = known.images[:2], (known.labels[:2] + 1) % 10
    P = np.zeros((2, 10))
    for confidence, expected in ((0.89, 0), (0.91, 2)):
        P[:] = (1 - confidence) / 9
        P[[0, 1], known.labels[:2]] = confidence
        found = doubtful_labels(images, P, labels, known, None)
        assert len(found) == expected
        assert all(doubt.witness is None for doubt in found)


def test_no_images_and_nobody_to_ask(known: Dataset) -> None:
    def never(images: Images) -> Floats:
        assert not len(images)
        return np.zeros((0, 10))

    images, labels = known.images[:3], known.labels[:3]
    assert doubtful_labels(images[:0], np.zeros((0, 10)), labels[:0], known, never) == []
    assert doubtful_labels(images, np.eye(10)[labels], labels, known, never) == []


def test_the_reason_is_a_sentence() -> None:
    told = Doubt(7, 3, 5, 0.98765, None, 8, 2).reason(tuple(range(10)))
    assert told == (
        "The network is 98.8 % sure of a 5, and of the 10 nearest training images 8 are 5, 2 3."
    )
    told = Doubt(7, 3, 5, 0.56, 0.99, 8, 0).reason(tuple(range(10)))
    assert told == (
        "The network is 56.0 % sure of a 5, the model that ships 99.0 %, and of the 10 nearest "
        "training images 8 are 5, none 3."
    )
