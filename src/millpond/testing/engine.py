"""What every batch engine must do."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from millpond.engines.engine import BatchEngine
from millpond.errors import Invalid, MillpondError, NotFound
from millpond.testing.batches import (
    HEAVY,
    PATIENCE,
    ROWS,
    SHARDS,
    TYPES,
    broken,
    count,
    heavy,
    killed,
    killed_once,
    marked,
    met,
    missing,
    varied,
    varied_row,
)


class BatchEngineSuite:
    """Inherit it, and give it an engine of two workers as the fixture ``engine``.

    It may be one for all tests; `left_alone` sees that it leaves no process behind.
    """

    @pytest.fixture
    def engine(self) -> BatchEngine:
        """An engine of two workers."""
        raise pytest.UsageError("a suite needs a fixture that gives the backend: engine")

    def test_every_shard_reaches_one_call(self, engine: BatchEngine) -> None:
        """Each number is seen once, and the calls have seen as many as there are."""
        assert engine.workers == 2
        rows = _rows(engine.run(count, SHARDS, ROWS))
        assert sorted(shard for shard, _ in rows if shard >= 0) == list(range(SHARDS))
        calls = [seen for shard, seen in rows if shard < 0]
        assert sum(calls) == SHARDS
        assert len(calls) < SHARDS

    @pytest.mark.parametrize("shards", [0, 1])
    def test_a_run_may_be_small(self, engine: BatchEngine, shards: int) -> None:
        """One shard, or none at all, for which nothing comes."""
        found = sorted(shard for shard, _ in _rows(engine.run(count, shards, ROWS)) if shard >= 0)
        assert found == list(range(shards))

    def test_rows_come_back_as_they_were(self, engine: BatchEngine) -> None:
        """Whatever their types, and however long."""
        batches = list(engine.run(varied, 3, TYPES))
        assert all(batch.schema.equals(TYPES) for batch in batches)
        rows = [row for batch in batches for row in batch.to_pylist()]
        assert sorted(rows, key=lambda row: row["small"]) == [
            varied_row(shard) for shard in range(3)
        ]
        long = pa.schema([("moments", pa.binary())])
        (batch,) = engine.run(heavy, 1, long)
        assert batch.column(0)[0].as_py() == b"m" * HEAVY

    def test_an_error_arrives_as_it_was_raised(self, engine: BatchEngine) -> None:
        """Type and message; and the engine goes on with the next run."""
        with pytest.raises(NotFound, match="no shard") as raised:
            list(engine.run(missing, SHARDS, ROWS))
        assert str(raised.value) == "no shard 7; there are others"
        assert len(_rows(engine.run(count, 1, ROWS))) == 2

    def test_any_other_error_arrives_with_its_kind(self, engine: BatchEngine) -> None:
        """In one line; the trace is a note."""
        with pytest.raises(MillpondError, match="KeyError") as raised:
            list(engine.run(broken, SHARDS, ROWS))
        assert str(raised.value) == "KeyError: 'shard 7'"
        assert "in broken" in raised.value.__notes__[0]

    def test_other_rows_than_promised_are_refused(self, engine: BatchEngine) -> None:
        """The message names what came and what was promised."""
        with pytest.raises(Invalid, match="shard int64, seen int64, not vector"):
            list(engine.run(count, 1, TYPES))

    def test_calls_wait_for_the_caller(self, engine: BatchEngine, tmp_path: Path) -> None:
        """They are ahead by a bounded number of shards, and end when it leaves."""
        shards = 600
        with closing(engine.run(partial(marked, tmp_path), shards, ROWS)) as rows:
            next(rows)
            ahead = _settled(lambda: len(_names(tmp_path)))
        assert 0 < ahead < shards / 4
        assert _settled(lambda: len(_names(tmp_path))) < shards / 2


class ClusterEngineSuite(BatchEngineSuite):
    """What an engine must do, moreover, whose workers are processes that can be lost."""

    def test_a_call_that_is_lost_is_made_again(self, engine: BatchEngine, tmp_path: Path) -> None:
        """Its rows come once."""
        rows = _rows(engine.run(partial(killed_once, tmp_path / "killed"), SHARDS, ROWS))
        assert (tmp_path / "killed").exists()
        assert sorted(shard for shard, _ in rows if shard >= 0) == list(range(SHARDS))
        assert sum(seen for shard, seen in rows if shard < 0) == SHARDS

    def test_a_call_that_is_always_lost_is_given_up(self, engine: BatchEngine) -> None:
        """With a reason of one line, not the traces of a cluster."""
        with pytest.raises(MillpondError, match="gave up") as raised:
            list(engine.run(killed, 1, ROWS))
        assert len(str(raised.value)) < 500
        assert "\n" not in str(raised.value)
        assert len(_rows(engine.run(count, 1, ROWS))) == 2


class MachinesEngineSuite:
    """What an engine must do whose two workers are on machines of their own.

    Inherit it, and give it besides ``engine`` the fixture ``lose``, which ends the machine
    on which there is a process, and all that runs there, without a word.
    """

    @pytest.fixture
    def engine(self) -> BatchEngine:
        """An engine of two workers, each on a machine of its own."""
        raise pytest.UsageError("a suite needs a fixture that gives the backend: engine")

    @pytest.fixture
    def lose(self) -> Callable[[int], None]:
        """Ends the machine of a process."""
        raise pytest.UsageError("a suite needs a fixture that ends a machine: lose")

    def test_a_machine_may_be_lost(
        self, engine: BatchEngine, lose: Callable[[int], None], tmp_path: Path
    ) -> None:
        """The other makes its calls again, and every shard is seen once."""

        def strike() -> None:
            lose(int(_awaited(tmp_path, 2)[0].partition("-")[0]))

        thread = threading.Thread(target=strike)
        thread.start()
        rows = _rows(engine.run(partial(met, tmp_path), SHARDS, ROWS))
        thread.join()
        assert sorted(shard for shard, _ in rows if shard >= 0) == list(range(SHARDS))
        ended = [seen for shard, seen in rows if shard < 0]
        assert sum(ended) == SHARDS
        assert len(ended) < len(_names(tmp_path)), "no call was lost"


@contextmanager
def left_alone(open_one: Callable[[], BatchEngine]) -> Iterator[BatchEngine]:
    """Open an engine and close it, and see that all its processes end."""
    before = descendants(os.getpid())
    engine = open_one()
    yield engine
    started = descendants(os.getpid()) - before
    engine.close()
    left = _settled(lambda: len([pid for pid in started if Path(f"/proc/{pid}").exists()]), goal=0)
    assert left == 0, f"{left} of {len(started)} processes are left"


def descendants(pid: int) -> set[int]:
    """The processes that a process started, and those that these did."""
    found: set[int] = set()
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            started = {int(child) for child in children.read_text().split()}
        except (FileNotFoundError, ProcessLookupError):
            continue
        found |= started.union(*map(descendants, started))
    return found


def _rows(batches: Iterator[pa.RecordBatch]) -> list[tuple[int, int]]:
    return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def _awaited(folder: Path, number: int) -> list[str]:
    """The names of the files of a folder, when there are as many."""
    until = time.monotonic() + PATIENCE
    while len(found := _names(folder)) < number:
        assert time.monotonic() < until, f"only {found} came"
        time.sleep(0.02)
    return found


def _settled(number: Callable[[], int], goal: int | None = None) -> int:
    """A number when it has not changed for a second, or is what it should be."""
    last, since, begun = number(), time.monotonic(), time.monotonic()
    while last != goal and time.monotonic() - since < (1 if goal is None else 20):
        time.sleep(0.05)
        now = number()
        if now != last:
            last, since = now, time.monotonic()
        assert time.monotonic() - begun < 60, f"{now} still changes"
    return last
