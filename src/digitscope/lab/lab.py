"""The lab: what all its pages share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from digitscope.engines import ENGINES, lacking
from digitscope.lab.catalog import Catalog
from digitscope.lab.message import MOST_BYTES, MOST_PIXELS, Message
from digitscope.training.recipe import SETTINGS, load_recipe, shipped_recipes
from digitscope.training.setting import yes_or_no


class Lab:
    """The models under the folder of runs. One training at a time."""

    def __init__(self, runs: Path) -> None:
        self.catalog = Catalog(runs)

    def hello(self) -> Message:
        """What a page needs to know before anything else."""
        return Message(
            {
                "said": "hello",
                "models": self.models(),
                "recipes": recipes(),
                "settings": settings(),
                "engines": [{"name": name, "lacking": lacking(name)} for name in ENGINES],
                "limits": {"bytes": MOST_BYTES, "pixels": MOST_PIXELS},
            }
        )

    def models(self) -> list[dict[str, Any]]:
        """The models that can be chosen, the newest first."""
        return [entry.to_dict() for entry in self.catalog.entries()]

    def default_model(self) -> str:
        """What a page reads with before it has chosen: the newest that is usable; "" if none is."""
        usable = [entry for entry in self.catalog.entries() if entry.usable]
        return usable[0].id if usable else ""


def recipes() -> list[dict[str, Any]]:
    """The recipes that ship, each with all its settings."""
    return [load_recipe(name).to_dict() for name in shipped_recipes()]


def settings() -> list[dict[str, Any]]:
    """How each setting is explained, and which values it may have.

    >>> next(s for s in settings() if s["name"] == "schedule")["choices"]
    ['constant', 'one_cycle']
    """
    told = []
    for name, setting in SETTINGS.items():
        of = setting.read.__doc__ or ""
        choices = of.removeprefix("one of ").split(", ") if of.startswith("one of ") else []
        kind = "choice" if choices else "flag" if setting.read is yes_or_no else "text"
        row = {"name": name, "help": setting.help, "group": setting.group}
        told.append(row | {"kind": kind, "choices": choices})
    return told
