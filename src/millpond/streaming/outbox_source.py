"""The outbox as a source: events are read from the table into which facts are written.

A position is a ``recorded_at``. Its order is the order of commits, and whoever sees the
clock at a moment sees everything recorded up to it: so nothing appears behind a position.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Engine, select

from millpond.capture.tables import OUTBOX, outbox
from millpond.database.clock import last
from millpond.database.connection import reading
from millpond.events.event import PARTITIONS
from millpond.streaming.source import Batch, StreamEvent


class OutboxSource:
    """Reads the outbox, each event once.

    Args:
        engine: of the operational database.
    """

    name = OUTBOX
    repeats = False

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._columns = [outbox.c[field] for field in StreamEvent._fields]

    def partitions(self) -> int:
        """As many as events are parted into when they are written."""
        return PARTITIONS

    def start(self) -> int:
        """Before the first moment."""
        return 0

    def read(self, after: Mapping[int, int], most: int) -> Batch:
        """The next events in the order of their commits, over all partitions together.

        Where nothing was recorded since, that costs one row read.
        """
        low = min(after.values(), default=0)
        with reading(self._engine) as connection:
            until = last(connection)
            if until <= low:
                return Batch((), after)
            query = (
                select(*self._columns)
                .where(outbox.c.recorded_at > low, outbox.c.recorded_at <= until)
                .order_by(outbox.c.recorded_at)
                .limit(most)
            )
            if len(after) < PARTITIONS:
                query = query.where(outbox.c.partition.in_(after))
            found = [StreamEvent._make(row) for row in connection.execute(query)]
        more = len(found) == most
        reached = found[-1].recorded_at if more else until
        # A partition taken over from another worker may be ahead of the others.
        events = [event for event in found if event.recorded_at > after[event.partition]]
        positions = {partition: max(reached, position) for partition, position in after.items()}
        return Batch(events, positions, more)

    def close(self) -> None:
        """Nothing is held."""
