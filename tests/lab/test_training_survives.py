"""What a training survives: pages that close, its own end, a kill, Ctrl-C."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from digitscope.training.messages import Inbox
from digitscope.training.resume import resumed_run
from tests.lab.served import Page, Served, opened, served
from tests.lab.story import children, ended, events, log


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Served]:
    """A lab of one's own: a test may leave its training at work."""
    with served(tmp_path) as running:
        yield running


def test_closing_the_page_loses_nothing_and_two_pages_see_the_same(page: Page, lab: Served) -> None:
    page.train()
    page.hear_event("epoch_ended", epoch=2)
    page.socket.close()
    time.sleep(0.3)
    with opened(lab) as again, opened(lab) as other:
        stories = [p.hear_until("training") for p in (again, other)]
        for story in stories:
            assert (story["status"], story["run"]) == ("running", "runs/deep")
            epochs = [r["epoch"] for r in story["events"] if r["event"] == "epoch_ended"]
            assert epochs == list(range(len(epochs)))
            assert len(epochs) >= 3
            assert story["recipe"]["hidden"] == "24"
        again.say("pause")
        assert again.hear_event("paused") == other.hear_event("paused")
        other.say("stop")
        for p in (again, other):
            assert p.hear_event("stopped")["reason"] == "message"
            p.hear_until("status", lambda f: f["status"] == "ended")


def test_stop_is_at_once_and_keeps_the_run_to_the_last_batch(page: Page, lab: Served) -> None:
    page.train()
    page.hear_event("epoch_ended", epoch=1)
    began = time.monotonic()
    page.say("stop")
    stopped = page.hear_event("stopped")
    page.hear_until("status", lambda f: f["status"] == "ended")
    took = time.monotonic() - began
    print(f"stopped after {took * 1000:.0f} ms")
    assert took < 5
    while children(lab) and time.monotonic() < began + 10:  # it has said its last, and goes
        time.sleep(0.02)
    assert children(lab) == []
    page.say("resume", run="runs/deep")
    story = page.hear_until("training", lambda f: bool(f["events"]))
    *events, last = story["events"]
    if last["event"] == "started":  # the story was told late, and the beginning is in it
        started, last = last, events[-1]
    else:
        started = page.hear_event("started")
    assert last["event"] in ("stopped", "advanced", "epoch_ended")
    assert (started["epoch"], started["batch"]) == (stopped["epoch"], stopped["batch"])


def test_stop_before_it_has_begun_and_start_again_at_once(page: Page, lab: Served) -> None:
    page.train()
    page.say("stop")
    page.train(hidden="20")
    story = page.hear_until("training", lambda f: f["run"] != "")
    assert story["recipe"]["hidden"] == "20"
    assert len(children(lab)) == 1
    page.say("forget")
    idle = page.hear_until("training", lambda f: f["status"] == "idle")
    assert (idle["run"], idle["events"]) == ("", [])
    page.train(hidden="18")
    assert page.hear_until("training", lambda f: f["run"] != "")["recipe"]["hidden"] == "18"


def test_a_killed_process_is_told_and_its_run_goes_on(page: Page, lab: Served) -> None:
    page.train()
    page.hear_event("epoch_ended", epoch=2)
    (child,) = children(lab)
    os.kill(child, signal.SIGKILL)
    told = page.hear_until("status", lambda f: f["status"] == "ended")
    assert "stopped at once" in told["what"]
    page.say("resume", run="runs/deep")
    assert page.hear_event("started")["epoch"] >= 2


def test_a_killed_server_takes_nothing_with_it(page: Page, lab: Served) -> None:
    """The training notices, stops and keeps its place; a new server on the same port finds it."""
    page.train()
    page.hear_event("epoch_ended", epoch=1)
    (child,) = children(lab)
    lab.kill()
    end = time.monotonic() + 30
    while Path(f"/proc/{child}").exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert not Path(f"/proc/{child}").exists()
    run = lab.folder / "runs" / "deep"
    assert log(run)[-1]["reason"] == "message"
    with served(lab.folder, "--port", lab.port) as second, opened(second) as again:
        assert second.port == lab.port
        assert [m["id"] for m in again.hear()["models"] if not m["ships"]] == ["runs/deep"]
        again.say("watch", run="runs/deep")
        story = again.hear_until("training")
        assert (story["status"], story["recipe"]["hidden"]) == ("ended", "24")
        assert [row["event"] for row in story["events"]] == [row["event"] for row in log(run)]
        place = log(run)[-1]
        begun = [row for row in log(run) if row["event"] == "started"]
        again.say("resume", run="runs/deep")
        end = time.monotonic() + 60
        while len(found := [row for row in log(run) if row["event"] == "started"]) == len(begun):
            assert time.monotonic() < end
            time.sleep(0.05)
        assert (found[-1]["epoch"], found[-1]["batch"]) == (place["epoch"], place["batch"])


def test_ctrl_c_stops_the_training_and_keeps_it(page: Page, lab: Served) -> None:
    page.train()
    page.hear_event("epoch_ended", epoch=1)
    assert lab.end() == ""
    assert lab.process.returncode == 0
    run = lab.folder / "runs" / "deep"
    assert log(run)[-1]["reason"] == "message"
    with resumed_run(run, inbox=Inbox()) as resumed:
        assert resumed.loop.place.epoch >= 1


def test_a_page_that_takes_nothing_holds_up_neither_training_nor_pages(lab: Served) -> None:
    with opened(lab, max_queue=1) as deaf, opened(lab) as other:
        deaf.hear()
        deaf.say("read", id=1, image="test:0")
        other.train(epochs=40)
        said = ended(other)
        epochs = [f["epoch"] for f in events(said, "epoch_ended")]
        assert epochs == list(range(41))
        late = ended(deaf)  # and when it listens again, it gets the whole story, in fewer words
        assert late[-1]["evaluated"] == said[-1]["evaluated"]


def test_a_folder_that_cannot_be_written_is_told(page: Page, lab: Served) -> None:
    (lab.folder / "runs").write_text("in the way")
    page.train()
    told = page.hear_until("status", lambda f: f["status"] == "ended")
    assert "cannot be written" in told["what"]
