"""A picture of several digits, as a person brings it: drawn, dropped as a photo. Its numbers stand
beside the answer, and each digit can be looked at alone.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from digitscope.errors import ImageError
from digitscope.models.model import Model, load, save
from digitscope.models.prediction import Input, predict
from digitscope.network.network import Network
from digitscope.preparation import prepare
from digitscope.reader import Reader
from tests.lab.browsing import SIZES, THREE, Person, address_of, person
from tests.lab.served import Served, served, with_run
from tests.reading.composed import photographed, ruled, written

pytestmark = pytest.mark.needs_chromium
PAGE = Path(__file__).parents[2] / "examples" / "numbers.jpg"
FOUR = [[(20, 25), (12, 58), (40, 58)], [(33, 35), (33, 82)]]
TWO = [[(58, 38), (66, 27), (80, 32), (78, 50), (58, 80), (88, 80)]]

# Until it is known that a file holds no numbers either.
TRIED = """async () => {
  const { state } = await import("/state.js");
  for (let i = 0; i < 100 && state.unreadFile; i++) await new Promise((go) => setTimeout(go, 100));
}"""

# Questions about numbers go nowhere until `letGo` is called.
HELD = """() => {
  const send = WebSocket.prototype.send;
  let held = [];
  WebSocket.prototype.send = function (data) {
    const numbers = typeof data === "string" && JSON.parse(data).do === "numbers";
    if (held && (numbers || held.length % 2)) held.push([this, data]);
    else send.call(this, data);
  };
  window.letGo = () => {
    for (const [socket, data] of held) send.call(socket, data);
    held = null;
  };
}"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, small_run: Path) -> Path:
    folder = with_run(tmp_path_factory.mktemp("several"), small_run)
    save(Model(Network.initialize("784-16-2"), classes=(3, 8)), folder / "runs" / "two")
    return folder


@pytest.fixture
def reader(browser: Browser, lab: Served) -> Iterator[Person]:
    with person(browser, lab.address, "#model=reader") as someone:
        yield someone


def draw_42(someone: Person) -> None:
    for stroke in (*FOUR, *TWO):
        someone.draw(stroke, steps=3)


def digits(page: Page) -> Locator:
    return page.locator("#several .thumb")


@pytest.mark.parametrize("size", [(1366, 768), (800, 1000), (390, 844)])
def test_the_reading_stands_out_and_the_answer_for_one_digit_back(
    browser: Browser, lab: Served, size: tuple[int, int]
) -> None:
    """Until one digit is looked at: then the answer is about what one sees."""
    large = "element => parseFloat(getComputedStyle(element).fontSize)"
    with person(browser, lab.address, "#model=reader", size) as someone:
        page = someone.page
        page.locator("#pad").wait_for()
        page.set_input_files("#file", PAGE)
        expect(digits(page).first).to_be_visible(timeout=30_000)
        reading, answer = page.locator("#several-lines p b").first, page.locator("#digit")
        expect(page.locator(".as-one")).to_have_text("As one digit")
        expect(page.locator(".as-one")).to_be_visible()
        assert reading.evaluate(large) > answer.evaluate(large)
        below = answer.evaluate("e => e.getBoundingClientRect().bottom")
        sure = page.locator("#sure").bounding_box()
        assert sure
        assert sure["y"] > below - 4
        digits(page).nth(1).click()
        someone.reads(0)
        expect(page.locator(".as-one")).to_be_hidden()
        assert reading.evaluate(large) < answer.evaluate(large) / 2


def alone(page: Page) -> np.ndarray:
    """The image that the address has written out."""
    page.wait_for_url(re.compile("image=pixels"))
    text = re.search(r"image=pixels%3A([^&]*)", page.url)
    assert text
    return np.frombuffer(base64.urlsafe_b64decode(text[1] + "=="), np.uint8).reshape(28, 28)


def test_42_is_drawn_read_and_its_2_looked_at(reader: Person) -> None:
    draw_42(reader)
    reader.says("several-words", "2 digits, read as 42")
    expect(reader.page.locator("#several-lines p span")).to_have_text(re.compile(r"\d %$"))
    expect(reader.page.locator("#pad-boxes rect")).to_have_count(2)
    expect(reader.page.locator("#warnings")).to_be_empty()
    digits(reader.page).nth(1).click()
    reader.reads(2)
    assert predict(load("reader"), Input("alone", alone(reader.page))).digit == 2
    expect(digits(reader.page).nth(1)).to_have_attribute("aria-pressed", "true")
    expect(reader.page.locator("#pad-boxes rect")).to_have_count(0)
    reader.page.emulate_media(color_scheme="dark")  # the digits are painted anew
    expect(digits(reader.page).nth(1)).to_have_attribute("aria-pressed", "true")
    reader.page.reload()  # the digit, and what it was taken from
    reader.reads(2)
    reader.says("several-words", "read as 42")
    expect(digits(reader.page).nth(1)).to_have_attribute("aria-pressed", "true")
    reader.page.click("#tab-why")
    expect(reader.page.locator("#why-target")).to_be_visible()
    reader.says("why-says", "A digit of your drawing: read as 2")
    reader.page.click("#tab-draw")
    reader.page.click("#several-whole")
    expect(reader.page.locator("#pad-boxes rect")).to_have_count(2)
    expect(reader.page).to_have_url(re.compile("drawing=(?!.*image=)"))


