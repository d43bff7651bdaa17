"""Group commit: concurrent writers share one transaction and so one fsync.

A single thread takes everything that waits, runs each piece of work in a
savepoint of its own, commits once, and only then lets the callers go on. A piece
that fails is rolled back alone; a commit that fails fails for all. Where many callers
record facts of the same kind, one function may record them all, with one statement for
each table instead of one for each fact.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Generic, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from millpond.database.clock import Clock
from millpond.database.connection import translated, writing
from millpond.errors import Busy

Item = TypeVar("Item")
Result = TypeVar("Result")

#: The most pieces of work in one transaction; it bounds how long the first one waits.
_MOST = 64
#: Seconds that those who are patient wait for others to share their commit.
_GATHER = 0.03


@dataclass(frozen=True)
class Transaction:
    """What a piece of work writes with: the connection, and the clock for ``recorded_at``."""

    connection: Connection
    clock: Clock


#: Records the items of several callers: for each in its order what it is answered, or the
#: error that is its alone. What is raised instead undoes all of them.
Record: TypeAlias = Callable[[Transaction, Sequence[Item]], Sequence[Result | Exception]]


@dataclass(frozen=True)
class _Waiting(Generic[Item, Result]):
    record: Record[Item, Result]
    item: Item
    future: Future[Result]
    patient: bool = False


class GroupCommit:
    """Runs pieces of work on the operational database, many to a commit.

    Args:
        engine: of the operational database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue: queue.SimpleQueue[_Waiting[Any, Any] | None] = queue.SimpleQueue()
        self._hurry = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def run(self, work: Callable[[Transaction], Result]) -> Result:
        """Run `work` and return its result once it is committed and on disk.

        Raises:
            DiskFull: there was no room; nothing of `work` is kept.
            Busy: the database is locked, or closing.
            MillpondError: whatever `work` itself raised; nothing of it is kept.
        """

        # A function of its own for each call: so nothing else is recorded with it.
        def alone(transaction: Transaction, _: Sequence[None]) -> list[Result | Exception]:
            return [work(transaction)]

        return self.together(alone, None)

    def together(
        self, record: Record[Item, Result], item: Item, *, patient: bool = False
    ) -> Result:
        """Have `record` take an item with those that wait for the same, once it is on disk.

        Where it raises, each item is tried again alone.

        Args:
            patient: wait some milliseconds for more of the same that are sure to come soon;
                a commit costs the processor as much for one as for many.

        Raises:
            DiskFull: there was no room; nothing of the item is kept.
            Busy: the database is locked, or closing.
            MillpondError: whatever `record` raised, or answered for the item.
        """
        waiting = _Waiting(record, item, Future[Result](), patient)
        with self._lock:
            self._start()
            self._queue.put(waiting)
            if not patient or self._queue.qsize() >= _MOST:
                self._hurry.set()
        return waiting.future.result()

    def start(self) -> None:
        """Begin the thread that commits, with the priority of this one; it begins by itself, too.

        Raises:
            Busy: the project is closing.
        """
        with self._lock:
            self._start()

    def close(self) -> None:
        """Commit what waits, then stop. Calling it twice does no harm."""
        with self._lock:
            self._closed = True
            thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            self._hurry.set()
            thread.join()

    def _start(self) -> None:
        if self._closed:
            raise Busy("the project is closing")
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="millpond-commit", daemon=True)
            self._thread.start()

    def _serve(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first]
            last = self._gather(batch)
            self._commit(batch)
            if last:
                return

    def _gather(self, batch: list[_Waiting[Any, Any]]) -> bool:
        """Add what waits, and what comes soon where all are patient; whether it is the last."""
        if batch[0].patient:
            # One sleep for all: to wake for each would cost more than what is saved.
            self._hurry.wait(_GATHER)
        self._hurry.clear()
        while len(batch) < _MOST:
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                return False
            if following is None:
                return True
            batch.append(following)
        return False

    def _commit(self, batch: list[_Waiting[Any, Any]], *, careful: bool = False) -> None:
        groups = [[*alike] for _, alike in groupby(batch, key=lambda waiting: waiting.record)]
        # Where all is alike, what fails undoes the transaction, and needs no savepoint.
        careful = careful or len(groups) > 1
        done: list[tuple[Future[Any], Any]] = []
        try:
            with writing(self._engine) as connection:
                transaction = Transaction(connection, Clock(connection))
                for alike in groups:
                    record = self._attempt if careful else _recorded
                    done += record(alike, transaction)
                transaction.clock.keep()
        except BaseException as error:
            if not careful and not done and len(batch) > 1:
                self._commit(batch, careful=True)
                return
            # Every caller whose work is not yet answered learns that nothing was kept.
            for waiting in batch:
                if not waiting.future.done():
                    waiting.future.set_exception(error)
            return
        for future, result in done:
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)

    def _attempt(
        self, alike: list[_Waiting[Any, Any]], transaction: Transaction
    ) -> Iterable[tuple[Future[Any], Any]]:
        """Record what is alike: whom to answer, and what, once the transaction is committed."""
        savepoint = transaction.connection.begin_nested()
        try:
            recorded = _recorded(alike, transaction)
        except DBAPIError as error:
            if error.connection_invalidated:
                raise  # The whole transaction is gone, not this piece alone.
            if transaction.connection.in_nested_transaction():
                savepoint.rollback()
            return self._failed(alike, transaction, translated(self._engine, error))
        except Exception as error:
            savepoint.rollback()
            return self._failed(alike, transaction, error)
        savepoint.commit()
        return recorded

    def _failed(
        self, alike: list[_Waiting[Any, Any]], transaction: Transaction, error: Exception
    ) -> Iterable[tuple[Future[Any], Any]]:
        if len(alike) == 1:
            alike[0].future.set_exception(error)
            return ()
        return [pair for waiting in alike for pair in self._attempt([waiting], transaction)]


def _recorded(
    alike: list[_Waiting[Any, Any]], transaction: Transaction
) -> list[tuple[Future[Any], Any]]:
    results = alike[0].record(transaction, [waiting.item for waiting in alike])
    return list(zip((waiting.future for waiting in alike), results, strict=True))
