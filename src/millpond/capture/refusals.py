"""What was refused, and why: a fact like any other."""

from __future__ import annotations

from millpond.capture import tables
from millpond.capture.outbox import write_events
from millpond.database.group_commit import Transaction
from millpond.events.event import Event
from millpond.values import new_id


def record_refusal(transaction: Transaction, app: str | None, status: int, reason: str) -> str:
    """Record that a request was refused.

    Args:
        status: of the answer over HTTP.
        reason: the message that the caller was given.

    Returns:
        The id of the refusal.
    """
    refusal_id = new_id()
    recorded_at = transaction.clock.tick()
    app = app[:64] if app else None
    transaction.connection.execute(
        tables.refusals.insert().values(
            refusal_id=refusal_id,
            app=app,
            status=status,
            reason=reason[:1000],
            recorded_at=recorded_at,
        )
    )
    write_events(
        transaction.connection,
        [Event.of("millpond.refusal.recorded", app or "", refusal_id, recorded_at, status=status)],
    )
    return refusal_id
