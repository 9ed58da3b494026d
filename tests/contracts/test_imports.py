"""The rooms import in one direction, and the door stays light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import digitscope

ROOT = Path(digitscope.__file__).parent
# A room may import the rooms before it, never one after it.
ROOMS = [
    ("errors", "arrays", "threads"),
    ("maths",),
    ("network",),
    ("data",),
    ("engines",),
    ("preparation",),
    ("reading",),
    ("synthesis",),
    ("store",),
    ("models",),
    ("evaluation",),
    ("inside",),
    ("training",),
    ("estimator",),
    ("drawing",),
    ("exporting",),
    ("reader",),
    ("comparison",),
    ("figures",),
    ("report",),
    ("lab",),
    ("cli",),
    ("__main__",),
]
ORDER = {room: i for i, rooms in enumerate(ROOMS) for room in rooms}
HEAVY = {
    "matplotlib",
    "cv2",
    "PIL",
    "fastapi",
    "starlette",
    "uvicorn",
    "websockets",
    "jinja2",
    "sklearn",
    "scipy",
    "pandas",
    "rich",
    "keras",
    "tensorflow",
    "jax",
    "torch",
    "onnx",
    "onnxruntime",
}


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The rooms that a file imports, also inside functions; type-checking imports count too."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "digitscope" and len(parts) > 1:
                rooms.add(parts[1])
    return rooms


SOURCES = sorted(p for p in ROOT.rglob("*.py") if p != ROOT / "__init__.py")


def test_every_room_is_in_the_order() -> None:
    assert {room_of(path) for path in SOURCES} == set(ORDER)


def test_the_page_names_the_rooms_in_this_order() -> None:
    page = Path(__file__).parents[2] / "docs" / "architecture.md"
    firsts = re.findall(r"^\| (`.*?) \|", page.read_text("utf-8"), re.MULTILINE)
    told = [room for cell in firsts for room in re.findall(r"`(\w+)(?:/|\.py)`", cell)]
    assert told == [room for rooms in ROOMS for room in rooms if room != "__main__"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    own = ORDER[room_of(path)]
    for room in imported(path) & set(ORDER):
        assert ORDER[room] <= own, f"{path.relative_to(ROOT)} must not import digitscope.{room}"


def modules_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


def test_import_loads_nothing_but_the_standard_library() -> None:
    new = modules_after("import digitscope") - modules_after("import typing, importlib")
    assert new <= {"digitscope"} | set(sys.stdlib_module_names)


def test_help_loads_nothing_heavy() -> None:
    help_is = "from digitscope.cli.main import main; main(['--help'])"
    loaded = modules_after(help_is)
    assert not loaded & (HEAVY | {"numpy"})


@pytest.mark.parametrize(
    "verb",
    [
        *("train", "predict", "evaluate", "recipes", "summary", "figure", "export"),
        *("read", "adapt", "doctor", "lab"),
    ],
)
def test_the_help_of_a_verb_loads_nothing_heavy(verb: str) -> None:
    assert (
        not modules_after(f"from digitscope.cli.main import main; main(['{verb}', '--help'])")
        & HEAVY
    )


def test_every_public_name_is_there_and_documented() -> None:
    for name in digitscope.__all__:
        assert getattr(digitscope, name) is not None
        if name != "__version__":
            assert len(getattr(digitscope, name).__doc__) > 40, name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = digitscope.nothing
    assert sorted(digitscope.__all__) == dir(digitscope)
