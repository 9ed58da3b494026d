"""A moment of the past as the time machine shows it, and as NumPy knows it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from digitscope.models.model import Model
from digitscope.models.prediction import take_input
from digitscope.training.frames import Frame
from digitscope.training.recipe import Recipe
from digitscope.training.run_folder import RunFolder
from digitscope.training.split import split_for
from tests.lab.browsing import Person


def judged(run: Path, frame: Frame) -> tuple[Model, np.ndarray]:
    """By the readable network: how often which class is taken for which, on the watched images."""
    recipe: Recipe = RunFolder(run).recipe()
    images, labels = split_for(recipe).watched
    model = frame.load()
    Z = model.network.logits(images)
    predicted = (Z[:, 0] > 0).astype(int) if Z.shape[1] == 1 else Z.argmax(axis=1)
    matrix = np.zeros((len(recipe.classes), len(recipe.classes) + model.refuses), int)
    np.add.at(matrix, (labels, predicted), 1)
    return model, matrix


def shown_matrix(page: Page) -> np.ndarray:
    """The confusion matrix of the page."""
    counts = page.locator("#past-confusion td").all_inner_texts()
    rows = page.locator("#past-confusion tbody tr").count()
    return np.array([int(count or 0) for count in counts]).reshape(rows, -1)


def shown_bars(page: Page) -> list[float]:
    """The probabilities of the page."""
    bars: list[float] = page.locator(".way i").evaluate_all(
        "bars => bars.map(bar => new DOMMatrix(getComputedStyle(bar).transform).a)"
    )
    return bars


def at_rest(page: Page, when: str) -> None:
    """The moment stands in words, and what is seen at it has come."""
    expect(page.locator("#when")).to_have_text(when, timeout=20_000)
    expect(page.locator("#scenes:not(.waiting)")).to_have_count(1, timeout=20_000)
    page.wait_for_timeout(60)  # it is painted with the next frame of the screen


def compare(someone: Person, run: Path, frame: Frame, image: str) -> None:
    """Confusion, accuracy and probabilities of the frame that is shown with NumPy's."""
    model, matrix = judged(run, frame)
    np.testing.assert_array_equal(shown_matrix(someone.page), matrix)
    right = matrix.trace() / matrix.sum()
    assert someone.number("moment-accuracy") == pytest.approx(100 * right, abs=0.006)
    P = model.judge(take_input(image).image[None])[0]
    expected = P[[*model.classes, *([10] if model.refuses else [])]]
    np.testing.assert_allclose(shown_bars(someone.page), expected, atol=1e-4)
