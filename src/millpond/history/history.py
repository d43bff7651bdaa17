"""The history as a whole: a folder with one Delta table for each table of the vault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy import Connection, func, select

from millpond.durable import make_folder
from millpond.errors import Corrupted
from millpond.history.delta import Active, VaultFiles
from millpond.history.lock import exclusive
from millpond.history.tables import loaded_tables
from millpond.history.vault import VAULT


class History:
    """The Delta tables of the vault.

    Args:
        folder: where they lie; those that are missing are made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tables: Mapping[str, VaultFiles] = {
            name: VaultFiles(folder / name, table) for name, table in VAULT.items()
        }
        make_folder(folder)
        if not all(files.sound for files in self.tables.values()):
            with self.locked():
                for files in self.tables.values():
                    files.create()
                    files.mend()

    def locked(self) -> AbstractContextManager[None]:
        """Hold the history for writing; there is one writer at a time, on the whole machine."""
        return exclusive(self.folder.with_suffix(".lock"))

    def active(self, connection: Connection, names: Iterable[str]) -> dict[str, Active]:
        """The files of some tables, with at least all rows of the loads completed so far.

        Args:
            connection: inside the read transaction whose completed loads are meant.

        Raises:
            Corrupted: a table has fewer rows than its completed loads brought.
        """
        summed = connection.execute(
            select(loaded_tables.c.table_name, func.sum(loaded_tables.c.rows).label("rows"))
            .where(loaded_tables.c.table_name.in_(list(names)))
            .group_by(loaded_tables.c.table_name)
        )
        expected = {row.table_name: row.rows for row in summed}
        found = {name: self.tables[name].active() for name in names}
        for name, active in found.items():
            if active.rows < expected.get(name, 0):
                raise Corrupted(
                    f"{name} has {active.rows} rows in the history, but {expected[name]} were "
                    "loaded; restore a backup, and run: millpond verify"
                )
        return found
