from __future__ import annotations

import json

import numpy as np
import pytest

from digitscope.data.mnist import Dataset, load_mnist
from digitscope.evaluation.calibration import fit_temperature, measure_calibration
from digitscope.evaluation.evaluate import evaluate
from digitscope.evaluation.metrics import (
    commonest_confusions,
    confusion_matrix,
    digit_scores,
    wilson_interval,
)
from digitscope.evaluation.mistakes import common_traits, hardest_mistakes, image_traits
from digitscope.maths.losses import LOSSES
from digitscope.models.model import Model
from digitscope.network.network import Network
from digitscope.network.notation import parse_spec


def test_the_figures_of_a_model_agree_with_each_other(small_model: Model) -> None:
    e = evaluate(small_model)
    images, labels = load_mnist("test")
    predicted = small_model.probabilities(images).argmax(axis=1)
    assert e.correct == int((predicted == labels).sum()) == np.trace(e.matrix)
    assert e.images == e.matrix.sum() == 10_000
    assert e.accuracy == e.correct / 10_000
    assert e.interval[0] < e.accuracy < e.interval[1]
    assert sum(d.images for d in e.digits) == 10_000
    assert [d.recall for d in e.digits] == pytest.approx(np.diag(e.matrix) / e.matrix.sum(axis=1))
    assert len(e.mistakes) == 10
    for m in e.mistakes:
        assert labels[m.index] == m.digit != m.taken_for == predicted[m.index]
    assert [m.confidence for m in e.mistakes] == sorted(
        (m.confidence for m in e.mistakes), reverse=True
    )
    assert sum(b.images for b in e.calibration.bins) == 10_000
    assert e.confusions[0].count == max(e.matrix[i, j] for i, j in np.ndindex(10, 10) if i != j)
    again = json.loads(json.dumps(e.to_dict(), allow_nan=False))
    assert again["confusion_matrix"] == e.matrix.tolist()
    assert again["wrong"] == 10_000 - e.correct


def test_agrees_with_scikit_learn(small_model: Model) -> None:
    from sklearn.metrics import confusion_matrix as theirs
    from sklearn.metrics import precision_recall_fscore_support

    e = evaluate(small_model)
    np.testing.assert_array_equal(e.matrix, theirs(e.data.labels, e.predicted))
    p, r, f, _ = precision_recall_fscore_support(e.data.labels, e.predicted)
    np.testing.assert_allclose([d.precision for d in e.digits], p)
    np.testing.assert_allclose([d.recall for d in e.digits], r)
    np.testing.assert_allclose([d.f1 for d in e.digits], f)


def test_two_digits_keep_the_numbers_of_the_test_images() -> None:
    network = Network.initialize(parse_spec("784-4-1", "sigmoid", "sigmoid"), 1)
    e = evaluate(Model(network, classes=(0, 1)))
    labels = load_mnist("test").labels
    assert e.images == 980 + 1135
    assert all(labels[m.index] == m.digit for m in e.mistakes)


def test_a_model_that_is_never_wrong() -> None:
    P = np.eye(10)[[3, 4]]
    truth = np.array([3, 4], np.uint8)
    classes = tuple(range(10))
    assert hardest_mistakes(P, truth, classes) == []
    images = np.zeros((2, 28, 28), np.uint8)
    assert common_traits(images, P, truth, classes, []) == [
        "There are none: every image was read rightly."
    ]
    assert commonest_confusions(confusion_matrix(truth, truth, 10), classes) == []


def test_no_images_at_all(small_model: Model) -> None:
    e = evaluate(small_model, Dataset(np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8)))
    assert e.images == e.correct == 0
    assert e.interval == (0.0, 1.0)


def test_a_digit_that_is_never_called() -> None:
    scores = digit_scores(np.array([[0, 5], [0, 5]]), (3, 8))
    assert (scores[0].precision, scores[0].recall, scores[0].f1) == (0.0, 0.0, 0.0)
    assert (scores[1].precision, scores[1].recall) == (0.5, 1.0)


def test_the_interval_by_hand() -> None:
    # 8 of 10, z = 2: (0.8 + 4/20 +- 2 sqrt(0.016 + 4/400)) / 1.4 = (1 +- 0.3225) / 1.4
    assert wilson_interval(8, 10, 2.0) == pytest.approx((0.48395, 0.94462), abs=1e-4)
    assert wilson_interval(10, 10)[1] == 1.0
    assert wilson_interval(0, 10)[0] == 0.0


def test_calibration_by_hand() -> None:
    # Two bins: 0.6 and 0.7 with one right (0.65 against 0.5), 1.0 with both right (no error).
    confidence = np.array([0.61, 0.69, 1.0, 1.0])
    found = measure_calibration(confidence, np.array([True, False, True, True]), n_bins=5)
    # 0.61 and 0.69 lie in (0.6, 0.8], 1.0 in (0.8, 1]
    assert found.error == pytest.approx(0.5 * abs(0.5 - 0.65))
    assert [b.images for b in found.bins] == [0, 0, 0, 2, 2]


def test_the_fitted_temperature_is_the_true_one() -> None:
    rng = np.random.default_rng(0)
    Z = rng.normal(0, 2, (20_000, 10))
    P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    y = (P.cumsum(axis=1) > rng.random((20_000, 1))).argmax(axis=1).astype(np.uint8)
    found = fit_temperature(3 * Z, y, "categorical_cross_entropy", "softmax")
    assert found == pytest.approx(3, rel=0.03)
    loss = LOSSES["categorical_cross_entropy"].loss
    at = [loss(3 * Z / T, y, "softmax")[0] for T in (found * 0.95, found, found * 1.05)]
    assert at[1] == min(at)


def test_traits_see_what_was_drawn() -> None:
    upright, slanted, wide = (np.zeros((28, 28), np.uint8) for _ in range(3))
    upright[4:24, 13:15] = 255
    for y in range(4, 24):
        slanted[y, 18 - (y - 4) // 2 : 20 - (y - 4) // 2] = 255
    wide[12:16, 4:24] = 255
    traits = image_traits(np.stack([upright, slanted, wide]))
    assert traits["slant"][0] == pytest.approx(0, abs=1e-5)
    assert traits["slant"][1] == pytest.approx(0.5, abs=0.05)
    assert traits["width"][2] == 5.0
    np.testing.assert_allclose(traits["ink"], [40 / 784, 40 / 784, 80 / 784], rtol=1e-5)
