"""Events as columns, so that a batch of them is counted at once and not one after the other."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from millpond.streaming.source import StreamEvent

INFERENCE = "millpond.inference.recorded"
REFUSAL = "millpond.refusal.recorded"
#: The types of events that are counted.
COUNTED = frozenset({INFERENCE, REFUSAL})

#: What is counted of an event's data; whatever else it has is left out.
DATA = pa.struct(
    [
        ("model_version", pa.string()),
        ("duration_ms", pa.float64()),
        ("predictions", pa.list_(pa.struct([("label", pa.string()), ("score", pa.float64())]))),
        (
            "image",
            pa.struct(
                [
                    ("width", pa.int64()),
                    ("height", pa.int64()),
                    ("brightness", pa.float64()),
                    ("contrast", pa.float64()),
                ]
            ),
        ),
        ("status", pa.int64()),
    ]
)
EVENTS = pa.schema(
    [
        ("event_id", pa.string()),
        ("type", pa.string()),
        ("app", pa.string()),
        ("recorded_at", pa.int64()),
        ("data", DATA),
    ]
)


def columns_of(events: Sequence[StreamEvent]) -> pa.RecordBatch:
    """The events that are counted, as a batch of `EVENTS`."""
    counted = [event for event in events if event.type in COUNTED]
    return pa.record_batch(
        [
            pa.array([event.event_id for event in counted], pa.string()),
            pa.array([event.type for event in counted], pa.string()),
            pa.array([event.app for event in counted], pa.string()),
            pa.array([event.recorded_at for event in counted], pa.int64()),
            pa.array([event.data for event in counted], DATA),
        ],
        schema=EVENTS,
    )
