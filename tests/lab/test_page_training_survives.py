"""What a training on the page survives: a reload, a page that closes, a second page, a crash of the
server.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from digitscope.training.frames import frames
from digitscope.training.train import train
from tests.helpers import small_recipe
from tests.lab.browsing import ONE, Person, address_of, person
from tests.lab.past import judged
from tests.lab.served import Served, served, with_run
from tests.lab.story import log

pytestmark = pytest.mark.needs_chromium
LONG = {"epochs": 900}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as running:
        yield running


def facts_of(someone: Person) -> list[str]:
    """Epoch, batch, speed and accuracy, as the page shows them."""
    return someone.page.locator(".facts dd").all_inner_texts()


def test_a_reload_shows_the_run_that_was_opened(
    browser: Browser, tmp_path: Path, small_run: Path
) -> None:
    """Not the one that was trained last: that has ended."""
    with_run(tmp_path, small_run)
    short = address_of(epochs=1)
    with served(tmp_path) as lab, person(browser, lab.address, short) as someone:
        page = someone.page
        page.click("#play")
        someone.says("train-state", "On the test set")
        someone.says("train-state", "runs/deep")
        page.select_option("#model", "runs/small")
        page.click("#open-run")
        someone.says("train-state", "runs/small")
        page.reload()
        someone.says("train-state", "runs/small")
        page.wait_for_timeout(500)
        someone.says("train-state", "runs/small")
        expect(page).to_have_url(re.compile("run=runs%2Fsmall"))


def test_closing_and_reloading_lose_nothing(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, address_of(**LONG)) as someone:
        someone.page.click("#play")
        expect(someone.page.locator("#fact-epoch")).to_have_text(
            re.compile("^[3-9]|^[1-9].+ of"), timeout=30_000
        )
        someone.page.reload()
        expect(someone.page.locator("#play")).to_have_text("Pause")
        assert someone.page.input_value("#set-epochs") == "900"
        someone.page.locator("#loss .mark.watched").nth(3).wait_for()
    with person(browser, lab.address, "#view=train") as later:
        expect(later.page.locator("#play")).to_have_text("Pause")
        later.page.click("#play")
        later.says("train-state", "Paused")
        shown = int(later.number("fact-epoch"))
        recorded = [
            event["epoch"]
            for event in log(lab.folder / "runs" / "deep")
            if event["event"] == "epoch_ended"
        ]
        assert recorded == list(range(recorded[-1] + 1))  # it went on while no page was open
        assert shown in (recorded[-1], recorded[-1] + 1)
        later.page.click("#stop")
        later.says("train-state", "Stopped.")


def test_two_pages_show_and_drive_one_training(browser: Browser, lab: Served) -> None:
    with (
        person(browser, lab.address, address_of(**LONG)) as one,
        person(browser, lab.address, "#view=train", size=(390, 844)) as two,
    ):
        expect(two.page.locator("#play")).to_have_text("Train")
        one.page.click("#play")
        expect(two.page.locator("#play")).to_have_text("Pause", timeout=30_000)
        two.page.locator("#loss .mark.watched").nth(2).wait_for(timeout=30_000)
        two.page.click("#play")
        for page in (one, two):
            page.says("train-state", "Paused")
        one.page.wait_for_timeout(300)
        assert facts_of(one) == facts_of(two)
        one.page.click("#stop")
        two.says("train-state", "Stopped.")


def test_the_server_killed_and_started_again(
    browser: Browser, tmp_path: Path, small_run: Path
) -> None:
    """The page says so, comes back by itself, and neither the drawing nor the training is lost."""
    gone = "WebSocket|ERR_CONNECTION"
    with_run(tmp_path, small_run)
    with (
        served(tmp_path) as first,
        person(browser, first.address, address_of("draw", **LONG), may_say=gone) as someone,
    ):
        page = someone.page
        someone.draw(ONE)
        someone.says("spoken", "%")  # where the pen rests: not the answer to half a stroke
        sure = page.inner_text("#sure")
        page.click("#tab-train")
        page.click("#play")
        page.locator("#loss .mark.watched").nth(2).wait_for(timeout=30_000)
        first.kill()
        someone.says("connection", "The lab has stopped")
        expect(page.locator("#play")).to_be_disabled()
        with served(tmp_path, "--port", first.port) as second:
            assert second.port == first.port
            expect(page.locator("#connection")).to_be_hidden(timeout=30_000)
            expect(page.locator("#resume")).to_be_visible(timeout=30_000)
            page.locator("#loss .mark.watched").nth(2).wait_for()
            page.click("#tab-draw")
            page.select_option("#model", "runs/small")
            expect(page.locator("#sure")).to_have_text(sure)
            page.click("#tab-train")
            page.click("#resume")
            expect(page.locator("#play")).to_have_text("Pause", timeout=30_000)
            page.click("#stop")
            someone.says("train-state", "Stopped.")


@pytest.mark.parametrize("kind", ["small", "refusing", "cut short"])
def test_a_past_run_shows_what_its_last_frame_does(
    browser: Browser, small_run: Path, tmp_path: Path, kind: str
) -> None:
    """Its weights and its confusion matrix; of a network that refuses, with a column for that; of a
    run that ended within its first epoch, after so many batches.
    """
    home = with_run(tmp_path, small_run, "small")
    if kind == "refusing":
        shutil.rmtree(home / "runs" / "small")
        recipe = small_recipe(synthesis="negatives:0.3", train=1000, name="small")
        train(recipe, folder=home / "runs")
    run = home / "runs" / "small"
    if kind == "cut short":
        for frame in frames(run):
            if frame.epoch:
                frame.path.unlink()
    last = frames(run)[-1]
    when = f"after {last.batch} batches" if kind == "cut short" else "epoch 2"
    assert (last.epoch, last.batch > 1) == ((0, True) if kind == "cut short" else (2, False))
    _, matrix = judged(run, last)
    with served(home) as lab, person(browser, lab.address, "#view=train&run=runs/small") as someone:
        wrong = matrix.sum() - matrix.trace()
        someone.says("confusion-words", f"{when}: {wrong} validation images wrong")
        counts = someone.page.locator("#confusion td").all_inner_texts()
        assert [int(count or 0) for count in counts] == matrix.ravel().tolist()
        names = someone.page.locator("#confusion thead th").all_inner_texts()
        assert names == ["", *map(str, range(10)), *(["none"] if kind == "refusing" else [])]
        someone.says("features-words", "24 neurons of the first layer")
        expect(someone.page.locator("#features")).to_be_visible()
