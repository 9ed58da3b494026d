"""What stands in the view of mistakes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
from playwright.sync_api import Browser, Locator

from digitscope.evaluation.evaluate import Evaluation
from tests.lab.browsing import Person, person
from tests.lab.served import Served

GOOD = "#view=mistakes&model=runs/speedrun-98"


@contextlib.contextmanager
def judging(browser: Browser, lab: Served) -> Iterator[Person]:
    """A person before the mistakes of the good network."""
    with person(browser, lab.address, GOOD) as someone:
        someone.says("matrix-words", "right")
        yield someone


def cell_of(someone: Person, truth: int, taken: int) -> Locator:
    """A cell of the matrix."""
    return someone.page.locator(f"#matrix td button[value='{truth},{taken}']")


def pictures(someone: Person) -> list[str]:
    """The names of the images that are shown."""
    return someone.page.locator(".mistake").evaluate_all("all => all.map(one => one.value)")


def hardest(judged: Evaluation) -> np.ndarray:
    """Numbers of the wrong answers, the surest first."""
    sure = judged.P.max(axis=1)
    wrong = np.flatnonzero(judged.predicted != judged.data.labels)
    return wrong[np.argsort(-sure[wrong], kind="stable")]
