"""The archive: facts leave, and nobody can tell, whenever it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select, update

from lake import BOX, Lake
from millpond.capture import tables as capture
from millpond.capture.annotations import NewAnnotation
from millpond.capture.trim import ARCHIVED
from millpond.database.connection import reading
from millpond.errors import Corrupted
from millpond.history import archive as archive_module
from millpond.history.archive import Archive, archive, cutoff
from millpond.history.horizon import archived_until
from millpond.history.tables import loaded_tables
from millpond.values import MICROSECONDS, Prediction


def run(lake: Lake, older_than: int = 0) -> archive_module.Archived:
    return archive(lake.engine, lake.commit, lake.history, older_than)


def steps(lake: Lake, until: int | None = None) -> Archive:
    moment = cutoff(lake.engine, 0) if until is None else until
    return Archive(lake.engine, lake.commit, lake.history, moment)


def left(lake: Lake) -> int:
    """Rows that are left in the tables which facts leave."""
    with reading(lake.engine) as connection:
        counts = [
            connection.scalar(select(func.count()).select_from(table))
            for table in (*ARCHIVED, capture.reviews)
        ]
    return sum(count or 0 for count in counts)


def some(lake: Lake) -> tuple[list[int], list[Any]]:
    """Record and load, again and again; moments in between, and what was the case at each."""
    moments = []
    for number in range(4):
        lake.some_of_everything()
        if number % 2:
            lake.load()
        moments.append(lake.now)
    return moments, [lake.state(moment) for moment in moments]


def test_no_answer_changes_at_any_instant(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    moments, before = some(lake)
    monkeypatch.setattr(archive_module, "TRIM", 9)
    trim, chunks = archive_module._trim, []

    def and_look(*arguments: Any) -> int | None:
        rows = trim(*arguments)
        chunks.append(rows)
        return rows

    monkeypatch.setattr(archive_module, "_trim", and_look)
    seen = []

    def look(seconds: float) -> None:
        which = len(seen) % len(moments)
        seen.append(lake.state(moments[which]) == before[which])

    monkeypatch.setattr(archive_module, "time", SimpleNamespace(sleep=look))
    done = run(lake)
    assert len(chunks) > 5
    assert seen == [True] * (len(chunks) - 1)
    assert done.rows == sum(rows for rows in chunks if rows is not None)
    assert left(lake) == 0
    assert [lake.state(moment) for moment in moments] == before
    again = run(lake)
    assert (again.rows, again.archived_until) == (0, done.archived_until)


def test_what_is_younger_stays(lake: Lake) -> None:
    moments, before = some(lake)
    step = steps(lake, moments[1])
    step.load()
    step.verify()
    assert step.trim() > 0
    with reading(lake.engine) as connection:
        assert archived_until(connection) == moments[1]
        for table in (capture.inferences, capture.annotations, capture.outbox):
            assert connection.scalar(select(func.min(table.c.recorded_at))) > moments[1]
        assert connection.scalar(select(func.count()).select_from(capture.inferences)) == 2
        assert connection.scalar(select(func.count()).select_from(capture.objects)) == 4
    assert [lake.state(moment) for moment in moments] == before
    rows = left(lake)
    assert run(lake, 3600 * MICROSECONDS).rows == 0
    assert left(lake) == rows


def test_nothing_leaves_that_was_not_verified(lake: Lake) -> None:
    some(lake)
    step = steps(lake)
    step.load()
    rows = left(lake)
    assert step.trim() <= 1, "no more than the event of an object, which stays"
    assert left(lake) >= rows - 1
    step.verify()
    # Recorded since, and loaded, but not read back.
    lake.some_of_everything()
    lake.load()
    assert steps(lake).trim() > rows / 2
    with reading(lake.engine) as connection:
        assert connection.scalar(select(func.count()).select_from(capture.inferences)) == 1


def test_a_copy_that_is_damaged_keeps_everything(lake: Lake) -> None:
    some(lake)
    rows, before = left(lake), lake.state(lake.now)
    file = Path(lake.history.tables["sat_inference"].active().files[0])
    whole = file.read_bytes()
    middle = len(whole) // 3
    file.write_bytes(whole[:middle] + bytes(100) + whole[middle + 100 :])
    with pytest.raises(Corrupted):
        run(lake)
    file.unlink()
    with pytest.raises(Corrupted):
        run(lake)
    assert left(lake) >= rows
    file.write_bytes(whole)
    run(lake)
    assert left(lake) == 0
    assert lake.state(lake.now) == before


def test_a_copy_of_other_rows_is_told(lake: Lake) -> None:
    some(lake)
    lake.load()
    with lake.engine.begin() as connection:
        connection.execute(
            update(loaded_tables)
            .where(loaded_tables.c.table_name == "sat_prediction")
            .values(checksum="0" * 64)
        )
    with pytest.raises(Corrupted, match="sat_prediction"):
        run(lake)


def test_the_database_gets_smaller(lake: Lake) -> None:
    predictions = [Prediction("RBC", 0.9, BOX)] * 300
    object_id = lake.object()
    for _ in range(100):
        lake.inference(object_id, predictions)
    done = run(lake)
    assert done.rows == 100 * (1 + 300 + 1) + 1
    assert done.bytes_after < done.bytes_before - 2_000_000


def test_a_review_stays_as_long_as_it_has_annotations(lake: Lake) -> None:
    object_id = lake.object()
    [first] = lake.annotate(object_id, NewAnnotation("add", label="RBC", box=BOX))
    until = lake.now
    lake.annotate(object_id, NewAnnotation("correct", first, "WBC"), NewAnnotation("complete"))
    step = steps(lake, until)
    step.load()
    step.verify()
    step.trim()
    with reading(lake.engine) as connection:
        assert connection.scalar(select(func.count()).select_from(capture.reviews)) == 1
    assert lake.rows(
        "select label, annotation_id <> ? from ground_truth".replace("?", f"'{first}'")
    )
    run(lake)
    assert left(lake) == 0


_CHILD = """
import os, signal, sys
from pathlib import Path
from lake import Lake
from millpond.database import sqlite
from millpond.history import archive, copies
from millpond.history.archive import Archive

