"""One mistake as a person looks at it: what is like it, how the network sees it, whether its label is
doubtful.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from digitscope.data.mnist import load_mnist
from digitscope.evaluation.doubts import doubtful_labels
from digitscope.evaluation.evaluate import Evaluation
from digitscope.evaluation.nearest import nearest_images
from digitscope.models.model import Model, load
from tests.lab.browsing import Person
from tests.lab.gallery import hardest, judging, pictures
from tests.lab.served import Served, with_run

pytestmark = pytest.mark.needs_chromium


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, good_run: Path) -> Path:
    return with_run(tmp_path_factory.mktemp("exhibit"), good_run)


@pytest.fixture
def someone(browser: Browser, lab: Served) -> Iterator[Person]:
    with judging(browser, lab) as here:
        yield here


def test_an_image_and_what_is_like_it(someone: Person, model: Model, judged: Evaluation) -> None:
    number = int(hardest(judged)[3])
    someone.page.locator(".mistake").nth(3).click()
    panel = someone.page.locator("#exhibit")
    expect(panel.locator(".title")).to_have_text(f"Test image {number}")
    expect(panel.locator(".verdict b")).to_have_text(
        [str(judged.data.labels[number]), str(judged.predicted[number])]
    )
    widths = panel.locator(".chance i").evaluate_all(
        "bars => bars.map(bar => new DOMMatrix(getComputedStyle(bar).transform).a)"
    )
    assert widths == pytest.approx(judged.P[number], abs=1e-4)
    tops = panel.locator(".chance").evaluate_all("rows => rows.map(row => row.offsetTop)")
    assert (
        tops[:5] == tops[5:] == sorted(tops[:5])
    )  # read downwards: 0 to 4, and 5 to 9 beside them
    images, labels = load_mnist("train")
    found = nearest_images(judged.data.images[number][None], images, 10)
    near = panel.locator(".as-pixels .neighbour")
    expect(near).to_have_count(10)
    assert near.evaluate_all("all => all.map(one => one.value)") == [
        f"train:{i}" for i in found.indices[0]
    ]
    assert [int(t) for t in near.locator("b").all_inner_texts()] == labels[
        found.indices[0]
    ].tolist()
    distances = [float(t) for t in near.locator("em").all_inner_texts()]
    assert distances == pytest.approx(found.distances[0], abs=0.051)
    expect(panel.locator(".seen-words")).not_to_contain_text("so far", timeout=60_000)
    W, b = model.network.weights["W1"], model.network.weights["b1"]
    hidden = [
        np.maximum(x.reshape(len(x), -1) / np.float32(255) @ W + b, 0)
        for x in (images, judged.data.images[number][None])
    ]
    A, a = (h / np.linalg.norm(h, axis=1, keepdims=True) for h in hidden)
    seen = panel.locator(".as-seen .neighbour")
    expect(seen).to_have_count(10)
    cosine = [float(t) for t in seen.locator("em").all_inner_texts()]
    assert cosine == pytest.approx(np.sort(1 - A @ a[0])[:10], abs=6e-4)


def test_an_image_is_seen_through_the_network(someone: Person, judged: Evaluation) -> None:
    number = hardest(judged)[0]
    someone.page.locator(".mistake").first.click()
    someone.page.click("#exhibit .through")
    expect(someone.page.locator("#tab-draw")).to_have_attribute("aria-selected", "true")
    someone.reads(int(judged.predicted[number]))
    someone.says("answer-note", f"It is a {judged.data.labels[number]}: wrong.")
    expect(someone.page.locator("#test-number")).to_have_value(str(number))
    someone.page.click("#tab-mistakes")  # the image is still open
    someone.page.click("#exhibit .ask-why")
    expect(someone.page.locator("#tab-why")).to_have_attribute("aria-selected", "true")
    expect(someone.page).to_have_url(re.compile(f"image=test%3A{number}"))
    someone.page.click("#tab-mistakes")  # one of its neighbours
    neighbour = someone.page.locator(".as-pixels .neighbour").first
    name = neighbour.get_attribute("value")
    neighbour.click()
    assert name
    expect(someone.page.locator("#exhibit .title")).to_have_text(
        name.replace("train:", "Training image ")
    )
    someone.page.locator("#exhibit .verdict", has_text="trained on it").wait_for()
    someone.page.click("#exhibit .through")
    someone.says("answer-note", f"It is a {load_mnist('train').labels[int(name[6:])]}")
    assert not someone.page.inner_text("#read-error")


def test_doubtful_labels_are_marked_and_stay(someone: Person, judged: Evaluation) -> None:
    images, labels = load_mnist("test")
    witness = load("reader").probabilities
    doubts = doubtful_labels(images, judged.P, labels, load_mnist("train"), witness)
    assert [doubt.index for doubt in doubts] == [9729]
    someone.says("filters", f"Label doubtful: {len(doubts)}")
    marked = someone.page.locator(".mistake:has(small)")
    shown = {int(name[5:]) for name in pictures(someone)}
    expect(marked).to_have_count(len(shown & {doubt.index for doubt in doubts}))
    someone.page.click("#filters button:has-text('doubtful')")
    expect(someone.page.locator(".mistake")).to_have_count(len(doubts))
    someone.says(
        "gallery-words", "the model that ships and the nearest training images contradict it"
    )
    assert pictures(someone) == [f"test:{doubt.index}" for doubt in doubts]
    expect(marked.first.locator("small")).to_have_text("label doubtful")
    someone.page.locator(".mistake").first.click()
    words = someone.page.locator("#exhibit .doubt-words")
    expect(words).to_contain_text("sure of a 6, the model that ships")
    expect(words).to_contain_text("training images 9 are 6, 1 5.")


def test_a_reload_finds_cell_image_and_amount(someone: Person) -> None:
    someone.page.click("#gallery-more")
    expect(someone.page.locator(".mistake")).to_have_count(120)
    someone.page.locator(".mistake").nth(70).click()
    title = someone.page.locator("#exhibit .title").inner_text()
    someone.page.click("#exhibit .after")
    expect(someone.page.locator("#exhibit .title")).not_to_have_text(title)
    title = someone.page.locator("#exhibit .title").inner_text()
    someone.page.wait_for_timeout(400)  # addresses change seldom
    someone.page.reload()
    expect(someone.page.locator("#exhibit .title")).to_have_text(title)
    expect(someone.page.locator("#exhibit .as-pixels .neighbour")).to_have_count(10)
    expect(someone.page.locator(".mistake")).to_have_count(120)
    someone.page.keyboard.press("Tab")
    someone.page.locator("#exhibit .close").focus()
    someone.page.keyboard.press("Escape")
    expect(someone.page.locator("#exhibit")).to_be_hidden()
    assert someone.page.evaluate("document.activeElement.className") == "mistake"
