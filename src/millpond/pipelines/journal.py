"""What runs put on record of themselves, each entry on disk when its method returns."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection, delete, func, select, update

from millpond.database.clock import machine_now
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.pipelines import tables
from millpond.pipelines.pipeline import Parameters
from millpond.pipelines.process import this_process
from millpond.pipelines.runs import Run
from millpond.values import new_id

Result = TypeVar("Result")

#: Runs of a pipeline that stay on record; schedules make many.
_KEPT = 1000
_ENDED = ("done", "failed")


class Journal:
    """Writes the record of the runs.

    Args:
        commit: of the operational database.
    """

    def __init__(self, commit: GroupCommit) -> None:
        self._commit = commit

    def request(self, pipeline: str, parameters: Parameters, by: str) -> Run:
        """A new run that waits for its turn."""

        def work(transaction: Transaction) -> Run:
            moment = transaction.clock.tick()
            run = Run(new_id(), pipeline, "queued", moment, by, parameters=dict(parameters))
            transaction.connection.execute(
                tables.runs.insert().values(
                    run_id=run.run_id,
                    pipeline=pipeline,
                    status=run.status,
                    started_at=moment,
                    requested_by=by,
                    process=this_process(),
                    parameters=json.dumps(run.parameters) if parameters else None,
                )
            )
            return run

        return self._commit.run(work)

    def withdraw(self, run_id: str) -> None:
        """Take a run back that has not begun; one that has is left alone."""
        table = tables.runs
        waiting = (table.c.run_id == run_id) & (table.c.status == "queued")
        self._write(lambda connection: connection.execute(delete(table).where(waiting)))

    def begin(self, run: Run) -> Run:
        """A run is running, in this process; one that was interrupted keeps its beginning."""
        table = tables.runs
        again = run.status != "queued"

        def work(transaction: Transaction) -> Run:
            connection = transaction.connection
            moment = run.started_at if again else transaction.clock.tick()
            connection.execute(
                update(table)
                .where(table.c.run_id == run.run_id)
                .values(status="running", started_at=moment, process=this_process())
            )
            if again:
                _say(connection, run.run_id, "taken up again")
            return replace(run, status="running", started_at=moment)

        return self._commit.run(work)

    def end(self, run: Run, error: Exception | None = None) -> None:
        """A run is done, or failed with an error; old runs of its pipeline are forgotten."""
        table = tables.runs

        def work(connection: Connection) -> None:
            connection.execute(
                update(table)
                .where(table.c.run_id == run.run_id)
                .values(
                    status=run.status,
                    rows=run.rows,
                    seconds=run.seconds,
                    error=run.error,
                    error_kind=None if error is None else type(error).__name__,
                )
            )
            _forget(connection, run.pipeline)

        self._write(work)

    def begin_step(self, run_id: str, number: int, name: str) -> int:
        """A step is running.

        Returns:
            How often its process ended in the middle of it so far.
        """
        table = tables.run_steps
        this = (table.c.run_id == run_id) & (table.c.number == number)

        def work(connection: Connection) -> int:
            before = connection.execute(
                select(table.c.status, table.c.attempts).where(this)
            ).first()
            connection.execute(delete(table).where(this))
            attempts = before.attempts if before else 0
            connection.execute(
                table.insert().values(
                    run_id=run_id,
                    number=number,
                    name=name,
                    status="running",
                    started_at=machine_now(),
                    attempts=attempts + 1,
                )
            )
            return attempts if before and before.status == "running" else 0

        return self._write(work)

    def end_step(
        self,
        run_id: str,
        number: int,
        seconds: float,
        line: str,
        *,
        rows: int | None = None,
        error: Exception | None = None,
    ) -> None:
        """A step is done, or failed with an error; the log says so with a line."""
        table = tables.run_steps
        this = (table.c.run_id == run_id) & (table.c.number == number)

        def work(connection: Connection) -> None:
            connection.execute(
                update(table)
                .where(this)
                .values(
                    status="done" if error is None else "failed",
                    seconds=round(seconds, 3),
                    rows=rows,
                    error=None if error is None else str(error),
                )
            )
            _say(connection, run_id, line)

        self._write(work)

    def say(self, run_id: str, line: str) -> None:
        """A line for the log of a run."""
        self._write(lambda connection: _say(connection, run_id, line))

    def _write(self, work: Callable[[Connection], Result]) -> Result:
        return self._commit.run(lambda transaction: work(transaction.connection))


def _say(connection: Connection, run_id: str, line: str) -> None:
    table = tables.run_lines
    query = select(func.max(table.c.number)).where(table.c.run_id == run_id)
    number = (connection.scalar(query) or 0) + 1
    values = {"run_id": run_id, "number": number, "at": machine_now(), "line": line}
    connection.execute(table.insert().values(**values))


def _forget(connection: Connection, pipeline: str) -> None:
    table = tables.runs
    ended = (table.c.pipeline == pipeline) & table.c.status.in_(_ENDED)
    newest = select(table.c.started_at).where(ended).order_by(table.c.started_at.desc())
    oldest = connection.scalar(newest.limit(1).offset(_KEPT - 1))
    if oldest is None:
        return
    old = select(table.c.run_id).where(ended, table.c.started_at < oldest)
    for part in (tables.run_lines, tables.run_steps):
        connection.execute(delete(part).where(part.c.run_id.in_(old)))
    connection.execute(delete(table).where(ended, table.c.started_at < oldest))
