"""The time machine, as a person uses it: scrubbing, playing, keys. What is shown is compared with
NumPy on the frames' own files, of a run that the command line trained, and of others.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from digitscope.models.prediction import take_input
from digitscope.training.frames import Frame, frames
from digitscope.training.sweep import run_sweep, start_sweep
from digitscope.training.train import train
from tests.helpers import small_recipe
from tests.lab.browsing import ONE, address_of, person
from tests.lab.past import at_rest, compare, shown_bars
from tests.lab.served import Served, served, with_run

pytestmark = pytest.mark.needs_chromium
TIME = "#view=time"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, small_run: Path) -> Path:
    """A run of the command line; beside it one of two digits, one of feature maps that refuses what
    is no digit, and a sweep.
    """
    folder = with_run(tmp_path_factory.mktemp("past"), small_run)
    runs = folder / "runs"
    train("binary", name="binary", train=2000, validation=500, epochs=2, folder=runs)
    maps = {"hidden": "4c5-p2-bn", "synthesis": "negatives:0.3", "train": 600, "epochs": 1}
    train(small_recipe(**maps, name="maps"), folder=runs)
    grid = start_sweep(small_recipe(epochs=1, train=300), {"hidden": ["4"]}, runs, "grid")
    run_sweep(grid.path, lambda name, event: None)
    return folder


@pytest.fixture
def small(home: Path) -> list[Frame]:
    return frames(home / "runs" / "small")


def test_scrubbing_shows_what_numpy_says_of_the_frame(
    browser: Browser, lab: Served, home: Path, small: list[Frame]
) -> None:
    """A run of the command line, from the untrained network to the last epoch."""
    words = {0: "Before training", 1: "After 1 batch", 16: "After 16 batches", 48: "After epoch 2"}
    with person(browser, lab.address, f"{TIME}&past=runs/small&image=test:7") as someone:
        page = someone.page
        at_rest(page, "After epoch 2")
        for frame in small:
            if frame.updates not in words:
                continue
            place = page.evaluate(
                "i => parseFloat(document.querySelectorAll('#marks i')[i].style.left) / 100",
                small.index(frame),
            )
            page.fill("#moment", str(place))
            at_rest(page, words[frame.updates])
            compare(someone, home / "runs" / "small", frame, "test:7")
            someone.says("updates", f"{frame.updates} update")
        someone.says("judged-on", "1,000 validation images")
        expect(page.locator("#time-truth")).to_have_text(
            re.compile("^It is a 9.* Not calibrated; Draw's answer is.$")
        )
        for plot in ("past-loss", "past-accuracy"):  # the uneven axis says so
            expect(page.locator(f"#{plot} .zone")).to_have_count(1)
            someone.says(plot, "first batches")
        for legend in ("rows: digit", "columns: answer", "more", "fewer than before"):
            expect(page.locator("#time .legend").get_by_text(legend, exact=True)).to_be_visible()


@pytest.mark.parametrize(("run", "outputs"), [("binary", 2), ("grid/hidden=4", 10), ("maps", 11)])
def test_every_kind_of_run(
    browser: Browser, lab: Served, home: Path, run: str, outputs: int
) -> None:
    """Two digits, a sweep's, feature maps; a network that refuses has one answer more."""
    frame = frames(home / "runs" / run)[2]
    with person(browser, lab.address, f"{TIME}&image=test:3") as someone:
        someone.page.select_option("#past", f"runs/{run}")
        expect(someone.page.locator(".way")).to_have_count(outputs, timeout=20_000)
        someone.page.focus("#moment")
        someone.page.keyboard.press("Home")
        at_rest(someone.page, "Before training")
        for _ in range(2):
            someone.page.keyboard.press("ArrowRight")
        at_rest(someone.page, "After 2 batches")
        if run == "maps":
            someone.says("judged-on", "1,000 validation images")
        compare(someone, home / "runs" / run, frame, "test:3")


