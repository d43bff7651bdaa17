"""Migrations: the named steps that bring a project from one format to the next.

A step belongs to whoever has the tables or files that it changes, and is handed down
to here. It can be taken again without harm; one that was killed half-way simply is.
Each is on record once it is done, so an upgrade that was broken off goes on where it
was. The number of the format changes last.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select, text, update
from sqlalchemy.schema import CreateIndex

from millpond.database.clock import machine_now
from millpond.database.connection import reading, writing
from millpond.database.schema import facts, metadata, migration_steps
from millpond.settings import FORMAT


@dataclass(frozen=True)
class Ground:
    """What steps work on.

    Args:
        lake: the folder of the lake.
    """

    engine: Engine
    lake: Path


@dataclass(frozen=True)
class Extent:
    """How much a step has to do: rows that it reads or writes, and bytes about as many."""

    rows: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Step:
    """One step of a migration.

    Args:
        name: unique in its migration, and kept on record.
        take: does it; again, it changes nothing.
        measure: how much there is to do.
    """

    name: str
    take: Callable[[Ground], None]
    measure: Callable[[Ground], Extent]


@dataclass(frozen=True)
class Migration:
    """All steps to a format from the one before it."""

    format: int
    steps: Sequence[Step]


@dataclass(frozen=True)
class Planned:
    """A step that is still to be taken."""

    format: int
    step: Step
    extent: Extent


def format_of(engine: Engine) -> int | None:
    """The number of the format that a database says it is of; None where there is no project."""
    with reading(engine) as connection:
        if not inspect(connection).has_table(facts.name):
            return None
        found = connection.scalar(select(facts.c.value).where(facts.c.name == "format"))
    return None if found is None else int(found)


def plan(ground: Ground, migrations: Sequence[Migration]) -> list[Planned]:
    """The steps that are still to be taken, in their order; nothing is changed."""
    found = format_of(ground.engine)
    if found is None:
        return []
    done = _done(ground.engine)
    return [
        Planned(migration.format, step, step.measure(ground))
        for migration in migrations
        if found < migration.format <= FORMAT
        for step in migration.steps
        if (migration.format, step.name) not in done
    ]


def take(ground: Ground, planned: Iterable[Planned]) -> Iterator[tuple[Planned, float]]:
    """Take steps one after the other; each comes back done, with the seconds that it took.

    1.  Do the step, which lasts when it returns.
    2.  Put it on record, so that it is not taken again.
    """
    for one in planned:
        started = time.perf_counter()
        one.step.take(ground)
        with writing(ground.engine, lock="schema") as connection:
            migration_steps.create(connection, checkfirst=True)
            connection.execute(
                migration_steps.insert().values(
                    format=one.format, step=one.step.name, done_at=machine_now()
                )
            )
        yield one, time.perf_counter() - started


def begun(engine: Engine) -> bool:
    """Whether a step was ever taken."""
    with reading(engine) as connection:
        return inspect(connection).has_table(migration_steps.name)


def renumber(engine: Engine) -> None:
    """Have the database say that it is of the format of this release."""
    with writing(engine, lock="schema") as connection:
        connection.execute(update(facts).where(facts.c.name == "format").values(value=str(FORMAT)))


def complete_tables(connection: Connection) -> None:
    """Make the tables, columns and indexes that are declared; drop indexes that no longer are.

    A column that is added to rows that are there already is null in them.
    """
    metadata.create_all(connection)
    known = inspect(connection)
    for table in metadata.sorted_tables:
        there = {column["name"] for column in known.get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                kind = column.type.compile(connection.dialect)
                connection.exec_driver_sql(
                    f'ALTER TABLE {table.name} ADD COLUMN "{column.name}" {kind}'
                )
        for index in table.indexes:
            connection.execute(CreateIndex(index, if_not_exists=True))
    for name in _indexes(connection) - _declared_indexes():
        connection.exec_driver_sql(f'DROP INDEX "{name}"')


def _indexes(connection: Connection) -> set[str]:
    """The indexes of tables of ours, but for those that a constraint brought."""
    if connection.dialect.name == "sqlite":
        query = text("SELECT name, tbl_name FROM sqlite_master WHERE type = 'index'")
    else:
        query = text(
            "SELECT indexname, tablename FROM pg_indexes WHERE schemaname = current_schema()"
        )
    return {
        name
        for name, table in connection.execute(query)
        if table in metadata.tables and name.startswith("ix_")
    }


def _declared_indexes() -> set[str | None]:
    return {index.name for table in metadata.sorted_tables for index in table.indexes}


def _done(engine: Engine) -> set[tuple[int, str]]:
    with reading(engine) as connection:
        if not inspect(connection).has_table(migration_steps.name):
            return set()
        rows = connection.execute(select(migration_steps.c.format, migration_steps.c.step))
        return {(row.format, row.step) for row in rows}
