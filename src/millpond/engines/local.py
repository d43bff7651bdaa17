"""The engine that every project has: threads of this process."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Iterator
from itertools import takewhile
from queue import SimpleQueue

import pyarrow as pa

from millpond.engines.call import checked, portable, shard_batches
from millpond.engines.engine import BatchFunction
from millpond.errors import MillpondError
from millpond.settings import EngineSection

#: Batches that may wait for the caller, for each worker.
_AHEAD = 2


class LocalEngine:
    """Threads that take one shard after another; each calls the function once.

    Args:
        section: with ``workers`` 0, as many threads as the process may use cores.
    """

    def __init__(self, section: EngineSection) -> None:
        self._workers = section.workers or len(os.sched_getaffinity(0))

    @property
    def workers(self) -> int:
        """The number of threads."""
        return self._workers

    def run(
        self, function: BatchFunction, shards: int, schema: pa.Schema
    ) -> Generator[pa.RecordBatch, None, None]:
        """See `BatchEngine.run`; an error ends the other threads after their shard."""
        work = _Work(function, shards, schema, self._workers)
        threads = [
            threading.Thread(target=work.call, name=f"shards-{number}")
            for number in range(min(self._workers, shards))
        ]
        for thread in threads:
            thread.start()
        try:
            yield from work.results(len(threads))
        finally:
            work.stop()
            for thread in threads:
                thread.join()

    def close(self) -> None:
        """Nothing outlasts a run."""


class _Work:
    """What the threads of a run share: the numbers, and the way to the caller."""

    def __init__(
        self, function: BatchFunction, shards: int, schema: pa.Schema, workers: int
    ) -> None:
        self._function, self._schema = function, schema
        self._numbers = iter(range(shards))
        self._results: SimpleQueue[pa.RecordBatch | MillpondError | None] = SimpleQueue()
        self._workers, self._room = workers, threading.Semaphore(_AHEAD * workers)
        self._stopped = threading.Event()

    def call(self) -> None:
        """Call the function, in a thread of its own; at the end comes an error, or None."""
        error = None
        try:
            # `next` on an iterator of a range is one step that no thread comes between.
            numbers = takewhile(lambda _: not self._stopped.is_set(), self._numbers)
            for batch in checked(self._function(shard_batches(numbers)), self._schema):
                self._room.acquire()
                if self._stopped.is_set():
                    break
                self._results.put(batch)
        except Exception as raised:
            error = portable(raised)
        self._results.put(error)

    def results(self, calls: int) -> Iterator[pa.RecordBatch]:
        """The batches of so many calls, until each has ended or one failed."""
        while calls:
            result = self._results.get()
            if isinstance(result, MillpondError):
                raise result
            if result is None:
                calls -= 1
                continue
            self._room.release()
            yield result

    def stop(self) -> None:
        """Let no call begin another shard, nor wait for the caller."""
        self._stopped.set()
        self._room.release(self._workers)
