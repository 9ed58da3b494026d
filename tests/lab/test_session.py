"""A page's session, where something goes wrong on its way."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import WebSocket
from fastapi.websockets import WebSocketState

from digitscope.lab.lab import Lab
from digitscope.lab.message import Message
from digitscope.lab.session import Session


class Socket:
    """A page that hears all that it is told."""

    client_state = application_state = WebSocketState.CONNECTED

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []

    async def send_text(self, text: str) -> None:
        self.heard.append(json.loads(text))


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
