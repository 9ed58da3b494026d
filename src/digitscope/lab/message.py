"""What goes over the socket: an object as JSON text, and where it has bytes, those in the binary
frame right behind it. docs/formats.md lists the messages.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

MOST_BYTES = 16_000_000  # of one frame that a page sends
MOST_PIXELS = 4_000_000  # of one drawing, a byte each


@dataclass(frozen=True)
class Message:
    """An object, and the bytes that belong to it."""

    fields: dict[str, Any]
    payload: bytes | None = None

    def text(self) -> str:
        """The JSON; "bytes" says how many follow.

        >>> Message({"said": "answer"}, b"abc").text()
        '{"said":"answer","bytes":3}'
        """
        size = {} if self.payload is None else {"bytes": len(self.payload)}
        return json.dumps({**self.fields, **size}, separators=(",", ":"), allow_nan=False)


def error(what: str, id: Any = None) -> Message:
    """One clear line for the page, and which of its questions it answers."""
    return Message({"said": "error", "what": " ".join(what.split()), "id": id})
