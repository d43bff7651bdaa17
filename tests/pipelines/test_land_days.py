"""The pipeline that lands what has arrived, day by day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from inbox import Inbox
from millpond.errors import Invalid, MillpondError
from millpond.pipelines.arrivals import days
from millpond.pipelines.land_days import land_pipeline
from millpond.pipelines.runs import report_run
from millpond.pipelines.workflows import Workflows
from millpond.settings import LandPipeline

COLUMNS = {"id": "integer", "plan": "string"}
NEVER = LandPipeline(schedule="never", retries=0)


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    (tmp_path / "in").mkdir()
    inbox = Inbox(
        tmp_path,
        daily={"key": ["id"], "columns": COLUMNS, "path": "in/daily_{date}*.csv"},
        loose={"key": ["id"], "columns": COLUMNS, "path": "in/loose*.csv"},
        pushed={"key": ["id"], "columns": COLUMNS},
    )
    yield inbox
    inbox.close()


@pytest.fixture
def workflows(inbox: Inbox) -> Workflows:
    land = land_pipeline(lambda: inbox.landings, inbox.feeds, inbox.folder, NEVER)
    return Workflows(inbox.lake.engine, inbox.lake.commit, inbox.folder / "locks", [land])


def test_a_range_of_days_is_landed_and_landed_once(inbox: Inbox, workflows: Workflows) -> None:
    for day in ("2026-03-01", "2026-03-02", "2026-03-04", "2026-03-09"):
        inbox.write([["id", "plan"], [1, day], [2, "same"]], f"in/daily_{day}.csv")
    inbox.write([["id", "plan"], [7, "x"]], "in/loose.csv")
    asked = {"from": "2026-03-01", "to": "2026-03-05"}
    done = workflows.run("land", asked, "user:ann")
    assert (done.status, done.rows) == ("done", 7)
    steps = report_run(inbox.lake.engine, done.run_id).steps
    assert [step.name for step in steps] == [
        *(f"daily 2026-03-0{day}" for day in range(1, 6)),
        "loose",
    ]
    assert inbox.rows("select id, plan from daily order by id") == [(1, "2026-03-04"), (2, "same")]
    assert workflows.run("land", asked, "user:ann").rows == 0
    # A day's file comes late, or is corrected.
    inbox.write([["id", "plan"], [1, "late"], [2, "same"]], "in/daily_2026-03-03.csv")
    inbox.write([["id", "plan"], [1, "mended"], [2, "same"]], "in/daily_2026-03-04.csv")
    assert workflows.run("land", asked, "user:ann").rows == 3
    assert inbox.rows("select id, plan from daily order by id") == [(1, "mended"), (2, "same")]


def test_a_day_that_fails_does_not_keep_the_others(inbox: Inbox, workflows: Workflows) -> None:
    inbox.write([["id"], [1]], "in/daily_2026-03-01.csv")
    inbox.write([["id", "plan"], [1, "a"]], "in/daily_2026-03-01b.csv")
    inbox.write([["id", "plan"], [2, "b"]], "in/daily_2026-03-02.csv")
    with pytest.raises(MillpondError, match=r"daily_2026-03-01.csv has no column 'plan'"):
        workflows.run("land", {"from": "2026-03-01", "to": "2026-03-02"}, "user:ann")
    assert inbox.rows("select id, plan from daily order by id") == [(1, "a"), (2, "b")]


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"from": "2026-03-02", "to": "2026-03-01"}, "comes before it"),
        ({"from": "yesterday"}, "'yesterday' is no date"),
        ({"feed": "pushed"}, "has no path"),
        ({"feed": "none"}, "has no path in millpond.toml; feeds with one: daily, loose"),
    ],
)
def test_what_cannot_be_landed(workflows: Workflows, asked: dict[str, str], problem: str) -> None:
    with pytest.raises(Invalid, match=problem):
        workflows.run("land", asked, "user:ann")


def test_by_default_it_looks_at_the_last_week(workflows: Workflows) -> None:
    asked = workflows.run("land", {}, "user:ann").parameters
    assert len(days(asked["from"], asked["to"])) == 8
