"""The locked process that runs SQL of users; it is started by `query`, never imported.

It speaks through its standard input and output, in this order: it is sent the
limits and the SQL to parse, answers the syntax trees, is sent the views, the rows
that are not in files and the SQL to run, and answers the types of the columns, the
rows as they come, and whether they were all; or an error instead. It imports nothing
of Millpond, so that it starts quickly, and ends when its input does: a parent that
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
        _send(trees={name: _parse(connection, sql) for name, sql in job["parse"].items()})
        found = _receive()
        _register(connection, found["tables"])
        threading.Thread(target=_end_with_parent, daemon=True).start()
        try:
            _open(connection, found["opening"])
        except duckdb.Error as error:
            _send(error=str(error), kind="opening")
            return
        _lock(connection, found["files"])
        view = None
        try:
            for name, statement in found["guarded"]:
                view = name
                connection.execute(statement)
            view = None
            _answer(connection.sql(found["sql"]))
        except (duckdb.Error, MemoryError) as error:
            _send(error=str(error), kind=type(error).__name__, view=view)


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


def _register(connection: duckdb.DuckDBPyConnection, names: list[str]) -> None:
    for name in names:
        with pa.ipc.open_stream(sys.stdin.buffer) as reader:
            connection.register("given", reader.read_all())
        # As tables of its own the engine knows how many rows they have, and joins in a
        # good order; of Arrow tables it does not.
        connection.execute(f"create temp table {name} as from given")
        connection.unregister("given")


def _open(connection: duckdb.DuckDBPyConnection, statements: list[str]) -> None:
    for statement in statements:
        connection.execute(statement)


def _lock(connection: duckdb.DuckDBPyConnection, files: list[str]) -> None:
    """From here on, nothing but the files of the history can be opened."""
    connection.execute("set allowed_paths = $1", [files])
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def _answer(relation: duckdb.DuckDBPyRelation) -> None:
    """The types of the columns, the rows, and that they were all."""
    types = [str(kind) for kind in relation.types]
    reader = relation.to_arrow_reader(10_000)
    first = next(iter(reader), None)
    _send(types=types)
    error = None
    with pa.ipc.new_stream(sys.stdout.buffer, reader.schema) as writer:
        try:
            if first is not None:
                writer.write_batch(first)
                for batch in reader:
                    writer.write_batch(batch)
        except (duckdb.Error, MemoryError) as failed:
            error = failed
    if error is not None:
        raise error
    _send(done=True)


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
