"""Runs: which pipeline ran when, for whom, its steps and its log, and how it ended."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, select

from millpond.database.connection import reading
from millpond.errors import NotFound
from millpond.pipelines import tables
from millpond.pipelines.process import has_ended
from millpond.values import iso

#: Runs that one list shows.
MOST = 1000


@dataclass(frozen=True)
class Run:
    """One run of a pipeline.

    Args:
        status: queued, running, done, failed, or interrupted where its process is gone:
            then the next process that runs the pipeline takes it up.
        started_at: microseconds since 1970.
        seconds: how long its steps took, once it has ended.
        error: why it failed.
        parameters: what it was asked for.
    """

    run_id: str
    pipeline: str
    status: str
    started_at: int
    requested_by: str
    seconds: float | None = None
    rows: int | None = None
    error: str | None = None
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether nothing more will become of it."""
        return self.status in ("done", "failed")

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "started_at": iso(self.started_at)}


@dataclass(frozen=True)
class RunStep:
    """One step of a run: its status is running, done or failed.

    Args:
        attempts: how often it was begun.
    """

    number: int
    name: str
    status: str
    started_at: int
    seconds: float | None
    rows: int | None
    attempts: int
    error: str | None

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "started_at": iso(self.started_at)}


@dataclass(frozen=True)
class LogLine:
    """One line of a run's log; `at` is in microseconds since 1970."""

    at: int
    line: str

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {"at": iso(self.at), "line": self.line}


@dataclass(frozen=True)
class RunReport:
    """A run with all that is on record of it."""

    run: Run
    steps: list[RunStep]
    log: list[LogLine]

    def as_dict(self) -> dict[str, Any]:
        """As JSON values: the run's, ``steps`` and ``log``."""
        return {
            **self.run.as_dict(),
            "steps": [step.as_dict() for step in self.steps],
            "log": [line.as_dict() for line in self.log],
        }


def list_runs(engine: Engine, limit: int = MOST) -> list[Run]:
    """The newest runs, newest first."""
    table = tables.runs
    newest = select(table).order_by(table.c.started_at.desc(), table.c.run_id.desc())
    with reading(engine) as connection:
        return [run_of(row) for row in connection.execute(newest.limit(limit)).mappings()]


def get_run(connection: Connection, run_id: str) -> Run:
    """The run of that id.

    Raises:
        NotFound: there is none.
    """
    query = select(tables.runs).where(tables.runs.c.run_id == run_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(f"no run {run_id!r}; `millpond runs` lists those on record")
    return run_of(row)


def report_run(engine: Engine, run_id: str) -> RunReport:
    """A run with its steps and its log.

    Raises:
        NotFound: there is no such run.
    """
    lines = tables.run_lines
    with reading(engine) as connection:
        run = get_run(connection, run_id)
        query = select(lines.c.at, lines.c.line).where(lines.c.run_id == run_id)
        log = [LogLine(*row) for row in connection.execute(query.order_by(lines.c.number))]
        return RunReport(run, steps_of(connection, run_id), log)


def steps_of(connection: Connection, run_id: str) -> list[RunStep]:
    """The steps of a run that were begun, in their order."""
    table = tables.run_steps
    query = select(table).where(table.c.run_id == run_id).order_by(table.c.number)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    return [RunStep(**{name: row[name] for name in row if name != "run_id"}) for row in rows]


def run_of(row: RowMapping) -> Run:
    """The run of a row of its table."""
    columns = dict(row)
    process = columns.pop("process")
    columns.pop("error_kind")
    columns["parameters"] = json.loads(columns["parameters"] or "{}")
    if columns["status"] in ("queued", "running") and has_ended(process):
        columns["status"] = "interrupted"
    return Run(**columns)
