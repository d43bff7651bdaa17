"""Windows: what is counted is what came, each event once, whoever is killed."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, select

import backends
from millpond.database.connection import reading
from millpond.streaming.pane_store import EVER, ever, pane_of, read_mark, since_images, window
from millpond.streaming.pane_tables import panes
from millpond.streaming.panes import PANE, PaneKey, Series
from millpond.streaming.positions import Place, add_partitions, partitions_of
from millpond.streaming.source import Batch, StreamEvent
from millpond.streaming.sums import Measure
from millpond.streaming.windows import WindowsConsumer, begin, panes_within
from millpond.values import MICROSECONDS, parse_age
from streaming.bus import Bus
from streaming.generated import START, Traffic
from streaming.recomputed import check, recomputed
from streaming.window_work import Files

pytestmark = pytest.mark.parametrize("database", backends.KINDS, indirect=True)

KEEP = parse_age("26h")


def count(bus: Bus, events: Sequence[StreamEvent], keep: int = KEEP) -> None:
    """Count events as one batch."""
    bus.commit.run(WindowsConsumer(keep).prepare(Batch(events, {})))


def stored(bus: Bus) -> set[PaneKey]:
    with reading(bus.engine) as connection:
        rows = connection.execute(select(panes).where(panes.c.pane != EVER)).all()
    return {
        PaneKey(
            row.pane, Series(row.app, row.model_version or None, None if row.whole else row.label)
        )
        for row in rows
    }


def test_windows_of_any_length_are_the_sums_of_their_events(bus: Bus) -> None:
    events = Traffic(2_000, seconds=300, twice=0).as_they_come()
    for at in range(0, len(events), 190):
        count(bus, events[at : at + 190])
    every = recomputed(events)
    assert stored(bus) == set(every)
    first = pane_of(START)
    for since, length in ((0, 1), (3, 1), (0, 6), (7, 12), (0, 31)):
        start = first + since * PANE
        with reading(bus.engine) as connection:
            found = window(connection, start, start + length * PANE)
        inside = [event for event in events if start <= event.recorded_at < start + length * PANE]
        plain = {key.series: sums for key, sums in recomputed(inside, 10**18).items()}
        assert set(found) == set(plain)
        for series, sums in found.items():
            check(sums, plain[series])
    with reading(bus.engine) as connection:
        total = ever(connection)
        assert read_mark(connection).newest == max(event.recorded_at for event in events)
    for key, plain_sums in recomputed(events, 10**18).items():
        check(total[key.series], plain_sums)


def test_a_window_of_one_application(bus: Bus) -> None:
    count(bus, list(Traffic(300, seconds=10).events()))
    with reading(bus.engine) as connection:
        found = window(connection, START - PANE, START + 3 * PANE, "fruits")
    assert {series.app for series in found} == {"fruits"}


def test_a_late_event_corrects_its_pane_until_that_is_forgotten(bus: Bus) -> None:
    events = list(Traffic(400, seconds=7_200).events())
    late, too_late = events[150], events[3]
    keep = parse_age("1.5h")
    count(bus, [one for one in events if one not in (late, too_late)], keep)
    count(bus, [late, too_late], keep)
    newest = pane_of(events[-1].recorded_at - keep)
    assert min(key.pane for key in stored(bus)) >= newest
    with reading(bus.engine) as connection:
        assert read_mark(connection).dropped == 1
        found = window(connection, pane_of(late.recorded_at), pane_of(late.recorded_at) + PANE)
    assert sum(
        sums.total(Measure.INFERENCES) + sums.total(Measure.REFUSALS)
        for series, sums in found.items()
        if series.label is None
    ) == sum(pane_of(one.recorded_at) == pane_of(late.recorded_at) for one in events)


def test_the_newest_images(bus: Bus) -> None:
    events = list(Traffic(1_000, seconds=200).events())
    count(bus, events)
    with reading(bus.engine) as connection:
        since = since_images(connection, "cells", "cells-1", 100)
        assert since is not None
        found = window(connection, since, since + 100 * PANE, "cells")[Series("cells", "cells-1")]
        fewer = window(connection, since + PANE, since + 100 * PANE, "cells")
        assert since_images(connection, "cells", "cells-1", 10_000) is None
    assert found.total(Measure.INFERENCES) >= 100
    assert fewer[Series("cells", "cells-1")].total(Measure.INFERENCES) < 100


def test_the_panes_of_a_window() -> None:
    since, until = panes_within(START + 3 * MICROSECONDS, 60 * MICROSECONDS)
    assert (until - since, until) == (6 * PANE, pane_of(START) + PANE)
    assert panes_within(START, 1) == (pane_of(START), pane_of(START) + PANE)
    length = 300 * MICROSECONDS
    since, until = panes_within(START + 299 * MICROSECONDS, length, "tumbling")
    assert (until % length, until - since) == (0, length)
    assert until <= START + 299 * MICROSECONDS < until + length


def test_windows_begin_anew_where_they_cannot_go_on(bus: Bus) -> None:
    """Turned off for a time, or fed from elsewhere: nothing is counted twice."""
    events = list(Traffic(200, seconds=10).events())
    count(bus, events)
    place = Place("outbox", WindowsConsumer.name)
    with bus.engine.begin() as connection:
        add_partitions(connection, place, range(16), 0)
        begin(connection, "outbox")
    assert stored(bus)
    with bus.engine.begin() as connection:
        begin(connection, "kafka")
        assert partitions_of(connection, place) == {}
        assert read_mark(connection).newest == 0
        assert ever(connection) == {}
    assert stored(bus) == set()


@pytest.mark.parametrize(
    ("events", "kills"),
    [
        pytest.param(30_000, 3, id="30000"),
        pytest.param(
            1_000_000, 60, id="1000000", marks=[pytest.mark.soak, pytest.mark.timeout(3600)]
        ),
    ],
)
def test_windows_are_exact_whatever_is_killed(tmp_path: Path, events: int, kills: int) -> None:
    """Shuffled, some twice, counted by processes of which one is killed again and again."""
    traffic = Traffic(events, seconds=events / 280)
    source = Files(tmp_path)
    source.write(traffic.as_they_come())
    bus = Bus(tmp_path)
    assert _work(tmp_path, bus, source, kills) == kills
    plain = recomputed(traffic.events())
    assert stored(bus) == set(plain)
    for pane in sorted({key.pane for key in plain}):
        with reading(bus.engine) as connection:
            for series, sums in window(connection, pane, pane + PANE).items():
                check(sums, plain[PaneKey(pane, series)])
    with reading(bus.engine) as connection:
        assert read_mark(connection).dropped == 0
        assert connection.scalar(select(func.count()).select_from(panes)) == len(plain) + len(
            ever(connection)
        )
    bus.close()


def _work(folder: Path, bus: Bus, source: Files, most: int) -> int:
    """Have two workers count everything, and kill one now and then; how often that was."""
    chance, ends, kills = random.Random(5), source.ends(), 0
    place = Place(source.name, WindowsConsumer.name)
    running = [_worker(folder) for _ in range(2)]
    try:
        while True:
            with reading(bus.engine) as connection:
                held = partitions_of(connection, place)
            if {number: one.position for number, one in held.items()} == ends:
                return kills
            time.sleep(chance.uniform(0.05, 0.4))
            if kills < most:
                victim = running.pop(0)
                victim.kill()
                victim.communicate()
                kills += 1
                running.append(_worker(folder))
    finally:
        for one in running:
            one.kill()
            one.communicate()


def _worker(folder: Path) -> subprocess.Popen[bytes]:
    """A worker that has begun to read."""
    command = [sys.executable, "-m", "streaming.window_work", str(folder)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1]
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"reading\n"
    return process
