"""What a page asks when it teaches: its lessons, one more, one less, what the test set says."""

from __future__ import annotations

from typing import Any

from digitscope.errors import SettingError
from digitscope.lab.desk import Desk
from digitscope.lab.lesson import answers
from digitscope.lab.message import Message
from digitscope.lab.request import whole
from digitscope.models.model import Model
from digitscope.training.teach import choices

Asked = dict[str, Any]
TESTED = "test:"  # images of the set that judges


def lessons(desk: Desk, asked: Asked) -> Message:
    """What the model that reads was taught."""
    return _told(desk, desk.chosen, asked, "lessons")


def teach(desk: Desk, asked: Asked) -> Message:
    """The image that was read last is `label`."""
    given = desk.given
    _check(desk)
    if given.name.startswith(TESTED):
        raise SettingError(
            "an image of the test set is not taught: it judges what is learned: draw a digit"
        )
    if "label" not in asked:
        raise SettingError("a lesson needs a label: a digit, or 10 for none")
    label = whole(asked, "label")
    id = desk.lab.teaching.teach(desk.chosen, desk.model, given.image, label)
    return _told(desk, id, asked, "teach")


def unteach(desk: Desk, asked: Asked) -> Message:
    """Take the last lesson back."""
    _check(desk)
    id = desk.lab.teaching.undo(desk.chosen, desk.model)
    return _told(desk, id, asked, "unteach")


def rehearse(desk: Desk, asked: Asked) -> Message:
    """Get ready for a lesson, while the page is looked at."""
    if not _in_training(desk):
        desk.lab.teaching.prepare(desk.chosen, desk.model)
    return Message({"said": "rehearsed", "id": asked.get("id"), "model": desk.chosen})


def judged(desk: Desk, asked: Asked) -> Message:
    """What the whole test set says of the last lesson."""
    test = None if _in_training(desk) else desk.lab.teaching.test(desk.chosen, desk.model)
    return Message({"said": "judged", "id": asked.get("id"), "model": desk.chosen, "test": test})


def _told(desk: Desk, id: str, asked: Asked, about: str) -> Message:
    """The lessons of a model as the page shows them; the bytes: its drawings, 784 each."""
    fields: dict[str, Any] = {"said": "lessons", "id": asked.get("id"), "about": about, "model": id}
    if _in_training(desk):
        empty: dict[str, Any] = {"choices": [], "drawings": [], "last": None, "lessons": 0}
        return Message({**fields, "cannot": TRAINING, "first": "", **empty}, b"")
    model: Model = desk.lab.model(id)
    found = desk.lab.teaching.lessons(id, model)
    images, labels = found.to_learn()
    told = {
        "cannot": "",
        "first": found.base.name,
        "choices": list(choices(model)),
        "drawings": answers(model, images, labels),
        "last": found.records[-1] if found.records else None,
        "lessons": len(found.records),
    }
    return Message(fields | told, images.tobytes())


TRAINING = "This network is in training: stop it, or wait for its end, and then teach it."


def _in_training(desk: Desk) -> bool:
    story = desk.lab.trainer.story
    return story is not None and story.run == desk.chosen and story.running


def _check(desk: Desk) -> None:
    if _in_training(desk):
        raise SettingError(TRAINING)
