"""The page, opened from disk in a browser that has no network: it prepares drawings and answers them
as Python does, and asks nobody for anything.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Error, Page, expect

from digitscope.data.mnist import load_mnist
from digitscope.errors import ImageError, SpecError
from digitscope.exporting import Exported, export
from digitscope.exporting.page_file import render
from digitscope.models.model import Model, load
from digitscope.models.prediction import predict
from digitscope.network.network import Network
from digitscope.preparation import prepare
from tests.exporting.samples import models
from tests.lab.browsing import ONE, SEVEN, THREE

pytestmark = pytest.mark.needs_chromium
SIDE = 160  # pixels of the pad
FOR_EACH = """([text, size, each]) => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const ask = new Function("part", `return ${each}`);
  return Array.from({ length: bytes.length / size }, (_, i) => ask(bytes.subarray(i * size, (i + 1) * size)));
}"""


@contextmanager
def opened(browser: Browser, path: Path, **options: Any) -> Iterator[Page]:
    """The file in a browser that is offline, until the block ends. Its console stays silent, and it
    asks for nothing but itself.
    """
    page = browser.new_page(**options)
    requests: list[str] = []
    said: list[str] = []
    page.context.set_offline(True)
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    try:
        yield page
        assert said == []
        others = [url for url in requests if not url.startswith("data:image/svg")]
        assert others == [path.as_uri()]
    finally:
        page.context.close()


def for_each(page: Page, parts: NDArray[np.uint8], each: str) -> list[Any]:
    """What an expression of JavaScript gives for each `part` of an array's bytes."""
    text = base64.b64encode(parts.tobytes()).decode()
    found: list[Any] = page.evaluate(FOR_EACH, [text, parts[0].size, each])
    return found


