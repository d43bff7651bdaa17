"""SQL of users, in a process of its own that is locked, limited and short-lived."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from millpond.analytics.own import definitions, resolved
from millpond.analytics.relations import Relations
from millpond.analytics.source import COMPLETED, unloaded_name
from millpond.analytics.view import View
from millpond.errors import Corrupted, Invalid
from millpond.history.vault import VAULT
from millpond.settings import QuerySection

_WORKER = Path(__file__).with_name("worker.py")
_LONGEST = 100_000
_THREADS = min(4, os.cpu_count() or 1)
_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")

#: Names that SQL of users may give to nothing of its own.
HIDDEN = frozenset({COMPLETED, *VAULT, *map(unloaded_name, VAULT)})


@dataclass(frozen=True)
class Parsed:
    """What the parser says.

    Args:
        tree: of the user's own SQL; empty where there was none.
        views: those that there are, with what each is made from.
    """

    tree: str
    views: Mapping[str, View]


@dataclass(frozen=True)
class Task:
    """What is to be run, once it is known what the views are made from.

    Args:
        relations: what its views are answered from.
        names: of the views that it reads.
        sql: made from what the relations say.
    """

    relations: AbstractContextManager[Relations]
    names: list[str]
    sql: Callable[[Relations], str]


@dataclass(frozen=True)
class Result:
    """What was answered, as it comes.

    Args:
        types: the SQL type of each column.
        as_of: microseconds since 1970.
    """

    schema: pa.Schema
    types: tuple[str, ...]
    as_of: int
    batches: Iterator[pa.RecordBatch]


@contextmanager
def run_locked(
    sql: str | None,
    limits: QuerySection,
    views: Mapping[str, View],
    prepare: Callable[[Parsed], Task],
) -> Iterator[Result]:
    """Run SQL of a user, or SQL over views that a user wrote.

    Args:
        sql: the user's; it is parsed, and `prepare` says what to run.
        views: those that there are, by name.

    Raises:
        Invalid: the SQL is not allowed, does not fit the views, or takes more than
            the limits; the message says which.
    """
    if sql is not None and len(sql) > _LONGEST:
        raise Invalid(f"the SQL has {len(sql):,} characters; at most {_LONGEST:,} are taken")
    with _worker(limits.seconds) as (process, overdue):
        yield _Conversation(process, overdue, limits, views).hold(sql, prepare)


def understood(limits: QuerySection, views: Mapping[str, View]) -> Mapping[str, View]:
    """The views, with what those of the project itself are made from, or what is wrong."""
    if not definitions(views):
        return views
    with _worker(limits.seconds) as (process, overdue):
        conversation = _Conversation(process, overdue, limits, views)
        return conversation.understand()


class _Gone(Exception):
    """The process has ended before it answered."""


class _Conversation:
    """What is said to the process and by it, in the order of `worker`."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        overdue: threading.Event,
        limits: QuerySection,
        views: Mapping[str, View],
    ) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in: IO[bytes] = process.stdin
        self._out: IO[bytes] = process.stdout
        self._overdue = overdue
        self._limits = limits
        self._views = views

    def understand(self) -> Mapping[str, View]:
        with self._explained():
            self._parse(None)
        return self._views

    def hold(self, sql: str | None, prepare: Callable[[Parsed], Task]) -> Result:
        with self._explained():
            tree = self._parse(sql)
        task = prepare(Parsed(tree, self._views))
        with task.relations as found, self._explained():
            self._give(found, task.sql(found))
            said = self._heard(task.names)
            reader = pa.ipc.open_stream(self._out)
        return Result(
            reader.schema, tuple(said["types"]), found.as_of, self._batches(reader, task.names)
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say why the process ended, where it did."""
        limits = self._limits
        try:
            yield
        except (_Gone, OSError, pa.ArrowException) as error:
            if self._overdue.is_set():
                raise Invalid(
                    f"the query took longer than {limits.seconds:g} seconds and was ended; "
                    "ask for less, or raise query.seconds in millpond.toml"
                ) from None
            raise Invalid(
                "the query ended its process, as one that is nested too deeply or takes too "
                f"much memory does (query.memory_mb is {limits.memory_mb})"
            ) from error

    def _parse(self, sql: str | None) -> str:
        """The tree of the user's SQL; from here on it is known what the views are made from."""
        limits = self._limits
        parse = definitions(self._views)
        self._say(
            {
                "parse": {**parse, **({} if sql is None else {"": sql})},
                "seconds": limits.seconds,
                "memory_mb": limits.memory_mb,
                "threads": _THREADS,
            }
        )
        trees: dict[str, str] = self._hear()["trees"]
        tree = trees.pop("", "")
        self._views = resolved(self._views, trees, HIDDEN)
        return tree

    def _give(self, found: Relations, sql: str) -> None:
        """Send the views, and the rows that are in no file, as they are read."""
        self._say(
            {
                "opening": found.opening,
                "guarded": [(step.view.name, step.sql) for step in found.guarded],
                "files": found.files,
                "tables": found.table_names,
                "sql": sql,
            }
        )
        for _, schema, batches in found.tables():
            with pa.ipc.new_stream(self._in, schema) as writer:
                for batch in batches:
                    writer.write_batch(batch)
        self._in.flush()

    def _batches(self, reader: pa.RecordBatchReader, names: list[str]) -> Iterator[pa.RecordBatch]:
        while True:
            with self._explained():
                batch = next(reader, None)
                if batch is None:
                    self._heard(names)
                    return
            yield batch

    def _heard(self, names: list[str]) -> dict[str, Any]:
        """What the process says next.

        Raises:
            Invalid: it is an error.
        """
        said = self._hear()
        if "error" in said:
            raise Invalid(self._explain(said, names))
        return said

    def _explain(self, said: dict[str, Any], names: list[str]) -> str:
        if said["kind"] in ("OutOfMemoryException", "MemoryError"):
            return (
                f"the query needs more than {self._limits.memory_mb} MB of memory; "
                "ask for less, or raise query.memory_mb in millpond.toml"
            )
        if said["kind"] == "opening":
            raise Corrupted(f"the history cannot be read: {said['error']}; run: millpond verify")
        message, _, where = said["error"].partition("\n\nLINE ")
        message = message.replace("\n", " ")
        view = self._views.get(said["view"] or "")
        if view is not None:
            names = list(view.needs)
        if said["kind"] == "BinderException" and names:
            message += "; the views have: " + ", ".join(map(self._shown, names))
        if view is None:
            return f"the SQL does not fit: {message}"
        # The statement that makes the view has one line more, before its SQL.
        line = re.match(r"\d+", where)
        place = f", line {max(1, int(line[0]) - 1)}" if line else ""
        return f"{view.path}{place}: {message}"

    def _shown(self, name: str) -> str:
        columns = self._views[name].columns if name in self._views else ()
        return f"{name}({', '.join(columns)})" if columns else name

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
