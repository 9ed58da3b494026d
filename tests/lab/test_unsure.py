"""The image on which a network is unsure, where there is something to learn."""

from __future__ import annotations

import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.lab import unsure as room
from digitscope.lab.unsure import ENOUGH, unsure
from digitscope.models.model import Model, load
from digitscope.network.network import Network


def number(model: Model) -> int:
    told = unsure(model, 7).fields
    assert (told["said"], told["id"]) == ("unsure", 7)
    return int(told["image"].removeprefix("test:"))


def test_it_is_the_first_of_which_it_is_not_sure(small_model: Model) -> None:
    sure = small_model.judge(load_mnist("test").images[:2000]).max(axis=1)
    assert number(small_model) == int((sure < ENOUGH).argmax())


def test_of_a_network_that_is_sure_of_all_the_least_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "ENOUGH", 0.0)
    monkeypatch.setattr(room, "MOST", 300)
    monkeypatch.setattr(room, "PATIENCE", 60)
    model = load("reader")
    sure = model.judge(load_mnist("test").images[:300]).max(axis=1)
    assert number(model) == int(sure.argmin())


@pytest.mark.parametrize("architecture", ["784-8-1", "784-8-2", "784-8-3"])
def test_it_is_a_digit_that_the_model_knows(architecture: str) -> None:
    found = number(Model(Network.initialize(architecture), classes=(8, 3)))
    assert load_mnist("test").labels[found] in (8, 3)


def test_labels_have_no_part_in_it(small_model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = load_mnist("test")
    before = number(small_model)
    monkeypatch.setattr(room, "load_mnist", lambda part: (images, np.roll(labels, 1)))
    assert number(small_model) == before
