"""A run knows its engine: who does the work is chosen, said, kept, and may change on the way."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.engines import chosen
from digitscope.errors import SettingError
from digitscope.models.model import load
from digitscope.network.layers import BatchNorm, Conv2D
from digitscope.network.optimizers import OPTIMIZERS
from digitscope.training.messages import Inbox
from digitscope.training.recipe import load_recipe, shipped_recipes
from digitscope.training.resume import Changes, resumed_run
from digitscope.training.train import started_run, train
from tests.conftest import Cli
from tests.helpers import small_options, small_recipe
from tests.training.runs import follow_until, log_without_times, tensors

# What a resume has to get right, in layers that `fast` has.
FAST = {"hidden": "16-d0.2", "optimizer": "adam", "learning_rate": 0.01, "engine": "fast"}
MIXED = {**FAST, "augment": "shift:1 rotate:5", "schedule": "one_cycle", "epochs": 3}

CONVOLUTIONAL = [
    name
    for name in shipped_recipes()
    if any(isinstance(layer, Conv2D | BatchNorm) for layer in load_recipe(name).spec().layers)
]


def events(run: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]


def test_a_run_of_fast_cut_anywhere_ends_with_the_same_bytes(tmp_path: Path) -> None:
    recipe = small_recipe(**MIXED)
    with started_run(recipe, tmp_path, "uncut") as run:
        for _ in run.events:
            pass
    with started_run(recipe, tmp_path, "cut") as run:
        path = run.folder.path
    rng = random.Random(0)
    while not run.loop.finished:
        inbox = Inbox()
        with resumed_run(path, inbox=inbox) as run:
            follow_until(run.events, inbox, rng.randrange(2, 40))
    assert tensors(path) == tensors(tmp_path / "uncut")
    assert log_without_times(path) == log_without_times(tmp_path / "uncut")


@pytest.mark.parametrize("first", ["numpy", "fast"])
def test_a_run_goes_on_in_another_engine_and_says_so(tmp_path: Path, first: str) -> None:
    second = {"numpy": "fast", "fast": "numpy"}[first]
    with started_run(small_recipe(engine=first), tmp_path, "a") as run:
        for _ in run.events:
            pass
    with resumed_run(tmp_path / "a", Changes(more_epochs=1, engine=second)) as run:
        assert f"not bit for bit as before the interruption: engine {first} is now {second}" in (
            run.note
        )
        for _ in run.events:
            pass
    assert [e["engine"] for e in events(tmp_path / "a") if e["event"] == "started"][-1] == second
    assert run.folder.recipe().engine == second
    with resumed_run(tmp_path / "a") as run:
        assert run.note == ""  # bit for bit as it was cut


def test_numpy_and_fast_train_the_same_network() -> None:
    test = load_mnist("test").images[:500]
    a, b = (
        train(small_recipe(engine=engine)).model.network.logits(test)
        for engine in ("numpy", "fast")
    )
    assert np.abs(a - b).max() < 1e-4 * np.abs(a).max()


@pytest.mark.parametrize("recipe", sorted(set(shipped_recipes()) - set(CONVOLUTIONAL)))
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_auto_is_fast_for_every_recipe_without_convolution(recipe: str, optimizer: str) -> None:
    problem = replace(load_recipe(recipe).problem(), optimizer=optimizer)
    assert chosen("auto", problem) == ("fast", "")


def test_the_recipes_with_convolution_are_few() -> None:
    assert CONVOLUTIONAL == ["cnn", "neighbours", "reader"]


def test_auto_is_fast_and_says_so(tmp_path: Path, cli: Cli) -> None:
    done = cli("train", "--no-report", *small_options(epochs=1))
    assert "engine fast" in done.stdout
    assert done.stderr == ""
    assert load(tmp_path / "runs" / "deep").recipe["engine"] == "fast"


def test_auto_is_numpy_where_fast_cannot_and_says_why(tmp_path: Path, cli: Cli) -> None:
    done = cli("train", "--no-report", *small_options(epochs=1, hidden="2c5-p2"))
    assert done.returncode == 0
    assert "engine numpy" in done.stdout
    assert done.stderr == (
        "digitscope: note: engine numpy, because fast does not accelerate conv2d layers\n"
    )
    assert load(tmp_path / "runs" / "deep").recipe["engine"] == "numpy"


def test_fast_never_delegates(tmp_path: Path, cli: Cli) -> None:
    done = cli("train", "--engine", "fast", *small_options(hidden="2c5-p2"))
    assert done.returncode == 2
    assert done.stderr == (
        "digitscope: error: engine fast does not accelerate conv2d layers: choose engine numpy\n"
    )
    assert not (tmp_path / "runs").exists()


def test_an_engine_that_is_not_there_is_no_reason_to_touch_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started_run(small_recipe(engine="numpy"), tmp_path, "a") as run:
        for _ in run.events:
            pass
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    monkeypatch.setattr("digitscope.engines.lacking", lambda name: f"engine {name} is not here")
    with (
        pytest.raises(SettingError, match="engine keras:jax is not here"),
        resumed_run(tmp_path / "a", Changes(1, "keras:jax")),
    ):
        pass
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
