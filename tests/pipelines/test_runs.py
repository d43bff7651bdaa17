"""Runs: each is on record, also when it fails, and when its process is gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from millpond.database.group_commit import GroupCommit
from millpond.pipelines.process import has_ended, this_process
from millpond.pipelines.runs import list_runs, record_run

_KILLED = """
import os, sys
from pathlib import Path
from millpond.database.connection import open_database
from millpond.database.group_commit import GroupCommit
from millpond.pipelines.runs import record_run

commit = GroupCommit(open_database("sqlite:///operations.db", Path(sys.argv[1])))
record_run(commit, "history", "user:ann", lambda: os._exit(9))
"""


def test_a_run_is_on_record_with_its_rows(engine: Engine, commit: GroupCommit) -> None:
    done = record_run(commit, "history", "user:ann", lambda: 7)
    assert list_runs(engine) == [done]
    assert (done.status, done.rows, done.requested_by) == ("done", 7, "user:ann")


def test_it_is_running_while_it_runs(engine: Engine, commit: GroupCommit) -> None:
    def work() -> int:
        assert [run.status for run in list_runs(engine)] == ["running"]
        return 0

    record_run(commit, "history", "user:ann", work)


def test_a_failed_run_says_why(engine: Engine, commit: GroupCommit) -> None:
    with pytest.raises(ValueError, match="no room"):
        record_run(commit, "history", "user:ann", lambda: int("no room"))
    [run] = list_runs(engine)
    assert run.status == "failed"
    assert "no room" in (run.error or "")


def test_a_run_whose_process_died_is_interrupted(
    engine: Engine, commit: GroupCommit, tmp_path: Path
) -> None:
    ended = subprocess.run([sys.executable, "-c", _KILLED, tmp_path], check=False)
    assert ended.returncode == 9
    again = record_run(commit, "history", "user:ann", lambda: 1)
    assert [run.status for run in list_runs(engine)] == ["done", "interrupted"]
    assert list_runs(engine)[0] == again


def test_this_process_lives() -> None:
    assert not has_ended(this_process())
    assert not has_ended(None)
