"""Spark: binary files, `mapInPandas` with a session for each partition, write Parquet."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from network import Job, Network
from pyspark.sql import SparkSession


def main() -> None:
    job = Job.asked()
    spark = (
        SparkSession.builder.master(f"local[{job.workers}]")
        .config("spark.ui.enabled", False)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", 256)
        .getOrCreate()
    )

    def embed(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        network = Network(job)
        for batch in batches:
            vectors = [network.vector(data) for data in batch["content"]]
            yield pd.DataFrame({"path": batch["path"], "vector": vectors})

    files = spark.read.format("binaryFile").load(job.images).select("path", "content")
    files.mapInPandas(embed, "path string, vector array<float>").write.parquet(job.vectors)
    job.end()
    spark.stop()


if __name__ == "__main__":
    main()
