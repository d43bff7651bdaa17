"""The windows as Millpond counts them: FOLDER OUT.

Each file is read and counted, and committed with that, as a consumer does with a batch. It
prints the seconds, and those of the processor, in one JSON line.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
import pyarrow.parquet
from sqlalchemy import BigInteger, Column, Engine, LargeBinary, Table, delete, func, select

from millpond.database.connection import create_schema, open_database, reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.database.schema import metadata
from millpond.streaming.columns import EVENTS
from millpond.streaming.pane_store import EVER, read_mark, window
from millpond.streaming.pane_tables import panes
from millpond.streaming.sums import Measure, Sums
from millpond.streaming.windows import WindowsConsumer
from millpond.values import MICROSECONDS, parse_age

#: Microseconds of a window, and those for which an id is remembered, by the time of the events.
WINDOW = 60 * MICROSECONDS
REMEMBERED = 60 * MICROSECONDS
KEEP = parse_age("26h")
Write = Callable[[Transaction], None]

#: How the windows of all that was asked are called.
EVERYTHING = "*"


ids = Table(
    "benchmark_ids",
    metadata,
    Column("newest", BigInteger, primary_key=True, autoincrement=False),
    Column("ids", LargeBinary, nullable=False),
)


class Once:
    """Lets each event through once, as long as it comes again within the bound of lateness.

    What it knows is kept with the counts, so that a restart would know it too.
    """

    def __init__(self) -> None:
        self._batches: list[tuple[int, pa.Array]] = []

    def first(self, events: pa.RecordBatch) -> pa.RecordBatch:
        """The events that did not come before."""
        came = events["event_id"]
        # The places in a dictionary grow where something comes for the first time.
        places = came.dictionary_encode().indices.to_numpy()
        new = np.diff(np.maximum.accumulate(places), prepend=-1) > 0
        if self._batches:
            known = pa.concat_arrays([ids for _, ids in self._batches])
            new &= ~pc.is_in(came, known).to_numpy(zero_copy_only=False)
        newest = pc.max(events["recorded_at"]).as_py()
        self._batches.append((newest, came.filter(pa.array(new))))
        while self._batches[0][0] < newest - REMEMBERED:
            self._batches.pop(0)
        return events.filter(pa.array(new))

    def keep(self, transaction: Transaction) -> None:
        """Write the ids of the last events, and forget those that are too old."""
        connection = transaction.connection
        newest, came = self._batches[-1]
        written = pa.record_batch([came], ["event_id"]).serialize().to_pybytes()
        connection.execute(delete(ids).where(ids.c.newest < newest - REMEMBERED))
        connection.execute(ids.insert().values(newest=newest, ids=written))


def main(folder: Path, out: Path) -> None:
    """Count every file of the folder, and write the windows of a minute."""
    with tempfile.TemporaryDirectory() as state:
        engine = open_database("sqlite:///state.db", Path(state))
        create_schema(engine)
        commit = GroupCommit(engine)
        consumer, once = WindowsConsumer(KEEP), Once()
        paths = sorted(folder.glob("*.json"))
        # What is imported when it is first used; the last file has one event.
        Once().first(_read(paths[-1]))
        started, before = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(1) as ahead:
            following = ahead.submit(_read, paths[0])
            for path in [*paths[1:], None]:
                events = following.result()
                if path is not None:
                    following = ahead.submit(_read, path)
                commit.run(_both(consumer.counted(once.first(events)), once.keep))
        pyarrow.parquet.write_table(_windows(engine), out / "windows.parquet")
        seconds, used = time.perf_counter() - started, time.process_time() - before
        commit.close()
        engine.dispose()
    print(json.dumps({"seconds": seconds, "processor": used}))


def _both(one: Write, other: Write) -> Write:
    def write(transaction: Transaction) -> None:
        one(transaction)
        other(transaction)

    return write


def _read(path: Path) -> pa.RecordBatch:
    options = pyarrow.json.ParseOptions(explicit_schema=EVENTS, unexpected_field_behavior="ignore")
    table = pyarrow.json.read_json(path, parse_options=options)
    [batch] = table.combine_chunks().to_batches()
    return batch


def _windows(engine: Engine) -> pa.Table:
    """A row for each window, application, model and label."""
    rows: list[dict[str, Any]] = []
    with reading(engine) as connection:
        first = connection.scalar(select(func.min(panes.c.pane)).where(panes.c.pane != EVER))
        last = read_mark(connection).newest
        for start in range(first // WINDOW * WINDOW, last, WINDOW):
            for series, sums in window(connection, start, start + WINDOW).items():
                label = EVERYTHING if series.label is None else series.label
                rows.append(_row(start, series.app, series.model_version or "", label, sums))
    return pa.Table.from_pylist(rows)


def _row(start: int, app: str, model: str, label: str, sums: Sums) -> dict[str, Any]:
    predictions = sums.total(Measure.PREDICTIONS)
    return {
        "start": start,
        "app": app,
        "model_version": model,
        "label": label,
        "inferences": sums.total(Measure.INFERENCES),
        "refusals": sums.total(Measure.REFUSALS),
        "predictions": predictions,
        "scores": predictions * (sums.mean(Measure.CONFIDENCE) or 0.0),
        "duration_ms": [sums.quantile(Measure.LATENCY, share) for share in (0.5, 0.95, 0.99)],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
