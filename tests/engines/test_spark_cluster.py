"""The engine on a Spark cluster: a master and two workers, one of which is lost."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import pytest

from millpond.engines.engine import BatchEngine, open_engine
from millpond.errors import MillpondError
from millpond.settings import EngineSection
from millpond.testing.batches import PATIENCE
from millpond.testing.engine import MachinesEngineSuite, descendants, left_alone

#: Java that starts with half the work.
_QUICK = {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_JAVA_OPTS": "-XX:TieredStopAtLevel=1"}


@dataclass
class Cluster:
    """Processes of Spark, each with what it said in a file."""

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    address: str = ""

    def start(self) -> None:
        """All at once, for starting Java takes long; workers try until the master is there."""
        port = str(_free_port())
        self.address = f"spark://127.0.0.1:{port}"
        said = self._run("master.Master", "--port", port)
        for _ in range(2):
            work = ["--cores", "1", "--memory", "1g", "--work-dir", str(self.folder)]
            self._run("worker.Worker", *work, self.address)
        until = time.monotonic() + PATIENCE
        while len(re.findall("Registering worker", said.read_text())) < 2:
            assert time.monotonic() < until, said.read_text()
            time.sleep(0.1)

    def lose(self, pid: int) -> None:
        """Kill a worker and all that it started, one of which is the process given."""
        for worker in self.processes[1:]:
            started = descendants(worker.pid)
            if pid in started:
                for one in (worker.pid, *started):
                    os.kill(one, signal.SIGKILL)
                return
        raise AssertionError(f"process {pid} is of no worker")

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(30)

    def _run(self, name: str, *arguments: str) -> Path:
        said = self.folder / f"said-{len(self.processes)}"
        program = files("pyspark") / "bin/spark-class"
        command = [str(program), f"org.apache.spark.deploy.{name}", "--webui-port", "0"]
        with open(said, "wb") as file:
            self.processes.append(
                subprocess.Popen(
                    [*command, "--host", "127.0.0.1", *arguments],
                    stdout=file,
                    stderr=file,
                    env={**os.environ, **_QUICK},
                )
            )
        return said


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def cluster(java: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("spark"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.mark.timeout(900)
class TestCluster(MachinesEngineSuite):
    @pytest.fixture
    def engine(self, cluster: Cluster) -> Iterator[BatchEngine]:
        section = EngineSection(name="spark", address=cluster.address)
        with left_alone(lambda: open_engine(section)) as engine:
            yield engine

    @pytest.fixture
    def lose(self, cluster: Cluster) -> Callable[[int], None]:
        return cluster.lose


def test_a_master_that_does_not_answer_is_named(java: None) -> None:
    section = EngineSection(name="spark", address="spark://127.0.0.1:1")
    with pytest.raises(
        MillpondError, match=r"no Spark master at 'spark://127\.0\.0\.1:1'.*refused"
    ):
        open_engine(section)
