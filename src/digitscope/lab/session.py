"""One page that is open: it hears what the page asks, and answers.

Hearing, reading and telling are tasks of their own. A page that is slow only gets less: of its
drawings the newest is answered, and what was not yet sent is replaced by what is newer.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect

from digitscope.errors import DigitscopeError, ModelFileError, SettingError, nearest
from digitscope.lab.lab import Lab
from digitscope.lab.message import Message, error
from digitscope.lab.newest import Newest
from digitscope.lab.reader import Drawing, answer, steps, take_drawing
from digitscope.models.prediction import Input


class Session:
    """The conversation with one page."""

    def __init__(self, lab: Lab, socket: WebSocket) -> None:
        self.lab, self.socket = lab, socket
        self.model = ""
        self._drawings = Newest[Drawing]()
        self._seen: Input | None = None
        self._sending = asyncio.Lock()

    async def run(self) -> None:
        """Until the page is closed."""
        await self.socket.accept()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._hear())
                tasks.create_task(self._read())
        except* (WebSocketDisconnect, ConnectionError):
            pass

    async def send(self, message: Message) -> None:
        """Send a message, its bytes right behind it."""
        async with self._sending:
            await self.socket.send_text(message.text())
            if message.payload is not None:
                await self.socket.send_bytes(message.payload)

    async def _hear(self) -> None:
        """Take what the page says, and let each be done."""
        hello = await asyncio.to_thread(self.lab.hello)
        self.model = await asyncio.to_thread(self.lab.default_model)
        await self.send(Message(hello.fields | {"model": self.model}))
        while True:
            asked: dict[str, Any] = {}
            try:
                asked = parse(await self.socket.receive_text())
                await self._do(asked)
            except DigitscopeError as problem:
                await self.send(error(str(problem), asked.get("id")))
            except KeyError:  # a binary frame where text was due
                await self.send(
                    error("a message must be text; bytes follow a message that has some")
                )

    async def _do(self, asked: dict[str, Any]) -> None:
        """One request."""
        match asked["do"]:
            case "read":
                self._drawings.put(await self._drawing(asked))
            case "model":
                await self._choose(str(asked.get("id")))
            case "steps":
                await self._tell_steps(asked)
            case other:
                known = ("read", "model", "steps")
                raise SettingError(f"unknown request {other!r}: {nearest(str(other), known)}")

    async def _drawing(self, asked: dict[str, Any]) -> Drawing:
        """A drawing, with the binary frame that follows it."""
        if asked.get("image"):
            return Drawing(asked.get("id"), image=str(asked["image"]))
        payload = await self.socket.receive_bytes()
        width, height = whole(asked, "width"), whole(asked, "height")
        return Drawing(asked.get("id"), width, height, str(asked.get("file", "")), "", payload)

    async def _choose(self, id: str) -> None:
        """Read with another model from here on."""
        model = await asyncio.to_thread(self.lab.catalog.load, id)
        self.model = id
        facts = {
            "said": "model",
            "id": id,
            "classes": list(model.classes),
            "calibrated": model.calibrated,
            "measured": model.measured,
            "spec": model.network.spec.to_dict(),
            "parameters": model.network.spec.parameters,
        }
        await self.send(Message(facts))

    async def _read(self) -> None:
        """Answer drawings, one at a time, always the newest."""
        while True:
            drawing = await self._drawings.take()
            began = time.perf_counter()
            try:
                told = await asyncio.to_thread(self._answer, drawing)
                spent = round((time.perf_counter() - began) * 1000, 2)
                told = Message(told.fields | {"milliseconds": spent}, told.payload)
            except DigitscopeError as problem:
                told = error(str(problem), drawing.id)
            await self.send(told)

    def _answer(self, drawing: Drawing) -> Message:
        if not self.model:
            raise ModelFileError("there is no model yet: train one first")
        given = take_drawing(drawing)
        self._seen = given
        told = answer(self.lab.catalog.load(self.model), given, drawing.id)
        return Message(told.fields | {"model": self.model}, told.payload)

    async def _tell_steps(self, asked: dict[str, Any]) -> None:
        if self._seen is None:
            raise SettingError("nothing was read yet: draw a digit first")
        await self.send(await asyncio.to_thread(steps, self._seen, asked.get("id")))


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
