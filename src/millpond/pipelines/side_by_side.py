"""Work on many items in a few threads, a few items ahead, whatever their number."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_THREADS = 4
_AHEAD = 64

Item = TypeVar("Item")


def side_by_side(work: Callable[[Item], object], items: Iterable[Item]) -> int:
    """Do something with each item in a few threads; the number of items.

    Memory does not grow with their number. What one of them raises is raised.
    """
    ahead: deque[Future[object]] = deque()
    number = 0
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="millpond-copy")
    try:
        for item in items:
            number += 1
            ahead.append(pool.submit(work, item))
            if len(ahead) >= _AHEAD:
                ahead.popleft().result()
        for future in ahead:
            future.result()
    finally:
        pool.shutdown(cancel_futures=True)
    return number


def counted(
    items: Iterable[Item], total: int, on_progress: Callable[[int, int], None]
) -> Iterator[Item]:
    """The items, telling how many have been taken of how many."""
    for number, item in enumerate(items):
        on_progress(number, total)
        yield item
