"""Small changes that make a network answer something else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.errors import SettingError
from digitscope.inside.change import KINDS
from digitscope.inside.counterfactual import smallest_change
from digitscope.models.model import Model, load
from digitscope.models.prediction import Input, predict
from digitscope.network.network import Network

IMAGES = load_mnist("test").images


@pytest.fixture(scope="module")
def model(small_run: Path) -> Model:
    return load(small_run)


def answer(model: Model, image: np.ndarray | None) -> int | None:
    """What a user is told of an image."""
    assert image is not None
    said = predict(model, Input("x", image))
    return None if said.rejected else said.digit


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [0, 100, 2023])
def test_the_model_answers_the_target(model: Model, kind: str, number: int) -> None:
    image = IMAGES[number]
    now = answer(model, image)
    lengths = {}
    for digit in {0, 3, 8} - {now}:
        found = smallest_change(model, image, digit, kind)
        assert answer(model, found.after) == found.outcome == digit
        lengths[digit] = found.length
    nearest = smallest_change(model, image, kind=kind)
    assert answer(model, nearest.after) == nearest.outcome != now
    if kind != "few":
        assert nearest.length <= 1.02 * min(lengths.values())


def test_of_a_linear_network_it_is_the_distance_to_the_border() -> None:
    """There the nearest border is known: the margin over the length of its slope."""
    made = Network.initialize("784-10", seed=5)
    W = made.weights["W1"]
    image = np.random.default_rng(1).integers(100, 156, (28, 28), np.uint8)
    z = made.logits(image[None])[0]
    others = [k for k in range(10) if k != 2]
    b = np.zeros(10, np.float32)
    b[2] = z[others].max() - z[2] + 5  # far enough that the rounding to bytes is nothing
    network = Network(made.spec, {"W1": W, "b1": b}, {})
    Z = network.logits(image[None])[0]
    known = {k: (Z[2] - Z[k]) / np.linalg.norm(W[:, 2] - W[:, k]) for k in others}
    found = smallest_change(Model(network), image)
    assert known[found.outcome] == min(known.values())
    assert found.length == pytest.approx(min(known.values()), rel=0.02)
    for k in others:
        assert smallest_change(Model(network), image, k).length > 0.99 * known[k]


def test_few_pixels_are_few_and_full(model: Model) -> None:
    image = IMAGES[100]
    found = smallest_change(model, image, kind="few")
    changed = found.difference != 0
    assert found.after is not None
    assert changed.sum() < 30
    assert np.isin(found.after[changed], [0, 255]).mean() > 0.5
    for r, c in np.argwhere(changed)[:5]:  # and each is needed
        without = found.after.copy()
        without[r, c] = image[r, c]
        assert answer(model, without) != found.outcome


def test_one_pixel_that_decides_is_found() -> None:
    network = Network.initialize("784-10", seed=0)
    W = np.zeros((784, 10), np.float32)
    W[300, 4] = 5
    b = np.zeros(10, np.float32)
    b[7] = 1
    found = smallest_change(
        Model(Network(network.spec, {"W1": W, "b1": b}, {})), np.zeros((28, 28), np.uint8), 4, "few"
    )
    assert np.flatnonzero(found.difference).tolist() == [300]


def test_a_smooth_change_has_no_edges_but_those_of_the_paper(model: Model) -> None:
    def roughness(kind: str) -> float:
        d = smallest_change(model, IMAGES[100], 0, kind).difference.astype(float)  # type: ignore[arg-type]
        steps = np.diff(d, axis=0)[:, :-1] ** 2 + np.diff(d, axis=1)[:-1] ** 2
        return float(steps.sum() / (d**2).sum())

    assert roughness("smooth") < 0.6 * roughness("faint")


def test_not_a_digit_can_be_the_target_and_the_beginning() -> None:
    reader = load("reader")
    found = smallest_change(reader, IMAGES[100], None)
    assert answer(reader, found.after) is None
    assert found.after is not None
    back = smallest_change(reader, found.after)
    assert answer(reader, back.after) == back.outcome is not None
    assert back.length < 1


@pytest.mark.parametrize(("number", "digit", "kind"), [(0, 3, "faint"), (8, 3, "faint")])
def test_what_becomes_a_digit_is_rather_that_than_no_digit(
    number: int, digit: int, kind: str
) -> None:
    """Rounding to bytes made a 3 with 33 % of these, and "not a digit" with 34 %."""
    reader = load("reader")
    found = smallest_change(reader, IMAGES[number], digit, kind)
    assert answer(reader, found.after) == digit
    assert found.after is not None
    assert reader.judge(found.after[None])[0].argmax() == digit


def test_where_nothing_helps_it_says_so() -> None:
    network = Network.initialize("784-10", seed=0)
    b = np.zeros(10, np.float32)
    b[7] = 1
    stubborn = Model(Network(network.spec, {"W1": np.zeros((784, 10), np.float32), "b1": b}, {}))
    for kind in KINDS:
        found = smallest_change(stubborn, IMAGES[0], kind=kind)
        assert found.after is None
        assert found.length == 0


@pytest.mark.parametrize(
    ("target", "kind", "words"),
    [
        (None, "faint", "cannot answer None"),
        (12, "faint", "cannot answer 12"),
        ("now", "faint", "already"),
        ("other", "loud", "kind must be one of"),
    ],
)
def test_what_cannot_be_asked(model: Model, target: object, kind: object, words: str) -> None:
    target = answer(model, IMAGES[0]) if target == "now" else target
    with pytest.raises(SettingError, match=words):
        smallest_change(model, IMAGES[0], target, kind)  # type: ignore[arg-type]
