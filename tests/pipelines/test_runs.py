"""Runs: each is on record with its steps and its log, also when it fails."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from millpond.database.group_commit import GroupCommit
from millpond.errors import Busy, DiskFull, Invalid, MillpondError, NotFound
from millpond.pipelines import journal
from millpond.pipelines.pipeline import Pipeline, Step
from millpond.pipelines.process import has_ended, this_process
from millpond.pipelines.runs import list_runs, report_run
from millpond.pipelines.workflows import Workflows

Work = Callable[[], int]


@pytest.fixture
def make(engine: Engine, commit: GroupCommit, tmp_path: Path) -> Callable[..., Workflows]:
    """Workflows of one pipeline, ``laundry``, whose steps are a, b, c and so on."""

    def make(*steps: Work, **options: object) -> Workflows:
        named = [Step("abcdef"[at], lambda say, work=work: work()) for at, work in enumerate(steps)]
        options = {"wait": 0.0, **options}
        pipeline = Pipeline("laundry", lambda parameters: named, **options)  # type: ignore[arg-type]
        return Workflows(engine, commit, tmp_path / "locks", [pipeline])

    return make


def failing(*errors: Exception, rows: int = 1) -> Work:
    """Raises the errors in their order, then does well."""
    left = list(errors)

    def work() -> int:
        if left:
            raise left.pop(0)
        return rows

    return work


def test_a_run_is_on_record_with_its_steps(make: Callable[..., Workflows], engine: Engine) -> None:
    done = make(lambda: 7, lambda: 2).run("laundry", {}, "user:ann")
    assert list_runs(engine) == [done]
    assert (done.status, done.rows, done.requested_by) == ("done", 9, "user:ann")
    report = report_run(engine, done.run_id)
    assert report.run == done
    found = [(step.number, step.name, step.status, step.rows) for step in report.steps]
    assert found == [(1, "a", "done", 7), (2, "b", "done", 2)]
    assert [line.line.split(" in ")[0] for line in report.log] == [
        "a: done, 7 rows",
        "b: done, 2 rows",
    ]
    assert sum(step.seconds or 0 for step in report.steps) <= (done.seconds or 0) + 0.01


def test_it_is_running_while_it_runs(make: Callable[..., Workflows], engine: Engine) -> None:
    def work() -> int:
        assert [run.status for run in list_runs(engine)] == ["running"]
        return 0

    make(work).run("laundry", {}, "user:ann")


def test_a_failed_run_says_why(make: Callable[..., Workflows], engine: Engine) -> None:
    workflows = make(lambda: 1, lambda: int("no room"), lambda: 1)
    with pytest.raises(ValueError, match="no room"):
        workflows.run("laundry", {}, "user:ann")
    [run] = list_runs(engine)
    assert run.status == "failed"
    assert "no room" in (run.error or "")
    report = report_run(engine, run.run_id)
    assert [step.status for step in report.steps] == ["done", "failed"]
    assert "Traceback" in report.log[-1].line
    with pytest.raises(MillpondError, match="no room"):
        workflows.outcome(run.run_id)


def test_what_may_pass_is_tried_again(make: Callable[..., Workflows], engine: Engine) -> None:
    work = failing(Busy("the lock is held"), OSError(errno.EIO, "a fault"), Busy("still"), rows=5)
    done = make(work).run("laundry", {}, "user:ann")
    assert (done.status, done.rows) == ("done", 5)
    report = report_run(engine, done.run_id)
    assert [step.attempts for step in report.steps] == [4]
    assert [line.line for line in report.log[:2]] == [
        "a: failed, the lock is held",
        "a: again in 0 s",
    ]


@pytest.mark.parametrize(
    "error",
    [DiskFull("no room"), OSError(errno.ENOSPC, "no room"), FileNotFoundError(2, "gone")],
)
def test_what_lasts_is_not_tried_again(
    make: Callable[..., Workflows], engine: Engine, error: Exception
) -> None:
    with pytest.raises(type(error)):
        make(failing(error)).run("laundry", {}, "user:ann")
    [run] = list_runs(engine)
    assert report_run(engine, run.run_id).steps[0].attempts == 1


def test_retries_end(make: Callable[..., Workflows]) -> None:
    errors = [Busy(f"held {number}") for number in range(5)]
    with pytest.raises(Busy, match="held 2"):
        make(failing(*errors), retries=2).run("laundry", {}, "user:ann")


def test_failures_of_some_are_named_at_the_end(
    make: Callable[..., Workflows], engine: Engine
) -> None:
    workflows = make(lambda: 3, failing(Invalid("no column x")), lambda: 4, goes_on=True)
    with pytest.raises(Invalid, match=r"1 of 3 steps failed, .*: b: no column x"):
        workflows.run("laundry", {}, "user:ann")
    with pytest.raises(Invalid, match="1 of 3 steps failed"):
        workflows.outcome(list_runs(engine)[0].run_id)
    [run] = list_runs(engine)
    steps = report_run(engine, run.run_id).steps
    assert [step.status for step in steps] == ["done", "failed", "done"]


def test_what_is_not_known_is_refused(make: Callable[..., Workflows], engine: Engine) -> None:
    with pytest.raises(Invalid, match="pipeline 'cooking' is not one of laundry"):
        make().run("cooking", {}, "user:ann")
    with pytest.raises(Invalid, match="laundry does not take as_of; it takes none"):
        make().run("laundry", {"as_of": "now"}, "user:ann")
    with pytest.raises(NotFound, match="no run 'x'; `millpond runs` lists"):
        report_run(engine, "x")
    assert list_runs(engine) == []


def test_old_runs_are_forgotten(
    make: Callable[..., Workflows], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_KEPT", 3)
    workflows = make(lambda: 1)
    ids = [workflows.run("laundry", {}, "user:ann").run_id for _ in range(5)]
    assert [run.run_id for run in list_runs(engine)] == ids[:1:-1]
    with pytest.raises(NotFound):
        report_run(engine, ids[0])
    assert report_run(engine, ids[2]).log


def test_this_process_lives() -> None:
    assert not has_ended(this_process())
    assert not has_ended(None)
