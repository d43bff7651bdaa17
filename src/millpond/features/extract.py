"""What every worker of every engine does: images in, vectors out, and what they add up to.

A shard is one row group of the work of a run, and its result one file. A file that is
there is finished, so a shard that is done again, because a worker or the whole run was
lost, costs no more than reading it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from millpond.errors import Busy, MillpondError, NotAnImage, TooLarge, Unsupported
from millpond.features.backbone import Backbone
from millpond.features.extractor import Extractor
from millpond.features.moments import Gathered
from millpond.features.reading import Reader
from millpond.features.shards import read_shard
from millpond.features.tables import (
    FEATURES,
    file_schema,
    matrix_of,
    vectors_array,
    write_batches,
)
from millpond.raw.limits import Limits

#: What a worker answers: a row for each shard, and at its end one with the moments.
ANSWER = pa.schema(
    [
        pa.field("shard", pa.int64()),
        pa.field("rows", pa.int64()),
        pa.field("started", pa.float64()),
        pa.field("ended", pa.float64()),
        pa.field("refused", pa.string()),
        pa.field("moments", pa.binary()),
    ]
)
#: The errors that say something of the image, not of how it was reached.
_OF_THE_IMAGE = (NotAnImage, Unsupported, TooLarge)
_REFUSED = "millpond.refused"


@dataclass(frozen=True)
class Refused:
    """An image without a vector.

    Args:
        for_good: whether it is the image itself; otherwise it could not be reached.
    """

    object_id: str
    reason: str
    for_good: bool


@dataclass(frozen=True)
class Extract:
    """Makes the vectors of shards. It goes to the workers as it is.

    Args:
        backbone: the network.
        work: the Parquet file whose row groups are the shards.
        folder: where the results go, one file to a shard; every worker reaches it.
        limits: of an image.
    """

    backbone: Backbone
    work: Path
    folder: Path
    limits: Limits

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        gathered = Gathered(self.backbone.dimension)
        for batch in batches:
            for shard in batch["shard"].to_pylist():
                vectors, answer = self._shard(shard)
                gathered.add(vectors)
                yield _row(**answer)
        moments = gathered.moments()
        if moments.count:
            yield _row(moments=moments.as_bytes())

    def _shard(self, shard: int) -> tuple[NDArray[np.float32], dict[str, Any]]:
        path = self.folder / shard_name(shard)
        none = np.empty((0, self.backbone.dimension), np.float32)
        # Importing the runtime and reading the network is not what an image takes.
        extractor = None if path.exists() else self.backbone.open()
        started = time.time()
        if extractor is not None:
            self._make(shard, path, extractor)
        with pq.ParquetFile(path) as file:
            rows = file.metadata.num_rows
            vectors = matrix_of(file.read(["vector"])["vector"]) if rows else none
            refused = file.metadata.metadata[_REFUSED.encode()].decode()
        ended = time.time()
        told = {"shard": shard, "rows": len(vectors), "started": started, "ended": ended}
        return vectors, {**told, "refused": refused}

    def _make(self, shard: int, path: Path, extractor: Extractor) -> None:
        """Compute a shard, and have its file on disk under its name at once or not at all."""
        work = read_shard(self.work, shard)
        vectors, problems = self._computed(work, extractor)
        kept = [place for place in range(work.num_rows) if place not in problems]
        if not kept and all(isinstance(problem, Busy) for problem in problems.values()):
            # What is away for all images is not their fault; the run goes on another time.
            raise problems[0]
        rows = work.take(kept).combine_chunks()
        schema = file_schema(FEATURES, self.backbone.dimension)
        columns = [
            rows["object_id"],
            rows["label"],
            pa.repeat(self.backbone.model, len(kept)),
            vectors_array(vectors[: len(kept)], schema),
        ]
        refused = [
            [work["object_id"][place].as_py(), str(problem), isinstance(problem, _OF_THE_IMAGE)]
            for place, problem in problems.items()
        ]
        told = {_REFUSED: json.dumps(refused, ensure_ascii=False)}
        write_batches(path, schema, pa.table(columns, schema=schema).to_batches(), told)

    def _computed(
        self, work: pa.Table, extractor: Extractor
    ) -> tuple[NDArray[np.float32], dict[int, MillpondError]]:
        """The vectors of the images that have one, and why the others, by place, have none."""
        vectors = np.empty((work.num_rows, self.backbone.dimension), np.float32)
        problems: dict[int, MillpondError] = {}
        images = Reader(self.limits).read(work["uri"].to_pylist(), work["bytes"].to_pylist())
        for place, image in enumerate(images):
            if isinstance(image, MillpondError):
                problems[place] = image
                continue
            try:
                vector = _finite(extractor.vector(image, self.limits))
            except _OF_THE_IMAGE as error:
                problems[place] = error
            else:
                vectors[place - len(problems)] = vector
        return vectors, problems


def shard_name(shard: int) -> str:
    """The name of the file that a shard becomes."""
    return f"{shard:06d}.parquet"


def refused_of(text: str) -> list[Refused]:
    """What a worker said of the images that have no vector."""
    return [Refused(*each) for each in json.loads(text)]


def _finite(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    if not np.isfinite(vector).all():
        raise NotAnImage("the network answers something that is no number for this image")
    return vector


def _row(**told: Any) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([told], schema=ANSWER)
