"""The models that ship with the package, each a file with a card beside it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from digitscope.store import SUFFIX

FOLDER = "weights"
NEIGHBOURS = "neighbours"
COMMITTEE = "committee"  # what several of them are called that judge together


def shipped_models() -> list[str]:
    """Their names, which every command and function takes in place of a file.

    >>> "reader" in shipped_models()
    True
    """
    return sorted(path.stem for path in _folder().glob(f"*{SUFFIX}"))


def shipped_model(name: str) -> Path:
    """The file of one of them."""
    return _folder() / f"{name}{SUFFIX}"


def committee_files() -> list[Path]:
    """The files of those that judge together: `reader`, and others that ship for this alone.

    >>> [path.stem for path in committee_files()]
    ['reader', 'seed-0', 'seed-2']
    """
    return [shipped_model("reader"), *sorted((_folder() / COMMITTEE).glob(f"*{SUFFIX}"))]


def neighbours_file() -> Path:
    """The file of the one that judges digits among their neighbours, where reading asks for it.

    >>> neighbours_file().exists()
    True
    """
    return _folder() / NEIGHBOURS / f"{NEIGHBOURS}{SUFFIX}"


def card(name: str) -> str:
    """What is to be known of one: data, recipe, figures, limits; Markdown with a YAML head.

    >>> card("reader").startswith("---")
    True
    """
    return (_folder() / f"{name}.md").read_text("utf-8")


def _folder() -> Path:
    return Path(str(files("digitscope.models") / FOLDER))
