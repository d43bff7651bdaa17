"""The copies of loads in the history: are they whole, and on disk?

This is asked before the rows that they were made from are deleted. So it does not
lean on what was seen when they were written, which is long ago and may have been
on another disk: every page is read, and every file is fsynced again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from millpond.database.connection import reading
from millpond.durable import sync_file, sync_folder
from millpond.errors import Corrupted
from millpond.history.checksum import checksum_of
from millpond.history.history import History
from millpond.history.tables import loaded_tables
from millpond.history.vault import VAULT


def check_copies(
    engine: Engine, history: History, load_ids: Iterable[str]
) -> Iterator[tuple[str, int]]:
    """Each of some completed loads with the number of its rows, once its copy was found whole.

    Raises:
        Corrupted: a load is not there as it was brought there.
    """
    _sync(history)
    for load_id in load_ids:
        with reading(engine) as connection:
            expected = _expected(connection, load_id)
        yield load_id, sum(_check(history, name, load_id, *expected[name]) for name in expected)


def _sync(history: History) -> None:
    """Have every file of the newest versions on disk, and the logs that name them."""
    for name, files in history.tables.items():
        folder = history.folder / name
        log = folder / "_delta_log"
        for path in (*map(Path, files.active().files), *log.iterdir()):
            # Maintenance may take away an entry of the log that a checkpoint has.
            with suppress(FileNotFoundError):
                sync_file(path)
        sync_folder(log)
        sync_folder(folder)


def _expected(connection: Connection, load_id: str) -> dict[str, tuple[int, str | None]]:
    """The rows and the checksum of each table that a load wrote to."""
    table = loaded_tables
    found = connection.execute(
        select(table.c.table_name, table.c.rows, table.c.checksum).where(table.c.load_id == load_id)
    )
    return {row.table_name: (row.rows, row.checksum) for row in found}


def _check(history: History, name: str, load_id: str, rows: int, checksum: str | None) -> int:
    columns = VAULT[name].fact_schema.names
    batches = history.tables[name].read(load_id)
    found = checksum_of(batch.select(columns) for batch in batches)
    if found.rows != rows or checksum not in (None, found.hexdigest()):
        raise Corrupted(
            f"load {load_id} brought {rows} rows into {name}, but {found.rows} are there "
            "or they are others; nothing of it is archived: run millpond verify"
        )
    return rows
