"""The windows as one writes them for PySpark Structured Streaming: FOLDER OUT FILES_A_TRIGGER.

It prints the seconds from the start of the query to its end, and those of the processor in
between, in one JSON line.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

SCHEMA = (
    "event_id string, type string, app string, recorded_at bigint, data struct<"
    "model_version: string, duration_ms: double, status: bigint, "
    "predictions: array<struct<label: string, score: double>>, "
    "image: struct<width: bigint, height: bigint, brightness: double, contrast: double>>"
)
#: Windows of all that was asked; each label has one of its own.
EVERYTHING = "*"


def main(folder: str, out: str, files: int) -> None:
    """Run the query over every file of the folder."""
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.sql.shuffle.partitions", 2)
        .config("spark.driver.memory", "6g")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", False)
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    spark.range(1000).selectExpr("sum(id)").collect()
    events = (
        spark.readStream.schema(SCHEMA)
        .option("maxFilesPerTrigger", files)
        .json(folder)
        .withColumn("time", f.timestamp_micros("recorded_at"))
        .withWatermark("time", "1 minute")
        .dropDuplicatesWithinWatermark(["event_id"])
    )
    asked = f.col("type") == "millpond.inference.recorded"
    labels = f.array_distinct(f.col("data.predictions.label"))
    answered = f.when(f.size(labels) > 0, labels).otherwise(f.array(f.lit("")))
    rows = events.withColumn("asked", asked).select(
        "time",
        "app",
        "asked",
        "data.duration_ms",
        "data.predictions",
        f.coalesce("data.model_version", f.lit("")).alias("model_version"),
        f.explode(
            f.when(asked, f.concat(f.array(f.lit(EVERYTHING)), answered)).otherwise(
                f.array(f.lit(EVERYTHING))
            )
        ).alias("label"),
    )
    own = f.when(
        f.col("asked") & (f.col("label") != EVERYTHING),
        f.filter("predictions", lambda one: one["label"] == f.col("label")),
    ).otherwise(f.array().cast("array<struct<label: string, score: double>>"))
    windows = (
        rows.withColumn("own", own)
        .withColumn(
            "scores", f.aggregate("own", f.lit(0.0), lambda total, one: total + one["score"])
        )
        .groupBy(f.window("time", "1 minute"), "app", "model_version", "label")
        .agg(
            f.sum(f.col("asked").cast("bigint")).alias("inferences"),
            f.sum((~f.col("asked")).cast("bigint")).alias("refusals"),
            f.sum(f.size("own")).alias("predictions"),
            f.sum("scores").alias("scores"),
            f.percentile_approx("duration_ms", [0.5, 0.95, 0.99]).alias("duration_ms"),
        )
        .select(f.unix_micros("window.start").alias("start"), "*")
        .drop("window")
    )
    with tempfile.TemporaryDirectory() as checkpoint:
        started, before = time.perf_counter(), _processor(spark)
        query = (
            windows.writeStream.outputMode("append")
            .format("parquet")
            .option("path", out)
            .option("checkpointLocation", checkpoint)
            .trigger(availableNow=True)
            .start()
        )
        query.awaitTermination()
        seconds = time.perf_counter() - started
        used = _processor(spark) - before
    print(json.dumps({"seconds": seconds, "processor": used}))
    spark.stop()


def _processor(spark: SparkSession) -> float:
    """Seconds of the processor that Java took so far."""
    java = spark.sparkContext._gateway.proc.pid
    fields = Path(f"/proc/{java}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
