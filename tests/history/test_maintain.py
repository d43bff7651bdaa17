"""Maintenance: fewer files and shorter logs, whatever happens meanwhile, and no other answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import polars
import pytest
from deltalake import DeltaTable
from hypothesis import given
from hypothesis import strategies as st

from lake import Lake
from millpond.database.connection import reading
from millpond.errors import Corrupted
from millpond.history import maintain as maintenance
from millpond.history.compact import compact, groups
from millpond.history.delta import ActiveFile
from millpond.history.maintain import checkpoint, clean, maintain, vacuum
from millpond.history.reconcile import reconcile
from millpond.history.sweep import sweep

State = list[tuple[Any, ...]]


def state(lake: Lake, as_of: int | None = None) -> State:
    """Nearly every fact there is: a document nests what is known of an object."""
    return lake.rows("select * from documents order by object_id", as_of)


def rounds(lake: Lake, number: int) -> dict[int, State]:
    """Some loads, and what the views answered at the end of each."""
    answered = {}
    for _ in range(number):
        lake.some_of_everything()
        lake.load()
        answered[lake.now] = state(lake)
    return answered


def active_files(lake: Lake) -> int:
    return sum(len(files.active().parts) for files in lake.history.tables.values())


def data_files(lake: Lake) -> set[Path]:
    return set(lake.history.folder.glob("*/*.parquet"))


def check(lake: Lake, answered: dict[int, State]) -> None:
    assert {moment: state(lake, moment) for moment in answered} == answered
    assert list(reconcile(lake.engine, lake.history)) == []


def test_no_step_changes_an_answer(lake: Lake) -> None:
    answered = rounds(lake, 2)
    lake.some_of_everything()
    answered[lake.now] = state(lake)
    before, names = active_files(lake), data_files(lake)
    with reading(lake.engine) as connection:
        listed = lake.history.active(connection, ["sat_prediction"])["sat_prediction"].files
    steps = (
        lambda: sweep(lake.engine, lake.commit, lake.history),
        lambda: compact(lake.engine, lake.commit, lake.history),
        lambda: checkpoint(lake.history),
        lambda: clean(lake.history, grace_seconds=0),
        lambda: vacuum(lake.history),
    )
    for step in steps:
        step()
        check(lake, answered)
    written = sum(bool(files.active().parts) for files in lake.history.tables.values())
    assert before == 2 * written
    assert active_files(lake) == written
    # Who listed the files before still finds them, until the grace is over.
    assert names < data_files(lake)
    assert sum(polars.read_parquet(path).height for path in listed) == 4
    assert vacuum(lake.history, grace_seconds=0) == before
    assert len(data_files(lake)) == written
    check(lake, answered)
    assert maintain(lake.engine, lake.commit, lake.history, grace_seconds=0).files_after == written
    lake.load()
    check(lake, answered)


def test_a_process_that_opened_the_history_long_ago(lake: Lake) -> None:
    answered = rounds(lake, 2)
    other = Lake(lake.folder)
    check(other, answered)
    answered |= rounds(lake, 1)
    maintain(lake.engine, lake.commit, lake.history, grace_seconds=0)
    entries = lake.history.tables["sat_object"].log.entries()
    assert len(entries) == 1
    check(other, answered)
    answered |= rounds(other, 1)
    check(lake, answered)
    other.close()


def test_a_reader_that_began_before_a_load_and_a_compaction(lake: Lake) -> None:
    """The rows of the load are in capture for it, and must not count in the new file, too."""
    rounds(lake, 2)
    lake.some_of_everything()
    with reading(lake.engine) as connection:
        name = "hub_object"
        assert lake.history.active(connection, [name])[name].only_completed
        lake.load()
        compact(lake.engine, lake.commit, lake.history)
        active = lake.history.active(connection, [name])[name]
        assert (active.rows, active.only_completed) == (3, False)
    with reading(lake.engine) as connection:
        assert lake.history.active(connection, [name])[name].only_completed


def test_other_engines_read_what_was_maintained(lake: Lake) -> None:
    rounds(lake, 2)
    maintain(lake.engine, lake.commit, lake.history, grace_seconds=0)
    lake.some_of_everything()
    lake.load()
    for name, files in lake.history.tables.items():
        rows = files.active().rows
        folder = str(lake.history.folder / name)
        table = DeltaTable(folder)
        assert table.to_pyarrow_table().num_rows == rows
        assert polars.scan_delta(folder).collect().height == rows
        if rows:
            paths = [path.removeprefix("file://") for path in table.file_uris()]
            assert duckdb.read_parquet(paths).aggregate("count(*)").fetchall() == [(rows,)]


def test_files_stay_few_under_a_stream_of_small_loads(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "_FILES", 4)
    monkeypatch.setattr(maintenance, "_VERSIONS", 5)
    monkeypatch.setattr(maintenance, "_LOOK", 1)
    monkeypatch.setattr(maintenance, "GRACE", 0.0)
    most, entries = 0, 0
    for _ in range(8):
        lake.refuse()
        lake.load()
        files = lake.history.tables["sat_refusal"]
        most = max(most, len(files.active().parts))
        entries = max(entries, len(files.log.entries()))
    assert most <= 4
    assert entries <= 8
    assert lake.rows("select count(*) from refusals") == [(8,)]
    assert list(reconcile(lake.engine, lake.history)) == []


def part(number: int, size: int) -> ActiveFile:
    return ActiveFile(f"{number}.parquet", size, size, number, number, "a", "b")


@pytest.mark.sqlite
@given(st.lists(st.integers(1, 2_000), max_size=60))
def test_files_are_taken_together_in_their_order(sizes: list[int]) -> None:
    parts = [part(number, size) for number, size in enumerate(sizes)]
    found = groups(parts, 1_000)
    for group in found:
        numbers = [each.first for each in group]
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        assert len(group) > 1
        assert all(each.bytes < 1_000 for each in group)
        assert sum(each.bytes for each in group[1:]) < 1_000
    taken = [each.first for group in found for each in group]
    assert len(set(taken)) == len(taken)


@pytest.mark.sqlite
def test_no_row_is_written_often() -> None:
    """A thousand files of one size, compacted at every eighth: few files, few rewrites."""
    parts: list[ActiveFile] = []
    written = 0
    for number in range(1_000):
        parts.append(part(number, 1))
        if number % 8 == 0:
            for group in groups(parts, 500):
                size = sum(each.bytes for each in group)
                written += size
                at = parts.index(group[0])
                parts[at : at + len(group)] = [part(group[0].first, size)]
    assert sum(each.bytes for each in parts) == 1_000
    assert len(parts) < 20
    assert written < 8 * 1_000


DIE = """
import os, sys
from pathlib import Path
from lake import Lake
from millpond.history import compact, data_file, log
from millpond.history.delta import VaultFiles
from millpond.history.log import DeltaLog
from millpond.history.maintain import maintain

