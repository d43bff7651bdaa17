"""The facts about a few objects, wherever they are: in the operational database or archived.

Each function takes a connection inside a read transaction of the operational database, and
answers in a few statements however many the objects are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Select, select

from millpond.analytics.past import Past
from millpond.capture import queue_tables, tables
from millpond.capture.reviews import Row
from millpond.history.horizon import archived_until

#: The most ids in one statement.
_IDS = 500


def objects_of(connection: Connection, object_ids: Sequence[str]) -> list[Row]:
    """The rows of some objects, those that there are."""
    objects = tables.objects
    return _among(connection, select(objects), objects.c.object_id, object_ids)


def inferences_on(connection: Connection, past: Past, objects: Sequence[Row]) -> list[Row]:
    """The inferences of some objects, without what is packed with them."""
    inferences = tables.inferences
    query = select(
        inferences.c.inference_id,
        inferences.c.object_id,
        inferences.c.model_version,
        inferences.c.threshold,
        inferences.c.nms_threshold,
        inferences.c.duration_ms,
        inferences.c.requested_by,
        inferences.c.occurred_at,
        inferences.c.recorded_at,
    )
    found = _among(connection, query, inferences.c.object_id, _ids(objects))
    return [*past.inferences_on(connection, _ids(_left(connection, objects))), *found]


def predictions_of(connection: Connection, past: Past, inferences: Sequence[Row]) -> list[Row]:
    """The predictions of some inferences, in any order."""
    left = _left(connection, inferences)
    ids = [row["inference_id"] for row in inferences]
    predictions = tables.predictions
    found = _among(connection, select(predictions), predictions.c.inference_id, ids)
    return [*past.predictions_among(connection, left), *found]


def annotations_on(connection: Connection, past: Past, objects: Sequence[Row]) -> list[Row]:
    """All annotations on some objects, in any order."""
    annotations, reviews = tables.annotations, tables.reviews
    query = select(annotations, reviews.c.object_id, reviews.c.inference_id).join(
        reviews, reviews.c.review_id == annotations.c.review_id
    )
    found = _among(connection, query, reviews.c.object_id, _ids(objects))
    left = _ids(_left(connection, objects))
    return [*past.annotations(connection, "object_id", left), *found]


def requests_on(connection: Connection, object_ids: Sequence[str]) -> list[Row]:
    """The latest request of a review of each of some objects, where there is one."""
    table = queue_tables.review_requests
    return _latest(_among(connection, select(table), table.c.object_id, object_ids))


def requests_until(connection: Connection, moment: int) -> list[Row]:
    """The same of every object, of requests up to a moment."""
    table = queue_tables.review_requests
    query = select(table).where(table.c.recorded_at <= moment)
    return _latest(connection.execute(query).mappings())


def _latest(requests: Iterable[Row]) -> list[Row]:
    ordered = sorted(requests, key=lambda row: int(row["recorded_at"]))
    return list({row["object_id"]: row for row in ordered}.values())


def _among(
    connection: Connection, query: Select[Any], column: Column[Any], ids: Sequence[str]
) -> list[Row]:
    found: list[Row] = []
    for at in range(0, len(ids), _IDS):
        where = query.where(column.in_(ids[at : at + _IDS]))
        found += connection.execute(where).mappings().all()
    return found


def _ids(objects: Sequence[Row]) -> list[str]:
    return [row["object_id"] for row in objects]


def _left(connection: Connection, facts: Sequence[Row]) -> list[Row]:
    """Those facts that were recorded so early that they, or what followed them, may have left."""
    horizon = archived_until(connection)
    return [row for row in facts if row["recorded_at"] <= horizon]
