"""The lab on a phone: what a finger can hit, what stands beside what, and what is covered by nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.lab.browsing import Person, person
from tests.lab.served import Served

pytestmark = pytest.mark.needs_chromium
PHONE = (390, 844)
# The least side of what can be hit in the network, and whether its names stand in one row.
HITS = """async () => {
  const [{ layOut }, { state }] = await Promise.all([import("./layout.js"), import("./state.js")]);
  const stage = document.getElementById("stage");
  const unit = parseFloat(getComputedStyle(stage).fontSize);
  const boxes = layOut(state.network.columns, stage.clientWidth, stage.clientHeight, unit);
  const side = (box) => box.kind === "maps" ? box.cell * box.shape[0] : box.cell;
  return [Math.min(...boxes.slice(1).map(side)), boxes[0].crowded];
}"""
# Words of the view that lie under a button that is always there where one touches.
COVERED = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const words = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const over = node.parentElement.closest("button, svg, .hidden-words, select, option");
    if (over || !node.textContent.trim() || !node.parentElement.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) words.push([node.textContent.trim(), box]);
  }
  for (const button of document.querySelectorAll("main .download")) {
    if (!button.checkVisibility()) continue;
    const at = button.querySelector("svg").getBoundingClientRect();
    for (const [text, box] of words) {
      const apart = box.right <= at.left || box.left >= at.right || box.bottom <= at.top || box.top >= at.bottom;
      if (!apart) found.push(`${button.ariaLabel}: ${text}`);
    }
  }
  return found;
}"""


@pytest.fixture
def phone(browser: Browser, lab: Served) -> Iterator[Person]:
    """A person with a phone, before a six."""
    with person(
        browser, lab.address, "#image=test:100&model=reader", PHONE, has_touch=True, is_mobile=True
    ) as here:
        here.reads(6)
        yield here


def test_a_finger_hits_every_map_of_a_large_network(phone: Person) -> None:
    """The network is wider than the phone and scrolls in its frame; the page itself does not."""
    page = phone.page
    page.wait_for_timeout(300)
    side, crowded = page.evaluate(HITS)
    assert side >= 24
    assert not crowded
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    frame = page.locator("#stage-frame")
    frame.scroll_into_view_if_needed()
    expect(frame.locator(".more-back")).to_be_hidden()
    for _ in range(12):
        if frame.locator(".more-on").is_visible():
            frame.locator(".more-on").tap()
            page.wait_for_timeout(600)
    expect(frame.locator(".more-on")).to_be_hidden()
    expect(frame.locator(".more-back")).to_be_visible()
    box, canvas = frame.bounding_box(), page.locator("#network").bounding_box()
    assert box
    assert canvas
    assert canvas["x"] + canvas["width"] <= box["x"] + box["width"] + 1
    page.touchscreen.tap(canvas["x"] + canvas["width"] - 44, box["y"] + box["height"] / 2)
    expect(page.locator("#neuron .title")).to_contain_text("Output")


def test_keys_bring_what_they_come_to_into_sight(phone: Person) -> None:
    page = phone.page
    page.locator("#network").focus()
    at = "document.getElementById('stage-strip').scrollLeft"
    page.keyboard.press("PageUp")
    page.wait_for_timeout(100)
    far = page.evaluate(at)
    assert far > 300
    for _ in range(9):
        page.keyboard.press("PageUp")
    page.wait_for_timeout(100)
    assert page.evaluate(at) < far


@pytest.mark.parametrize("view", ["draw", "train", "backprop", "time", "mistakes", "why"])
def test_no_button_covers_words(browser: Browser, lab: Served, view: str) -> None:
    address = f"#view={view}&image=test:100&model=runs/small&run=runs/small"
    ready = {
        "draw": ".bar.best",
        "train": "#loss svg",
        "backprop": "#pipeline .current",
        "time": "#ways .best, #past-loss svg",
        "mistakes": ".mistake",
        "why": "#why-bars .best",
    }
    with person(browser, lab.address, address, PHONE, has_touch=True, is_mobile=True) as someone:
        someone.page.locator(ready[view]).first.wait_for(timeout=30_000)
        someone.page.wait_for_timeout(500)
        assert someone.page.locator(f"#{view} .download:visible").count()
        assert someone.page.evaluate(COVERED) == []


def test_play_stays_beside_the_curves(browser: Browser, lab: Served) -> None:
    """The settings are folded away above the curves, and the buttons stay in sight over them."""
    address = "#view=train&run=runs/small"
    with person(browser, lab.address, address, PHONE, has_touch=True, is_mobile=True) as someone:
        page = someone.page
        page.locator("#loss svg").wait_for()
        expect(page.locator("#settings")).to_be_hidden()
        loss = page.locator("#loss").bounding_box()
        assert loss
        assert loss["y"] < PHONE[1] - 200  # in sight beside Play without any scrolling
        page.mouse.wheel(0, 500)
        page.wait_for_timeout(200)
        expect(page.locator("#accuracy")).to_be_in_viewport()
        for id in ("play", "stop", "step-batch"):
            expect(page.locator(f"#{id}")).to_be_in_viewport()
        page.mouse.wheel(0, -500)
        page.locator("#settings-toggle").tap()
        expect(page.locator("#set-activation")).to_be_visible()
        expect(page).to_have_url(re.compile("form=open"))
        expect(page.locator("#settings-toggle")).to_have_attribute("aria-expanded", "true")


def test_what_goes_on_beyond_the_edge_says_so(phone: Person) -> None:
    """The views, and the stages of a step: a button leads on, where there is more."""
    page = phone.page
    on = page.locator(".tabs-frame .more-on")
    expect(on).to_be_visible()
    on.tap()
    expect(page.locator("#tab-why")).to_be_in_viewport(ratio=0.9)
    expect(on).to_be_hidden()
    page.locator(".tabs-frame .more-back").tap()
    page.locator("#tab-backprop").tap()
    page.locator("#pipeline .current").wait_for()
    on = page.locator(".pipeline-frame .more-on")
    on.tap()
    page.wait_for_function("() => document.getElementById('pipeline').scrollLeft > 150")
