"""The kernels are built by the first compiler that works, and never worse than they were."""

from __future__ import annotations

import importlib.util
import shlex
import shutil
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from digitscope.engines import kernels

NATIVE = Path(kernels.__file__).parent / "native"
WHERE = "hatchling.builders.hooks.plugin.interface"


class Interface:
    """What the hook uses of hatchling, which need not be here."""

    def __init__(self, root: Path, warnings: list[str]) -> None:
        self.root, self.target_name = str(root), "wheel"
        self.app = SimpleNamespace(display_warning=warnings.append)


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """hatch_build.py, asked for a library without variants, which compiles in no time."""
    plugin = ModuleType(WHERE)
    plugin.BuildHookInterface = Interface  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, WHERE, plugin)
    path = Path(__file__).parents[2] / "hatch_build.py"
    spec = importlib.util.spec_from_file_location("hatch_build", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "variants", dict)
    return module


@pytest.fixture
def root(tmp_path: Path, build: ModuleType) -> Path:
    """A source tree of the kernels alone, not compiled."""
    native = tmp_path / "project" / build.NATIVE
    shutil.copytree(NATIVE, native, ignore=shutil.ignore_patterns("kernels*"))
    return tmp_path / "project"


@pytest.fixture
def path(build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Makes PATH one folder, of compilers that fail or work; the working one is this machine's."""
    works = shlex.join(build.find_compiler(NATIVE, print))
    folder = tmp_path / "bin"
    folder.mkdir()
    old = build.os.environ["PATH"]

    def put(name: str, ok: bool) -> str:
        line = (
            f'PATH={shlex.quote(old)}; exec {works} "$@"' if ok else "echo no headers >&2; exit 1"
        )
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
        return str(folder / name)

    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setitem(sys.modules, "ziglang", None)
    return {"folder": folder, "put": put}


Hooked = tuple[dict[str, Any], list[str]]


def hook(
    build: ModuleType, root: Path, version: str, collect: Callable[..., None] = lambda _: None
) -> Hooked:
    """What the hook says of the wheel, and its warnings; `collect` does what hatchling then does."""
    warnings: list[str] = []
    made = build.KernelsHook(root, warnings)
    data: dict[str, Any] = {"pure_python": True, "force_include": {}}
    made.initialize(version, data)
    collect(data["force_include"])
    made.finalize(version, data, "")
    return data, warnings


def test_without_a_compiler_the_wheel_is_pure_and_the_user_told(
    build: ModuleType, root: Path, path: dict[str, Any]
) -> None:
    data, warnings = hook(build, root, "standard")
    assert data == {"pure_python": True, "force_include": {}}
    assert warnings == [
        "engine fast is left out: no C compiler works (cc, gcc, clang): install one, or pip "
        "install ziglang"
    ]


def test_a_compiler_that_fails_is_passed_over(
    build: ModuleType, root: Path, path: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    named, cc, gcc = path["put"]("named", False), path["put"]("cc", False), path["put"]("gcc", True)
    monkeypatch.setenv("CC", named)
    warnings: list[str] = []
    assert build.find_compiler(root / build.NATIVE, warnings.append)[0] == gcc
    assert [text.split()[0] for text in warnings] == [named, cc]
    assert all(text.endswith("failed: no headers") for text in warnings)


def test_a_wheel_takes_its_library_from_outside_the_sources(build: ModuleType, root: Path) -> None:
    before = sorted((root / build.NATIVE).iterdir())

    def collect(files: dict[str, str]) -> None:
        assert [build.is_of(root / build.NATIVE, Path(file)) for file in files] == [True]

    data, warnings = hook(build, root, "standard", collect)
    assert not warnings
    assert not data["pure_python"]
    assert data["tag"].startswith("py3-none-")
    ((library, inside),) = data["force_include"].items()
    assert inside == "digitscope/engines/native/kernels.so"
    assert sorted((root / build.NATIVE).iterdir()) == before
    assert not Path(library).exists()


def test_a_build_that_fails_keeps_a_library_of_these_sources_and_no_other(
    build: ModuleType, root: Path, path: dict[str, Any]
) -> None:
    cc = path["put"]("cc", True)
    library = root / build.LIBRARY
    data, warnings = hook(build, root, "editable")
    assert (data["pure_python"], data["force_include"], warnings) == (False, {}, [])
    kept = library.read_bytes()

    Path(cc).unlink()
    data, warnings = hook(build, root, "editable")
    assert library.read_bytes() == kept
    assert not data["pure_python"]
    assert "engine fast keeps the library that it has: no C compiler" in warnings[-1]
    hook(build, root, "standard")
    assert library.read_bytes() == kept

    with (root / build.NATIVE / "ink.h").open("a") as file:
        file.write("/* changed */\n")
    data, warnings = hook(build, root, "editable")
    assert not library.exists()
    assert data["pure_python"]
    assert "engine fast is left out" in warnings[-1]


def test_two_builds_at_a_time_do_not_meet(
    build: ModuleType, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2, timeout=60)
    monkeypatch.setattr(build.os, "fsync", lambda _: both.wait())  # both have written, none renamed
    native, library = root / build.NATIVE, root / build.LIBRARY
    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(lambda _: build.compile_kernels(native, library, {}, print), range(2)))
    assert ends == ["", ""]
    assert build.is_of(native, library)
    assert not list(native.glob("*.tmp"))


@pytest.fixture
def why_none(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the engine says of another library."""

    def why(library: Path) -> str:
        monkeypatch.setattr(kernels, "LIBRARY", library)
        kernels._load.cache_clear()
        return kernels.why_none()

    yield why
    kernels._load.cache_clear()


def test_a_library_of_other_sources_or_without_a_kernel_is_not_called(
    build: ModuleType, root: Path, why_none: Any
) -> None:
    library = root / build.LIBRARY
    other = "has compiled kernels of another version (install digitscope again)"
    assert build.compile_kernels(root / build.NATIVE, library, {}, print) == ""
    assert why_none(library) == other

    # The system tells libraries apart by their paths.
    whole = shutil.copytree(NATIVE, root / "whole")
    assert why_none(whole / "kernels.so") == ""
    with (whole / "ink.h").open("a") as file:
        file.write("/* changed */\n")
    assert why_none(whole / "kernels.so") == other


def test_a_checkout_without_kernels_says_how_to_compile_them(
    root: Path, why_none: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels, "ROOT", root)
    missing = root / "missing.so"
    assert why_none(missing).endswith("and then digitscope again)")
    (root / "hatch_build.py").touch()
    assert why_none(missing).endswith(f"and then pip install -e {root})")


def test_a_library_that_cannot_be_loaded_says_why(root: Path, why_none: Any) -> None:
    library = root / "kernels.so"
    library.write_bytes(b"for another machine")
    assert why_none(library).startswith(f"cannot load its compiled kernels ({library}: ")
