"""What was refused, and why: a fact like any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from millpond.capture import tables
from millpond.capture.outbox import write_events
from millpond.database.group_commit import Transaction
from millpond.events.event import Event
from millpond.values import new_id


@dataclass(frozen=True, slots=True)
class NewRefusal:
    """A request that was refused.

    Args:
        status: of the answer over HTTP.
        reason: the message that the caller was given.
    """

    app: str | None
    status: int
    reason: str


def record_refusal(transaction: Transaction, app: str | None, status: int, reason: str) -> str:
    """Record that a request was refused; the id of the refusal."""
    return record_refusals(transaction, [NewRefusal(app, status, reason)])[0]


def record_refusals(transaction: Transaction, refused: Sequence[NewRefusal]) -> list[str]:
    """Record that requests were refused; the ids of the refusals, in their order."""
    rows: list[dict[str, Any]] = [
        {
            "refusal_id": new_id(),
            "app": new.app[:64] if new.app else None,
            "status": new.status,
            "reason": new.reason[:1000],
            "recorded_at": transaction.clock.tick(),
        }
        for new in refused
    ]
    if rows:
        transaction.connection.execute(tables.refusals.insert(), rows)
    write_events(transaction.connection, [_event(row) for row in rows])
    return [row["refusal_id"] for row in rows]


def _event(row: dict[str, Any]) -> Event:
    return Event.of(
        "millpond.refusal.recorded",
        row["app"] or "",
        row["refusal_id"],
        row["recorded_at"],
        status=row["status"],
    )
