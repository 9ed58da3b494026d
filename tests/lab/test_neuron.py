"""One neuron on the socket: its sum, its connections, and the images that excite it most."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.inside.trace import trace
from digitscope.lab.favourites import GONE, AllFavourites, Favourites
from digitscope.lab.neuron import neuron
from digitscope.lab.reader import connections
from digitscope.models.model import Model, load
from digitscope.models.prediction import Input, take_input
from digitscope.network.network import Network
from digitscope.preparation import prepare
from tests.lab.drawings import SIDE, drawn
from tests.lab.served import Fields, Page, Served


@pytest.fixture(scope="module")
def model(small_run: Path) -> Model:
    return load(small_run)


def test_the_strongest_connections_are_the_largest_products(model: Model) -> None:
    image = prepare(drawn()).image
    steps = trace(model.network, image)
    first, second = connections(model, steps)
    assert (first["into"], second["into"]) == (1, 3)
    for told, x, W in ((first, steps[0].output, "W1"), (second, steps[2].output, "W2")):
        products = x[:, None] * model.network.weights[W]
        sizes = np.sort(np.abs(products).ravel())[::-1]
        got = [abs(value) for _, _, value in told["links"]]
        np.testing.assert_allclose(got, sizes[: len(got)], atol=1e-5)
        for i, j, value in told["links"]:
            assert value == pytest.approx(float(products[i, j]), abs=1e-5)


def test_the_strongest_connections_between_maps_are_what_a_map_adds() -> None:
    """Counted the slow way: a convolution with the kernel of one map alone."""
    model = Model(Network.initialize("28x28-4c5s-bn-p2-6c3-p2-10", seed=3))
    steps = trace(model.network, take_input("test:2").image)
    found = {told["into"]: told for told in connections(model, steps)}
    spec = model.network.spec
    names = [step.name for step in steps]
    for place, name in enumerate(names):
        if name == "conv2d":
            layer = spec.layers[steps[place].layer or 0]
            W = model.network.weights[spec.weight_names[steps[place].layer or 0]["W"]]
            x = steps[place - 1].output
            expected = []
            for c in range(x.shape[-1]):
                alone = {"W": W[:, :, c : c + 1], "b": np.zeros(W.shape[-1], np.float32)}
                expected.append(layer.forward(alone, {}, x[None, ..., c : c + 1]).Y.sum((0, 1, 2)))
            flows = np.array(expected)
            sizes = np.sort(np.abs(flows).ravel())[::-1]
        elif name == "max_pool2d":
            flows = np.diag(steps[place].output.sum((0, 1)))
            sizes = np.sort(np.abs(np.diag(flows)))[::-1]
        else:
            continue
        told = found.pop(place)
        assert told["between"] == "maps"
        np.testing.assert_allclose(
            [abs(v) for *_, v in told["links"]], sizes[: len(told["links"])], rtol=1e-3, atol=1e-4
        )
        for i, j, value in told["links"]:
            assert value == pytest.approx(float(flows[i, j]), rel=1e-3, abs=1e-4)
    assert [told["between"] for told in found.values()] == ["units"]
    assert names.count("conv2d") == 2


def test_a_neurons_sum_adds_up_to_what_the_network_computes(page: Page, model: Model) -> None:
    page.say("read", id=1, image="test:0")
    page.hear_until("answer")
    steps = trace(model.network, load_mnist("test").images[0])
    for layer, weights, field in ((1, "W1", [28, 28]), (2, "W1", [28, 28]), (4, "W2", [24])):
        page.say("neuron", id=layer, layer=layer, index=5)
        told = page.hear_until("neuron")
        assert (told["weights"], told["field"]) == (weights, field)
        w, x = np.frombuffer(told["payload"], "<f4").reshape(2, -1)
        z = told["sum"] + told["bias"]
        assert z == pytest.approx(float(w.astype(np.float64) @ x) + told["bias"], abs=1e-5)
        assert [link["layer"] for link in told["chain"]] == ([1, 2] if layer < 3 else [3, 4])
        for link in told["chain"]:
            assert link["value"] == pytest.approx(float(steps[link["layer"]].output[5]), abs=1e-5)
        assert z == pytest.approx(told["chain"][0]["value"], abs=1e-5)
        for i, input, weight, product in told["strongest"]:
            assert (input, weight) == (pytest.approx(float(x[i])), pytest.approx(float(w[i])))
            assert product == pytest.approx(input * weight, rel=1e-5)
    last = told["chain"][-1]
    assert last["name"] == "softmax"
    assert np.exp(z) / last["denominator"] == pytest.approx(last["value"], rel=1e-4)


def test_a_place_of_a_map_adds_up_too() -> None:
    model = Model(Network.initialize("28x28-4c5s-p2-6c3-bn-p2-10", seed=3))
    given = take_input("test:2")
    steps = trace(model.network, given.image)
    seen = 0
    for layer, step in enumerate(steps):
        if step.output.ndim != 3 or layer == 0:
            continue
        for at in ([0, 0], None, [s - 1 for s in step.output.shape[:2]]):
            told = neuron(model, given, {"layer": layer, "index": 1, "at": at}).fields
            row, column = told["at"]
            of = [link for link in told["chain"] if link["layer"] == layer]
            assert of[0]["value"] == pytest.approx(float(step.output[row, column, 1]))
            if told["weights"]:
                z = told["sum"] + told["bias"]
                assert z == pytest.approx(told["chain"][0]["value"], abs=1e-4)
                seen += 1
            else:
                assert told["field"] == [2, 2]
    assert seen >= 12


def test_favourites_are_the_images_with_the_largest_sums(model: Model) -> None:
    images = load_mnist("test").images
    Z = model.network.forward(images.reshape(-1, 784).astype(np.float32) / 255).steps[0].Y
    favourites = Favourites(model)
    favourites.wait()
    told = favourites.message(2, 7, None)
    assert (told.fields["searched"], told.fields["of"]) == (10_000, 10_000)
    order = np.argsort(-Z[:, 7], kind="stable")[:9]
    values = [row["value"] for row in told.fields["images"]]
    np.testing.assert_allclose(values, Z[order, 7], rtol=1e-4)
    assert told.payload is not None
    first = np.frombuffer(told.payload[:784], np.uint8).reshape(28, 28)
    number = int(told.fields["images"][0]["image"].partition(":")[2])
    np.testing.assert_array_equal(first, images[number])


def test_the_favourites_of_two_models_are_found_turn_by_turn() -> None:
    """Of two pages: each began the other's search anew, and neither came to an end."""
    models = {name: Model(Network.initialize("28x28-32c5-p2-64c5-10")) for name in "ab"}
    kept = AllFavourites()
    both = [kept.of(name, model) for name, model in models.items()]
    assert [kept.of(name, model) for name, model in models.items()] == both
    assert not any(favourites.finished for favourites in both)
    trained = kept.of("a", Model(Network.initialize("784-4-10")))  # it has learned since
    both[0].wait(30)
    assert both[0].finished
    assert both[0].searched < 10_000
    trained.wait(30)
    assert trained.searched == 10_000
    both[1].asked -= GONE
    assert kept.of("c", trained.model) is not trained
    both[1].wait(30)
    assert both[1].searched < 10_000  # nobody has waited for it any more
    assert kept.of("a", trained.model) is trained
    for name in "defghijk":
        kept.of(name, trained.model).wait(30)
    assert kept.of("a", trained.model) is not trained


