"""Taking things along: the model as a page or a file, a drawing, a figure, a run."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from digitscope.models.model import load
from digitscope.models.prediction import take_input
from tests.lab.browsing import ONE, Person, address_of, person
from tests.lab.served import Served
from tests.lab.test_guard import ask

pytestmark = pytest.mark.needs_chromium


@pytest.fixture
def someone(browser: Browser, lab: Served) -> Iterator[Person]:
    with person(browser, lab.address, "#image=test:100&model=runs/small") as here:
        here.page.locator(".bar.best").wait_for()
        yield here


def downloaded(page: Page, act: Callable[[], None], folder: Path) -> Path:
    """The one file that an act puts among the downloads, under its name."""
    with page.expect_download() as waiting:
        act()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def figure(page: Page, name: str) -> Callable[[], None]:
    """A click on the button of a figure, which shows when one rests on it."""

    def act() -> None:
        page.locator(f'[data-download="{name}"]').hover()
        page.get_by_label(f"Download {name}", exact=True).click()

    return act


# What stands out in a view and lies under an element: headings, figures, answers, the buttons at the top.
UNDER = """words => {
  const at = words.getBoundingClientRect();
  const over = ({ left, right, top, bottom }) => left < at.right && right > at.left && top < at.bottom && bottom > at.top;
  const all = document.querySelectorAll("h1, h2, header button, header select, figcaption, dt, dd, .digit, .bar, .facts");
  return [...all].filter((e) => e.checkVisibility() && over(e.getBoundingClientRect())).map((e) => e.textContent);
}"""


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(path.read_bytes())).convert("L"))


def test_the_shared_page_answers_as_the_lab_does_when_the_lab_is_gone(
    browser: Browser, someone: Person, lab: Served, tmp_path: Path
) -> None:
    path = downloaded(someone.page, lambda: someone.page.click("#share"), tmp_path)
    assert path.name == "small.html"
    words = someone.page.locator("#share-words")
    expect(words).to_contain_text("opens in any browser")
    assert words.evaluate(UNDER) == []
    someone.page.click("#tab-train")
    assert words.evaluate(UNDER) == []
    model, image = load(lab.folder / "runs" / "small"), take_input("test:100").image
    shared = browser.new_page()
    shared.context.set_offline(True)
    shared.goto(path.as_uri())
    given = shared.evaluate(
        "image => digitscope.probabilities([Uint8Array.from(image)])[0]", image.ravel().tolist()
    )
    assert given == pytest.approx(list(model.probabilities(image[None])[0]), abs=1e-6)
    alone = Person(shared, path.as_uri())
    alone.draw(ONE)
    expect(shared.locator("#bars .best")).to_have_count(1)
    shared.context.close()


def test_the_model_file_is_the_model(someone: Person, lab: Served, tmp_path: Path) -> None:
    path = downloaded(someone.page, lambda: someone.page.click("#model-file"), tmp_path)
    assert path.name == "small.safetensors"
    saved, model = load(path), load(lab.folder / "runs" / "small")
    assert saved.measured == model.measured
    for name, W in model.network.weights.items():
        np.testing.assert_array_equal(saved.network.weights[name], W)


def test_a_drawing_and_its_28x28_are_pictures(someone: Person, tmp_path: Path) -> None:
    page = someone.page
    seen = downloaded(page, lambda: page.click("#seen-png"), tmp_path)
    assert seen.name == "test-100-28x28.png"
    np.testing.assert_array_equal(255 - pixels(seen), take_input("test:100").image)
    page.locator("#pad").hover()
    page.click("#clear")
    expect(page.get_by_label("Download drawing", exact=True)).to_be_hidden()
    someone.draw(ONE)
    page.locator(".bar.best").wait_for()
    drawn = pixels(downloaded(page, figure(page, "drawing"), tmp_path))
    side = len(drawn)
    assert drawn[side // 2, side // 2] == 0
    assert drawn[side // 2, side // 5] == 255
    assert (drawn < 128).mean() == pytest.approx(0.72 * 17 / 250, rel=0.25)


def test_the_network_is_a_picture_with_its_background(someone: Person, tmp_path: Path) -> None:
    path = downloaded(someone.page, figure(someone.page, "network"), tmp_path)
    image = Image.open(path)
    assert path.name == "small-network.png"
    assert min(image.size) > 300
    assert image.convert("RGBA").getchannel("A").getextrema() == (255, 255)
    assert len(np.unique(pixels(path))) > 20


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_curves_weights_and_confusion_are_pictures(
    browser: Browser, lab: Served, tmp_path: Path, scheme: str
) -> None:
    paper = {"light": "rgb(255, 255, 255)", "dark": "rgb(15, 20, 25)"}[scheme]
    with person(browser, lab.address, "#view=train&run=runs/small", scheme=scheme) as someone:
        page = someone.page
        expect(page.locator("#fact-epoch")).to_contain_text("of 2")
        svg = "{http://www.w3.org/2000/svg}"
        for name in ("loss", "accuracy"):
            path = downloaded(page, figure(page, name), tmp_path)
            root = ET.parse(path).getroot()
            assert path.name == f"small-{name}.svg"
            assert root[0].attrib["fill"] == paper
            line = next(e for e in root.iter(f"{svg}polyline") if "watched" in e.attrib["class"])
            shown = page.locator(f"#{name} .line.watched")
            assert line.attrib["points"] == shown.get_attribute("points")
            assert line.attrib["stroke"] == shown.evaluate("e => getComputedStyle(e).stroke")
            assert {e.text for e in root.iter(f"{svg}text")} >= {"epoch", "0"}


def test_the_matrix_of_the_mistakes_is_a_picture(someone: Person, tmp_path: Path) -> None:
    page = someone.page
    page.click("#tab-mistakes")
    page.locator(".mistake").first.wait_for(timeout=60_000)
    matrix = ET.parse(downloaded(page, figure(page, "confusion matrix"), tmp_path)).getroot()
    words = [e.text or "" for e in matrix.iter("{http://www.w3.org/2000/svg}text")]
    shown = page.locator("#matrix th, #matrix td").all_inner_texts()
    assert [word.strip() for word in words[:-1]] == [word.strip() for word in shown]
    assert words[-1].startswith("Rows: what they are")


def test_on_a_phone_the_buttons_have_room(browser: Browser, lab: Served) -> None:
    fragment = "#view=train&run=runs/small"
    with person(browser, lab.address, fragment, size=(390, 844)) as someone:
        expect(someone.page.locator("#run-zip")).to_be_visible()
        assert someone.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_trained_run_is_a_zip(browser: Browser, lab: Served, tmp_path: Path) -> None:
    with person(browser, lab.address, address_of(epochs=1)) as someone:
        page = someone.page
        expect(page.locator("#run-zip")).to_be_hidden()
        page.click("#play")
        someone.says("train-state", "On the test set")
        for name in ("weights", "confusion"):
            kind = "svg" if name == "confusion" else "png"
            assert downloaded(page, figure(page, name), tmp_path).suffix == f".{kind}"
        matrix = ET.parse(tmp_path / "deep-confusion.svg").getroot()
        words = [e.text for e in matrix.iter("{http://www.w3.org/2000/svg}text")]
        assert words[-1] == "rows: what it is, columns: what is answered"
        counts = page.locator("#confusion td").all_inner_texts()
        assert [words[12 + 11 * i + j] or "" for i in range(10) for j in range(10)] == counts
        weights = pixels(tmp_path / "deep-weights.png")
        assert max(weights.shape) >= 640
        assert len(np.unique(weights)) > 30
        path = downloaded(page, lambda: page.click("#run-zip"), tmp_path)
    assert path.name == "deep.zip"
    folder = lab.folder / "runs" / "deep"
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        assert names >= {
            f"deep/{name}" for name in ("recipe.toml", "results.csv", "weights/best.safetensors")
        }
        assert not any("frames" in name or "checkpoint" in name or "lock" in name for name in names)
        for name in names:
            assert archive.read(name) == (folder.parent / name).read_bytes()


def test_a_zip_holds_nothing_from_outside(lab: Served, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    run = lab.folder / "runs" / "small"
    link = run / "linked.png"
    link.symlink_to(tmp_path / "secret.png")
    try:
        answer = ask(lab, path="/archive/runs/small")
    finally:
        link.unlink()
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        names = archive.namelist()
    assert "small/recipe.toml" in names
    assert "small/report.html" in names
    assert "small/linked.png" not in names
    for path in (
        "runs/none",
        "runs",
        "runs/../..",
        "..",
        "%2e%2e/%2e%2e",
        "/etc",
        "runs/small/weights",
    ):
        assert ask(lab, path=f"/archive/{path}").status == 404, path


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_link_on_another_site_gets_the_page_at_most(lab: Served, site: str) -> None:
    told = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
    assert ask(lab, path="/archive/runs/small", **told).status == 403
    assert ask(lab, path="/main.js", **told).status == 403
    assert ask(lab, path="/", **told).status == 200
    own = {"Sec-Fetch-Site": "same-origin"}
    assert ask(lab, path="/archive/runs/small", **own).status == 200
