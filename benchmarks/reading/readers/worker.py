"""The process of a reader: `python -m reading.readers.worker NAME [MODEL]`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

from common.serving import serve
from reading.readers import make


def begin() -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Get the reader ready, and give what answers."""
    reader = make(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        began, worked = time.perf_counter(), processor_seconds()
        match question["what"]:
            case "version":
                return {"version": reader.version()}
            case "digits":
                answers: Any = reader.digits(question["paths"], question["bright"])
            case "strings":
                answers = reader.strings(question["paths"], question["bright"])
            case "page":
                answers = reader.page(question["path"], question["turn"])
            case what:
                raise ValueError(f"nobody answers {what!r}")
        return {
            "answers": answers,
            "seconds": time.perf_counter() - began,
            "processor": processor_seconds() - worked,
        }

    return answer


def processor_seconds() -> float:
    """What this process, its threads and the programs that it ran have had of the processor."""
    return sum(os.times()[:4])


if __name__ == "__main__":
    serve(begin)
