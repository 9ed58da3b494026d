"""How many threads the arithmetic may use.

One, unless asked otherwise. The matrices here are small: a second thread gains a fifth at best, and
where another program is busy the two wait for each other, which was seen to make an epoch 20 times
slower. One thread also means the same bits on a machine with any number of cores.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

# Not read back from NumPy's library: some, such as Apple's, cannot be asked.
_asked: ContextVar[int] = ContextVar("threads", default=0)


@contextlib.contextmanager
def limited_threads(threads: int = 1) -> Iterator[int]:
    """Limit the threads of NumPy's matrix products (0: all cores); gives the number in use.

    >>> with limited_threads() as threads:
    ...     threads
    1
    """
    import numpy  # noqa: F401, ICN001 - its libraries must be loaded before they can be limited
    from threadpoolctl import threadpool_limits

    before = _asked.set(threads)
    try:
        with threadpool_limits(limits=threads or None, user_api="blas"):
            yield threads_in_use()
    finally:
        _asked.reset(before)


def threads_in_use() -> int:
    """How many threads the arithmetic has at this moment, by `limited_threads` or without it.

    >>> with limited_threads(1):
    ...     threads_in_use()
    1
    """
    from threadpoolctl import threadpool_info

    if asked := _asked.get():
        return asked
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    # A library that was loaded after a limit was set knows nothing of it; NumPy's does.
    return min((pool["num_threads"] for pool in pools), default=1)
