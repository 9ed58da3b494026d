"""Who reads: a class in a file of its own, and a line here.

Each has a process of its own (`worker.py`). Those of `PEERS` need no digitscope, and run in the
environment that requirements/bench-reading.txt describes.
"""

from __future__ import annotations

from importlib import import_module

from reading.readers.reader import Reader

READERS = {
    "ours": "reading.readers.ours:Ours",
    "committee": "reading.readers.ours:OurCommittee",
    "rapidocr": "reading.readers.rapid:Rapid",
    "tesseract": "reading.readers.tesseract:Tesseract",
}
TITLES = {
    "ours": "digitscope",
    "committee": "its committee",
    "rapidocr": "PP-OCRv6 small (rapidocr), digits only",
    "tesseract": "Tesseract, digits only",
}
PEERS = ("rapidocr", "tesseract")


def make(name: str, model: str) -> Reader:
    """The reader of a name; `model` is for ours."""
    module, kind = READERS[name].split(":")
    made: Reader = getattr(import_module(module), kind)(model)
    return made
