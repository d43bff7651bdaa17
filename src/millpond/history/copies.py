"""The copies of loads in the history: are they whole, and on disk?

This is asked before the rows that they were made from are deleted. So it does not
lean on what was seen when they were written, which is long ago and may have been
on another disk: every page is read, and every file is fsynced again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Engine, select

from millpond.database.connection import reading
from millpond.durable import sync_file, sync_folder
from millpond.errors import Corrupted
from millpond.history.checksum import Checksum
from millpond.history.delta import ActiveFile
from millpond.history.history import History
from millpond.history.tables import loaded_tables
from millpond.history.vault import VAULT


def check_copies(engine: Engine, history: History, load_ids: Collection[str]) -> int:
    """Find the copies of some completed loads whole; the number of their rows.

    Each file is read once, and memory does not grow with the number of rows.

    Raises:
        Corrupted: a load is not there as it was brought there.
    """
    _sync(history)
    wanted = frozenset(load_ids)
    rows = 0
    for name in VAULT:
        with reading(engine) as connection:
            brought = _brought(connection, name, wanted)
        rows += sum(expected for expected, _ in brought.values())
        for load_id, found in _found(history, name, wanted):
            expected, checksum = brought.pop(load_id, (0, ""))
            if found.rows != expected or checksum not in (None, found.hexdigest()):
                raise _damaged(name, load_id)
        if brought:
            raise _damaged(name, next(iter(brought)))
    return rows


def _sync(history: History) -> None:
    """Have every file of the newest versions on disk, and the logs that name them."""
    for name, files in history.tables.items():
        folder = history.folder / name
        log = folder / "_delta_log"
        for path in (*map(Path, files.active().files), *log.iterdir()):
            # Maintenance may take away what the newest version does not need.
            with suppress(FileNotFoundError):
                sync_file(path)
        sync_folder(log)
        sync_folder(folder)


def _brought(
    connection: Connection, name: str, wanted: Collection[str]
) -> dict[str, tuple[int, str | None]]:
    """The rows and the checksum that each of some loads brought into a table."""
    table = loaded_tables
    found = connection.execute(
        select(table.c.load_id, table.c.rows, table.c.checksum).where(table.c.table_name == name)
    )
    return {row.load_id: (row.rows, row.checksum) for row in found if row.load_id in wanted}


def _found(history: History, name: str, wanted: frozenset[str]) -> Iterator[tuple[str, Checksum]]:
    """The checksum of each of some loads; the rows of a load follow each other in the files."""
    facts = VAULT[name].fact_schema.names
    files = history.tables[name]
    parts = [part for part in files.active().parts if _may_have(part, wanted)]
    load_id, checksum = "", Checksum()
    for found, batch in _runs(files.rows(parts)):
        if found != load_id:
            if load_id in wanted:
                yield load_id, checksum
            load_id, checksum = found, Checksum()
        if found in wanted:
            checksum.update(batch.select(facts))
    if load_id in wanted:
        yield load_id, checksum


def _may_have(part: ActiveFile, wanted: frozenset[str]) -> bool:
    """Whether a file may have rows of some loads; ids of loads are in the order of time."""
    if part.load_id is not None:
        return part.load_id in wanted
    return part.first_load <= max(wanted) and part.last_load >= min(wanted)


def _runs(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The batches, cut where a load ends."""
    for batch in batches:
        runs = pc.run_end_encode(batch["load_id"])
        start = 0
        for load_id, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
            yield load_id, batch.slice(start, end - start)
            start = end


def _damaged(name: str, load_id: str) -> Corrupted:
    return Corrupted(
        f"{name} does not have the rows of load {load_id} as they were brought there; "
        "nothing of it is archived: run millpond verify"
    )
