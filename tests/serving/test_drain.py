"""SIGTERM under load: what is under way is answered and kept, and the process ends by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from sqlalchemy import select

from backends import opened
from millpond.capture.tables import inferences, refusals
from millpond.database.connection import reading
from serving.helpers import picture
from serving.loaded import PREDICT, started


def test_what_is_under_way_is_answered_when_the_server_ends(
    new_project: Callable[..., Path],
) -> None:
    server = started(new_project("--task", "classification", "--labels", "a,b"))
    headers = {"Authorization": f"Bearer {server.token}"}
    answered: list[str] = []
    statuses: list[int] = []

    def send(number: int) -> None:
        with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
            for again in range(1_000):
                try:
                    response = client.post(PREDICT, content=picture(1_000 * number + again))
                except httpx.TransportError:
                    return  # It came after the end was asked for.
                statuses.append(response.status_code)
                if response.status_code == 200:
                    answered.append(response.json()["inference_id"])

    with ThreadPoolExecutor(80) as pool:
        senders = [pool.submit(send, number) for number in range(80)]
        while len(answered) < 40:
            time.sleep(0.01)
        asked = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - asked < 20
        for sender in senders:
            sender.result()
    with opened(server.project) as engine, reading(engine) as connection:
        kept = connection.scalars(select(inferences.c.inference_id)).all()
        refused = connection.scalars(select(refusals.c.status)).all()
    assert sorted(kept) == sorted(answered)
    # More came than may wait: those were told so, which is on record too.
    assert set(statuses) == {200, 503}
    assert len(refused) == statuses.count(503)
