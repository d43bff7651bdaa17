"""Tables of an older shape get the columns and indexes that are declared now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from backends import database_url
from millpond.database.connection import create_schema, open_database, writing
from millpond.database.migrations import complete_tables
from millpond.history import tables as tables
from millpond.history.tables import loads


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(database_url(tmp_path), tmp_path)
    create_schema(engine)
    yield engine
    engine.dispose()


def test_what_is_declared_is_made_and_what_no_longer_is_goes(engine: Engine) -> None:
    [declared] = loads.indexes
    with writing(engine, lock="schema") as connection:
        connection.execute(text("INSERT INTO loads (load_id, claimed_at) VALUES ('a', 1)"))
        connection.execute(
            text(
                "INSERT INTO loaded_tables (load_id, table_name, version, rows)"
                " VALUES ('a', 'hub_object', 1, 2)"
            )
        )
        connection.execute(text("ALTER TABLE loaded_tables DROP COLUMN checksum"))
        connection.execute(text(f"DROP INDEX {declared.name}"))
        connection.execute(text("CREATE INDEX ix_loads_rows ON loads (rows)"))
    for _ in range(2):
        with writing(engine, lock="schema") as connection:
            complete_tables(connection)
        found = inspect(engine)
        assert [index["name"] for index in found.get_indexes("loads")] == [declared.name]
    with writing(engine) as connection:
        row = connection.execute(text("SELECT rows, checksum FROM loaded_tables")).one()
    assert tuple(row) == (2, None)
