"""What changes in the history from one format to the next."""

from __future__ import annotations

from sqlalchemy import Engine, func, select, update

from millpond.database.connection import reading, writing
from millpond.database.migrations import Extent, Ground, Step
from millpond.errors import Corrupted
from millpond.history.checksum import checksum_of
from millpond.history.history import History
from millpond.history.tables import loaded_tables
from millpond.history.vault import VAULT

_ROWS, _CHECKSUM = loaded_tables.c.rows, loaded_tables.c.checksum


def _make_tables(ground: Ground) -> None:
    History(ground.lake / "history")


def _fill_checksums(ground: Ground) -> None:
    """Read each load once and keep its checksum; those that have one are left.

    A load that cannot be read whole stays without: `verify` names it.
    """
    history = History(ground.lake / "history")
    with history.locked():
        for load_id, name, rows in _without_checksum(ground.engine):
            facts = VAULT[name].fact_schema.names
            try:
                found = checksum_of(
                    batch.select(facts) for batch in history.tables[name].read(load_id)
                )
            except Corrupted:
                continue
            if found.rows == rows:
                _keep(ground.engine, load_id, name, found.hexdigest())


def _without_checksum(engine: Engine) -> list[tuple[str, str, int]]:
    table = loaded_tables
    with reading(engine) as connection:
        found = connection.execute(
            select(table.c.load_id, table.c.table_name, table.c.rows)
            .where(table.c.checksum.is_(None))
            .order_by(table.c.load_id, table.c.table_name)
        )
        return [(row.load_id, row.table_name, row.rows) for row in found]


def _keep(engine: Engine, load_id: str, name: str, checksum: str) -> None:
    table = loaded_tables
    query = update(table).where(table.c.load_id == load_id, table.c.table_name == name)
    with writing(engine) as connection:
        connection.execute(query.values(checksum=checksum))


def _loaded(ground: Ground) -> Extent:
    with reading(ground.engine) as connection:
        rows = connection.scalar(select(func.sum(_ROWS)))
    files = (ground.lake / "history").glob("*/*.parquet")
    return Extent(rows or 0, sum(path.stat().st_size for path in files))


#: To format 2; the tables of the operational database are complete by then.
TO_2 = (
    Step("new tables of the history", _make_tables, lambda ground: Extent()),
    Step("checksums of the loads", _fill_checksums, _loaded),
)
