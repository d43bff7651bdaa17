"""Rows put in order by their group, on disk, so that memory stays flat."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Iterator
from typing import Any


class Spool:
    """Values by group, in a temporary database that goes when the spool does."""

    def __init__(self) -> None:
        # An empty name is a file of SQLite's own that is never seen and never left over.
        self._rows = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._rows.execute("PRAGMA synchronous = OFF")
        self._rows.execute("CREATE TABLE row (place INTEGER PRIMARY KEY, part TEXT, value TEXT)")
        self._rows.execute("BEGIN")

    def add(self, group: str, value: Any) -> None:
        """Add one value, of what JSON can say."""
        self._rows.execute(
            "INSERT INTO row (part, value) VALUES (?, ?)", (group, json.dumps(value))
        )

    def groups(self) -> Iterator[tuple[str, list[Any]]]:
        """Each group with its values, both in the order of their first coming."""
        rows = self._rows.execute(
            "SELECT row.part, row.value FROM row"
            " JOIN (SELECT part, min(place) AS first FROM row GROUP BY part) AS named"
            " ON named.part = row.part ORDER BY named.first, row.place"
        )
        for group, members in itertools.groupby(rows, key=lambda row: str(row[0])):
            yield group, [json.loads(value) for _, value in members]
