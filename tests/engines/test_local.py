"""The local engine: what every engine does, and a call for each thread."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from millpond.engines.engine import BatchEngine, open_engine
from millpond.errors import Invalid
from millpond.settings import EngineSection
from millpond.testing.batches import ROWS, count
from millpond.testing.engine import BatchEngineSuite, left_alone


class TestLocal(BatchEngineSuite):
    @pytest.fixture
    def engine(self) -> Iterator[BatchEngine]:
        with left_alone(lambda: open_engine(EngineSection(workers=2))) as engine:
            yield engine

    def test_each_thread_makes_one_call(self, engine: BatchEngine) -> None:
        rows = [row for batch in engine.run(count, 100, ROWS) for row in batch.to_pylist()]
        assert len([row for row in rows if row["shard"] < 0]) == 2


def test_without_a_number_there_are_as_many_workers_as_cores() -> None:
    assert open_engine(EngineSection()).workers == len(os.sched_getaffinity(0))


def test_an_engine_that_is_not_installed_is_refused() -> None:
    with pytest.raises(Invalid, match="'flink' is not one of local, ray, spark"):
        open_engine(EngineSection(name="flink"))
