"""What goes over the socket: an object as JSON text, and where it has bytes, those in the binary
frame right behind it. docs/formats.md lists the messages.
"""

from __future__ import annotations

import json
import math
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
        fields = {**self.fields, **size}
        try:
            return json.dumps(fields, separators=(",", ":"), allow_nan=False)
        except ValueError:  # a network that has run away: JSON has no word for that
            return json.dumps(finite(fields), separators=(",", ":"), allow_nan=False)


def finite(data: Any) -> Any:
    """Plain data, with None for what is no finite number.

    >>> finite({"loss": [1.0, math.nan]})
    {'loss': [1.0, None]}
    """
    if isinstance(data, dict):
        return {key: finite(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def error(what: str, id: Any = None, about: str = "") -> Message:
    """One clear line for the page, which of its questions it answers, and what was to be done."""
    return Message({"said": "error", "what": " ".join(what.split()), "id": id, "about": about})
