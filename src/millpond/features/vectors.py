"""Vectors out of a table, as numbers, a few at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from millpond.errors import Invalid, NotFound
from millpond.features.backbone import short
from millpond.features.tables import FeatureTable, matrix_of

#: What makes vectors; messages end with it.
HOW = "millpond features makes them, and says which images can have none"


@dataclass(frozen=True)
class Vectors:
    """Some objects with their labels, and their vectors ``[n, d]``."""

    object_ids: Sequence[str]
    labels: Sequence[str | None]
    matrix: NDArray[np.float32]


def read_vectors(
    table: FeatureTable, key: str, only: Collection[str] | None = None
) -> Iterator[Vectors]:
    """The vectors of a model or a reduction.

    Args:
        only: of these objects alone.
    """
    wanted = None if only is None else pa.array(sorted(only), pa.string())
    for batch in table.batches(key):
        if wanted is not None:
            batch = batch.filter(pc.is_in(batch["object_id"], value_set=wanted))
        if batch.num_rows:
            ids, labels = batch["object_id"].to_pylist(), batch["label"].to_pylist()
            yield Vectors(ids, labels, matrix_of(batch["vector"]))


def read_all(table: FeatureTable, key: str, object_ids: Sequence[str]) -> NDArray[np.float32]:
    """The vectors of some objects, in their order, ``[n, d]``.

    Raises:
        Invalid: one of them has none; the message says how many.
    """
    found: dict[str, NDArray[np.float32]] = {}
    for some in read_vectors(table, key, object_ids):
        found.update(zip(some.object_ids, some.matrix, strict=True))
    if missing := len(set(object_ids) - set(found)):
        raise Invalid(f"{missing:,} of {len(object_ids):,} images have no vector of {key}; {HOW}")
    return np.stack([found[object_id] for object_id in object_ids])


def complete_key(table: FeatureTable, object_ids: Sequence[str]) -> str:
    """The newest model that has a vector of each of some objects.

    Raises:
        Invalid: there is none; the message says how many have one.
    """
    wanted = pa.array(sorted(set(object_ids)), pa.string())
    most = 0
    for key in reversed(table.keys()):
        count = 0
        for path in table.files(key):
            ids = pq.read_table(path, columns=["object_id"])["object_id"]
            count += pc.sum(pc.is_in(ids, value_set=wanted)).as_py() or 0
        if count == len(wanted):
            return key
        most = max(most, count)
    raise Invalid(f"{most:,} of {len(wanted):,} images have a vector of one model; {HOW}")


def key_of(table: FeatureTable, asked: str) -> str:
    """The model of a table that somebody asks for, by its whole or its short name.

    Of several of one short name it is the newest.

    Raises:
        NotFound: there is none; the message lists those there are.
    """
    keys = table.keys()
    for key in reversed(keys):
        if short(asked) in (key, key.rpartition("-")[0]):
            return key
    if not keys:
        raise NotFound(f"this project has no vectors yet; {HOW}")
    raise NotFound(f"no vectors of model {asked!r}; there are those of {', '.join(keys)}")
