"""A project of format 1 is upgraded: nothing that it answers changes, killed or not.

The project in ``data/format-1.tar.gz`` was made by the last release of that format:
images ingested and uploaded, every kind of annotation, a snapshot, two loads, one
that was broken off and taken over, and one that was broken off and stayed so. Beside
it lie the answers that this release gave: every view as of six moments.
"""

from __future__ import annotations

import fcntl
import json
import signal
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from millpond.database.clock import last
from millpond.database.connection import reading
from millpond.database.migrations import Ground
from millpond.errors import ProjectError
from millpond.pipelines.migrate import MIGRATIONS, renumber_file
from millpond.project import Project, migrate
from millpond.settings import FORMAT
from running import MILLPOND, millpond

Answers = dict[str, dict[str, list[dict[str, Any]]]]

pytestmark = pytest.mark.sqlite

#: Kills itself at the beginning of the step of that number, or at the end of all.
KILLED = """
import os, signal, sys
from millpond import project
from millpond.pipelines import migrate

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

at = sys.argv[2]
if at in ("keep_copy", "renumber", "renumber_file"):
    setattr(migrate, at, kill)
project.migrate(sys.argv[1], on_step=lambda name, number, steps: number == int(at) and kill()
    if at.isdigit() else None)
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A project of format 1."""
    with tarfile.open(Path(__file__).parent / "data" / "format-1.tar.gz") as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path / "cells"


@pytest.fixture
def before(old: Path) -> Answers:
    """What it answered before."""
    answers: Answers = json.loads((old.parent / "answers.json").read_text())["moments"]
    return answers


def assert_same(project: Project, before: Answers) -> None:
    """Every view has the rows that it had, in every column that it had."""
    for moment, views in before.items():
        for view, rows in views.items():
            columns = ", ".join(rows[0]) if rows else "*"
            found = project.analytics.table(f"select {columns} from {view}", int(moment))
            assert in_order(found.to_pylist()) == in_order(rows), (moment, view)


def in_order(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, default=str, sort_keys=True) for row in rows)


def test_every_answer_stays_the_same(old: Path, before: Answers) -> None:
    done = migrate(old)
    assert (done.older, done.format, {step.status for step in done.steps}) == (1, FORMAT, {"done"})
    with Project.open(old) as project:
        assert_same(project, before)
        assert project.verify().findings == ()
        project.run("history")
        assert_same(project, before)
        assert project.verify().findings == ()
    assert migrate(old).steps == []


def test_a_dry_run_changes_nothing(old: Path) -> None:
    def content() -> dict[str, bytes]:
        return {
            str(path): path.read_bytes()
            for path in sorted(old.rglob("*"))
            if path.is_file() and path.suffix not in (".db-wal", ".db-shm")
        }

    kept = content()
    told = millpond("migrate", "--dry-run", project=old)
    assert [told["older"], told["format"], told["dry_run"]] == [1, FORMAT, True]
    checksums = next(step for step in told["steps"] if "checksums" in step["name"])
    assert checksums["rows"] == 145
    assert checksums["bytes"] > 10_000
    assert {step["status"] for step in told["steps"]} == {"to do"}
    assert content() == kept


def test_an_upgrade_that_is_killed_goes_on(old: Path, before: Answers) -> None:
    steps = len(migrate(old, dry_run=True).steps)
    # Before the copy; at the first step; after each of the others; and at both numbers.
    for at in ("keep_copy", "1", *["2"] * (steps - 1), "renumber", "renumber_file"):
        killed = subprocess.run([sys.executable, "-c", KILLED, old, at], check=False)
        assert killed.returncode == -signal.SIGKILL
        with pytest.raises(ProjectError, match="run: millpond migrate"):
            Project.open(old)
        left = len(migrate(old, dry_run=True).steps)
        assert left == (steps if at in ("keep_copy", "1") else max(0, steps - 1))
        steps = left
    done = migrate(old)
    assert done.steps == []
    assert done.copy is not None
    with Project.open(old) as project:
        assert_same(project, before)
        assert project.verify().findings == ()


def test_a_step_that_is_taken_again_changes_nothing(old: Path, before: Answers) -> None:
    migrate(old)
    once = shape(old)
    with Project.open(old) as project:
        for migration in MIGRATIONS:
            for step in migration.steps:
                step.take(Ground(project.engine, project.lake))
        assert_same(project, before)
    assert shape(old) == once


def test_the_database_is_as_a_new_one_is(old: Path, tmp_path: Path) -> None:
    migrate(old)
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    (fresh / "millpond.toml").write_text("")
    with Project.open(fresh):
        pass
    assert shape(old) == shape(fresh)


def shape(project: Path) -> dict[str, Any]:
    """The columns, indexes and foreign keys of each table, and how the file is kept."""
    with closing(sqlite3.connect(project / "lake" / "operations.db")) as database:
        tables = [
            name
            for (name,) in database.execute(
                "select name from sqlite_master where type = 'table' and name not like 'sqlite%'"
            )
        ]
        found: dict[str, Any] = {
            name: [
                sorted((row[1], row[2], row[3], row[5]) for row in info("table_info", name)),
                sorted(str(row[1:4]) for row in info("index_list", name)),
                sorted(row[2:5] for row in info("foreign_key_list", name)),
            ]
            for name in tables
            for info in [lambda what, of: database.execute(f"pragma {what}({of})").fetchall()]
        }
        found["auto_vacuum"] = database.execute("pragma auto_vacuum").fetchone()
    return found


def test_the_database_as_it_was_is_kept(old: Path) -> None:
    untouched = (old / "lake" / "operations.db").read_bytes()
    copy = migrate(old).copy
    assert copy is not None
    with closing(sqlite3.connect(copy)) as kept:
        [number] = kept.execute("select value from project_facts where name = 'format'").fetchone()
        assert number == "1"
        assert kept.execute("pragma integrity_check").fetchone() == ("ok",)
        assert kept.execute("select count(*) from annotations").fetchone() == (25,)
    assert len(untouched) > 0


def test_other_commands_say_what_to_do(old: Path) -> None:
    done = subprocess.run(
        [*MILLPOND, "runs", "--project", str(old)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "is of project format 1, but this release works with 3; run: millpond migrate" in (
        done.stderr
    )


def test_a_served_project_is_not_upgraded(old: Path) -> None:
    with open(old / "lake" / "up.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ProjectError, match="is served already"):
            migrate(old)
    migrate(old)


@pytest.mark.parametrize(
    "text",
    [
        '# format = 1\n[project]\nname = "format = 1"  # ä\r\nformat = 1 # no\n[x]\nformat=1',
        "project.format=1\n[apps.a]\nformat = 1",
        'project = { name = "p", format = 1 }\n',
        '[project]\n"format" = 1',
    ],
)
def test_only_the_number_changes_in_the_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "millpond.toml"
    path.write_bytes(text.encode())
    path.chmod(0o600)
    renumber_file(path)
    [at] = [
        at
        for at, (one, other) in enumerate(zip(text.encode(), path.read_bytes(), strict=True))
        if one != other
    ]
    assert text[at] == "1" or text.encode()[at : at + 1] == b"1"
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_recorded_later_is_before_what_was(old: Path) -> None:
    migrate(old)
    with Project.open(old) as project:
        with reading(project.engine) as connection:
            moment = last(connection)
        project.access.note("os:test", "look", "at it")
        with reading(project.engine) as connection:
            assert last(connection) > moment
