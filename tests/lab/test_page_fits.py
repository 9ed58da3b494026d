"""What a control says is not cut off, and nothing lies over anything else, in windows of any width."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.lab.browsing import person
from tests.lab.served import Served

pytestmark = pytest.mark.needs_chromium
# What fields and lists of the view say that does not fit into them.
CUT = """view => {
  const pen = document.createElement("canvas").getContext("2d");
  const cut = [];
  for (const control of document.querySelectorAll(`#${view} select, #${view} input:not([type=range])`)) {
    if (!control.checkVisibility()) continue;
    const style = getComputedStyle(control);
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const text = control.selectedOptions?.[0]?.text ?? (control.value || control.placeholder);
    const arrow = control.matches("select") ? 16 : 0;
    const room = control.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - arrow;
    if (pen.measureText(text).width > room + 0.5) cut.push(`${control.id}: ${text}`);
  }
  return cut;
}"""
# Words, pictures and controls of a view that lie over one another, or stand out of the window.
MIXED = """view => {
  const seen = "canvas, svg:not(.icon), select, input, button:not(.why-tile, .download), p, h2, label, b, em";
  const parts = [...document.querySelectorAll(view)].flatMap((root) => [...root.querySelectorAll(seen)])
    .filter((e) => e.checkVisibility({ opacityProperty: true }) && e.getBoundingClientRect().width > 1);
  const name = (e) => e.id || e.className || `${e.parentElement.className} ${e.tagName}`;
  const found = [];
  for (const [i, a] of parts.entries()) {
    const at = a.getBoundingClientRect();
    if (at.left < -1 || at.right > innerWidth + 1) found.push(`${name(a)} stands out`);
    for (const b of parts.slice(i + 1)) {
      if (a.contains(b) || b.contains(a)) continue;
      const other = b.getBoundingClientRect();
      const across = Math.min(at.right, other.right) - Math.max(at.left, other.left);
      const down = Math.min(at.bottom, other.bottom) - Math.max(at.top, other.top);
      if (across > 2 && down > 2) found.push(`${name(a)} and ${name(b)}`);
    }
  }
  return found;
}"""
# What of a step is wider than its place; and whether the line to the loss ends before the number.
STEP = """() => {
  const found = [];
  for (const selector of ["html", "#stage-parts", "#chain-panel", "#chain-told", ".check", ".check dd", ".losses"]) {
    for (const e of document.querySelectorAll(selector)) {
      if (e.checkVisibility() && e.scrollWidth > e.clientWidth + 1) found.push(`${e.id || selector} ${e.scrollWidth} in ${e.clientWidth}`);
    }
  }
  const before = [...document.querySelectorAll("#pipeline .lane-1")].at(-2);
  const line = getComputedStyle(before, "::after");
  const range = document.createRange();
  range.selectNodeContents(document.querySelector("#pipeline .loss"));
  const end = before.getBoundingClientRect().left + parseFloat(line.left) + parseFloat(line.width);
  if (end > range.getBoundingClientRect().left) found.push("the line touches the loss");
  return found;
}"""
# From a narrow phone to 4K, and on both sides of every width at which the page changes.
WIDTHS = (360, 600, 641, 680, 799, 800, 900, 1024, 1088, 1089, 1248, 1249, 1440, 3840)


@pytest.mark.parametrize(
    ("view", "also", "ready"),
    [
        ("draw", "", "#pad"),
        ("train", "", "#set-loss"),
        ("backprop", "&batch=4&drawing=EsSZ84Eb&image=", "#backprop-empty"),
        ("backprop", "&batch=4&image=test:9000", "#pipeline .current"),
        ("why", "&image=test:9000", "#why-bars .best"),
        ("why", "&image=", "#why-empty"),
    ],
)
def test_nothing_is_cut_off(
    browser: Browser, lab: Served, view: str, also: str, ready: str
) -> None:
    with person(browser, lab.address, f"#view={view}&model=runs/small{also}") as someone:
        someone.page.locator(ready).first.wait_for(timeout=30_000)
        assert someone.page.evaluate(CUT, view) == []


def test_a_drawing_and_an_empty_number_are_named_whole(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, "#model=runs/small") as someone:
        someone.draw([(50, 14), (50, 86)])
        for view, ready in (("backprop", "#pipeline .current"), ("why", "#why-bars .best")):
            someone.page.click(f"#tab-{view}")
            someone.page.locator(ready).first.wait_for(timeout=30_000)
            assert someone.page.evaluate(CUT, view) == []


@pytest.mark.parametrize("model", ["runs/small", "reader"])
def test_why_is_in_order_at_every_width(browser: Browser, lab: Served, model: str) -> None:
    address = f"#view=why&image=test:9000&model={model}"
    with person(browser, lab.address, address) as someone:
        page = someone.page
        page.locator("#why-bars .best").wait_for(timeout=30_000)
        for width in WIDTHS:
            page.set_viewport_size(
                {"width": width, "height": width * 9 // 16 if width > 900 else 1000}
            )
            page.wait_for_timeout(150)
            assert (width, page.evaluate(MIXED, "#why")) == (width, [])


def test_the_head_has_room_at_every_width(browser: Browser, lab: Served) -> None:
    """All views can be read, and the model's whole name; on a phone the views scroll."""
    with person(browser, lab.address, "#model=runs/small") as someone:
        page = someone.page
        page.locator("#model").wait_for()
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.wait_for_timeout(150)
            assert (width, page.evaluate(CUT, "model-chooser")) == (width, [])
            if width > 640:
                expect(page.locator(".tabs-frame .more-on")).to_be_hidden()
                assert (width, page.evaluate(MIXED, "body > header")) == (width, [])


def test_a_step_is_whole_at_every_width(browser: Browser, lab: Served) -> None:
    """Its last stage, with the chart of other rates, and the chain rule beside it or below."""
    address = "#view=backprop&image=test:9000&stage=after&batch=8&model=runs/small"
    for more in ("", "&weight=W1"):
        with person(browser, lab.address, address + more) as someone:
            page = someone.page
            page.locator(".rates > svg").wait_for()
            page.locator("#chain-rows li" if more else "#chain-hint").first.wait_for()
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": max(700, width * 9 // 16)})
                page.wait_for_timeout(100)
                assert (width, page.evaluate(STEP)) == (width, [])
                assert (width, page.evaluate(CUT, "backprop")) == (width, [])


def test_the_buttons_of_a_training_stay_in_one_row(browser: Browser, lab: Served) -> None:
    """Also once it was stopped, when Resume takes the place of Stop, and the focus with it."""
    with person(browser, lab.address, "#view=train&recipe=speedrun-98&set.epochs=60") as someone:
        page = someone.page
        row = page.locator(".transport")
        expect(page.locator("#set-hidden")).to_be_visible()
        before = row.bounding_box()
        page.click("#play")
        second = re.compile(r"^(?![01] )\d+ of 60$")  # an epoch may be over between two looks
        expect(page.locator("#fact-epoch")).to_have_text(second, timeout=60_000)
        page.locator("#stop").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#resume")).to_be_visible(timeout=20_000)
        after = row.bounding_box()
        assert before
        assert after
        assert after["height"] == before["height"] < 60
        expect(page.locator("#resume")).to_be_focused()
