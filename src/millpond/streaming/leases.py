"""Leases: the workers of a group divide its partitions fairly, and take over from the dead.

A worker says every few seconds that it is alive. One that does not for the time of a lease, or
whose process ended on this machine, is taken to be gone, and the others share what it had. If it
was only asleep, it finds when it wants to move a position that the partition is no longer its
own, and nothing is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from millpond.database.clock import machine_now
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.streaming.positions import (
    Held,
    Place,
    add_partitions,
    give,
    keep_alive,
    partitions_of,
    remove_workers,
    workers_of,
)
from millpond.streaming.worker_ids import is_gone
from millpond.values import MICROSECONDS


@dataclass(frozen=True)
class _Change:
    """What one worker does for the partitions to be divided fairly."""

    new: tuple[int, ...]
    take: tuple[int, ...]
    give_up: tuple[int, ...]
    gone: tuple[str, ...]


class Leases:
    """What one worker has of the partitions of its group.

    Args:
        worker: its id.
        seconds: how long it is taken to be alive after it last said so.
    """

    def __init__(
        self, engine: Engine, commit: GroupCommit, place: Place, worker: str, seconds: float
    ) -> None:
        self._engine = engine
        self._commit = commit
        self._place = place
        self._worker = worker
        self._micros = round(seconds * MICROSECONDS)

    def renew(self) -> None:
        """Say that the worker is alive."""
        self._commit.run(lambda transaction: self._renew(transaction.connection))

    def balance(self, partitions: int, start: int) -> Mapping[int, int]:
        """Take what is free and give up what is too much.

        Args:
            partitions: of the source.
            start: the position at which one begins that nobody has read.

        Returns:
            The partitions that the worker has, each with the position kept.
        """
        with reading(self._engine) as connection:
            held = partitions_of(connection, self._place)
            change = self._change(connection, held, partitions)
        if not any((change.new, change.take, change.give_up, change.gone)):
            return self._own(held)

        def work(transaction: Transaction) -> Mapping[int, int]:
            # Another worker may have been faster: what holds is what is seen under the lock.
            connection = transaction.connection
            held = partitions_of(connection, self._place)
            self._apply(connection, self._change(connection, held, partitions), start)
            return self._own(partitions_of(connection, self._place))

        return self._commit.run(work)

    def leave(self) -> None:
        """Let the others have everything at once."""
        self._commit.run(
            lambda transaction: remove_workers(transaction.connection, self._place, [self._worker])
        )

    def _own(self, held: Mapping[int, Held]) -> dict[int, int]:
        return {
            partition: one.position for partition, one in held.items() if one.worker == self._worker
        }

    def _renew(self, connection: Connection) -> None:
        keep_alive(connection, self._place, self._worker, machine_now() + self._micros)

    def _change(self, connection: Connection, held: Mapping[int, Held], partitions: int) -> _Change:
        now, known = machine_now(), workers_of(connection, self._place)
        alive = {one for one, until in known.items() if until > now and not is_gone(one)}
        alive.add(self._worker)
        share = fair_share(sorted(alive), partitions)[self._worker]
        new = tuple(partition for partition in range(partitions) if partition not in held)
        free = [p for p, one in held.items() if one.worker not in alive]
        own = sorted(self._own(held))
        return _Change(
            new,
            tuple(sorted([*free, *new])[: max(0, share - len(own))]),
            tuple(own[share:]),
            tuple(worker for worker in known if worker not in alive),
        )

    def _apply(self, connection: Connection, change: _Change, start: int) -> None:
        add_partitions(connection, self._place, change.new, start)
        remove_workers(connection, self._place, change.gone)
        give(connection, self._place, change.give_up, None)
        give(connection, self._place, change.take, self._worker)
        self._renew(connection)


def fair_share(workers: list[str], partitions: int) -> dict[str, int]:
    """How many partitions each worker is to have; no two differ by more than one.

    >>> fair_share(["a", "b", "c"], 16)
    {'a': 6, 'b': 5, 'c': 5}
    """
    each, over = divmod(partitions, len(workers))
    return {worker: each + (rank < over) for rank, worker in enumerate(workers)}
