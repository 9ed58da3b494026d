"""The view Why, as a person meets it: its maps, sums and changes are those of the NumPy engine."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from digitscope.data.mnist import load_mnist
from digitscope.inside.contributions import contributions
from digitscope.inside.occlusion import occlusion_logits
from digitscope.inside.outcomes import log_odds
from digitscope.models.model import Model, load
from digitscope.models.prediction import take_input
from digitscope.training.train import train
from tests.lab.browsing import THREE, person
from tests.lab.reasons import IMAGE, SIX, number, ready, sums
from tests.lab.served import Served, with_run

pytestmark = pytest.mark.needs_chromium


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, good_run: Path) -> Path:
    """A network of active neurons, and one of bent paths with one output; `reader` has maps."""
    folder = with_run(tmp_path_factory.mktemp("why"), good_run)
    train("binary", train=2000, epochs=1, folder=folder / "runs")
    return folder


def test_the_sum_is_numpys_logit(browser: Browser, lab: Served, model: Model) -> None:
    found = contributions(model.network, IMAGE)
    with person(browser, lab.address, SIX) as someone:
        page = someone.page
        ready(page)
        expect(page.locator("#why-says")).to_contain_text("Test image 100: read as 6")
        for digit in (6, 2):
            page.locator(f".why-tile[aria-label^='{digit}:']").click()
            expect(page.locator("#why-title")).to_have_text(f"Why {digit}")
            ink = found.ink[digit]
            parts = [ink[ink > 0].sum(), ink[ink < 0].sum(), found.rest[digit], found.Z[digit]]
            assert sums(page) == pytest.approx([float(x) for x in parts], abs=0.0051)
            assert sum(parts[:3]) == pytest.approx(parts[3], abs=1e-4)
        order = page.locator(".why-tile").evaluate_all("tiles => tiles.map(t => +t.dataset.place)")
        assert order == np.argsort(-model.judge(IMAGE[None])[0, :10]).tolist()


def test_a_digit_that_is_refused_is_not_said_to_be_none(browser: Browser, lab: Served) -> None:
    test = load_mnist("test")
    J = load("reader").judge(test.images)
    likely = J[:, :10].argmax(axis=1) == test.labels
    refused = int(np.flatnonzero((J[:, 10] > 0.6) & likely)[0])
    with person(browser, lab.address, f"#view=why&model=reader&image=test:{refused}") as someone:
        expect(someone.page.locator("#why-says")).to_contain_text(
            re.compile(rf"read as not a digit, [\d.]+ %, but it is a {test.labels[refused]}\.")
        )


def test_a_pixel_is_read_with_the_mouse_and_with_keys(
    browser: Browser, lab: Served, model: Model
) -> None:
    found = contributions(model.network, IMAGE)
    r, c = (int(i) for i in np.unravel_index(np.abs(found.ink[6]).argmax(), (28, 28)))
    with person(browser, lab.address, SIX) as someone:
        page = someone.page
        ready(page)
        box = page.locator("#why-map").bounding_box()
        assert box
        x, y = (box["x"] + (c + 0.5) * box["width"] / 28, box["y"] + (r + 0.5) * box["height"] / 28)
        page.mouse.move(x, y)
        words = page.locator("#why-pixel")
        expect(words).to_contain_text(f"Row {r}, column {c}: ink")
        told = [number(part) for part in re.split("ink|weight|=", words.inner_text())[1:]]
        weight, product = float(found.weights[6, r, c]), float(found.ink[6, r, c])
        assert told == pytest.approx([IMAGE[r, c] / 255, weight, product], abs=0.0051)
        page.mouse.down()
        page.mouse.up()
        page.mouse.move(0, 0)
        page.locator("#why-map").focus()
        page.keyboard.press("ArrowRight")
        expect(words).to_contain_text(f"Row {r}, column {c + 1}:")
        expect(page).to_have_url(re.compile(f"whyPixel={r}%2C{c + 1}"))
        page.reload()
        expect(words).to_contain_text(f"Row {r}, column {c + 1}:")


def test_two_digits_are_compared(browser: Browser, lab: Served, model: Model) -> None:
    found = contributions(model.network, IMAGE)
    with person(browser, lab.address, SIX) as someone:
        page = someone.page
        ready(page)
        page.select_option("#why-against", "5")
        expect(page.locator("#why-words")).to_contain_text("as probable as 5")
        ink = found.ink[6] - found.ink[5]
        parts = [ink[ink > 0].sum(), ink[ink < 0].sum(), found.rest[6] - found.rest[5]]
        assert sums(page)[:3] == pytest.approx([float(x) for x in parts], abs=0.0051)
        P = model.probabilities(IMAGE[None])[0]
        assert number(page.inner_text("#why-words").partition("for ")[2]) == pytest.approx(
            P[6] / P[5], rel=0.02
        )
        power = page.inner_text("#why-words").partition("e to the ")[2]
        assert np.exp(number(power)) == pytest.approx(P[6] / P[5], rel=0.02)
        assert number(power.partition("calibration,")[2]) == pytest.approx(
            sums(page)[3] / number(power), abs=0.005
        )


def test_maps_are_explained_by_hiding_patches(browser: Browser, lab: Served) -> None:
    reader = load("reader")
    fragment = "#view=why&model=reader&image=test:100&whyPixel=9,11"
    with person(browser, lab.address, fragment) as someone:
        page = someone.page
        ready(page)
        Z, hidden = occlusion_logits(reader.network, IMAGE)
        odds = log_odds(reader, Z[None])[0]
        lost = odds[6] - log_odds(reader, hidden)[9 * 28 + 11, 6]
        worth = page.inner_text("#why-pixel").partition("worth")[2]
        assert number(worth) == pytest.approx(float(lost), abs=0.0051)
        assert sums(page) == pytest.approx([float(odds[6])], abs=0.0051)
        assert page.locator(".why-tile").count() == 11
        page.select_option("#why-target", "none")
        expect(page.locator("#why-after-words")).to_have_text("after: not a digit", timeout=30_000)
        page.select_option("#why-by", "path")  # exact for this network too
        expect(page.locator("#why-how")).to_contain_text("active neurons")
        exact = contributions(reader.network, IMAGE)
        assert sums(page)[2:] == pytest.approx([exact.rest[6], exact.Z[6]], abs=0.0051)


def test_one_output_and_bent_paths(browser: Browser, lab: Served, home: Path) -> None:
    binary = load(home / "runs" / "binary")
    image = take_input("test:3").image  # a nought
    found = contributions(binary.network, image)
    with person(browser, lab.address, "#view=why&model=runs/binary&image=test:3") as someone:
        page = someone.page
        ready(page)
        expect(page.locator("#why-how")).to_contain_text("DeepLIFT")
        total = page.locator(".why-row.total em").inner_text()
        assert number(total) == pytest.approx(-float(found.Z[0]), abs=0.0051)
        assert page.locator(".why-tile").count() == 2
        expect(page.locator("#why-after-words")).to_have_text("after: 1")


def test_a_drawing_is_explained(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, "#model=runs/speedrun-98") as someone:
        page = someone.page
        page.locator("#pad").wait_for()
        page.click("#tab-why")
        expect(page.locator("#why-empty")).to_contain_text("Draw a digit")
        page.click("#why-to-pad")
        someone.draw(THREE)
        someone.reads(3)
        page.click("#tab-why")
        ready(page)
        expect(page.locator("#why-says")).to_contain_text("Your drawing: read as 3")
        expect(page.locator("#why-title")).to_have_text("Why 3")


def test_a_spoilt_address_does_no_harm(browser: Browser, lab: Served) -> None:
    spoilt = "&whyDigit=x&whyAgainst=y&whyBy=&whyInk=z&whyPixel=a,b&whyFade=-3"
    with person(browser, lab.address, "#view=why&image=test:100" + spoilt) as someone:
        someone.page.locator("#why-bars .best").wait_for(timeout=30_000)
        expect(someone.page.locator("#why-after-words")).to_contain_text("after:")
        someone.page.evaluate("location.hash = '#view=why&image=test:100&whyKind=x&whyBy=q'")
        someone.says("why-searching", "Kind must be one of")
        someone.says("why-error", "By must be path or occlusion")


@pytest.mark.parametrize("size", [(390, 844), (1366, 768), (1366, 650), (3840, 2160)])
def test_nothing_is_cut_off(browser: Browser, lab: Served, size: tuple[int, int]) -> None:
    for name in ("reader", "runs/binary"):
        fragment = f"#view=why&model={name}&image=test:3&whyAgainst=1"
        with person(browser, lab.address, fragment, size, "dark") as someone:
            page = someone.page
            ready(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
            if size[0] >= 1366:
                assert page.evaluate("why.scrollHeight <= why.clientHeight")
                for panel in (".why-sum", ".why-subject", ".why-maps", ".why-bars"):
                    assert page.evaluate(
                        "p => { const e = document.querySelector(p);"
                        " return e.scrollHeight <= e.clientHeight + 1 }",
                        panel,
                    ), panel


def test_every_control_has_a_name_and_explains_itself(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, SIX) as someone:
        page = someone.page
        ready(page)
        missing = page.evaluate(
            """() => [...document.querySelectorAll("#why :is(button, select, input, canvas[tabindex])")]
              .filter(e => e.checkVisibility() && (!e.dataset.help || !(e.textContent.trim()
                || e.getAttribute("aria-label") || e.closest("label")))).map(e => e.outerHTML)"""
        )
        assert missing == []
        page.click("#explain")
        sentences = set()
        for control in page.locator("#why [data-help]:visible:enabled").all():
            control.click(force=True)
            sentences.add(page.inner_text("#help"))
            assert re.fullmatch(r".{15,}\.", page.inner_text("#help"))
        assert len(sentences) > 10
