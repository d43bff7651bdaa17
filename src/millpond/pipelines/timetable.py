"""The timetable: which pipelines are due by their schedules, each moment heeded once."""

from __future__ import annotations

from sqlalchemy import Engine, select, update

from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.pipelines import tables
from millpond.pipelines.schedule import Schedule
from millpond.pipelines.workflows import Workflows
from millpond.values import MICROSECONDS


class Timetable:
    """The schedules of a project's pipelines.

    Raises:
        UsageError: a schedule is malformed; the message names it.
        Invalid: one is after a pipeline that there is not.
    """

    def __init__(self, engine: Engine, commit: GroupCommit, workflows: Workflows) -> None:
        self._engine = engine
        self._commit = commit
        self._schedules = {
            name: Schedule(pipeline.schedule, self._last_end)
            for name, pipeline in workflows.pipelines.items()
        }
        for schedule in self._schedules.values():
            if schedule.after is not None:
                workflows.pipeline(schedule.after)

    def due(self, now: int) -> list[str]:
        """The pipelines that have become due since this was last asked, also by others.

        One that is seen for the first time is due only after that.
        """
        table = tables.schedules
        with reading(self._engine) as connection:
            heeded = {row.pipeline: row.heeded_until for row in connection.execute(select(table))}
        due = []
        for name, schedule in self._schedules.items():
            # A clock that was set back is not waited for: from here it counts anew.
            if name not in heeded or heeded[name] > now:
                self._heed(name, now)
            elif moment := schedule.due(heeded[name], now):
                self._heed(name, moment)
                due.append(name)
        return due

    def _heed(self, name: str, moment: int) -> None:
        table = tables.schedules

        def work(transaction: Transaction) -> None:
            connection = transaction.connection
            this = update(table).where(table.c.pipeline == name)
            if connection.execute(this.values(heeded_until=moment)).rowcount == 0:
                connection.execute(table.insert().values(pipeline=name, heeded_until=moment))

        self._commit.run(work)

    def _last_end(self, name: str) -> int | None:
        """When the newest run of a pipeline that wrote something ended well."""
        table = tables.runs
        done = (table.c.pipeline == name) & (table.c.status == "done") & (table.c.rows > 0)
        newest = select(table.c.started_at, table.c.seconds).where(done)
        with reading(self._engine) as connection:
            query = newest.order_by(table.c.started_at.desc()).limit(1)
            row = connection.execute(query).first()
        return None if row is None else row.started_at + round(row.seconds * MICROSECONDS)
