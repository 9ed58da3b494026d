"""Contributions add up to the logit, whatever the network is made of."""

from __future__ import annotations

import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.errors import SpecError
from digitscope.inside.contributions import contributions, path_of, slopes
from digitscope.inside.occlusion import occluded, occlusion_logits
from digitscope.network.network import Network
from digitscope.network.notation import parse_spec

IMAGES = load_mnist("test").images[:20]
LINEAR = ["784-10", "784-24-10", "784-24-d0.5-16-10", "784-20-bn-10", "28x28-p2-16-10",
          "28x28-4c5-bn-p2-6c3s-p2-12-11"]  # fmt: skip


def of_chance(text: str, activation: str = "relu", seed: int = 1) -> Network:
    """A network in float64 whose biases and running statistics are not those of a beginning."""
    rng = np.random.default_rng(seed)
    made = Network.initialize(parse_spec(text, activation=activation), seed, np.float64)
    weights = {k: W + (W.ndim == 1) * rng.normal(0, 0.3, W.shape) for k, W in made.weights.items()}
    state = {k: S + rng.uniform(0.1, 0.4, S.shape) for k, S in made.state.items()}
    return Network(made.spec, weights, state)


@pytest.mark.parametrize("text", LINEAR)
def test_ink_times_weights_and_biases_are_the_logit(text: str) -> None:
    network = of_chance(text)
    for image in IMAGES[:3] / 255:
        found = contributions(network, image)
        Z = network.logits(image[None])[0]
        assert found.path == "linear"
        np.testing.assert_allclose(found.Z, Z, atol=1e-12)
        np.testing.assert_allclose(found.ink.sum(axis=(1, 2)) + found.rest, Z, atol=1e-9)
        np.testing.assert_array_equal(found.ink[:, image == 0], 0)
        assert np.abs(found.rest).max() > 0.01


@pytest.mark.parametrize("text", LINEAR)
def test_the_weights_are_what_a_little_more_ink_does(text: str) -> None:
    network = of_chance(text)
    image = np.random.default_rng(2).uniform(size=(28, 28))  # on paper the places of a pool tie
    found = contributions(network, image)
    for r, c in [(10, 12), (14, 14), (20, 9)]:
        more = image.copy()
        more[r, c] += 1e-7
        change = (network.logits(more[None]) - network.logits(image[None]))[0] / 1e-7
        np.testing.assert_allclose(found.weights[:, r, c], change, atol=1e-5)


def test_the_path_is_the_product_of_the_weights_of_active_neurons() -> None:
    network, image = of_chance("784-12-8-10"), IMAGES[0] / 255
    W, x = network.weights, image.ravel()
    z1 = x @ W["W1"] + W["b1"]
    z2 = np.maximum(z1, 0) @ W["W2"] + W["b2"]
    by_hand = W["W1"][:, z1 > 0] @ W["W2"][z1 > 0][:, z2 > 0] @ W["W3"][z2 > 0]
    found = contributions(network, image)
    np.testing.assert_allclose(found.weights.reshape(10, 784), by_hand.T, atol=1e-12)
    b1 = W["b1"][z1 > 0] @ W["W2"][z1 > 0][:, z2 > 0] @ W["W3"][z2 > 0]
    rest = b1 + W["b2"][z2 > 0] @ W["W3"][z2 > 0] + W["b3"]
    np.testing.assert_allclose(found.rest, rest, atol=1e-12)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
@pytest.mark.parametrize("text", ["784-24-10", "784-20-bn-12-10", "28x28-3c5-8-10"])
def test_chords_add_up_from_empty_paper(text: str, activation: str) -> None:
    network, image = of_chance(text, activation), IMAGES[1] / 255
    found = contributions(network, image)
    assert found.path == "rescale"
    np.testing.assert_allclose(found.rest, network.logits(np.zeros((1, 28, 28)))[0], atol=1e-12)
    np.testing.assert_allclose(found.ink.sum(axis=(1, 2)) + found.rest, found.Z, atol=1e-9)


def test_a_chord_of_no_length_has_the_slope_of_the_tangent() -> None:
    network, paper = of_chance("784-24-10", "tanh"), np.zeros((28, 28))
    found = contributions(network, paper)
    for k in range(10):
        _, slope = slopes(network, paper, np.eye(10)[k])
        np.testing.assert_allclose(found.weights[k], slope, atol=1e-12)


def test_pools_between_bent_activations_are_refused() -> None:
    network = of_chance("28x28-3c5-p2-10", "tanh")
    assert path_of(network.spec) == ""
    with pytest.raises(SpecError, match="use occlusion instead"):
        contributions(network, IMAGES[0])


@pytest.mark.parametrize("ink", [0.0, 1.0])
def test_a_patch_over_a_pixel_is_a_patch_over_that_pixel(ink: float) -> None:
    network, image = of_chance("784-24-10"), IMAGES[3]
    Z, found = occlusion_logits(network, image, 5, ink)
    for r, c in [(0, 0), (27, 27), (9, 14), (15, 15), (27, 3)]:
        by_hand = image / np.float32(255)
        by_hand[max(0, r - 2) : r + 3, max(0, c - 2) : c + 3] = ink
        expected = network.logits(by_hand[None])[0]
        np.testing.assert_allclose(found[28 * r + c], expected, atol=1e-5)
    assert (np.abs(found - Z).max(axis=1) > 0).sum() > 100


def test_an_even_patch_is_as_wide_as_it_says() -> None:
    hidden = 1 - occluded(np.ones((28, 28)), 4).reshape(28, 28, 28, 28)
    assert hidden[14, 14].sum() == 16
    assert hidden[0, 0].sum() == 4
