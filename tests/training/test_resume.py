"""A run that was stopped, extended or has diverged goes on as it should."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from digitscope.errors import RunError
from digitscope.models.model import load
from digitscope.training.checkpoint import load_checkpoint, save_checkpoint
from digitscope.training.finish import judged_part
from digitscope.training.messages import Inbox
from digitscope.training.recipe import load_recipe
from digitscope.training.resume import Changes, read_changes, resumed_run
from digitscope.training.run_folder import RunFolder
from digitscope.training.train import started_run, train
from tests.helpers import small_recipe
from tests.training.runs import HARD, follow_until, log_without_times, tensors


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden": "64"}, "hidden cannot change when a run is resumed"),
        ({"learning_rate": "0.2"}, "learning_rate cannot change"),
        ({"epochs": "30"}, "epochs can only be added to when a run is resumed, got '30'"),
        ({"epochs": "+0"}, "write --epochs"),
        ({"epochs": "-5"}, "write --epochs"),
    ],
)
def test_only_more_epochs_may_be_asked_of_a_resume(settings: dict[str, str], message: str) -> None:
    with pytest.raises(RunError) as caught:
        read_changes(settings)
    assert message in str(caught.value)


def test_stopped_at_any_batch_and_resumed_it_ends_with_the_same_bytes(
    tmp_path: Path, uncut: Path
) -> None:
    recipe = small_recipe(**HARD)
    stops = random.Random(0).sample(range(1, 60), 6)
    with started_run(recipe, tmp_path, "cut") as run:
        path = run.folder.path
        follow_until(run.events, run.loop.inbox, stops[0])
    for after in stops[1:]:
        with resumed_run(path, inbox=Inbox()) as run:
            follow_until(run.events, run.loop.inbox, after)
    with resumed_run(path) as run:
        assert run.note == ""
        for _ in run.events:
            pass
    assert tensors(path) == tensors(uncut)


def test_more_epochs_are_the_same_as_more_from_the_start(tmp_path: Path) -> None:
    constant = {**HARD, "schedule": "constant"}
    short = train(small_recipe(**constant, name="short"), folder=tmp_path).folder
    long = train(small_recipe(**{**constant, "epochs": 6}, name="long"), folder=tmp_path).folder
    assert short is not None
    assert long is not None
    with resumed_run(short, changes=Changes(2)) as run:
        for _ in run.events:
            pass
    assert load_recipe(short / "recipe.toml").epochs == 6
    assert tensors(short) == tensors(long)
    assert log_without_times(short) == log_without_times(long)


def test_a_run_out_of_patience_can_be_extended(tmp_path: Path) -> None:
    # With a rate this small no epoch changes any answer, so patience ends the run.
    recipe = small_recipe(epochs=20, patience=2, learning_rate=1e-30)
    with started_run(recipe, tmp_path, "a") as run:
        reasons = [getattr(event, "reason", None) for event in run.events]
    assert reasons[-1] == "patience"
    with resumed_run(tmp_path / "a") as run:
        assert [getattr(event, "reason", None) for event in run.events][-1] == "patience"
    with resumed_run(tmp_path / "a", changes=Changes(1)) as run:
        epochs = [event.epoch for event in run.events if type(event).__name__ == "EpochEnded"]
    assert epochs == [3]


def test_a_run_extended_after_patience_and_cut_at_once_still_goes_on(tmp_path: Path) -> None:
    recipe = small_recipe(epochs=20, patience=1, learning_rate=1e-30)
    with started_run(recipe, tmp_path, "a") as run:
        for _ in run.events:
            pass
    with resumed_run(tmp_path / "a", changes=Changes(3)) as run:
        next(iter(run.events))  # and then it is cut
    with resumed_run(tmp_path / "a") as run:
        epochs = [event.epoch for event in run.events if type(event).__name__ == "EpochEnded"]
    assert epochs


@pytest.mark.parametrize("cut", [0, 2, 5, 9])
def test_a_run_that_diverges_diverges_again_wherever_it_was_cut(tmp_path: Path, cut: int) -> None:
    recipe = small_recipe(learning_rate=30.0, epochs=5, hidden="64")
    whole = train(recipe, folder=tmp_path / "whole")
    assert whole.stopped.reason == "diverged"
    assert whole.folder is not None
    with started_run(recipe, tmp_path / "cut", "deep", Inbox()) as run:
        path = run.folder.path
        follow_until(run.events, run.loop.inbox, cut)
    for _ in range(2):  # cut, and then as a run that has diverged already
        with resumed_run(path) as run:
            assert [getattr(event, "reason", None) for event in run.events][-1] == "diverged"
        assert load(path).measured["epoch"] == 0
        best = "weights/best.safetensors:W1"
        assert tensors(path)[best] == tensors(whole.folder)[best]


def test_an_extended_run_loses_its_judgement_until_it_is_done_again(tmp_path: Path) -> None:
    trained = train(small_recipe(name="a"), folder=tmp_path)
    path = trained.folder
    assert path is not None
    assert trained.evaluation is not None
    assert trained.model.calibrated
    before = (path / "weights" / "best.safetensors").read_bytes()
    with resumed_run(path) as run:  # nothing is left to do, so nothing changes
        for _ in run.events:
            pass
    assert (path / "weights" / "best.safetensors").read_bytes() == before
    assert (path / "evaluation.json").exists()
    with resumed_run(path, changes=Changes(1), inbox=Inbox()) as run:
        follow_until(run.events, run.loop.inbox, 1)
    assert not (path / "evaluation.json").exists()
    with pytest.raises(RunError, match="not finished yet"):
        judged_part(RunFolder(path))


def test_another_engine_is_said_where_the_checkpoint_names_none(tmp_path: Path) -> None:
    with started_run(small_recipe(engine="numpy"), tmp_path, "a", Inbox()) as run:
        follow_until(run.events, run.loop.inbox, 12)
    checkpoint = load_checkpoint(run.folder, run.loop.recipe.problem())
    assert checkpoint is not None
    unnamed = {k: v for k, v in checkpoint.machine.items() if k != "engine"}
    save_checkpoint(run.folder, replace(checkpoint, machine=unnamed))
    with resumed_run(tmp_path / "a", Changes(engine="numpy")) as run:
        assert run.note == ""
    for changes in (Changes(engine="fast"), Changes()):  # cut again at once, it still says so
        with resumed_run(tmp_path / "a", changes) as run:
            assert "engine numpy is now fast" in run.note


def test_the_environment_is_that_of_the_engine_that_trains(tmp_path: Path) -> None:
    environment = tmp_path / "a" / "environment.json"
    with started_run(small_recipe(engine="fast"), tmp_path, "a") as run:
        for _ in run.events:
            pass
    first = json.loads(environment.read_text())
    assert (first["engine"], "kernels" in first) == ("fast", True)
    with resumed_run(tmp_path / "a", Changes(1, "numpy")) as run:
        for _ in run.events:
            pass
    now = json.loads(environment.read_text())
    assert (now["engine"], "kernels" in now) == ("numpy", False)


def test_a_finished_run_has_nothing_for_another_engine(tmp_path: Path) -> None:
    path = train(small_recipe(engine="numpy", name="a"), folder=tmp_path).folder
    assert path is not None
    before = {p: p.read_bytes() for p in path.rglob("*") if p.is_file()}
    with (
        pytest.raises(RunError, match=r"already finished after 2 epochs.* --epochs \+10"),
        resumed_run(path, Changes(engine="fast")),
    ):
        pass
    assert {p: p.read_bytes() for p in path.rglob("*") if p.is_file()} == before
    with resumed_run(path, Changes(engine="numpy")) as run:
        assert run.loop.finished
