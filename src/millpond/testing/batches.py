"""The functions that the suite of engines runs; workers import them without pytest."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from millpond.errors import NotFound

#: How many shards most tests have.
SHARDS = 57
#: Of most functions here: the shard, or -1 with how many shards the call had, at its end.
ROWS = pa.schema([("shard", pa.int64()), ("seen", pa.int64())])
#: Types that are lost easily on the way.
TYPES = pa.schema(
    [
        ("vector", pa.list_(pa.float32(), 3)),
        ("label", pa.dictionary(pa.int32(), pa.string())),
        ("small", pa.uint16()),
    ]
)
#: Seconds in which a cluster has started a worker, also on a machine that is busy.
PATIENCE = 200
#: Bytes as many as the moments of 1,280 dimensions have.
HEAVY = 13_000_000


def count(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """A row for each shard, and one at the end that tells how many there were."""
    seen = 0
    for shard in _shards(batches):
        seen += 1
        yield _row(shard, 0)
    yield _row(-1, seen)


def varied(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """A row of the types that are lost easily for each shard."""
    for shard in _shards(batches):
        yield pa.RecordBatch.from_pylist([varied_row(shard)], schema=TYPES)


def varied_row(shard: int) -> dict[str, object]:
    """What `varied` yields for a shard."""
    return {"vector": [shard, 0.5, -1.0], "label": "ab"[shard % 2], "small": shard}


def heavy(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """A row of many bytes for each shard."""
    for _ in _shards(batches):
        yield pa.record_batch([pa.array([b"m" * HEAVY], pa.binary())], ["moments"])


def missing(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """An error of Millpond's own at the seventh shard."""
    for shard in _shards(batches):
        if shard == 7:
            raise NotFound("no shard 7; there are others")
        yield _row(shard, 1)


def broken(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """A mistake at the seventh shard."""
    for shard in _shards(batches):
        if shard == 7:
            raise KeyError("shard 7")
        yield _row(shard, 1)


def marked(folder: Path, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """A file for each shard that was begun; each takes a moment."""
    for shard in _shards(batches):
        (folder / str(shard)).touch()
        time.sleep(0.01)
        yield _row(shard, 1)


def killed_once(mark: Path, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """As `count`; but the first process that comes to a later shard is killed."""
    for batch in count(batches):
        yield batch
        if batch.column(0)[0].as_py() > SHARDS // 3 and _is_first(mark):
            os.kill(os.getpid(), signal.SIGKILL)


def killed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Ends its process, always."""
    for shard in _shards(batches):
        os.kill(os.getpid(), signal.SIGKILL)
        yield _row(shard, 1)


def met(folder: Path, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """As `count`; but no call begins before two have come, each of which leaves a mark.

    Its name begins with the id of the process.
    """
    (folder / f"{os.getpid()}-{time.monotonic_ns()}").touch()
    until = time.monotonic() + PATIENCE
    while len(list(folder.iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(1)
    yield from count(batches)


def _is_first(mark: Path) -> bool:
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _shards(batches: Iterator[pa.RecordBatch]) -> Iterator[int]:
    for batch in batches:
        yield from np.asarray(batch.column("shard")).tolist()


def _row(shard: int, seen: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"shard": shard, "seen": seen}], schema=ROWS)
