"""The engine on Spark: in local mode, or on a cluster."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pyarrow as pa

from millpond.engines.call import Outcome, call
from millpond.engines.engine import BatchFunction
from millpond.engines.jvm import Jvm
from millpond.engines.spread import spread
from millpond.errors import MillpondError, NotInstalled
from millpond.values import new_id

if TYPE_CHECKING:
    from pyspark import SparkContext

    from millpond.settings import EngineSection

#: How often a call is made before Spark gives it up.
_TRIES = 4
#: The most jobs at a time.
_MOST = 1024
_HERE = "127.0.0.1"
#: Seconds in which a master takes a connection.
_PATIENCE = 10


class SparkEngine:
    """Spark jobs of one task, each a call on a few shards.

    A job for each call lets the coordinator have rows as soon as a call ends, and bound how
    many wait. The tasks are plain Python ones: rows that pass through a data frame come back
    in Spark's types (no lists of fixed size), and need pandas.

    A context that the process already has is used as it is, and left running.

    Args:
        section: ``address`` is that of a master, or empty for Spark in local mode, which
            ends with the engine; ``workers`` bounds the cores that are used.

    Raises:
        NotInstalled: Spark or Java is not.
        MillpondError: Spark did not start, or no master answers at the address.
    """

    def __init__(self, section: EngineSection) -> None:
        try:
            from pyspark import SparkContext
        except ImportError:
            raise NotInstalled(
                "the engine spark needs Spark: pip install 'millpond[spark]'"
            ) from None
        self._jvm: Jvm | None = None
        self._most = section.workers
        # They only wait for their jobs.
        self._threads = ThreadPoolExecutor(_MOST, thread_name_prefix="spark-job")
        context = SparkContext._active_spark_context
        self._context: SparkContext = context or self._start(section)

    @property
    def workers(self) -> int:
        """The cores that Spark has, or the setting where that is less."""
        cores: int = self._context.defaultParallelism
        return min(cores, self._most or cores)

    def run(
        self, function: BatchFunction, shards: int, schema: pa.Schema
    ) -> Generator[pa.RecordBatch, None, None]:
        """See `BatchEngine.run`."""
        from py4j.protocol import Py4JError

        group, jobs = f"millpond-{new_id()}", list[Future[Outcome]]()
        made = partial(call, function, schema)

        def job(share: range) -> Outcome:
            # The group is that of the thread, and of the jobs that it starts.
            self._context.setJobGroup(group, f"shards {share.start} to {share.stop - 1}")
            numbers = self._context.range(share.start, share.stop, numSlices=1)
            outcomes: list[Outcome] = numbers.glom().map(made).collect()
            [outcome] = outcomes
            return outcome

        def submit(share: range) -> Future[Outcome]:
            jobs[:] = [one for one in jobs if not one.done()]
            jobs.append(self._threads.submit(job, share))
            return jobs[-1]

        try:
            yield from spread(submit, shards, lambda: self.workers)
        except Py4JError as error:
            raise MillpondError(f"Spark gave up: {_reason(error)}") from error
        finally:
            self._cancel(group, jobs)

    def close(self) -> None:
        """Stop Spark, but for one that was there before."""
        self._threads.shutdown()
        if self._jvm is not None:
            self._context.stop()
            self._jvm.end()
            self._jvm = None

    def _cancel(self, group: str, jobs: list[Future[Outcome]]) -> None:
        """End what is under way, also a job that begins just now."""
        for one in jobs:
            one.cancel()
        while wait(jobs, timeout=0).not_done:
            self._context.cancelJobGroup(group)
            wait(jobs, timeout=0.2)

    def _start(self, section: EngineSection) -> SparkContext:
        from pyspark import SparkConf, SparkContext

        _check_reachable(section.address)
        settings = SparkConf()
        for name, value in _settings(section).items():
            settings.set(name, value)
        # Spark looks for pandas, which it is given none of, and finds it too new.
        warnings.filterwarnings("ignore", "PySpark does not yet fully support", FutureWarning)
        # Workers find the same packages; another machine may keep its Python elsewhere.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        self._jvm = Jvm(settings)
        with _own_interrupt():
            try:
                return SparkContext(conf=settings, gateway=self._jvm.gateway)
            except Exception as error:
                self._jvm.end()
                raise MillpondError(f"Spark did not start: {_reason(error)}") from error


def _settings(section: EngineSection) -> dict[str, str]:
    cores = section.workers or len(os.sched_getaffinity(0))
    settings = {
        # In local mode Spark would give up at the first loss.
        "spark.master": section.address or f"local[{cores},{_TRIES}]",
        "spark.task.maxFailures": str(_TRIES),
        "spark.app.name": "millpond",
        "spark.log.level": "ERROR",
        "spark.ui.enabled": "false",
        # Java only passes on what Python does; so it starts with half the work.
        "spark.driver.defaultJavaOptions": "-XX:TieredStopAtLevel=1",
        "spark.executor.defaultJavaOptions": "-XX:TieredStopAtLevel=1",
        "spark.ui.showConsoleProgress": "false",
        # A worker that has loaded a model makes the next call too.
        "spark.python.worker.reuse": "true",
        # The limit is on all the rows of a run together; `spread` bounds what waits.
        "spark.driver.maxResultSize": "0",
    }
    if section.address and section.workers:
        settings["spark.cores.max"] = str(section.workers)
    if _is_here(section.address):
        settings |= {"spark.driver.host": _HERE, "spark.driver.bindAddress": _HERE}
    return settings


def _is_here(address: str) -> bool:
    """Whether all of Spark is on this machine, so that no other has to reach it."""
    hosts = [host for host, _ in _masters(address)]
    local = not address or address.startswith("local")
    return local or (bool(hosts) and all(host in (_HERE, "localhost") for host in hosts))


def _masters(address: str) -> list[tuple[str, int]]:
    """Host and port of each master of ``spark://host:port,host:port``; of others none."""
    if not address.startswith("spark://"):
        return []
    parts = [urlsplit(f"//{part}") for part in address.removeprefix("spark://").split(",")]
    return [(part.hostname or "", part.port or 7077) for part in parts]


def _check_reachable(address: str) -> None:
    """Spark itself would try for minutes, and say nothing."""
    failures = []
    for master in _masters(address):
        try:
            socket.create_connection(master, _PATIENCE).close()
        except OSError as error:
            failures.append(str(error))
        else:
            return
    if failures:
        raise MillpondError(f"no Spark master at {address!r} (engine.address): {failures[0]}")


@contextmanager
def _own_interrupt() -> Iterator[None]:
    """Keep what Ctrl-C does; Spark replaces it, and leaves it so when it has stopped."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _reason(error: Exception) -> str:
    """The one line that tells, of the traces of Python and Java."""
    java = getattr(error, "java_exception", None)
    text = str(java.getMessage() if java is not None else error).strip()
    before, _, trace = text.partition("Traceback (most recent call last):\n")
    # The first line of a trace that is not indented is its error.
    told = [line for line in trace.splitlines() if line[:1].strip()] or before.splitlines()
    return told[0] if told else type(error).__name__
