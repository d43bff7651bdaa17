"""From an event to the live window: ``python -m benchmarks.streaming.latency``.

A server predicts at half of what it can, and someone reads its stream of live metrics. For each
inference it is the time from its ``recorded_at``, given in its commit, until a window that has
it has reached the reader, in another process on the same machine.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from bisect import bisect_left
from pathlib import Path

import httpx
import numpy as np
from sqlalchemy import select

from benchmarks.history.measure import show
from benchmarks.serving import model
from benchmarks.serving.servers import Running, serving
from millpond.capture.tables import inferences
from millpond.database.connection import reading
from millpond.project import Project
from millpond.values import MICROSECONDS

_KEEP = Path.home() / ".cache" / "millpond-benchmarks"
#: Milliseconds in which nineteen of twenty should be there.
AIM = 300.0


class Watcher:
    """Reads the stream, and notes when it says how many inferences."""

    def __init__(self, running: Running, token: str) -> None:
        self._url = f"http://127.0.0.1:{running.port}/api/v1/metrics/live?window=1h"
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        self.times: list[float] = []
        self.counts: list[int] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def wait(self, count: int) -> None:
        """Wait until it has seen so many."""
        deadline = time.monotonic() + 30
        while not self.counts or self.counts[-1] < count:
            assert time.monotonic() < deadline, f"{self.counts[-1:]} of {count} came"
            time.sleep(0.05)

    def _read(self) -> None:
        with httpx.stream("GET", self._url, headers=self._headers, timeout=60) as stream:
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    self.times.append(time.time())
                    found = json.loads(line[6:])["apps"][0]["windows"][0]
                    self.counts.append(found["inferences"])


def main() -> None:
    """Load a server, and compare what was recorded with what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    images, network = model.images(_KEEP, 300), model.network(_KEEP)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving("millpond", network, images, _KEEP, Path(folder)) as running,
    ):
        capacity = running.loaded(images, clients=16, seconds=8)["per_second"]
        with Project.open(Path(folder) / "project") as project:
            token = project.access.create_token("watch", "scientist", by="os:benchmark")
            watcher = Watcher(running, token)
            begun = time.time()
            found = running.loaded(images, rate=capacity / 2, seconds=asked.seconds)
            with reading(project.engine) as connection:
                query = select(inferences.c.recorded_at).order_by(inferences.c.recorded_at)
                recorded = [moment / MICROSECONDS for moment in connection.scalars(query)]
            watcher.wait(len(recorded))
    took = [
        (watcher.times[bisect_left(watcher.counts, number)] - moment) * 1000
        for number, moment in enumerate(recorded, 1)
        if moment > begun
    ]
    p50, p95, p99 = np.quantile(took, (0.5, 0.95, 0.99)).tolist()
    show(
        "from event to live window",
        {
            "capacity_per_second": capacity,
            "offered_per_second": capacity / 2,
            "answer_p95_ms": found["p95_ms"],
            "inferences": len(took),
            "p50_ms": p50,
            "p95_ms": p95,
            "p99_ms": p99,
            "aim_p95_ms": AIM,
        },
    )


if __name__ == "__main__":
    main()
