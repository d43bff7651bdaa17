"""Calls spread over the workers of a cluster, a few more than run at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from itertools import islice

import pyarrow as pa

from millpond.engines.call import Outcome

#: The most shards of one call: little is lost with it, and progress is seen.
_MOST = 16
#: The most calls that wait for a worker, so that none waits for the coordinator.
_SPARE = 8

#: How many calls a cluster takes at a time; it may grow while it runs.
Workers = Callable[[], int]


def spread(
    submit: Callable[[range], Future[Outcome]], shards: int, workers: Workers
) -> Iterator[pa.RecordBatch]:
    """The rows of all calls, as these end.

    Args:
        submit: starts a call on the shards of a range.

    Raises:
        MillpondError: a call failed.
        Exception: whatever the cluster raises when it gives a call up.
    """
    shares, under_way = cut(shards, workers), set[Future[Outcome]]()
    while True:
        most = max(workers(), 1)
        room = most + min(most, _SPARE) - len(under_way)
        under_way.update(submit(share) for share in islice(shares, max(room, 0)))
        if not under_way:
            return
        ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
        while ended:
            yield from ended.pop().result().rows()


def cut(shards: int, workers: Workers) -> Iterator[range]:
    """Ranges that cover the shards, each cut when it is asked for, smaller towards the end.

    Guided self-scheduling (Polychronopoulos and Kuck, IEEE Transactions on Computers
    C-36, 1987), at half its size: a call takes its share of half of what is left, so
    that there are few calls and all workers end together.

    >>> [len(share) for share in cut(20, lambda: 2)]
    [5, 3, 3, 2, 1, 1, 1, 1, 1, 1, 1]
    """
    begin = 0
    while begin < shards:
        share = (shards - begin) // (2 * max(workers(), 1))
        end = begin + min(max(share, 1), _MOST)
        yield range(begin, end)
        begin = end
