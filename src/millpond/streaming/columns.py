"""Events as columns, so that a batch of them is counted at once and not one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from millpond.streaming.source import StreamEvent

INFERENCE = "millpond.inference.recorded"
REFUSAL = "millpond.refusal.recorded"
#: The types of events that are counted.
COUNTED = frozenset({INFERENCE, REFUSAL})

_PREDICTION = pa.struct([("label", pa.string()), ("score", pa.float64())])
_IMAGE = pa.struct(
    [
        ("width", pa.int64()),
        ("height", pa.int64()),
        ("brightness", pa.float64()),
        ("contrast", pa.float64()),
    ]
)
#: What is counted of an event's data; whatever else it has is left out.
DATA = pa.struct(
    [
        ("model_version", pa.string()),
        ("duration_ms", pa.float64()),
        ("status", pa.int64()),
        ("predictions", pa.list_(_PREDICTION)),
        ("image", _IMAGE),
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
    data = [event.data for event in counted]
    # A column at a time: to hand over the rows as they are takes ten times as long.
    said = [one.get("predictions") or () for one in data]
    flat = _struct(_PREDICTION, [prediction for one in said for prediction in one])
    ends = pa.array(np.cumsum([0, *map(len, said)], dtype=np.int32))
    nested = [
        pa.ListArray.from_arrays(ends, flat),
        _struct(_IMAGE, [one.get("image") or _NOTHING for one in data]),
    ]
    return pa.record_batch(
        [
            pa.array([event.event_id for event in counted], pa.string()),
            pa.array([event.type for event in counted], pa.string()),
            pa.array([event.app for event in counted], pa.string()),
            pa.array([event.recorded_at for event in counted], pa.int64()),
            pa.StructArray.from_arrays([*_plain(DATA, data), *nested], fields=list(DATA)),
        ],
        schema=EVENTS,
    )


_NOTHING: Mapping[str, Any] = {}


def _struct(kind: pa.StructType, rows: Sequence[Mapping[str, Any]]) -> pa.StructArray:
    return pa.StructArray.from_arrays(_plain(kind, rows), fields=list(kind))


def _plain(kind: pa.StructType, rows: Sequence[Mapping[str, Any]]) -> list[pa.Array]:
    """The fields of a struct that are not nested themselves."""
    fields = [field for field in kind if not pa.types.is_nested(field.type)]
    return [pa.array([row.get(field.name) for row in rows], field.type) for field in fields]
