"""The mistakes as a person looks at them; every number that is shown is compared with NumPy's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, expect

from digitscope.data.mnist import load_mnist
from digitscope.data.splits import keep_digits
from digitscope.evaluation.doubts import doubtful_labels
from digitscope.evaluation.evaluate import Evaluation, evaluate
from digitscope.evaluation.nearest import nearest_images
from digitscope.models.model import Model, load, save
from digitscope.network.network import Network
from digitscope.training.train import train
from tests.lab.browsing import SIZES, Person, person
from tests.lab.served import Served, opened, served, with_run

pytestmark = pytest.mark.needs_chromium
GOOD = "#view=mistakes&model=runs/speedrun-98"


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


@pytest.fixture(scope="module")
def judged(model: Model) -> Evaluation:
    return evaluate(model)


@pytest.fixture
def someone(browser: Browser, lab: Served) -> Iterator[Person]:
    with person(browser, lab.address, GOOD) as here:
        here.says("matrix-words", "right")
        yield here


def cell_of(someone: Person, truth: int, taken: int) -> Locator:
    return someone.page.locator(f"#matrix td button[value='{truth},{taken}']")


def gallery(someone: Person) -> list[str]:
    """The names of the images that are shown."""
    return someone.page.locator(".mistake").evaluate_all("all => all.map(one => one.value)")


def off_diagonal(judged: Evaluation) -> np.ndarray:
    return judged.matrix - np.diag(np.diag(judged.matrix))


def test_the_matrix_is_numpys(someone: Person, judged: Evaluation) -> None:
    someone.says("matrix-words", f"{judged.correct:,} of 10,000".replace(",", "\u2009"))
    shown = someone.page.locator("#matrix td button").all_inner_texts()
    assert [int(text or 0) for text in shown] == judged.matrix.ravel().tolist()
    recalls = someone.page.locator("#matrix td.share").all_inner_texts()
    for text, score in zip(recalls, judged.digits, strict=True):
        assert float(text.rstrip(" %")) == pytest.approx(100 * score.recall, abs=0.051)
    wrong = 10_000 - judged.correct
    someone.says("gallery-words", f"All {wrong} images")
    expect(someone.page.locator(".mistake")).to_have_count(60)
    hardest = evaluate_hardest(judged)
    assert gallery(someone) == [f"test:{i}" for i in hardest[:60]]
    someone.page.click("#gallery-more")
    expect(someone.page.locator(".mistake")).to_have_count(120)
    assert gallery(someone) == [f"test:{i}" for i in hardest[:120]]


def evaluate_hardest(judged: Evaluation) -> np.ndarray:
    """Numbers of the wrong answers, the surest first."""
    sure = judged.P.max(axis=1)
    wrong = np.flatnonzero(judged.predicted != judged.data.labels)
    return wrong[np.argsort(-sure[wrong], kind="stable")]


def test_a_cell_is_clicked_and_its_images_are_seen(someone: Person, judged: Evaluation) -> None:
    off = off_diagonal(judged)
    truth, taken = (int(i) for i in np.unravel_index(off.argmax(), off.shape))
    count, total = int(off[truth, taken]), int(judged.matrix[truth].sum())
    cell_of(someone, truth, taken).click()
    names = ("zeros", "ones", "twos", "threes", "fours", "fives", "sixes", "sevens", "eights")
    said = f"{count} of the {total:,} {[*names, 'nines'][truth]} are taken for {taken}."
    someone.says("gallery-words", said.replace(",", "\u2009"))
    expect(someone.page.locator(".mistake")).to_have_count(count)
    labels, sure = judged.data.labels, judged.P.max(axis=1)
    rows = np.flatnonzero((labels == truth) & (judged.predicted == taken))
    rows = rows[np.argsort(-sure[rows], kind="stable")]
    assert gallery(someone) == [f"test:{i}" for i in rows]
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


def test_an_image_and_what_is_like_it(someone: Person, model: Model, judged: Evaluation) -> None:
    number = int(evaluate_hardest(judged)[3])
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
    number = evaluate_hardest(judged)[0]
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


def test_doubtful_labels_are_marked_and_stay(
    someone: Person, model: Model, judged: Evaluation
) -> None:
    images, labels = load_mnist("test")
    doubts = doubtful_labels(images, judged.P, labels, load_mnist("train"))
    assert doubts
    someone.says("filters", f"Label doubtful: {len(doubts)}")
    marked = someone.page.locator(".mistake:has(small)")
    shown = {int(name[5:]) for name in gallery(someone)}
    expect(marked).to_have_count(len(shown & {doubt.index for doubt in doubts}))
    expect(marked.first.locator("small")).to_have_text("label doubtful")
    someone.page.click("#filters button:has-text('doubtful')")
    expect(someone.page.locator(".mistake")).to_have_count(len(doubts))
    assert gallery(someone) == [f"test:{doubt.index}" for doubt in doubts]
    someone.page.locator(".mistake").first.click()
    expect(someone.page.locator("#exhibit .doubt-words")).to_have_text(
        doubts[0].reason(model.classes)
    )


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
    someone.says("matrix-words", "All 2\u2009115 test images of 0 and 1 are read rightly.")
    someone.says("gallery-words", "No mistakes. Click the diagonal")
    expect(page.locator(".mistake")).to_have_count(0)
    cell_of(someone, 1, 1).click()
    someone.says("gallery-words", "1\u2009135 of the 1\u2009135 ones are read rightly.")
    page.locator(".mistake").first.click()  # without a hidden layer it sees the pixels
    expect(page.locator("#exhibit .seen-words")).to_contain_text("no hidden layer")


def test_a_network_that_refuses_is_judged_while_one_watches(
    browser: Browser, lab: Served, home: Path
) -> None:
    """Feature maps, and a column for what is no digit."""
    model = load(home / "runs" / "refusing.safetensors")
    fragment = "#view=mistakes&model=runs/refusing.safetensors"
    with person(browser, lab.address, fragment) as someone:
        someone.says("matrix-words", re.compile("read so far|refused"), timeout=10_000)
        someone.says("matrix-words", "refused as no digit", timeout=120_000)
        P = model.judge(load_mnist("test").images)
        labels, refused = load_mnist("test").labels, P[:, 10] > 0.5
        someone.page.click("#matrix th button[value=',10']")
        someone.says("gallery-words", "images are refused as no digit.")
        words = re.sub(r"\s(?=\d)", "", someone.page.inner_text("#gallery-words"))
        assert words.startswith(f"{refused.sum()} images")
        right = ((P[:, :10].argmax(axis=1) == labels) & ~refused).sum()
        someone.says("matrix-words", f"{right:,} of 10,000".replace(",", "\u2009"))
        someone.page.locator(".mistake").first.click()
        expect(someone.page.locator("#exhibit .chance")).to_have_count(11)
        expect(someone.page.locator("#exhibit .verdict")).to_contain_text("no digit")
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


def test_a_spoilt_address_does_no_harm(browser: Browser, lab: Served) -> None:
    for spoilt, what in (
        ("exhibit=test:99999", "test:0 to test:9999"),
        ("cell=12,x&amount=-3", "truth must be a digit"),
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
    with person(browser, lab.address, f"{GOOD}&exhibit=test:2654", size, scheme) as someone:
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
