"""Spark with eager PyTorch: the checkpoint in batches of 64, in `mapInPandas`, write Parquet."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch
from network import Job, tensor
from PIL import Image
from pyspark.sql import SparkSession
from transformers import AutoModel

BATCH = 64


def main() -> None:
    job = Job.asked()
    spark = (
        SparkSession.builder.master(f"local[{job.workers}]")
        .config("spark.ui.enabled", False)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", BATCH)
        .getOrCreate()
    )

    def embed(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        if job.threads:
            torch.set_num_threads(job.threads)
        model = AutoModel.from_pretrained(job.model).eval()
        job.begin()
        for batch in batches:
            pictures = [tensor(Image.open(io.BytesIO(data))) for data in batch["content"]]
            with torch.inference_mode():
                hidden = model(torch.from_numpy(np.stack(pictures))).last_hidden_state
            vectors = list(hidden.mean(dim=(2, 3)).numpy())
            yield pd.DataFrame({"path": batch["path"], "vector": vectors})

    files = spark.read.format("binaryFile").load(job.images).select("path", "content")
    files.mapInPandas(embed, "path string, vector array<float>").write.parquet(job.vectors)
    job.end()
    spark.stop()


if __name__ == "__main__":
    main()
