"""What a page says: a JSON object that names what is to be done."""

from __future__ import annotations

import json
from typing import Any

from digitscope.errors import SettingError


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
