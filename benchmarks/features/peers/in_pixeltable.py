"""Pixeltable: a table with a column of images, and a computed column of their vectors."""

from __future__ import annotations

from pathlib import Path

import pixeltable as pxt
import pyarrow as pa
import pyarrow.parquet as pq
from embedding import JOB, embed, network


def main() -> None:
    table = pxt.create_table("features", {"path": pxt.String, "image": pxt.Image})
    table.add_computed_column(vector=embed(table.image))
    paths = [str(path) for path in sorted(Path(JOB.images).iterdir())]
    network()
    table.insert({"path": path, "image": path} for path in paths)
    # Its own storage has them all now; what follows is only for the comparison of vectors.
    JOB.end()
    rows = table.select(table.path, table.vector).collect()
    Path(JOB.vectors).mkdir()
    found = {"path": rows["path"], "vector": [vector.tolist() for vector in rows["vector"]]}
    kinds = pa.schema([("path", pa.string()), ("vector", pa.list_(pa.float32()))])
    pq.write_table(pa.table(found, kinds), Path(JOB.vectors, "0.parquet"))


main()
