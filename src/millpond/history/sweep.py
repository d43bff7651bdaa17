"""The sweep: what a load that was broken off left behind goes away.

Its files may be in the Delta tables. Our own readers leave them out; another engine,
which reads Delta as it is, would take their rows for facts. So they are swept before
each load and in maintenance, and outside engines see completed loads only, except
while a load is under way: who reads in that short time, too, takes the rows whose
``load_id`` is in the table ``loads`` of the operational database with a
``completed_at``.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import Engine, Table, delete, select, update

from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.history.history import History
from millpond.history.tables import loads, unfinished_loads
from millpond.history.vault import FACTS

#: The most rows of one capture table that are let go in one transaction.
_CHUNK = 2_500


def sweep(engine: Engine, commit: GroupCommit, history: History) -> int:
    """Take away what loads that were broken off left behind.

    Returns:
        The number of files that the Delta tables no longer have. Their bytes go with the
        next vacuum, when nobody who listed them before reads them any more.
    """
    with history.locked():
        return sweep_locked(engine, commit, history)


def sweep_locked(engine: Engine, commit: GroupCommit, history: History) -> int:
    """As `sweep`, for the holder of the history's lock: under it, no load is under way.

    1. Remove the files from the Delta tables, durably.
    2. Let go of the rows that were claimed, a bounded number in each transaction.
    3. Forget the loads, now that nothing names them.
    """
    with reading(engine) as connection:
        broken_off = set(connection.scalars(unfinished_loads))
    if not broken_off:
        return 0
    files = _remove_files(history, broken_off)
    for fact in FACTS:
        while commit.run(partial(_let_go, fact)) == _CHUNK:
            pass
    commit.run(
        lambda transaction: transaction.connection.execute(
            delete(loads).where(loads.c.completed_at.is_(None))
        )
    )
    return files


def _remove_files(history: History, broken_off: set[str]) -> int:
    removed = 0
    for files in history.tables.values():
        parts = [part for part in files.active().parts if part.load_id in broken_off]
        if parts:
            files.remove(parts)
            removed += len(parts)
    return removed


def _let_go(fact: Table, transaction: Transaction) -> int:
    key = next(iter(fact.primary_key))
    chosen = select(key).where(fact.c.load_id.in_(unfinished_loads)).limit(_CHUNK)
    found = transaction.connection.execute(update(fact).where(key.in_(chosen)).values(load_id=None))
    return found.rowcount
