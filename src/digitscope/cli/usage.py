"""What is wrong with the words of a command, in the words that every other error has."""

from __future__ import annotations

from typing import Any

from typer.exceptions import TyperException

KINDS = {"int": "a whole number", "float": "a number"}
BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


def complaint(error: TyperException) -> str:
    """The error in one sentence, without its full stop.

    An option of a wrong kind or size is told by pydantic, whose sentence says neither what came nor
    how large it may be: what it knows of that hangs on the error's cause.
    """
    told: list[dict[str, Any]] = getattr(error.__cause__, "errors", list)()
    names = getattr(getattr(error, "param", None), "opts", ())
    wanted = _wanted(told[0]) if told else ""
    if not names or not wanted:
        return error.format_message().rstrip(".")
    return f"{names[0]} must be {wanted}, got {told[0]['input']!r}"


def _wanted(told: dict[str, Any]) -> str:
    """What a value was to be; "" for what is said well enough."""
    bounds = {name: words for name, words in BOUNDS.items() if name in told.get("ctx", {})}
    for name, words in bounds.items():
        return f"{words} {told['ctx'][name]:g}"
    return KINDS.get(told["type"].partition("_")[0], "")
