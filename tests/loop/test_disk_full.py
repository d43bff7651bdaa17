"""A disk that is really full: refused with 507, nothing half-kept, and well again with room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from disks import small_disk
from running import Server, millpond


def a_bitmap(seed: int) -> bytes:
    """A BMP of about 230 kB that no other seed gives."""
    size, header = 320 * 240 * 3, 54
    info = [40, 320, 240, 1 | 24 << 16, 0, size, 0, 0, 0, 0]
    head = b"BM" + np.array([header + size, 0, header, *info], "<u4").tobytes()
    return head + np.random.default_rng(seed).integers(0, 255, size, np.uint8).tobytes()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as folder:
        yield folder


def test_a_full_disk_is_refused_and_nothing_is_lost(disk: Path) -> None:
    project = disk / "cells"
    millpond("init", project, "--task", "detection", "--labels", "a,b")
    server = Server(project).start()
    try:
        answered, refused = fill(server)
        assert refused == 507
        assert len(answered) > 10
        (disk / "ballast").unlink()
        assert upload(server, 10_000).status_code == 200
    finally:
        server.stop()
    rows = millpond("query", "select inference_id from inferences", project=project)["rows"]
    assert {row[0] for row in rows} >= answered
    assert len(rows) == len(answered) + 1
    assert millpond("verify", project=project)["verify"] == "ok"


def upload(server: Server, seed: int) -> httpx.Response:
    """Send one image."""
    return httpx.post(
        f"{server.url}/api/v1/apps/cells/predict",
        content=a_bitmap(seed),
        headers={"Authorization": f"Bearer {server.token}"},
        timeout=60,
    )


def fill(server: Server) -> tuple[set[str], int]:
    """Upload until there is no room: what was answered, and the first refusal's status."""
    # Something that can go again, so that there is room afterwards.
    (server.project.parent / "ballast").write_bytes(bytes(4_000_000))
    answered = set()
    for seed in range(200):
        response = upload(server, seed)
        if response.status_code != 200:
            assert "full" in response.json()["detail"] or "room" in response.json()["detail"]
            return answered, response.status_code
        answered.add(response.json()["inference_id"])
    raise AssertionError("the disk was never full")
