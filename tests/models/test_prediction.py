from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.errors import ImageError, SettingError
from digitscope.models.model import Model
from digitscope.models.prediction import check_limit, predict, take_input
from digitscope.network.network import Network
from digitscope.network.notation import parse_spec


def test_a_prediction_carries_everything(small_model: Model) -> None:
    p = predict(small_model, "test:0")
    assert p.digit == 7
    assert sum(p.probabilities) == pytest.approx(1, abs=1e-5)
    assert p.confidence == max(p.probabilities) == p.probabilities[7]
    assert p.rejected is False
    assert p.to_dict()["probabilities"]["7"] == p.confidence
    assert predict(small_model, "test:0", reject_below=1.0).rejected is True


def test_calibrated_means_that_a_temperature_was_fitted(small_model: Model) -> None:
    assert predict(replace(small_model, temperature=None), "test:0").calibrated is False
    cooler = predict(replace(small_model, temperature=2.0), "test:0")
    assert cooler.calibrated is True
    assert cooler.digit == 7
    assert cooler.confidence < predict(replace(small_model, temperature=1.0), "test:0").confidence


def test_an_image_of_mnist_in_another_guise_gets_the_same_answer(small_model: Model) -> None:
    images = load_mnist("test").images[:60]
    direct = small_model.probabilities(images).argmax(axis=1)
    dark_and_large = [255 - np.kron(image, np.ones((5, 5), np.uint8)) for image in images]
    prepared = [predict(small_model, image).digit for image in dark_and_large]
    assert np.mean(direct == prepared) > 0.9


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "tanh", "relu", "linear"])
def test_probabilities_add_up_for_every_output(output: str) -> None:
    model = Model(Network.initialize(parse_spec("784-8-10", output=output), 3))
    P = model.probabilities(load_mnist("test").images[:50])
    assert (P >= 0).all()
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-5)


def test_one_output_is_the_probability_of_the_second_digit() -> None:
    network = Network.initialize(parse_spec("784-8-1", output="sigmoid"), 3)
    model = Model(network, classes=(0, 1))
    images = load_mnist("test").images[:5]
    P = model.probabilities(images)
    np.testing.assert_allclose(P[:, 1], network.predict(images)[:, 0])
    assert predict(model, "test:0").digit == int(P[0].argmax())


def test_another_preparation_warns(small_model: Model) -> None:
    old = replace(small_model, preparation=99, name="old")
    (warning,) = predict(old, "test:0").warnings
    assert "model old was trained for version 99 of the preparation" in warning


def test_images_of_mnist_are_counted_from_zero() -> None:
    given = take_input("test:100")
    np.testing.assert_array_equal(given.image, load_mnist("test").images[100])
    assert given.label == 6
    for wrong in ("test:10000", "test:-1", "train:60000", "test:x", "test:"):
        with pytest.raises(ImageError, match="expected an image of MNIST from t"):
            take_input(wrong)


def test_limit() -> None:
    assert check_limit(0.5) == 0.5
    wrong: tuple[Any, ...] = (-0.1, 1.1, float("nan"), "0.5", None)
    for value in wrong:
        with pytest.raises(SettingError, match="reject-below must be a number from 0 up to 1"):
            check_limit(value)


def test_a_model_that_refuses_says_so() -> None:
    network = Network.initialize("784-4-11")
    sure_of_none = network.weights | {"b2": np.array([0] * 10 + [9], np.float32)}
    p = predict(Model(replace(network, weights=sure_of_none)), "test:0")
    assert p.rejected
    assert p.not_a_digit > 0.9
    assert sum(p.probabilities) == pytest.approx(1)
    assert p.confidence == pytest.approx(max(p.probabilities) * (1 - p.not_a_digit))
    told = p.to_dict()
    assert told["not_a_digit"] == told["probabilities"]["none"] == p.not_a_digit
    assert told["confidence"] == told["probabilities"][str(p.digit)]
    assert list(told["probabilities"]) == [*"0123456789", "none"]
    assert sum(told["probabilities"].values()) == pytest.approx(1)
