"""Requests of a review: somebody sent an image to review, for a first time or again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from millpond.capture.queue_tables import review_requests
from millpond.database.group_commit import Transaction
from millpond.values import new_id

#: Rows in one statement.
_ROWS = 1_000


def record_requests(transaction: Transaction, object_ids: Iterable[str], by: str) -> int:
    """Record that somebody asks for a review of each of some objects.

    A request is open until a review of its object is completed after it.

    Returns:
        How many there are.
    """
    ids = list(dict.fromkeys(object_ids))
    for rows in _chunks(ids):
        transaction.connection.execute(
            review_requests.insert(),
            [
                {
                    "request_id": new_id(),
                    "object_id": object_id,
                    "requested_by": by,
                    "recorded_at": transaction.clock.tick(),
                }
                for object_id in rows
            ],
        )
    return len(ids)


def _chunks(ids: list[str]) -> Iterator[list[str]]:
    for at in range(0, len(ids), _ROWS):
        yield ids[at : at + _ROWS]
