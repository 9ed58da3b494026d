"""A batch step on the socket, for every kind of model, compared with the network's own step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitscope.arrays import to_input
from digitscope.data.mnist import load_mnist
from digitscope.errors import SettingError
from digitscope.inside.backprop import stages
from digitscope.lab.backprop import backprop, weight
from digitscope.lab.wanted import wanted
from digitscope.models.model import Model, load
from digitscope.models.prediction import Input, take_input
from digitscope.network.gradient_check import off_the_kinks
from digitscope.network.network import Network
from digitscope.network.notation import parse_spec
from tests.lab.served import Page, Served, opened


def moved(network: Network) -> Network:
    """Off the kinks of ReLU, on which paper puts a network that has not learned its biases yet."""
    return off_the_kinks(network, np.zeros(1))[0]


IMAGE = take_input("test:100")
MODELS = {
    "reader": load("reader"),
    "maps": Model(moved(Network.initialize("28x28-4c5-p2-3c3s-bn-p2-d0.2-10", seed=1))),
    "one output": Model(
        Network.initialize(parse_spec("784-12-1", "sigmoid", "sigmoid"), seed=1),
        classes=(0, 6),
        recipe={"loss": "binary_cross_entropy", "learning_rate": 0.5},
    ),
    "two of ten": Model(Network.initialize("784-12-3", seed=1), classes=(3, 6)),
    "book": Model(
        Network.initialize(parse_spec("784-15-10", "sigmoid", "sigmoid"), seed=1),
        recipe={"loss": "quadratic", "learning_rate": 3.0, "l2": 0.01},
    ),
}


def exact(network: Network) -> Network:
    """The same network in float64."""
    weights, state = (
        {name: array.astype(np.float64) for name, array in arrays.items()}
        for arrays in (network.weights, network.state)
    )
    return Network(network.spec, weights, state)


def arrays(told: dict[str, Any], payload: bytes) -> tuple[list[np.ndarray], ...]:
    """Values, gradients and the parts of the stage, out of the bytes."""
    numbers = np.frombuffer(payload, "<f4")
    shapes = [c["shape"] for c in told["columns"][:-1]]
    shapes += [c["shape"] for c in told["columns"][:-2]]
    for part in told["parts"]:
        one = part["kind"] in ("value", "output")
        shapes.append(part["shape"][1:] if one else part["shape"])
    found = []
    for shape in shapes:
        size = int(np.prod(shape))
        found.append(numbers[:size].reshape(shape))
        numbers = numbers[size:]
    assert numbers.size == 0
    n = len(told["columns"])
    return found[: n - 1], found[n - 1 : 2 * n - 3], found[2 * n - 3 :]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("batch", [1, 4])
def test_a_step_is_the_networks_own(name: str, batch: int) -> None:
    model = MODELS[name]
    message = backprop(model, IMAGE, {"stage": "dW1", "batch": batch, "of": batch - 1})
    told = message.fields
    assert message.payload is not None
    values, gradients, (*_, dW, db) = arrays(told, message.payload)
    images = np.stack([take_input(i["name"]).image for i in told["images"]])
    y = [
        len(model.classes) if i["truth"] == 10 else model.classes.index(i["truth"])
        for i in told["images"]
    ]
    network = exact(model.network)
    X = to_input(images, network.spec.input_shape).astype(np.float64)
    trained = network.step(X, np.array(y), told["loss"], model.recipe.get("l2", 0.0))
    assert told["J"] == trained.loss
    np.testing.assert_array_equal(dW, trained.gradients["W1"].astype(np.float32))
    np.testing.assert_array_equal(db, trained.gradients["b1"].astype(np.float32))
    np.testing.assert_array_equal(values[-2], network.forward(X).Z[-1].astype(np.float32))
    assert [g.shape for g in gradients] == [v.shape for v in values[:-1]]
    assert told["stages"][told["stage"]]["id"] == "dW1"


@pytest.mark.parametrize("name", MODELS)
def test_every_stage_and_a_weight_of_every_layer_can_be_asked_for(name: str) -> None:
    model = MODELS[name]
    step = wanted(model, IMAGE, {}).step
    told = stages(step)
    for stage in told[:: max(1, len(told) // 20)]:
        message = backprop(model, IMAGE, {"stage": stage.id})
        assert message.payload is not None
        arrays(message.fields, message.payload)
        assert message.text()
    for W in model.network.weights:
        rule = weight(model, IMAGE, {"weight": W}).fields
        assert rule["error"] < 1e-4, W
        assert rule["weight"] == W
        assert abs(rule["gradient"]) == np.abs(step.gradients[W]).max()


def test_what_is_left_out_is_as_in_training() -> None:
    told = backprop(MODELS["book"], IMAGE, {}).fields
    assert (told["loss"], told["eta"], told["optimizer"]) == ("quadratic", 3.0, "sgd")
    assert told["images"] == [{"name": "test:100", "truth": 6}]
    assert told["outputs"] == [str(digit) for digit in range(10)]
    assert backprop(MODELS["one output"], IMAGE, {}).fields["outputs"] == ["is it 6?"]
    assert backprop(MODELS["reader"], IMAGE, {}).fields["outputs"][-1] == "none"


def test_the_truth_can_be_chosen_and_is_the_answer_where_nobody_knows() -> None:
    model = MODELS["reader"]
    unknown = Input("a drawing", IMAGE.image)
    assert backprop(model, unknown, {}).fields["images"][0]["truth"] == 6
    nothing = Input("a drawing", np.zeros((28, 28), np.uint8))
    assert backprop(model, nothing, {}).fields["images"][0]["truth"] == 10
    chosen = backprop(model, IMAGE, {"truth": 3}).fields
    assert chosen["images"][0]["truth"] == 3
    assert chosen["J"] > backprop(model, IMAGE, {}).fields["J"]
    other = backprop(MODELS["one output"], take_input("test:0"), {}).fields  # a 7
    assert other["images"][0]["truth"] in (0, 6)


def test_a_batch_holds_the_images_that_follow() -> None:
    told = backprop(MODELS["reader"], IMAGE, {"batch": 4}).fields
    assert [i["name"] for i in told["images"]] == ["test:100", "test:101", "test:102", "test:103"]
    labels = load_mnist("test").labels
    two = backprop(MODELS["two of ten"], take_input("test:9990"), {"batch": 4}).fields["images"]
    numbers = [int(i["name"].removeprefix("test:")) for i in two[1:]]
    assert [int(labels[k]) in (3, 6) for k in numbers] == [True] * 3
    assert min(numbers) < 100 < max(numbers)  # around the end
    drawn = backprop(MODELS["reader"], Input("a drawing", IMAGE.image), {"batch": 2}).fields
    assert [i["name"] for i in drawn["images"]] == ["a drawing", "train:0"]


def test_a_file_may_be_called_like_an_image_of_mnist() -> None:
    file = backprop(MODELS["reader"], Input("test:5.png", IMAGE.image), {"batch": 2}).fields
    assert [i["name"] for i in file["images"]] == ["test:5.png", "train:0"]


@pytest.mark.parametrize("name", ["maps", "book"])  # the second has an L2 penalty
def test_the_losses_of_other_rates(name: str) -> None:
    model = MODELS[name]
    assert backprop(model, IMAGE, {"stage": "J"}).fields["rates"] == []
    rates = backprop(model, IMAGE, {"stage": "after"}).fields["rates"]
    assert (len(rates), rates[0][0], rates[-1][0]) == (31, 1e-4, 10)
    for eta, J in rates[::10]:
        at = backprop(model, IMAGE, {"stage": "after", "eta": eta})
        assert at.payload is not None
        assert arrays(at.fields, at.payload)[2][-1][0] == pytest.approx(J, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"truth": 11}, "the truth must be one of"),
        ({"loss": "binary_cross_entropy"}, "does not fit an output of 11 softmax"),
        ({"optimizer": "none"}, "unknown optimizer 'none'"),
        ({"eta": "fast"}, "must be a number such as 0.1, got 'fast'"),
        ({"eta": 1e9}, "at most 1000"),
        ({"batch": 33}, "1 to 32 images here, got 33"),
        ({"weight": "W99"}, "there is no weight 'W99'"),
        ({"weight": "W1", "index": [1]}, "W1 has the shape 5×5×1×16"),
        ({"weight": "W1", "index": "1"}, "index must be a list of whole numbers"),
    ],
)
def test_what_does_not_fit_is_said(asked: dict[str, Any], says: str) -> None:
    ask = weight if "weight" in asked else backprop
    with pytest.raises(SettingError, match=says):
        ask(MODELS["reader"], IMAGE, asked)


@pytest.fixture
def page(lab: Served) -> Iterator[Page]:
    with opened(lab) as page:
        assert page.hear()["said"] == "hello"
        yield page


def test_on_the_socket(page: Page, small_run: Path) -> None:
    page.say("backprop", id=1)
    assert "draw a digit first" in page.hear_until("error")["what"]
    page.say("read", id=1, image="test:100")
    page.hear_until("answer")
    page.say("backprop", id=2, stage="dW1")
    told = page.hear_until("backprop")
    message = backprop(load(small_run), IMAGE, {"stage": "dW1"})
    assert told["payload"] == message.payload
    page.say("chain_rule", id=3, weight="W1", index=[300, 2])
    rule = page.hear_until("chain_rule")
    assert rule["gradient"] == pytest.approx(float(arrays(told, told["payload"])[2][2][300, 2]))
    page.say("chain_rule", id=4, weight="W9")
    assert page.hear_until("error")["about"] == "chain_rule"
