"""Runs: which pipeline ran when, for whom, how many rows it wrote, and how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Engine, RowMapping, select, update

from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.pipelines import tables
from millpond.pipelines.process import has_ended, this_process
from millpond.values import iso, new_id


@dataclass(frozen=True)
class Run:
    """One run of a pipeline.

    Args:
        status: running, done, failed, or interrupted where its process is gone.
        started_at: microseconds since 1970.
        seconds: how long it took, once it has ended.
        error: why it failed.
    """

    run_id: str
    pipeline: str
    status: str
    started_at: int
    requested_by: str
    seconds: float | None = None
    rows: int | None = None
    error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "started_at": iso(self.started_at)}


def record_run(commit: GroupCommit, pipeline: str, by: str, work: Callable[[], int]) -> Run:
    """Run a pipeline and keep how it went, also when it fails.

    Args:
        work: does it; gives the number of rows that it wrote.

    Raises:
        Exception: whatever `work` raised, after it is on record.
    """
    run = commit.run(lambda transaction: _begin(transaction, pipeline, by))
    started = time.perf_counter()
    try:
        rows = work()
    except Exception as error:
        seconds = round(time.perf_counter() - started, 3)
        _end(commit, replace(run, status="failed", seconds=seconds, error=str(error)))
        raise
    ended = replace(run, status="done", rows=rows, seconds=round(time.perf_counter() - started, 3))
    _end(commit, ended)
    return ended


def list_runs(engine: Engine) -> list[Run]:
    """Every run, newest first."""
    table = tables.runs
    with reading(engine) as connection:
        rows = connection.execute(select(table).order_by(table.c.started_at.desc())).mappings()
        return [_run(row) for row in rows]


def _run(row: RowMapping) -> Run:
    columns = dict(row)
    process = columns.pop("process")
    if columns["status"] == "running" and has_ended(process):
        columns["status"] = "interrupted"
    return Run(**columns)


def _begin(transaction: Transaction, pipeline: str, by: str) -> Run:
    run = Run(new_id(), pipeline, "running", transaction.clock.tick(), by)
    row = {**asdict(run), "process": this_process()}
    transaction.connection.execute(tables.runs.insert().values(**row))
    return run


def _end(commit: GroupCommit, run: Run) -> None:
    query = update(tables.runs).where(tables.runs.c.run_id == run.run_id)
    commit.run(lambda transaction: transaction.connection.execute(query.values(**asdict(run))))
