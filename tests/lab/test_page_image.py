"""Images as a person gives them: by number, as a file, dropped, pasted. What is answered is what Python
answers.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from digitscope.lab.message import MOST_BYTES
from digitscope.models.model import Model
from digitscope.models.prediction import predict, take_input
from tests.lab.browsing import ONE, PIXELS, THREE, Person, person
from tests.lab.served import Served, with_run

pytestmark = pytest.mark.needs_chromium
# What the server says is heard half a second after it has come.
LATE = """Object.defineProperty(WebSocket.prototype, "onmessage", {
  set(hear) { this.addEventListener("message", (event) => setTimeout(() => hear(event), 500)); },
});"""
PHOTO = Path(__file__).parents[2] / "examples" / "handwritten.jpg"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, good_run: Path) -> Path:
    return with_run(tmp_path_factory.mktemp("images"), good_run)


@pytest.mark.parametrize("number", [0, 100, 9999])
def test_a_test_image_is_answered_as_by_python(someone: Person, model: Model, number: int) -> None:
    someone.page.fill("#test-number", str(number))
    expected = predict(model, f"test:{number}")
    someone.reads(expected.digit)
    bars = someone.page.locator(".bar i").evaluate_all(
        "bars => bars.map(bar => new DOMMatrix(getComputedStyle(bar).transform).a)"
    )
    assert bars == pytest.approx(expected.probabilities, abs=1e-4)
    someone.says("answer-note", f"It is a {take_input(f'test:{number}').label}")


def test_test_images_are_leafed_through(someone: Person) -> None:
    someone.page.fill("#test-number", "9998")
    someone.page.click("#test-next")
    someone.page.click("#test-next")  # there is no image 10000
    expect(someone.page.locator("#test-number")).to_have_value("9999")
    someone.page.click("#test-back")
    expect(someone.page.locator("#test-number")).to_have_value("9998")
    someone.draw(ONE)  # a drawing takes the image's place
    someone.reads(1)
    expect(someone.page.locator("#test-number")).to_have_value("")


def test_a_photograph_is_opened_and_its_steps_are_shown(someone: Person, model: Model) -> None:
    someone.page.set_input_files("#file", PHOTO)
    expected = predict(model, PHOTO)
    someone.reads(expected.digit)
    someone.page.click("#steps-toggle")
    expect(someone.page.locator("#steps-list button")).to_have_count(9)
    someone.page.click("#steps-list button:has-text('polarity')")
    steps = take_input(PHOTO).preparation
    assert steps
    explanation = next(step.explanation for step in steps.steps if step.name == "polarity")
    expect(someone.page.locator("#steps-words")).to_have_text(explanation)
    someone.page.reload()  # the tab has kept the file
    someone.reads(expected.digit)
    expect(someone.page.locator("#steps-list button")).to_have_count(9)


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_an_image_is_dropped_or_pasted(someone: Person, model: Model, way: str) -> None:
    page = np.full((120, 100), 250, np.uint8)
    page[20:100, 46:54] = 20
    png = io.BytesIO()
    Image.fromarray(page).save(png, "PNG")
    expected = predict(model, png.getvalue())
    someone.page.evaluate(
        """([way, bytes]) => {
          const carried = new DataTransfer();
          carried.items.add(new File([new Uint8Array(bytes)], "one.png", { type: "image/png" }));
          const options = { bubbles: true, cancelable: true };
          document.body.dispatchEvent(way === "drop"
            ? new DragEvent("drop", { ...options, dataTransfer: carried })
            : new ClipboardEvent("paste", { ...options, clipboardData: carried }));
        }""",
        [way, list(png.getvalue())],
    )
    someone.reads(expected.digit)


def test_what_is_no_image_is_said_in_one_line(someone: Person, tmp_path: Path) -> None:
    (tmp_path / "list.png").write_bytes(b"milk, eggs")
    someone.page.set_input_files("#file", tmp_path / "list.png")
    someone.says("read-error", "list.png")
    expect(someone.page.locator("#digit")).to_have_text(" ")
    someone.draw(ONE)  # and the page goes on
    someone.reads(1)
    expect(someone.page.locator("#read-error")).to_have_text("")


def test_what_reads_a_pdf_is_said(someone: Person, tmp_path: Path) -> None:
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.4\n%\xe2\xe3\n")
    someone.page.set_input_files("#file", tmp_path / "scan.pdf")
    someone.says("read-error", "scan.pdf: this is a PDF, expected an image; try `digitscope read`")


def test_a_file_that_cannot_be_read_takes_nothing_away(someone: Person, tmp_path: Path) -> None:
    """The strokes stay strokes, the answer stays, and the server has the drawing in mind."""
    someone.draw(THREE)
    someone.reads(3)
    someone.draw([(20, 90), (24, 90)])
    expect(someone.page).to_have_url(re.compile("drawing=.{40}"))
    before, sure = someone.page.evaluate(PIXELS), someone.page.inner_text("#sure")
    (tmp_path / "list.png").write_bytes(b"milk, eggs")
    someone.page.set_input_files("#file", tmp_path / "list.png")
    someone.says("read-error", "list.png")
    someone.reads(3)
    expect(someone.page.locator("#sure")).to_have_text(sure)
    assert someone.page.evaluate(PIXELS) == before
    assert "image=" not in someone.page.url
    someone.page.click("#steps-toggle")
    expect(someone.page.locator("#steps-list button")).to_have_count(9)
    someone.says("read-error", "list.png")
    someone.page.click("#undo")
    expect(someone.page.locator("#read-error")).to_have_text("")
    someone.reads(3)
    someone.page.click("#undo")
    expect(someone.page.locator("#pad-hint")).to_be_visible()


@pytest.mark.parametrize("view", ["draw", "backprop", "time", "why"])
def test_every_view_of_the_image_says_why_there_is_none(
    browser: Browser, lab: Served, view: str
) -> None:
    with person(browser, lab.address, f"#view={view}&image=test:99999") as someone:
        line = someone.page.locator(f"#{view} .unread")
        expect(line).to_be_visible()
        expect(line).to_contain_text("from test:0 to test:9999")
        assert someone.page.locator(".error:visible").count() == 1


def test_a_number_that_no_test_image_has_is_said(someone: Person) -> None:
    someone.page.click("#test-number")
    someone.page.keyboard.type("1234")
    someone.page.locator(".bar.best").wait_for()
    someone.page.keyboard.type("5")
    someone.says("read-error", "no test image 12345: they are 0 to 9999")
    expect(someone.page.locator("#test-number")).to_have_value("12345")
    expect(someone.page).to_have_url(re.compile("image=test%3A1234(&|$)"))
    expect(someone.page.locator(".bar.best")).to_be_visible()
    someone.page.keyboard.press("Backspace")
    expect(someone.page.locator("#read-error")).to_have_text("")


def test_answers_on_their_way_leave_what_was_said_since(someone: Person) -> None:
    """They come late and one after the other: of the first image, then of the last that waits."""
    page = someone.page
    page.add_init_script(LATE)
    page.reload()
    page.click("#test-number")
    page.keyboard.type("12345")  # asks for 1, 12, 123 and 1234 on its way
    for image in ("test:1", "test:1234"):
        someone.says("read-error", "no test image 12345")
        someone.says("answer-note", f"It is a {take_input(image).label}")
    someone.says("read-error", "no test image 12345")
    page.click("#test-next")
    expect(page.locator("#read-error")).to_have_text("")


def test_a_file_that_is_too_large_is_said_and_not_sent(someone: Person, tmp_path: Path) -> None:
    """The server ends a conversation in which it is sent: the page would send it again and again."""
    with (tmp_path / "film.png").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    someone.page.set_input_files("#file", tmp_path / "film.png")
    someone.says("read-error", "film.png: has 17 MB, at most 16 are read")
    someone.draw(ONE)
    someone.reads(1)
    expect(someone.page.locator("#read-error")).to_have_text("")
    assert sum(url.startswith("ws://") for url in someone.requests) == 1
