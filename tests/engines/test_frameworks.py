"""A framework that is there and cannot be loaded is one line, whatever its import throws."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from digitscope.engines.frameworks import load_keras
from digitscope.errors import SettingError
from tests.helpers import run_cli, small_options

THROWN = ("ImportError", "RuntimeError", "OSError", "TypeError", "AttributeError")


def fake_jax(folder: Path, kind: str) -> None:
    """A module that is found, and throws when it is imported."""
    (folder / "jax.py").write_text(f"raise {kind}('built for AVX,\\n  which is not here')\n")


@pytest.mark.parametrize("kind", THROWN)
def test_a_framework_that_cannot_be_loaded_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    fake_jax(tmp_path, kind)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "jax", raising=False)
    line = f"engine keras:jax: JAX cannot be loaded: {kind}: built for AVX, which is not here"
    with pytest.raises(SettingError, match=f"^{re.escape(line)}$"):
        load_keras("jax")


def test_the_command_line_shows_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = tmp_path / "modules"
    modules.mkdir()
    fake_jax(modules, "RuntimeError")
    monkeypatch.setenv("PYTHONPATH", str(modules))
    done = run_cli("train", *small_options(engine="keras:jax"), cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "digitscope: error: engine keras:jax: JAX cannot be loaded: "
        "RuntimeError: built for AVX, which is not here\n"
    )
    assert list(tmp_path.rglob("*.safetensors")) == []
