"""A bare loop: two threads, decode and one ONNX session, and nothing else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from network import Job, Network


def main() -> None:
    job = Job.asked()
    paths = sorted(Path(job.images).iterdir())
    vectors = np.empty((len(paths), 1280), np.float32)
    network = Network(job)

    def work(number: int) -> None:
        vectors[number] = network.vector(paths[number].read_bytes())

    with ThreadPoolExecutor(job.workers) as threads:
        list(threads.map(work, range(len(paths))))
    column = pa.FixedSizeListArray.from_arrays(vectors.reshape(-1), vectors.shape[1])
    Path(job.vectors).mkdir()
    table = pa.table({"path": [str(path) for path in paths], "vector": column})
    pq.write_table(table, Path(job.vectors, "0.parquet"))
    job.end()


main()
