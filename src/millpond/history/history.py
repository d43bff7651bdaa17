"""The history as a whole: a folder with one Delta table for each table of the vault."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection

from millpond.durable import make_folder, write_file
from millpond.errors import Corrupted
from millpond.history.delta import Active, VaultFiles
from millpond.history.lock import exclusive
from millpond.history.tables import unfinished_loads
from millpond.history.totals import totals
from millpond.history.vault import VAULT


class History:
    """The Delta tables of the vault.

    Args:
        folder: where they lie; those that are missing are made, and columns declared
            since are added, without a file being written anew.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tables: Mapping[str, VaultFiles] = {
            name: VaultFiles(folder / name, table) for name, table in VAULT.items()
        }
        make_folder(folder)
        if not self._is_as_declared():
            with self.locked():
                self._make()

    def locked(self) -> AbstractContextManager[None]:
        """Hold the history for writing; there is one writer at a time, on the whole machine."""
        return exclusive(self.folder.with_suffix(".lock"))

    def active(self, connection: Connection, names: Iterable[str]) -> dict[str, Active]:
        """The files of some tables, with at least all rows of the loads completed so far.

        Files of loads that are under way, or were broken off, are left out.

        Args:
            connection: inside the read transaction whose completed loads are meant.

        Raises:
            Corrupted: a table has fewer rows than its completed loads brought.
        """
        names = list(names)
        expected = totals(connection, names)
        # A load that completes from here on is not among them; its rows are those of capture.
        unfinished = set(connection.scalars(unfinished_loads))
        found = {}
        for name in names:
            active = self.tables[name].active()
            parts = tuple(part for part in active.parts if part.load_id not in unfinished)
            rows = sum(part.rows for part in parts)
            if rows < expected[name]:
                raise Corrupted(
                    f"{name} has {rows} rows in the history, but {expected[name]} were "
                    "loaded; restore a backup, and run: millpond verify"
                )
            found[name] = replace(active, parts=parts, only_completed=rows == expected[name])
        return found

    def _make(self) -> None:
        for files in self.tables.values():
            files.create()
        # A log that cannot be read is told to whoever asks for its table; the others open.
        with suppress(Corrupted):
            for files in self.tables.values():
                files.evolve()
            write_file(self._columns, _declared())

    @property
    def _columns(self) -> Path:
        """What the tables were last made to hold, so that opening them need not read their logs."""
        return self.folder / "columns.json"

    def _is_as_declared(self) -> bool:
        if not all(files.log.sound for files in self.tables.values()):
            return False
        return self._columns.is_file() and self._columns.read_bytes() == _declared()


def _declared() -> bytes:
    columns = {name: table.schema.names for name, table in VAULT.items()}
    return json.dumps(columns, indent=1).encode()