def test_a_page_of_lines_is_dropped_and_its_digits_gone_through_by_key(reader: Person) -> None:
    page, read = reader.page, Reader().read(PAGE)
    page.set_input_files("#file", PAGE)
    reader.says("several-words", f"{len(read.digits)} digits in {len(read.lines)} lines")
    expect(page.locator("#several-lines p b")).to_have_text([line.text for line in read.lines])
    digits(page).first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    reader.reads(read.digits[1].text)
    np.testing.assert_array_equal(alone(page), read.digits[1].image)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    reader.reads(read.digits[2].text)
    page.reload()  # the tab has kept the file
    reader.says("several-words", f"{len(read.digits)} digits")
    page.click("#undo")
    expect(page.locator("#pad-boxes rect")).to_have_count(len(read.digits))
    expect(page).to_have_url(re.compile("image=file"))


@pytest.fixture
def pencil(tmp_path: Path) -> Path:
    """A pencil on squared paper: what prepares one digit finds no ink there."""
    size, pencil = (300, 420), tmp_path / "pencil.png"
    ink = written(["2048", "731"], 1, size=size).ink
    lines = ruled(size, 24, squared=True)
    page = photographed(ink, 1, darkness=0.3, ruling=lines, ruling_darkness=0.3, noise=8)
    Image.fromarray(page).save(pencil)
    with pytest.raises(ImageError, match="no ink found"):
        prepare(pencil)
    return pencil


@pytest.mark.parametrize("before", ["drawing", "page"])
def test_a_page_on_which_no_single_digit_is_found_is_read_all_the_same(
    reader: Person, pencil: Path, before: str
) -> None:
    if before == "page":
        reader.page.set_input_files("#file", PAGE)
        expect(digits(reader.page).first).to_be_visible(timeout=20_000)
    else:
        reader.draw(THREE)
        reader.reads(3)
    reader.page.set_input_files("#file", pencil)
    reader.says("several-words", "7 digits in 2 lines")
    expect(reader.page.locator("#pad-boxes rect")).to_have_count(7)
    expect(reader.page.locator("#read-error")).to_have_text("")
    expect(reader.page.locator("#digit")).to_have_text(" ")
    reader.page.reload()
    digits(reader.page).nth(2).click()
    reader.reads(4)
    reader.page.click("#several-whole")
    expect(reader.page.locator("#pad-boxes rect")).to_have_count(7)
    expect(reader.page.locator("#read-error")).to_have_text("")


def test_one_digit_has_no_numbers_beside_it(reader: Person) -> None:
    draw_42(reader)
    expect(digits(reader.page)).to_have_count(2)
    for _ in TWO:
        reader.page.click("#undo")
    reader.reads(4)
    expect(reader.page.locator("#several")).to_be_hidden()
    draw_42(reader)
    expect(reader.page.locator("#several")).to_be_visible()
    reader.page.click("#clear")
    expect(reader.page.locator("#several")).to_be_hidden()


@pytest.mark.parametrize("several", [True, False])
def test_a_file_that_cannot_be_read_takes_no_digits_away(
    reader: Person, tmp_path: Path, several: bool
) -> None:
    """Nor does it make several digits of one that the network is unsure of."""
    if several:
        draw_42(reader)
        expect(digits(reader.page)).to_have_count(2)
    else:
        reader.draw([(20, 30), (80, 30), (20, 70), (80, 70)])
        reader.page.locator(".bar.best").wait_for()
        reader.page.wait_for_timeout(800)
        expect(reader.page.locator("#several")).to_be_hidden()
    text = tmp_path / "list.txt"
    text.write_text("milk")
    reader.page.set_input_files("#file", text)
    reader.says("read-error", "list.txt")
    reader.page.evaluate(TRIED)
    reader.page.wait_for_timeout(1500)  # it is looked at again once the pen has rested
    expect(reader.page.locator("#several")).to_be_visible(visible=several)


@pytest.mark.parametrize("name", ["list.png", "empty.png", "list.txt", "blank.png"])
def test_over_a_page_of_digits_it_is_said_of_a_file_that_it_cannot_be_read(
    reader: Person, tmp_path: Path, name: str
) -> None:
    page, file = reader.page, tmp_path / name
    page.set_input_files("#file", PAGE)
    expect(digits(page).first).to_be_visible(timeout=20_000)
    boxes = page.locator("#pad-boxes rect").count()
    file.write_bytes(b"" if name == "empty.png" else b"milk, eggs")
    if name == "blank.png":
        Image.new("L", (200, 150), 250).save(file)
    page.set_input_files("#file", file)
    reader.says("read-error", name)
    page.evaluate(TRIED)
    page.wait_for_timeout(1000)
    reader.says("read-error", name)
    expect(page.locator("#pad-boxes rect")).to_have_count(boxes)
    digits(page).first.click()  # and it goes once one does something else
    expect(page.locator("#read-error")).to_have_text("")