def test_the_way_of_an_answer_through_the_whole_training(
    browser: Browser, lab: Served, small: list[Frame]
) -> None:
    """The areas beside the bars: a probability for every frame."""
    with person(browser, lab.address, f"{TIME}&past=runs/small&image=test:2") as someone:
        at_rest(someone.page, "After epoch 2")
        expect(someone.page.locator("#time-digit")).to_have_text("1", timeout=20_000)
        places = someone.page.locator("#marks i").evaluate_all(
            "marks => marks.map(mark => parseFloat(mark.style.left))"
        )
        image = take_input("test:2").image[None]
        P = np.array([frame.load().probabilities(image)[0] for frame in small])
        ways = someone.page.locator(".way path").evaluate_all(
            "paths => paths.map(path => path.getAttribute('d'))"
        )
        for digit, way in enumerate(ways):
            points = np.array([float(x) for x in re.findall(r"[\d.]+", way)]).reshape(-1, 2)[1:-1]
            np.testing.assert_allclose(points[:, 0], places, atol=0.01)
            np.testing.assert_allclose(100 - points[:, 1], 100 * P[:, digit], atol=0.01)


def test_a_drawing_is_answered_by_every_moment(browser: Browser, lab: Served) -> None:
    """The pad lies in this view too; the drawing is the one of the other views."""
    with person(browser, lab.address, f"{TIME}&past=runs/small&model=runs/small") as someone:
        at_rest(someone.page, "After epoch 2")
        someone.says("time-truth", "Draw a digit")
        someone.draw(ONE)
        expect(someone.page.locator("#time-digit")).to_have_text("1", timeout=20_000)
        someone.page.click("#tab-draw")
        someone.reads(1)
        someone.page.click("#tab-time")
        expect(someone.page.locator("#time-digit")).to_have_text("1")
        someone.page.click("#time-clear")
        someone.says("time-truth", "Draw a digit")
        assert max(shown_bars(someone.page)) < 1e-6


def test_playing_goes_through_every_frame(
    browser: Browser, lab: Served, small: list[Frame]
) -> None:
    with person(browser, lab.address, f"{TIME}&past=runs/small&pace=10") as someone:
        page = someone.page
        at_rest(page, "After epoch 2")
        page.evaluate(
            """() => {
              window.seen = [];
              const when = document.getElementById("when");
              new MutationObserver(() => window.seen.push(when.textContent)).observe(when, {childList: true});
            }"""
        )
        page.click("#roll")
        expect(page.locator("#roll")).to_have_text("Pause")
        expect(page.locator("#roll")).to_have_text("Play", timeout=20_000)  # at the end it stops
        seen = page.evaluate("window.seen")
        played = list(dict.fromkeys(seen[seen.index("Before training") :]))
        assert len(played) == len(small)
        assert (played[3], played[-1]) == ("After 4 batches", "After epoch 2")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press(" ")
        expect(page.locator("#roll")).to_have_text("Pause")
        page.keyboard.press("Home")  # whoever moves the slider has stopped the film
        expect(page.locator("#roll")).to_have_text("Play")


def test_keys_curves_and_a_reload(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, f"{TIME}&past=runs/small") as someone:
        page = someone.page
        at_rest(page, "After epoch 2")
        page.focus("#moment")
        page.keyboard.press("ArrowLeft")
        at_rest(page, "After epoch 1")
        page.keyboard.press("Home")
        page.keyboard.press("PageUp")
        at_rest(page, "After 16 batches")
        slider = page.locator("#moment")
        expect(slider).to_have_attribute("aria-valuetext", "after 16 batches, frame 6 of 8")
        page.keyboard.press("End")
        at_rest(page, "After epoch 2")
        box = page.locator("#past-loss").bounding_box()
        assert box
        page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 50)
        page.mouse.down()
        page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 60, steps=3)
        page.mouse.up()
        at_rest(page, "Before training")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        at_rest(page, "After 2 batches")
        accuracy = page.inner_text("#moment-accuracy")
        page.reload()
        at_rest(page, "After 2 batches")
        expect(page.locator("#past")).to_have_value("runs/small")
        assert page.inner_text("#moment-accuracy") == accuracy


