"""What facts refer to: each check is SQL for the ids of those that refer to nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """A check of references; its SQL answers the ids of what is amiss."""

    name: str
    sql: str
    problem: str
    what_to_do: str = "restore a backup of the operational database"


def _dangling(table: str, key: str, column: str, target: str) -> Reference:
    return Reference(
        table,
        f"SELECT t.{key} FROM {table} AS t LEFT JOIN {target} AS o ON o.{column} = t.{column}"
        f" WHERE t.{column} IS NOT NULL AND o.{column} IS NULL",
        f"its {column} is that of nothing in {target}",
    )


def _events(table: str, key: str, event: str) -> Reference:
    """Each fact has one event of its type, told in its transaction."""
    return Reference(
        "events",
        f"SELECT t.{key} FROM {table} AS t LEFT JOIN outbox AS e"
        f" ON e.entity_id = t.{key} AND e.type = 'millpond.{event}.recorded'"
        f" GROUP BY t.{key} HAVING count(e.event_id) <> 1",
        f"the {event} has not exactly one event in the outbox",
    )


def _events_of_nothing(table: str, key: str, event: str) -> Reference:
    return Reference(
        "events",
        f"SELECT e.event_id FROM outbox AS e LEFT JOIN {table} AS t ON t.{key} = e.entity_id"
        f" WHERE e.type = 'millpond.{event}.recorded' AND t.{key} IS NULL",
        f"the event tells of {event} that is not there",
    )


_FACTS = (
    ("objects", "object_id", "object"),
    ("inferences", "inference_id", "inference"),
    ("annotations", "annotation_id", "annotation"),
    ("refusals", "refusal_id", "refusal"),
)

REFERENCES = (
    _dangling("objects", "object_id", "subject_id", "subjects"),
    _dangling("object_origins", "object_id", "object_id", "objects"),
    _dangling("inferences", "inference_id", "object_id", "objects"),
    _dangling("predictions", "prediction_id", "inference_id", "inferences"),
    _dangling("reviews", "review_id", "object_id", "objects"),
    _dangling("reviews", "review_id", "inference_id", "inferences"),
    _dangling("annotations", "annotation_id", "review_id", "reviews"),
    _dangling("idempotency", "inference_id", "inference_id", "inferences"),
    *(
        Reference(
            "annotations",
            f"SELECT a.annotation_id FROM annotations AS a"
            f" LEFT JOIN predictions AS p ON p.prediction_id = a.{column}"
            f" LEFT JOIN annotations AS o ON o.annotation_id = a.{column}"
            f" WHERE a.{column} IS NOT NULL"
            " AND p.prediction_id IS NULL AND o.annotation_id IS NULL",
            f"its {column} is that of no prediction and no annotation",
        )
        for column in ("target_id", "root_id")
    ),
    *(_events(*fact) for fact in _FACTS),
    *(_events_of_nothing(*fact) for fact in _FACTS),
)
