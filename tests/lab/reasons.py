"""What stands in the view Why."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from digitscope.models.prediction import take_input

SIX = "#view=why&model=runs/speedrun-98&image=test:100"
IMAGE = take_input("test:100").image


def number(text: str) -> float:
    """The first number of a text."""
    found = re.search(r"[−+]?\d+(\.\d+)?(e[+-]\d+)?", re.sub(r"(?<=\d),(?=\d{3})", "", text))
    assert found, text
    return float(found[0].replace("−", "-"))


def sums(page: Page) -> list[float]:
    """The numbers of the sum."""
    return [number(text) for text in page.locator(".why-row em").all_inner_texts()]


def ready(page: Page) -> None:
    """The maps and the change are there."""
    page.locator(".why-tile canvas").first.wait_for(timeout=20_000)
    expect(page.locator("#why-searching")).to_have_text("", timeout=30_000)
    page.locator("#why-bars .best").wait_for(timeout=30_000)
