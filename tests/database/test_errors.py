"""What a database says of its troubles, in our own words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from backends import database_url
from millpond.database.connection import create_schema, open_database, reading, writing
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.database.schema import facts
from millpond.errors import Busy, Corrupted, DiskFull, Invalid, MillpondError, ProjectError

on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(database_url(tmp_path), tmp_path)
    create_schema(engine)
    yield engine
    engine.dispose()


def names(engine: Engine) -> set[str]:
    with reading(engine) as connection:
        return set(connection.scalars(facts.select().with_only_columns(facts.c.name)))


@pytest.mark.sqlite
def test_a_file_that_may_not_grow_is_a_full_disk(engine: Engine) -> None:
    with pytest.raises(DiskFull), writing(engine) as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        for number in range(1000):
            connection.execute(facts.insert().values(name=str(number), value="x" * 4000))
    assert names(engine) == {"format"}


@pytest.mark.sqlite
def test_a_damaged_file_is_told_as_that(engine: Engine, tmp_path: Path) -> None:
    engine.dispose()
    path = tmp_path / "lake" / "operations.db"
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * (path.stat().st_size - 100))
    with pytest.raises(Corrupted, match=r"SQLITE_CORRUPT.*millpond verify"):
        names(engine)
    engine.dispose()
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(Corrupted, match="SQLITE_NOTADB"):
        names(engine)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("SQLITE_IOERR_WRITE", DiskFull),
        ("SQLITE_IOERR_READ", Corrupted),
        ("SQLITE_IOERR_FSYNC", Corrupted),
        ("SQLITE_BUSY_SNAPSHOT", Busy),
    ],
)
def test_an_io_error_is_a_full_disk_only_where_a_write_found_no_room(
    engine: Engine, code: str, told: type[MillpondError]
) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = code
    with pytest.raises(told), reading(engine):
        raise OperationalError("", {}, error)


@on_postgresql
@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("53100", DiskFull),
        ("55P03", Busy),
        ("40P01", Busy),
        ("53300", Busy),
        ("XX001", Corrupted),
        ("22021", Invalid),
        ("42501", ProjectError),
    ],
)
def test_the_codes_of_postgresql(engine: Engine, code: str, told: type[MillpondError]) -> None:
    with pytest.raises(told), writing(engine) as connection:
        connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$"))


@on_postgresql
def test_a_text_that_postgresql_does_not_take_is_refused_alone(engine: Engine) -> None:
    commit = GroupCommit(engine)

    def keep(name: str) -> None:
        commit.run(lambda t: t.connection.execute(facts.insert().values(name=name, value="")))

    with pytest.raises(Invalid, match="NUL"):
        keep("a\x00b")
    keep("fits")
    commit.close()
    assert names(engine) == {"format", "fits"}


@on_postgresql
def test_a_lost_connection_is_busy_and_then_well_again(engine: Engine) -> None:
    commit = GroupCommit(engine)
    ending = text("SELECT pg_terminate_backend(pg_backend_pid())")

    def lose(transaction: Transaction) -> None:
        transaction.connection.execute(facts.insert().values(name="lost", value=""))
        transaction.connection.execute(ending)

    with pytest.raises(Busy):
        commit.run(lose)
    with pytest.raises(Busy), reading(engine) as connection:
        connection.execute(ending)
    commit.run(lambda t: t.connection.execute(facts.insert().values(name="kept", value="")))
    commit.close()
    assert names(engine) == {"format", "kept"}


@on_postgresql
def test_a_server_that_is_away_is_named(tmp_path: Path) -> None:
    engine = open_database(f"postgresql+psycopg://millpond@/none?host={tmp_path}", tmp_path)
    with pytest.raises(Busy, match=r"cannot be reached: .*\.s\.PGSQL"):
        create_schema(engine)
    engine.dispose()


@on_postgresql
def test_projects_may_share_a_database_in_schemas_of_their_own(tmp_path: Path) -> None:
    url = database_url(tmp_path)
    first = open_database(url, tmp_path)
    with writing(first, lock="schema") as connection:
        connection.execute(text("CREATE SCHEMA other"))
    second = open_database(f"{url}&options=-csearch_path%3Dother", tmp_path)
    for engine in (first, second):
        create_schema(engine)
    with writing(second) as connection:
        connection.execute(facts.insert().values(name="mine", value=""))
    assert names(first) == {"format"}
    assert names(second) == {"format", "mine"}
    for engine in (first, second):
        engine.dispose()


@pytest.mark.parametrize("url", ["mysql://localhost/a", "sqlite://", "nonsense"])
def test_an_address_that_is_not_served_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ProjectError, match=r"database\.url"):
        open_database(url, tmp_path)
