"""The consumer that counts events in panes, and the windows that are made of these.

State and positions are written in one transaction, so each event counts once. Several
workers may count at the same time: what they add to a pane is added under the write lock.
An event that is late corrects its pane for as long as that is kept; what comes later still
is counted among everything there ever was, and as dropped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, delete, select

from millpond.capture.tables import stream_positions, stream_workers
from millpond.database.group_commit import Transaction
from millpond.streaming.columns import columns_of
from millpond.streaming.pane_store import EVER, Mark, add, forget, keep_mark, pane_of, read_mark
from millpond.streaming.pane_tables import pane_marks, panes
from millpond.streaming.panes import PANE, PaneKey, panes_of
from millpond.streaming.seen_tables import seen_events, seen_lanes
from millpond.streaming.source import Batch
from millpond.streaming.sums import Measure, Sums

#: How windows of one length lie to each other.
Kind = Literal["sliding", "tumbling"]
#: Under this name the positions are kept.
NAME = "windows"


class WindowsConsumer:
    """Counts events.

    Args:
        keep: microseconds of event time for which panes are kept.
    """

    name = NAME

    def __init__(self, keep: int) -> None:
        self._keep = keep

    def prepare(self, batch: Batch) -> Callable[[Transaction], None]:
        """Count a batch; what is returned adds it to what was counted before."""
        return self.counted(columns_of(batch.events))

    def counted(self, events: pa.RecordBatch) -> Callable[[Transaction], None]:
        """Count events that are columns already; see `prepare`."""
        if events.num_rows == 0:
            return lambda transaction: None
        found, newest = panes_of(events), int(pc.max(events["recorded_at"]).as_py())
        return lambda transaction: self._write(transaction, found, newest)

    def stop(self) -> None:
        """Nothing is waited for."""

    def _write(self, transaction: Transaction, found: Mapping[PaneKey, Sums], newest: int) -> None:
        connection = transaction.connection
        mark = read_mark(connection)
        latest = max(mark.newest, newest)
        forgotten, oldest = (pane_of(moment - self._keep) for moment in (mark.newest, latest))
        kept = {key: sums for key, sums in found.items() if key.pane >= oldest}
        dropped = sum(_events(key, sums) for key, sums in found.items() if key.pane < forgotten)
        add(connection, {**kept, **_ever(found)})
        if oldest > forgotten:
            forget(connection, oldest)
        keep_mark(connection, Mark(latest, mark.dropped + dropped, mark.batches + 1))


def begin(connection: Connection, source: str) -> None:
    """Begin anew where what was counted does not go on from the positions in a source.

    That is so when live metrics were turned off for a time, or when events come from
    another source than before: what was counted then would be counted again.
    """
    table = stream_positions
    known = select(table.c.source).where(table.c.consumer == NAME).distinct()
    if connection.scalars(known).all() == [source]:
        return
    for kept in (stream_positions, stream_workers, seen_events, seen_lanes):
        connection.execute(delete(kept).where(kept.c.consumer == NAME))
    for counted in (panes, pane_marks):
        connection.execute(delete(counted))


def panes_within(now: int, length: int, kind: Kind = "sliding") -> tuple[int, int]:
    """The panes of the newest window: from the first to the one after the last.

    Args:
        length: microseconds of the window; whole panes, at least one.
        kind: a sliding window ends with the pane of `now`, which fills up meanwhile; of
            tumbling ones, which lie side by side, it is the last that has ended.
    """
    length = max(1, length // PANE) * PANE
    until = now // length * length if kind == "tumbling" else pane_of(now) + PANE
    return until - length, until


def _ever(found: Mapping[PaneKey, Sums]) -> dict[PaneKey, Sums]:
    parts: dict[PaneKey, list[Sums]] = defaultdict(list)
    for key, sums in found.items():
        parts[PaneKey(EVER, key.series)].append(sums)
    return {key: Sums.merged(sums) for key, sums in parts.items()}


def _events(key: PaneKey, sums: Sums) -> int:
    """How many events sums are of; those of a label are among those of the whole."""
    if key.series.label is not None:
        return 0
    return sums.total(Measure.INFERENCES) + sums.total(Measure.REFUSALS)
