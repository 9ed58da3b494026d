"""A test image on which the network is unsure: one that it can still learn something from."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from digitscope.data.mnist import load_mnist
from digitscope.lab.message import Message
from digitscope.models.model import Model

BATCH = 50  # images at a time
ENOUGH = 0.7  # of a probability: who is less sure has gradients to look at
MOST = 2000  # images that are looked at, where none is found before
PATIENCE = 1.5  # seconds of looking: a large network then has the least sure of fewer


def unsure(model: Model, id: Any) -> Message:
    """The first of the test images of a model's digits on which its likeliest answer has a
    probability below `ENOUGH`; where there is none among those looked at, the least sure. Labels
    only leave out digits that the model does not know.
    """
    images, labels = load_mnist("test")
    numbers = np.flatnonzero(np.isin(labels, model.classes))[:MOST]
    best, least, began = int(numbers[0]), np.inf, time.monotonic()
    for start in range(0, len(numbers), BATCH):
        rows = numbers[start : start + BATCH]
        sure = model.judge(images[rows]).max(axis=1)
        if (sure < ENOUGH).any():
            best = int(rows[int((sure < ENOUGH).argmax())])
            break
        if sure.min() < least:
            best, least = int(rows[int(sure.argmin())]), float(sure.min())
        if time.monotonic() - began > PATIENCE:
            break
    return Message({"said": "unsure", "id": id, "image": f"test:{best}"})
