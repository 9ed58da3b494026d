"""The time machine, as a person uses it: scrubbing, playing, keys. What is shown is compared with
NumPy on the frames' own files, of runs that the command line trained.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from digitscope.models.model import Model
from digitscope.models.prediction import take_input
from digitscope.training.frames import Frame, frames
from digitscope.training.recipe import Recipe
from digitscope.training.run_folder import RunFolder
from digitscope.training.split import split_for
from tests.helpers import chromium, run_cli, small_options
from tests.lab.browsing import Person, person
from tests.lab.served import Served, served, with_run

pytestmark = pytest.mark.needs_chromium
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
TIME = "#view=time"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, small_run: Path) -> Path:
    """Runs of the command line: neurons, two digits, feature maps with "not a digit", a sweep."""
    folder = with_run(tmp_path_factory.mktemp("past"), small_run)
    binary = ["--recipe", "binary", "--train", "2000", "--validation", "500", "--epochs", "2"]
    maps = small_options(hidden="4c5-p2-bn", train=600, epochs=1, synthesis="negatives:0.3")
    for name, options in (("binary", binary), ("maps", maps)):
        done = run_cli("train", *options, "--name", name, "--no-report", cwd=folder)
        assert done.returncode == 0, done.stderr
    grid = [*small_options(epochs=1, train=300), "--name", "grid", "--grid", "hidden=4"]
    done = run_cli("sweep", *grid, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def lab(home: Path) -> Iterator[Served]:
    with served(home) as running:
        yield running


@pytest.fixture
def small(home: Path) -> list[Frame]:
    return frames(home / "runs" / "small")


def judged(run: Path, frame: Frame) -> tuple[Model, np.ndarray]:
    """By the readable network: how often which class is taken for which, on the watched images."""
    recipe: Recipe = RunFolder(run).recipe()
    images, labels = split_for(recipe).watched
    model = frame.load()
    Z = model.network.logits(images)
    predicted = (Z[:, 0] > 0).astype(int) if Z.shape[1] == 1 else Z.argmax(axis=1)
    matrix = np.zeros((len(recipe.classes), len(recipe.classes) + model.refuses), int)
    np.add.at(matrix, (labels, predicted), 1)
    return model, matrix


def shown_matrix(page: Page) -> np.ndarray:
    counts = page.locator("#past-confusion td").all_inner_texts()
    rows = page.locator("#past-confusion tbody tr").count()
    return np.array([int(count or 0) for count in counts]).reshape(rows, -1)


def shown_bars(page: Page) -> list[float]:
    bars: list[float] = page.locator(".way i").evaluate_all(
        "bars => bars.map(bar => new DOMMatrix(getComputedStyle(bar).transform).a)"
    )
    return bars


def at_rest(page: Page, when: str) -> None:
    """The moment stands in words, and what is seen at it has come."""
    expect(page.locator("#when")).to_have_text(when, timeout=20_000)
    expect(page.locator("#scenes:not(.waiting)")).to_have_count(1, timeout=20_000)
    page.wait_for_timeout(60)  # it is painted with the next frame of the screen


def compare(someone: Person, run: Path, frame: Frame, image: str) -> None:
    """Confusion, accuracy and probabilities of the frame that is shown with NumPy's."""
    model, matrix = judged(run, frame)
    np.testing.assert_array_equal(shown_matrix(someone.page), matrix)
    right = matrix.trace() / matrix.sum()
    assert someone.number("moment-accuracy") == pytest.approx(100 * right, abs=0.006)
    P = model.judge(take_input(image).image[None])[0]
    expected = P[[*model.classes, *([10] if model.refuses else [])]]
    np.testing.assert_allclose(shown_bars(someone.page), expected, atol=1e-4)


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
        someone.says("judged-on", "1\u2009000 validation images")
        expect(page.locator("#time-truth")).to_have_text(re.compile("^It is a 9"))


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
            someone.says("judged-on", "1\u2009000 validation images")
        compare(someone, home / "runs" / run, frame, "test:3")
