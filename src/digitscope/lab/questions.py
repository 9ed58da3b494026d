"""The questions that a page may ask about what lies before it. Each is answered beside the others,
one at a time of its kind, and always the newest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from digitscope.lab.backprop import backprop, weight
from digitscope.lab.change import told_change
from digitscope.lab.desk import Desk
from digitscope.lab.lessons import judged, lessons, rehearse, teach, unteach
from digitscope.lab.message import Message
from digitscope.lab.mistakes import cell, matrix, neighbours
from digitscope.lab.moments import frame, frames, runs, through
from digitscope.lab.neuron import neuron
from digitscope.lab.numbers import numbers
from digitscope.lab.reader import activations, steps
from digitscope.lab.request import whole
from digitscope.lab.sharing import file, share
from digitscope.lab.unsure import unsure
from digitscope.lab.why import told_contributions

Asked = dict[str, Any]


def _neuron(desk: Desk, asked: Asked) -> Message:
    given = desk.given
    return neuron(desk.model, given, asked | _unit(asked))


def _favourites(desk: Desk, asked: Asked) -> Message:
    unit = _unit(asked)
    found = desk.lab.favourites.of(desk.chosen, desk.model)
    return found.message(unit["layer"], unit["index"], asked.get("id"))


def _steps(desk: Desk, asked: Asked) -> Message:
    return steps(desk.given, asked.get("id"))


def _activations(desk: Desk, asked: Asked) -> Message:
    return _of_model(desk, activations(desk.model, desk.given, asked.get("id")))


def _matrix(desk: Desk, asked: Asked) -> Message:
    judgement = desk.lab.judgements.of(desk.chosen, fresh=bool(asked.get("fresh")))
    return _of_model(desk, matrix(judgement, asked.get("id")))


def _cell(desk: Desk, asked: Asked) -> Message:
    return _of_model(desk, cell(desk.lab.judgements.of(desk.chosen), asked))


def _neighbours(desk: Desk, asked: Asked) -> Message:
    return _of_model(desk, neighbours(desk.lab.judgements.of(desk.chosen), asked))


def _of_model(desk: Desk, told: Message) -> Message:
    """The message, and which model it is about: the page may have chosen another since."""
    return Message(told.fields | {"model": desk.chosen}, told.payload)


def _share(desk: Desk, asked: Asked) -> Message:
    return share(desk, asked.get("id"))


def _file(desk: Desk, asked: Asked) -> Message:
    return file(desk, asked.get("id"))


def _contributions(desk: Desk, asked: Asked) -> Message:
    return told_contributions(desk.model, desk.given, asked)


def _smallest_change(desk: Desk, asked: Asked) -> Message:
    return told_change(desk.model, desk.given, asked, desk.tell)


def _backprop(desk: Desk, asked: Asked) -> Message:
    given = desk.given
    return backprop(desk.model, given, asked)


def _unsure(desk: Desk, asked: Asked) -> Message:
    return unsure(desk.model, asked.get("id"))


def _chain_rule(desk: Desk, asked: Asked) -> Message:
    given = desk.given
    return weight(desk.model, given, asked)


def _unit(asked: Asked) -> dict[str, int]:
    return {name: whole(asked, name) for name in ("layer", "index")}


QUESTIONS: dict[str, Callable[[Desk, Asked], Message]] = {
    "share": _share,
    "file": _file,
    "steps": _steps,
    "numbers": numbers,
    "activations": _activations,
    "neuron": _neuron,
    "favourites": _favourites,
    "matrix": _matrix,
    "cell": _cell,
    "neighbours": _neighbours,
    "lessons": lessons,
    "teach": teach,
    "unteach": unteach,
    "rehearse": rehearse,
    "judged": judged,
    "runs": runs,
    "frames": frames,
    "frame": frame,
    "through": through,
    "contributions": _contributions,
    "smallest_change": _smallest_change,
    "backprop": _backprop,
    "chain_rule": _chain_rule,
    "unsure": _unsure,
}
