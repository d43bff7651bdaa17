"""The outbox: what a consumer has still to read stays in it, whatever else leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

import backends
from millpond.capture.tables import outbox, stream_positions
from millpond.database.connection import reading
from millpond.events.event import PARTITIONS, key_of, partition_of
from millpond.history.archive import archive
from millpond.streaming.consumers import ConsumerGroup
from millpond.streaming.outbox_source import OutboxSource
from millpond.streaming.workers import ConsumerGroups
from pond import Pond, cells
from streaming.bus import Noting, until

pytestmark = pytest.mark.parametrize("database", backends.KINDS, indirect=True)


@pytest.fixture
def pond(tmp_path: Path) -> Iterator[Pond]:
    pond = Pond(tmp_path)
    pond.ingest(cells(tmp_path / "cells", 5))
    yield pond
    pond.close()


def events(pond: Pond) -> int:
    with reading(pond.engine) as connection:
        return connection.scalar(select(func.count()).select_from(outbox)) or 0


def group(pond: Pond, consumer: Noting) -> ConsumerGroup:
    return ConsumerGroup(
        OutboxSource(pond.engine), consumer, pond.engine, pond.commit, pause=0.01, lease=1
    )


def archived(pond: Pond) -> None:
    archive(pond.engine, pond.commit, pond.history, 0)


def test_without_consumers_events_leave_with_their_facts(pond: Pond) -> None:
    archived(pond)
    assert events(pond) == 0


def test_what_a_consumer_has_not_read_stays(pond: Pond) -> None:
    noting = Noting()
    groups = ConsumerGroups(pond.commit, [group(pond, noting)])
    groups.start()
    until(lambda: sum(len(batch.events) for batch in noting.batches) == events(pond))
    groups.stop()
    read = events(pond)
    pond.ingest(cells(pond.folder / "more", 3, first=5))
    unread = events(pond) - read
    archived(pond)
    assert events(pond) == unread > 0
    assert pond.verify().findings == ()
    archived(pond)
    assert events(pond) == unread
    # Once they are read, the next archive takes them.
    noting = Noting()
    groups = ConsumerGroups(pond.commit, [group(pond, noting)])
    groups.start()
    until(lambda: sum(len(batch.events) for batch in noting.batches) == unread)
    groups.stop()
    archived(pond)
    assert events(pond) == 0
    assert pond.verify().findings == ()


def test_a_consumer_that_there_is_no_longer_holds_nothing_back(pond: Pond) -> None:
    groups = ConsumerGroups(pond.commit, [group(pond, Noting("old"))])
    groups.start()
    until(lambda: bool(consumers(pond)))
    groups.stop()
    pond.ingest(cells(pond.folder / "more", 3, first=5))
    archived(pond)
    assert events(pond) > 0
    ConsumerGroups(pond.commit, []).start()
    assert consumers(pond) == set()
    archived(pond)
    assert events(pond) == 0


def consumers(pond: Pond) -> set[str]:
    with reading(pond.engine) as connection:
        return set(connection.scalars(select(stream_positions.c.consumer)))


def test_what_is_said_of_an_object_has_its_key(pond: Pond) -> None:
    with reading(pond.engine) as connection:
        rows = connection.execute(select(outbox)).mappings().all()
    objects = {row["entity_id"] for row in rows if row["type"] == "millpond.object.recorded"}
    annotations = [row for row in rows if row["type"] == "millpond.annotation.recorded"]
    assert annotations
    assert {row["key"] for row in rows} == objects
    for row in rows:
        assert row["partition"] == partition_of(row["key"])
        assert row["key"] == key_of(row["type"], row["app"], row["entity_id"], row["data"])


def test_keys_are_spread_over_the_partitions() -> None:
    found = [partition_of(f"key-{number}") for number in range(16_000)]
    counts = [found.count(partition) for partition in range(PARTITIONS)]
    assert min(counts) > 800


@pytest.mark.parametrize(
    ("kind", "app", "data", "key"),
    [
        ("millpond.object.recorded", "cells", {}, "entity"),
        ("millpond.inference.recorded", "cells", {"object_id": "object"}, "object"),
        ("millpond.refusal.recorded", "cells", {"status": 400}, "cells"),
        ("millpond.refusal.recorded", "", {"status": 400}, "entity"),
        ("millpond.landing.recorded", "", {"feed": "customers"}, "customers"),
        ("millpond.model.promoted", "cells", {}, "cells"),
        ("millpond.alert.raised", "cells", {"name": "slow"}, "cells"),
    ],
)
def test_what_order_is_kept_for(kind: str, app: str, data: dict[str, str], key: str) -> None:
    assert key_of(kind, app, "entity", data) == key
