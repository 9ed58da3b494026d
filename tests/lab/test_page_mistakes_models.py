"""The mistakes of networks of other kinds, and of one that is in training."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from digitscope.data.mnist import load_mnist
from digitscope.data.splits import keep_digits
from digitscope.evaluation.evaluate import evaluate
from digitscope.models.model import Model, load, save
from digitscope.network.network import Network
from digitscope.training.train import train
from tests.lab.browsing import Person, person
from tests.lab.gallery import cell_of, judging
from tests.lab.served import Served, opened, served, with_run

pytestmark = pytest.mark.needs_chromium


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, good_run: Path) -> Path:
    """A good network, one of two digits with one output, one without mistakes, one that refuses."""
    folder = with_run(tmp_path_factory.mktemp("mistakes"), good_run)
    train("lesson", name="pair", digits=(3, 8), epochs=1, folder=folder / "runs")
    save(by_heart((0, 1)), folder / "runs" / "perfect")
    save(refusing(), folder / "runs" / "refusing")
    return folder


def by_heart(digits: tuple[int, int]) -> Model:
    """A network without a mistake: it has learnt the test images themselves, by the perceptron's
    rule.
    """
    images, labels = keep_digits(load_mnist("test"), digits)
    network = Network.initialize("784-2")
    W, b = network.weights["W1"], network.weights["b1"]
    while len(wrong := np.flatnonzero(network.logits(images).argmax(axis=1) != labels)):
        for x, y in zip(images[wrong].reshape(-1, 784) / 255, labels[wrong], strict=True):
            W[:, y] += x
            W[:, 1 - y] -= x
            b[y] += 1
            b[1 - y] -= 1
    return Model(network, digits)


def refusing() -> Model:
    """Feature maps that take seconds for the test set, and refuse about half of it."""
    network = Network.initialize("28x28-8c5-p2-8c5-11")
    Z = network.logits(load_mnist("test").images[:500])
    rest = np.log(np.exp(Z[:, :10]).sum(axis=1))
    network.weights["b3"][10] = np.median(rest - Z[:, 10])
    return Model(network)


@pytest.fixture
def someone(browser: Browser, lab: Served) -> Iterator[Person]:
    with judging(browser, lab) as here:
        yield here


def test_another_model_two_digits_and_none_wrong(someone: Person, home: Path) -> None:
    page = someone.page
    page.locator(".mistake").first.click()
    page.select_option("#model", "runs/pair")
    pair = evaluate(load(home / "runs" / "pair"))
    someone.says("matrix-words", "test images of 3 and 8 right")
    shown = page.locator("#matrix td button").all_inner_texts()
    assert [int(text or 0) for text in shown] == pair.matrix.ravel().tolist()
    expect(page.locator("#filters button")).to_have_count(4)
    expect(page.locator("#exhibit .chance")).to_have_count(2)
    someone.page.locator("#exhibit .verdict", has_text="knows 3 and 8 alone").wait_for()
    page.click("#exhibit .close")
    page.select_option("#model", "runs/perfect.safetensors")
    someone.says("matrix-words", "All 2,115 test images of 0 and 1 are read rightly.")
    someone.says("gallery-words", "No mistakes. Click the diagonal")
    expect(page.locator(".mistake")).to_have_count(0)
    cell_of(someone, 1, 1).click()
    someone.says("gallery-words", "1,135 of the 1,135 ones are read rightly.")
    page.locator(".mistake").first.click()  # without a hidden layer it sees the pixels
    expect(page.locator("#exhibit .seen-words")).to_contain_text("no hidden layer")


def assert_one_count(someone: Person) -> None:
    """The words count what stands beside the matrix's diagonal, refused images among it."""
    words, cells, gallery = someone.page.evaluate(
        """() => [document.getElementById("matrix-words").textContent,
          [...document.querySelectorAll("#matrix td button")].map(({ value, textContent }) => [value, Number(textContent)]),
          document.getElementById("gallery-words").textContent]"""
    )
    places = [(value.split(","), count) for value, count in cells]
    found = re.search(r"([\d,]+) wrong, ([\d,]+) of them refused as not a digit", words)
    assert found, words
    told = [int(count.replace(",", "")) for count in found.groups()]
    assert told[0] == sum(count for (truth, taken), count in places if truth != taken)
    assert gallery in ("", "…", f"All {told[0]:,} images that were not read rightly.")
    assert told[1] == sum(count for (_, taken), count in places if taken == "10")


def test_a_network_that_refuses_is_judged_while_one_watches(
    browser: Browser, lab: Served, home: Path
) -> None:
    """Feature maps, and a column for what is no digit."""
    model = load(home / "runs" / "refusing.safetensors")
    fragment = "#view=mistakes&model=runs/refusing.safetensors"
    with person(browser, lab.address, fragment) as someone:
        someone.says("matrix-words", re.compile("read so far|refused"), timeout=10_000)
        assert_one_count(someone)
        someone.says("matrix-words", "refused or not", timeout=120_000)
        assert_one_count(someone)
        expect(someone.page.locator("#matrix thead, #matrix tr").first).to_contain_text("none")
        P = model.judge(load_mnist("test").images)
        labels, refused = load_mnist("test").labels, P[:, 10] > 0.5
        someone.page.click("#matrix th button[value=',10']")
        someone.says("gallery-words", "images are refused as not a digit.")
        assert someone.page.inner_text("#gallery-words").startswith(f"{refused.sum():,} images")
        right = ((P[:, :10].argmax(axis=1) == labels) & ~refused).sum()
        someone.says("matrix-words", f"{right:,} of 10,000")
        likeliest = (P[:, :10].argmax(axis=1) == labels).mean()
        someone.says("matrix-words", "refused or not, as the menu above and a recipe's")
        someone.says("matrix-words", f"count: {likeliest:.2%}.".replace("%", " %"))
        someone.page.locator(".mistake").first.click()
        expect(someone.page.locator("#exhibit .chance")).to_have_count(11)
        expect(someone.page.locator("#exhibit .verdict")).to_contain_text("none")
        expect(someone.page.locator("#exhibit .seen-words")).to_contain_text("so far")


def test_a_network_in_training_is_judged_again_and_again(
    browser: Browser, tmp_path: Path, small_run: Path
) -> None:
    fragment = "#view=mistakes&model=runs/small"
    with served(with_run(tmp_path, small_run)) as lab, opened(lab) as page:
        page.say("resume", run="runs/small", more_epochs=500)
        page.hear_event("epoch_ended")
        with person(browser, lab.address, fragment) as someone:
            someone.says("matrix-words", "In training, at this moment:")
            first = someone.page.inner_text("#matrix")
            expect(someone.page.locator("#matrix")).not_to_have_text(first, timeout=30_000)
            someone.page.click("#filters button:has-text('doubtful')")
            someone.says("gallery-words", "when the training has ended")
            page.say("stop")
            expect(someone.page.locator("#matrix-words")).not_to_contain_text(
                "In training", timeout=30_000
            )
            counts = evaluate(load(tmp_path / "runs" / "small")).matrix.ravel().tolist()
            shown = someone.page.locator("#matrix td button").all_inner_texts()
            assert [int(text or 0) for text in shown] == counts