where, folder = sys.argv[1], Path(sys.argv[2])
places = {
    "file": (data_file.NewFile, "finish"),
    "entry": (DeltaLog, "commit"),
    "replace": (os, "replace"),
    "unlink": (Path, "unlink"),
}
owner, name = places[where]
done, times = getattr(owner, name), []

def dying(*arguments, **named):
    result = done(*arguments, **named)
    times.append(1)
    if len(times) == 3:
        os._exit(9)
    return result

lake = Lake(folder)
setattr(owner, name, dying)
maintain(lake.engine, lake.commit, lake.history, grace_seconds=0)
"""


@pytest.mark.sqlite
@pytest.mark.parametrize("where", ["file", "entry", "replace", "unlink"])
def test_killed_in_maintenance(lake: Lake, where: str) -> None:
    answered = rounds(lake, 2)
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    died = subprocess.run(
        [sys.executable, "-c", DIE, where, str(lake.folder)],
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    assert died.returncode == 9
    check(lake, answered)
    maintain(lake.engine, lake.commit, lake.history, grace_seconds=0)
    check(lake, answered)
    written = sum(bool(files.active().parts) for files in lake.history.tables.values())
    assert len(data_files(lake)) == written
    assert not list(lake.history.folder.rglob(".*"))


def test_rows_that_cannot_be_read_stay_where_they_are(lake: Lake) -> None:
    rounds(lake, 2)
    path = Path(lake.history.tables["sat_prediction"].active().files[0])
    data = bytearray(path.read_bytes())
    data[len(data) // 4] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(Corrupted, match="sat_prediction"):
        compact(lake.engine, lake.commit, lake.history)
    assert str(path) in lake.history.tables["sat_prediction"].active().files
