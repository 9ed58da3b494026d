"""A page's session, where something goes wrong on its way."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import WebSocket
from fastapi.websockets import WebSocketState

from digitscope.errors import DigitscopeError, SettingError
from digitscope.lab import session as session_module
from digitscope.lab.app import create_app
from digitscope.lab.lab import Lab
from digitscope.lab.message import Message
from digitscope.lab.reader import Drawing, take_drawing
from digitscope.lab.session import Session
from digitscope.lab.story import Story
from digitscope.models.model import load
from digitscope.models.prediction import Input, take_input
from tests.lab.served import with_run


class Socket:
    """A page that hears all that it is told."""

    client_state = application_state = WebSocketState.CONNECTED

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []

    async def send_text(self, text: str) -> None:
        self.heard.append(json.loads(text))

    async def send_bytes(self, payload: bytes) -> None:
        """What follows an answer is no concern of these tests."""


class Asking(Socket):
    """A page that asks too."""

    def __init__(self) -> None:
        super().__init__()
        self._asked = asyncio.Queue[str]()

    async def accept(self) -> None:
        """It is there already."""

    async def receive_text(self) -> str:
        return await self._asked.get()

    def say(self, **fields: Any) -> None:
        self._asked.put_nowait(json.dumps(fields))

    async def hears(self, said: str, seconds: float = 20) -> dict[str, Any]:
        """The newest message of a kind, once there is one."""
        for _ in range(int(100 * seconds)):
            if found := [told for told in self.heard if told["said"] == said]:
                return found[-1]
            await asyncio.sleep(0.01)
        raise TimeoutError(f"nothing was said of {said!r}, but {[t['said'] for t in self.heard]}")


def test_a_mistake_of_ours_ends_one_question_and_not_the_page(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def mistaken(asked: str) -> Message:
        raise ZeroDivisionError(f"by {asked}")

    socket = Socket()
    session = Session(Lab(tmp_path), cast(WebSocket, socket))
    with caplog.at_level(logging.ERROR):
        asyncio.run(session._reply(7, "matrix", mistaken, "nothing"))
    (told,) = socket.heard
    assert (told["said"], told["id"], told["about"]) == ("error", 7, "matrix")
    assert "ZeroDivisionError: by nothing" in told["what"]
    assert "Traceback" in caplog.text


def test_a_drawing_read_again_says_nothing_of_a_model_that_just_went(tmp_path: Path) -> None:
    """A lesson was taken back while the drawing was on its way through what it had made."""
    socket = Socket()
    session = Session(Lab(tmp_path), cast(WebSocket, socket))
    session.model = "reader"

    async def read(drawing: Drawing) -> None:
        session._drawings.put(drawing)
        task = asyncio.create_task(session._read())
        while not session._drawings.empty:
            await asyncio.sleep(0)
        for _ in range(200):
            await asyncio.sleep(0.01)
            if socket.heard and socket.heard[-1]["id"] == drawing.id:
                break
        task.cancel()

    drawing = Drawing("first", image="test:5")
    asyncio.run(read(drawing))
    assert [told["said"] for told in socket.heard] == ["answer"]
    session.model = "gone-taught.safetensors"
    socket.heard.clear()
    asyncio.run(read(drawing))
    assert socket.heard == []
    asyncio.run(read(Drawing("second", image="test:5")))
    assert [(told["said"], told["about"]) for told in socket.heard] == [("error", "read")]


def test_while_a_drawing_is_prepared_questions_are_about_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(Lab(tmp_path), cast(WebSocket, Socket()))
    session.model = "reader"
    session._answer(Drawing("first", image="test:5"))
    first, meanwhile = session._seen, []

    def prepare(drawing: Drawing) -> Input:
        meanwhile.append(session._seen)
        return take_drawing(drawing)

    monkeypatch.setattr(session_module, "take_drawing", prepare)
    session._answer(Drawing("second", image="test:6"))
    assert meanwhile == [first]
    assert session._seen is not None
    assert session._seen[0].id == "second"
    with pytest.raises(DigitscopeError):
        session._answer(Drawing("third", image="test:10000"))
    assert session._seen is None  # what could not be read is not asked about


def test_the_end_of_a_training_is_read_with_the_weights_it_leaves(tmp_path: Path) -> None:
    """It is told to have ended while its process still lives, and so do its weights."""
    lab = Lab(tmp_path)
    story = Story("runs/one", {}, "ended", model=load("reader"))
    lab.trainer.story = story
    session = Session(lab, cast(WebSocket, Socket()))
    session.model = "runs/one"
    session._seen = Drawing("first", image="test:5"), take_input("test:5")

    async def asked_again(task: asyncio.Task[None]) -> bool:
        for _ in range(100):
            await asyncio.sleep(0.01)
            assert not task.done()
            if not session._drawings.empty:
                await session._drawings.take()
                return True
        return False

    async def ends() -> None:
        task = asyncio.create_task(session._tell())
        lab.trainer.changed()
        assert await asked_again(task)
        await asyncio.sleep(0.2)
        assert session._drawings.empty
        story.model = None
        lab.trainer.changed()
        assert await asked_again(task)
        task.cancel()

    asyncio.run(ends())


def test_many_questions_that_wait_leave_room_for_a_drawing(tmp_path: Path) -> None:
    """Python's own pool has 32 threads at most, and 6 on two cores."""

    async def all_at_once(n: int) -> None:
        app = create_app(Lab(tmp_path))
        async with app.router.lifespan_context(app):
            together = threading.Barrier(n, timeout=30)
            await asyncio.gather(*(asyncio.to_thread(together.wait) for _ in range(n)))

    asyncio.run(all_at_once(40))


def test_while_a_past_run_is_recalled_the_page_is_heard(tmp_path: Path, small_run: Path) -> None:
    """What its last frame shows takes seconds of a large network; its problem is one line."""
    lab, socket = Lab(with_run(tmp_path, small_run, "small") / "runs"), Asking()
    lab.trainer.changed()
    going, go_on = threading.Event(), threading.Event()

    def recall(story: Story) -> None:
        going.set()
        assert go_on.wait(30)
        raise ZeroDivisionError("by a mistake of ours")

    lab.recall = recall  # type: ignore[method-assign]

    async def converse() -> None:
        session = asyncio.create_task(Session(lab, cast(WebSocket, socket)).run())
        await socket.hears("hello")
        socket.say(do="watch", run="runs/small")
        assert await asyncio.to_thread(going.wait, 30)
        socket.say(do="read", id=1, image="test:5")
        assert (await socket.hears("answer"))["id"] == 1
        assert (await socket.hears("training"))["run"] == "runs/small"
        go_on.set()
        told = await socket.hears("error")
        assert (told["about"], told["id"]) == ("watch", None)
        socket.say(do="read", id=2, image="test:6")
        while (await socket.hears("answer"))["id"] != 2:
            await asyncio.sleep(0.01)
        session.cancel()

    asyncio.run(converse())


def test_two_pages_that_press_play_at_once_begin_one_training(tmp_path: Path) -> None:
    async def press() -> None:
        lab = Lab(tmp_path)
        pressed = [lab.trainer.start("lesson", {}, paused=True) for _ in range(2)]
        first, second = await asyncio.gather(*pressed, return_exceptions=True)
        await lab.trainer.close()
        assert first is None
        assert isinstance(second, SettingError)
        assert "a training is at work already" in str(second)

    asyncio.run(press())
