"""What changes in capture's tables from one format to the next."""

from __future__ import annotations

from sqlalchemy import Table, func, select

from millpond.capture import tables
from millpond.database.connection import reading
from millpond.database.migrations import Extent, Ground, Step
from millpond.database.rebuild import rebuild


def _without_its_foreign_key(table: Table) -> Step:
    """An inference that is archived leaves, while what names it may stay."""
    return Step(
        f"{table.name} without a foreign key to inferences",
        lambda ground: rebuild(ground.engine, table),
        lambda ground: _rows(ground, table),
    )


def _rows(ground: Ground, table: Table) -> Extent:
    with reading(ground.engine) as connection:
        return Extent(rows=connection.scalar(select(func.count()).select_from(table)) or 0)


#: To format 2.
TO_2 = (_without_its_foreign_key(tables.reviews), _without_its_foreign_key(tables.idempotency))
