"""Acknowledged means kept: uploads under SIGKILL.

Every inference that was answered is there afterwards, once, with its object and
its event, however often the server was killed.
"""

from __future__ import annotations

import io
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from backends import opened
from millpond.capture.objects import object_key
from millpond.capture.tables import inferences, outbox, predictions
from millpond.database.connection import reading
from millpond.project import Project
from running import Server, millpond
from serving.loaded import package

#: Seconds for one upload; of two hundred that try again and again, one may long be unlucky.
_PATIENCE = 3600


def an_image(seed: int) -> bytes:
    """A small PNG that no other seed gives."""
    pixels = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


class Uploads:
    """Uploads from many threads that go on while the server comes and goes."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.answered: dict[str, str] = {}
        self._lock = threading.Lock()
        self._http = httpx.Client(timeout=30, limits=httpx.Limits(max_connections=200))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, number: int) -> None:
        """Send one image until it is answered; the same key makes it one request."""
        data, deadline = an_image(number), time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            try:
                response = self._http.post(
                    f"{self.server.url}/api/v1/apps/cells/predict",
                    content=data,
                    headers={
                        "Authorization": f"Bearer {self.server.token}",
                        "Idempotency-Key": str(number),
                    },
                )
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            if response.status_code == 503:
                time.sleep(0.1)
                continue
            assert response.status_code == 200, response.text
            answer = response.json()
            with self._lock:
                self.answered[answer["inference_id"]] = answer["object_id"]
            return
        raise AssertionError(f"upload {number} was never answered")


@pytest.fixture
def server(new_project: Callable[..., Path]) -> Server:
    """A server, not started, of a project with a champion."""
    folder = new_project("--task", "classification", "--labels", "a,b")
    with Project.open(folder) as project:
        version = project.registry.register(package(times=1), by="os:test").version
        project.registry.set_champion("cells", version, by="os:test")
    return Server(folder)


def test_what_was_answered_survives_sigkill(server: Server, database: str) -> None:
    check(server, uploads=200, kills=10 if database == "sqlite" else 3)


@pytest.mark.soak
def test_what_was_answered_survives_many_sigkills(server: Server) -> None:
    check(server, uploads=3000, kills=100)


def check(server: Server, *, uploads: int, kills: int) -> None:
    """Upload while the server is killed and started, then look for every answer."""
    sending = Uploads(server.start())
    chance = random.Random(7)
    with ThreadPoolExecutor(200) as pool:
        results = [pool.submit(sending.send, number) for number in range(uploads)]
        for kill in range(1, kills + 1):
            # Each kill falls somewhere into its own share of the uploads.
            share = (kill - chance.random()) * uploads / (kills + 1)
            while len(sending.answered) < share:
                time.sleep(0.002)
            server.kill()
            server.start()
        for result in results:
            result.result()
    sending.close()
    assert server.stop() == 0
    assert len(sending.answered) == uploads
    assert_kept(server.project, sending.answered)
    assert millpond("verify", project=server.project)["verify"] == "ok"
    before = millpond("query", "select count(*) from inferences", project=server.project)
    millpond("run", "history", project=server.project)
    after = millpond("query", "select count(*) from inferences", project=server.project)
    assert before["rows"] == after["rows"] == [[uploads]]


def assert_kept(project: Path, answered: dict[str, str]) -> None:
    """Each answer has one inference with its prediction, its object's bytes, and one event."""
    lake = project / "lake"
    told = outbox.c.type == "millpond.inference.recorded"
    with opened(project) as engine, reading(engine) as connection:
        rows = connection.execute(select(inferences.c.inference_id, inferences.c.object_id))
        kept = {row.inference_id: row.object_id for row in rows}
        seen = connection.scalars(select(predictions.c.inference_id)).all()
        events = connection.scalars(select(outbox.c.entity_id).where(told)).all()
    assert kept == answered
    assert sorted(events) == sorted(seen) == sorted(answered)
    for object_id in answered.values():
        assert (lake / object_key(object_id)).stat().st_size > 0
