"""The time machine's questions on the socket, compared with the library on the frames' own files."""

from __future__ import annotations

import csv
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from digitscope.data.mnist import Dataset
from digitscope.inside.features import first_features
from digitscope.lab.desk import Desk
from digitscope.lab.kept import Kept
from digitscope.lab.lab import Lab
from digitscope.lab.moments import frames as curves
from digitscope.lab.past import Past
from digitscope.models.model import Model, save
from digitscope.models.prediction import take_input
from digitscope.network.network import Network
from digitscope.training.frames import frames, judge
from digitscope.training.run_folder import RunFolder
from tests.lab.served import Page, Served, opened, served, with_run


@pytest.fixture
def run(lab: Served) -> Path:
    return lab.folder / "runs" / "small"


def test_the_frames_and_the_curves_of_a_run(page: Page, run: Path) -> None:
    page.say("runs")
    (told,) = page.hear_until("runs")["runs"]
    assert (told["id"], told["frames"]) == ("runs/small", 8)
    page.say("frames", run="runs/small", id=3)
    film = page.hear_until("frames")
    assert (film["id"], film["batches"], film["watched"]) == (3, 24, "validation")
    assert (film["running"], film["refuses"], film["damaged"]) == (False, False, [])
    kept = [(frame["epoch"], frame["batch"], frame["updates"]) for frame in film["frames"]]
    assert kept == [(frame.epoch, frame.batch, frame.updates) for frame in frames(run)]
    with (run / "results.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in film["history"]] == [0, 1, 2]
    for row, entry in zip(rows, film["history"], strict=True):
        assert entry["watched_loss"] == pytest.approx(float(row["validation_loss"]), abs=1e-6)
    assert sum(images for *_, images in film["losses"]) == 6000
    last = first_features(frames(run)[-1].load().network).images
    assert film["largest"] == pytest.approx(np.abs(last).max())


def test_the_curve_of_a_training_of_many_epochs_is_short(tmp_path: Path, small_run: Path) -> None:
    runs = with_run(tmp_path, small_run) / "runs"
    events = runs / "small" / "events.jsonl"
    rows = [json.loads(line) for line in events.read_text("utf-8").splitlines()]
    started, advanced, ended = (
        next(row for row in rows if row["event"] == event)
        for event in ("started", "advanced", "epoch_ended")
    )
    told = [started]
    for epoch in range(1, 3202):
        told.append(advanced | {"epoch": epoch, "batch": 24, "images": 3000, "loss": 1 / epoch})
        told.append(ended | {"epoch": epoch})
    events.write_text("".join(f"{json.dumps(row)}\n" for row in told), "utf-8")
    film = curves(Desk(Lab(runs), "", None), {"run": "runs/small"}).fields
    epochs, _, losses, images = np.array(film["losses"]).T
    assert (len(losses), epochs[0], epochs[-1], images[0]) == (801, 4, 3201, 12000)
    assert losses[0] == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4)
    assert images.sum() == 3000 * 3201
    assert len(film["history"]) == 3201


def test_a_frame_has_its_weights_and_its_judgement(page: Page, run: Path) -> None:
    for frame in frames(run)[::3]:
        page.say("frame", run="runs/small", updates=frame.updates)
        told = page.hear_until("frame")
        assert (told["epoch"], told["batch"]) == (frame.epoch, frame.batch)
        assert (told["part"], told["images"], told["part_images"]) == ("validation", 1000, 1000)
        weights = told["weights"]
        pictures = np.frombuffer(told["payload"], np.int8).reshape(weights["shape"])
        features = first_features(frame.load().network).images
        np.testing.assert_allclose(
            pictures * (weights["largest"] / 127), features, atol=weights["largest"] / 250
        )


def test_the_last_frame_is_judged_as_the_run_was(page: Page, run: Path) -> None:
    page.say("frame", run="runs/small", updates=48)
    told = page.hear_until("frame")
    with (run / "results.csv").open(encoding="utf-8") as file:
        last = list(csv.DictReader(file))[-1]
    assert told["accuracy"] == pytest.approx(float(last["validation_accuracy"]), abs=1e-6)
    assert told["loss"] == pytest.approx(float(last["validation_loss"]), abs=2e-6)
    matrix = np.array(told["matrix"])
    assert (matrix.sum(), matrix.trace()) == (1000, round(1000 * told["accuracy"]))


