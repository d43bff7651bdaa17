"""The clock never goes back, and a sealed moment never changes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, Select, func, select, update

from backends import database_url
from millpond.database import clock as clocks
from millpond.database.backend import backend_of
from millpond.database.connection import create_schema, open_database, reading, writing
from millpond.database.schema import clock, facts
from millpond.errors import Invalid, ProjectError


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(database_url(tmp_path), tmp_path)
    create_schema(engine)
    yield engine
    engine.dispose()


def tick(engine: Engine) -> int:
    with writing(engine) as connection:
        clock = clocks.Clock(connection)
        moment = clock.tick()
        clock.keep()
    return moment


def test_ticks_rise_when_the_machine_is_set_back(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tick(engine)
    monkeypatch.setattr(clocks, "machine_now", lambda: first - 10_000_000)
    assert tick(engine) == first + 1
    assert tick(engine) == first + 2


def test_a_rolled_back_tick_is_given_again_or_passed_over(engine: Engine) -> None:
    before = tick(engine)
    with pytest.raises(ZeroDivisionError), writing(engine) as connection:
        clocks.Clock(connection).tick()
        raise ZeroDivisionError
    assert tick(engine) > before


TICK_FIFTY = """
import sys
from pathlib import Path
from millpond.database.clock import Clock
from millpond.database.connection import open_database, writing

engine = open_database(sys.argv[1], Path(sys.argv[2]))
for _ in range(50):
    with writing(engine) as connection:
        clock = Clock(connection)
        print(clock.tick())
        clock.keep()
"""


def test_processes_never_share_a_tick(engine: Engine, tmp_path: Path) -> None:
    command = [sys.executable, "-c", TICK_FIFTY, database_url(tmp_path), str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    ticks = [[int(line) for line in process.communicate()[0].split()] for process in running]
    assert len({moment for each in ticks for moment in each}) == 100
    assert all(each == sorted(each) for each in ticks)


WRITE_FIFTY = TICK_FIFTY.replace(
    "print(clock.tick())",
    """moment = clock.tick()
        connection.execute(facts.insert().values(name=f"fact {moment}", value=str(moment)))
        time.sleep(0.002)""",
).replace("import sys", "import sys, time\nfrom millpond.database.schema import facts")


def test_what_a_reader_sees_up_to_the_clock_is_all_there_ever_is(
    engine: Engine, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", WRITE_FIFTY, database_url(tmp_path), str(tmp_path)]
    running = [subprocess.Popen(command) for _ in range(3)]
    seen: dict[int, int] = {}
    while any(process.poll() is None for process in running):
        with reading(engine) as connection:
            # The count comes first: the snapshot is as old as the first statement.
            count = connection.scalar(_facts())
            seen[clocks.last(connection)] = count or 0
    assert len(seen) > 20
    with reading(engine) as connection:
        moments = sorted(int(value) for value in connection.scalars(_values()))
    assert len(moments) == 150
    assert seen == {moment: sum(recorded <= moment for recorded in moments) for moment in seen}


def _values() -> Select[tuple[str]]:
    return select(facts.c.value).where(facts.c.name.startswith("fact "))


def _facts() -> Select[tuple[int]]:
    return select(func.count()).where(facts.c.name.startswith("fact "))


def test_nothing_is_recorded_at_or_before_a_sealed_moment(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = clocks.machine_now()
    clocks.seal(engine, sealed)
    monkeypatch.setattr(clocks, "machine_now", lambda: sealed - 5_000_000)
    assert tick(engine) > sealed


def test_a_moment_to_come_is_refused(engine: Engine) -> None:
    before = tick(engine)
    with pytest.raises(Invalid, match="still to come"):
        clocks.seal(engine, clocks.machine_now() + 60_000_000)
    with reading(engine) as connection:
        assert clocks.last(connection) == before


def test_a_newer_format_is_refused(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(update(facts).where(facts.c.name == "format").values(value="99"))
    with pytest.raises(ProjectError, match="install a newer millpond"):
        create_schema(engine)


def test_commits_are_fsynced(engine: Engine) -> None:
    with reading(engine) as connection:
        found = backend_of(engine.dialect.name).durability(connection)
        assert found.settings in (
            {"journal_mode": "wal", "synchronous": "full"},
            {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"},
        )
        assert found.warnings == []
        assert connection.scalar(select(clock.c.last)) == 0
