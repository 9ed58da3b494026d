"""Frames: which moments of a training are kept, and what can be done with them."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

import digitscope
from digitscope.data.mnist import Dataset
from digitscope.errors import ModelFileError, RunError
from digitscope.models.model import Model, load
from digitscope.network.network import Network
from digitscope.training import recorder
from digitscope.training.frames import (
    LEAST,
    frame_after,
    frames,
    judge,
    scan_frames,
    watched_images,
)
from digitscope.training.recipe import load_recipe, shipped_recipes
from digitscope.training.run_folder import RunFolder
from digitscope.training.sweep import run_sweep, start_sweep
from digitscope.training.train import train
from tests.helpers import run_cli, small_options, small_recipe


def places(run: Path) -> list[tuple[int, int, int]]:
    return [(frame.epoch, frame.batch, frame.updates) for frame in frames(run)]


def test_the_frames_of_a_run_in_their_order(small_run: Path) -> None:
    """24 batches an epoch: the untrained network, first batches, epochs."""
    first = [(0, n, n) for n in (0, 1, 2, 4, 8, 16)]
    assert places(small_run) == [*first, (1, 0, 24), (2, 0, 48)]
    last = digitscope.frames(small_run)[-1].load()
    for name, W in load(small_run / "weights" / "last.safetensors").network.weights.items():
        np.testing.assert_array_equal(last.network.weights[name], W)


def test_the_first_frame_is_the_untrained_network(small_run: Path) -> None:
    """Judged as the loop judged it, before any update."""
    with (small_run / "results.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    recipe = RunFolder(small_run).recipe()
    data, part, n = watched_images(recipe)
    assert (part, n, len(data.labels)) == ("validation", 1000, 1000)
    for row, frame in zip(rows, [frames(small_run)[i] for i in (0, -2, -1)], strict=True):
        judged = judge(frame.load(), data, recipe.loss)
        assert judged.accuracy == pytest.approx(float(row["validation_accuracy"]), abs=1e-6)
        assert judged.loss == pytest.approx(float(row["validation_loss"]), abs=2e-6)
        assert judged.matrix.sum() == 1000
        assert judged.matrix.trace() == round(1000 * judged.accuracy)


def test_every_epoch_of_every_recipe_that_ships_is_kept() -> None:
    """None is so long that its frames are thinned, whatever its size."""
    for name in shipped_recipes():
        assert load_recipe(name).epochs + 1 + len(recorder.FIRST_BATCHES) <= recorder.LEAST_FRAMES


def test_small_networks_keep_every_epoch_of_long_runs(tmp_path: Path) -> None:
    recipe = small_recipe(epochs=70, train=200, validation=50, hidden="2", train_sample=10)
    run = train(recipe, folder=tmp_path).folder
    assert run is not None
    assert [epoch for epoch, batch, _ in places(run) if not batch] == list(range(71))


def test_frames_are_thinned_where_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large networks: every second epoch, every fourth, ..., the first and the last always."""
    monkeypatch.setattr(recorder, "FRAMES_BYTES", 100_000)
    recipe = small_recipe(epochs=61, train=200, validation=50, hidden="2", train_sample=10)
    run = train(recipe, folder=tmp_path).folder
    assert run is not None
    epochs = [epoch for epoch, batch, _ in places(run) if not batch]
    assert epochs == [*range(0, 61, 2), 61]
    assert places(run)[:2] == [(0, 0, 0), (0, 1, 1)]
    assert len(places(run)) <= recorder.LEAST_FRAMES


def test_sweeps_and_runs_without_a_report_keep_theirs(tmp_path: Path) -> None:
    done = run_cli("train", *small_options(epochs=1), "--no-report", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(frames(tmp_path / "runs" / "deep")) == 7
    recipe = small_recipe(epochs=1, train=300, validation=50)
    sweep = start_sweep(recipe, {"hidden": ["4", "6"]}, tmp_path, "sweep")
    for outcome in run_sweep(sweep.path, lambda name, event: None).outcomes:
        assert [place[:2] for place in places(outcome.folder)] == [(0, 0), (0, 1), (0, 2), (1, 0)]


def test_damaged_and_missing_frames_are_one_line(small_run: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(small_run, tmp_path / "run"))
    cut = run / "frames" / "step-00000008.safetensors"
    cut.write_bytes(cut.read_bytes()[:100])
    shutil.copy(run / "weights" / "best.safetensors", run / "frames" / "step-99.safetensors")
    spoilt = run / "frames" / "step-00000024.safetensors"
    spoilt.write_bytes(spoilt.read_bytes()[:-4] + b"\1\2\3\4")
    found, damaged = scan_frames(RunFolder(run))
    assert [frame.updates for frame in found] == [0, 1, 2, 4, 16, 24, 48]
    assert ["step-00000008" in damaged[0], "which moment" in damaged[1]] == [True, True]
    assert not any("\n" in line for line in damaged)
    with pytest.raises(ModelFileError, match=r"step-00000024.*SHA-256"):
        found[-2].load()
    with pytest.raises(RunError, match="no frame after 3 updates: choose another moment"):
        frame_after(RunFolder(run), 3)
    shutil.rmtree(run / "frames")
    with pytest.raises(RunError, match="run: has no frames: train it anew"):
        frames(run)
    with pytest.raises(RunError, match="no such run folder"):
        frames(tmp_path / "none")


def test_judging_counts_what_the_network_refuses() -> None:
    """Eleven outputs: a row for every digit, and a last column for "not a digit"."""
    network = Network.initialize("784-4-11", seed=3)
    model = Model(network)
    rng = np.random.default_rng(0)
    data = Dataset(
        rng.integers(0, 256, (50, 28, 28), dtype=np.uint8), rng.integers(0, 10, 50, dtype=np.uint8)
    )
    judged = judge(model, data, "categorical_cross_entropy")
    assert judged.matrix.shape == (10, 11)
    predicted = network.logits(data.images).argmax(axis=1)
    for i in range(10):
        for j in range(11):
            assert judged.matrix[i, j] == np.sum((data.labels == i) & (predicted == j))
    assert judged.accuracy == np.mean(data.labels == predicted)


def test_judging_two_digits_with_one_output() -> None:
    network = Network.initialize(load_recipe("binary").spec(), seed=1)
    images = np.random.default_rng(1).integers(0, 256, (40, 28, 28), dtype=np.uint8)
    labels = (np.arange(40) % 2).astype(np.uint8)
    judged = judge(Model(network, (3, 5)), Dataset(images, labels), "binary_cross_entropy")
    assert judged.accuracy == np.mean((network.logits(images)[:, 0] > 0) == labels)
    assert judged.matrix.shape == (2, 2)


def test_a_large_network_is_judged_on_a_sample() -> None:
    """The same images for every frame, so that frames can be compared."""
    recipe = load_recipe("cnn")
    data, part, n = watched_images(recipe)
    assert (part, n) == ("validation", 5000)
    assert len(data.labels) == LEAST
    again, _, _ = watched_images(recipe)
    np.testing.assert_array_equal(data.images, again.images)
