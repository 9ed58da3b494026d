"""The smallest change in the view Why: it is the NumPy engine's own."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from digitscope.inside.counterfactual import smallest_change
from digitscope.models.model import Model, load
from digitscope.models.prediction import predict, take_input
from tests.lab.browsing import person
from tests.lab.reasons import IMAGE, SIX, number, ready
from tests.lab.served import Served, with_run

pytestmark = pytest.mark.needs_chromium

# Every state of the bar and its words, however short: a fast machine shows some for one frame only.
NOTE_PROGRESS = """() => {
  const bar = document.getElementById("why-progress"), part = document.getElementById("why-part");
  window.noted = [];
  new MutationObserver(() => noted.push({ part: part.textContent, shown: !bar.hidden, counted: bar.hasAttribute("value") }))
    .observe(bar.parentElement, { subtree: true, childList: true, attributes: true, characterData: true });
}"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, good_run: Path) -> Path:
    return with_run(tmp_path_factory.mktemp("change"), good_run)


@pytest.mark.parametrize("kind", ["faint", "smooth", "few"])
def test_the_change_is_pythons_and_the_engine_confirms_it(
    browser: Browser, lab: Served, model: Model, kind: str
) -> None:
    given = "" if kind == "faint" else kind
    found = smallest_change(model, IMAGE, kind=kind)  # type: ignore[arg-type]
    with person(browser, lab.address, f"{SIX}&whyKind={given}") as someone:
        page = someone.page
        ready(page)
        expect(page.locator("#why-after-words")).to_have_text(f"after: {found.outcome}")
        words = page.inner_text("#why-change-words")
        assert number(words) == np.count_nonzero(found.difference)
        assert found.after is not None
        P = model.judge(found.after[None])[0]
        shown = page.locator("#why-bars em").all_inner_texts()
        assert [number(t) for t in shown] == pytest.approx((100 * P[:10]).tolist(), abs=0.11)
        page.click("#why-pad")  # and as any image that lies on the pad
        someone.reads(str(found.outcome))
        assert number(page.inner_text("#sure")) == pytest.approx(100 * P.max(), abs=0.11)


def test_a_change_says_how_near_it_is_to_no_digit(browser: Browser, lab: Served) -> None:
    reader = load("reader")
    found = smallest_change(reader, take_input("test:0").image, 3)
    assert found.after is not None
    P = reader.judge(found.after[None])[0]
    fragment = "#model=reader&image=test:0&whyTarget=3"
    with person(browser, lab.address, fragment) as someone:
        page = someone.page
        page.locator(".bar.best").wait_for()
        page.evaluate(NOTE_PROGRESS)
        page.click("#tab-why")
        expect(page.locator("#why-after-words")).to_have_text("after: 3", timeout=60_000)
        # one way alone has no parts to count: the bar moves without an end
        assert {"part": "the way to 3", "shown": True, "counted": False} in page.evaluate("noted")
        progress = page.locator("#why-progress")
        expect(progress).to_be_hidden()
        words = page.inner_text("#why-change-words").partition("engine answers 3, ")[2]
        assert P.argmax() == 3
        sure, _, none = words.partition("; not a digit: ")
        assert [number(sure), number(none)] == pytest.approx([100 * P[3], 100 * P[10]], abs=0.11)


def test_a_long_search_says_how_far_it_is(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, "#view=why&image=test:100&model=reader") as someone:
        expect(someone.page.locator("#why-progress")).to_be_visible(timeout=20_000)
        someone.says("why-part", re.compile(r"the way to \d, \d+ of 13"))
        ready(someone.page)
        expect(someone.page.locator("#why-progress")).to_be_hidden()
        expect(someone.page.locator("#why-part")).to_have_text("")


def test_the_slider_asks_the_engine(browser: Browser, lab: Served, model: Model) -> None:
    found = smallest_change(model, IMAGE)
    with person(browser, lab.address, SIX) as someone:
        page = someone.page
        ready(page)
        last = int(page.get_attribute("#why-fade", "max") or 0)
        page.locator("#why-fade").focus()
        for _ in range(8):
            page.keyboard.press("ArrowLeft")
        step = last - 8
        expect(page.locator("#why-after-words")).to_contain_text(f"{100 * step / last:.0f} %")
        between = np.rint(found.before + step / last * found.difference).astype(np.uint8)
        P = model.judge(between[None])[0]
        bar = page.locator(f".why-bar[aria-label^='{found.outcome}:'] em").inner_text()
        assert number(bar) == pytest.approx(100 * P[found.outcome], abs=0.11)  # type: ignore[index]
        expect(page).to_have_url(re.compile(f"whyFade={step}"))
        page.reload()
        ready(page)
        expect(page.locator("#why-fade")).to_have_value(str(step))


def test_the_target_is_picked(browser: Browser, lab: Served, model: Model) -> None:
    with person(browser, lab.address, SIX) as someone:
        page = someone.page
        ready(page)
        page.select_option("#why-target", "3")
        expect(page.locator("#why-after-words")).to_have_text("after: 3", timeout=20_000)
        expect(page).to_have_url(re.compile("whyTarget=3"))
        three = next(i for i in range(100) if predict(model, f"test:{i}").digit == 3)
        page.fill("#why-number", str(three))  # an image that is one already
        expect(page.locator("#why-searching")).to_contain_text("answers 3 already")
        page.select_option("#why-target", "")
        expect(page.locator("#why-before-words")).to_have_text("before: 3", timeout=20_000)
