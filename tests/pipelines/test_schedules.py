"""Schedules: when a pipeline is due, once for all moments that passed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import Flows
from millpond.errors import Invalid, UsageError
from millpond.pipelines.pipeline import Pipeline, Step
from millpond.pipelines.schedule import Schedule
from millpond.pipelines.timetable import Timetable
from millpond.pipelines.workflows import Workflows
from millpond.values import parse_moment

#: A Wednesday.
NOW = parse_moment("2026-11-18T12:34:56Z", now=0) or 0
MINUTE = 60_000_000


def at(text: str) -> int:
    return parse_moment(text, now=0) or 0


@pytest.mark.parametrize(
    ("text", "newest"),
    [
        ("never", None),
        ("hourly", "2026-11-18T12:00:00Z"),
        ("daily", "2026-11-18T00:00:00Z"),
        ("weekly", "2026-11-15T00:00:00Z"),
        ("monthly", "2026-11-01T00:00:00Z"),
        ("30 2 * * 1", "2026-11-16T02:30:00Z"),
        ("34 12 * * *", "2026-11-18T12:34:00Z"),
        ("35 12 * * *", "2026-11-17T12:35:00Z"),
        ("every 10m", "2026-11-18T12:34:56Z"),
    ],
)
def test_the_newest_moment_at_which_it_was_due(text: str, newest: str | None) -> None:
    schedule = Schedule(text, lambda name: None)
    moment = None if newest is None else at(newest)
    assert schedule.due(at("2026-01-01T00:00:00Z"), NOW) == moment
    if moment is not None:
        assert schedule.due(moment, NOW) is None
        assert schedule.due(moment - 10 * MINUTE, NOW) == moment


def test_cron_is_due_at_its_very_moment() -> None:
    noon = at("2026-11-18T12:00:00Z")
    schedule = Schedule("0 12 * * *", lambda name: None)
    assert schedule.due(noon - 1, noon - 1) is None
    assert schedule.due(noon - 1, noon) == noon


def test_every_counts_from_the_last_time() -> None:
    schedule = Schedule("every 10m", lambda name: None)
    assert schedule.due(NOW - 10 * MINUTE + 1, NOW) is None
    assert schedule.due(NOW - 10 * MINUTE, NOW) == NOW


def test_after_another_pipeline() -> None:
    schedule = Schedule("after history", {"history": NOW - 5}.get)
    assert schedule.due(NOW - 6, NOW) == NOW - 5
    assert schedule.due(NOW - 5, NOW) is None


@pytest.mark.parametrize(
    "text", ["", "often", "every", "every day", "61 * * * *", "after", "* * *"]
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="schedule"):
        Schedule(text, lambda name: None)


@pytest.fixture
def flows(tmp_path: Path) -> Iterator[Flows]:
    flows = Flows(tmp_path)
    yield flows
    flows.close()


def timetable(flows: Flows, **schedules: str) -> tuple[Timetable, Workflows]:
    """Of pipelines with these schedules."""
    pipelines = [
        Pipeline(name, lambda parameters: [Step("do", lambda say: 1)], schedule=text)
        for name, text in schedules.items()
    ]
    workflows = Workflows(flows.engine, flows.commit, flows.folder / "locks", pipelines)
    return Timetable(flows.engine, flows.commit, workflows), workflows


def test_a_missed_moment_is_made_up_for_once(flows: Flows) -> None:
    times, _ = timetable(flows, sweep="daily", wash="every 1h", rest="never")
    assert times.due(NOW) == []
    assert times.due(NOW + MINUTE) == []
    days = NOW + 5 * 24 * 60 * MINUTE
    again, _ = timetable(flows, sweep="daily", wash="every 1h", rest="never")
    assert again.due(days) == ["sweep", "wash"]
    assert again.due(days) == times.due(days + MINUTE) == []


def test_one_comes_after_another(flows: Flows) -> None:
    times, workflows = timetable(flows, wash="never", iron="after wash")
    moment = int(4e15)
    assert times.due(0) == []
    workflows.run("wash", {}, "user:ann")
    assert times.due(moment) == ["iron"]
    assert times.due(moment) == []


def test_a_clock_that_was_set_back_is_not_waited_for(flows: Flows) -> None:
    times, _ = timetable(flows, wash="every 1h")
    times.due(NOW)
    earlier = NOW - 24 * 60 * MINUTE
    assert times.due(earlier) == []
    assert times.due(earlier + 60 * MINUTE) == ["wash"]


def test_after_what_there_is_not(flows: Flows) -> None:
    with pytest.raises(Invalid, match="pipeline 'wash' is not one of iron"):
        timetable(flows, iron="after wash")
