"""A predictor answers as its model does."""

from __future__ import annotations

import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.errors import SpecError
from digitscope.models.model import Model, load
from digitscope.models.predictor import Predictor
from digitscope.network.network import Network
from digitscope.network.notation import parse_spec


@pytest.mark.parametrize(
    ("text", "output", "temperature", "classes", "engine"),
    [
        ("784-32-10", "softmax", 1.7, range(10), "fast"),
        ("784-32-10", "sigmoid", None, range(10), "fast"),
        ("784-32-10", "linear", 0.5, range(10), "fast"),
        ("784-8-1", "sigmoid", 2.0, (0, 1), "fast"),
        ("784-d0.5-8-d0.5-3", "softmax", None, (3, 5, 8), "fast"),
        ("28x28-2c5-p2-10", "softmax", 1.7, range(10), "numpy"),
    ],
)
@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_probabilities(
    text: str, output: str, temperature: float | None, classes: range, engine: str, threads: int
) -> None:
    network = Network.initialize(parse_spec(text, output=output), 0)
    model = Model(network, tuple(classes), temperature)
    predictor = Predictor(model, threads)
    assert predictor.engine == engine
    images = load_mnist("test").images[:1500]
    for given in (images, images[:1], images[::7], images[:0], images[:70] / np.float32(255)):
        P = predictor(given)
        assert P.dtype == np.float64
        np.testing.assert_allclose(P, model.probabilities(given), rtol=0, atol=2e-6)


def test_it_keeps_the_answers_of_the_model_that_it_was_made_from() -> None:
    model = Model(Network.initialize("784-32-10"))
    image = load_mnist("test").images[:1]
    predictor = Predictor(model)
    before = predictor(image)
    model.network.weights["W1"][:] = 0
    np.testing.assert_array_equal(predictor(image), before)


def test_what_a_refusing_model_gives_given_that_it_is_a_digit_comes_from_what_is_exported() -> None:
    """As docs/exporting.md says: exports give what `judge` gives, of "not a digit" the last."""
    model = load("reader")
    images = load_mnist("test").images[:200]
    P = model.judge(images)
    assert P.shape == (200, 11)
    given = Predictor(model)(images)
    assert np.abs(given - P[:, :10]).max() > 1e-3
    np.testing.assert_allclose(given, P[:, :10] / P[:, :10].sum(axis=1, keepdims=True), atol=1e-5)
    np.testing.assert_allclose(given * (1 - P[:, 10:]), P[:, :10], atol=1e-5)


def test_an_image_of_another_size_is_refused() -> None:
    predictor = Predictor(Model(Network.initialize("784-32-10")))
    with pytest.raises(SpecError, match="the network takes 784 numbers an image, got 27x28 = 756"):
        predictor(np.zeros((1, 27, 28), np.uint8))
