from __future__ import annotations

import json

import numpy as np
import pytest

from digitscope.errors import SpecError
from digitscope.network.layers import LAYERS, Activation, BatchNorm, Dense
from digitscope.network.network import Network
from digitscope.network.notation import format_spec, parse_hidden, parse_spec
from digitscope.network.schedules import SCHEDULES
from digitscope.network.spec import Spec

LINES = [
    "784-128-10",
    "784-128-64-10",
    "784-10",
    "28x28-8c5-p2-16c5-p2-10",
    "28x28-8c3s-bn-p2-d0.25-16c3s-bn-p2-64-bn-d0.5-10",
]


@pytest.mark.parametrize("line", LINES)
def test_a_line_survives_text_and_json(line: str) -> None:
    spec = parse_spec(line)
    assert format_spec(spec) == line
    assert Spec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


def test_parameters() -> None:
    assert parse_spec("784-128-10").parameters == 784 * 128 + 128 + 128 * 10 + 10 == 101_770
    assert parse_spec("784-128-64-10").parameters == 109_386
    cnn = parse_spec("28x28-8c5-p2-16c5-p2-10")
    assert cnn.parameters == (25 * 8 + 8) + (25 * 8 * 16 + 16) + (256 * 10 + 10)


def test_canonical_names_follow_the_layers_with_weights() -> None:
    spec = parse_spec("28x28-2c3-bn-p2-5-10")
    assert spec.weight_shapes() == {
        "W1": (3, 3, 1, 2),
        "b1": (2,),
        "gamma2": (2,),
        "beta2": (2,),
        "W3": (13 * 13 * 2, 5),
        "b3": (5,),
        "W4": (5, 10),
        "b4": (10,),
    }
    assert spec.state_shapes() == {"mean2": (2,), "variance2": (2,)}


def test_batch_norm_stands_ahead_of_the_activation() -> None:
    kinds = [type(layer) for layer in parse_spec("784-5-bn-10").layers]
    assert kinds == [Dense, BatchNorm, Activation, Dense]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("784", "not an architecture: write it as 784-128-10"),
        ("784--10", "a hidden layer must be a whole number of at least 1, got ''"),
        ("784-0-10", "a hidden layer must be a whole number of at least 1, got '0'"),
        ("784-12x-10", "got '12x': write neurons"),
        ("784-8c5-10", "a convolution takes images"),
        ("28x28-64-8c5-10", "put it before the first dense layer"),
        ("28x28-8c29-10", "a 29x29 kernel does not fit into a map of 28x28"),
        ("28x28-8c4s-10", "needs an odd kernel, got 4"),
        ("28x28-p29-10", "pooling over 29x29 needs images"),
        ("784-9999999-10", "from 1 to 1,000,000"),
        ("784-128-ten", "the number of outputs must be a whole number"),
        ("big-128-10", "the number of inputs must be a whole number"),
    ],
)
def test_what_cannot_be_built_says_why(line: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(line)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"layers": [{"layer": "dens", "units": 3}]},
            "unknown layer 'dens': did you mean 'dense'?",
        ),
        ({"layers": [{"layer": "dense", "unit": 3}]}, "no setting 'unit': did you mean 'units'?"),
        ({"layers": [{"layer": "dense"}]}, "cannot be made"),
        ({"layers": [{"layer": "dense", "units": True}]}, "whole number"),
        ({"layers": [{"layer": "dense", "units": 3, "init": "x"}]}, "unknown initializer 'x'"),
        ({"layers": [{"layer": "dropout", "rate": 1.0}]}, "from 0 up to but not including 1"),
        ({"layers": [{"layer": "activation", "function": "gelu"}]}, "unknown activation 'gelu'"),
        ({"layers": []}, "must end in a flat layer"),
        ({"layers": 5}, "an architecture needs"),
        ({"input_shape": [0]}, "input_shape must be"),
        ({"input_shape": ["784"]}, "input_shape must be"),
        ({"output": "soft"}, "unknown activation of the output 'soft': did you mean 'softmax'?"),
    ],
)
def test_plain_data_that_is_no_spec(change: dict[str, object], message: str) -> None:
    data = {"input_shape": [4], "layers": [{"layer": "dense", "units": 2}], "output": "softmax"}
    Spec.from_dict(data)
    with pytest.raises(SpecError) as caught:
        Spec.from_dict(data | change)
    assert message in str(caught.value)


def test_every_layer_can_be_written_as_plain_data() -> None:
    used = {row["layer"] for row in parse_spec(LINES[-1]).to_dict()["layers"]}
    assert used == set(LAYERS)


def test_hidden_alone() -> None:
    assert format_spec(parse_hidden("128-64", 10)) == "784-128-64-10"
    assert format_spec(parse_hidden("", 10)) == "784-10"
    assert format_spec(parse_hidden("8c5-p2", 10)) == "28x28-8c5-p2-10"


def test_weights_of_another_shape_are_refused() -> None:
    network = Network.initialize("784-16-10")
    wrong = network.weights | {"W1": np.zeros((784, 17), np.float32)}
    with pytest.raises(SpecError, match="the weights do not fit the architecture 784-16-10"):
        Network(network.spec, wrong, {})
    with pytest.raises(SpecError, match="do not fit"):
        Network(network.spec, {}, {})


def test_schedules_stay_between_0_and_1() -> None:
    for name, factor in SCHEDULES.items():
        values = [factor(p) for p in np.linspace(0, 1, 101)]
        assert all(0 <= value <= 1 for value in values), name
        assert max(values) == 1, name


def test_forward_of_a_network_by_hand() -> None:
    # 2-2-1, ReLU, sigmoid: z1 = (1*1 + 2*-1 + 0, 1*2 + 2*1 + 1) = (-1, 5); a1 = (0, 5); z2 = 5*2 - 3 = 7
    spec = parse_spec("2-2-1", "relu", "sigmoid")
    weights = {
        "W1": np.array([[1.0, 2.0], [-1.0, 1.0]]),
        "b1": np.array([0.0, 1.0]),
        "W2": np.array([[4.0], [2.0]]),
        "b2": np.array([-3.0]),
    }
    network = Network(spec, weights, {})
    X = np.array([[1.0, 2.0]])
    assert network.forward(X).Z.tolist() == [[7.0]]
    # y = 0: dz2 = sigma(7) =: s; dW2 = (0, 5 s), db2 = s; dz1 = (0, 2 s); dW1 = x^T dz1, db1 = dz1
    s = 1 / (1 + np.exp(-7.0))
    gradients = network.step(X, np.array([0], np.uint8), "binary_cross_entropy").gradients
    np.testing.assert_allclose(gradients["W2"], [[0.0], [5 * s]])
    np.testing.assert_allclose(gradients["b2"], [s])
    np.testing.assert_allclose(gradients["W1"], [[0.0, 2 * s], [0.0, 4 * s]])
    np.testing.assert_allclose(gradients["b1"], [0.0, 2 * s])
