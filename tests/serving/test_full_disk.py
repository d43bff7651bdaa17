"""A disk that fills up under load: a clear 507, nothing half-written, and well again with room."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from disks import small_disk
from millpond.capture.objects import object_key
from running import Server, millpond
from serving.helpers import picture

PREDICT = "/api/v1/apps/cells/predict"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", megabytes=24) as folder:
        yield folder


class Senders:
    """Clients that send image after image, and note what each was answered."""

    def __init__(self, server: Server, count: int) -> None:
        self._server = server
        self._stopping = threading.Event()
        self.answered: list[str] = []
        self.refused: list[dict[str, object]] = []
        self.threads = [threading.Thread(target=self._send, args=(n,)) for n in range(count)]
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self.threads:
            thread.join()

    def _send(self, number: int) -> None:
        headers = {"Authorization": f"Bearer {self._server.token}"}
        with httpx.Client(base_url=self._server.url, headers=headers, timeout=60) as client:
            seed = 100_000 * number
            while not self._stopping.is_set():
                seed += 1
                data = picture(seed, "BMP", (200, 160))
                response = client.post(PREDICT, content=data)
                if response.status_code == 200:
                    self.answered.append(response.json()["inference_id"])
                else:
                    self.refused.append(response.json())


def test_a_disk_that_fills_up_under_load_loses_nothing(disk: Path) -> None:
    project = disk / "cells"
    millpond("init", project, "--task", "detection", "--labels", "a,b")
    # Something that can go again, so that there is room afterwards.
    (disk / "ballast").write_bytes(bytes(8_000_000))
    server = Server(project).start()
    senders = Senders(server, 8)
    try:
        wait(lambda: len(senders.refused) >= 20)
        full = len(senders.answered)
        (disk / "ballast").unlink()
        # It recovers without help.
        wait(lambda: len(senders.answered) >= full + 20)
    finally:
        senders.stop()
        assert server.stop() == 0
    assert {refusal["status"] for refusal in senders.refused} == {507}
    assert all(
        "full" in str(one["detail"]) or "room" in str(one["detail"]) for one in senders.refused
    )
    rows = millpond("query", "select inference_id, object_id from inferences", project=project)
    assert {row[0] for row in rows["rows"]} == set(senders.answered)
    kept = {object_key(row[1]) for row in rows["rows"]}
    lake = project / "lake"
    files = [path for path in (lake / "objects").rglob("*") if path.is_file()]
    assert {str(path.relative_to(lake)) for path in files} == kept
    assert millpond("verify", project=project)["verify"] == "ok"


def wait(until: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + 60
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.01)
