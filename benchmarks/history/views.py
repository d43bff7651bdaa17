"""The views over generated inferences: ``python -m benchmarks.history.views --inferences 1000000``.

Each view as of the head and as of the middle, against the same SQL over plain Parquet files
of the same facts in DuckDB, all of them recorded by then.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from sqlalchemy import insert, select, update

from benchmarks.history.filling import BOXES, Lake, fill, moment_of
from benchmarks.history.measure import measured, show
from millpond.analytics.analytics import Analytics
from millpond.analytics.catalogue import closure, standard_views
from millpond.analytics.refresh import refresh
from millpond.capture import tables
from millpond.database.connection import writing
from millpond.database.schema import clock
from millpond.history.load import load
from millpond.history.vault import VAULT
from millpond.settings import QuerySection
from millpond.values import new_id

VIEWS = ("ground_truth", "documents", "metrics_hourly")
#: One object of so many was reviewed.
_REVIEWED = 10


def main() -> None:
    """Generate, load, and ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inferences", type=int, default=10_000)
    parser.add_argument("--dir", type=Path, help="where to work; a temporary folder by default")
    arguments = parser.parse_args()
    folder, inferences = Path(tempfile.mkdtemp(dir=arguments.dir)), arguments.inferences
    try:
        measured(make, folder, inferences)
        numbers: dict[str, Any] = {"inferences": inferences, "boxes": inferences * BOXES}
        for when, moment in (("head", None), ("middle", moment_of(inferences // 2))):
            measured(write_plain, folder, folder / when, moment)
            for view in VIEWS:
                ours = measured(ask, folder, view, moment, False)
                plain = measured(ask_plain, folder / when, view)
                assert ours.result[0] == plain.result[0], (view, ours.result, plain.result)
                numbers |= {
                    f"{view}, {when}: seconds": ours.result[1],
                    f"{view}, {when}: ratio (aim: 1.5 or less)": ours.result[1] / plain.result[1],
                    f"{view}, {when}: MB": ours.peak_mb,
                    f"{view}, {when}: MB of plain Parquet": plain.peak_mb,
                }
        numbers["refresh of materialized views: seconds"] = measured(refresh_all, folder).seconds
        for view in ("documents", "metrics_hourly"):
            numbers[f"{view}, head, refreshed: seconds"] = measured(
                ask, folder, view, None, True
            ).result[1]
        show(f"views over {inferences:,} inferences", numbers)
    finally:
        shutil.rmtree(folder)


def make(folder: Path, inferences: int) -> None:
    """Inferences, and a review of each tenth object."""
    lake = Lake(folder)
    fill(lake, inferences)
    review(lake, inferences)
    load(lake.engine, lake.commit, lake.history)
    lake.close()


def review(lake: Lake, inferences: int) -> None:
    """Confirm the boxes of one inference in so many, and say that its image is done."""
    chance, moment = random.Random(1), moment_of(inferences)
    with writing(lake.engine) as connection:
        query = select(tables.inferences.c.inference_id, tables.inferences.c.object_id)
        chosen = [row for row in connection.execute(query) if chance.random() < 1 / _REVIEWED]
        for inference_id, object_id in chosen:
            key = new_id()
            review = {"review_id": key, "object_id": object_id, "inference_id": inference_id}
            connection.execute(insert(tables.reviews), [review])
            boxes = tables.predictions.c.inference_id == inference_id
            rows = connection.execute(select(tables.predictions).where(boxes)).mappings().all()
            said = [_confirmed(row) for row in rows] + [_completed()]
            for each in said:
                moment += 1
                each |= {"review_id": key, "annotator": "user:bob", "recorded_at": moment}
            connection.execute(insert(tables.annotations), said)
        connection.execute(update(clock).values(last=moment))


def _confirmed(row: Any) -> dict[str, Any]:
    kept = {name: row[name] for name in ("label", "x_min", "y_min", "x_max", "y_max")}
    target = row["prediction_id"]
    return {
        "annotation_id": new_id(),
        "action": "confirm",
        "target_id": target,
        "root_id": target,
        **kept,
    }


def _completed() -> dict[str, Any]:
    nothing = dict.fromkeys(("target_id", "root_id", "label", "x_min", "y_min", "x_max", "y_max"))
    return {"annotation_id": new_id(), "action": "complete", **nothing}


def ask(folder: Path, view: str, moment: int | None, stored: bool) -> tuple[int, float]:
    """All rows of a view, once the engine is there: how many there are, and the seconds."""
    lake = Lake(folder)
    analytics = Analytics(lake.engine, lake.history, QuerySection(), {}.get)
    analytics.table("select count(*) from refusals")
    started = time.perf_counter()
    found = analytics.table(f"select * from {view}", moment, stored=stored).num_rows
    seconds = time.perf_counter() - started
    analytics.close()
    lake.close()
    return found, seconds


def refresh_all(folder: Path) -> None:
    lake = Lake(folder)
    analytics = Analytics(lake.engine, lake.history, QuerySection(), {}.get)
    refresh(lake.engine, lake.history, analytics)
    analytics.close()
    lake.close()


def write_plain(folder: Path, out: Path, moment: int | None) -> None:
    """The facts recorded by a moment, in one Parquet file for each table."""
    lake = Lake(folder)
    out.mkdir()
    analytics = Analytics(lake.engine, lake.history, QuerySection(), {}.get)
    for name, table in VAULT.items():
        columns = ", ".join(table.query_schema.names)
        found = analytics.table(f"select {columns} from {name}", moment)
        pq.write_table(found, out / f"{name}.parquet", compression="zstd")
    analytics.close()
    lake.close()


def ask_plain(out: Path, view: str) -> tuple[int, float]:
    """The same view over plain Parquet files, as DuckDB reads them by itself."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("select count(*) from range(1)").fetchall()
    for statement in _statements(out, view):
        connection.execute(statement)
    started = time.perf_counter()
    found = connection.sql(f"select * from {view}").to_arrow_table().num_rows
    return found, time.perf_counter() - started


def _statements(out: Path, view: str) -> Iterator[str]:
    views = standard_views()
    for name in closure([view], views):
        sql = views[name].sql if name in views else f"from read_parquet('{out}/{name}.parquet')"
        yield f"create temp view {name} as {sql}"


if __name__ == "__main__":
    main()
