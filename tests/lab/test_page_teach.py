"""Teaching on the page: a wrong answer is corrected, and the network learns from it. What is shown
is compared with NumPy's own figures on the files that were written.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from digitscope.data.mnist import load_mnist
from digitscope.models.model import Model, load
from digitscope.training.lessons import beside, read_lessons
from tests.lab.browsing import ONE, THREE, Person, person
from tests.lab.served import served, with_run

pytestmark = pytest.mark.needs_chromium
TEST = load_mnist("test")
TIMEOUT = 60_000


def right(model: Model) -> int:
    """How many of the test images NumPy's network reads rightly."""
    digits = model.probabilities(TEST.images).argmax(axis=1)
    return int((digits == TEST.labels).sum())


def teach(someone: Person, name: str) -> None:
    """Press what the drawing is, and wait until it was learned and the test set has judged."""
    someone.page.get_by_role("button", name=name, exact=True).click()
    expect(someone.page.locator("#teach")).to_have_attribute("aria-busy", "false", timeout=TIMEOUT)
    expect(someone.page.locator("#test-after")).to_contain_text("%", timeout=TIMEOUT)


def shown(someone: Person) -> tuple[str, str, str, str]:
    page = someone.page
    return tuple(  # type: ignore[return-value]
        page.inner_text(f"#{id}") for id in ("own-before", "own-after", "test-before", "test-after")
    )


def test_a_one_is_taught_to_be_a_seven(browser: Browser, small_run: Path, tmp_path: Path) -> None:
    home = with_run(tmp_path, small_run)
    shipped = {p: p.read_bytes() for p in (home / "runs").rglob("*.safetensors")}
    file = home / "runs" / "small-taught.safetensors"
    with served(home) as lab, person(browser, lab.address, "#model=runs/small") as someone:
        someone.draw(ONE)
        someone.reads(1)
        teach(someone, "It is a 7")
        someone.reads(7)
        expect(someone.page.locator("#model")).to_have_value("runs/small-taught.safetensors")
        someone.says("lesson-words", re.compile(r"Learned in \d\.\d s"))
        expect(someone.page.locator("#answer-note")).to_contain_text("Calibrated: of answers")
        taught, base = load(file), load(home / "runs" / "small")
        before, after = right(base) / 10_000, right(taught) / 10_000
        assert shown(someone) == ("0 of 1", "1 of 1", f"{before:.2%}".replace("%", " %"),
                                  f"{after:.2%}".replace("%", " %"))  # fmt: skip
        assert taught.measured["test_accuracy"] == after
        told = f"small-taught · {after:.2%} · ".replace("%", " %")
        expect(someone.page.locator("#model option:checked")).to_contain_text(told)
        assert taught.recipe["taught_from"] == "small"
        lessons = read_lessons(beside(file))
        assert taught.judge(lessons.drawings).argmax() == 7
        assert all(p.read_bytes() == data for p, data in shipped.items())
        # A second drawing does not undo the first. What is told of a lesson has its own picture.
        picture = someone.page.locator("#lesson-picture")
        words = someone.page.locator("#lesson-words")
        expect(picture).to_be_hidden()
        of_one = picture.evaluate("canvas => canvas.toDataURL()")
        someone.page.click("#clear")
        someone.draw(THREE)
        someone.reads(3)
        expect(picture).to_be_visible()
        expect(words).to_contain_text("The last lesson: a 7")
        assert picture.evaluate("canvas => canvas.toDataURL()") == of_one
        teach(someone, "It is a 5")
        someone.reads(5)
        expect(picture).to_be_hidden()
        assert picture.evaluate("canvas => canvas.toDataURL()") != of_one
        assert shown(someone)[:2] == ("1 of 2", "2 of 2")
        assert load(file).judge(read_lessons(beside(file)).drawings).argmax(axis=1).tolist() == [
            7,
            5,
        ]
        # Nothing of it is lost by a reload.
        figures = shown(someone)
        someone.page.click("#taught-toggle")
        someone.page.reload()
        someone.reads(5)
        expect(someone.page.locator("#taught li")).to_have_count(2)
        assert shown(someone) == figures
        # The last lesson is taken back, to the bit; then the first.
        someone.page.click("#unteach")
        someone.reads(3)
        expect(someone.page.locator("#taught li")).to_have_count(1)
        for name, W in taught.network.weights.items():
            np.testing.assert_array_equal(load(file).network.weights[name], W)
        expect(picture).to_be_visible()
        assert picture.evaluate("canvas => canvas.toDataURL()") == of_one
        someone.page.click("#unteach")
        expect(someone.page.locator("#model")).to_have_value("runs/small")
        someone.says("lesson-words", "Taken back")
        someone.draw([(20, 90), (24, 90)])  # that was news of the drawing before
        expect(someone.page.locator("#lesson-words")).to_have_text("")
        expect(someone.page.locator("#model-words")).to_be_hidden()  # nothing is amiss
        assert not file.exists()
        assert not beside(file).exists()
        assert all(p.read_bytes() == data for p, data in shipped.items())


def test_the_server_may_be_started_anew(browser: Browser, small_run: Path, tmp_path: Path) -> None:
    """The page goes on with what was taught, and so does the next lesson."""
    home = with_run(tmp_path, small_run)
    with served(home) as lab:
        port = lab.port
        with person(browser, lab.address, "#model=runs/small", may_say="WebSocket") as someone:
            someone.draw(ONE)
            someone.reads(1)
            teach(someone, "It is a 4")
            someone.reads(4)
            figures = shown(someone)
            lab.kill()
            expect(someone.page.locator("#connection")).to_be_visible()
            expect(someone.page.get_by_role("button", name="It is a 4")).to_be_disabled()
            with served(home, "--port", port):
                expect(someone.page.locator("#connection")).to_be_hidden(timeout=TIMEOUT)
                someone.reads(4)
                assert shown(someone) == figures
                someone.page.click("#clear")
                someone.draw(THREE)
                someone.reads(3)
                teach(someone, "It is a 8")
                assert shown(someone)[:2] == ("1 of 2", "2 of 2")


def test_it_is_no_digit_said_with_the_keyboard(browser: Browser, tmp_path: Path) -> None:
    """The model that ships, by a reader of the page who uses neither mouse nor eyes."""
    with served(tmp_path) as lab, person(browser, lab.address) as someone:
        page = someone.page
        someone.draw(ONE)
        someone.reads(1)
        none = page.get_by_role("group", name="Wrong? It is a").get_by_role("button").last
        none.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").filter(has_text="not a digit, ")).to_be_visible(
            timeout=TIMEOUT
        )
        expect(page.locator("#digit")).to_have_text("not a digit")
        expect(none).to_be_focused()
        expect(page.locator("#model")).to_have_value("runs/reader-taught.safetensors")
        # An image of the test set is not taught.
        page.fill("#test-number", "7")
        someone.says("teach-words", "Test images judge what is learned")
        expect(page.locator("#teach-choices")).to_be_hidden()
