"""The facts that the index is made of: all of them, or those about a few objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlalchemy import Connection, Engine, select, union

from millpond.analytics.analytics import Analytics
from millpond.analytics.images.about import (
    annotations_on,
    inferences_on,
    objects_of,
    predictions_of,
    requests_on,
    requests_until,
)
from millpond.analytics.images.derive import PICKED, pick
from millpond.analytics.past import Past
from millpond.capture import queue_tables, tables
from millpond.capture.reviews import Row
from millpond.database.connection import reading

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: The temporary tables that hold them, with the columns of the views of the same names.
_FACTS: Mapping[str, Mapping[str, str]] = {
    "images": {
        "object_id": "uuid",
        "app": "varchar",
        "media_type": "varchar",
        "width": "integer",
        "height": "integer",
        "bytes": "bigint",
        "source": "varchar",
        "subject_id": "uuid",
        "recorded_at": "timestamp",
    },
    "inferences": {
        "inference_id": "uuid",
        "object_id": "uuid",
        "model_version": "varchar",
        "recorded_at": "timestamp",
    },
    "predictions": {
        "inference_id": "uuid",
        "ordinal": "integer",
        "label": "varchar",
        "score": "double",
        "x_min": "double",
        "y_min": "double",
        "x_max": "double",
        "y_max": "double",
    },
    "annotations": {
        "annotation_id": "uuid",
        "object_id": "uuid",
        "app": "varchar",
        "inference_id": "uuid",
        "root_id": "uuid",
        "action": "varchar",
        "label": "varchar",
        "x_min": "double",
        "y_min": "double",
        "x_max": "double",
        "y_max": "double",
        "annotator": "varchar",
        "recorded_at": "timestamp",
    },
    "requests": {
        "object_id": "uuid",
        "requested_by": "varchar",
        "recorded_at": "timestamp",
    },
}


def read_all(
    cursor: DuckDBPyConnection, engine: Engine, analytics: Analytics, moment: int
) -> Iterator[str]:
    """Take every fact recorded up to a moment into the temporary tables.

    Yields:
        The name of the table after each part of it: between two of them one may stop.
    """
    for name, columns in _FACTS.items():
        if name == "requests":
            continue
        _create(cursor, name)
        source = name
        if name == "predictions":
            source = f"predictions semi join ({PICKED}) using (inference_id)"
        for batch in analytics.batches(f"select {', '.join(columns)} from {source}", moment):
            _insert(cursor, name, pa.Table.from_batches([batch]))
            yield name
        if name == "inferences":
            pick(cursor)
    with reading(engine) as connection:
        fill(cursor, "requests", requests_until(connection, moment))


def read_some(
    cursor: DuckDBPyConnection, connection: Connection, past: Past, object_ids: Sequence[str]
) -> None:
    """Take the facts about some objects into the temporary tables, archived ones too.

    Args:
        connection: inside a read transaction of the operational database.
    """
    objects = objects_of(connection, object_ids)
    fill(cursor, "images", objects)
    inferences = inferences_on(connection, past, objects)
    fill(cursor, "inferences", inferences)
    pick(cursor)
    found = cursor.execute("select inference_id::varchar from picked").fetchall()
    picked = {inference_id for (inference_id,) in found}
    wanted = [row for row in inferences if row["inference_id"] in picked]
    fill(cursor, "predictions", predictions_of(connection, past, wanted))
    apps = {row["object_id"]: row["app"] for row in objects}
    said = annotations_on(connection, past, objects)
    fill(cursor, "annotations", [{**row, "app": apps[row["object_id"]]} for row in said])
    fill(cursor, "requests", requests_on(connection, object_ids))


def touched_since(connection: Connection, mark: int) -> list[str]:
    """The objects that facts recorded after a moment are about, as far as none has left."""
    objects, inferences = tables.objects, tables.inferences
    annotations, reviews = tables.annotations, tables.reviews
    requests = queue_tables.review_requests
    said = select(reviews.c.object_id).join(
        annotations, annotations.c.review_id == reviews.c.review_id
    )
    every = union(
        select(objects.c.object_id).where(objects.c.recorded_at > mark),
        select(inferences.c.object_id).where(inferences.c.recorded_at > mark),
        said.where(annotations.c.recorded_at > mark),
        select(requests.c.object_id).where(requests.c.recorded_at > mark),
    )
    return list(connection.scalars(every))


def _create(cursor: DuckDBPyConnection, name: str) -> None:
    columns = ", ".join(f"{column} {kind}" for column, kind in _FACTS[name].items())
    cursor.execute(f"create or replace temp table {name} ({columns})")


def fill(cursor: DuckDBPyConnection, name: str, rows: Sequence[Row]) -> None:
    """Make one of the temporary tables of rows that were read; their moments are microseconds."""
    _create(cursor, name)
    columns: dict[str, Any] = {column: [row[column] for row in rows] for column in _FACTS[name]}
    arrays = {column: pa.array(values) for column, values in columns.items()}
    if "recorded_at" in arrays:
        moments = pa.array(columns["recorded_at"], pa.int64())
        arrays["recorded_at"] = moments.cast(pa.timestamp("us"))
    _insert(cursor, name, pa.table(arrays))


def _insert(cursor: DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    if rows.num_rows:
        cursor.register("rows", rows)
        cursor.execute(f"insert into {name} by name select * from rows")
        cursor.unregister("rows")
