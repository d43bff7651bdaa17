"""What changes in capture's tables from one format to the next."""

from __future__ import annotations

from sqlalchemy import Engine, func, select, update

from millpond.capture import tables
from millpond.database.connection import reading, writing
from millpond.database.migrations import Extent, Ground, Step
from millpond.database.rebuild import rebuild, rebuilt
from millpond.events.event import key_of, partition_of

#: Rows in one transaction.
_AT_ONCE = 5_000

#: To format 2: an inference that is archived leaves, while what names it may stay.
TO_2 = (
    rebuilt("reviews without a foreign key to inferences", tables.reviews),
    rebuilt("idempotency without a foreign key to inferences", tables.idempotency),
)


def _fill_keys(ground: Ground) -> None:
    """Say of each event what order is kept for; those of which it is said are left."""
    while _fill_some(ground.engine):
        pass


def _fill_some(engine: Engine) -> bool:
    table = tables.outbox
    kept = (table.c.event_id, table.c.type, table.c.app, table.c.entity_id, table.c.data)
    with writing(engine) as connection:
        query = select(*kept).where(table.c.partition.is_(None)).limit(_AT_ONCE)
        rows = connection.execute(query).all()
        for event_id, *fields in rows:
            key = key_of(*fields)
            values = {"key": key, "partition": partition_of(key)}
            connection.execute(update(table).where(table.c.event_id == event_id).values(values))
    return bool(rows)


def _without_keys(ground: Ground) -> Extent:
    with reading(ground.engine) as connection:
        return Extent(rows=connection.scalar(select(func.count(tables.outbox.c.event_id))) or 0)


def _allow_unknown_durations(ground: Ground) -> None:
    rebuild(ground.engine, tables.inferences)
    if ground.engine.dialect.name == "postgresql":
        with writing(ground.engine, lock="schema") as connection:
            connection.exec_driver_sql(
                "ALTER TABLE inferences ALTER COLUMN duration_ms DROP NOT NULL"
            )


def _inferences(ground: Ground) -> Extent:
    with reading(ground.engine) as connection:
        rows = connection.scalar(select(func.count()).select_from(tables.inferences))
        return Extent(rows=rows or 0)


#: To format 3, after the columns were added.
TO_3 = (
    Step("keys of the events", _fill_keys, _without_keys),
    Step("inferences whose duration is not known", _allow_unknown_durations, _inferences),
)
