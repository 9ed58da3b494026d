"""The trainer: it starts the process of a training, passes messages to it, and keeps its story."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from digitscope.errors import DigitscopeError, SettingError, nearest
from digitscope.lab.catalog import Catalog
from digitscope.lab.message import Message
from digitscope.lab.story import Story
from digitscope.lab.weights import pictures, to_model
from digitscope.training.messages import Advance, SetLearningRate
from digitscope.training.recipe import load_recipe, shipped_recipes
from digitscope.training.resume import read_changes

PROCESS = (sys.executable, "-m", "digitscope.lab.training_process")
PATIENCE = 2.0  # seconds that a process has to stop by itself
LONGEST_LINE = 64_000_000  # the events of a long run that goes on come in one


class Trainer:
    """At most one training at a time. `changed` is called after everything that happens."""

    def __init__(self, catalog: Catalog, changed: Callable[[], None]) -> None:
        self.catalog = catalog
        self.story: Story | None = None
        self.changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._following: asyncio.Task[None] | None = None
        self._stopping = False
        self._beginning = asyncio.Lock()  # two pages may press Play at once

    async def start(self, recipe: str, settings: dict[str, Any], paused: bool = False) -> None:
        """Train by a recipe that ships, with some settings changed; SettingError where they do not
        fit.
        """
        if recipe not in shipped_recipes():  # a page names no files of this machine
            raise SettingError(f"unknown recipe {recipe!r}: {nearest(recipe, shipped_recipes())}")
        chosen = load_recipe(recipe).with_settings(settings)
        job = {"recipe": chosen.to_dict(), "root": str(self.catalog.root), "paused": paused}
        await self._start(job, Story("", chosen.to_dict()))

    async def resume(self, run: str, more_epochs: int = 0, paused: bool = False) -> None:
        """Go on with a run that was stopped; InputError where that cannot be."""
        changes = {"epochs": f"+{more_epochs}"} if more_epochs else {}
        read_changes(changes)
        path = self.catalog.path(run)
        job = {"resume": str(path), "changes": changes, "paused": paused}
        await self._start(job, Story(run, {}))

    async def say(self, message: dict[str, Any]) -> None:
        """Pass on "pause", "continue", "advance" or "rate"; SettingError where it cannot be."""
        told = {"do": message["do"]}
        if told["do"] == "rate":
            SetLearningRate(message.get("learning_rate"))  # type: ignore[arg-type]
            told["learning_rate"] = float(message["learning_rate"])
        elif told["do"] == "advance":
            batches = message.get("batches", 1)
            if batches != "epoch":
                Advance(batches)
            told["batches"] = batches if batches == "epoch" else int(batches)
        await self._tell(told)

    async def stop(self) -> None:
        """Stop: by itself, which keeps all to the last batch; if that takes long, at once."""
        process, story = self._process, self.story
        if process is None or story is None:
            return
        self._stopping = True
        if story.status == "starting":
            _kill(process)
            return
        with contextlib.suppress(SettingError):
            await self._tell({"do": "stop"})
        asyncio.get_running_loop().call_later(PATIENCE, _kill, process)

    async def forget(self) -> None:
        """Show no training any more; one that is at work is stopped. The run folder stays."""
        await self.stop()
        self.story = Story("", {}, status="idle")
        self.changed()

    async def close(self) -> None:
        """The server ends: the run stops where it is, and can be resumed."""
        await self.stop()
        if self._following is not None:
            await self._following

    async def _start(self, job: dict[str, Any], story: Story) -> None:
        async with self._beginning:
            await self._begin(story)
            await self._tell(job)
        self.changed()

    async def _begin(self, story: Story) -> None:
        """A process, and the story that it will tell; SettingError where one is at work."""
        if self._following is not None and self._stopping:
            await asyncio.shield(self._following)
        if self._process is not None:
            raise SettingError("a training is at work already: stop it first")
        self._stopping = False
        said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever follows the process
        process = await asyncio.create_subprocess_exec(
            *PROCESS,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=said,
            limit=LONGEST_LINE,
            start_new_session=True,  # Ctrl-C is for the server to hear
        )
        self._process, self.story = process, story
        self._following = asyncio.create_task(self._follow(process, story, said))

    async def _tell(self, message: dict[str, Any]) -> None:
        if self._process is None or self._process.stdin is None:
            raise SettingError("no training is at work: start one")
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            await self._process.stdin.drain()

    async def _follow(
        self, process: asyncio.subprocess.Process, story: Story, said: IO[bytes]
    ) -> None:
        """Keep the story until the process ends."""
        assert process.stdout is not None
        try:
            while line := await process.stdout.readline():
                fields = json.loads(line)
                size = fields.pop("bytes", None)
                payload = None if size is None else await process.stdout.readexactly(size)
                await self._hear(story, fields, payload)
                self.changed()
        except (asyncio.IncompleteReadError, ValueError):
            pass  # killed in the middle of a line; how it ended is told below
        except BaseException:
            _kill(process)
            raise
        finally:
            code = await process.wait()
            if story.status not in ("ended", "judging") or (code and story.evaluated is None):
                story.what = story.what or _how_it_ended(code, said)
            said.close()
            story.status, story.model = "ended", None
            self._process = None
            self.changed()

    async def _hear(self, story: Story, fields: dict[str, Any], payload: bytes | None) -> None:
        """One thing that the process says."""
        match fields.pop("said"):
            case "opened":
                story.run = self.catalog.id(Path(fields["run"]))
                story.recipe, story.note = fields["recipe"], fields["note"]
                story.begin(fields["events"])
            case "event":
                story.add(fields["event"], fields["seconds"])
            case "weights":
                assert payload is not None
                await asyncio.to_thread(_take_weights, story, fields, payload)
            case "confusion":
                part = story.rows[0]["watched"] if story.rows else ""
                said = {"said": "confusion", "run": story.run, "part": part}
                story.confusion = Message(said | fields)
            case "evaluated":
                story.evaluated = fields
            case "failed":
                story.what, story.status = fields["what"], "ended"


def _take_weights(story: Story, fields: dict[str, Any], payload: bytes) -> None:
    """The network of this moment, and its first weights as pictures."""
    with contextlib.suppress(DigitscopeError):  # weights that have run away are not shown
        story.model = to_model(story.recipe, payload)
        story.weights = pictures(story.model, {"run": story.run, **fields})


def _kill(process: asyncio.subprocess.Process) -> None:
    """End a process, if it has not ended."""
    if process.returncode is None:
        process.kill()


def _how_it_ended(code: int, said: IO[bytes]) -> str:
    """What a process that was killed or crashed said last."""
    if code == -9:
        return "stopped at once: the run goes on from its last whole epoch if it is resumed"
    said.seek(0)
    lines = said.read()[-4000:].decode("utf-8", "replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"the training's process crashed (exit code {code}): {last[:300]}"
