"""The operational databases that tests run on: SQLite, and a real PostgreSQL beside.

``MILLPOND_TEST_DATABASES=sqlite,postgresql`` runs the tests of the packages in
`ON_EACH` on each; `scripts/postgresql` starts the server. A folder has a database
of its own, by a name made from its path, so that a child process finds it too.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

import millpond
from millpond.database.connection import create_schema, open_database
from millpond.settings import FILE, DatabaseSection, read_settings

KINDS = tuple(os.environ.get("MILLPOND_TEST_DATABASES", "sqlite").split(","))
SERVER = os.environ.get("MILLPOND_TEST_POSTGRESQL")
#: Of the test that runs: how the names of its PostgreSQL databases begin; empty on SQLite.
PREFIX = "MILLPOND_TEST_PREFIX"
#: The folders of tests that run on each kind of database,
ON_EACH = ("access", "analytics", "capture", "database", "history", "loop", "marts", "pipelines")
ON_EACH += ("serving", "snapshots")
#: but for those files to whose subject the database is all one, or whose tests share a server.
ALL_ONE = (
    "test_full_disk",
    "test_overload",
    "test_bad_input",
    "test_disk_full",
    "test_doors",
    "test_feeds",
    "test_images",
    "test_layers",
    "test_own_views",
    "test_pages",
    "test_protocol",
    "test_protocol_elements",
    "test_protocol_errors",
    "test_record_refused",
    "test_refused",
    "test_reviews",
)

_FILE = "sqlite:///lake/operations.db"
#: Each process that runs tests has one of its own.
_TEMPLATE = "millpond_template_" + os.environ.get("PYTEST_XDIST_WORKER", "alone")


def database_url(folder: Path, file: str = _FILE) -> str:
    """The address of a folder's operational database, on what the test runs on."""
    prefix = os.environ.get(PREFIX)
    if not prefix:
        return file
    name = prefix + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    with _admin().connect() as connection, contextlib.suppress(ProgrammingError):
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {_template()}"))
    return _address(name)


def settle(project: Path) -> None:
    """Have a new project keep its facts on what the test runs on."""
    toml = project / FILE
    url = database_url(project)
    toml.write_text(toml.read_text().replace(json.dumps(_FILE), json.dumps(url)))


def section(folder: Path) -> DatabaseSection:
    """The settings of a folder's operational database."""
    return DatabaseSection(url=database_url(folder))


@contextlib.contextmanager
def opened(project: Path) -> Iterator[Engine]:
    """The operational database of a project."""
    engine = open_database(read_settings(project).database.url, project)
    yield engine
    engine.dispose()


def change(engine: Engine, sql: str) -> None:
    """Change an operational database behind everyone's back, foreign keys unchecked."""
    if engine.dialect.name == "sqlite":
        connection = sqlite3.connect(str(engine.url.database), isolation_level=None)
        connection.execute(sql)
        connection.close()
        return
    beside = create_engine(engine.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with beside.connect() as other:
        other.execute(text("SET session_replication_role = replica"))
        other.execute(text(sql))


def drop(prefix: str) -> None:
    """Drop the databases of a test."""
    with _admin().connect() as connection:
        for name in _named(connection, prefix):
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def _named(connection: Connection, prefix: str) -> list[str]:
    query = text("SELECT datname FROM pg_database WHERE starts_with(datname, :prefix)")
    return [str(name) for name in connection.scalars(query, {"prefix": prefix})]


@cache
def _admin() -> Engine:
    assert SERVER is not None
    return create_engine(SERVER, isolation_level="AUTOCOMMIT", poolclass=NullPool)


@cache
def _template() -> str:
    """A database with all tables, which a new one is a copy of."""
    package = Path(millpond.__file__).parent
    for declared in package.glob("*/*tables.py"):
        import_module(f"millpond.{declared.parent.name}.{declared.stem}")
    with _admin().connect() as connection:
        if _TEMPLATE not in _named(connection, _TEMPLATE):
            connection.execute(text(f"CREATE DATABASE {_TEMPLATE}"))
            engine = open_database(_address(_TEMPLATE), Path())
            create_schema(engine)
            engine.dispose()
    return _TEMPLATE


def _address(name: str) -> str:
    address: URL = make_url(str(SERVER)).set(database=name)
    return address.render_as_string(hide_password=False)
