"""What the first layer looks for, and the trace of one image."""

from __future__ import annotations

import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.inside.features import first_features
from digitscope.inside.hidden import count_features, hidden_features
from digitscope.inside.trace import trace
from digitscope.network.network import Network
from digitscope.training.recipe import load_recipe, shipped_recipes

NETWORKS = {name: Network.initialize(load_recipe(name).spec()) for name in shipped_recipes()}
IMAGES = load_mnist("test").images[:3]


def test_a_dense_feature_is_a_column_of_w1_row_by_row():
    network = NETWORKS["lesson"]
    found = first_features(network)
    assert (found.weight, found.kind, found.layer) == ("W1", "neuron", 0)
    W1 = network.weights["W1"]
    assert found.images[7, 14, 3] == W1[14 * 28 + 3, 7]
    np.testing.assert_array_equal(found.images.reshape(128, 784).T, W1)


def test_a_feature_answers_strongest_to_its_own_picture():
    """The dot product of image and feature is the neuron's Z (less its bias)."""
    network = NETWORKS["nielsen-30"]
    found = first_features(network)
    Z = trace(network, IMAGES[0])[1].output
    by_hand = (found.images * (IMAGES[0] / np.float32(255))).sum(axis=(1, 2))
    np.testing.assert_allclose(Z, by_hand + network.weights["b1"], rtol=1e-3, atol=1e-3)


def test_the_features_of_a_convolution_are_its_kernels():
    network = NETWORKS["cnn"]
    found = first_features(network)
    assert (found.kind, found.images.shape) == ("kernel", (8, 5, 5))
    np.testing.assert_array_equal(found.images[2], network.weights["W1"][:, :, 0, 2])


@pytest.mark.parametrize(
    ("spec", "shape"),
    [
        ("28x28-p2-32-10", (32, 14, 14)),  # the field is what is left after pooling
        ("100-12-10", (12, 10, 10)),
        ("12-5-10", (5, 1, 12)),  # no square
        ("784-10", (10, 28, 28)),  # no hidden layer: the outputs' own features
        ("28x28-8c3s-bn-p2-10", (8, 3, 3)),
    ],
)
def test_features_of_other_architectures(spec, shape):
    assert first_features(Network.initialize(spec)).images.shape == shape


@pytest.mark.parametrize("name", NETWORKS)
def test_a_trace_is_the_forward_pass_of_the_batch(name):
    network = NETWORKS[name]
    steps = trace(network, IMAGES[1])
    shapes = [network.spec.input_shape, *network.spec.shapes()]
    assert [step.output.shape for step in steps[:-1]] == shapes
    assert [step.layer for step in steps[1:-1]] == list(range(len(network.spec.layers)))
    np.testing.assert_allclose(steps[-1].output, network.predict(IMAGES)[1], rtol=2e-4, atol=1e-6)
    assert steps[-1].name == network.spec.output


def test_a_trace_names_kinds_and_functions():
    names = [step.name for step in trace(NETWORKS["cnn"], IMAGES[0])]
    once = ["conv2d", "relu", "max_pool2d"]
    assert names == ["input", *once, *once, "flatten", "dense", "softmax"]


def test_the_probabilities_of_a_trace_add_up_to_one():
    assert trace(NETWORKS["lesson"], IMAGES[2])[-1].output.sum() == pytest.approx(1, abs=1e-6)


def test_a_trace_takes_floats_as_they_are():
    as_bytes, as_floats = (trace(NETWORKS["deep"], x) for x in (IMAGES[0], IMAGES[0] / 255.0))
    np.testing.assert_allclose(as_bytes[-1].output, as_floats[-1].output, rtol=1e-4)


@pytest.mark.parametrize(
    ("architecture", "step"),
    [("784-16-10", 2), ("784-16-12-d0.5-10", 5), ("28x28-2c5-p2-10", 4), ("784-10", 0)],
)
def test_the_last_hidden_layer_is_what_the_output_layer_is_given(
    architecture: str, step: int
) -> None:
    network = Network.initialize(architecture)
    images = load_mnist("test").images[:3]
    features = hidden_features(network, images)
    assert features.shape == (3, count_features(network))
    for image, f in zip(images, features, strict=True):
        np.testing.assert_allclose(f, trace(network, image)[step].output.ravel(), atol=1e-6)
    last = max(int(name[1:]) for name in network.weights if name[0] == "W")
    Z = features @ network.weights[f"W{last}"] + network.weights[f"b{last}"]
    np.testing.assert_allclose(Z, network.logits(images), atol=1e-4)