def answers(page: Page, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """P [n, n_out] as the page gives it."""
    return np.array(for_each(page, images, "digitscope.probabilities([part])[0]"))


def draw(page: Page, stroke: list[tuple[int, int]]) -> None:
    """One stroke with the mouse, in percent of the pad."""
    box = page.locator("#pad").bounding_box()
    assert box
    at = [
        (box["x"] + x * box["width"] / 100, box["y"] + y * box["height"] / 100) for x, y in stroke
    ]
    page.mouse.move(*at[0])
    page.mouse.down()
    for place in at[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export("reader", "page", tmp_path_factory.mktemp("page") / "reader")


# --- the forward pass ---


@pytest.mark.parametrize(
    ("images", "said"),
    [
        ("new Float32Array(784)", "expected a list of images: put a single one in [ ]"),
        ("[new Float32Array(783)]", "expected images of 784 numbers, got 783"),
        ("[5]", "expected images of 784 numbers, got number"),
    ],
)
def test_what_is_no_list_of_images_is_an_error(
    browser: Browser, reader: Path, images: str, said: str
) -> None:
    """One image by itself was taken for 784 of them, and gave as many NaN."""
    with opened(browser, reader) as page, pytest.raises(Error, match=re.escape(said)):
        page.evaluate(f"digitscope.probabilities({images})")


@pytest.mark.parametrize("name", sorted(models()))
def test_every_layer_and_output_gives_numpys_probabilities(
    browser: Browser, tmp_path: Path, name: str
) -> None:
    model, images = models()[name], load_mnist("test").images[:300]
    expected = model.judge(images) if model.refuses else model.probabilities(images)
    if model.network.spec.n_out == 1:
        expected = expected[:, 1:]
    with opened(browser, export(model, "page", tmp_path / name)) as page:
        given = answers(page, images)
        assert given.shape == expected.shape
        assert np.abs(given - expected).max() < 1e-5


def test_a_dense_network_answers_the_whole_test_set_as_numpy_does(
    browser: Browser, tmp_path: Path, small_model: Model
) -> None:
    images = load_mnist("test").images
    with opened(browser, export(small_model, "page", tmp_path / "small")) as page:
        given, expected = answers(page, images), small_model.probabilities(images)
    assert len(given) == 10_000
    assert np.abs(given - expected).max() < 1e-5
    np.testing.assert_array_equal(given.argmax(axis=1), expected.argmax(axis=1))


def test_the_reader_answers_the_whole_test_set_as_numpy_does(
    browser: Browser, reader: Path
) -> None:
    images = load_mnist("test").images
    with opened(browser, reader) as page:
        given, expected = answers(page, images), load("reader").judge(images)
    assert given.shape == (10_000, 11)
    assert np.abs(given - expected).max() < 1e-5
    np.testing.assert_array_equal(given.argmax(axis=1), expected.argmax(axis=1))


# --- the preparation ---


def pads() -> Iterator[NDArray[np.uint8]]:
    """Pads as people fill them, and as nobody would: digits of every size anywhere, strokes,
    scribbles, dots, strokes along the rim, and photographs' noise, light on dark and in a shadow.
    """
    rng = np.random.default_rng(5)
    images = load_mnist("test").images
    shadow = np.linspace(1, 0.45, SIDE)
    for k in range(110):
        pad = np.full((SIDE, SIDE), 255, np.uint8)
        if k % 5 in (0, 1):
            side = int(rng.integers(12, SIDE))
            y, x = rng.integers(0, SIDE - side + 1, 2)
            large = cv2.resize(images[k], (side, side), interpolation=cv2.INTER_CUBIC)
            pad[y : y + side, x : x + side] = 255 - large
        elif k % 5 in (2, 3):
            for _ in range(int(rng.integers(1, 5))):
                points = rng.integers(0, SIDE, 2) + rng.normal(0, 30, (8, 2)).cumsum(axis=0)
                at = (16 * points).astype(np.int32)
                cv2.polylines(pad, [at], False, 0, int(rng.integers(3, 30)), cv2.LINE_AA, 4)
        else:
            h, w = rng.integers(1, 30, 2)
            pad[100 : 100 + h, 90 : 90 + w] = 0
        if k % 7 == 5:
            pad[:, : int(rng.integers(2, 30))] = 0
        if k % 7 == 6:
            pad = 255 - pad
        if k % 10 == 9:
            grainy = pad * 0.7 * shadow + 40 + rng.normal(0, 3, pad.shape)
            pad = np.clip(grainy, 0, 255).astype(np.uint8)
        yield pad


def test_drawings_are_prepared_as_by_python(browser: Browser, reader: Path) -> None:
    drawn = np.stack([*pads(), np.full((SIDE, SIDE), 255, np.uint8)])
    with opened(browser, reader) as page:
        each = (
            f"(p => p && [...p.image, p.warnings.length])(digitscope.prepare(part, {SIDE}, {SIDE}))"
        )
        given = for_each(page, drawn, each)
    off = []
    for pad, found in zip(drawn, given, strict=True):
        try:
            expected = prepare(pad)
        except ImageError:
            assert found is None
            continue
        assert found[-1] == len(expected.warnings)
        off.append(np.abs(np.array(found[:-1]) - expected.image.ravel().astype(int)))
    assert given[-1] is None
    assert len(off) > 95
    differences = np.stack(off)
    assert differences.max() <= 2  # of 255: OpenCV rounds on its way
    assert (differences > 0).mean() < 0.002


@pytest.mark.parametrize(("digit", "stroke"), [(1, ONE), (3, THREE), (7, SEVEN)])
def test_a_digit_drawn_with_the_mouse_is_answered_as_by_python(
    browser: Browser, reader: Path, digit: int, stroke: list[tuple[int, int]]
) -> None:
    with opened(browser, reader) as page:
        expect(page.locator("#hint")).to_have_css("opacity", "1")
        draw(page, stroke)
        expect(page.locator("#digit")).to_have_text(str(digit))
        expect(page.locator("#bars .best b")).to_have_text(str(digit))
        expect(page.locator("#spoken")).to_contain_text(f"{digit}, ")
        drawn = np.array(page.evaluate("Array.from(digitscope.drawn().pixels)"), np.uint8)
        expected = prepare(drawn.reshape(SIDE, SIDE)).image
        seen = page.evaluate("""Array.from(document.getElementById("seen").getContext("2d")
          .getImageData(0, 0, 28, 28).data).filter((_, i) => i % 4 === 3)""")
        np.testing.assert_allclose(np.array(seen).reshape(28, 28), expected, atol=1)
        shown = page.locator("#bars i").evaluate_all(
            "bars => bars.map(bar => new DOMMatrix(getComputedStyle(bar).transform).a)"
        )
        answer = load("reader").judge(expected[None])[0]
        assert shown == pytest.approx(list(answer), abs=2e-3)
        page.click("#clear")
        expect(page.locator("#digit")).to_have_text("\u00a0")
        expect(page.locator("#hint")).to_have_css("opacity", "1")


# --- the page ---


def test_a_finger_and_the_keyboard_draw_too(browser: Browser, reader: Path) -> None:
    options = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    with opened(browser, reader, **options) as page:
        touch = page.context.new_cdp_session(page)
        box = page.locator("#pad").bounding_box()
        assert box
        at = [
            {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] * k / 20}
            for k in range(4, 17)
        ]
        for kind, points in (("Start", at[:1]), *(("Move", [p]) for p in at[1:]), ("End", [])):
            touch.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
        expect(page.locator("#digit")).to_have_text("1")
        assert page.evaluate("scrollY") == 0
        page.keyboard.press("Control+z")
        expect(page.locator("#digit")).to_have_text("\u00a0")
        page.focus("#pad")
        for key in ["ArrowUp", " ", *["ArrowDown"] * 15]:
            page.keyboard.press(key)
        expect(page.locator("#digit")).to_have_text("1")


def test_what_is_taken_back_while_the_pen_moves_ends(browser: Browser, reader: Path) -> None:
    with opened(browser, reader) as page:
        box = page.locator("#pad").bounding_box()
        assert box
        for act in (
            lambda: page.keyboard.press("Control+z"),
            lambda: page.evaluate("clear.click()"),
        ):
            page.mouse.move(box["x"] + 40, box["y"] + 40)
            page.mouse.down()
            page.mouse.move(box["x"] + 90, box["y"] + 90, steps=3)
            expect(page.locator("#bars .best")).to_have_count(1)
            act()
            page.mouse.move(box["x"] + 120, box["y"] + 60, steps=3)
            page.mouse.up()
            expect(page.locator("#bars .best")).to_have_count(0)
            assert page.evaluate("digitscope.drawn()") is None


def test_what_is_no_digit_is_refused(browser: Browser, reader: Path) -> None:
    rng = np.random.default_rng(1)
    scribble = [(int(x), int(y)) for x, y in rng.integers(10, 90, (30, 2))]
    with opened(browser, reader) as page:
        draw(page, scribble)
        expect(page.locator("#sure")).to_have_text("not a digit")
        expect(page.locator("#bars .best b")).to_have_text("none")


@pytest.mark.parametrize("size", [(390, 844), (1366, 768), (3840, 2160)])
def test_it_says_what_it_is_and_nothing_is_cut_off(
    browser: Browser, reader: Path, size: tuple[int, int]
) -> None:
    options = {"viewport": {"width": size[0], "height": size[1]}}
    with opened(browser, reader, **options) as page:
        expect(page).to_have_title("reader reads digits")
        right = f"right on {100 * load('reader').measured['test_accuracy']:.2f} % of MNIST's test images"
        expect(page.locator("header")).to_contain_text(right)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        if size[0] > 1000:
            assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        page.click("summary")
        expect(page.locator("#facts")).to_contain_text("28x28-16c5-p2-32c3s")
        expect(page.locator("#facts")).to_contain_text("145,195 numbers in 58")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_it_claims_no_more_than_was_measured(browser: Browser, tmp_path: Path) -> None:
    told = {"measured": {"test_accuracy": 0.99}, "temperature": 1.2}
    model = replace(models()["binary"], **told, recipe={"taught": [3, 8]})
    with opened(browser, export(model, "page", tmp_path / "taught")) as page:
        expect(page.locator("#right")).to_have_text(
            ": right on 99.00 % of MNIST's test images of these"
        )
        expect(page.locator("#facts")).to_contain_text(
            "calibrated before it was taught 2 drawings: no longer measured", use_inner_text=False
        )


def test_a_taught_model_that_was_calibrated_since_is_calibrated(
    browser: Browser, tmp_path: Path
) -> None:
    recipe = {"taught": [3, 8], "calibrated_since": True}
    model = replace(models()["binary"], temperature=1.2, recipe=recipe)
    with opened(browser, export(model, "page", tmp_path / "taught")) as page:
        expect(page.locator("#facts")).to_contain_text(
            "calibrated: of answers given with 90 %", use_inner_text=False
        )


def test_two_digits_by_one_output_have_two_bars(browser: Browser, tmp_path: Path) -> None:
    model = models()["binary"]
    with opened(browser, export(model, "page", tmp_path / "binary")) as page:
        draw(page, THREE)
        expect(page.locator("#bars li")).to_have_count(2)
        drawn = np.array(page.evaluate("Array.from(digitscope.drawn().pixels)"), np.uint8)
        expected = predict(model, drawn.reshape(SIDE, SIDE))
        expect(page.locator("#digit")).to_have_text(str(expected.digit))
        expect(page.locator("header")).to_contain_text("the digits 3, 7")


def test_it_may_ask_nobody_for_anything(browser: Browser, reader: Path) -> None:
    page = browser.new_page()
    page.goto(reader.as_uri())
    refused = page.evaluate(
        """async () => {
          const broken = [];
          addEventListener("securitypolicyviolation", (e) => broken.push(e.effectiveDirective));
          await fetch("http://127.0.0.1:9/").catch(() => 0);
          const script = document.createElement("script");
          script.textContent = "globalThis.foreign = true";
          document.body.append(script);
          await new Promise((go) => setTimeout(go, 50));
          return [broken.map((name) => name.replace("-elem", "")), globalThis.foreign === true];
        }"""
    )
    page.close()
    assert refused == [["connect-src", "script-src"], False]


def test_nothing_that_a_model_says_becomes_html(browser: Browser, tmp_path: Path) -> None:
    hostile = "</script><img src=x onerror=alert(1)>{{script}}"
    model = replace(models()["lesson"], name=hostile, measured={"test_accuracy": 0.5, hostile: 1})
    with opened(browser, export(model, "page", tmp_path / "a")) as page:
        expect(page.locator("#name")).to_have_text(hostile)
        assert page.locator("img").count() == 0


def test_the_same_model_on_the_same_day_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (export(models()["cnn"], "page", tmp_path / n) for n in ("a", "b"))
    assert first.name == "a.html"
    assert first.read_bytes() == second.read_bytes()


def test_an_image_of_another_size_is_one_clear_line() -> None:
    made = Exported.of(Model(Network.initialize("100-10")))
    with pytest.raises(SpecError, match=r"^a page draws images of 28x28, got inputs of \(100,\)$"):
        render(made, date(2026, 1, 1))
