"""The locked process that runs one user query; it is started by `query`, never imported.

It speaks through its standard input and output, in this order: it is sent the
limits and the SQL, answers the syntax tree, is sent the views and the rows that
are not in files, and answers the rows, or an error. It imports nothing of
Millpond, so that it starts quickly, and ends when its input does: a parent that
was killed leaves none behind.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
from typing import Any

import duckdb
import pyarrow as pa

_MEGABYTE = 1 << 20
#: Memory that the process takes beside what DuckDB counts.
_OVERHEAD = 512 * _MEGABYTE


def main() -> None:
    """Answer one query."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    job = _receive()
    _limit(job)
    with _connect(job) as connection:
        _send(tree=_parse(connection, job["sql"]))
        found = _receive()
        _register(connection, found)
        threading.Thread(target=_end_with_parent, daemon=True).start()
        _lock(connection, found["files"])
        try:
            table, types = _answer(connection, job["sql"], job["rows"])
        except (duckdb.Error, MemoryError) as error:
            _send(error=str(error), kind=type(error).__name__)
            return
    _send(types=types, rows=table.num_rows)
    if table.num_rows <= job["rows"]:
        with pa.ipc.new_stream(sys.stdout.buffer, table.schema) as writer:
            writer.write_table(table, max_chunksize=10_000)
        sys.stdout.buffer.flush()


def _limit(job: dict[str, Any]) -> None:
    """Have the system itself hold the process to its limits."""
    memory = job["memory_mb"] * _MEGABYTE + _OVERHEAD
    seconds = int(job["seconds"] * job["threads"]) + 2
    for what, most in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _connect(job: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        config={
            "threads": job["threads"],
            "memory_limit": f"{job['memory_mb']}MB",
            "temp_directory": "",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
        }
    )
    connection.execute("set TimeZone = 'UTC'")
    return connection


def _parse(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    [(tree,)] = connection.execute("select json_serialize_sql(?::varchar)", [sql]).fetchall()
    return str(tree)


def _register(connection: duckdb.DuckDBPyConnection, found: dict[str, Any]) -> None:
    for name in found["tables"]:
        with pa.ipc.open_stream(sys.stdin.buffer) as reader:
            connection.register(name, reader.read_all())
    for statement in found["statements"]:
        connection.execute(statement)


def _lock(connection: duckdb.DuckDBPyConnection, files: list[str]) -> None:
    """From here on, nothing but the files of the history can be opened."""
    connection.execute("set allowed_paths = $1", [files])
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def _answer(
    connection: duckdb.DuckDBPyConnection, sql: str, most: int
) -> tuple[pa.Table, list[str]]:
    """The rows, one more than `most` where there are more, and the types of the columns."""
    relation = connection.sql(sql)
    reader = relation.to_arrow_reader(10_000)
    batches: list[pa.RecordBatch] = []
    rows = 0
    for batch in reader:
        batches.append(batch.slice(0, most + 1 - rows))
        rows += batches[-1].num_rows
        if rows > most:
            break
    types = [str(kind) for kind in relation.types]
    return pa.Table.from_batches(batches, reader.schema), types


def _receive() -> dict[str, Any]:
    line = sys.stdin.buffer.readline()
    if not line:
        os._exit(1)
    received: dict[str, Any] = json.loads(line)
    return received


def _send(**message: Any) -> None:
    sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
    sys.stdout.buffer.flush()


def _end_with_parent() -> None:
    sys.stdin.buffer.read(1)
    os._exit(1)


if __name__ == "__main__":
    main()
