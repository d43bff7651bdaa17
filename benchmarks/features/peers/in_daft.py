"""Daft: download the files, a class that holds the session, write Parquet."""

from __future__ import annotations

import daft
from daft import DataType, Series, col
from network import Job, Network

VECTOR = DataType.embedding(DataType.float32(), 1280)


@daft.cls
class Embed:
    def __init__(self, job: Job) -> None:
        self.network = Network(job)

    @daft.method.batch(return_dtype=VECTOR)
    def vectors(self, data: Series) -> list:
        return [self.network.vector(one) for one in data.to_pylist()]


def main() -> None:
    job = Job.asked()
    embed = Embed(job)
    files = daft.from_glob_path(f"{job.images}/*.jpg").select("path")
    vectors = embed.vectors(col("path").download())
    files.with_column("vector", vectors).write_parquet(job.vectors)
    job.end()


if __name__ == "__main__":
    main()
