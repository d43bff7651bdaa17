"""The archive: facts older than an age leave the operational database, and no answer changes.

Nothing leaves before its copy in the history is on disk and was read back whole.
Which facts have left is one number, the horizon, and it moves in the transaction
that deletes them. So an archive may be killed anywhere and is simply run again; two
at once do each other no harm, and others go on writing between the small steps.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, func, or_, select

from millpond.capture.trim import TIMED, next_moment, trim
from millpond.database.backend import backend_of
from millpond.database.clock import last, machine_now
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.history.copies import check_copies
from millpond.history.history import History
from millpond.history.horizon import archived_until, move_horizon
from millpond.history.load import load, not_loaded
from millpond.history.tables import loads, verified_loads
from millpond.history.vault import FACTS

#: About as many facts leave in one transaction: predictions wait for it.
TRIM = 2_000
#: Seconds between two such transactions: other processes poll for the write lock.
_PAUSE = 0.01

#: The archived tables whose rows are loaded; events are told again by their facts.
_LOADED: tuple[Table, ...] = tuple(table for table in TIMED if "load_id" in table.c)


@dataclass(frozen=True)
class Archived:
    """What an archive did.

    Args:
        rows: that left the operational database.
        archived_until: microseconds since 1970; what was recorded up to it has left.
        bytes_before: of the operational database; `bytes_after` when it was made smaller.
    """

    rows: int
    archived_until: int
    bytes_before: int
    bytes_after: int


def archive(
    engine: Engine, commit: GroupCommit, history: History, older_than_micros: int
) -> Archived:
    """Let the facts that are older than an age leave the operational database.

    Args:
        older_than_micros: microseconds; 0 is everything loaded.

    Raises:
        Corrupted: a copy is not what was loaded; nothing without a good copy has left.
        DiskFull: there is no room to load or to delete; what was done counts.
    """
    step = Archive(engine, commit, history, cutoff(engine, older_than_micros))
    before = _size(engine)
    step.load()
    step.verify()
    rows = step.trim()
    step.shrink()
    with reading(engine) as connection:
        return Archived(rows, archived_until(connection), before, _size(engine))


def cutoff(engine: Engine, older_than_micros: int) -> int:
    """The last moment of which facts are of an age, in microseconds since 1970.

    None is later than the last fact: what is recorded from now on, by whatever clock,
    comes after it.
    """
    with reading(engine) as connection:
        known = last(connection)
        return min(known, max(machine_now(), known) - older_than_micros)


class Archive:
    """One archive, in four steps. Each may be taken by another process than the one before.

    Args:
        until: the moment up to which facts are to leave, in microseconds since 1970.
    """

    def __init__(self, engine: Engine, commit: GroupCommit, history: History, until: int) -> None:
        self._engine = engine
        self._commit = commit
        self._history = history
        self._until = until

    def load(self) -> int:
        """Step 1. Bring everything into the history; the rows written."""
        return load(self._engine, self._commit, self._history).rows

    def verify(self) -> int:
        """Step 2. Read back the loads of which facts are to leave, and have their files on disk.

        Returns:
            The number of rows that were read.

        Raises:
            Corrupted: a load is not in the history as it was brought there.
        """
        self._commit.run(partial(_note_verified, load_ids=[]))
        with reading(self._engine) as connection:
            found = _loads_of(connection, self._until)
        if not found:
            return 0
        rows = check_copies(self._engine, self._history, found)
        self._commit.run(partial(_note_verified, load_ids=found))
        return rows

    def trim(self) -> int:
        """Step 3. Delete the facts whose loads were verified, a few at a time.

        Returns:
            The number of rows that left.
        """
        with reading(self._engine) as connection:
            until = _verified_until(connection, self._until)
        rows = 0
        while (left := self._commit.run(lambda transaction: _trim(transaction, until))) is not None:
            rows += left
            time.sleep(_PAUSE)
        return rows

    def shrink(self) -> int:
        """Step 4. Give the room back to the disk; the number of bytes."""
        before = _size(self._engine)
        backend_of(self._engine.dialect.name).shrink(self._engine)
        return max(0, before - _size(self._engine))


def _size(engine: Engine) -> int:
    return backend_of(engine.dialect.name).size(engine)


def _trim(transaction: Transaction, until: int) -> int | None:
    """Let the oldest facts leave, and say so; None where there are none up to `until`."""
    connection = transaction.connection
    moment = next_moment(connection, until, TRIM)
    if moment is None:
        return None
    trimmed = trim(connection, moment)
    move_horizon(connection, moment, trimmed.last_inference_id)
    return trimmed.rows


def _loads_of(connection: Connection, until: int) -> list[str]:
    """The completed loads that hold facts recorded up to a moment, the oldest first."""
    found: set[str] = set()
    for table in _LOADED:
        named = select(table.c.load_id).where(table.c.recorded_at <= until).distinct()
        found.update(filter(None, connection.scalars(named)))
    completed = select(loads.c.load_id).where(loads.c.completed_at.is_not(None))
    ordered = connection.scalars(completed.order_by(loads.c.claimed_at, loads.c.load_id))
    return [load_id for load_id in ordered if load_id in found]


def _verified_until(connection: Connection, until: int) -> int:
    """The last moment before the first fact that has no verified copy.

    A fact that stays, such as an object, has to be loaded: what leaves refers to it.
    """
    first = [_first(connection, table, until, _unverified(table)) for table in _LOADED]
    first += [_first(connection, fact, until, not_loaded(fact)) for fact in FACTS]
    return min([until, *(moment - 1 for moment in first if moment is not None)])


def _unverified(table: Table) -> ColumnElement[bool]:
    verified = select(verified_loads.c.load_id)
    return or_(table.c.load_id.is_(None), table.c.load_id.not_in(verified))


def _first(
    connection: Connection, table: Table, until: int, where: ColumnElement[bool]
) -> int | None:
    """The moment of the first fact, up to another, of those that `where` holds."""
    query = select(func.min(table.c.recorded_at)).where(table.c.recorded_at <= until, where)
    found: int | None = connection.scalar(query)
    return found


def _note_verified(transaction: Transaction, load_ids: Sequence[str]) -> None:
    """Keep which loads were verified, and forget those of earlier archives."""
    transaction.connection.execute(delete(verified_loads))
    if load_ids:
        rows = [{"load_id": load_id} for load_id in load_ids]
        transaction.connection.execute(verified_loads.insert(), rows)
