"""The past: facts that have left the operational database, looked up by id in the history."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pyarrow as pa
from sqlalchemy import Connection

from millpond.analytics.archived import ArchivedFacts, Span
from millpond.capture.reviews import Row
from millpond.history.history import History
from millpond.history.vault import VAULT
from millpond.values import MICROSECONDS

#: How long after an id was made its fact is recorded, at most, unless clocks were changed.
_SOON = 60 * MICROSECONDS
#: Later than every moment.
_EVER = 2**62

_INFERENCE = """
    select
        inference_id, link.object_id, model_version, threshold, nms_threshold, duration_ms,
        requested_by, candidates, epoch_us(inference.occurred_at) as occurred_at,
        epoch_us(inference.recorded_at) as recorded_at
    from sat_inference as inference join link_inference_object as link using (inference_id)
    where inference_id = $id
"""
_INFERENCES_ON = """
    select
        inference_id, object_id, model_version, threshold, nms_threshold, duration_ms,
        requested_by, epoch_us(inference.occurred_at) as occurred_at,
        epoch_us(inference.recorded_at) as recorded_at
    from sat_inference as inference
    join link_inference_object using (inference_id)
    semi join asked using (object_id)
"""
_PREDICTIONS = """
    select prediction_id, inference_id, ordinal, label, score, x_min, y_min, x_max, y_max
    from sat_prediction join link_prediction_inference using (prediction_id)
"""
_ANNOTATIONS = """
    select
        annotation_id, object_id, inference_id, target_id, root_id, action, label,
        x_min, y_min, x_max, y_max, annotator,
        epoch_us(sat_annotation.recorded_at) as recorded_at
    from sat_annotation join link_annotation using (annotation_id)
"""
_PAGE = """
    select
        inference_id, link.object_id, model_version,
        epoch_us(inference.recorded_at) as recorded_at
    from sat_inference as inference
    join link_inference_object as link using (inference_id)
    join sat_object as object using (object_id)
    where object.app = $app
        and ($before is null or inference_id < $before)
        and ($by is null or requested_by = $by)
    order by inference_id desc
    limit $most
"""
_COUNTED = """
    select inference_id, count(*) as predictions
    from link_prediction_inference
    where list_contains($ids, inference_id)
    group by inference_id
"""
_COMPLETED = """
    select distinct inference_id
    from link_annotation join sat_annotation using (annotation_id)
    where action = 'complete' and list_contains($ids, inference_id)
