"""What a model may answer, whatever its outputs are."""

from __future__ import annotations

import numpy as np
import pytest

from digitscope.inside.outcomes import (
    answers,
    log_odds,
    log_ratio,
    outcomes,
    probabilities,
    readout,
)
from digitscope.models.model import Model
from digitscope.models.prediction import Input, predict
from digitscope.network.network import Network
from digitscope.network.notation import parse_spec

KINDS = {
    "softmax": ("784-6-10", "softmax", range(10), 1.4),
    "sigmoids": ("784-6-10", "sigmoid", range(10), None),
    "refusing": ("784-6-11", "softmax", range(10), 0.9),
    "two": ("784-24-2", "softmax", (3, 8), None),
    "one": ("784-6-1", "sigmoid", (0, 1), 2.0),
    "two or none": ("784-6-3", "softmax", (4, 9), None),
    "linear": ("784-6-10", "linear", range(10), None),
}


@pytest.fixture(params=KINDS)
def model(request: pytest.FixtureRequest) -> Model:
    text, output, classes, temperature = KINDS[request.param]
    network = Network.initialize(parse_spec(text, output=output), seed=3)
    return Model(network, tuple(classes), temperature)


@pytest.fixture
def images() -> np.ndarray:
    """Bars of ink, here and there."""
    images = np.zeros((40, 28, 28), np.uint8)
    for i, image in enumerate(images):
        image[(i * 5) % 23 : (i * 5) % 23 + 5, (i * 3) % 19 : (i * 3) % 19 + 9] = 255 - i
    return images


def test_probabilities_add_up_and_have_these_odds(model: Model, images: np.ndarray) -> None:
    Z = model.network.logits(images)
    P = probabilities(model, Z)
    assert P.shape == (40, len(outcomes(model)))
    np.testing.assert_allclose(P.sum(axis=1), 1)
    np.testing.assert_allclose(log_odds(model, Z), np.log(P / (1 - P)), rtol=1e-6, atol=1e-6)
    last = P.shape[1] - 1
    ratio = np.log(P[:, last] / P[:, 0])
    np.testing.assert_allclose(log_ratio(model, Z, last, 0), ratio, rtol=1e-6, atol=1e-6)


def test_the_answer_is_the_predictions(model: Model, images: np.ndarray) -> None:
    names = outcomes(model)
    found = answers(model, model.network.logits(images))
    for image, place in zip(images, found, strict=True):
        said = predict(model, Input("x", image))
        assert names[place] == (None if said.rejected else said.digit)
    assert len(set(found.tolist())) > 1


def test_scores_grow_with_the_answer(model: Model, images: np.ndarray) -> None:
    """The likeliest outcome has the largest score."""
    Z = model.network.logits(images)
    S = Z @ readout(model)
    np.testing.assert_array_equal(S.argmax(axis=1), probabilities(model, Z).argmax(axis=1))


def test_log_odds_stay_finite_where_probabilities_round() -> None:
    model = Model(Network.initialize("784-6-10"))
    Z = np.array([[900.0, *[0.0] * 9]])
    assert log_odds(model, Z)[0, 0] == pytest.approx(900 - np.log(9))
