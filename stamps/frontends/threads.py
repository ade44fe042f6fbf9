"""Threads of the preparation: reading, byte order and amplitudes of several images or blocks at once.

Results come in the order of their items and do not depend on the number of threads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from stamps import native

if TYPE_CHECKING:
    from concurrent.futures import Future


__all__ = ["in_order"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def in_order(function: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
    """Apply a function to items with all threads that kernels may use, a little ahead of who takes the results.

    Parameters
    ----------
    function : callable
        Releases the interpreter where it takes time (reading, kernels).
    items : iterable

    Yields
    ------
    object
        ``function(item)`` in the order of the items. At most one result more than there are threads waits, so memory
        does not grow with the number of items. The first error, in this order, is raised; what follows it is dropped.
    """
    n_threads = native.n_threads()
    if n_threads == 1:
        yield from map(function, items)
        return
    with native.thread_pool(n_threads) as pool:
        waiting: deque[Future[_Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > n_threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
