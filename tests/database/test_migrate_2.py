"""A project of format 2 is upgraded: its answers stay, and its events have keys.

The project in ``data/format-2.tar.gz`` was made by the last release of that format: images
ingested and predicted, annotations, a refusal, facts archived and facts not yet loaded, and
a file of a feed. Beside it lie the answers that this release gave.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
from sqlalchemy import select

from database.test_migrate import Answers, assert_same, shape
from millpond.capture.tables import outbox
from millpond.database.connection import reading
from millpond.database.migrations import Ground
from millpond.events.event import key_of, partition_of
from millpond.pipelines.migrate import MIGRATIONS
from millpond.project import Project, migrate
from millpond.settings import FORMAT

pytestmark = pytest.mark.sqlite


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A project of format 2."""
    with tarfile.open(Path(__file__).parent / "data" / "format-2.tar.gz") as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path / "cells"


@pytest.fixture
def before(old: Path) -> Answers:
    """What it answered before."""
    answers: Answers = json.loads((old.parent / "answers.json").read_text())["moments"]
    return answers


def test_every_answer_stays_the_same(old: Path, before: Answers) -> None:
    done = migrate(old)
    assert (done.older, done.format) == (2, FORMAT)
    with Project.open(old) as project:
        assert_same(project, before)
        assert project.verify().findings == ()
        project.run("history")
        project.run("archive", older_than="0s")
        assert_same(project, before)
        assert project.verify().findings == ()
    assert migrate(old).steps == []


def test_each_event_has_the_key_that_a_new_one_would_have(old: Path) -> None:
    migrate(old)
    with Project.open(old) as project, reading(project.engine) as connection:
        rows = connection.execute(select(outbox)).mappings().all()
    assert {row["type"].split(".")[1] for row in rows} == {"inference", "landing", "object"}
    for row in rows:
        assert row["key"] == key_of(row["type"], row["app"], row["entity_id"], row["data"])
        assert row["partition"] == partition_of(row["key"])


def test_the_database_is_as_a_new_one_is(old: Path, tmp_path: Path) -> None:
    migrate(old)
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    (fresh / "millpond.toml").write_text("")
    with Project.open(fresh):
        pass
    assert shape(old) == shape(fresh)


def test_a_step_that_is_taken_again_changes_nothing(old: Path, before: Answers) -> None:
    migrate(old)
    once = shape(old)
    with Project.open(old) as project:
        for migration in MIGRATIONS:
            for step in migration.steps:
                step.take(Ground(project.engine, project.lake))
        assert_same(project, before)
    assert shape(old) == once
