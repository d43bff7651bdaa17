"""The rows of all completed loads together, kept as one number for each table of the vault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, select, update

from millpond.history.tables import loaded_tables, loaded_totals
from millpond.history.vault import VAULT


def totals(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    """How many rows the completed loads have brought into each of some tables."""
    table = loaded_totals
    query = select(table.c.table_name, table.c.rows).where(table.c.table_name.in_(names))
    kept: dict[str, int] = {row.table_name: row.rows for row in connection.execute(query)}
    missing = [name for name in names if name not in kept]
    return kept | (_summed(connection, missing) if missing else {})


def add_to_totals(connection: Connection, rows: Mapping[str, int]) -> None:
    """Count what a load brought; in the transaction that completes it, and after its rows."""
    table = loaded_totals
    known = set(connection.scalars(select(table.c.table_name)))
    for name in known & set(rows):
        connection.execute(
            update(table).where(table.c.table_name == name).values(rows=table.c.rows + rows[name])
        )
    new = [name for name in VAULT if name not in known]
    if new:
        summed = _summed(connection, new)
        connection.execute(
            table.insert(), [{"table_name": name, "rows": summed[name]} for name in new]
        )


def _summed(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    brought = connection.execute(
        select(loaded_tables.c.table_name, func.sum(loaded_tables.c.rows).label("rows"))
        .where(loaded_tables.c.table_name.in_(names))
        .group_by(loaded_tables.c.table_name)
    )
    return dict.fromkeys(names, 0) | {row.table_name: int(row.rows) for row in brought}
