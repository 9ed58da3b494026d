"""The report and the README as people meet them: in a real browser, and typed in."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.helpers import environment
from tests.reading.pages import compose_page

README = Path(__file__).parent.parent / "README.md"
PAGES = [  # what a template links to stands beside the page that is made of it
    README,
    *(p for p in sorted((README.parent / "docs").glob("*.md")) if ".template" not in p.name),
]


@pytest.mark.needs_chromium
@pytest.mark.parametrize("size", [(390, 844), (1366, 768), (3840, 2160)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_in_a_browser(
    browser: Browser, small_run: Path, size: tuple[int, int], scheme: str
) -> None:
    """Opens from disk, asks for nothing else, logs nothing, and fits the window."""
    width, height = size
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    requests: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((small_run / "report.html").as_uri())
    assert [url for url in requests if not url.startswith("data:")] == [
        (small_run / "report.html").as_uri()
    ]
    assert said == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    images = page.evaluate(
        "[...document.images].map(i => [i.complete && i.naturalWidth > 0, i.alt.length > 10,"
        " i.getBoundingClientRect().right <= window.innerWidth + 1])"
    )
    assert len(images) >= 9
    assert all(all(checks) for checks in images)
    text = page.inner_text("body")
    assert "784-24-10" in text
    assert "19,090" in text
    page.close()


def test_the_readmes_python_runs(tmp_path: Path) -> None:
    code, reading = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.S)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True,
                          env=environment(), check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "101,770" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("6 0.9")
    assert [p.name for p in tmp_path.iterdir()] == ["three-epochs.safetensors"]
    shutil.copy(README.parent / "examples" / "numbers.jpg", tmp_path / "photo.jpg")
    with Image.open(tmp_path / "photo.jpg") as photo:
        photo.save(tmp_path / "scans.pdf", save_all=True, append_images=[photo])
    Image.fromarray(compose_page(["2024", "12"])).save(tmp_path / "form.png")
    done = subprocess.run([sys.executable, "-c", f"import digitscope\n{reading}"], cwd=tmp_path, capture_output=True,
                          text=True, env=environment(), check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2048 17\n90125\n31 4159\n2048 0.9")
    assert "scans.pdf page 2 2048 17\n90125\n" in done.stdout
    assert done.stdout.endswith("\n['12']\n")
    assert (tmp_path / "seen.png").stat().st_size > 100_000


def test_the_readmes_commands_exist() -> None:
    from digitscope.cli.main import VERBS

    text = README.read_text("utf-8")
    used = set(re.findall(r"^    digitscope (\w+)", text, re.M))
    assert used <= set(VERBS)
    assert set(VERBS) - used <= {"recipes", "figure"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_exists(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        file = target.partition("#")[0]
        if ":" not in target and file:
            assert (page.parent / file).exists(), target
