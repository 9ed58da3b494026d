"""Look at the lab: a picture of every view at three sizes, light and dark.

    python scripts/screenshots_lab.py FOLDER [a folder with runs/] [only names that hold this]

Without runs a small network is trained first, in a second or two.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

SIZES = {"notebook": (1366, 768), "4k": (3840, 2160), "phone": (390, 844)}
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
THREE = [(30, 25), (50, 18), (68, 27), (67, 40), (46, 49), (67, 57), (70, 73), (52, 84), (30, 77)]


def main(target: Path, home: Path | None, only: str) -> None:
    """Write the pictures."""
    target.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        empty = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        home = home or trained(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        other = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shutil.copytree(home / "runs", other / "runs")  # where it is taught, which makes models
        full, bare = stack.enter_context(served(home)), stack.enter_context(served(empty))
        lesson = stack.enter_context(served(other))
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path="/usr/bin/chromium", args=FLAGS
        )
        for size, (width, height) in SIZES.items():
            for scheme in ("light", "dark"):
                for name, (view, bring) in VIEWS.items():
                    if only not in (file := f"{name}-{size}-{scheme}.png"):
                        continue
                    page = browser.new_page(
                        viewport={"width": width, "height": height},
                        color_scheme="dark" if scheme == "dark" else "light",
                    )
                    place = bare if name.endswith("empty") else full
                    page.goto((lesson if name in ("teach", "taught") else place) + view)
                    bring(page)
                    page.screenshot(path=target / file, full_page=size == "phone")
                    page.close()
        browser.close()


def trained(home: Path) -> Path:
    """A folder with one run."""
    command = [sys.executable, "-m", "digitscope", "train", "--recipe", "speedrun-98"]
    subprocess.run([*command, "--no-report"], cwd=home, check=True, capture_output=True)
    return home


@contextlib.contextmanager
def served(home: Path) -> Iterator[str]:
    """A lab in a folder; its address."""
    command = [sys.executable, "-m", "digitscope", "lab", "--no-browser", "--port", "0"]
    lab = subprocess.Popen(command, cwd=home, stdout=subprocess.PIPE, text=True)
    assert lab.stdout
    try:
        yield lab.stdout.readline().split()[0]
    finally:
        lab.terminate()
        lab.wait()


def draw(page: Page) -> None:
    """A three, with the mouse."""
    page.locator("#pad").wait_for()
    box = page.locator("#pad").bounding_box()
    assert box
    places = [
        (box["x"] + x / 100 * box["width"], box["y"] + y / 100 * box["height"]) for x, y in THREE
    ]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()
    page.locator("#digit", has_text="3").wait_for()
    page.mouse.move(0, 0)
    page.wait_for_timeout(400)


def several(page: Page) -> None:
    """A photo of a page of numbers."""
    page.locator("#pad").wait_for()
    page.set_input_files("#file", Path(__file__).parents[1] / "examples" / "numbers.jpg")
    page.locator("#several .thumb").first.wait_for(timeout=20_000)
    page.wait_for_timeout(400)


def one_of_several(page: Page) -> None:
    """One digit of it."""
    several(page)
    page.locator("#several .thumb").nth(1).click()
    page.wait_for_timeout(800)


def neuron(page: Page) -> None:
    """The arithmetic of the neuron in the address."""
    draw(page)
    page.locator(".thumb").first.wait_for(timeout=20_000)
    page.wait_for_timeout(400)


def ready(page: Page) -> None:
    """Nothing more than what the address asks for."""
    page.wait_for_timeout(1200)


def train(page: Page) -> None:
    """A short training, to its end."""
    page.locator("#play").wait_for()
    page.wait_for_timeout(800)
    if page.locator("#play").inner_text() != "Train again":
        page.locator("#play").click()
    page.locator("#train-state", has_text="On the test set").wait_for(timeout=60_000)
    page.wait_for_timeout(500)


def mistakes(page: Page) -> None:
    """The mistakes, all judged, and what is like the image in the address."""
    page.locator(".mistake").first.wait_for(timeout=60_000)
    page.wait_for_timeout(4000)


def moments(page: Page) -> None:
    """The time machine, once what is seen at the moment has come."""
    page.locator("#time-digit", has_text="4").wait_for(timeout=20_000)
    page.wait_for_timeout(2500)


def why(page: Page) -> None:
    """The maps and the smallest change for the image in the address."""
    page.locator("#why-bars .best").wait_for(timeout=30_000)
    page.wait_for_timeout(400)


def step(page: Page) -> None:
    """A batch step at its stage, and the chain rule if the address asks for one."""
    page.locator("#pipeline .current").wait_for(timeout=20_000)
    if "weight=" in page.url:
        page.locator("#chain-rows li").first.wait_for()
    page.wait_for_timeout(700)


def teach(page: Page) -> None:
    """The three is taught to be a five; what was taught before is taken back."""
    page.locator("#pad").wait_for()
    page.wait_for_timeout(1000)
    while page.locator("#unteach").is_visible():
        page.locator("#unteach").click()
        page.wait_for_timeout(2000)
    draw(page)
    page.locator("#teach-choices [data-label='5']").click()
    page.locator("#test-after", has_text="%").wait_for(timeout=60_000)
    page.mouse.move(0, 0)
    page.wait_for_timeout(3000)


def taught(page: Page) -> None:
    """Some lessons more, and all that was taught."""
    teach(page)
    page.locator("#taught-toggle").click()
    for x, label in ((40, 1), (50, 7)):
        page.locator("#clear").click()
        box = page.locator("#pad").bounding_box()
        assert box
        page.mouse.move(box["x"] + x / 100 * box["width"], box["y"] + 0.15 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + x / 100 * box["width"], box["y"] + 0.8 * box["height"], steps=9)
        page.mouse.up()
        page.wait_for_timeout(600)
        page.locator(f"#teach-choices [data-label='{label}']").click()
        page.wait_for_timeout(500)
        page.locator("#teach[aria-busy=false]").wait_for(timeout=60_000)
        page.locator("#test-after", has_text="%").wait_for(timeout=60_000)
    page.wait_for_timeout(2500)


def share(page: Page) -> None:
    """The network as a page of its own, opened from disk, and drawn on."""
    with page.expect_download() as waiting, tempfile.TemporaryDirectory() as folder:
        page.click("#share")
        waiting.value.save_as(path := Path(folder, waiting.value.suggested_filename))
        page.goto(path.as_uri())
    draw(page)


SHORT = "&recipe=lesson&set.epochs=5"
VIEWS: dict[str, tuple[str, Callable[[Page], None]]] = {
    "empty": ("", ready),
    "draw": ("", draw),
    "blank": ("", ready),
    "image": ("#image=test:100", ready),
    "steps": ("#steps=open", draw),
    "several": ("#model=reader", several),
    "several-one": ("#model=reader", one_of_several),
    "neuron": ("#neuron=1,17", neuron),
    "output": ("#neuron=2,3", neuron),
    "mistakes": ("#view=mistakes", mistakes),
    "cell": ("#view=mistakes&cell=4,9", mistakes),
    "exhibit": ("#view=mistakes&cell=doubtful&exhibit=test:9729", mistakes),
    "why": ("#view=why&image=test:100&whyPixel=17,11", why),
    "why-pair": (
        "#view=why&image=test:100&whyAgainst=5&whyInk=missing&whyKind=few&whyFade=20",
        why,
    ),
    "why-reader": ("#view=why&image=test:5847&model=reader&whyKind=smooth", why),
    "why-empty": ("#view=why", ready),
    "teach": ("", teach),
    "taught": ("", taught),
    "shared": ("", share),
    "idle": ("#view=train", ready),
    "train": (f"#view=train{SHORT}", train),
    "time": ("#view=time&image=test:115", moments),
    "time-batch": ("#view=time&image=test:115&moment=16", moments),
    "time-empty": ("#view=time", ready),
    "backprop-empty": ("#view=backprop", ready),
    "backprop-forward": ("#view=backprop&image=test:8&stage=Z1", step),
    "backprop-gradient": ("#view=backprop&image=test:8&stage=dW1&weight=W1", step),
    "backprop-update": ("#view=backprop&image=test:8&stage=W2&weight=W2", step),
    "backprop-loss": ("#view=backprop&image=test:8&stage=dZ2", step),
    "backprop-after": ("#view=backprop&image=test:8&stage=after", step),
}

if __name__ == "__main__":
    given = [*sys.argv[1:], "", ""]
    main(Path(given[0] or "screenshots"), Path(given[1]) if given[1] else None, given[2])
