"""The page of a comparison, in a real browser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from digitscope.comparison.results import Row, StepNumbers
from digitscope.comparison.steps import PARTS
from digitscope.report import write_comparison
from tests.figures.drawn import ANSWERS, comparison

NORMS = {"W1": 1.2, "b1": 0.13, "W2": 0.45, "b2": 0.12}
STEPS = (
    StepNumbers("numpy", "numpy", 2.3573718, NORMS, 0.0),
    StepNumbers("tensorflow", "keras:tensorflow", 2.3573717, NORMS, 1.9e-8),
    StepNumbers("keras", "keras:tensorflow", 2.3573717, NORMS, 1.4e-7),
    StepNumbers("jax", "keras:jax", error="ModuleNotFoundError: No module named 'jax'"),
)
LONG = "a reason that is long, with <b>marks</b> & signs, as a crashed process may leave it; " * 4


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = comparison()
    rows = (*found.rows, Row("keras:other", "failed", LONG))
    left_out = {"keras:more": 'engine keras:more needs More: pip install "digitscope[more]"'}
    found = replace(found, rows=rows, steps=STEPS, answers=ANSWERS, left_out=left_out)
    return write_comparison(tmp_path_factory.mktemp("page"), found)


@pytest.mark.needs_chromium
@pytest.mark.parametrize("size", [(400, 800), (1366, 768)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_in_a_browser(
    browser: Browser, page_file: Path, size: tuple[int, int], scheme: str
) -> None:
    """Opens from disk, asks for nothing else, logs nothing, fits the window, aligns the code."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    requests: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(page_file.as_uri())
    assert [url for url in requests if not url.startswith("data:")] == [page_file.as_uri()]
    assert said == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    images = page.evaluate(
        "[...document.images].map(i => [i.complete && i.naturalWidth > 0, i.alt.length > 10,"
        " i.getBoundingClientRect().right <= window.innerWidth + 1])"
    )
    assert len(images) == 2
    assert all(all(checks) for checks in images)
    text = page.inner_text("body")
    assert "<b>marks</b> & signs" in text
    assert "keras:more is left out" in text
    assert "ModuleNotFoundError: No module named 'jax'" in text
    headings = [h.inner_text() for h in page.query_selector_all("h3")]
    assert headings == [f"NumPy beside {name}" for name in ("TensorFlow", "JAX", "Keras")]
    beside = page.query_selector_all(".beside")[0]
    assert [h.inner_text() for h in beside.query_selector_all("h4")] == list(PARTS)
    boxes = [pre.bounding_box() for pre in beside.query_selector_all("pre")]
    for left, right in zip(boxes[::2], boxes[1::2], strict=True):
        assert left is not None
        assert right is not None
        if size[0] > 1000:  # side by side, from one line on
            assert left["y"] == right["y"]
            assert left["x"] + left["width"] <= right["x"]
        else:  # one below the other
            assert left["y"] + left["height"] <= right["y"]
            assert left["x"] == right["x"]
    page.close()
