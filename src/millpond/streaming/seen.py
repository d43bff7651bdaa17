"""Which events were seen, of a source that may bring an event more than once.

Ids are kept in the transaction of the effects, until events that were recorded an hour later
came in the same lane: one partition of the source and one of the outbox. An event that is
older than that and whose id is not kept is a repetition. For a relay sends what it has to send
of a partition of the outbox in order, without a gap, from a position up to which everything was
acknowledged; so whichever relays send, and however often, the first of each event of a lane
come in the order of ``recorded_at``. What others send may be an hour out of order.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select, update

from millpond.events.event import PARTITIONS, partition_of
from millpond.streaming.positions import Place
from millpond.streaming.seen_tables import seen_events, seen_lanes
from millpond.streaming.source import StreamEvent
from millpond.values import MICROSECONDS

#: Microseconds of event time for which an id is kept.
KEPT = 3_600 * MICROSECONDS
#: Ids in one statement.
_AT_ONCE = 500


def unseen(
    connection: Connection, place: Place, events: Sequence[StreamEvent]
) -> list[StreamEvent]:
    """The events that a group has not seen, each once, in their order.

    One without an id cannot come again.
    """
    seen = _known(connection, place, [event.event_id for event in events if event.event_id])
    newest = _newest(connection, place)
    found = []
    for event in events:
        old = event.recorded_at < newest.get(lane_of(event), 0) - KEPT
        if not event.event_id:
            found.append(event)
        elif not old and event.event_id not in seen:
            seen.add(event.event_id)
            found.append(event)
    return found


def remember(connection: Connection, place: Place, events: Sequence[StreamEvent]) -> None:
    """Keep that a group has seen events; none of them may be kept already."""
    events = [event for event in events if event.event_id]
    if not events:
        return
    group = {"source": place.source, "consumer": place.consumer}
    rows = [
        {
            **group,
            "event_id": event.event_id,
            "lane": lane_of(event),
            "recorded_at": event.recorded_at,
        }
        for event in events
    ]
    connection.execute(seen_events.insert(), rows)
    before = _newest(connection, place)
    newest: dict[int, int] = {}
    for event in events:
        lane = lane_of(event)
        newest[lane] = max(newest.get(lane, before.get(lane, 0)), event.recorded_at)
    for lane, moment in newest.items():
        _move(connection, place, lane, moment, known=lane in before)


def lane_of(event: StreamEvent) -> int:
    """The lane of an event."""
    return event.partition * PARTITIONS + partition_of(event.key)


def _known(connection: Connection, place: Place, ids: Sequence[str]) -> set[str]:
    table, known = seen_events, set[str]()
    for at in range(0, len(ids), _AT_ONCE):
        some = table.c.event_id.in_(ids[at : at + _AT_ONCE])
        known.update(connection.scalars(select(table.c.event_id).where(place.rows(table), some)))
    return known


def _newest(connection: Connection, place: Place) -> dict[int, int]:
    table = seen_lanes
    rows = connection.execute(select(table.c.lane, table.c.newest).where(place.rows(table)))
    return {row.lane: row.newest for row in rows}


def _move(connection: Connection, place: Place, lane: int, newest: int, *, known: bool) -> None:
    """Note the newest event of a lane, and forget those that are too old to come again."""
    table = seen_lanes
    if known:
        query = update(table).where(place.rows(table), table.c.lane == lane)
        connection.execute(query.values(newest=newest))
    else:
        connection.execute(
            table.insert().values(
                source=place.source, consumer=place.consumer, lane=lane, newest=newest
            )
        )
    old = (seen_events.c.lane == lane) & (seen_events.c.recorded_at < newest - KEPT)
    connection.execute(delete(seen_events).where(place.rows(seen_events), old))
