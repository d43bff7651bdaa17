"""Millpond on one of its engines: one call in a new project, which reduces the vectors too."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from millpond.demo.declaration import write_project
from millpond.project import Project


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--workers", required=True)
    parser.add_argument("--engine", required=True)
    job = parser.parse_args()
    folder = job.out / "project"
    write_project(folder, "speed", {})
    os.environ["MILLPOND_ENGINE__WORKERS"] = job.workers
    with Project.open(folder) as project:
        report = project.features(job.images, model=job.model, engine=job.engine)
        seconds = report.computed / report.images_per_second
        print(json.dumps({"seconds": seconds}), flush=True)
        table = project.features_on(project.settings.engine).tables.features
        for number, path in enumerate(table.files(report.model)):
            rows = pq.read_table(path, columns=["object_id", "vector"])
            vectors = pa.table({"path": rows["object_id"], "vector": rows["vector"]})
            (job.out / "vectors").mkdir(exist_ok=True)
            pq.write_table(vectors, job.out / "vectors" / f"{number}.parquet")


if __name__ == "__main__":
    main()
