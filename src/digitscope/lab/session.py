"""One page that is open: it hears what the page asks, and answers.

Hearing, reading, looking and telling are tasks of their own. A page that is slow only gets less: of
its drawings the newest is answered, and of the training it is told in fewer words.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect
from fastapi.websockets import WebSocketState

from digitscope.errors import DigitscopeError, ModelFileError, SettingError, nearest
from digitscope.lab.follower import Follower
from digitscope.lab.lab import Lab
from digitscope.lab.message import Message, error
from digitscope.lab.neuron import neuron
from digitscope.lab.newest import Newest
from digitscope.lab.reader import Drawing, about_model, answer, steps, take_drawing
from digitscope.lab.story import Story
from digitscope.models.prediction import Input

PAUSE = 1 / 15  # seconds between two looks at the training


class Session:
    """The conversation with one page."""

    def __init__(self, lab: Lab, socket: WebSocket) -> None:
        self.lab, self.socket = lab, socket
        self.model = ""
        self._drawings = Newest[Drawing]()
        self._neurons = Newest[dict[str, Any]]()
        self._liked = Newest[dict[str, Any]]()
        self._seen: tuple[Drawing, Input] | None = None
        self._watched: Story | None = None
        self._sending = asyncio.Lock()
        self._requests: dict[str, Callable[[dict[str, Any]], Any]] = {
            "read": self._take_drawing,
            "model": self._choose,
            "models": self._tell_models,
            "steps": self._tell_steps,
            "neuron": self._ask(self._neurons),
            "favourites": self._ask(self._liked),
            "train": self._train,
            "resume": self._resume,
            "watch": self._watch,
            "stop": lambda asked: self.lab.trainer.stop(),
            "forget": lambda asked: self.lab.trainer.forget(),
        } | dict.fromkeys(("pause", "continue", "advance", "rate"), self.lab.trainer.say)

    async def run(self) -> None:
        """Until the page is closed."""
        await self.socket.accept()
        try:
            hello = await asyncio.to_thread(self.lab.hello)
            self.model = hello.fields["model"]
            await self._send(hello)
            async with asyncio.TaskGroup() as tasks:
                for work in (self._hear, self._read, self._look, self._like, self._tell):
                    tasks.create_task(work())
        except* (WebSocketDisconnect, ConnectionError):
            pass

    # --- the four tasks ---

    async def _hear(self) -> None:
        """Take what the page says, and let each be done."""
        while True:
            asked: dict[str, Any] = {}
            try:
                asked = parse(await self.socket.receive_text())
                do = self._requests.get(asked["do"])
                if do is None:
                    raise SettingError(
                        f"unknown request {asked['do']!r}: {nearest(asked['do'], self._requests)}"
                    )
                await do(asked)
            except DigitscopeError as problem:
                await self._send(error(str(problem), asked.get("id"), asked.get("do", "")))
            except KeyError:  # a frame of the other kind
                await self._send(error("a message must be text, and its bytes a frame behind it"))

    async def _read(self) -> None:
        """Answer drawings, one at a time, always the newest."""
        while True:
            drawing = await self._drawings.take()
            await self._send_of({"do": "read", "id": drawing.id}, self._answer, drawing)

    async def _look(self) -> None:
        """Look into neurons, one at a time, always the newest."""
        while True:
            asked = await self._neurons.take()
            await self._send_of(asked, self._neuron, asked)

    async def _like(self) -> None:
        """Look for the images that excite a neuron most, which takes longer."""
        while True:
            asked = await self._liked.take()
            await self._send_of(asked, self._favourites, asked)

    async def _tell(self) -> None:
        """Tell of the training, as often as the page takes it."""
        follower, seen, living, running = Follower(), -1, self.lab.trainer.story, False
        while True:
            seen = await self.lab.change(seen)
            if self.lab.trainer.story is not living:  # a training that begins is shown to all
                living, self._watched = self.lab.trainer.story, None
            story = self._watched or living
            if story is not None:
                news = follower.messages(story)
                for message in news:
                    await self._send(message)
                kinds = {message.fields["said"] for message in news}
                if kinds & {"weights", "status"} and self.model == story.run:
                    self._read_again()
                if story.running != running or "training" in kinds:
                    running = story.running
                    await self._tell_models({})
            await asyncio.sleep(PAUSE)

    # --- what a page may ask ---

    async def _take_drawing(self, asked: dict[str, Any]) -> None:
        """A drawing, with the binary frame that follows it."""
        id = asked.get("id")
        if asked.get("image"):
            self._drawings.put(Drawing(id, image=str(asked["image"])))
            return
        payload = await self.socket.receive_bytes()
        width, height = whole(asked, "width"), whole(asked, "height")
        self._drawings.put(Drawing(id, width, height, str(asked.get("file", "")), "", payload))

    def _ask(self, box: Newest[dict[str, Any]]) -> Callable[[dict[str, Any]], Any]:
        """What puts a question about a neuron into a box."""

        async def put(asked: dict[str, Any]) -> None:
            box.put(asked | {name: whole(asked, name) for name in ("layer", "index")})

        return put

    async def _choose(self, asked: dict[str, Any]) -> None:
        """Read with another model from here on."""
        id = str(asked.get("id"))
        model = await asyncio.to_thread(self.lab.model, id)
        self.model = id
        await self._send(about_model(model, id))
        self._read_again()

    async def _tell_models(self, asked: dict[str, Any]) -> None:
        models = await asyncio.to_thread(self.lab.models)
        await self._send(Message({"said": "models", "models": models}))

    async def _tell_steps(self, asked: dict[str, Any]) -> None:
        await self._send(await asyncio.to_thread(steps, self._given(), asked.get("id")))

    async def _train(self, asked: dict[str, Any]) -> None:
        settings = asked.get("settings") or {}
        if not isinstance(settings, dict):
            raise SettingError(f"settings must be an object, got {settings!r}")
        recipe, paused = str(asked.get("recipe")), bool(asked.get("paused"))
        await self.lab.trainer.start(recipe, settings, paused)

    async def _resume(self, asked: dict[str, Any]) -> None:
        run, paused = str(asked.get("run")), bool(asked.get("paused"))
        await self.lab.trainer.resume(run, whole(asked, "more_epochs"), paused)

    async def _watch(self, asked: dict[str, Any]) -> None:
        """Show this run from here on."""
        self._watched = await asyncio.to_thread(self.lab.story, str(asked.get("run")))
        self.lab.trainer.changed()

    # --- how they are answered ---

    async def _send(self, message: Message) -> None:
        """Send a message, its bytes right behind it."""
        text = message.text()
        async with self._sending:
            self._check_open()
            await self.socket.send_text(text)
            if message.payload is not None:
                self._check_open()
                await self.socket.send_bytes(message.payload)

    def _check_open(self) -> None:
        """End the session where another of its tasks has noticed that the page is gone."""
        states = (self.socket.client_state, self.socket.application_state)
        if WebSocketState.DISCONNECTED in states:
            raise WebSocketDisconnect(1006)

    async def _send_of(
        self, asked: dict[str, Any], work: Callable[[Any], Message], about: Any
    ) -> None:
        """Send what a piece of work brings, done beside the server's own."""
        try:
            told = await asyncio.to_thread(work, about)
        except DigitscopeError as problem:
            told = error(str(problem), asked.get("id"), asked["do"])
        await self._send(told)

    def _answer(self, drawing: Drawing) -> Message:
        """The answer to a drawing; one that was answered before is not prepared again."""
        began = time.perf_counter()
        if not self.model:
            raise ModelFileError("there is no model yet: train one first")
        if self._seen is None or self._seen[0] is not drawing:
            self._seen = None
            self._seen = (drawing, take_drawing(drawing))
        live = self.lab.live(self.model) is not None
        told = answer(self.lab.model(self.model), self._seen[1], drawing.id)
        spent = round((time.perf_counter() - began) * 1000, 2)
        facts = {"model": self.model, "live": live, "milliseconds": spent}
        return Message(told.fields | facts, told.payload)

    def _neuron(self, asked: dict[str, Any]) -> Message:
        given = self._given()
        return neuron(self.lab.model(self.model), given, asked)

    def _favourites(self, asked: dict[str, Any]) -> Message:
        found = self.lab.favourites(self.lab.model(self.model))
        return found.message(asked["layer"], asked["index"], asked.get("id"))

    def _given(self) -> Input:
        """The image that was read last; SettingError where none was."""
        if self._seen is None:
            raise SettingError("nothing was read yet: draw a digit first")
        return self._seen[1]

    def _read_again(self) -> None:
        """The weights are others now: answer the last drawing again, unless a newer one waits."""
        if self._seen is not None and self._drawings.empty:
            self._drawings.put(self._seen[0])


def parse(text: str) -> dict[str, Any]:
    """A request; SettingError for what is none.

    >>> parse('{"do": "stop"}')
    {'do': 'stop'}
    """
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict) or not isinstance(asked.get("do"), str):
        raise SettingError('a message must be an object such as {"do": "stop"}')
    return asked


def whole(asked: dict[str, Any], name: str) -> int:
    """A number of a request, 0 if it is absent; SettingError if it is none."""
    value = asked.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1_000_000_000:
        raise SettingError(f"{name} must be a whole number from 0, got {value!r}")
    return value
