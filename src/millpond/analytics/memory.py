"""The engine in this process: DuckDB with an empty database in memory, opened when needed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class InMemory:
    """A DuckDB that many threads ask, each by a cursor of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: DuckDBPyConnection | None = None

    def cursor(self) -> DuckDBPyConnection:
        """A cursor; temporary views and tables are its alone. Close it, or use it in a with."""
        import duckdb

        with self._lock:
            if self._connection is None:
                # Names are those of views, never of Python variables; nothing is spilled
                # to a disk that erasure would not reach.
                self._connection = duckdb.connect(
                    config={"python_enable_replacements": "false", "temp_directory": ""}
                )
            return self._connection.cursor()

    def close(self) -> None:
        """Let go of the engine; a later cursor makes it anew."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
