"""Rows of the feature tables, as a run writes them, without a run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from millpond.features.tables import FeatureTable, NewRows, file_schema
from millpond.values import new_id


def add_rows(
    table: FeatureTable,
    key: str,
    object_ids: Sequence[str],
    matrix: NDArray[np.float32],
    labels: Sequence[str | None] | None = None,
) -> None:
    """Give objects their vectors ``[n, d]`` of a model or a reduction, in one commit."""
    schema = file_schema(table.kind, matrix.shape[1])
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), matrix.shape[1])
    columns = [
        pa.array(object_ids, pa.string()),
        pa.array(labels or [None] * len(object_ids), pa.string()),
        pa.repeat(key, len(object_ids)),
        vectors.cast(schema.field("vector").type),
    ]
    table.folder.mkdir(parents=True, exist_ok=True)
    name = f"{new_id()}-000000.parquet"
    aside = table.folder.parent / name
    pq.write_table(pa.table(columns, schema), aside)
    table.commit([NewRows(aside, name, key, len(object_ids))])
