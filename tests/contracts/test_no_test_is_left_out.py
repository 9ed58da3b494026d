"""Where a browser is missing its tests are left out by name, and CI fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.helpers import environment

ROOT = Path(__file__).parents[2]


def pytest_without_a_browser(tmp_path: Path, ci: str) -> subprocess.CompletedProcess[str]:
    """The browser tests of the report, where no program is found."""
    some = ["tests/test_page.py", "-k", "report_in_a_browser"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", *some],
        cwd=ROOT, env={**environment(), "PATH": str(tmp_path), "CI": ci},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_in_ci_a_missing_browser_is_an_error(tmp_path: Path) -> None:
    done = pytest_without_a_browser(tmp_path, "true")
    assert done.returncode != 0
    assert "in CI no test may be left out: no Chromium was found" in done.stderr
    assert "passed" not in done.stdout


def test_elsewhere_its_tests_are_left_out_by_name(tmp_path: Path) -> None:
    done = pytest_without_a_browser(tmp_path, "")
    assert done.returncode == 0, done.stdout
    assert "no Chromium found" in done.stdout
    assert "6 skipped" in done.stdout
