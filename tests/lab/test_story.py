"""The story of a run, and pages that read it at their own pace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from digitscope.errors import RunError
from digitscope.lab.follower import MOST, Follower
from digitscope.lab.message import Message
from digitscope.lab.story import MOST_ROWS, Story, past_story


def advanced(epoch: int, batch: int, loss: float = 1.0, images: int = 100) -> dict[str, Any]:
    return {"event": "advanced", "epoch": epoch, "batch": batch, "images": images, "loss": loss,
            "learning_rate": 0.1}  # fmt: skip


def epoch_ended(epoch: int) -> dict[str, Any]:
    return {"event": "epoch_ended", "epoch": epoch, "watched": "validation"}


def told(follower: Follower, story: Story) -> list[tuple[Any, ...]]:
    keys = ("said", "event", "epoch", "batch", "images", "loss")
    return [
        tuple(message.fields[key] for key in keys if key in message.fields)
        for message in follower.messages(story)
    ]


def test_a_page_is_told_what_is_new_and_nothing_twice() -> None:
    story, follower = Story("runs/a", {}), Follower()
    assert told(follower, story) == [("training",)]
    story.add(advanced(1, 1, 2.0), 0.1)
    story.add(advanced(1, 3, 1.0, 300), 0.3)
    story.add(epoch_ended(1))
    story.add(advanced(2, 1), 0.1)
    assert told(follower, story) == [
        ("event", "advanced", 1, 1, 100, 2.0),
        ("event", "advanced", 1, 3, 300, 1.0),
        ("event", "epoch_ended", 1),
        ("event", "advanced", 2, 1, 100, 1.0),
    ]
    assert told(follower, story) == []
    story.add({"event": "paused", "epoch": 1, "batch": 1})
    assert told(follower, story) == [("event", "paused", 1, 1), ("status",)]
    assert story.status == "paused"


def test_a_page_that_is_slow_is_told_in_fewer_words() -> None:
    story, follower = Story("runs/a", {}), Follower()
    follower.messages(story)
    for epoch in (1, 2):
        for batch in range(600):
            story.add(advanced(epoch, batch + 1), 0.1)
        story.add(epoch_ended(epoch))
    rows = [message.fields for message in follower.messages(story)]
    assert 50 < len(rows) <= MOST
    assert [row["epoch"] for row in rows if row["event"] == "epoch_ended"] == [1, 2]
    assert sum(row["images"] for row in rows if row["event"] == "advanced") == 2 * 600 * 100


def test_of_weights_only_the_newest_is_told() -> None:
    story, follower = Story("runs/a", {}), Follower()
    follower.messages(story)
    for epoch in range(5):
        story.weights = Message({"said": "weights", "epoch": epoch}, b"x")
    assert told(follower, story) == [("weights", 4)]
    assert told(follower, story) == []


def test_a_page_that_comes_late_gets_all_of_it() -> None:
    story = Story("runs/a", {})
    for batch in range(10):
        story.add(advanced(1, batch + 1), 0.1)
    (message,) = Follower().messages(story)
    assert [row["batch"] for row in message.fields["events"]] == list(range(1, 11))
    assert message.fields["events"][0]["images_per_second"] == pytest.approx(1000)


def test_a_long_run_is_told_in_fewer_words_and_nothing_is_lost() -> None:
    story, follower = Story("runs/a", {}), Follower()
    for epoch in range(1, 501):
        for batch in range(40):
            story.add(advanced(epoch, batch + 1), 0.001)
        story.add(epoch_ended(epoch))
        follower.messages(story)
    assert len(story.rows) <= 2 * MOST_ROWS
    assert story.edition > 0
    epochs = [row["epoch"] for row in story.rows if row["event"] == "epoch_ended"]
    assert epochs == list(range(1, 501))
    assert sum(row["images"] for row in story.rows if row["event"] == "advanced") == 500 * 40 * 100
    assert told(follower, story) == []
    story.edition += 1
    assert told(follower, story) == [("training",)]


def test_a_damaged_log_is_one_line(tmp_path: Path, small_run: Path) -> None:
    assert past_story(small_run, "runs/small").evaluated is not None
    (tmp_path / "recipe.toml").write_bytes((small_run / "recipe.toml").read_bytes())
    assert past_story(tmp_path, "runs/new").rows == []
    for damage in ('{"event": "adva', "[1]", '{"no": 1}', "\x00", '{"event": "advanced"}'):
        (tmp_path / "events.jsonl").write_text(damage)
        with pytest.raises(RunError, match=r"damaged"):
            past_story(tmp_path, "runs/new")