def test_the_digits_of_a_picture_go_as_another_comes(reader: Person, pencil: Path) -> None:
    page = reader.page
    page.set_input_files("#file", PAGE)
    expect(digits(page).first).to_be_visible(timeout=20_000)
    page.evaluate(HELD)
    page.set_input_files("#file", PAGE.with_name("handwritten.jpg"))
    expect(page.locator("#several-words")).to_have_text("Reading the picture…")
    expect(page.locator("#pad-boxes rect")).to_have_count(0)
    expect(digits(page)).to_have_count(0)
    page.evaluate("letGo()")
    expect(page.locator("#several")).to_be_hidden()  # it has one digit
    page.set_input_files("#file", pencil)
    reader.says("several-words", "7 digits in 2 lines")
    page.evaluate(HELD)
    reader.draw(THREE)  # a drawing takes its place
    expect(page.locator("#several")).to_be_hidden()
    expect(page.locator("#pad-boxes rect")).to_have_count(0)


def test_of_a_first_picture_it_is_said_that_it_is_being_read(reader: Person) -> None:
    reader.page.locator("#pad").wait_for()
    reader.page.evaluate(HELD)
    reader.page.set_input_files("#file", PAGE)
    expect(reader.page.locator("#several-words")).to_have_text("Reading the picture…")
    reader.page.evaluate("letGo()")
    reader.says("several-words", "digits in")


def test_a_network_that_has_learned_reads_the_numbers_anew(reader: Person) -> None:
    """Its name is the same after a lesson, and it is chosen again."""
    draw_42(reader)
    expect(digits(reader.page)).to_have_count(2)
    reader.page.evaluate(
        """async () => {
          const [{ on, send }, { state }] = await Promise.all([import("/connection.js"), import("/state.js")]);
          window.told = 0;
          on("numbers", () => (window.told += 1));
          send({ do: "model", id: state.network.id });
        }"""
    )
    reader.page.wait_for_function("() => window.told === 1")


def test_nothing_is_asked_while_the_pen_moves(reader: Person) -> None:
    """However slow the machine is, the pen has rested before."""
    reader.page.locator("#pad").wait_for()
    reader.page.evaluate(
        """() => {
          window.rested = [];
          let moved = performance.now();
          addEventListener("pointermove", () => (moved = performance.now()), true);
          const send = WebSocket.prototype.send;
          WebSocket.prototype.send = function (data) {
            const asks = typeof data === "string" && JSON.parse(data).do === "numbers";
            if (asks) window.rested.push(performance.now() - moved);
            return send.call(this, data);
          };
        }"""
    )
    box = reader.page.locator("#pad").bounding_box()
    assert box
    for stroke in FOUR:
        reader.draw(stroke)
    reader.page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 60)
    reader.page.mouse.down()
    for i in range(30):
        reader.page.mouse.move(box["x"] + (0.6 + i / 120) * box["width"], box["y"] + 60 + 4 * i)
        reader.page.wait_for_timeout(50)
    reader.page.mouse.up()
    expect(digits(reader.page)).not_to_have_count(0)
    assert min(reader.page.evaluate("rested")) > 400


def test_a_network_in_training_reads_numbers_too(browser: Browser, tmp_path: Path) -> None:
    """Its answer is told again with every change of its weights: the pen rests all the same."""
    with served(tmp_path) as lab, person(browser, lab.address, address_of(epochs=2000)) as someone:
        someone.page.click("#play")
        someone.says("fact-epoch", re.compile(r"[3-9]"))
        someone.page.click("#try")
        draw_42(someone)
        expect(someone.page.locator("#several")).to_be_visible(timeout=20_000)
        expect(someone.page.locator("#several-notes li")).to_have_count(1)
        someone.page.click("#tab-train")
        expect(someone.page.locator("#stop")).to_be_enabled()
        someone.page.click("#stop")


def test_a_network_of_two_digits_says_why_it_reads_none(browser: Browser, lab: Served) -> None:
    with person(browser, lab.address, "#model=runs/two.safetensors") as someone:
        draw_42(someone)
        someone.says("several-words", "This network knows 3 and 8 alone")
        expect(digits(someone.page)).to_have_count(0)


@pytest.mark.parametrize("size", SIZES)
def test_the_numbers_fit(browser: Browser, lab: Served, size: tuple[int, int]) -> None:
    with person(browser, lab.address, "#model=reader", size=size) as someone:
        someone.page.set_input_files("#file", PAGE)
        expect(digits(someone.page).first).to_be_visible(timeout=20_000)
        wide, high = someone.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )
        assert wide <= size[0]
        assert high <= size[1] or size[0] < 500
        cut = "element => element.scrollWidth > element.clientWidth + 1"
        assert not someone.page.locator("#several").evaluate(cut)
