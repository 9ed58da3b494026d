"""The inner side of a candidate's process: it is asked in lines of JSON, and answers in such lines.

It ends when its standard input ends, so it never outlives the benchmark that started it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

CORES = 2  # every candidate has these, whatever the machine has


def serve(begin: Callable[[], Callable[[dict[str, Any]], dict[str, Any]]]) -> None:
    """Answer until the questions end; `begin` gets ready, and gives what answers.

    The first line says that it is ready; a line with "failed" says why it cannot go on.
    """
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # what a framework prints is no answer
    stay_on_cores()
    try:
        answer = begin()
        channel.write(json.dumps({"ready": True}) + "\n")
        for line in sys.stdin:
            channel.write(json.dumps(answer(json.loads(line)), allow_nan=False) + "\n")
    except BrokenPipeError:  # the benchmark was interrupted
        pass
    except Exception as error:  # whatever a framework throws belongs into its row
        with suppress(BrokenPipeError):
            channel.write(json.dumps({"failed": f"{type(error).__name__}: {error}"}) + "\n")


def limit_threads(threads: int) -> None:
    """Limit the threads of this process's matrix products, for as long as it lives."""
    import numpy  # noqa: F401, ICN001 - its libraries must be loaded before they can be limited
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=threads, user_api="blas")


def stay_on_cores() -> None:
    """Keep this process on two cores, where the system can; its libraries take as many threads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
