"""The seam of the event bus: where consumers read events, in order per key.

The built-in sources are the outbox itself and a topic of Kafka, to which the relay
publishes the outbox.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol


class StreamEvent(NamedTuple):
    """An event as consumers get it.

    Args:
        event_id: what repetitions have in common.
        type: such as ``millpond.inference.recorded``.
        app: the application, as routes have it, or ``""``.
        key: what order is kept for.
        entity_id: the id of what it tells of.
        recorded_at: microseconds since 1970.
        partition: in which it was read; events of one key are all in one.
        data: the fact itself, as JSON values; it fits the schema of the type.
    """

    event_id: str
    type: str
    app: str
    key: str
    entity_id: str
    recorded_at: int
    partition: int
    data: dict[str, Any]


@dataclass(frozen=True)
class Batch:
    """What was read at once.

    Args:
        events: of several partitions; those of one are in its order.
        positions: by partition, up to which all is read. A partition may go on without events.
        more: whether there is more to read at once.
    """

    events: Sequence[StreamEvent]
    positions: Mapping[int, int]
    more: bool = False


class EventSource(Protocol):
    """Where events are read. It may be used by one thread at a time."""

    @property
    def name(self) -> str:
        """Tells it from other sources: a position is one of this source alone."""
        ...

    @property
    def repeats(self) -> bool:
        """Whether an event may come again, as it may where a relay was killed."""
        ...

    def partitions(self) -> int:
        """How many partitions there are; they are numbered from 0.

        Raises:
            Busy: the source cannot be reached now.
        """
        ...

    def start(self) -> int:
        """The position before everything."""
        ...

    def read(self, after: Mapping[int, int], most: int) -> Batch:
        """The next events of some partitions, without waiting for any.

        Args:
            after: by partition, the position that was reached.
            most: events.

        Raises:
            Busy: the source cannot be reached now.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
