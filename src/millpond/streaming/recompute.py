"""The same panes out of the history: what the stream counted must be what the facts say."""

from __future__ import annotations

import pyarrow as pa

from millpond.analytics.analytics import Analytics
from millpond.streaming.columns import EVENTS, INFERENCE, REFUSAL
from millpond.streaming.panes import PaneKey, panes_of
from millpond.streaming.sums import Sums

_INFERENCES = f"""
with said as (
    select inference_id, list({{'label': label, 'score': score}} order by ordinal) as predictions
    from predictions
    where epoch_us(recorded_at) >= $1 and epoch_us(recorded_at) < $2
    group by inference_id
)
select
    inference.inference_id as event_id, '{INFERENCE}' as type, inference.app,
    epoch_us(inference.recorded_at) as recorded_at,
    {{
        'model_version': inference.model_version,
        'duration_ms': inference.duration_ms,
        'status': null::bigint,
        'predictions': coalesce(said.predictions, []),
        'image': {{
            'width': image.width, 'height': image.height,
            'brightness': image.brightness, 'contrast': image.contrast
        }}
    }} as data
from inferences as inference
join images as image using (object_id)
left join said using (inference_id)
where epoch_us(inference.recorded_at) >= $1 and epoch_us(inference.recorded_at) < $2
"""
_REFUSALS = f"""
select
    refusal_id as event_id, '{REFUSAL}' as type, coalesce(app, '') as app,
    epoch_us(recorded_at) as recorded_at,
    {{
        'model_version': null::varchar,
        'duration_ms': null::double,
        'status': status,
        'predictions': null::struct(label varchar, score double)[],
        'image': null::struct(width bigint, height bigint, brightness double, contrast double)
    }} as data
from refusals
where epoch_us(recorded_at) >= $1 and epoch_us(recorded_at) < $2
"""


def recompute(analytics: Analytics, since: int, until: int) -> dict[PaneKey, Sums]:
    """The panes of the facts that were recorded from a moment up to another.

    Args:
        analytics: over the history and what is not loaded yet.
        since: in microseconds since 1970, the beginning of a pane; so is `until`.
    """
    sql = f"{_INFERENCES} union all {_REFUSALS}"
    found = analytics.table(sql, parameters=(since, until)).cast(EVENTS)
    if found.num_rows == 0:
        return {}
    [events] = found.combine_chunks().to_batches()
    return panes_of(pa.RecordBatch.from_arrays(events.columns, schema=EVENTS))
