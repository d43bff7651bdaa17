"""A real operational database, and short ways to write facts into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from backends import database_url
from millpond.capture import tables as tables
from millpond.database.connection import create_schema, open_database
from millpond.database.group_commit import GroupCommit


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(database_url(tmp_path), tmp_path)
    create_schema(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def commit(engine: Engine) -> Iterator[GroupCommit]:
    commit = GroupCommit(engine)
    yield commit
    commit.close()
