"""Counting the outbox at once, as a server does all the time."""

from __future__ import annotations

from sqlalchemy import Engine

from millpond.database.group_commit import GroupCommit
from millpond.events.event import PARTITIONS
from millpond.streaming.outbox_source import OutboxSource
from millpond.streaming.windows import WindowsConsumer
from millpond.values import parse_age


def count_outbox(engine: Engine, commit: GroupCommit) -> None:
    """Count every event that there is; it may be done once."""
    source, positions = OutboxSource(engine), dict.fromkeys(range(PARTITIONS), 0)
    consumer, more = WindowsConsumer(parse_age("26h")), True
    while more:
        batch = source.read(positions, 100)
        commit.run(consumer.prepare(batch))
        positions, more = dict(batch.positions), batch.more