def test_favourites_of_maps_grow_while_others_are_answered(lab: Served, page: Page) -> None:
    """A question gets the best that were seen by then; drawings do not wait for it."""
    page.say("model", id="reader")
    page.say("favourites", id=0, layer=4, index=3)
    page.say("read", drawn().tobytes(), id=1, width=SIDE, height=SIDE)
    assert page.hear_until("answer")["id"] == 1
    first = page.hear_until("favourites")
    assert 0 < first["searched"] < first["of"] == 10_000
    values = [row["value"] for row in first["images"]]
    assert values == sorted(values, reverse=True)
    assert len(values) == 9
    page.say("favourites", id=2, layer=4, index=3)
    later = page.hear_until("favourites")
    assert later["searched"] > first["searched"]
    assert all(row["value"] >= v for row, v in zip(later["images"], values, strict=True))


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"layer": 9, "index": 0}, "layer must be from 0 to 4, got 9"),
        ({"layer": 1, "index": 24}, "index must be from 0 to 23, got 24"),
        ({"layer": 1, "index": -1}, "index must be a whole number from 0"),
        ({"layer": "1", "index": 0}, "layer must be a whole number"),
    ],
)
def test_neurons_that_are_not_there(page: Page, asked: Fields, what: str) -> None:
    page.say("read", id=1, image="test:0")
    page.hear_until("answer")
    for do in ("neuron", "favourites"):
        page.say(do, **asked)
        assert what in page.hear_until("error")["what"]


def test_a_network_that_has_run_away_is_told_in_json() -> None:
    network = Network.initialize("784-8-10")
    network.weights["W1"][:] = np.nan
    given = Input("blank", np.full((28, 28), 9, np.uint8))
    with np.errstate(all="ignore"):
        told = neuron(Model(network), given, {"layer": 1, "index": 0})
    assert json.loads(told.text())["sum"] is None