def test_a_run_in_training_grows(browser: Browser, tmp_path: Path) -> None:
    """From no run at all; the newest frame is followed, and any other stays where it is."""
    with (
        served(tmp_path) as lab,
        person(browser, lab.address, f"{address_of(epochs=900)}") as someone,
    ):
        page = someone.page
        page.click("#tab-time")
        expect(page.locator("#time-empty")).to_be_visible()
        page.click("#time-train")
        page.click("#play")
        page.locator("#loss .mark.watched").nth(2).wait_for(timeout=30_000)
        page.click("#tab-time")
        expect(page.locator("#past")).to_have_value("runs/deep", timeout=20_000)
        someone.says("updates", "in training now")
        first = someone.number("updates")
        page.wait_for_function(
            "n => parseInt(document.getElementById('updates').textContent.replaceAll(',', '')) > n",
            arg=first,
            timeout=20_000,
        )
        page.focus("#moment")
        page.keyboard.press("Home")
        at_rest(page, "Before training")
        marks = page.locator("#marks i").count()
        page.locator("#marks i").nth(marks).wait_for(state="attached", timeout=20_000)
        expect(page.locator("#when")).to_have_text("Before training")
        page.click("#tab-train")
        page.click("#stop")
        someone.says("train-state", "Stopped.")


def test_what_is_missing_is_said_in_one_line(
    browser: Browser, tmp_path: Path, small_run: Path
) -> None:
    """A damaged frame, a run without frames, a folder that is deleted while it is shown."""
    with_run(tmp_path, small_run)
    other = with_run(tmp_path, small_run, "other") / "runs" / "other"
    spoilt = other / "frames" / "step-00000024.safetensors"
    spoilt.write_bytes(spoilt.read_bytes()[:-4] + b"\1\2\3\4")
    bare = with_run(tmp_path, small_run, "bare") / "runs" / "bare"
    shutil.rmtree(bare / "frames")
    with (
        served(tmp_path) as lab,
        person(browser, lab.address, f"{TIME}&past=runs/other&moment=24&image=test:2") as someone,
    ):
        page = someone.page
        someone.says("time-error", "step-00000024.safetensors: corrupt")
        page.focus("#moment")
        page.keyboard.press("ArrowRight")
        at_rest(page, "After epoch 2")
        expect(page.locator("#time-error")).to_have_text("")
        expect(page.locator("#time-digit")).to_have_text("1", timeout=20_000)
        page.select_option("#past", "runs/bare")
        someone.says("time-error", "runs/bare has no frames")
        expect(page.locator("#scenes")).to_be_hidden()
        page.select_option("#past", "runs/other")
        at_rest(page, "After epoch 2")
        shutil.rmtree(other)
        page.reload()
        someone.says("time-error", "is not there any more")
        page.select_option("#past", "runs/small")
        at_rest(page, "After epoch 2")
        expect(page.locator("#time-error")).to_have_text("")


@pytest.mark.parametrize("size", [(390, 844), (1366, 768), (1366, 650), (3840, 2160)])
def test_it_fits(browser: Browser, lab: Served, size: tuple[int, int]) -> None:
    """Nothing stands beyond the window's side; on a screen nothing scrolls."""
    with person(browser, lab.address, f"{TIME}&past=runs/maps&image=test:3", size) as someone:
        page = someone.page
        at_rest(page, "After epoch 1")
        expect(page.locator("#time-digit")).not_to_have_text("\u00a0", timeout=20_000)
        view = page.locator("#time")
        assert view.evaluate("view => view.scrollWidth <= view.clientWidth")
        if size[0] > 1000:
            assert view.evaluate("view => view.scrollHeight <= view.clientHeight")
        unnamed = page.locator("#time :is(button, select, input):visible:not([data-help])")
        expect(unnamed).to_have_count(0)
