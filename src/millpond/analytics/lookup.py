"""Lookups by id that find a fact wherever it is: not archived yet, or in the history alone.

A row is the same from either place. Each lookup takes a connection inside a read
transaction of the operational database: its rows and its horizon are of one moment,
so each fact is found once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from millpond.analytics.past import Past
from millpond.capture.annotations import NewAnnotation
from millpond.capture.inferences import (
    get_inference,
    has_sent,
    list_inferences,
    predictions_by_id,
    predictions_of,
)
from millpond.capture.objects import get_object
from millpond.capture.reviews import (
    Earlier,
    Row,
    annotations_by_id,
    annotations_of,
    completed_among,
)
from millpond.errors import NotFound
from millpond.history.horizon import archived_until, last_archived_inference
from millpond.values import is_id


class Lookup:
    """Finds inferences, predictions and annotations.

    Args:
        past: finds those that have left the operational database.
    """

    def __init__(self, past: Past) -> None:
        self._past = past

    def inference(self, connection: Connection, inference_id: str) -> Row:
        """An inference with its object's ``app``, ``media_type``, ``width`` and ``height``.

        Raises:
            NotFound: there is none of that id.
        """
        try:
            return get_inference(connection, inference_id)
        except NotFound:
            if not archived_until(connection) or not is_id(inference_id):
                raise
            row = self._past.inference(connection, inference_id)
            if row is None:
                raise
            about = get_object(connection, row["object_id"])
            names = ("app", "media_type", "width", "height")
            return {**row, **{name: about[name] for name in names}}

    def predictions(self, connection: Connection, inference: Row) -> Sequence[Row]:
        """The predictions of an inference, best first."""
        if _has_left(connection, inference):
            return self._past.predictions(connection, inference)
        return predictions_of(connection, inference["inference_id"])

    def annotations(self, connection: Connection, inference: Row) -> Sequence[Row]:
        """The annotations of an inference's review, oldest first."""
        inference_id = inference["inference_id"]
        earlier: Sequence[Row] = ()
        if _has_left(connection, inference):
            earlier = self._past.annotations(connection, "inference_id", [inference_id])
        return [*earlier, *annotations_of(connection, inference_id=inference_id)]

    def has_sent(self, connection: Connection, about: Row, requested_by: str) -> bool:
        """Whether somebody has asked for an inference of an object.

        Args:
            about: the row of the object.
        """
        object_id = about["object_id"]
        return has_sent(connection, object_id, requested_by) or (
            _has_left(connection, about)
            and self._past.has_sent(connection, object_id, requested_by)
        )

    def page(
        self, connection: Connection, app: str, by: str | None, most: int, before: str | None
    ) -> list[Row]:
        """Inferences of an application, those with the greatest ids first.

        Args:
            by: only what they asked for; None is everybody.
            before: only ids less than this one.

        Returns:
            Rows with the number of `predictions`, and whether they are `reviewed`.
        """
        rows: list[Row] = list(list_inferences(connection, app, by, most, before))
        last = last_archived_inference(connection)
        if not last or (len(rows) == most and rows[-1]["inference_id"] > last):
            return rows
        earlier = self._past.page(connection, app, by, most, before)
        reviewed = completed_among(connection, [row["inference_id"] for row in earlier])
        rows += [
            {**row, "reviewed": row["reviewed"] or row["inference_id"] in reviewed}
            for row in earlier
        ]
        return sorted(rows, key=lambda row: str(row["inference_id"]), reverse=True)[:most]

    def earlier(
        self, connection: Connection, object_id: str, sent: Sequence[NewAnnotation]
    ) -> Earlier:
        """What annotations on an object name of what is kept, wherever it is.

        It holds for a commit later on, whatever is archived in between, as long as that was
        recorded up to this moment.
        """
        targets = {one.target for one in sent if one.target and is_id(one.target)}
        own = {one.annotation_id for one in sent if one.annotation_id and is_id(one.annotation_id)}
        annotations = annotations_by_id(connection, [*targets, *own])
        predictions = predictions_by_id(connection, [*targets])
        if not archived_until(connection):
            return Earlier(predictions, annotations)
        unknown = (targets | own) - set(annotations) - set(predictions)
        for row in self._past.annotations(connection, "annotation_id", [*unknown]):
            annotations[row["annotation_id"]] = row
        if any(one.action == "reopen" for one in sent):
            # It is the prediction at the bottom of its targets that is open again.
            targets |= {row["root_id"] for row in annotations.values() if row["root_id"]}
        unknown = targets - set(annotations) - set(predictions)
        predictions |= self._past.predictions_on(connection, object_id, [*unknown])
        return Earlier(predictions, annotations)

    def annotations_on(
        self, connection: Connection, object_ids: Collection[str]
    ) -> dict[str, list[Row]]:
        """All annotations on each of some objects, oldest first."""
        found: dict[str, list[Row]] = {object_id: [] for object_id in object_ids}
        if archived_until(connection):
            for row in self._past.annotations(connection, "object_id", list(object_ids)):
                found[row["object_id"]].append(row)
        for object_id, rows in found.items():
            rows += annotations_of(connection, object_id=object_id)
        return found


def _has_left(connection: Connection, fact: Row) -> bool:
    """Whether a fact was recorded so early that it, or what followed it, may have left."""
    return bool(fact["recorded_at"] <= archived_until(connection))
