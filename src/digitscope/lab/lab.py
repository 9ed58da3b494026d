"""The lab: what all its pages share."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from digitscope.engines import ENGINES, lacking
from digitscope.lab.catalog import Catalog
from digitscope.lab.favourites import AllFavourites
from digitscope.lab.judgement import Judgements
from digitscope.lab.message import MOST_BYTES, MOST_PIXELS, Message
from digitscope.lab.past import Past
from digitscope.lab.story import Story, past_story
from digitscope.lab.teaching import Teaching
from digitscope.lab.trainer import Trainer
from digitscope.models.model import Model
from digitscope.training.recipe import SETTINGS, load_recipe, shipped_recipes
from digitscope.training.run_folder import RunFolder
from digitscope.training.setting import yes_or_no


class Lab:
    """The models under the folder of runs, and one training at a time."""

    def __init__(self, runs: Path) -> None:
        self.catalog = Catalog(runs)
        self.trainer = Trainer(self.catalog, self._change)
        self.judgements = Judgements(self.model, self.live)
        self.teaching = Teaching(self.catalog)
        self.past = Past()
        self.favourites = AllFavourites()
        self._changes, self._changed = 0, asyncio.Event()

    async def change(self, seen: int) -> int:
        """Wait until there are more changes in the training than were seen; how many there are."""
        while self._changes == seen:
            await self._changed.wait()
        return self._changes

    async def close(self) -> None:
        """The server ends."""
        await self.trainer.close()

    def hello(self) -> Message:
        """What a page needs to know before anything else."""
        return Message(
            {
                "said": "hello",
                "models": self.models(),
                "model": self.catalog.default(),
                "recipes": recipes(),
                "settings": settings(),
                "engines": [{"name": name, "lacking": lacking(name)} for name in ENGINES],
                "limits": {"bytes": MOST_BYTES, "pixels": MOST_PIXELS},
            }
        )

    def models(self) -> list[dict[str, Any]]:
        """The models that can be chosen: one's own, the newest first, then those that ship."""
        entries = [*self.catalog.entries(), *self.catalog.shipped()]
        return [entry.to_dict() for entry in entries]

    def live(self, id: str) -> Model | None:
        """The network of this moment, if an id means the run that is in training."""
        story = self.trainer.story
        return story.model if story is not None and story.run == id else None

    def model(self, id: str) -> Model:
        """The model that an id means; ModelFileError where there is none."""
        return self.live(id) or self.catalog.load(id)

    def story(self, run: str) -> Story:
        """The story of a run: the living one, or what its folder tells."""
        living = self.trainer.story
        if living is not None and living.run == run:
            return living
        return past_story(self.catalog.path(run), run)

    def recall(self, story: Story) -> None:
        """Put to the story of a past run what its last frame shows."""
        folder = RunFolder(self.catalog.path(story.run))
        story.weights, story.confusion = self.past.last(folder, story.run)

    def _change(self) -> None:
        """Wake everyone who waits."""
        self._changes += 1
        self._changed.set()
        self._changed = asyncio.Event()


def recipes() -> list[dict[str, Any]]:
    """The recipes that ship, each with all its settings."""
    return [load_recipe(name).to_dict() for name in shipped_recipes()]


def settings() -> list[dict[str, Any]]:
    """How each setting is explained, and which values it may have.

    >>> next(s for s in settings() if s["name"] == "schedule")["choices"][0]
    'constant'
    """
    told = []
    for name, setting in SETTINGS.items():
        of = setting.read.__doc__ or ""
        choices = of.removeprefix("one of ").split(", ") if of.startswith("one of ") else []
        kind = "choice" if choices else "flag" if setting.read is yes_or_no else "text"
        row = {"name": name, "help": setting.help, "group": setting.group}
        told.append(row | {"kind": kind, "choices": choices})
    return told
