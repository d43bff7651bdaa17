"""What a caller may see: a user sees what is their own, and a restricted token its application."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, exists, select

from millpond.access.principal import Principal
from millpond.capture import tables
from millpond.capture.inferences import get_inference
from millpond.capture.objects import get_object
from millpond.errors import NotFound


def visible_inference(connection: Connection, inference_id: str, caller: Principal) -> RowMapping:
    """The row of an inference that the caller may see.

    Raises:
        NotFound: there is none, or it is another user's.
        NotAllowed: it is of another application than the caller is restricted to.
    """
    row = get_inference(connection, inference_id)
    if caller.sees_own_only and row["requested_by"] != caller.name:
        raise NotFound(f"no inference {inference_id!r}")
    caller.check_app(row["app"])
    return row


def visible_object(connection: Connection, object_id: str, caller: Principal) -> RowMapping:
    """The row of an object that the caller may see; a user sees those that they sent.

    Raises:
        NotFound: there is none, or the caller never sent it.
        NotAllowed: it is of another application than the caller is restricted to.
    """
    row = get_object(connection, object_id)
    if caller.sees_own_only and not _has_sent(connection, object_id, caller):
        raise NotFound(f"no object {object_id!r}")
    caller.check_app(row["app"])
    return row


def _has_sent(connection: Connection, object_id: str, caller: Principal) -> bool:
    table = tables.inferences
    sent = exists().where(table.c.object_id == object_id, table.c.requested_by == caller.name)
    return bool(connection.scalar(select(sent)))
