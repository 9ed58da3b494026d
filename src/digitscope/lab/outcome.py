"""What a model may answer, as messages name it."""

from __future__ import annotations

from typing import Any

from digitscope.inside.outcomes import Outcome

NONE = "none"  # what "not a digit" is called in a message


def told(outcome: Outcome) -> int | str:
    """An outcome as a message has it.

    >>> told(7), told(None)
    (7, 'none')
    """
    return NONE if outcome is None else outcome


def known(asked: Any, names: tuple[Outcome, ...]) -> int | None:
    """The place of an outcome that a page names; None where the model does not know it."""
    return next((i for i, name in enumerate(names) if str(told(name)) == str(asked)), None)
