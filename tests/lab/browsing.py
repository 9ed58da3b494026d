"""A person at the lab's page, in Debian's Chromium."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page, expect

THREE = [(30, 25), (50, 18), (68, 27), (67, 40), (46, 49), (67, 57), (70, 73), (52, 84), (30, 77)]
ONE = [(50, 14), (50, 86)]
SEVEN = [(28, 20), (72, 20), (60, 45), (46, 86)]
# What is on the pad.
PIXELS = "document.getElementById('pad').toDataURL()"
# Windows in which nothing may be cut off, in pixels: a phone's, laptops', a large screen's.
SIZES = [(390, 844), (1366, 768), (1366, 650), (3840, 2160)]

# A small network, in the settings of the page: there are 24 batches an epoch.
QUICK = {"train": "3000", "validation": "1000", "hidden": "24", "train_sample": "500"}


def address_of(view: str = "train", recipe: str = "deep", **settings: object) -> str:
    """The part of an address behind the #."""
    told = "".join(f"&set.{k}={v}" for k, v in {**QUICK, "patience": 0, **settings}.items())
    return f"#view={view}&recipe={recipe}{told}"


@dataclass
class Person:
    """A page that is open, and what it asked the network for and said in its console."""

    page: Page
    address: str
    requests: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def draw(self, stroke: Sequence[tuple[float, float]], steps: int = 4) -> None:
        """One stroke with the mouse, in percent of the pad."""
        self.page.locator("#pad").wait_for()
        box = self.page.locator("#pad").bounding_box()
        assert box
        at = [
            (box["x"] + x * box["width"] / 100, box["y"] + y * box["height"] / 100)
            for x, y in stroke
        ]
        self.page.mouse.move(*at[0])
        self.page.mouse.down()
        for place in at[1:]:
            self.page.mouse.move(*place, steps=steps)
        self.page.mouse.up()

    def reads(self, digit: int | str) -> None:
        """The answer that is shown, in large and in the bars."""
        expect(self.page.locator("#digit")).to_have_text(str(digit), timeout=20_000)
        expect(self.page.locator(".bar.best b")).to_have_text(str(digit))

    def says(self, id: str, text: str | re.Pattern[str], timeout: float = 60_000) -> None:
        """An element's words, sooner or later."""
        expect(self.page.locator(f"#{id}")).to_contain_text(text, timeout=timeout)

    def number(self, id: str) -> float:
        """The first number of an element."""
        found = re.search(r"[\d.]+", self.page.inner_text(f"#{id}").replace(",", ""))
        assert found
        return float(found[0])


@contextlib.contextmanager
def person(
    browser: Browser,
    address: str,
    fragment: str = "",
    size: tuple[int, int] = (1366, 768),
    scheme: str = "light",
    may_say: str = "^$",
    **options: object,
) -> Iterator[Person]:
    """A page that is open until the block ends. It asks nobody but the lab for anything, and has
    nothing to say in its console but what `may_say` expects.
    """
    width, height = size
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        **options,  # type: ignore[arg-type]
    )
    someone = Person(page, address)
    page.on("request", lambda request: someone.requests.append(request.url))
    page.on("websocket", lambda socket: someone.requests.append(socket.url))
    page.on("console", lambda message: someone.said.append(message.text))
    page.on("pageerror", lambda error: someone.said.append(str(error)))
    page.goto(address + fragment)
    try:
        yield someone
        here = address.split("?", maxsplit=1)[0].removeprefix("http://").rstrip("/")
        allowed = (f"http://{here}/", f"ws://{here}/")
        assert someone.requests
        assert [url for url in someone.requests if not url.startswith(allowed)] == []
        assert [line for line in someone.said if not re.search(may_say, line)] == []
    finally:
        page.close()
