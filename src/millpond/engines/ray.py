"""The engine on Ray: a cluster on this machine, or one that is there already."""

from __future__ import annotations

import logging
import os
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import pyarrow as pa

from millpond.engines.call import Outcome, call
from millpond.engines.engine import BatchFunction
from millpond.engines.spread import spread
from millpond.errors import MillpondError, NotInstalled
from millpond.settings import EngineSection

#: How often a call that was lost is made again.
_RETRIES = 3
#: How often a node is started; Ray waits half a minute, and a busy machine takes longer.
_STARTS = 3
#: Bytes of shared memory of a cluster on this machine; what it carries are rows, not images.
_SHARED = 256 * 1024**2
#: A node that is only busy is not given up, and this process with it.
_PATIENT = {"health_check_timeout_ms": 60_000, "health_check_failure_threshold": 10}


class RayEngine:
    """Ray tasks, each a call on a few shards.

    A cluster that the process has already joined is used as it is, and left running.

    Args:
        section: ``address`` is that of a cluster, or empty for one on this machine that
            ends with the engine; ``workers`` bounds the calls at a time.

    Raises:
        NotInstalled: Ray is not.
        MillpondError: no cluster answers at the address.
    """

    def __init__(self, section: EngineSection) -> None:
        # Before the import, which reads them: nothing is sent anywhere, and a worker
        # without a GPU is not told so.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        try:
            import ray
        except ImportError:
            raise NotInstalled("the engine ray needs Ray: pip install 'millpond[ray]'") from None
        self._ray: Any = ray
        self._section = section
        self._own = not ray.is_initialized()
        if self._own:
            self._join()
        self._work = ray.remote(num_cpus=1, max_retries=_RETRIES)(call)

    @property
    def workers(self) -> int:
        """The cores of the cluster, or the setting where that is less."""
        cores = int(self._ray.cluster_resources().get("CPU", 0))
        return min(cores, self._section.workers or cores)

    def run(
        self, function: BatchFunction, shards: int, schema: pa.Schema
    ) -> Generator[pa.RecordBatch, None, None]:
        """See `BatchEngine.run`."""
        under_way: set[Any] = set()
        shared = self._ray.put(function)

        def submit(share: range) -> Future[Outcome]:
            reference = self._work.remote(shared, schema, share)
            under_way.add(reference)
            future: Future[Outcome] = reference.future()
            future.add_done_callback(lambda _: under_way.discard(reference))
            return future

        try:
            yield from spread(submit, shards, lambda: self.workers)
        except self._ray.exceptions.RayError as error:
            raise MillpondError(f"Ray gave up: {_reason(error)}") from error
        finally:
            for reference in list(under_way):
                self._ray.cancel(reference, force=True)

    def close(self) -> None:
        """Leave the cluster; one of our own ends."""
        if self._own:
            self._ray.shutdown()

    def _join(self) -> None:
        address = self._section.address
        own = {
            "address": "local",
            "num_cpus": self._section.workers or len(os.sched_getaffinity(0)),
            "object_store_memory": _SHARED,
            "include_dashboard": False,
            "_system_config": _PATIENT,
        }
        options = {"address": address} if address else own
        for attempt in range(1, _STARTS + 1):
            try:
                self._ray.init(**options, log_to_driver=False, logging_level=logging.ERROR)
                return
            except Exception as error:  # A node that does not start raises just that.
                with suppress(Exception):
                    self._ray.shutdown()
                if attempt == _STARTS or address:
                    where = f"at {address!r} (engine.address)" if address else "on this machine"
                    raise MillpondError(f"no Ray {where}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """The first line of an error that has many."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
