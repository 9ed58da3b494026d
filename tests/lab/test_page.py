"""The page as a person meets it: its size, its controls, its address, the models it finds."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.lab.browsing import ONE, SIZES, THREE, Person, person
from tests.lab.served import Served, served, with_run

pytestmark = pytest.mark.needs_chromium
EXPLAINED = "[data-help]:not(#explain):visible:enabled"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, good_run: Path) -> Path:
    return with_run(tmp_path_factory.mktemp("page"), good_run)


def test_back_goes_to_the_view_before(someone: Person) -> None:
    someone.draw(ONE)
    someone.reads(1)
    someone.page.click("#tab-train")
    someone.page.click("#tab-time")
    someone.page.go_back()
    expect(someone.page.locator("#tab-train")).to_have_attribute("aria-selected", "true")
    someone.page.go_back()
    expect(someone.page.locator("#draw")).to_be_visible()
    someone.reads(1)
    someone.page.click("#clear")  # no view of its own: there is nothing to go back to
    someone.page.go_back()
    assert someone.page.url == "about:blank"
    someone.page.go_forward()
    expect(someone.page.locator("#pad-hint")).to_be_visible()


def test_a_reload_at_once_finds_the_last_change(someone: Person) -> None:
    """The address is written with every change: a reload may follow in the same moment."""
    someone.page.evaluate(
        """() => {
          document.getElementById("steps-toggle").click();
          document.getElementById("test-next").click();
          document.getElementById("test-next").click();
          location.reload();
        }"""
    )
    expect(someone.page.locator("#steps-toggle")).to_have_attribute("aria-expanded", "true")
    expect(someone.page.locator("#test-number")).to_have_value("1")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off(
    browser: Browser, lab: Served, size: tuple[int, int], scheme: str
) -> None:
    fragment = "#image=test:100&neuron=2,3&steps=open"
    with person(browser, lab.address, fragment, size, scheme) as someone:
        someone.page.locator("#neuron .terms tr").first.wait_for()
        for view in ("draw", "train"):
            someone.page.click(f"#tab-{view}")
            assert someone.page.evaluate("document.documentElement.scrollWidth") <= size[0]
            if size[0] >= 1366:
                section = f"document.getElementById('{view}')"
                assert someone.page.evaluate(
                    f"document.documentElement.scrollHeight <= innerHeight"
                    f" && {section}.scrollHeight <= {section}.clientHeight"
                ), view
            cut = someone.page.evaluate(
                """() => [...document.querySelectorAll("button, select, h1, h2, dd, dt, td, th, label")]
                  .filter(e => e.checkVisibility() && !e.closest(".hidden-words, [role=tablist]"))
                  .filter(e => e.getBoundingClientRect().right > innerWidth + 1
                    || e.getBoundingClientRect().left < -1
                    || (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflow !== "visible"
                        && e.tagName !== "SELECT"))
                  .map(e => e.id || e.textContent)"""
            )
            assert cut == [], view


def test_every_control_has_a_name_and_explains_itself(someone: Person) -> None:
    someone.page.fill("#test-number", "3")
    someone.page.locator(".bar.best").first.click()
    someone.page.locator("#neuron .close").wait_for()
    for view in ("draw", "train"):
        someone.page.click(f"#tab-{view}")
        unexplained = someone.page.evaluate(
            """() => [...document.querySelectorAll("button, select, input, canvas[tabindex]")]
              .filter(e => e.checkVisibility() && !e.dataset.help).map(e => e.id || e.outerHTML)"""
        )
        assert unexplained == []
        nameless = someone.page.evaluate(
            """() => [...document.querySelectorAll("button, select, input, canvas[tabindex]")]
              .filter(e => e.checkVisibility() && !e.textContent.trim() && !e.getAttribute("aria-label")
                && !document.querySelector(`label[for="${e.id}"]`) && !e.closest("label"))
              .map(e => e.id || e.outerHTML)"""
        )
        assert nameless == []
        someone.page.click("#explain")
        sentences = []
        for control in someone.page.locator(EXPLAINED).all():
            control.click(force=True)
            sentences.append(someone.page.inner_text("#help"))
            assert re.fullmatch(r".{15,}\.", sentences[-1]), control.evaluate("e => e.outerHTML")
        assert someone.page.is_visible(f"#{view}")  # nothing was done but explained
        someone.page.click("#explain")
        assert len(set(sentences)) > 8


def test_an_empty_folder_has_a_network_and_a_way_to_ones_own(
    browser: Browser, tmp_path: Path
) -> None:
    with served(tmp_path) as lab, person(browser, lab.address) as someone:
        someone.draw(THREE)
        someone.reads(3)
        expect(someone.page.locator("#model")).to_have_value("reader")
        expect(someone.page.locator("#no-model")).to_contain_text("about a second")
        someone.page.click("#train-first")
        expect(someone.page.locator("#model")).to_have_value("runs/speedrun-98", timeout=60_000)
        expect(someone.page.locator("#no-model")).to_be_hidden()
        someone.page.locator(".bar.best").wait_for()
        assert (tmp_path / "runs" / "speedrun-98" / "recipe.toml").exists()


def test_a_model_that_cannot_be_read_is_said_and_another_reads(
    browser: Browser, tmp_path: Path, small_run: Path
) -> None:
    """The newest run is damaged, another is deleted while the page lists it, and the address asks
    for a third that never was.
    """
    for name in ("good", "gone", "spoilt"):
        with_run(tmp_path, small_run, name)
    (tmp_path / "runs" / "spoilt" / "weights" / "best.safetensors").write_bytes(b"milk, eggs")
    with served(tmp_path) as lab:
        with person(browser, lab.address) as someone:
            someone.says("model-words", "spoilt")
            model = someone.page.locator("#model")
            expect(model).to_have_value(re.compile("^runs/go"))
            someone.draw(ONE)
            someone.page.locator(".bar.best").wait_for()
            someone.page.select_option("#model", "runs/good")
            expect(someone.page).to_have_url(re.compile("model=runs%2Fgood"))
            shutil.rmtree(tmp_path / "runs" / "gone")
            someone.page.select_option("#model", "runs/gone")
            someone.says("model-words", "is not there any more")
            expect(model).to_have_value("runs/good")
            someone.page.locator(".bar.best").wait_for()
            someone.page.select_option("#model", "runs/spoilt")
            someone.says("model-words", "spoilt")
            expect(model).to_have_value("runs/good")
        with person(browser, lab.address, "#model=runs/never") as someone:
            someone.says("model-words", "runs/never")
            expect(someone.page.locator("#model")).to_have_value("runs/good")


def test_a_control_is_explained_to_who_hears_the_page(someone: Person) -> None:
    someone.page.focus("#clear")
    expect(someone.page.locator("#clear")).to_have_accessible_description("Empties the pad.")


def test_a_spoilt_address_does_no_harm(browser: Browser, lab: Served) -> None:
    fragment = "#view=nowhere&model=runs/none&drawing=%%%&neuron=9,99999&image=&recipe=none"
    with person(browser, lab.address, fragment) as someone:
        someone.draw(ONE)
        someone.reads(1)
