"""Consumer groups: what reads the events of a source, shared among workers, each event once.

A consumer's effects and its position are written in one transaction, in which the worker
checks that the partition is still its own. So whatever is killed or stopped wherever, the
effects of an event are kept once, in the order of its key.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Protocol

from sqlalchemy import Engine

from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.errors import Busy, MillpondError
from millpond.streaming.leases import Leases
from millpond.streaming.positions import Place, move
from millpond.streaming.seen import remember, unseen
from millpond.streaming.source import Batch, EventSource
from millpond.streaming.worker_ids import new_worker

#: Seconds between two looks at who reads what.
_BALANCE = 1.0
#: Seconds to wait after a failure: at first, and at most.
_SOON, _LATE = 0.1, 5.0

_log = logging.getLogger(__name__)


class Consumer(Protocol):
    """What is done with events."""

    @property
    def name(self) -> str:
        """Tells it from other consumers; its positions are kept under it."""
        ...

    def prepare(self, batch: Batch) -> Callable[[Transaction], None]:
        """Do the slow part with the events of a batch, which may be asked for again.

        Returns:
            What writes the effects. Predictions wait while it does, so it only writes.

        Raises:
            MillpondError: not now; the same events are read again a little later.
        """
        ...

    def stop(self) -> None:
        """Have `prepare` wait for nothing any longer; called from another thread."""
        ...


class LeaseLost(Busy):
    """Another worker reads a partition now; nothing of the batch was kept."""


class ConsumerGroup:
    """One worker of a group, in a thread of its own from `start` to `stop`.

    Args:
        engine: of the operational database, where the positions are.
        most: events of a batch.
        pause: seconds between two looks at the source while it has nothing new.
        lease: seconds after which a worker that no longer says anything is replaced.
        alone: what is held from before a batch is prepared until it is committed.
    """

    def __init__(
        self,
        source: EventSource,
        consumer: Consumer,
        engine: Engine,
        commit: GroupCommit,
        *,
        most: int = 2_000,
        pause: float = 0.15,
        lease: float = 15.0,
        alone: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._source = source
        self._consumer = consumer
        self._engine = engine
        self._commit = commit
        self._most = most
        self._pause = pause
        self._renewal = lease / 3
        self._alone = alone
        self._worker = new_worker()
        self._place = Place(source.name, consumer.name)
        self._leases = Leases(engine, commit, self._place, self._worker, lease)
        self._positions: Mapping[int, int] = {}
        self._kept: Mapping[int, int] = {}
        self._next_balance = self._next_keeping = 0.0
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=run, name=f"millpond-{consumer.name}", daemon=True)
            for run in (self._serve, self._stay_alive)
        ]
        #: Why nothing is read now; None while all is well.
        self.problem: str | None = None

    @property
    def name(self) -> str:
        """Of the consumer."""
        return self._place.consumer

    @property
    def source(self) -> str:
        """The name of what is read."""
        return self._place.source

    def start(self) -> None:
        """Begin to read."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Begin no other batch, and wait for nothing in the one that is under way."""
        self._stopping.set()
        self._consumer.stop()

    def stop(self) -> None:
        """End with the batch that is under way, and let others have the partitions."""
        self.end()
        for thread in self._threads:
            thread.join()
        self._source.close()

    def _serve(self) -> None:
        wait = _SOON
        while not self._stopping.is_set():
            try:
                more = self._round()
            except LeaseLost:
                self._forget()
            except Exception as error:
                self._fail(error)
                self._stopping.wait(wait)
                wait = min(2 * wait, _LATE)
            else:
                self.problem, wait = None, _SOON
                if not more:
                    self._stopping.wait(self._pause)
        try:
            self._leases.leave()
        except MillpondError as error:
            # The others have to wait until the lease has run out.
            _log.warning("%s did not say that it ends: %s", self.name, error)

    def _stay_alive(self) -> None:
        while not self._stopping.wait(self._renewal):
            try:
                self._leases.renew()
            except MillpondError as error:
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        """Say once what is wrong; whatever it is, the next round may do well."""
        problem = str(error) or repr(error)
        if problem != self.problem:
            known = isinstance(error, MillpondError)
            _log.warning("%s waits: %s", self.name, problem, exc_info=None if known else error)
        self.problem = problem

    def _round(self) -> bool:
        """Do what there is to do; whether there is more."""
        if time.monotonic() >= self._next_balance:
            self._balance()
        if not self._positions:
            return False
        read = self._source.read(self._positions, self._most)
        batch = self._without_repetitions(read)
        if batch.events:
            with self._alone():
                self._keep(batch, self._consumer.prepare(batch))
        elif batch.positions != self._kept and time.monotonic() >= self._next_keeping:
            # So that the outbox, and the next worker, need not look at what is of no one here.
            self._keep(batch, lambda transaction: None)
        self._positions = batch.positions
        return batch.more

    def _balance(self) -> None:
        kept = self._leases.balance(self._source.partitions(), self._source.start())
        self._positions = {
            partition: max(position, self._positions.get(partition, position))
            for partition, position in kept.items()
        }
        self._kept = kept
        self._next_balance = time.monotonic() + _BALANCE

    def _forget(self) -> None:
        self._positions, self._kept = {}, {}
        self._next_balance = 0.0

    def _without_repetitions(self, batch: Batch) -> Batch:
        if not self._source.repeats or not batch.events:
            return batch
        with reading(self._engine) as connection:
            return replace(batch, events=unseen(connection, self._place, batch.events))

    def _keep(self, batch: Batch, write: Callable[[Transaction], None]) -> None:
        """Write the effects of a batch and its positions, all or none.

        1.  Move the positions: whoever did, has the partitions until the commit.
        2.  Remember the events, where they may come again.
        3.  Write the effects.

        Raises:
            LeaseLost: a partition is another's by now.
        """

        def work(transaction: Transaction) -> None:
            if not move(transaction.connection, self._place, self._worker, batch.positions):
                raise LeaseLost(f"another worker of {self.name} has taken over")
            if self._source.repeats:
                remember(transaction.connection, self._place, batch.events)
            write(transaction)

        self._commit.run(work)
        self._kept = batch.positions
        self._next_keeping = time.monotonic() + self._renewal
