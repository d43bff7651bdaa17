"""Events of format 2 have keys after the upgrade, on each kind of database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from backends import opened
from millpond.capture.tables import outbox
from millpond.database.connection import reading
from millpond.events.event import key_of, partition_of
from millpond.project import Project, migrate
from millpond.settings import FILE
from pond import picture

#: What format 3 brought to tables that were there before.
_NEW = {"outbox": ("key", "partition"), "objects": ("brightness", "contrast")}


def test_events_have_keys(new_project: Callable[..., Path]) -> None:
    folder = new_project("--app", "cells", "--task", "detection", "--labels", "a,b")
    with Project.open(folder) as project:
        for seed in range(5):
            project.predict(picture(seed), app="cells")
    as_format_2(folder)
    assert migrate(folder).older == 2
    with Project.open(folder) as project:
        with reading(project.engine) as connection:
            rows = connection.execute(select(outbox)).mappings().all()
        assert len(rows) == 10
        for row in rows:
            assert row["key"] == key_of(row["type"], row["app"], row["entity_id"], row["data"])
            assert row["partition"] == partition_of(row["key"])
        assert project.verify().findings == ()


def as_format_2(folder: Path) -> None:
    """Take away what format 3 has, as if the project had been made before."""
    with opened(folder) as engine, engine.begin() as connection:
        for table, columns in _NEW.items():
            for column in columns:
                connection.exec_driver_sql(f'ALTER TABLE {table} DROP COLUMN "{column}"')
        for table in ("stream_positions", "stream_workers"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.exec_driver_sql("UPDATE project_facts SET value = '2' WHERE name = 'format'")
    toml = folder / FILE
    toml.write_text(toml.read_text().replace("format = 3", "format = 2"))
