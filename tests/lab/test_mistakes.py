"""What the lab says of mistakes on the socket, compared with what the library says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.evaluation.evaluate import evaluate
from digitscope.lab.judgement import Judgement
from digitscope.lab.mistakes import cell, neighbours
from digitscope.models.model import NONE, Model, load
from tests.lab.served import Fields, Page


@pytest.fixture(scope="module")
def model(small_run: Path) -> Model:
    return load(small_run)


@pytest.fixture(scope="module")
def judgement(model: Model) -> Iterator[Judgement]:
    judged = Judgement(model)
    judged.wait(60)
    assert judged.finished
    yield judged
    judged.close()


def whole_matrix(page: Page) -> Fields:
    """The confusion matrix, once all is judged."""
    while True:
        page.say("matrix", id=1)
        told = page.hear_until("matrix")
        if told["finished"]:
            return told


def test_the_matrix_is_that_of_the_evaluation(page: Page, model: Model) -> None:
    told, expected = whole_matrix(page), evaluate(model)
    assert told["matrix"] == expected.matrix.tolist()
    assert (told["judged"], told["images"]) == (10_000, 10_000)
    assert (told["right"], told["wrong"]) == (expected.correct, 10_000 - expected.correct)
    assert (told["refused"], told["model"], told["live"]) == (0, "runs/small", False)
    assert told["columns"] == told["classes"] == list(range(10))


def test_a_cell_has_its_images_the_surest_first(page: Page, model: Model) -> None:
    whole_matrix(page)
    expected = evaluate(model)
    images, labels = load_mnist("test")
    sure = expected.P.max(axis=1)
    rows = np.flatnonzero((labels == 4) & (expected.predicted == 9))
    rows = rows[np.argsort(-sure[rows], kind="stable")]
    assert len(rows) > 5
    page.say("cell", id=2, truth=4, taken=9, most=5)
    told = page.hear_until("cell")
    assert told["of"] == len(rows)
    assert [one["image"] for one in told["images"]] == [f"test:{i}" for i in rows[:5]]
    assert [one["confidence"] for one in told["images"]] == pytest.approx(sure[rows[:5]], abs=1e-6)
    assert {(one["label"], one["answer"]) for one in told["images"]} == {(4, 9)}
    np.testing.assert_array_equal(
        np.frombuffer(told["payload"], np.uint8).reshape(-1, 28, 28), images[rows[:5]]
    )


def test_the_diagonal_has_the_least_sure_first(page: Page, model: Model) -> None:
    whole_matrix(page)
    expected = evaluate(model)
    sure = np.where((expected.predicted == 7) & (expected.data.labels == 7), expected.P.max(1), 2)
    page.say("cell", id=3, truth=7, taken=7)
    told = page.hear_until("cell")
    assert told["images"][0]["image"] == f"test:{sure.argmin()}"
    assert len(told["images"]) == 60 < told["of"] == expected.matrix[7, 7]


def test_rows_columns_and_all_hold_mistakes_alone(judgement: Judgement, model: Model) -> None:
    counts = evaluate(model).matrix
    off = counts - np.diag(np.diag(counts))
    for asked, number in (
        ({}, off.sum()),
        ({"truth": 5}, off[5].sum()),
        ({"taken": 3}, off[:, 3].sum()),
        ({"truth": 5, "taken": 3}, off[5, 3]),
        ({"truth": 5, "taken": NONE}, 0),
    ):
        told = cell(judgement, {"most": 1000, **asked}).fields
        assert told["of"] == number
        assert all(one["label"] != one["answer"] for one in told["images"])
        sure = [one["confidence"] for one in told["images"]]
        assert sure == sorted(sure, reverse=True)


def test_an_image_has_its_neighbours(page: Page, model: Model) -> None:
    while True:
        page.say("neighbours", id=4, image="test:18")
        told = page.hear_until("neighbours")
        if told["looked"] == told["among"]:
            break
    assert (told["among"], told["of"], told["features"]) == (60_000, 60_000, 24)
    images, labels = load_mnist("train")
    x = load_mnist("test").images[18]
    exact = np.sqrt((((images.astype(np.float32) - x) / 255) ** 2).sum(axis=(1, 2)))
    nearest = np.argsort(exact, kind="stable")[:10]
    assert [one["image"] for one in told["pixels"]] == [f"train:{i}" for i in nearest]
    assert [one["label"] for one in told["pixels"]] == labels[nearest].tolist()
    assert [one["distance"] for one in told["pixels"]] == pytest.approx(exact[nearest], rel=1e-5)
    W, b = (model.network.weights[name] for name in ("W1", "b1"))
    A = np.maximum(images.reshape(60_000, -1) / np.float32(255) @ W + b, 0)
    a = np.maximum(x.reshape(-1) / np.float32(255) @ W + b, 0)
    cosine = 1 - A @ a / np.maximum(np.linalg.norm(A, axis=1), 1e-9) / np.linalg.norm(a)
    assert [one["distance"] for one in told["seen"]] == pytest.approx(
        np.sort(cosine)[:10], abs=2e-6
    )
    shown = np.frombuffer(told["payload"], np.uint8).reshape(-1, 28, 28)
    numbers = [int(one["image"][6:]) for one in told["pixels"] + told["seen"]]
    np.testing.assert_array_equal(shown, np.concatenate([x[None], images[numbers]]))
    (p,) = model.probabilities(x[None])
    assert told["probabilities"] == pytest.approx(p, abs=1e-6)
    assert (told["label"], told["answer"]) == (load_mnist("test").labels[18], p.argmax())


def test_a_training_image_is_no_neighbour_of_itself(judgement: Judgement) -> None:
    judgement.examples.wait(60)
    told = neighbours(judgement, {"image": "train:7"}).fields
    for kind in ("pixels", "seen"):
        assert len(told[kind]) == 10
        assert "train:7" not in {one["image"] for one in told[kind]}
        assert told[kind][0]["distance"] > 0
    assert (told["label"], told["doubt"]) == (3, "")


@pytest.mark.parametrize(
    ("do", "fields", "words"),
    [
        ("neighbours", {"image": "test:10000"}, "test:0 to test:9999"),
        ("neighbours", {"image": "/etc/passwd"}, "an image of MNIST"),
        ("neighbours", {}, "an image of MNIST"),
        ("cell", {"truth": 11}, "truth must be a digit"),
        ("cell", {"taken": True}, "taken must be a digit"),
        ("cell", {"most": 0}, "from 1 to 1000"),
        ("cell", {"most": "all"}, "from 1 to 1000"),
    ],
)
def test_what_cannot_be_asked_is_one_line(page: Page, do: str, fields: Fields, words: str) -> None:
    page.say(do, id=9, **fields)
    told = page.hear_until("error")
    assert words in told["what"]
    assert (told["id"], told["about"]) == (9, do)
