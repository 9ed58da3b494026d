"""Training through the page's socket: its process and its story."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from digitscope.data.mnist import Dataset
from digitscope.inside.features import first_features
from digitscope.lab.training_process import _confusion
from digitscope.models.model import load
from tests.helpers import SMALL
from tests.lab.served import Fields, Page, Served, served
from tests.lab.story import ended, events, every, log
from tests.training.runs import tensors


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Served]:
    """A lab of one's own: a test may leave its training at work."""
    with served(tmp_path) as running:
        yield running


def test_a_training_to_the_end_is_the_command_lines(
    page: Page, lab: Served, small_run: Path
) -> None:
    """The same bits, the same judgement; what the page hears is what the log says."""
    page.say("train", recipe="deep", settings={**SMALL, "patience": 0})
    said = ended(page)
    run = lab.folder / "runs" / "deep"
    assert tensors(run) == tensors(small_run)
    judged = json.loads((run / "evaluation.json").read_text())
    assert said[-1]["evaluated"]["accuracy"] == judged["accuracy"]
    assert said[-1]["what"] == ""
    logged = [row for row in log(run) if row["event"] != "advanced"]
    assert [row for row in every(said) if row["event"] != "advanced"] == logged
    for epoch in (1, 2):
        groups = [f for f in events(said, "advanced") if f["epoch"] == epoch]
        assert sum(f["images"] for f in groups) == SMALL["train"]
        assert all(f["images_per_second"] > 0 for f in groups)
        logged = [r for r in log(run) if r["event"] == "advanced" and r["epoch"] == epoch]
        mean = sum(r["loss"] * r["images"] for r in logged) / SMALL["train"]
        total = sum(f["loss"] * f["images"] for f in groups) / SMALL["train"]
        assert total == pytest.approx(mean)
    listed = [f for f in said if f["said"] == "models"][-1]
    page.say("models")
    told = page.hear_until("models")["models"]
    assert [m["id"] for m in told if not m["ships"]] == ["runs/deep"]
    assert [m["id"] for m in listed["models"] if not m["ships"]] == ["runs/deep"]


def test_confusion_and_weights_are_those_of_the_network(page: Page, lab: Served) -> None:
    page.say("train", recipe="deep", settings={**SMALL, "patience": 0})
    said = ended(page)
    epochs = {f["epoch"]: f for f in events(said, "epoch_ended")}
    matrices = [f for f in said if f["said"] == "confusion"]
    assert matrices[-1]["epoch"] == 2
    for told in matrices:
        matrix = np.array(told["matrix"])
        assert (told["part"], matrix.sum()) == ("validation", SMALL["validation"])
        accuracy = matrix.trace() / matrix.sum()
        assert accuracy == pytest.approx(epochs[told["epoch"]]["watched_accuracy"])
    told = [f for f in said if f["said"] == "weights"][-1]
    last = load(lab.folder / "runs" / "deep" / "weights" / "last.safetensors")
    expected = first_features(last.network).images
    assert (told["epoch"], told["shape"], told["of"]) == (2, [24, 28, 28], 24)
    pictures = np.frombuffer(told["payload"], np.int8).reshape(told["shape"])
    np.testing.assert_allclose(
        pictures * (told["largest"] / 127), expected, atol=told["largest"] / 250
    )


def test_pause_one_batch_one_epoch_another_rate_and_on(page: Page) -> None:
    page.train()
    page.hear_event("advanced")
    page.say("pause")
    paused = page.hear_event("paused")
    page.say("advance", batches=1)
    stepped = page.hear_event("paused")
    assert (stepped["epoch"], stepped["batch"]) in (
        (paused["epoch"], paused["batch"] + 1),
        (paused["epoch"] + 1, 0),  # it was the epoch's last batch
    )
    assert paused["batch"] == 23 or stepped["batch"]
    page.say("rate", learning_rate=0.0123)
    assert page.hear_event("rate_changed")["learning_rate"] == 0.0123
    page.say("advance", batches="epoch")
    whole = page.hear_event("paused")
    assert (whole["epoch"], whole["batch"]) == (stepped["epoch"] + 1, 0)
    page.say("advance", batches=2)
    assert page.hear_event("advanced")["learning_rate"] == 0.0123
    assert page.hear_event("paused")["batch"] == 2
    time.sleep(0.3)  # paused is paused
    page.say("models")
    assert page.hear_until("models", lambda f: True)["models"]
    page.say("continue")
    page.hear_event("continued")
    page.hear_event("epoch_ended", epoch=whole["epoch"] + 1)
    page.say("stop")
    assert events(ended(page), "stopped")[0]["reason"] == "message"