"""


class Past:
    """Looks up what has left the operational database.

    Each lookup takes a connection inside a read transaction of it, whose horizon counts.
    """

    def __init__(self, history: History) -> None:
        self._facts = ArchivedFacts(history)

    def close(self) -> None:
        """Let go of the engine; a later lookup makes it anew."""
        self._facts.close()

    def inference(self, connection: Connection, inference_id: str) -> Row | None:
        """An inference, with its packed candidates; None where none of that id has left."""
        names = ("sat_inference", "link_inference_object")
        # An id tells when it was made; where a clock was changed since, all is looked at.
        for span in (_made(inference_id), None):
            found = self._facts.rows(connection, names, span, _INFERENCE, id=inference_id)
            if found:
                return found[0]
        return None

    def predictions(self, connection: Connection, inference: Row) -> list[Row]:
        """The predictions of an inference, best first."""
        return self._facts.rows(
            connection,
            ("sat_prediction", "link_prediction_inference"),
            (inference["recorded_at"], inference["recorded_at"]),
            f"{_PREDICTIONS} where inference_id = $id order by ordinal",
            id=inference["inference_id"],
        )

    def inferences_on(self, connection: Connection, object_ids: Sequence[str]) -> list[Row]:
        """The inferences of some objects, without what is packed with them."""
        if not object_ids:
            return []
        names = ("sat_inference", "link_inference_object")
        asked = pa.table({"object_id": pa.array(object_ids, pa.string())})
        return self._facts.rows(connection, names, None, _INFERENCES_ON, asked)

    def predictions_among(self, connection: Connection, inferences: Sequence[Row]) -> list[Row]:
        """The predictions of some inferences, in any order."""
        if not inferences:
            return []
        moments = [row["recorded_at"] for row in inferences]
        ids = pa.array([row["inference_id"] for row in inferences], pa.string())
        return self._facts.rows(
            connection,
            ("sat_prediction", "link_prediction_inference"),
            (min(moments), max(moments)),
            f"{_PREDICTIONS} semi join asked using (inference_id)",
            pa.table({"inference_id": ids}),
        )

    def predictions_on(
        self, connection: Connection, object_id: str, prediction_ids: Sequence[str]
    ) -> dict[str, Row]:
        """Those of some predictions that are about an object, with its id."""
        span = self._span(connection, "link_inference_object", "object_id", [object_id])
        if span is None or not prediction_ids:
            return {}
        found = self._facts.rows(
            connection,
            ("sat_prediction", "link_prediction_inference", "link_inference_object"),
            span,
            f"select * from ({_PREDICTIONS}) join link_inference_object using (inference_id)"
            " where object_id = $id and list_contains($ids, prediction_id)",
            id=object_id,
            ids=list(prediction_ids),
        )
        return {row["prediction_id"]: row for row in found}

    def annotations(self, connection: Connection, column: str, ids: Sequence[str]) -> list[Row]:
        """The annotations of some ids, objects or inferences, oldest first.

        Args:
            column: which of them: ``annotation_id``, ``object_id`` or ``inference_id``.
        """
        span = self._span(connection, "link_annotation", column, ids)
        if span is None:
            return []
        return self._facts.rows(
            connection,
            ("sat_annotation", "link_annotation"),
            span,
            f"{_ANNOTATIONS} semi join asked using ({column}) order by recorded_at",
            pa.table({column: pa.array(ids, pa.string())}),
        )

    def has_sent(self, connection: Connection, object_id: str, requested_by: str) -> bool:
        """Whether somebody has asked for an inference of an object."""
        span = self._span(connection, "link_inference_object", "object_id", [object_id])
        return span is not None and bool(
            self._facts.rows(
                connection,
                ("sat_inference", "link_inference_object"),
                span,
                "select 1 from sat_inference join link_inference_object using (inference_id)"
                " where object_id = $id and requested_by = $by limit 1",
                id=object_id,
                by=requested_by,
            )
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
        page = self._facts.rows(
            connection,
            ("sat_inference", "link_inference_object", "sat_object"),
            None,
            _PAGE,
            app=app,
            by=by,
            most=most,
            before=before,
        )
        if not page:
            return []
        ids = [row["inference_id"] for row in page]
        moments = [row["recorded_at"] for row in page]
        # Predictions are recorded with their inference, annotations at any time after it.
        first, last = min(moments), max(moments)
        links = ("link_prediction_inference",)
        found = self._facts.rows(connection, links, (first, last), _COUNTED, ids=ids)
        counted = {row["inference_id"]: row["predictions"] for row in found}
        said = ("link_annotation", "sat_annotation")
        found = self._facts.rows(connection, said, (first, _EVER), _COMPLETED, ids=ids)
        completed = {row["inference_id"] for row in found}
        return [
            {
                **row,
                "predictions": counted.get(row["inference_id"], 0),
                "reviewed": row["inference_id"] in completed,
            }
            for row in page
        ]

    def among(self, connection: Connection, hub: str, ids: Sequence[str]) -> set[str]:
        """Those of some ids that a hub has."""
        key = VAULT[hub].key
        sql = f"select {key} as id from {hub} semi join asked using ({key})"
        asked = pa.table({key: pa.array(ids, pa.string())})
        return {row["id"] for row in self._facts.rows(connection, (hub,), None, sql, asked)}

    def _span(
        self, connection: Connection, name: str, column: str, ids: Sequence[str]
    ) -> Span | None:
        """When the first and the last row of a link was recorded that has any of some ids."""
        if not ids:
            return None
        [found] = self._facts.rows(
            connection,
            (name,),
            None,
            "select epoch_us(min(recorded_at)) as first, epoch_us(max(recorded_at)) as last"
            f" from {name} semi join asked using ({column})",
            pa.table({column: pa.array(ids, pa.string())}),
        )
        return None if found["first"] is None else (found["first"], found["last"])


def _made(inference_id: str) -> Span:
    """When the fact of an id was most likely recorded (RFC 9562, section 5.7)."""
    made = (UUID(inference_id).int >> 80) * 1_000
    return made, made + _SOON
