"""The chain rule of one weight, as a person follows it; its numbers are those of NumPy's own step."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from digitscope.models.model import load
from tests.lab.browsing import person
from tests.lab.served import Served
from tests.lab.stepping import (
    HERE,
    MAPS,
    figure_of,
    line_is_there,
    number,
    own_step,
    small_and_maps,
)

pytestmark = pytest.mark.needs_chromium


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_and_maps(tmp_path_factory.mktemp("chain"))


@pytest.mark.parametrize(
    ("address", "model", "weight", "index"),
    [
        (HERE, "small", "W1", (300, 5)),
        (HERE, "small", "W2", (5, 6)),
        (MAPS, "maps", "W1", (2, 3, 0, 1)),
        (MAPS, "maps", "W2", (0, 1, 2, 3)),
        (MAPS, "maps", "gamma3", (2,)),
    ],
)
def test_the_chain_rule_of_a_weight_is_numpys(
    browser: Browser,
    lab: Served,
    home: Path,
    address: str,
    model: str,
    weight: str,
    index: tuple[int, ...],
) -> None:
    _, step = own_step(load(home / "runs" / f"{model}.safetensors"))
    expected = float(step.gradients[weight][index])
    with person(browser, lab.address, address) as someone:
        someone.page.select_option("#chain-layer", weight)
        expect(someone.page.locator("#chain-index")).not_to_have_value("")
        someone.page.fill("#chain-index", ", ".join(map(str, index)))
        someone.page.press("#chain-index", "Enter")
        place = f"[{', '.join(map(str, index))}]"
        expect(someone.page.locator("#chain-name")).to_contain_text(place)
        told = [
            number(someone.page.inner_text(f"#chain-{name}")) for name in ("gradient", "difference")
        ]
        assert told == pytest.approx([expected] * 2, rel=1e-4, abs=1e-10)
        expect(someone.page.locator("#chain-agree")).to_contain_text("they agree")
        for row in someone.page.locator("#chain-rows > li").all():
            _check_row(row)
        assert line_is_there(someone, "chain")


def _check_row(row: Locator) -> None:
    """The numbers of a row make its value."""
    total = row.locator(".terms .total td:last-child")
    if total.count():
        shown = [number(t) for t in row.locator(".terms td:last-child").all_inner_texts()]
        assert sum(shown[:-1]) == pytest.approx(shown[-1], rel=1e-2, abs=1e-9)
        return
    boxes = [number(text) for text in row.locator(".box b").all_inner_texts()]
    signs = row.locator(".boxes .sign").all_inner_texts()
    made = boxes[0]
    for sign, value in zip(signs, boxes[1:-1], strict=False):
        made = made - value if sign == "−" else made * value
    assert made == pytest.approx(boxes[-1], rel=5e-3, abs=1e-9)


def test_a_click_opens_a_weight_and_a_term_is_followed(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, HERE + "&stage=dW1") as someone:
        picture = figure_of(someone, 2).locator("canvas")
        picture.click(position={"x": 40, "y": 60})
        expect(someone.page.locator("#chain-name")).to_contain_text("∂J/∂W1[")
        expect(someone.page.locator(".heatmap .chosen:visible")).to_have_count(1)
        term = someone.page.locator(".terms button").nth(3)
        term.click()
        expect(someone.page.locator(".terms button").nth(3)).to_have_attribute(
            "aria-pressed", "true"
        )
        expect(someone.page).to_have_url(re.compile(r"path=\d"))
        figure_of(someone, 3).locator("button.plain").nth(2).click()  # a bias, from its list
        expect(someone.page.locator("#chain-name")).to_contain_text("∂J/∂b1[2]")
        figure_of(someone, 2).locator("canvas").focus()
        for key in ("ArrowRight", "ArrowDown", "Enter"):
            someone.page.keyboard.press(key)
        expect(someone.page.locator("#chain-name")).to_contain_text("∂J/∂W1[")
