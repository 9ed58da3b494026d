"""Judgements of networks of all kinds, kept, and told as far as they are."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from digitscope.data.mnist import Dataset, load_mnist
from digitscope.errors import SpecError
from digitscope.evaluation.doubts import doubtful_labels
from digitscope.evaluation.evaluate import evaluate
from digitscope.lab import judgement as judgement_module
from digitscope.lab.examples import MOST_NUMBERS, Examples
from digitscope.lab.judgement import Judgement, Judgements, load_part
from digitscope.lab.mistakes import cell, matrix, neighbours
from digitscope.models.model import NONE, Model, load
from digitscope.network.network import Network
from digitscope.training.train import train
from tests.helpers import small_recipe


@pytest.mark.parametrize("architecture", ["784-8-1", "784-8-2", "784-8-3", "28x28-2c5-p2-2"])
def test_a_model_of_two_digits_has_their_images_alone(architecture: str) -> None:
    model = Model(Network.initialize(architecture), classes=(8, 3))
    judged = Judgement(model)
    judged.wait(60)
    told = matrix(judged, 1).fields
    labels = load_mnist("test").labels
    assert told["classes"] == [8, 3]
    assert told["columns"] == [8, 3, NONE][: 3 if architecture.endswith("3") else 2]
    assert [sum(row) for row in told["matrix"]] == [(labels == 8).sum(), (labels == 3).sum()]
    images = cell(judged, {"most": 1000}).fields["images"]
    assert all(labels[int(one["image"][5:])] == one["label"] for one in images)
    near = neighbours(judged, {"image": "test:0"}).fields
    assert {one["label"] for one in near["pixels"] + near["seen"]} <= {3, 8}
    assert near["of"] == np.isin(load_mnist("train").labels, (3, 8)).sum()
    judged.close()


def test_what_a_network_refuses_has_a_column_of_its_own() -> None:
    """Shifted so that about half of the images are refused."""
    network = Network.initialize("784-16-11", seed=3)
    Z = network.logits(load_mnist("test").images)
    network.weights["b2"][NONE] = np.median(np.log(np.exp(Z[:, :NONE]).sum(axis=1)) - Z[:, NONE])
    model = Model(network)
    judged = Judgement(model)
    judged.wait(60)
    told = matrix(judged, 1).fields
    P = model.judge(load_mnist("test").images)
    refused = P[:, NONE] > 0.5
    assert 4000 < refused.sum() < 6000
    assert told["refused"] == sum(row[NONE] for row in told["matrix"]) == refused.sum()
    assert told["right"] + told["wrong"] + told["refused"] == 10_000
    assert told["right_digits"] == round(evaluate(model).accuracy * 10_000) > told["right"]
    found = cell(judged, {"truth": 5, "taken": NONE, "most": 3}).fields
    assert found["of"] == (refused & (load_mnist("test").labels == 5)).sum()
    known = judged.first(1000)  # as much as a page knows that has the matrix of them
    read_rightly = (P[:, :NONE].argmax(axis=1) == load_mnist("test").labels) & ~refused
    asked = {"truth": None, "taken": None, "most": 3, "among": 1000}
    assert cell(judged, asked).fields["of"] == 1000 - read_rightly[known].sum()
    first = int(found["images"][0]["image"][5:])
    assert found["images"][0]["confidence"] == pytest.approx(P[first, NONE], abs=1e-6)
    near = neighbours(judged, {"image": f"test:{first}"}).fields
    assert (near["answer"], near["not_a_digit"]) == (NONE, pytest.approx(P[first, NONE], abs=1e-6))
    judged.close()


def test_a_perfect_network_has_no_mistakes() -> None:
    """Two digits whose test images one pixel's weights happen to tell apart would be luck; here
    the network is asked about images that it knows by heart.
    """
    model = Model(Network.initialize("784-8-2"), classes=(0, 1))
    judged = Judgement(model)
    judged.wait(60)
    judged.P[:] = np.eye(2)[judged.data.labels]
    told = matrix(judged, 1).fields
    assert (told["wrong"], told["right"]) == (0, told["images"])
    assert cell(judged, {}).fields["images"] == []
    assert cell(judged, {"truth": 1, "taken": 1}).fields["of"] == told["matrix"][1][1]
    judged.close()


def test_doubtful_labels_are_told_with_their_reason() -> None:
    model = train(small_recipe(train=20_000, hidden=64, epochs=4)).model
    judged = Judgement(model)
    judged.wait(60)
    images, labels = load_mnist("test")
    expected = doubtful_labels(
        images,
        model.probabilities(images),
        labels,
        load_mnist("train"),
        load("reader").probabilities,
    )
    assert [doubt.index for doubt in expected] == [9729]
    assert set(judged.doubts) == {doubt.index for doubt in expected}
    found = cell(judged, {"doubtful": True, "most": 1000}).fields
    assert [one["image"] for one in found["images"]] == [f"test:{one.index}" for one in expected]
    assert all(one["doubtful"] for one in found["images"])
    assert matrix(judged, 1).fields["doubtful"] == len(expected)
    near = neighbours(judged, {"image": f"test:{expected[0].index}"}).fields
    assert near["doubt"] == judged.doubts[9729].reason(model.classes)
    assert "the model that ships" in near["doubt"]
    votes = [one["label"] for one in near["pixels"]]
    assert votes.count(expected[0].answer) == expected[0].for_answer
    assert neighbours(judged, {"image": f"train:{expected[0].index}"}).fields["doubt"] == ""
    judged.close()


def test_the_model_that_ships_is_no_witness_beside_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = load_mnist("test")
    few = Dataset(images[9700:9760], labels[9700:9760])
    train_part = load_part("train")
    monkeypatch.setattr(
        judgement_module, "load_part", lambda part: few if part == "test" else train_part
    )
    judged = Judgement(replace(load("reader"), name="a copy"))
    judged.wait(60)
    assert set(judged.doubts) == {29}
    doubt = judged.doubts[29]
    assert (doubt.witness, doubt.label, doubt.answer) == (None, 5, 6)
    assert doubt.confidence == pytest.approx(load("reader").probabilities(few.images)[29, 6])
    judged.close()


def test_what_is_known_so_far_is_told_while_the_rest_is_judged() -> None:
    model = Model(Network.initialize("28x28-32c5-p2-64c5-10"))
    judged = Judgement(model)
    told = matrix(judged, 1).fields
    assert not told["finished"]
    assert told["judged"] < 10_000
    assert sum(map(sum, told["matrix"])) == told["judged"]
    began = time.perf_counter()
    near = neighbours(judged, {"image": "test:3"}).fields
    assert time.perf_counter() - began < 10  # long before all are looked at
    assert near["looked"] < near["among"]
    assert len(near["seen"]) == min(10, near["looked"])
    judged.close()
    judged.wait(10)
    assert judged.finished  # its thread has ended
    assert len(judged.done) < 10_000


def test_wide_layers_leave_out_images_that_would_not_fit_into_memory() -> None:
    examples = Examples(Model(Network.initialize("28x28-8c5-10")), load_part("train"))
    assert (examples.features, examples.among) == (4608, MOST_NUMBERS // 4608)
    examples.close()


def test_a_network_that_takes_other_images_is_an_error_not_a_hang() -> None:
    judged = Judgement(Model(Network.initialize("100-8-10")))
    with pytest.raises(SpecError, match="takes 100 numbers"):
        matrix(judged, 1)


def test_judgements_are_kept_and_those_of_a_training_made_anew_when_asked() -> None:
    models = {name: Model(Network.initialize("784-4-2"), (0, 1)) for name in "abcdefghijk"}
    live: dict[str, Model] = {}
    judgements = Judgements(lambda id: live.get(id) or models[id], live.get)
    first = judgements.of("a")
    assert judgements.of("a") is first
    assert judgements.of("a", fresh=True) is first  # the same network
    three = [judgements.of(name) for name in "abc"]  # of three pages
    for judged in three:
        judged.wait(30)
    assert three[0] is first
    assert [judgements.of(name) for name in "abc"] == three
    for name in "defghijk":
        judgements.of(name).wait(30)
    assert judgements.of("a") is not first  # of eleven, eight are kept
    live["b"] = Model(Network.initialize("784-4-2", seed=1), (0, 1))
    moment = judgements.of("b")
    moment.wait(30)
    live["b"] = Model(Network.initialize("784-4-2", seed=2), (0, 1))
    assert judgements.of("b") is moment  # what a cell shows fits its matrix
    assert judgements.of("b", fresh=True).model is live["b"]
    del live["b"]
    assert judgements.of("b").model is models["b"]


def test_of_judgements_that_work_the_oldest_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judgement_module, "GONE", 0)
    models = {name: Model(Network.initialize("28x28-32c5-p2-64c5-10")) for name in "abcd"}
    judgements = Judgements(models.__getitem__, lambda id: None)
    a, b, c, d = (judgements.of(name) for name in "abcd")
    a.wait(10)
    assert a.finished
    assert len(a.done) < 10_000
    assert not any(judged.finished for judged in (b, c, d))
    assert [judgements.of(name) for name in "bcd"] == [b, c, d]
    for judged in (b, c, d):
        judged.close()


def test_those_that_pages_wait_for_go_on() -> None:
    """Five pages, each with a large network, and all of them ask again until it is judged."""
    models = {name: Model(Network.initialize("28x28-32c5-p2-64c5-10")) for name in "abcde"}
    judgements = Judgements(models.__getitem__, lambda id: None)
    five = [judgements.of(name) for name in models]
    for _ in range(3):
        assert [judgements.of(name) for name in models] == five
        assert not any(judged.finished for judged in five)
    for judged in five:
        judged.close()
        judged.wait(30)


def test_training_images_as_seen_go_where_there_is_no_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models = {name: Model(Network.initialize("784-4-2"), (0, 1)) for name in "abc"}
    judgements = Judgements(models.__getitem__, lambda id: None)
    seen = {name: judgements.of(name).examples for name in "abc"}
    each = seen["a"].bytes
    assert each == 12_665 * 4 * 4
    assert judgements.of("c").examples is seen["c"]
    assert judgements.of("a").examples is seen["a"]
    monkeypatch.setattr(judgement_module, "ROOM", 2 * each)
    answered = judgements.of("b")
    assert answered.examples is seen["b"]
    assert judgements.of("a").examples is seen["a"]
    assert judgements.of("c").examples is not seen["c"]
    judgements.of("c")
    monkeypatch.setattr(judgement_module, "ROOM", 0)
    assert judgements.of("b") is answered  # its answers stay, and are no larger than before
    assert answered.examples is not seen["b"]
    one = judgements.of("b").examples
    assert judgements.of("b").examples is one  # whoever asks last has them all the same
