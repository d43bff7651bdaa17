"""User SQL, in a process of its own that is locked, limited and short-lived."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from millpond.analytics.answer import Answer
from millpond.analytics.guard import views_used
from millpond.analytics.relations import COMPLETED, Relations, unloaded_name
from millpond.analytics.view import View
from millpond.errors import Invalid
from millpond.history.vault import VAULT
from millpond.settings import QuerySection

_WORKER = Path(__file__).with_name("worker.py")
_LONGEST = 100_000
_THREADS = min(4, os.cpu_count() or 1)
_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")

#: Gives what the named ones of some views are answered from.
Source = Callable[[Mapping[str, View], list[str]], AbstractContextManager[Relations]]


def run_query(
    sql: str,
    limits: QuerySection,
    views: Mapping[str, View],
    relations_of: Source,
) -> Answer:
    """Run one SELECT over the views.

    Args:
        relations_of: gives what the named views are answered from.

    Raises:
        Invalid: the SQL is not allowed, does not fit the views, or takes more than
            the limits; the message says which.
    """
    if len(sql) > _LONGEST:
        raise Invalid(f"the SQL has {len(sql):,} characters; at most {_LONGEST:,} are taken")
    with _worker(limits.seconds) as (process, overdue):
        try:
            return _Conversation(process, limits, views).hold(sql, relations_of)
        except (_Gone, OSError, pa.ArrowException) as error:
            if overdue.is_set():
                raise Invalid(
                    f"the query took longer than {limits.seconds:g} seconds and was ended; "
                    "ask for less, or raise query.seconds in millpond.toml"
                ) from None
            raise Invalid(
                "the query ended its process, as one that is nested too deeply or takes too "
                f"much memory does (query.memory_mb is {limits.memory_mb})"
            ) from error


class _Gone(Exception):
    """The process has ended before it answered."""


class _Conversation:
    """What is said to the process and by it, in the order of `worker`."""

    def __init__(
        self, process: subprocess.Popen[bytes], limits: QuerySection, views: Mapping[str, View]
    ) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in: IO[bytes] = process.stdin
        self._out: IO[bytes] = process.stdout
        self._limits = limits
        self._views = views

    def hold(self, sql: str, relations_of: Source) -> Answer:
        limits = self._limits
        self._say(
            {
                "sql": sql,
                "seconds": limits.seconds,
                "memory_mb": limits.memory_mb,
                "rows": limits.rows,
                "threads": _THREADS,
            }
        )
        hidden = {COMPLETED, *VAULT, *map(unloaded_name, VAULT)}
        names = views_used(self._hear()["tree"], self._views, hidden)
        with relations_of(self._views, names) as found:
            self._give(found)
        said = self._hear()
        if "error" in said:
            raise Invalid(self._explain(said, names))
        if said["rows"] > limits.rows:
            raise Invalid(
                f"the query answers more than {limits.rows:,} rows; add a LIMIT, aggregate, "
                "or raise query.rows in millpond.toml"
            )
        with pa.ipc.open_stream(self._out) as reader:
            return Answer(reader.read_all(), tuple(said["types"]), found.as_of)

    def _give(self, found: Relations) -> None:
        """Send the views, and the rows that are in no file, as they are read."""
        self._say(
            {
                "statements": found.statements,
                "files": found.files,
                "tables": found.table_names,
            }
        )
        for _, schema, batches in found.tables():
            with pa.ipc.new_stream(self._in, schema) as writer:
                for batch in batches:
                    writer.write_batch(batch)
        self._in.flush()

    def _explain(self, said: dict[str, Any], names: list[str]) -> str:
        if said["kind"] in ("OutOfMemoryException", "MemoryError"):
            return (
                f"the query needs more than {self._limits.memory_mb} MB of memory; "
                "ask for less, or raise query.memory_mb in millpond.toml"
            )
        message = said["error"].split("\n\nLINE ")[0].replace("\n", " ")
        if said["kind"] == "BinderException" and names:
            columns = (f"{name}({', '.join(self._views[name].columns)})" for name in names)
            message += "; the views have: " + ", ".join(columns)
        return f"the SQL does not fit: {message}"

    def _say(self, message: dict[str, Any]) -> None:
        self._in.write(json.dumps(message).encode() + b"\n")
        self._in.flush()

    def _hear(self) -> dict[str, Any]:
        line = self._out.readline()
        if not line:
            raise _Gone
        heard: dict[str, Any] = json.loads(line)
        return heard


@contextmanager
def _worker(seconds: float) -> Iterator[tuple[subprocess.Popen[bytes], threading.Event]]:
    """The process, which is gone when the block ends, and whether it ran out of time."""
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-P", str(_WORKER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**environment, "TZ": "UTC"},
    )
    overdue = threading.Event()

    def end() -> None:
        overdue.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield process, overdue
    finally:
        timer.cancel()
        process.kill()
        # What was still to be sent has nobody left to read it.
        with contextlib.suppress(OSError):
            process.__exit__(None, None, None)
