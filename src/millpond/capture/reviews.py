"""Reviews: all annotations on one (object, inference), read back and found again.

Those sent to the object itself, and imported ones, share the review without an
inference. An annotation that targets another joins that one's review.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Exists, Table, exists, select

from millpond.capture import tables
from millpond.values import new_id

#: The columns of a fact by their names, wherever it was read.
Row: TypeAlias = Mapping[Any, Any]


@dataclass(frozen=True)
class Place:
    """What annotations are sent to: an object, or one inference of it."""

    object_id: str
    app: str
    width: int
    height: int
    inference_id: str | None = None


@dataclass(frozen=True)
class Earlier:
    """Facts that may have left the operational database, by id: what is sent names them.

    Args:
        predictions: each with its label, box, ``inference_id`` and ``object_id``.
        annotations: as `annotations_of` gives them.
    """

    predictions: Mapping[str, Row] = field(default_factory=dict)
    annotations: Mapping[str, Row] = field(default_factory=dict)


#: Where nothing has left.
NOTHING = Earlier()


def annotations_of(
    connection: Connection, *, inference_id: str | None = None, object_id: str | None = None
) -> Sequence[Row]:
    """The annotations of an inference's review, or all on an object, oldest first."""
    reviews = tables.reviews
    if inference_id is not None:
        return _select(connection, reviews.c.inference_id == inference_id)
    return _select(connection, reviews.c.object_id == object_id)


def annotations_by_id(connection: Connection, ids: Sequence[str]) -> dict[str, Row]:
    """The annotations of some ids, those that there are."""
    rows = _select(connection, tables.annotations.c.annotation_id.in_(ids))
    return {row["annotation_id"]: row for row in rows}


def review_of(connection: Connection, object_id: str, inference_id: str | None) -> str:
    """The id of the review of an (object, inference), made at its first annotation."""
    table = tables.reviews
    query = select(table.c.review_id).where(
        table.c.object_id == object_id,
        table.c.inference_id.is_(None)
        if inference_id is None
        else table.c.inference_id == inference_id,
    )
    known = connection.scalar(query)
    if known is not None:
        return str(known)
    review_id = new_id()
    connection.execute(
        table.insert().values(review_id=review_id, object_id=object_id, inference_id=inference_id)
    )
    return review_id


def is_completed(inferences: Table) -> Exists:
    """Whether somebody has said that the image of an inference is done; for a query of them."""
    reviews, annotations = tables.reviews, tables.annotations
    return (
        exists()
        .where(
            # By the object there is an index.
            reviews.c.object_id == inferences.c.object_id,
            reviews.c.inference_id == inferences.c.inference_id,
            annotations.c.review_id == reviews.c.review_id,
            annotations.c.action == "complete",
        )
        .correlate(inferences)
    )


def completed_among(connection: Connection, inference_ids: Sequence[str]) -> set[str]:
    """Those of some inferences whose image somebody has said to be done."""
    reviews, annotations = tables.reviews, tables.annotations
    query = (
        select(reviews.c.inference_id)
        .join(annotations, annotations.c.review_id == reviews.c.review_id)
        .where(reviews.c.inference_id.in_(inference_ids), annotations.c.action == "complete")
    )
    return set(connection.scalars(query))


def completed_since(connection: Connection, object_ids: Sequence[str], moment: int) -> set[str]:
    """Those of some objects of which a review was completed after a moment."""
    reviews, annotations = tables.reviews, tables.annotations
    query = (
        select(reviews.c.object_id)
        .join(annotations, annotations.c.review_id == reviews.c.review_id)
        .where(
            reviews.c.object_id.in_(object_ids),
            annotations.c.action == "complete",
            annotations.c.recorded_at > moment,
        )
    )
    return set(connection.scalars(query))


def _select(connection: Connection, where: ColumnElement[bool]) -> Sequence[Row]:
    annotations, reviews = tables.annotations, tables.reviews
    query = (
        select(annotations, reviews.c.object_id, reviews.c.inference_id)
        .join(reviews, reviews.c.review_id == annotations.c.review_id)
        .where(where)
        .order_by(annotations.c.recorded_at)
    )
    return connection.execute(query).mappings().all()