point, number = sys.argv[2], int(sys.argv[3])


def before(owner, name):
    original = getattr(owner, name)
    calls = [0]

    def wrapped(*arguments, **named):
        calls[0] += 1
        if calls[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **named)

    setattr(owner, name, wrapped)


archive.TRIM = 12
owner, name = {
    "verify": (Archive, "verify"),
    "copy": (copies, "_brought"),
    "mark": (archive, "_note_verified"),
    "horizon": (archive, "move_horizon"),
    "pause": (archive.time, "sleep"),
    "shrink": (Archive, "shrink"),
}[point]
before(owner, name)
lake = Lake(Path(sys.argv[1]))
archive.archive(lake.engine, lake.commit, lake.history, 0)
"""


def test_killed_at_any_step_and_started_again(lake: Lake, tmp_path: Path) -> None:
    moments, before = some(lake)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    rows = left(lake)
    for point, number in (
        ("verify", 1),
        ("copy", 9),
        ("mark", 2),
        ("horizon", 2),
        ("pause", 2),
        ("shrink", 1),
    ):
        child = subprocess.run(
            [sys.executable, "-c", _CHILD, tmp_path, point, str(number)],
            env=environment,
            check=False,
        )
        assert child.returncode == -signal.SIGKILL, point
        assert lake.state(moments[1]) == before[1], point
        assert left(lake) <= rows, point
        rows = left(lake)
    assert rows == 0
    assert run(lake).rows == 0
    assert [lake.state(moment) for moment in moments] == before


def test_two_at_once_beside_writers(lake: Lake, tmp_path: Path) -> None:
    moments, before = some(lake)
    other = Lake(tmp_path)
    done = threading.Event()
    written: list[str] = []

    def write() -> None:
        while not done.is_set() or len(written) < 20:
            written.append(lake.inference(lake.object())[0])

    failed: list[BaseException] = []

    def archiving(which: Lake) -> None:
        try:
            for _ in range(2):
                run(which)
        except BaseException as error:
            failed.append(error)

    writer = threading.Thread(target=write)
    archives = [threading.Thread(target=archiving, args=(each,)) for each in (lake, other)]
    for thread in (writer, *archives):
        thread.start()
    for thread in archives:
        thread.join()
    done.set()
    writer.join()
    assert failed == []
    assert [lake.state(moment) for moment in moments] == before
    found = lake.rows("select inference_id from inferences order by recorded_at")
    assert [inference_id for (inference_id,) in found][-len(written) :] == written
    assert len(found) == 4 + len(written)
    run(other)
    assert left(lake) == 0
    other.close()
