"""What facts refer to: each check is SQL for the ids of those that refer to nothing.

What a fact refers to may have been archived: then it is in the history. Events are
archived with the facts that they tell, and of these some stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from millpond.analytics.past import Past
from millpond.history.horizon import archived_until

#: Ids that are looked up at once.
_AT_ONCE = 50_000


@dataclass(frozen=True)
class Reference:
    """A check of references.

    Args:
        sql: answers the ids of what is amiss, each with the id that is referred to. It may
            name ``:horizon``, up to which facts were archived.
        hubs: of the history, which may have what is referred to.
    """

    name: str
    sql: str
    problem: str
    what_to_do: str = "restore a backup of the operational database"
    hubs: tuple[str, ...] = ()


def amiss(connection: Connection, past: Past, reference: Reference) -> Iterator[str]:
    """The ids of the facts that refer to nothing, neither here nor in the history.

    Args:
        connection: inside a read transaction of the operational database.
    """
    horizon = archived_until(connection)
    values = {"horizon": horizon} if ":horizon" in reference.sql else {}
    result = connection.execute(text(reference.sql), values)
    for rows in result.partitions(_AT_ONCE):
        known = _archived(connection, past, reference, rows) if horizon else set()
        yield from (str(row[0]) for row in rows if row[1] not in known)


def _archived(
    connection: Connection, past: Past, reference: Reference, rows: Sequence[Row[Any, Any]]
) -> set[str]:
    """Those of the ids referred to that were archived."""
    ids = list({row[1] for row in rows})
    found = (past.among(connection, hub, ids) for hub in reference.hubs)
    return set().union(*found)


def _dangling(table: str, key: str, column: str, target: str, *hubs: str) -> Reference:
    return Reference(
        table,
        f"SELECT t.{key}, t.{column} FROM {table} AS t"
        f" LEFT JOIN {target} AS o ON o.{column} = t.{column}"
        f" WHERE t.{column} IS NOT NULL AND o.{column} IS NULL",
        f"its {column} is that of nothing in {target}",
        hubs=hubs,
    )


def _events(table: str, key: str, event: str) -> Reference:
    """Each fact has one event of its type, told in its transaction."""
    return Reference(
        "events",
        f"SELECT t.{key}, t.{key} FROM {table} AS t LEFT JOIN outbox AS e"
        f" ON e.entity_id = t.{key} AND e.type = 'millpond.{event}.recorded'"
        f" WHERE t.recorded_at > :horizon GROUP BY t.{key} HAVING count(e.event_id) <> 1",
        f"the {event} has not exactly one event in the outbox",
    )


def _events_of_nothing(table: str, key: str, event: str) -> Reference:
    return Reference(
        "events",
        f"SELECT e.event_id, e.entity_id FROM outbox AS e"
        f" LEFT JOIN {table} AS t ON t.{key} = e.entity_id"
        # One that a consumer has still to read may outstay what it tells of.
        f" WHERE e.type = 'millpond.{event}.recorded' AND t.{key} IS NULL"
        " AND e.recorded_at > :horizon",
        f"the event tells of {event} that is not there",
    )


_FACTS = (
    ("objects", "object_id", "object"),
    ("inferences", "inference_id", "inference"),
    ("annotations", "annotation_id", "annotation"),
    ("refusals", "refusal_id", "refusal"),
    ("uncaptured", "uncaptured_id", "uncaptured"),
    ("landings", "landing_id", "landing"),
)

REFERENCES = (
    _dangling("objects", "object_id", "subject_id", "subjects"),
    _dangling("object_origins", "object_id", "object_id", "objects"),
    _dangling("inferences", "inference_id", "object_id", "objects"),
    _dangling("predictions", "prediction_id", "inference_id", "inferences"),
    _dangling("reviews", "review_id", "object_id", "objects"),
    _dangling("reviews", "review_id", "inference_id", "inferences", "hub_inference"),
    _dangling("annotations", "annotation_id", "review_id", "reviews"),
    _dangling("idempotency", "inference_id", "inference_id", "inferences", "hub_inference"),
    *(
        Reference(
            "annotations",
            f"SELECT a.annotation_id, a.{column} FROM annotations AS a"
            f" LEFT JOIN predictions AS p ON p.prediction_id = a.{column}"
            f" LEFT JOIN annotations AS o ON o.annotation_id = a.{column}"
            f" WHERE a.{column} IS NOT NULL"
            " AND p.prediction_id IS NULL AND o.annotation_id IS NULL",
            f"its {column} is that of no prediction and no annotation",
            hubs=("hub_prediction", "hub_annotation"),
        )
        for column in ("target_id", "root_id")
    ),
    *(_events(*fact) for fact in _FACTS),
    *(_events_of_nothing(*fact) for fact in _FACTS),
)
