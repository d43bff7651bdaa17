"""The engine on Spark in local mode."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from millpond.engines.engine import BatchEngine, open_engine
from millpond.settings import EngineSection
from millpond.testing.engine import ClusterEngineSuite, left_alone


@pytest.fixture(scope="module")
def spark(java: None) -> Iterator[BatchEngine]:
    with left_alone(lambda: open_engine(EngineSection(name="spark", workers=2))) as engine:
        yield engine


class TestLocalMode(ClusterEngineSuite):
    @pytest.fixture
    def engine(self, spark: BatchEngine) -> BatchEngine:
        return spark
