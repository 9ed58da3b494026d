"""Words with amounts, as a recipe writes them: "shift:2 rotate:10"."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from digitscope.errors import SettingError, nearest


def parse_amounts(
    text: str, limits: Mapping[str, float], kind: str, amount: str
) -> dict[str, float]:
    """The words and their amounts, each from 0 to its limit; SettingError for what is unknown.

    `kind` and `amount` are what words and amounts are called where one is wrong.

    >>> parse_amounts("shift:2, blur:0.5", {"shift": 14, "blur": 1}, "augmentation", "strength")
    {'shift': 2.0, 'blur': 0.5}
    """
    found: dict[str, float] = {}
    for word in re.split(r"[\s,]+", text.strip()):
        if not word or word == "none":
            continue
        name, _, given = word.partition(":")
        if name not in limits:
            raise SettingError(f"unknown {kind} {name!r}: {nearest(name, limits)}")
        try:
            value = float(given)
        except ValueError:
            value = math.nan
        if not 0 <= value <= limits[name]:
            raise SettingError(
                f"{kind} {name} needs a {amount} from 0 to {limits[name]:g}, got {given!r}: "
                f"write it as {name}:{limits[name] / 10:g}"
            )
        found[name] = value
    return found
