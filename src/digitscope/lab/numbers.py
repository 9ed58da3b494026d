"""The numbers on a picture that holds more than one digit, told to a page.

The network on the pad answers for one image of 28x28. Whoever draws 42, or drops a photo of a page,
gets it read beside that, as `digitscope read` does, and each of its digits to look at alone.
"""

from __future__ import annotations

from typing import Any

from digitscope.lab.desk import Desk
from digitscope.lab.message import Message
from digitscope.lab.reader import Drawing, grey_of
from digitscope.lab.request import whole
from digitscope.models.model import Model
from digitscope.preparation import load
from digitscope.preparation.results import Picture

ALL = tuple(range(10))
CREDULOUS = (
    "this network takes anything for a digit: where digits touch or parts of them lie apart, one "
    "that knows what is no digit reads better, such as reader"
)


def numbers(desk: Desk, asked: dict[str, Any]) -> Message:
    """What the model that is chosen reads on a picture, which comes with the question: a drawing or
    a file, as for an answer. The bytes: the 784 of each digit, as the network was given it.
    """
    from digitscope.reader import Reader  # 30 modules, for which the server's start need not wait

    model = desk.model
    about = {"said": "numbers", "id": asked.get("id"), "model": desk.chosen}
    if model.classes != ALL:
        return Message({**about, "cannot": _cannot(model), "lines": []}, b"")
    page = Reader(model).read_picture(_picture(asked))
    told = page.to_dict()
    if not model.refuses:  # its doubts are none: it is as sure of a digit that stands on its head
        told["warnings"] = [CREDULOUS]
    images = b"".join(digit.image.tobytes() for digit in page.digits)
    return Message({**about, "cannot": "", **told}, images)


def _picture(asked: dict[str, Any]) -> Picture:
    file, payload = str(asked.get("file", "")), asked.get("payload", b"")
    if file:
        return load(payload, file)
    size = whole(asked, "width"), whole(asked, "height")
    return load(grey_of(Drawing(None, *size, payload=payload)), "the drawing")


def _cannot(model: Model) -> str:
    known = " and ".join(str(digit) for digit in model.classes)
    return f"this network knows {known} alone: numbers are read by one that knows all ten digits"
