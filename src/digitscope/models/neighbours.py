"""The network that judges digits among their neighbours, where reading cuts what touches."""

from __future__ import annotations

from functools import cache

from digitscope.models.model import Model, load
from digitscope.models.shipped import neighbours_file

__all__ = ["load_neighbours"]


@cache
def load_neighbours() -> Model:
    """It is read once: a page of a lab asks for it with every picture.

    >>> load_neighbours().name
    'neighbours'
    """
    return load(neighbours_file())