def test_it_can_begin_paused_and_show_the_untrained_network(page: Page, lab: Served) -> None:
    page.say("train", recipe="deep", settings=SMALL, paused=True)
    paused = weights = False  # in whichever order they are told
    while not (paused and weights):
        fields = page.hear()
        told = [fields] if fields["said"] == "event" else fields.get("events", [])
        paused |= any(row["event"] == "paused" for row in told)
        if fields["said"] == "weights":
            assert (fields["epoch"], fields["batch"]) == (0, 0)
            weights = True
    page.say("advance", batches=1)
    page.hear_event("paused", epoch=0, batch=1)
    page.hear_until("weights", lambda f: (f["epoch"], f["batch"]) == (0, 1))


def test_the_drawing_is_answered_by_the_network_as_it_learns(page: Page) -> None:
    page.train()
    run = page.hear_until("weights")["run"]
    page.say("model", id=run)
    page.hear_until("model")
    page.say("read", id=3, image="test:0")
    answers = [page.hear_until("answer") for _ in range(4)]
    assert all(a["live"] and a["id"] == 3 and a["model"] == run for a in answers)
    told = [tuple(a["probabilities"]) for a in answers]
    assert len(set(told)) == len(told)
    page.say("stop")
    ended, last = False, None  # in whichever order they come
    while not (ended and last):
        fields = page.hear()
        ended = ended or fields.get("status") == "ended"
        if fields["said"] == "answer" and not fields["live"]:
            last = fields
    assert last["digit"] in range(10)


def test_a_finished_run_goes_on_with_more_epochs(page: Page) -> None:
    page.say("train", recipe="deep", settings={**SMALL, "patience": 0, "epochs": 1})
    ended(page)
    page.say("resume", run="runs/deep", more_epochs=2)
    said = ended(page)
    assert [f["epoch"] for f in events(said, "epoch_ended")][-2:] == [2, 3]
    assert said[-1]["evaluated"]["accuracy"] > 0.5


def test_pictures_of_weights_come_about_five_times_a_second(page: Page) -> None:
    page.train()
    page.hear_event("epoch_ended", epoch=1)
    began, groups, pictures = time.monotonic(), 0, 0
    while time.monotonic() - began < 2:
        told = page.hear()
        groups += told.get("event") == "advanced"
        pictures += told["said"] == "weights"
    epochs = told.get("epoch", 0)
    print(f"in 2 s: {groups} groups of batches, {pictures} pictures of weights, epoch {epochs}")
    assert pictures <= 12
    page.say("stop")
    ended(page)


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"do": "train", "recipe": "lessen"}, "did you mean 'lesson'?"),
        ({"do": "train", "recipe": "deep", "settings": {"epochs": 0}}, "epochs must be"),
        ({"do": "train", "recipe": "deep", "settings": {"loss": "hinge"}}, "unknown loss 'hinge'"),
        ({"do": "train", "recipe": "deep", "settings": {"colour": 1}}, "unknown setting 'colour'"),
        ({"do": "train", "recipe": "deep", "settings": [1]}, "settings must be an object"),
        ({"do": "train", "recipe": "/etc/passwd"}, "unknown recipe"),
        ({"do": "train", "recipe": "pyproject.toml"}, "unknown recipe"),
        ({"do": "train"}, "unknown recipe"),
        ({"do": "pause"}, "no training is at work"),
        ({"do": "rate", "learning_rate": "fast"}, "learning_rate must be a number"),
        ({"do": "advance", "batches": 0}, "batches must be a whole number"),
        ({"do": "resume", "run": "runs/none"}, "not there any more"),
        ({"do": "resume", "run": "../.."}, "not in the folder"),
        ({"do": "watch", "run": "runs"}, "not there any more"),
        ({"do": "fly"}, "unknown request 'fly'"),
    ],
)
def test_what_cannot_be_done_is_one_line(page: Page, lab: Served, asked: Fields, what: str) -> None:
    page.say(**asked)
    told = page.hear_until("error")
    assert what in told["what"]
    assert told["about"] == asked["do"]
    assert not (lab.folder / "runs").exists()


def test_one_training_at_a_time(page: Page) -> None:
    page.train()
    page.hear_event("advanced")
    page.train()
    assert "at work already" in page.hear_until("error")["what"]


def test_divergence_is_told_with_advice(page: Page) -> None:
    page.train(learning_rate=1e6, optimizer="sgd")
    told = page.hear_until("status", lambda f: f["status"] == "ended")
    assert "the loss has run away" in told["what"]
    assert told["evaluated"] is None


def test_the_confusion_of_a_network_that_refuses_has_a_column_for_that() -> None:
    """It would else count into the row below."""
    Z = np.zeros((3, 11), np.float32)
    Z[0, 3], Z[1, 9], Z[2, 10] = 5, 2, 1
    watched = Dataset(np.zeros((3, 28, 28), np.uint8), np.array([3, 9, 4], np.uint8))
    loop = SimpleNamespace(
        split=SimpleNamespace(watched=watched),
        engine=SimpleNamespace(logits=lambda images: Z),
        recipe=SimpleNamespace(classes=tuple(range(10))),
    )
    matrix = np.array(_confusion(loop))
    assert matrix.shape == (10, 11)
    assert np.argwhere(matrix).tolist() == [[3, 3], [4, 10], [9, 9]]
