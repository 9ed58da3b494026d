"""One page that is open: it hears what the page asks, and answers.

Hearing, reading, telling, and each kind of question are tasks of their own. A page that is slow
only gets less: of its drawings the newest is answered, and of the training it is told in fewer
words.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect
from fastapi.websockets import WebSocketState

from digitscope.errors import DigitscopeError, ModelFileError, SettingError, nearest
from digitscope.lab.desk import Desk
from digitscope.lab.follower import Follower
from digitscope.lab.lab import Lab
from digitscope.lab.message import Message, error
from digitscope.lab.newest import Newest, Overtaken
from digitscope.lab.questions import QUESTIONS
from digitscope.lab.reader import Drawing, about_model, answer, take_drawing
from digitscope.lab.request import parse, whole
from digitscope.lab.story import Story
from digitscope.models.prediction import Input

LOG = logging.getLogger(__name__)
PAUSE = 1 / 15  # seconds between two looks at the training


class Session:
    """The conversation with one page."""

    def __init__(self, lab: Lab, socket: WebSocket) -> None:
        self.lab, self.socket = lab, socket
        self.model = ""
        self._drawings = Newest[Drawing]()
        self._asked = {name: Newest[dict[str, Any]]() for name in QUESTIONS}
        self._seen: tuple[Drawing, Input] | None = None
        self._watched: Story | None = None
        self._recalled = Newest[Story]()
        self._sending = asyncio.Lock()
        self._requests: dict[str, Callable[[dict[str, Any]], Any]] = {
            "read": self._take_drawing,
            "model": self._choose,
            "models": self._tell_models,
            "train": self._train,
            "resume": self._resume,
            "watch": self._watch,
            "stop": lambda asked: self.lab.trainer.stop(),
            "forget": lambda asked: self.lab.trainer.forget(),
            **{name: self._ask(name) for name in QUESTIONS},
            **dict.fromkeys(("pause", "continue", "advance", "rate"), self.lab.trainer.say),
        }

    async def run(self) -> None:
        """Until the page is closed."""
        await self.socket.accept()
        try:
            hello = await asyncio.to_thread(self.lab.hello)
            self.model = hello.fields["model"]
            await self._send(hello)
            async with asyncio.TaskGroup() as tasks:
                for work in (self._hear, self._read, self._tell, self._recall):
                    tasks.create_task(work())
                for name in QUESTIONS:
                    tasks.create_task(self._answer_each(name))
        except* (WebSocketDisconnect, ConnectionError):
            pass

    # --- its tasks ---

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
            again = self._seen is not None and self._seen[0] is drawing
            await self._reply(drawing.id, "read", self._answer, drawing, unasked=again)

    async def _answer_each(self, name: str) -> None:
        """Answer one kind of question, one at a time, always the newest."""
        box, loop = self._asked[name], asyncio.get_running_loop()

        def tell(message: Message) -> None:
            if not box.empty:
                raise Overtaken
            asyncio.run_coroutine_threadsafe(self._send(message), loop)

        while True:
            asked = await box.take()
            seen = self._seen  # the thread that answers may change it
            desk = Desk(self.lab, self.model, seen[1] if seen else None, tell)
            await self._reply(asked.get("id"), name, QUESTIONS[name], desk, asked)

    async def _tell(self) -> None:
        """Tell of the training, as often as the page takes it."""
        follower, seen, living = Follower(), -1, self.lab.trainer.story
        running = lives = False
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
                # Its last weights are on the disk some time after it is told to have ended.
                moved, lives = lives != (story.model is not None), story.model is not None
                if (moved or kinds & {"weights", "status"}) and self.model == story.run:
                    self._read_again()
                if story.running != running or "training" in kinds:
                    running = story.running
                    await self._tell_models({})
            await asyncio.sleep(PAUSE)

    async def _recall(self) -> None:
        """Find what the last frame of a past run shows. It takes seconds of a large network, for
        which neither its curves wait nor whatever else the page asks.
        """
        while True:
            story = await self._recalled.take()
            await self._reply(None, "watch", self.lab.recall, story)
            self.lab.trainer.changed()

    # --- what a page may ask ---

    async def _take_drawing(self, asked: dict[str, Any]) -> None:
        """A drawing, with the binary frame that follows it."""
        id = asked.get("id")
        if asked.get("image"):
            self._drawings.put(Drawing(id, image=str(asked["image"])))
            return
        payload = await self.socket.receive_bytes()
        width, height = whole(asked, "width"), whole(asked, "height")
        file, brief = str(asked.get("file", "")), bool(asked.get("brief"))
        self._drawings.put(Drawing(id, width, height, file, "", payload, brief))

    def _ask(self, name: str) -> Callable[[dict[str, Any]], Any]:
        """What puts a question into its box, with the bytes that it says belong to it."""

        async def put(asked: dict[str, Any]) -> None:
            asked.pop("payload", None)  # words in its place would be taken for a path
            if "bytes" in asked:
                asked["payload"] = await self.socket.receive_bytes()
            self._asked[name].put(asked)

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
        run = str(asked.get("run"))
        self._watched = story = await asyncio.to_thread(self.lab.story, run)
        self.lab.trainer.changed()
        if story is not self.lab.trainer.story:
            self._recalled.put(story)

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

    async def _reply(
        self,
        id: Any,
        name: str,
        work: Callable[..., Message | None],
        *about: Any,
        unasked: bool = False,
    ) -> None:
        """Send what a piece of work brings, if anything, done beside the server's own. What nobody
        asked for brings no error: its model may be on its way out (a lesson is taken back).
        """
        try:
            told = await asyncio.to_thread(work, *about)
        except DigitscopeError as problem:
            if unasked:
                return
            told = error(str(problem), id, name)
        except Overtaken:
            return
        except Exception as problem:  # a mistake of ours: the page goes on with the rest
            LOG.exception("the question %r could not be answered", name)
            what = f"{type(problem).__name__}: {problem}"
            told = error(f"a mistake in the lab ({what}): its terminal says where", id, name)
        if told is not None:
            await self._send(told)

    def _answer(self, drawing: Drawing) -> Message:
        """The answer to a drawing; one that was answered before is not prepared again."""
        began, chosen = time.perf_counter(), self.model
        if not chosen:
            raise ModelFileError("there is no model yet: train one first")
        seen, brief = self._seen, False
        if seen is None or seen[0] is not drawing:
            brief = drawing.brief  # a page that is told again has all the time
            try:
                seen = drawing, take_drawing(drawing)
            except DigitscopeError:
                self._seen = None
                raise
            self._seen = seen  # until here other questions are about the drawing before
        live = self.lab.live(chosen) is not None
        told = answer(self.lab.model(chosen), seen[1], drawing.id, brief)
        spent = round((time.perf_counter() - began) * 1000, 2)
        facts = {"model": chosen, "live": live, "milliseconds": spent}
        return Message(told.fields | facts, told.payload)

    def _read_again(self) -> None:
        """The weights are others now: answer the last drawing again, unless a newer one waits."""
        seen = self._seen  # the thread that answers may change it
        if seen is not None and self._drawings.empty:
            self._drawings.put(seen[0])
