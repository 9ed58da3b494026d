"""Back-propagation as a person steps through it; every number is compared with NumPy's own step."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from digitscope.arrays import to_input
from digitscope.lab.backprop import backprop
from digitscope.lab.unsure import ENOUGH, unsure
from digitscope.models.model import load
from digitscope.models.prediction import take_input
from digitscope.network.network import Network
from digitscope.network.optimizers import updated
from tests.lab.browsing import THREE, person
from tests.lab.served import Served
from tests.lab.stepping import (
    HERE,
    at,
    line_is_there,
    number,
    numbers,
    own_step,
    small_and_maps,
)

pytestmark = pytest.mark.needs_chromium


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_and_maps(tmp_path_factory.mktemp("backprop"))


def test_the_step_is_numpys_at_every_stage(browser: Browser, lab: Served, home: Path) -> None:
    network, step = own_step(load(home / "runs" / "small.safetensors"))
    X = to_input(take_input("test:100").image[None], (784,)).astype(np.float64)
    passed = network.forward(X)
    new, _ = updated("sgd", network.weights, step.gradients, {}, 0.1, 1)
    again = Network(network.spec, new, network.state)
    after = again.step(X, np.array([6]), "categorical_cross_entropy").loss
    lists = {  # what a stage lists in which of its figures
        "Z1": (3, passed.steps[0].Y[0]),
        "A1": (1, passed.steps[1].Y[0]),
        "Z2": (3, passed.Z[0]),
        "A2": (1, network.predict(X)[0]),
        "dW2": (3, step.gradients["b2"]),
        "dW1": (3, step.gradients["b1"]),
        "W1": (5, new["b1"]),
        "W2": (5, new["b2"]),
        "after": (1, again.predict(X)[0]),
    }
    ids = [
        "X",
        "Z1",
        "A1",
        "Z2",
        "A2",
        "J",
        "dZ2",
        "dW2",
        "dA1",
        "dZ1",
        "dW1",
        "dX",
        "W1",
        "W2",
        "after",
    ]
    with person(browser, lab.address, HERE) as someone:
        for k, id in enumerate(ids):
            expect(someone.page.locator("#step-where")).to_have_text(f"{k + 1} of 15")
            if id in lists:
                figure, expected = lists[id]
                told = numbers(someone, figure)
                assert told == pytest.approx(list(expected), rel=2e-3, abs=1e-30), id
            if id in ("J", "after"):
                large = someone.page.locator("#stage-parts .number-large").all_inner_texts()
                losses = [step.loss, after] if id == "after" else [step.loss]
                assert [number(text) for text in large] == pytest.approx(losses, rel=1e-3)
            assert line_is_there(someone, "stage")
            if k < 14:
                someone.page.click("#step-next")
                at(someone, ids[k + 1])
        assert someone.page.is_disabled("#step-next")
        assert after < step.loss
        expect(someone.page.locator(".rates > svg")).to_be_visible()


def test_a_reload_keeps_the_place(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, HERE) as someone:
        someone.page.locator("#pipeline button", has_text="dZ1").click()
        at(someone, "dZ1")
        someone.page.keyboard.press("ArrowRight")
        at(someone, "dW1")
        someone.page.select_option("#batch-truth", "3")
        someone.page.select_option("#batch-size", "4")
        someone.page.select_option("#batch-of", "2")
        someone.page.select_option("#batch-optimizer", "adam")
        someone.page.fill("#batch-rate-number", "0.02")
        someone.page.press("#batch-rate-number", "Enter")
        someone.page.select_option("#chain-layer", "W2")
        expect(someone.page.locator("#chain-name")).to_contain_text("∂J/∂W2[")
        before = someone.page.locator("#chain-told").inner_text()
        expect(someone.page).to_have_url(re.compile("weight=W2%3A"))
        someone.page.reload()
        at(someone, "dW1")
        expect(someone.page.locator("#chain-told")).to_have_text(
            re.compile(r"∂J/∂W2\["), use_inner_text=True
        )
        assert someone.page.locator("#chain-told").inner_text() == before
        for name, value in {
            "truth": "3",
            "size": "4",
            "of": "2",
            "optimizer": "adam",
            "rate-number": "0.02",
        }.items():
            expect(someone.page.locator(f"#batch-{name}")).to_have_value(value)


def test_the_rate_shows_its_effect_and_playing_goes_on(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, HERE + "&stage=after&truth=3") as someone:
        losses = someone.page.locator("#stage-parts .number-large")
        expect(losses).to_have_count(2)
        was = losses.nth(1).inner_text()
        before, after = number(losses.nth(0).inner_text()), number(was)
        someone.page.fill("#batch-rate-number", "0.001")
        someone.page.press("#batch-rate-number", "Enter")
        expect(losses.nth(1)).not_to_have_text(was)
        small = number(losses.nth(1).inner_text())
        assert after < small < before
        someone.page.fill("#batch-rate-number", "fast")
        someone.page.press("#batch-rate-number", "Enter")
        someone.says("backprop-error", "must be a number such as 0.1, got 'fast'")
        someone.page.fill("#batch-rate-number", "0.1")
        someone.page.press("#batch-rate-number", "Enter")
        expect(someone.page.locator("#backprop-error")).to_have_text("")
        someone.page.click("#step-play")  # from the end it begins anew
        at(someone, "Z1")
        someone.page.click("#step-play")
        expect(someone.page.locator("#step-play")).to_have_text("Play")
        someone.page.keyboard.press("End")
        at(someone, "after")


def test_a_drawing_has_the_truth_that_is_chosen(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, "#view=backprop") as someone:
        expect(someone.page.locator("#backprop-empty")).to_contain_text("needs an image")
        someone.page.click("#backprop-draw")
        someone.draw(THREE)
        someone.page.locator(".bar.best").wait_for()
        someone.page.click("#tab-backprop")
        expect(someone.page.locator("#step-where")).to_contain_text("1 of")
        answer = someone.page.text_content("#digit") or ""
        expect(someone.page.locator("#batch-truth")).to_have_value(answer)
        expect(someone.page.locator("#batch-image")).to_have_value("")
        someone.page.select_option("#batch-truth", "5")
        someone.page.locator("#pipeline button", has_text="new J").click()
        expect(someone.page.locator("#stage-words")).to_contain_text("the loss is smaller")
        someone.page.fill("#batch-image", "7")
        expect(someone.page).to_have_url(re.compile("image=test%3A7"))
        assert someone.page.is_visible("#pipeline")
        someone.page.press("#batch-image", "ArrowUp")
        expect(someone.page.locator("#batch-image")).to_have_value("8")


def test_a_truth_is_that_of_one_image(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, "#view=backprop&image=test:100&truth=3") as someone:
        truth = someone.page.locator("#batch-truth")
        expect(truth).to_have_value("3")
        someone.page.click("#tab-draw")
        someone.page.click("#test-next")  # 101, a 0
        someone.page.click("#tab-backprop")
        expect(truth).to_have_value("0")
        someone.page.go_back()
        someone.page.go_back()
        expect(truth).to_have_value("3")  # as the address has it


@pytest.mark.parametrize("size", [(390, 844), (1366, 768), (3840, 2160)])
@pytest.mark.parametrize("stage", ["Z1", "W1", "after"])
def test_nothing_is_cut_off(
    browser: Browser, lab: Served, size: tuple[int, int], stage: str
) -> None:
    open_weight = "" if stage == "after" else "&weight=W1:300,5"
    with person(browser, lab.address, f"{HERE}&stage={stage}{open_weight}", size) as someone:
        someone.page.locator("#pipeline .current").wait_for()
        if open_weight:
            someone.page.locator("#chain-rows li").first.wait_for()
        assert someone.page.evaluate("document.documentElement.scrollWidth") <= size[0]
        if size[0] >= 1366:
            assert someone.page.evaluate(
                "document.documentElement.scrollHeight <= innerHeight && "
                "document.getElementById('backprop').scrollHeight <= "
                "document.getElementById('backprop').clientHeight"
            )
        spilt = someone.page.evaluate(
            """() => [...document.querySelectorAll("#backprop :is(button, select, h2, dd, dt, td, th, label)")]
              .filter(e => e.checkVisibility() && !e.closest("#pipeline"))
              .filter(e => e.getBoundingClientRect().right > innerWidth + 1
                || e.getBoundingClientRect().left < -1
                || e.getBoundingClientRect().right > e.closest("aside, article, section").getBoundingClientRect().right + 1)
              .map(e => e.id || e.textContent)"""
        )
        assert spilt == []


def test_every_control_has_a_name_and_explains_itself(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, HERE + "&stage=dW1&weight=W1:300,5&batch=2") as someone:
        someone.page.locator("#chain-rows li").first.wait_for()
        bad = someone.page.evaluate(
            """() => [...document.querySelectorAll("#backprop :is(button, select, input, canvas[tabindex])")]
              .filter(e => e.checkVisibility())
              .filter(e => !e.dataset.help || !(e.ariaLabel || e.labels?.length || e.textContent.trim()))
              .map(e => e.id || e.outerHTML)"""
        )
        assert bad == []
        someone.page.click("#explain")
        help = someone.page.locator("#help")
        for control in someone.page.locator("#backprop [data-help]:visible:enabled").all()[:60:3]:
            control.click(force=True)
            expect(help).to_be_visible()
            assert help.inner_text().endswith((".", ")."))


def test_a_spoilt_address_does_no_harm(browser: Browser, lab: Served) -> None:
    spoilt = "&stage=nowhere&truth=99&cost=none&rule=x&eta=fast&batch=x&of=-3&weight=Q:1&path=a,b"
    with person(browser, lab.address, HERE + spoilt) as someone:
        someone.says("backprop-error", re.compile("."))
        someone.page.evaluate("location.hash = '#view=backprop&image=test:100&weight=Q:1'")
        someone.says("chain-error", "There is no weight 'Q'")
        someone.page.select_option("#chain-layer", "b1")
        expect(someone.page.locator("#chain-name")).to_contain_text("∂J/∂b1[")


def test_what_a_stage_shows_is_taken_along(
    browser: Browser, lab: Served, home: Path, tmp_path: Path
) -> None:
    """Pictures of numbers as PNG, lists of them and the chart as SVG, each under its own name."""
    with person(browser, lab.address, f"{HERE}&stage=dW1") as someone:
        page = someone.page
        at(someone, "dW1")

        def taken(name: str) -> Path:
            figure = page.locator(f'[data-download="{name}"]')
            figure.hover()
            button = page.get_by_label(f"Download {name}", exact=True)
            expect(button).to_be_visible()
            with page.expect_download() as waiting:
                button.click()
            path = tmp_path / waiting.value.suggested_filename
            waiting.value.save_as(path)
            return path

        names = page.locator("#stage-parts figure").evaluate_all(
            "figures => figures.map(figure => figure.dataset.download)"
        )
        assert len(names) == len(set(names)) == 4
        weights = taken("dW1")
        assert weights.name == "small-dW1.png"
        with Image.open(weights) as picture:
            shown = np.asarray(picture.convert("RGB")).reshape(-1, 3)
        assert len(np.unique(shown, axis=0)) > 50
        biases = ET.parse(taken("dW1 db1"))
        words = [e.text for e in biases.iter("{http://www.w3.org/2000/svg}text")]
        _, step = own_step(load(home / "runs" / "small.safetensors"))
        told = [number(text or "") for text in words[2:36:3]]  # index, colour, number
        assert told == pytest.approx(step.gradients["b1"].tolist(), rel=1e-3, abs=1e-6)
        page.click("#step-last")
        at(someone, "after")
        assert taken("loss by rate").name == "small-loss-by-rate.svg"


def test_it_begins_with_an_image_that_there_is_something_to_learn_from(
    browser: Browser, lab: Served, home: Path
) -> None:
    """The server chooses one on which the model is unsure."""
    model = load(home / "runs" / "small.safetensors")
    name = str(unsure(model, 0).fields["image"])
    with person(browser, lab.address, "#view=backprop&model=runs/small.safetensors") as someone:
        page = someone.page
        page.click("#backprop-test")
        expect(page.locator("#batch-image")).to_have_value(name.removeprefix("test:"))
        assert model.judge(take_input(name).image[None]).max() < ENOUGH
        page.fill("#batch-image", "100")
        expect(page).to_have_url(re.compile("test%3A100"))
        page.get_by_role("button", name="Find an unsure one").click()
        expect(page.locator("#batch-image")).to_have_value(name.removeprefix("test:"))


def test_a_probability_that_is_not_calibrated_is_said_to_be(browser: Browser, lab: Served) -> None:
    """Draw and Why show it calibrated, where a model is."""
    with person(browser, lab.address, f"{HERE}&stage=A2") as someone:
        at(someone, "A2")
        expect(someone.page.locator("#stage-words")).not_to_contain_text("alibrated")
    told = backprop(load("reader"), take_input("test:18"), {}).fields["stages"]
    output = next(stage["id"] for stage in told if stage["title"].startswith("Output"))
    here = f"#view=backprop&model=reader&image=test:18&stage={output}"
    with person(browser, lab.address, here) as someone:
        someone.says("stage-words", "Not calibrated")


def test_the_last_stage_is_about_the_optimizers_own_step(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, f"{HERE}&stage=after&rule=adam") as someone:
        at(someone, "after")
        expect(someone.page.locator("#stage-formula")).to_have_text("J(new W) against J(W)")


def test_of_a_batch_it_is_said_which_row_is_seen(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, f"{HERE}&stage=Z2&batch=4&of=2") as someone:
        at(someone, "Z2")
        captions = someone.page.locator("#stage-parts figcaption")
        expect(captions.last).to_contain_text("4 × 10, row 3 of 4")
        assert captions.filter(has_text="W2").first.inner_text().count("row") == 0
