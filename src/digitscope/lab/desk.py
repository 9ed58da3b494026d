"""A desk: what lies before one page when it asks something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from digitscope.errors import SettingError
from digitscope.lab.lab import Lab
from digitscope.lab.message import Message
from digitscope.models.model import Model
from digitscope.models.prediction import Input


@dataclass(frozen=True)
class Desk:
    """The lab, the id of the model that reads, and the image that was read last. `tell` says
    something before the answer; Overtaken where a newer question of this kind waits.
    """

    lab: Lab
    chosen: str
    read: Input | None
    tell: Callable[[Message], None] = lambda message: None

    @property
    def model(self) -> Model:
        """The model that reads; ModelFileError where it is gone."""
        return self.lab.model(self.chosen)

    @property
    def given(self) -> Input:
        """The image that was read last; SettingError where none was."""
        if self.read is None:
            raise SettingError("nothing was read yet: draw a digit first")
        return self.read