def test_every_frame_answers_what_was_read_last(page: Page, run: Path) -> None:
    page.say("through", run="runs/small")
    assert page.hear_until("error")["what"] == "nothing was read yet: draw a digit first"
    page.say("read", id=1, image="test:5")
    page.hear_until("answer")
    page.say("through", run="runs/small")
    told = page.hear_until("through")
    assert told["updates"] == [frame.updates for frame in frames(run)]
    P = np.frombuffer(told["payload"], "<f4").reshape(told["shape"])
    image = take_input("test:5").image[None]
    expected = [frame.load().probabilities(image)[0] for frame in frames(run)]
    np.testing.assert_allclose(P, expected, atol=1e-6)


@pytest.fixture
def broken(tmp_path: Path, small_run: Path) -> Iterator[Page]:
    """A run one of whose frames is cut short, one of other numbers than it says."""
    run = with_run(tmp_path, small_run) / "runs" / "small" / "frames"
    cut, spoilt = run / "step-00000002.safetensors", run / "step-00000004.safetensors"
    cut.write_bytes(cut.read_bytes()[:50])
    spoilt.write_bytes(spoilt.read_bytes()[:-4] + b"\1\2\3\4")
    with served(tmp_path) as lab, opened(lab) as page:
        assert page.hear()["said"] == "hello"
        yield page


def test_damaged_frames_are_told_of_and_passed_over(broken: Page) -> None:
    broken.say("frames", run="runs/small")
    film = broken.hear_until("frames")
    assert [frame["updates"] for frame in film["frames"]] == [0, 1, 4, 8, 16, 24, 48]
    assert len(film["damaged"]) == 1
    assert "step-00000002" in film["damaged"][0]
    broken.say("frame", run="runs/small", updates=4, id="x")
    told = broken.hear_until("error")
    assert (told["id"], told["about"]) == ("x", "frame")
    assert "step-00000004.safetensors: corrupt" in told["what"]
    broken.say("read", id=1, image="test:5")
    broken.hear_until("answer")
    broken.say("through", run="runs/small")
    heard = broken.hear_until("through")
    P = np.frombuffer(heard["payload"], "<f4").reshape(heard["shape"])
    known = np.isfinite(P).all(axis=1)
    assert [u for u, is_known in zip(heard["updates"], known, strict=True) if not is_known] == [4]


def test_what_is_not_there_is_one_line(page: Page) -> None:
    for do, asked, what in (
        ("frames", {"run": "runs/none"}, "'runs/none': is not there any more"),
        ("frames", {"run": "../x"}, "not in the folder"),
        ("frame", {"run": "runs/small", "updates": 3}, "no frame after 3 updates"),
        ("frame", {"run": "runs/small", "updates": -1}, "updates must be a whole number"),
        ("through", {"run": "runs/none"}, "nothing was read yet"),
    ):
        page.say(do, **asked)
        told = page.hear_until("error")
        assert what in told["what"]
        assert told["about"] == do


def test_what_was_computed_is_kept_until_the_frame_is_another(
    tmp_path: Path, small_run: Path
) -> None:
    """The same message, not an equal one; a frame that is written anew is judged anew."""
    run = RunFolder(with_run(tmp_path, small_run) / "runs" / "small")
    past, recipe, frame = Past(), run.recipe(), frames(run.path)[-1]
    first = past.moment(frame, recipe)
    assert past.moment(frame, recipe) is first
    other = Network.initialize(recipe.spec(), seed=9)
    time.sleep(0.02)
    save(Model(other, measured={"epoch": 2, "batch": 0}), frame.path, overwrite=True)
    again = past.moment(frames(run.path)[-1], recipe)
    data: Dataset = past.watched(recipe)[0]
    assert again.fields["accuracy"] == judge(Model(other), data, recipe.loss).accuracy
    assert again.fields["accuracy"] != first.fields["accuracy"]


def test_the_list_of_frames_follows_the_folder(tmp_path: Path, small_run: Path) -> None:
    run = RunFolder(with_run(tmp_path, small_run) / "runs" / "small")
    past = Past()
    assert len(past.frames(run)[0]) == 8
    (run.frames / "step-00000048.safetensors").unlink()
    assert len(past.frames(run)[0]) == 7
    shutil.rmtree(run.frames)
    assert past.frames(run) == ([], [])


def test_what_is_kept_has_a_limit() -> None:
    kept = Kept[str](4, len)
    assert [kept.get(key, lambda key=key: key) for key in ("ab", "cd", "ab", "ef")]
    assert kept.get("ab", lambda: "anew") == "ab"  # asked for after "cd"
    assert kept.get("cd", lambda: "anew") == "anew"
