"""The matrix of mistakes and its images, as a person looks at them; every number that is shown is
compared with NumPy's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from digitscope.evaluation.evaluate import Evaluation
from tests.lab.browsing import SIZES, Person, person
from tests.lab.gallery import GOOD, cell_of, hardest, judging, pictures
from tests.lab.served import Served, with_run

pytestmark = pytest.mark.needs_chromium


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, good_run: Path) -> Path:
    return with_run(tmp_path_factory.mktemp("mistakes"), good_run)


@pytest.fixture
def someone(browser: Browser, lab: Served) -> Iterator[Person]:
    with judging(browser, lab) as here:
        yield here


def off_diagonal(judged: Evaluation) -> np.ndarray:
    return judged.matrix - np.diag(np.diag(judged.matrix))


def test_the_matrix_is_numpys(someone: Person, judged: Evaluation) -> None:
    someone.says("matrix-words", f"{judged.correct:,} of 10,000")
    shown = someone.page.locator("#matrix td button").all_inner_texts()
    assert [int(text or 0) for text in shown] == judged.matrix.ravel().tolist()
    recalls = someone.page.locator("#matrix td.share").all_inner_texts()
    for text, score in zip(recalls, judged.digits, strict=True):
        assert float(text.rstrip(" %")) == pytest.approx(100 * score.recall, abs=0.051)
    wrong = 10_000 - judged.correct
    someone.says("gallery-words", f"All {wrong} images")
    expect(someone.page.locator(".mistake")).to_have_count(60)
    surest = hardest(judged)
    assert pictures(someone) == [f"test:{i}" for i in surest[:60]]
    someone.page.click("#gallery-more")
    expect(someone.page.locator(".mistake")).to_have_count(120)
    assert pictures(someone) == [f"test:{i}" for i in surest[:120]]


def test_a_cell_is_clicked_and_its_images_are_seen(someone: Person, judged: Evaluation) -> None:
    off = off_diagonal(judged)
    truth, taken = (int(i) for i in np.unravel_index(off.argmax(), off.shape))
    count, total = int(off[truth, taken]), int(judged.matrix[truth].sum())
    cell_of(someone, truth, taken).click()
    names = ("zeros", "ones", "twos", "threes", "fours", "fives", "sixes", "sevens", "eights")
    said = f"{count} of the {total:,} {[*names, 'nines'][truth]} are taken for {taken}."
    someone.says("gallery-words", said)
    expect(someone.page.locator(".mistake")).to_have_count(count)
    labels, sure = judged.data.labels, judged.P.max(axis=1)
    rows = np.flatnonzero((labels == truth) & (judged.predicted == taken))
    rows = rows[np.argsort(-sure[rows], kind="stable")]
    assert pictures(someone) == [f"test:{i}" for i in rows]
    told = someone.page.locator(".mistake em").all_inner_texts()
    numbers = [float(re.sub(r"[^\d.]", "", text)) for text in told]
    assert numbers == pytest.approx(100 * sure[rows], abs=0.051)
    pixels = someone.page.locator(".mistake canvas").first.evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0)"
    )
    ink = judged.data.images[rows[0]].ravel()
    assert np.corrcoef(pixels, ink)[0, 1] < -0.999  # the more ink, the darker
    expect(someone.page).to_have_url(re.compile(f"cell={truth}%2C{taken}"))
    cell_of(someone, truth, taken).click()  # once more: all mistakes again
    someone.says("gallery-words", "All ")


def test_the_diagonal_shows_what_it_was_least_sure_of(someone: Person, judged: Evaluation) -> None:
    cell_of(someone, 6, 6).click()
    someone.says("gallery-words", "sixes are read rightly.")
    someone.says("gallery-order", "The least sure first.")
    sure = np.where((judged.predicted == 6) & (judged.data.labels == 6), judged.P.max(1), 2)
    expect(someone.page.locator(".mistake").first).to_have_attribute(
        "value", f"test:{sure.argmin()}"
    )


def test_rows_columns_and_chips_filter(someone: Person, judged: Evaluation) -> None:
    off = off_diagonal(judged)
    someone.page.click("#matrix th button[value='9,']")
    someone.says("gallery-words", f"{off[9].sum()} of the ")
    someone.page.click("#matrix th button[value=',3']")
    someone.says("gallery-words", f"{off[:, 3].sum()} images are taken for 3, and are not.")
    someone.page.click("#filters button:has-text('8')")
    someone.says("gallery-words", f"{off[8].sum()} of the ")
    someone.page.click("#filters button:has-text('All')")
    someone.says("gallery-words", f"All {off.sum()} images")


def test_the_keyboard_walks_the_matrix(someone: Person) -> None:
    someone.page.locator("#matrix td button[tabindex='0']").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Enter"):
        someone.page.keyboard.press(key)
    expect(someone.page).to_have_url(re.compile("cell=1%2C2"))
    expect(cell_of(someone, 1, 2)).to_be_focused()
    expect(cell_of(someone, 1, 2)).to_have_attribute("aria-pressed", "true")
    assert someone.page.locator("#matrix td button[tabindex='0']").count() == 1


def test_a_spoilt_address_does_no_harm(browser: Browser, lab: Served) -> None:
    for spoilt, what in (
        ("exhibit=test:99999", "test:0 to test:9999"),
        ("cell=12,x&amount=-3", "Truth must be a digit"),
    ):
        with person(browser, lab.address, f"{GOOD}&{spoilt}") as someone:
            someone.says("mistakes-error", what)
            cell_of(someone, 4, 9).click()
            someone.says("gallery-words", "taken for 9.")
            expect(someone.page.locator("#exhibit")).to_be_hidden()


def test_a_finger_opens_a_cell_and_an_image(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, GOOD, size=(390, 844), has_touch=True) as someone:
        cell_of(someone, 4, 9).tap()
        someone.says("gallery-words", "taken for 9.")
        someone.page.locator(".mistake").first.tap()
        expect(someone.page.locator("#exhibit .large")).to_be_in_viewport()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off(
    browser: Browser, lab: Served, size: tuple[int, int], scheme: str
) -> None:
    with person(browser, lab.address, f"{GOOD}&exhibit=test:9729", size, scheme) as someone:
        someone.page.locator(".as-seen .neighbour").first.wait_for()
        someone.page.locator(".mistake").first.wait_for()
        wide, high = someone.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )
        assert wide <= size[0]
        if size[0] > 600:
            assert high <= size[1]
            assert (
                someone.page.evaluate(
                    "(s => s.scrollHeight - s.clientHeight)(document.getElementById('mistakes'))"
                )
                <= 1
            )
        clipped = someone.page.evaluate(
            """[...document.querySelectorAll("#mistakes button, #mistakes p, #mistakes h2, #mistakes b")]
              .filter((e) => e.offsetParent && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0
                && getComputedStyle(e).display !== "inline")
              .map((e) => e.outerHTML.slice(0, 120))"""
        )
        assert clipped == []


def test_every_control_explains_itself(someone: Person) -> None:
    someone.page.locator(".mistake").first.click()
    someone.page.locator(".as-seen .neighbour").first.wait_for()
    buttons = someone.page.locator("#mistakes button")
    assert buttons.evaluate_all("all => all.filter((b) => !b.dataset.help).length") == 0
    someone.page.click("#explain")
    for place in ("#matrix td button", "#matrix th button", "#filters button", ".mistake",
                  ".through", ".neighbour", "#exhibit .close"):  # fmt: skip
        someone.page.locator(place).first.click(force=True)
        assert re.fullmatch(r".{15,}\.", someone.page.inner_text("#help")), place
    expect(someone.page.locator("#exhibit")).to_be_visible()  # nothing was done but explained
