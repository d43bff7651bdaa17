"""The engine on Ray: a cluster of one node that ends with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from millpond.engines.engine import BatchEngine, open_engine
from millpond.settings import EngineSection
from millpond.testing.engine import ClusterEngineSuite, left_alone


@pytest.fixture(scope="module")
def ray() -> Iterator[BatchEngine]:
    pytest.importorskip("ray", reason="Ray is not installed")
    with left_alone(lambda: open_engine(EngineSection(name="ray", workers=2))) as engine:
        yield engine


class TestRay(ClusterEngineSuite):
    @pytest.fixture
    def engine(self, ray: BatchEngine) -> BatchEngine:
        return ray
