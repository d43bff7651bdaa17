"""The chain of one image: every fact about it, archived or not, and what its reviews say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from millpond.analytics.images.about import annotations_on, inferences_on, predictions_of
from millpond.analytics.images.derive import judge
from millpond.analytics.images.facts import fill
from millpond.analytics.past import Past
from millpond.capture.reviews import Row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: The most inferences of an image that are shown, the newest.
_MOST = 100

_REVIEWS = """
select
    annotation.inference_id::varchar as inference_id,
    epoch_us(any_value(review.completed_at)) as completed_at,
    list_sort(list_distinct(list(annotation.annotator))) as annotators,
    coalesce(any_value(review.is_truth), false) as is_truth
from annotations as annotation
left join reviews as review
    on review.inference_id is not distinct from annotation.inference_id
group by annotation.inference_id
order by min(annotation.recorded_at)
"""
_TRUTH = """
select label, x_min, y_min, x_max, y_max, annotation_id::varchar as annotation_id
from ground_truth order by annotation_id
"""


@dataclass(frozen=True)
class Chain:
    """What is known of an image.

    Args:
        inferences: the newest, the oldest of them first.
        predictions: of each inference, best first.
        annotations: all on the object, oldest first.
        reviews: one for each inference, or none, that annotations were sent to:
            ``inference_id, completed_at, annotators, is_truth``.
        truth: what stands as true.
    """

    inferences: Sequence[Row]
    predictions: dict[str, list[Row]]
    annotations: Sequence[Row]
    reviews: Sequence[Row]
    truth: Sequence[Row]


def read_chain(cursor: DuckDBPyConnection, connection: Connection, past: Past, about: Row) -> Chain:
    """The chain of the object of a row.

    Args:
        cursor: of an engine in which the tables that are needed are made.
        connection: inside a read transaction of the operational database.
    """
    inferences = sorted(inferences_on(connection, past, [about]), key=_moment)[-_MOST:]
    predictions: dict[str, list[Row]] = defaultdict(list)
    found = predictions_of(connection, past, inferences)
    for row in sorted(found, key=lambda row: int(row["ordinal"])):
        predictions[row["inference_id"]].append(row)
    annotations = sorted(annotations_on(connection, past, [about]), key=_moment)
    fill(cursor, "annotations", [{**row, "app": about["app"]} for row in annotations])
    judge(cursor)
    reviews = cursor.sql(_REVIEWS).to_arrow_table().to_pylist()
    truth = cursor.sql(_TRUTH).to_arrow_table().to_pylist()
    return Chain(inferences, predictions, annotations, reviews, truth)


def _moment(row: Row) -> int:
    return int(row["recorded_at"])
