"""The audit log: who did what, and who looked at which object."""

from __future__ import annotations

from typing import Literal

from millpond.access import tables
from millpond.database.group_commit import Transaction
from millpond.values import new_id

Outcome = Literal["done", "refused"]


def write_audit(
    transaction: Transaction, who: str, action: str, what: str, outcome: Outcome = "done"
) -> None:
    """Add a line to the audit log, in the transaction of what it tells.

    Args:
        who: a principal's name, or ``anyone``.
        action: a name of the table of actions.
        what: ids and names only, never what identifies the subject of an image.
    """
    transaction.connection.execute(
        tables.audit.insert().values(
            audit_id=new_id(),
            recorded_at=transaction.clock.tick(),
            who=who,
            action=action,
            what=what[:1000],
            outcome=outcome,
        )
    )
