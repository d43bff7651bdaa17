"""The engine on a Ray cluster of two nodes, one of which is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from millpond.engines.engine import BatchEngine, open_engine
from millpond.settings import EngineSection
from millpond.testing.engine import MachinesEngineSuite


@pytest.fixture
def cluster() -> Iterator[Any]:
    utils = pytest.importorskip("ray.cluster_utils", reason="Ray is not installed")
    cluster = utils.Cluster()
    try:
        for _ in range(2):
            _start_node(cluster)
        yield cluster
    finally:
        cluster.shutdown()


def _start_node(cluster: Any) -> None:
    """Ray waits for half a minute only, and raises no error of its own."""
    for attempt in range(3):
        try:
            cluster.add_node(num_cpus=1, object_store_memory=100 * 1024**2)
            return
        except Exception:
            if attempt == 2:
                raise


@pytest.mark.timeout(900)
class TestCluster(MachinesEngineSuite):
    @pytest.fixture
    def engine(self, cluster: Any) -> Iterator[BatchEngine]:
        engine = open_engine(EngineSection(name="ray", address=cluster.address))
        yield engine
        engine.close()

    @pytest.fixture
    def lose(self, cluster: Any) -> Callable[[int], None]:
        """The second node, whichever process it is: the first has the state of the cluster."""
        return lambda pid: cluster.remove_node(cluster.list_all_nodes()[1], allow_graceful=False)
