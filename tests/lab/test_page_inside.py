"""Looking inside, as a person does: what is shown of a neuron is the NumPy engine's own numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from digitscope.inside.trace import trace
from digitscope.models.model import Model, load
from digitscope.models.prediction import predict, take_input
from digitscope.training.train import train
from tests.lab.browsing import THREE, Person, person
from tests.lab.served import Served, with_run

pytestmark = pytest.mark.needs_chromium
DENSE = "#model=runs/speedrun-98"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, good_run: Path) -> Path:
    """A folder with a good network of neurons, and a small one of feature maps."""
    folder = with_run(tmp_path_factory.mktemp("inside"), good_run)
    train("cnn", hidden="4c5-p2", train=500, epochs=1, folder=folder / "runs")
    return folder


@pytest.fixture
def someone(browser: Browser, lab: Served) -> Iterator[Person]:
    """A person before the network of neurons."""
    with person(browser, lab.address, DENSE) as here:
        here.page.locator("#pad").wait_for()
        yield here


def test_a_neurons_arithmetic_is_numpys(browser: Browser, lab: Served, model: Model) -> None:
    steps = trace(model.network, take_input("test:100").image)
    z, a = steps[1].output, steps[2].output
    neuron = int(a.argmax())
    with person(browser, lab.address, f"{DENSE}&image=test:100&neuron=1,{neuron}") as someone:
        rows = someone.page.locator("#neuron tbody tr")
        expect(rows).to_have_count(12)
        cells = rows.evaluate_all(
            "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
        )
        numbers = [[_number(text) for text in row[1:] if text] for row in cells]
        w = model.network.weights["W1"][:, neuron]
        for name, (x, weight, product) in zip(
            [row[0] for row in cells[:8]], numbers[:8], strict=True
        ):
            r, c = (int(k) for k in re.findall(r"\d+", name))
            assert x == pytest.approx(steps[0].output[28 * r + c], abs=6e-4)
            assert weight == pytest.approx(w[28 * r + c], abs=6e-4)
            assert product == pytest.approx(steps[0].output[28 * r + c] * w[28 * r + c], abs=6e-4)
        assert sum(row[-1] for row in numbers[:10]) == pytest.approx(z[neuron], abs=6e-3)
        assert [numbers[10][0], numbers[11][0]] == pytest.approx([z[neuron], a[neuron]], abs=6e-4)
        expect(someone.page.locator(".thumb")).to_have_count(9, timeout=30_000)
        someone.page.locator(".thumb").first.click()
        expect(someone.page).to_have_url(re.compile(r"image=test%3A(?!100)\d+"))


def _number(text: str) -> float:
    return float(text.replace("−", "-"))


# How many pixels of the network are clearly blue, and how light its paper is: [n, 0 to 255].
SEEN = """() => {
  const canvas = document.getElementById("network");
  const { width, height } = canvas;
  const copy = Object.assign(document.createElement("canvas"), { width, height });
  const pen = copy.getContext("2d");
  pen.fillStyle = getComputedStyle(document.body).backgroundColor;
  pen.fillRect(0, 0, copy.width, copy.height);
  pen.drawImage(canvas, 0, 0);
  const { data } = pen.getImageData(0, 0, copy.width, copy.height);
  let blue = 0;
  for (let i = 0; i < data.length; i += 4) blue += data[i + 2] - data[i] > 60;
  return [blue, data[0]];
}"""


def test_the_network_is_lit_by_what_is_drawn_in_the_colours_of_the_page(someone: Person) -> None:
    def seen() -> list[int]:
        found: list[int] = someone.page.evaluate(SEEN)
        return found

    def comes(what: Callable[[list[int]], bool]) -> None:
        for _ in range(50):
            if what(seen()):
                return
            someone.page.wait_for_timeout(200)
        raise AssertionError(seen())

    unlit = seen()
    assert unlit[0] < 20
    assert unlit[1] > 200
    someone.draw(THREE)
    comes(lambda now: now[0] > 300)
    someone.page.emulate_media(color_scheme="dark")
    comes(lambda now: now[0] > 300 and now[1] < 60)
    someone.page.click("#clear")
    comes(lambda now: now[0] < 20)


def test_a_click_opens_a_neuron_and_escape_closes_it(someone: Person) -> None:
    someone.page.fill("#test-number", "3")
    someone.page.locator(".bar.best").wait_for()
    someone.page.locator("#network").focus()
    someone.page.keyboard.press("PageUp")  # from the output to the hidden layer
    expect(someone.page.locator("#tip")).to_contain_text("hidden neuron 0")
    someone.page.keyboard.press("ArrowRight")
    someone.page.keyboard.press("Enter")
    expect(someone.page.locator("#neuron .title")).to_have_text("Hidden neuron 1")
    someone.page.keyboard.press("Escape")
    expect(someone.page.locator("#neuron")).to_be_hidden()
    expect(someone.page.locator("#tip")).to_be_hidden()  # the network has moved from under it
    someone.page.locator(".bar").nth(4).click()
    expect(someone.page.locator("#neuron .title")).to_have_text("Output 4")
    box = someone.page.locator("#network").bounding_box()
    assert box
    someone.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(someone.page.locator("#neuron .title")).to_contain_text("Hidden neuron")
    someone.page.click("#neuron .close")
    expect(someone.page.locator("#neuron")).to_be_hidden()


def test_nothing_moves_when_images_come(browser: Browser, lab: Served) -> None:
    """The × stays under the mouse while the test images are looked through; the button for the
    picture of the network covers none of its columns' names.
    """
    with person(browser, lab.address, "#image=test:100&neuron=2,3&model=reader") as someone:
        close = someone.page.locator("#neuron .close")
        someone.says("neuron", "Looking through the test images")
        before = close.bounding_box()
        someone.page.locator("#neuron button.thumb").first.wait_for(timeout=30_000)
        assert close.bounding_box() == before
        network = someone.page.locator("#network").bounding_box()
        button = someone.page.locator("#stage-frame > .download").bounding_box()
        assert network
        assert button
        assert button["y"] >= network["y"] + network["height"]
        chosen = someone.page.locator("#model option:checked")
        expect(chosen).to_have_text(re.compile(r"^reader · \d\d\.\d\d % · shipped$"))


def test_another_model_with_feature_maps(someone: Person, home: Path) -> None:
    someone.page.fill("#test-number", "7")
    someone.page.locator(".bar.best").wait_for()
    someone.page.select_option("#model", "runs/cnn")
    someone.reads(predict(load(home / "runs" / "cnn"), "test:7").digit)
    expect(someone.page).to_have_url(re.compile("model=runs%2Fcnn"))
    box = someone.page.locator("#network").bounding_box()
    assert box
    titles = set()
    for part in range(20, 100, 2):  # across the columns, a little above the middle
        someone.page.mouse.click(
            box["x"] + part / 100 * box["width"], box["y"] + 0.45 * box["height"]
        )
        someone.page.wait_for_timeout(30)
        titles |= (
            {someone.page.inner_text("#neuron .title")}
            if someone.page.is_visible("#neuron")
            else set()
        )
        if someone.page.is_visible("#neuron"):
            someone.page.click("#neuron .close")
    kinds = {title.split()[0] for title in titles}
    assert {"Map", "Pooled"} <= kinds
